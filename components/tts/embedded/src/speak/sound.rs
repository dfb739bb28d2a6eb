//! Planes to 16-bit samples: vocoder, speaker, limiter.

use crate::decoder::Planes;
use crate::expression::Style;
use crate::vocoder::{Noise, Resampler, Synthesis, Vocoder, limit};

/// Samples over which a piece fades in and out: its ends are near silence, but not at it.
const FADE: usize = 120;

/// The sound of one piece.
pub(super) struct Sound {
    vocoder: Vocoder,
    resampler: Option<Resampler>,
    raw: Vec<f32>,
    fresh: bool,
}

impl Sound {
    /// `pitch`: of every frame that will be rendered.
    pub(super) fn new(synthesis: &Synthesis, pitch: Vec<f32>, style: &Style, noise: Noise) -> Self {
        let warped = (style.warp - 1.0).abs() > 1e-3;
        Sound {
            vocoder: Vocoder::new(synthesis, pitch, style.shape, noise),
            resampler: warped.then(|| Resampler::new(f64::from(style.warp))),
            raw: Vec::new(),
            fresh: true,
        }
    }

    /// The noise source, to go on with in the next piece.
    pub(super) fn into_noise(self) -> Noise {
        self.vocoder.into_noise()
    }

    /// Renders the next frames. `last`: no more follow.
    pub(super) fn render(
        &mut self,
        synthesis: &Synthesis,
        planes: &Planes,
        last: bool,
    ) -> Vec<i16> {
        self.raw.clear();
        self.vocoder.push(synthesis, planes, &mut self.raw);
        let mut samples = match &mut self.resampler {
            Some(resampler) => {
                let mut out = Vec::with_capacity(self.raw.len() * 5 / 4);
                resampler.push(&self.raw, &mut out);
                if last {
                    resampler.finish(&mut out);
                }
                out
            }
            None => std::mem::take(&mut self.raw),
        };
        let fade = |i: usize| i as f32 / FADE as f32;
        if std::mem::replace(&mut self.fresh, false) {
            samples
                .iter_mut()
                .take(FADE)
                .enumerate()
                .for_each(|(i, s)| *s *= fade(i));
        }
        if last {
            samples
                .iter_mut()
                .rev()
                .take(FADE)
                .enumerate()
                .for_each(|(i, s)| *s *= fade(i));
        }
        samples
            .iter()
            .map(|s| (limit(*s) * 32_767.0) as i16)
            .collect()
    }
}
