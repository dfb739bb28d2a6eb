//! Convolutions over frames that come in bit by bit.

use super::CHANNELS;
use super::dense::Dense;

/// Frames to each side that a convolution looks at.
pub(super) const REACH: usize = 3;
/// Frames that it looks at in all.
const WIDTH: usize = 2 * REACH + 1;

/// The last frames that a convolution has seen; beyond both ends of the piece there are zeros.
pub(super) struct History {
    channels: usize,
    frames: Vec<f32>,
}

impl History {
    pub(super) fn new(channels: usize) -> Self {
        History {
            channels,
            frames: vec![0.0; REACH * channels],
        }
    }

    /// Takes more frames (`ends`: the last ones), and lets `apply` make what it can of them: it is
    /// given all frames that are kept, and how many have a whole neighbourhood.
    pub(super) fn pass(
        &mut self,
        more: &[f32],
        ends: bool,
        apply: impl FnOnce(&[f32], usize) -> Vec<f32>,
    ) -> Vec<f32> {
        self.frames.extend_from_slice(more);
        if ends {
            let zeros = self.frames.len() + REACH * self.channels;
            self.frames.resize(zeros, 0.0);
        }
        let known = self.frames.len() / self.channels;
        let ready = known.saturating_sub(WIDTH - 1);
        if ready == 0 {
            return Vec::new();
        }
        let out = apply(&self.frames, ready);
        self.frames.drain(..ready * self.channels);
        out
    }

    /// A convolution from all channels to all: the frames it looks at lie one after the other, so
    /// that it is a matrix product of overlapping rows.
    pub(super) fn convolve(&mut self, weights: &Dense, more: &[f32], ends: bool) -> Vec<f32> {
        let channels = self.channels;
        self.pass(more, ends, |frames, ready| {
            let mut out = Vec::new();
            let until = (ready + WIDTH - 1) * channels;
            weights.apply(frames.get(..until).unwrap_or_default(), channels, &mut out);
            out
        })
    }
}

/// A convolution of each channel by itself.
pub(super) struct Depthwise {
    /// [`WIDTH`] rows of one weight for each channel.
    pub(super) weights: &'static [f32],
    pub(super) bias: &'static [f32],
}

impl Depthwise {
    /// The first `ready` frames that have a whole neighbourhood.
    pub(super) fn apply(&self, frames: &[f32], ready: usize) -> Vec<f32> {
        let mut out = Vec::with_capacity(ready * CHANNELS);
        for around in frames
            .windows(WIDTH * CHANNELS)
            .step_by(CHANNELS)
            .take(ready)
        {
            let start = out.len();
            out.extend_from_slice(self.bias);
            let values = out.get_mut(start..).unwrap_or_default();
            for (frame, weights) in around
                .chunks_exact(CHANNELS)
                .zip(self.weights.chunks_exact(CHANNELS))
            {
                for ((value, x), weight) in values.iter_mut().zip(frame).zip(weights) {
                    *value += x * weight;
                }
            }
        }
        out
    }
}
