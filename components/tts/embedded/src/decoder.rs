//! The second half of the acoustic net, as a stream: pitch, loudness and text features of frames in
//! order go in, spectral planes come out.
//!
//! A convolution of width seven over the frames, eight ConvNeXt blocks (depthwise convolution of
//! width seven, normalisation, a wide layer with GELU, a narrow one, added to what came in; Liu et
//! al., "A ConvNet for the 2020s", 2022, section 2) and a linear head. Every convolution keeps the
//! last frames it has seen, so nothing is computed twice and it does not matter for the result how
//! the frames are cut: planes of a frame are there once [`REACH`] further ones are known.
//!
//! It is written out here because a general runtime has to repeat those frames on both sides of
//! each window, and its matrix kernels want more vector registers than the sandbox has.

mod convolution;
mod dense;
mod vector;
mod weights;

pub(crate) use weights::{Aligned, Weights};

use crate::net::Prosody;
use crate::vocoder::math::exp;
use convolution::History;
use dense::Dense;
use std::ops::Range;

/// Spectral bins of a frame.
pub(crate) const BINS: usize = 601;
/// Frames that the planes of one frame depend on to each side: nine convolutions of width seven.
pub(crate) const REACH: usize = 9 * convolution::REACH;
/// Channels between the blocks.
const CHANNELS: usize = 256;
/// Channels within a block.
const WIDE: usize = 768;
/// Text features of a frame.
pub(crate) const FEATURES: usize = 128;
/// Values of a frame that go in: text features, log pitch, loudness.
const INPUTS: usize = FEATURES + 2;
/// Length of a plane's row: the bins, and room up to a whole number of vectors.
const ROW: usize = 608;
const PLANES: usize = 5;
/// Of the normalisation.
const EPSILON: f32 = 1e-5;
/// What pitch and loudness are divided by before they go in.
const CURVE_SCALE: f32 = 5.0;

/// The planes of some frames.
pub(crate) struct Planes {
    rows: Vec<f32>,
}

/// The planes of one frame, [`BINS`] values each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// Log magnitude of the harmonic part.
    pub(crate) harmonic: &'a [f32],
    /// Its phase, as the argument of pi tanh.
    pub(crate) turn: &'a [f32],
    /// Log magnitude of the noise.
    pub(crate) noise: &'a [f32],
    /// Log magnitude of the free part.
    pub(crate) free: &'a [f32],
    /// Phase of the free part in radians.
    pub(crate) phase: &'a [f32],
}

impl Planes {
    /// Frame by frame.
    pub(crate) fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        self.rows.chunks_exact(PLANES * ROW).map(|row| {
            let plane = |n: usize| row.get(n * ROW..n * ROW + BINS).unwrap_or_default();
            Frame {
                harmonic: plane(0),
                turn: plane(1),
                noise: plane(2),
                free: plane(3),
                phase: plane(4),
            }
        })
    }

    /// Frames with the same value in every bin of a plane, for tests of what only looks at planes.
    #[cfg(test)]
    pub(crate) fn of_levels(frames: usize, levels: [f32; PLANES]) -> Self {
        let frame = levels.into_iter().flat_map(|level| vec![level; ROW]);
        let frame: Vec<f32> = frame.collect();
        Planes {
            rows: frame.repeat(frames),
        }
    }
}

/// One piece of speech being decoded.
pub(crate) struct Decoder {
    /// The next frame of the prosody to take.
    taken: usize,
    /// The first frame of `values`: what has come through the blocks.
    next: usize,
    values: Vec<f32>,
    entry: History,
    blocks: Vec<History>,
    wide: Vec<f32>,
    ended: bool,
}

impl Decoder {
    /// A stream whose first planes are those of frame `first`.
    pub(crate) fn new(first: usize) -> Self {
        let from = first.saturating_sub(REACH);
        Decoder {
            taken: from,
            next: from,
            values: Vec::new(),
            entry: History::new(INPUTS),
            blocks: (0..weights::BLOCKS)
                .map(|_| History::new(CHANNELS))
                .collect(),
            wide: Vec::new(),
            ended: false,
        }
    }

    /// The planes of `frames`, which must follow on from what was asked for before. Of what comes
    /// before the first frame asked for, [`REACH`] frames are looked at; past the last frame of
    /// the prosody there is silence.
    pub(crate) fn decode(
        &mut self,
        weights: &Weights,
        prosody: &Prosody,
        frames: Range<usize>,
    ) -> Planes {
        let all = prosody.frames();
        let until = (frames.end + REACH).min(all);
        let input = prosody.inputs(self.taken..until);
        self.taken = self.taken.max(until);
        let ends = until == all && !std::mem::replace(&mut self.ended, until == all);

        let mut values = self.entry.convolve(&weights.entry, &input, ends);
        for (block, history) in weights.blocks.iter().zip(&mut self.blocks) {
            values = history.pass(&values, ends, |history, ready| {
                block.apply(history, ready, &mut self.wide)
            });
        }
        self.values.extend(values);
        let known = self.values.len() / CHANNELS;
        let last = frames.end.saturating_sub(self.next).min(known);
        let first = frames.start.saturating_sub(self.next).min(last);
        let passed = self.values.drain(..last * CHANNELS);
        let mut wanted: Vec<f32> = passed.skip(first * CHANNELS).collect();
        self.next += last;
        normalise(&mut wanted);
        let mut rows = Vec::new();
        weights.head.apply(&wanted, CHANNELS, &mut rows);
        Planes { rows }
    }
}

/// Each frame's channels to mean 0 and variance 1; what the net scales and shifts them by after
/// that is part of the weights that follow.
fn normalise(frames: &mut [f32]) {
    let count = CHANNELS as f32;
    for frame in frames.chunks_exact_mut(CHANNELS) {
        let mean = sum(frame, |x| x) / count;
        let variance = sum(frame, |x| (x - mean) * (x - mean)) / count;
        let scale = 1.0 / (variance + EPSILON).sqrt();
        frame.iter_mut().for_each(|x| *x = (*x - mean) * scale);
    }
}

/// Adds up in eight lanes, so that it vectorises.
fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; 8];
    for chunk in values.as_chunks::<8>().0 {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += of(*x);
        }
    }
    lanes.iter().sum()
}

/// x times the normal distribution's cumulative probability of x (Hendrycks and Gimpel, 2016), by
/// the error function's approximation 7.1.26 of Abramowitz and Stegun (error below 1.5e-7).
#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series = 1.421_413_8 + t * (-1.453_152 + t * 1.061_405_4);
    let series = t * (0.254_829_6 + t * (-0.284_496_72 + t * series));
    let erf = 1.0 - series * exp(-z * z);
    0.5 * x * (1.0 + erf.copysign(x))
}

/// One ConvNeXt block.
pub(crate) struct Block {
    depthwise: convolution::Depthwise,
    widen: Dense,
    narrow: Dense,
}

impl Block {
    /// What `ready` frames become, of which the first one's neighbourhood starts at the first of
    /// `history`.
    fn apply(&self, history: &[f32], ready: usize, wide: &mut Vec<f32>) -> Vec<f32> {
        let mut values = self.depthwise.apply(history, ready);
        normalise(&mut values);
        self.widen.apply(&values, CHANNELS, wide);
        wide.iter_mut().for_each(|x| *x = gelu(*x));
        self.narrow.apply(wide, WIDE, &mut values);
        let middle = history.iter().skip(convolution::REACH * CHANNELS);
        values.iter_mut().zip(middle).for_each(|(x, was)| *x += was);
        values
    }
}

impl Prosody {
    /// What the net is given of some frames, frame by frame.
    fn inputs(&self, frames: Range<usize>) -> Vec<f32> {
        let mut input = Vec::with_capacity(INPUTS * frames.len());
        for frame in frames {
            let curve = |values: &[f32]| values.get(frame).copied().unwrap_or_default();
            input.extend_from_slice(self.features(frame));
            input.push((1.0 + curve(&self.f0).max(0.0)).ln() / CURVE_SCALE);
            input.push(curve(&self.loudness) / CURVE_SCALE);
        }
        input
    }
}

#[cfg(test)]
mod tests;
