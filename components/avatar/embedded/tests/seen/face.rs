//! What a viewer sees: pictures of looks, feelings and sizes.

use crate::{picture, visibly};
use avatar_embedded::{
    emotion::Emotion,
    look::{LOOKS, Look},
    raster::Raster,
    rig,
    shape::Scene,
    weights::Weights,
};

/// The share of pixels that differ visibly in any channel.
fn difference(a: &[u8], b: &[u8]) -> f64 {
    a.chunks(4)
        .zip(b.chunks(4))
        .filter(|(a, b)| visibly(a, b))
        .count() as f64
        / (a.len() / 4) as f64
}

/// Painted everywhere. Blending in 8 bits loses a few steps of opacity, which no codec sees.
fn opaque(pixels: &[u8]) -> bool {
    pixels.chunks(4).all(|pixel| pixel[3] >= 250)
}

#[test]
fn every_two_emotions_look_different() {
    let shown = Emotion::ALL.map(|emotion| picture(&emotion.weights(), Look::standard(), 256, 256));
    for (i, a) in shown.iter().enumerate() {
        for (j, b) in shown.iter().enumerate().skip(i + 1) {
            let share = difference(a, b);
            assert!(
                share > 0.004,
                "{:?} and {:?} differ in {share} of the pixels",
                Emotion::ALL[i],
                Emotion::ALL[j]
            );
        }
    }
}

#[test]
fn every_two_looks_are_different_people() {
    let shown: Vec<Vec<u8>> = LOOKS
        .iter()
        .map(|look| picture(&Weights::REST, look, 128, 128))
        .collect();
    for (i, a) in shown.iter().enumerate() {
        for (j, b) in shown.iter().enumerate().skip(i + 1) {
            let share = difference(a, b);
            assert!(
                share > 0.5,
                "{} and {} differ in {share} of the pixels",
                LOOKS[i].id,
                LOOKS[j].id
            );
        }
    }
}

#[test]
fn the_same_face_is_the_same_picture() {
    let weights = Emotion::Joy.weights();
    let mut raster = Raster::new(200, 200);
    let mut scene = Scene::default();
    rig::draw(&weights, Look::standard(), raster.view(), &mut scene);
    let first = raster.render(&scene).to_vec();
    scene.clear();
    rig::draw(
        &Emotion::Fear.weights(),
        Look::standard(),
        raster.view(),
        &mut scene,
    );
    assert_ne!(raster.render(&scene), first);
    scene.clear();
    rig::draw(&weights, Look::standard(), raster.view(), &mut scene);
    assert_eq!(
        raster.render(&scene),
        first,
        "buffers that are used again leave no trace"
    );
    assert_eq!(picture(&weights, Look::standard(), 200, 200), first);
}

#[test]
fn every_size_is_filled_to_the_edge_with_the_face_in_the_middle() {
    for (width, height) in [
        (64, 64),
        (66, 70),
        (128, 64),
        (64, 512),
        (640, 360),
        (360, 640),
        (1280, 64),
        (130, 1280),
    ] {
        let (w, h) = (usize::from(width), usize::from(height));
        let neutral = picture(&Weights::REST, Look::standard(), width, height);
        assert_eq!(neutral.len(), w * h * 4);
        assert!(opaque(&neutral), "{width}x{height} has holes");
        // What moves when the eyes shut is where the face is.
        let shut = picture(
            &Weights {
                blink_left: 1.0,
                blink_right: 1.0,
                ..Weights::REST
            },
            Look::standard(),
            width,
            height,
        );
        let moved: Vec<usize> = (0..w * h)
            .filter(|i| neutral[i * 4..i * 4 + 3] != shut[i * 4..i * 4 + 3])
            .map(|i| i % w)
            .collect();
        assert!(!moved.is_empty(), "{width}x{height}");
        let middle = moved.iter().sum::<usize>() as f64 / moved.len() as f64;
        assert!(
            (middle - w as f64 / 2.0).abs() < w as f64 * 0.03 + 1.5,
            "{width}x{height}: eyes around x = {middle}"
        );
    }
}

#[test]
fn wild_weights_still_make_a_picture() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300] {
        let wild = Weights::REST.zip(&Weights::REST, |_, _| value);
        let shown = picture(&wild, Look::standard(), 96, 96);
        assert!(opaque(&shown), "{value}");
    }
}

#[test]
fn an_open_mouth_is_dark_and_a_smile_shows_teeth() {
    let dark = |weights: &Weights| {
        let shown = picture(weights, Look::standard(), 256, 256);
        // The region of the mouth on the design square, at half size.
        let region = (156..184).flat_map(|y| (108..148).map(move |x| (y * 256 + x) * 4));
        let sums: Vec<u32> = region
            .map(|i| shown[i..i + 3].iter().map(|c| u32::from(*c)).sum())
            .collect();
        (
            sums.iter().filter(|s| **s < 200).count(),
            sums.iter().filter(|s| **s > 720).count(),
        )
    };
    let closed = dark(&Weights::REST);
    let open = dark(&Weights {
        jaw: 0.9,
        ..Weights::REST
    });
    let smiling = dark(&Emotion::Joy.weights());
    assert!(open.0 > closed.0 + 60, "{open:?} {closed:?}");
    assert!(smiling.1 > closed.1 + 12, "{smiling:?} {closed:?}");
}
