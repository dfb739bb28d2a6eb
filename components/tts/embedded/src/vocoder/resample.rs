//! Plays a signal faster or slower by a fixed factor: formants and pitch move together, which
//! makes another speaker of the one voice.
#![allow(
    clippy::indexing_slicing,
    reason = "taps are taken from a window of their own length"
)]

/// Zero crossings of the kernel on each side.
const HALF: usize = 12;
/// Positions between two samples that have a kernel of their own.
const PHASES: usize = 256;

/// A streaming windowed-sinc resampler.
pub(crate) struct Resampler {
    step: f64,
    kernels: Vec<[f32; 2 * HALF]>,
    /// Unconsumed input, led by the samples before `position`.
    input: Vec<f32>,
    /// Where the next output lies in `input`.
    position: f64,
}

impl Resampler {
    /// `factor`: how much faster the output plays; 1 leaves the signal alone.
    pub(crate) fn new(factor: f64) -> Self {
        let cutoff = (1.0 / factor).min(1.0) * 0.96;
        Resampler {
            step: factor,
            kernels: (0..=PHASES)
                .map(|p| kernel(p as f64 / PHASES as f64, cutoff))
                .collect(),
            input: vec![0.0; HALF],
            position: HALF as f64,
        }
    }

    /// Takes samples in, puts those out that are ready.
    pub(crate) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.input.extend_from_slice(samples);
        while self.position as usize + HALF < self.input.len() {
            let whole = self.position as usize;
            let phase = ((self.position - whole as f64) * PHASES as f64).round() as usize;
            let taps = &self.input[whole + 1 - HALF..=whole + HALF];
            let kernel = &self.kernels[phase];
            out.push(taps.iter().zip(kernel).map(|(a, b)| a * b).sum());
            self.position += self.step;
        }
        let used = (self.position as usize)
            .saturating_sub(HALF)
            .min(self.input.len());
        self.input.drain(..used);
        self.position -= used as f64;
    }

    /// Puts out what the end of the signal still holds back.
    pub(crate) fn finish(&mut self, out: &mut Vec<f32>) {
        self.push(&[0.0; HALF], out);
    }
}

/// Hann-windowed sinc around a position `phase` behind the middle tap.
fn kernel(phase: f64, cutoff: f64) -> [f32; 2 * HALF] {
    let taps: [f64; 2 * HALF] = std::array::from_fn(|i| {
        let x = i as f64 + 1.0 - HALF as f64 - phase;
        let window = 0.5 + 0.5 * (std::f64::consts::PI * x / HALF as f64).cos();
        let angle = std::f64::consts::PI * x * cutoff;
        let sinc = if angle.abs() < 1e-9 {
            1.0
        } else {
            angle.sin() / angle
        };
        cutoff * sinc * window
    });
    // unit gain at zero frequency
    let sum: f64 = taps.iter().sum();
    taps.map(|tap| (tap / sum) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_moves_by_the_factor() {
        for factor in [0.85, 1.15] {
            let tone = |f: f64, n: usize| (n as f64 * f * std::f64::consts::TAU).sin() as f32;
            let input: Vec<f32> = (0..24_000).map(|n| tone(0.01, n)).collect();
            let mut resampler = Resampler::new(factor);
            let mut out = Vec::new();
            for part in input.chunks(700) {
                resampler.push(part, &mut out);
            }
            resampler.finish(&mut out);
            let expected = 24_000.0 / factor;
            assert!(
                (out.len() as f64 - expected).abs() < 3.0,
                "{} for {expected}",
                out.len()
            );
            for (n, sample) in out.iter().enumerate().skip(100).take(10_000) {
                assert!(
                    (sample - tone(0.01 * factor, n)).abs() < 0.01,
                    "{factor} at {n}"
                );
            }
        }
    }
}
