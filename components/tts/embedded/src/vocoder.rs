//! Spectral planes to a waveform: a pulse train filtered by the harmonic part, shaped noise and
//! a free part, then inverse short-time Fourier transform with overlap-add, as a stream.
//!
//! Per frame k and bin: S = e^lh e^(i pi tanh theta) E + e^ln (g1 + i g2) + e^lr e^(i phi), where
//! E is the spectrum of the pulses around sample 300 k. A sample is final once the frame two
//! further on has been added: 25 ms of look-ahead.
#![allow(
    clippy::indexing_slicing,
    reason = "frames and bins of fixed sizes, checked on entry"
)]

pub(crate) mod math;
mod noise;
mod pulses;
mod resample;

pub(crate) use noise::Noise;
pub(crate) use resample::Resampler;

use crate::decoder::{BINS, Frame, Planes};
use math::{exp, sin_cos_turns, tanh};
use pulses::Pulses;
use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// Samples of a frame: 12.5 ms.
pub(crate) const HOP: usize = 300;
/// Hz.
pub(crate) const SAMPLE_RATE: f32 = 24_000.0;
const WINDOW: usize = 1200;
/// Log magnitudes above this are cut, as the net was trained.
const TOP_LOG: f32 = 7.0;

/// Shaping in the log domain, applied just before synthesis.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shape {
    /// dB on everything.
    pub(crate) gain: f32,
    /// dB per octave around 1 kHz.
    pub(crate) tilt: f32,
    /// Extra dB on the noise.
    pub(crate) breath: f32,
}

/// What all pieces share: plans and window.
pub(crate) struct Synthesis {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
}

impl Synthesis {
    pub(crate) fn new() -> Self {
        let mut planner = RealFftPlanner::<f32>::new();
        let step = std::f32::consts::TAU / WINDOW as f32;
        Synthesis {
            forward: planner.plan_fft_forward(WINDOW),
            inverse: planner.plan_fft_inverse(WINDOW),
            window: (0..WINDOW)
                .map(|i| 0.5 - 0.5 * (i as f32 * step).cos())
                .collect(),
        }
    }
}

/// The vocoder's state over one piece.
pub(crate) struct Vocoder {
    pulses: Pulses,
    noise: Noise,
    /// Natural-log gain of each bin.
    bias: Vec<f32>,
    breath: f32,
    frames: usize,
    next: usize,
    buffer: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch_forward: Vec<Complex32>,
    scratch_inverse: Vec<Complex32>,
    /// Overlap-add of signal and of squared windows, from sample 300 (next - 2).
    sum: Vec<f32>,
    weight: Vec<f32>,
}

impl Vocoder {
    /// `f0`: pitch of every frame of the piece (two at least), as given to the decoder.
    pub(crate) fn new(synthesis: &Synthesis, f0: Vec<f32>, shape: Shape, noise: Noise) -> Self {
        let log = std::f32::consts::LN_10 / 20.0;
        let bias = (0..BINS).map(|bin| {
            let hz = (bin as f32 * SAMPLE_RATE / WINDOW as f32).max(100.0);
            let octaves = (hz / 1000.0).log2().clamp(-3.0, 3.0);
            log * (shape.gain + shape.tilt * octaves)
        });
        Vocoder {
            frames: f0.len(),
            pulses: Pulses::new(f0),
            noise,
            bias: bias.collect(),
            breath: shape.breath * log,
            next: 0,
            buffer: vec![0.0; WINDOW],
            spectrum: vec![Complex32::default(); BINS],
            scratch_forward: synthesis.forward.make_scratch_vec(),
            scratch_inverse: synthesis.inverse.make_scratch_vec(),
            sum: vec![0.0; WINDOW],
            weight: vec![0.0; WINDOW],
        }
    }

    /// The noise source, to go on with in the next piece.
    pub(crate) fn into_noise(self) -> Noise {
        self.noise
    }

    /// Takes the next frames in order and appends the samples that are final.
    pub(crate) fn push(&mut self, synthesis: &Synthesis, planes: &Planes, out: &mut Vec<f32>) {
        for frame in planes.frames().take(self.frames - self.next) {
            self.excite(synthesis);
            self.shape(frame);
            self.add(synthesis);
            self.advance(out);
        }
    }

    /// Spectrum of the pulses around the next frame; mirrored at the ends of the piece.
    fn excite(&mut self, synthesis: &Synthesis) {
        let start = self.next as isize * HOP as isize - WINDOW as isize / 2;
        let last = self.pulses.total() as isize - 1;
        // mirrored samples lie before the end of the window as well
        let end = usize::try_from(start).unwrap_or(0) + WINDOW + 1;
        let pulses = self.pulses.until(end);
        for (i, (slot, window)) in self.buffer.iter_mut().zip(&synthesis.window).enumerate() {
            let at = (start + i as isize).abs();
            let at = if at > last { 2 * last - at } else { at };
            *slot = pulses[at.clamp(0, last) as usize] * window;
        }
        // The lengths are those of the plan, the only thing it can object to.
        let _ = synthesis.forward.process_with_scratch(
            &mut self.buffer,
            &mut self.spectrum,
            &mut self.scratch_forward,
        );
    }

    /// Filters the pulses' spectrum and adds noise and the free part.
    fn shape(&mut self, frame: Frame<'_>) {
        let noise = self.noise.frame();
        let Frame {
            harmonic,
            turn,
            noise: noisy,
            free,
            phase,
        } = frame;
        let scale = 4.0 / WINDOW as f32;
        for bin in 0..BINS {
            let bias = self.bias[bin];
            let gain = exp(harmonic[bin].min(TOP_LOG) + bias) * scale;
            let (sin, cos) = sin_cos_turns(0.5 * tanh(turn[bin]));
            let hiss = noise(bin) * exp(noisy[bin].min(TOP_LOG) + bias + self.breath);
            let level = exp(free[bin].min(TOP_LOG) + bias);
            let (free_sin, free_cos) = sin_cos_turns(phase[bin] / std::f32::consts::TAU);
            self.spectrum[bin] = self.spectrum[bin] * Complex32::new(gain * cos, gain * sin)
                + hiss
                + Complex32::new(level * free_cos, level * free_sin);
        }
        // the inverse transform insists that the first and last bin are real
        self.spectrum[0].im = 0.0;
        self.spectrum[BINS - 1].im = 0.0;
    }

    fn add(&mut self, synthesis: &Synthesis) {
        let _ = synthesis.inverse.process_with_scratch(
            &mut self.spectrum,
            &mut self.buffer,
            &mut self.scratch_inverse,
        );
        let scale = 1.0 / WINDOW as f32;
        for i in 0..WINDOW {
            let window = synthesis.window[i];
            self.sum[i] += self.buffer[i] * window * scale;
            self.weight[i] += window * window;
        }
    }

    fn advance(&mut self, out: &mut Vec<f32>) {
        self.next += 1;
        // the first two frames reach before the piece
        if self.next > 2 {
            self.emit(out);
        } else {
            self.shift();
        }
        if self.next == self.frames {
            // nothing more is added to what is left
            for _ in self.next.saturating_sub(2)..self.frames {
                self.emit(out);
            }
        }
    }

    fn emit(&mut self, out: &mut Vec<f32>) {
        let ready = self.sum.iter().zip(&self.weight).take(HOP);
        out.extend(ready.map(|(sum, weight)| sum / weight.max(1e-11)));
        self.shift();
    }

    fn shift(&mut self) {
        for row in [&mut self.sum, &mut self.weight] {
            row.copy_within(HOP.., 0);
            row[WINDOW - HOP..].fill(0.0);
        }
    }
}

/// Bends what would clip: straight to 0.8, then towards 1.
pub(crate) fn limit(sample: f32) -> f32 {
    const KNEE: f32 = 0.8;
    let over = sample.abs() - KNEE;
    if over <= 0.0 {
        return sample;
    }
    (KNEE + (1.0 - KNEE) * tanh(over / (1.0 - KNEE))).copysign(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planes(frames: usize, level: f32) -> Planes {
        Planes::of_levels(frames, [level, 0.0, -30.0, -30.0, 0.0])
    }

    fn speak(frames: usize, windows: &[usize], shape: Shape) -> Vec<f32> {
        let synthesis = Synthesis::new();
        let mut vocoder = Vocoder::new(&synthesis, vec![150.0; frames], shape, Noise::new(1));
        let mut out = Vec::new();
        for window in windows {
            vocoder.push(&synthesis, &planes(*window, -2.0), &mut out);
        }
        out
    }

    #[test]
    fn length_is_exact_and_windows_do_not_matter() {
        let whole = speak(40, &[40], Shape::default());
        assert_eq!(whole.len(), 40 * HOP);
        let parts = speak(40, &[7, 1, 20, 12], Shape::default());
        assert_eq!(whole, parts);
        for frames in 2..5 {
            assert_eq!(
                speak(frames, &[frames], Shape::default()).len(),
                frames * HOP
            );
        }
    }

    #[test]
    fn gain_is_in_decibels() {
        let power = |s: &[f32]| s.iter().map(|x| x * x).sum::<f32>();
        let plain = power(&speak(40, &[40], Shape::default()));
        let louder = power(&speak(
            40,
            &[40],
            Shape {
                gain: 6.0,
                ..Shape::default()
            },
        ));
        assert!((10.0 * (louder / plain).log10() - 6.0).abs() < 0.1);
    }

    #[test]
    fn nothing_clips() {
        for x in [-100.0, -1.0, -0.5, 0.0, 0.79, 0.81, 1.5] {
            assert!(limit(x).abs() <= 1.0);
            assert!(x.abs() > 0.8 || limit(x) == x);
        }
    }
}
