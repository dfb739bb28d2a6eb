use super::dense::Dense;
use super::*;
use crate::assets;

/// Frame, bin and the five planes there, as the original graph gives them with a general ONNX
/// runtime (its eight-bit weights times their scales, in single precision) for [`prosody`].
const REFERENCE: [(usize, usize, [f32; PLANES]); 24] = [
    (0, 0, [-3.4863, 0.2472, -16.6826, -4.4121, -0.7987]),
    (0, 7, [-2.1995, 0.3345, -14.2623, -3.3354, 0.4492]),
    (0, 300, [-10.8069, 0.3951, -15.3904, -6.3379, 0.1189]),
    (0, 600, [-8.2758, 1.0090, -17.2439, -7.3337, -0.3512]),
    (1, 0, [-3.2080, 0.0431, -14.7311, -3.4841, -1.2898]),
    (1, 7, [-2.2025, 0.0429, -13.6689, -2.8966, -0.2591]),
    (1, 300, [-6.1048, 1.8009, -10.2377, -2.8049, 0.8300]),
    (1, 600, [-6.6387, -0.2336, -13.3352, -4.5670, -0.9882]),
    (30, 0, [0.8473, -0.1172, -5.7760, -1.3526, -0.8915]),
    (30, 7, [1.9665, -0.7866, -6.3682, -0.2335, -0.7261]),
    (30, 300, [-0.5659, 0.7725, -2.9951, -0.7124, 0.0137]),
    (30, 600, [-4.1410, 0.5263, -7.3296, -1.8174, -0.8549]),
    (40, 0, [-1.5107, -0.3734, -7.2236, -2.3134, -1.1960]),
    (40, 7, [-0.4679, -0.9678, -9.5905, -1.4331, -0.6953]),
    (40, 300, [-2.4143, 1.8388, -5.8943, -4.7343, -0.3896]),
    (40, 600, [-4.3789, -0.0414, -9.6584, -3.8920, -0.3970]),
    (68, 0, [-3.5401, -0.2838, -15.1347, -5.5724, -0.1658]),
    (68, 7, [-2.1873, -0.2665, -15.4825, -5.0365, 0.8037]),
    (68, 300, [-8.3471, 0.4290, -13.1055, -8.6954, -0.0834]),
    (68, 600, [-8.0875, 0.9022, -17.0940, -8.2225, -1.3114]),
    (69, 0, [-4.4093, -0.1506, -17.2236, -7.9595, -0.5533]),
    (69, 7, [-3.5033, -0.2855, -16.8492, -6.7302, 0.4919]),
    (69, 300, [-9.2877, 0.2204, -15.2929, -9.8642, 0.2626]),
    (69, 600, [-7.5542, 0.8266, -17.2309, -9.6013, -1.1026]),
];
const FRAMES: usize = 70;

/// Curves and features without meaning.
fn prosody() -> Prosody {
    let f0 = |t: usize| if t % 10 < 3 { 0.0 } else { 150.0 + t as f32 };
    let loudness = |t: usize| (t % 17) as f32 * 0.9 - 6.0;
    let feature = |t: usize, c: usize| ((c * 37 + t * 11) % 101) as f32 / 50.0 - 1.0;
    let features = (0..FRAMES).flat_map(|t| (0..FEATURES).map(move |c| feature(t, c)));
    Prosody::of_parts(
        (0..FRAMES).map(f0).collect(),
        (0..FRAMES).map(loudness).collect(),
        features.collect(),
    )
}

/// Every value of every plane, frame by frame, decoded in these steps.
fn decoded(steps: &[usize]) -> Vec<f32> {
    let weights = Weights::load(assets::DECODER).unwrap();
    let prosody = prosody();
    let mut start = FRAMES - steps.iter().sum::<usize>();
    let mut decoder = Decoder::new(start);
    let mut values = Vec::new();
    for step in steps {
        let planes = decoder.decode(&weights, &prosody, start..start + step);
        assert_eq!(planes.frames().count(), *step);
        for frame in planes.frames() {
            for plane in [
                frame.harmonic,
                frame.turn,
                frame.noise,
                frame.free,
                frame.phase,
            ] {
                assert_eq!(plane.len(), BINS);
                values.extend_from_slice(plane);
            }
        }
        start += step;
    }
    values
}

#[test]
fn agrees_with_the_graph() {
    let values = decoded(&[FRAMES]);
    for (frame, bin, planes) in REFERENCE {
        for (n, wanted) in planes.into_iter().enumerate() {
            let found = values[(frame * PLANES + n) * BINS + bin];
            assert!(
                (found - wanted).abs() < 2e-3,
                "frame {frame}, bin {bin}, plane {n}: {found}, not {wanted}"
            );
        }
    }
}

#[test]
fn it_does_not_matter_how_the_frames_are_cut() {
    let whole = decoded(&[FRAMES]);
    assert_eq!(decoded(&[24, 46]), whole);
    assert_eq!(decoded(&[1, 6, 30, 32, 1]), whole);
}

#[test]
fn a_piece_may_start_late() {
    let whole = decoded(&[FRAMES]);
    let late = decoded(&[10, 20]);
    let from = (FRAMES - 30) * PLANES * BINS;
    for (found, wanted) in late.iter().zip(&whole[from..]) {
        assert!((found - wanted).abs() < 1e-4, "{found}, not {wanted}");
    }
}

#[test]
fn weights_of_another_size_are_refused() {
    static SHORT: &Aligned<[u8]> = &Aligned([0; 64]);
    let error = Weights::load(SHORT).err().unwrap().to_string();
    assert!(error.contains("64 bytes"), "{error}");
}

#[test]
fn products_are_those_of_the_school_book() {
    const DEPTH: usize = 5;
    let weight = |input: usize, column: usize| (input * 3 + column) as f32 - 9.0;
    let panels = (0..2).flat_map(|panel| {
        (0..DEPTH).flat_map(move |input| (0..8).map(move |c| weight(input, panel * 8 + c)))
    });
    let bias: Vec<f32> = (0..16).map(|n| n as f32 * 0.5).collect();
    let dense = Dense {
        depth: DEPTH,
        panels: panels.collect::<Vec<_>>().leak(),
        bias: bias.clone().leak(),
    };
    // rows that overlap, and not a whole number of tiles of them
    let stride = 2;
    let input: Vec<f32> = (0..DEPTH + 12 * stride).map(|n| (n % 7) as f32).collect();
    let mut out = vec![9.0; 3];
    dense.apply(&input, stride, &mut out);
    assert_eq!(out.len(), 13 * 16);
    for (row, found) in out.chunks(16).enumerate() {
        for (column, found) in found.iter().enumerate() {
            let terms = (0..DEPTH).map(|i| input[row * stride + i] * weight(i, column));
            assert_eq!(*found, terms.sum::<f32>() + bias[column], "{row} {column}");
        }
    }
    dense.apply(&input[..DEPTH - 1], stride, &mut out);
    assert!(out.is_empty());
}

#[test]
fn gelu_is_the_published_one() {
    // x, and x times the cumulative probability of x from tables of the normal distribution
    for (x, wanted) in [
        (0.0, 0.0),
        (1.0, 0.841_345),
        (-1.0, -0.158_655),
        (2.5, 2.484_476),
        (-0.5, -0.154_269),
        (-9.0, 0.0),
        (9.0, 9.0),
    ] {
        assert!((gelu(x) - wanted).abs() < 2e-6, "{x}: {}", gelu(x));
    }
}
