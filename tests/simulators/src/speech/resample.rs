//! Samples at another rate.

use std::f64::consts::PI;

/// Zero crossings of the filter on each side.
const REACH: f64 = 12.0;

/// The same sound with `to` instead of `from` samples a second, by a windowed sinc.
pub(super) fn resample(samples: &[i16], from: u32, to: u32) -> Vec<i16> {
    if from == to || to == 0 {
        return samples.to_vec();
    }
    let step = f64::from(from) / f64::from(to);
    // Where there will be fewer samples, what they cannot hold is filtered out first.
    let width = step.max(1.0);
    let count = (samples.len() as f64 / step).round() as usize;
    let at = |index: usize| {
        let place = index as f64 * step;
        let first = (place - REACH * width).ceil().max(0.0) as usize;
        let last = (place + REACH * width).floor() as usize;
        let heard = samples.iter().enumerate().skip(first);
        let (mut sum, mut weights) = (0.0, 0.0);
        for (index, sample) in heard.take((last + 1).saturating_sub(first)) {
            let weight = kernel((index as f64 - place) / width);
            sum += weight * f64::from(*sample);
            weights += weight;
        }
        (sum / if weights == 0.0 { 1.0 } else { weights })
            .round()
            .clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
    };
    (0..count).map(at).collect()
}

/// A sinc under Hann's window.
fn kernel(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    if x.abs() >= REACH {
        return 0.0;
    }
    (PI * x).sin() / (PI * x) * 0.5 * (1.0 + (PI * x / REACH).cos())
}
