//! Band-limited pulse train along a pitch curve of one value per frame.
#![allow(clippy::indexing_slicing, reason = "frames are clamped to the curve")]

use super::math::sin_cos_turns;
use super::{HOP, SAMPLE_RATE};

/// At or below this the frame is unvoiced.
const VOICED_HZ: f32 = 40.0;
/// Harmonics above this are left out.
const TOP_HZ: f32 = 11_000.0;
/// Below this |2 sin(x/2)| the sum of cosines is at its peak.
const PEAK: f32 = 2e-3;

/// The pulses of one piece, made as they are needed.
pub(super) struct Pulses {
    f0: Vec<f32>,
    /// Phase in turns, accumulated in double precision.
    turns: f64,
    samples: Vec<f32>,
}

impl Pulses {
    pub(super) fn new(f0: Vec<f32>) -> Self {
        Pulses {
            turns: 0.0,
            samples: Vec::with_capacity(f0.len() * HOP),
            f0,
        }
    }

    /// Samples of the whole piece.
    pub(super) fn total(&self) -> usize {
        self.f0.len() * HOP
    }

    /// The train, made at least up to `end` (or the end of the piece).
    pub(super) fn until(&mut self, end: usize) -> &[f32] {
        for n in self.samples.len()..end.min(self.total()) {
            let sample = self.sample(n);
            self.samples.push(sample);
        }
        &self.samples
    }

    /// The sum of all harmonics below [`TOP_HZ`] at unit amplitude:
    /// sum cos(h x) for h = 1..=H is sin((H + 1/2) x) / (2 sin(x/2)) - 1/2.
    fn sample(&mut self, n: usize) -> f32 {
        let f = self.pitch(n);
        let audible = f.max(VOICED_HZ);
        self.turns += f64::from(audible / SAMPLE_RATE);
        self.turns -= self.turns.floor();
        if f <= VOICED_HZ {
            return 0.0;
        }
        let half_more = (TOP_HZ / audible).floor() + 0.5;
        let below = 2.0 * sin_cos_turns((self.turns * 0.5) as f32).0;
        if below.abs() <= PEAK {
            return half_more - 0.5;
        }
        let above = (f64::from(half_more) * self.turns).fract() as f32;
        sin_cos_turns(above).0 / below - 0.5
    }

    /// Pitch at a sample; frame k is centred at sample 300 k + 149.5.
    fn pitch(&self, n: usize) -> f32 {
        let x = (n as f32 + 0.5) / HOP as f32 - 0.5;
        let below = x.floor();
        let part = x - below;
        let last = self.f0.len() - 1;
        let low = (below.max(0.0) as usize).min(last);
        let high = ((below + 1.0).max(0.0) as usize).min(last);
        self.f0[low] * (1.0 - part) + self.f0[high] * part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pulse_a_period_and_none_unvoiced() {
        let mut pulses = Pulses::new(vec![200.0; 80]);
        let train = pulses.until(usize::MAX).to_vec();
        let peaks = train.iter().filter(|s| **s > 40.0).count();
        // one second of 200 Hz; a peak may fall on two samples
        assert!((190..=400).contains(&peaks), "{peaks}");
        let period = 120;
        for n in 1_000..1_200 {
            assert!(
                (train[n] - train[n + period]).abs() < 0.5,
                "not periodic at {n}"
            );
        }
        assert!(
            Pulses::new(vec![0.0; 10])
                .until(3_000)
                .iter()
                .all(|s| *s == 0.0)
        );
    }
}
