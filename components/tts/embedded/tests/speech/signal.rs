//! Measures of recorded speech: level, pitch, brightness.

/// Samples per second of everything measured here.
pub(crate) const RATE: usize = 24_000;

/// Root mean square in dB below full scale.
pub(crate) fn level(samples: &[f32]) -> f32 {
    let power: f32 = samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32;
    10.0 * power.max(1e-12).log10()
}

/// The level every 10 ms, each over 20 ms.
pub(crate) fn levels(samples: &[f32]) -> Vec<f32> {
    let hop = RATE / 100;
    let frames = samples.len() / hop;
    (0..frames)
        .map(|i| {
            let at = i * hop;
            level(&samples[at.saturating_sub(hop / 2)..(at + hop * 3 / 2).min(samples.len())])
        })
        .collect()
}

/// First-order difference twice: what remains is mostly above 4 kHz.
pub(crate) fn treble(samples: &[f32]) -> Vec<f32> {
    samples
        .windows(3)
        .map(|s| s[0] - 2.0 * s[1] + s[2])
        .collect()
}

/// Pitch in Hz every 20 ms of the frames that are voiced: the peak of the normalised
/// autocorrelation of 40 ms at 6 kHz.
pub(crate) fn pitch(samples: &[f32]) -> Vec<f32> {
    let slow: Vec<f32> = samples
        .chunks(4)
        .map(|c| c.iter().sum::<f32>() / c.len() as f32)
        .collect();
    let rate = RATE / 4;
    let (window, hop) = (rate / 25, rate / 50);
    let (shortest, longest) = (rate / 450, rate / 70);
    let mut pitches = Vec::new();
    let mut at = 0;
    while at + window + longest < slow.len() {
        let frame = &slow[at..at + window];
        at += hop;
        if level(frame) < -45.0 {
            continue;
        }
        let correlation: Vec<f32> = (shortest - 1..=longest + 1)
            .map(|lag| {
                let other = &slow[at - hop + lag..at - hop + lag + window];
                let dot: f32 = frame.iter().zip(other).map(|(a, b)| a * b).sum();
                let power = |s: &[f32]| s.iter().map(|x| x * x).sum::<f32>();
                dot / (power(frame) * power(other)).sqrt().max(1e-9)
            })
            .collect();
        let best = correlation.iter().copied().fold(0.0, f32::max);
        if best < 0.75 {
            continue;
        }
        // the first peak nearly as high as the best: longer lags are multiples of the period
        let peak = (1..correlation.len() - 1).find(|&i| {
            correlation[i] > 0.92 * best
                && correlation[i] >= correlation[i - 1]
                && correlation[i] >= correlation[i + 1]
        });
        if let Some(i) = peak {
            let (l, m, r) = (correlation[i - 1], correlation[i], correlation[i + 1]);
            let offset = 0.5 * (l - r) / (l - 2.0 * m + r).min(-1e-9);
            pitches.push(rate as f32 / ((shortest - 1 + i) as f32 + offset));
        }
    }
    pitches
}

/// The value below which the given part of all values lies.
pub(crate) fn quantile(values: &[f32], part: f32) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted[((sorted.len() - 1) as f32 * part) as usize]
}

/// Distance of two pitches in semitones.
pub(crate) fn semitones(from: f32, to: f32) -> f32 {
    12.0 * (to / from).log2()
}

/// How much later `b` runs than `a` (in steps), judged by their correlation; at most `most`.
pub(crate) fn lag(a: &[f32], b: &[f32], most: isize) -> isize {
    let mean = |s: &[f32]| s.iter().sum::<f32>() / s.len() as f32;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let score = |lag: isize| -> f32 {
        let pairs = a.iter().enumerate().filter_map(|(i, x)| {
            let j = usize::try_from(i as isize + lag).ok()?;
            Some((x - mean_a) * (b.get(j)? - mean_b))
        });
        pairs.sum()
    };
    (-most..=most)
        .max_by(|x, y| score(*x).total_cmp(&score(*y)))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tracker_follows_a_known_pitch() {
        for hz in [100.0_f32, 180.0, 300.0] {
            let tone: Vec<f32> = (0..RATE)
                .map(|n| {
                    let x = n as f32 * hz / RATE as f32 * std::f32::consts::TAU;
                    0.2 * (x.sin() + 0.7 * (2.0 * x).sin() + 0.5 * (3.0 * x).sin())
                })
                .collect();
            let tracked = quantile(&pitch(&tone), 0.5);
            assert!(semitones(hz, tracked).abs() < 0.2, "{hz}: {tracked}");
        }
    }

    #[test]
    fn lags_have_the_right_sign() {
        let a: Vec<f32> = (0..100)
            .map(|i| f32::from(u8::from((40..50).contains(&i))))
            .collect();
        let b: Vec<f32> = (0..100)
            .map(|i| f32::from(u8::from((43..53).contains(&i))))
            .collect();
        assert_eq!(lag(&a, &b, 10), 3);
    }
}
