//! The sound: one period of a soft, vowel-like wave, read at the voice's pitch and swelling with
//! the mouth. A table look-up for each sample, so that many speakers cost little.
#![allow(
    clippy::indexing_slicing,
    reason = "the index is masked to the table's length"
)]

use crate::clapper;
use crate::manner::Manner;
use crate::script::{Script, Shape};
use crate::settings::Settings;
use std::f64::consts::TAU;
use tth_sdk::Viseme;

const TABLE: usize = 1024;
/// Amplitudes of the harmonics: a few strong low ones, as in an open vowel.
const HARMONICS: [f64; 6] = [1.0, 0.65, 0.45, 0.22, 0.1, 0.05];
/// Peak of the sound at full loudness, of full scale.
const PEAK: f64 = 0.3;
/// How fast the loudness follows the mouth, in seconds.
const SWELL_S: f64 = 0.012;
/// The pitch falls over an utterance by this part, as it does in speech.
const FALL: f64 = 0.12;

/// The sound of one utterance, read chunk by chunk.
pub(crate) struct Tone<'a> {
    table: [f32; TABLE],
    script: &'a Script,
    clapper: Option<(u32, u64)>,
    sample: u64,
    shape: usize,
    phase: f64,
    step: f64,
    level: f32,
    follow: f32,
    gain: f32,
}

impl<'a> Tone<'a> {
    /// `position`: the samples of the call before this utterance.
    pub(crate) fn new(
        settings: &Settings,
        manner: &Manner,
        script: &'a Script,
        position: u64,
    ) -> Self {
        let rate = f64::from(settings.sample_rate);
        Tone {
            table: period(),
            script,
            clapper: settings.clapper.then_some((settings.sample_rate, position)),
            sample: 0,
            shape: 0,
            phase: 0.0,
            step: settings.voice_hz * manner.pitch * TABLE as f64 / rate,
            level: 0.0,
            follow: (1.0 - (-1.0 / (SWELL_S * rate)).exp()) as f32,
            gain: (PEAK * manner.loudness * f64::from(i16::MAX)) as f32,
        }
    }

    /// The next samples as PCM bytes; fewer at the end, and then none.
    pub(crate) fn next(&mut self, samples: usize) -> Vec<u8> {
        let left = self.script.samples - self.sample;
        let count = left.min(samples as u64);
        let mut pcm = Vec::with_capacity(count as usize * 2);
        if let Some((rate, position)) = self.clapper {
            for n in self.sample..self.sample + count {
                pcm.extend_from_slice(&clapper::sample(position + n, rate).to_le_bytes());
            }
        } else {
            let done = self.sample as f64 / self.script.samples.max(1) as f64;
            let step = self.step * (1.0 + FALL / 2.0 - FALL * done);
            for n in self.sample..self.sample + count {
                let target = self.opening(n);
                self.level += (target - self.level) * self.follow;
                self.phase = (self.phase + step) % TABLE as f64;
                let wave = self.table[self.phase as usize % TABLE];
                let value = (wave * self.level * self.gain) as i16;
                pcm.extend_from_slice(&value.to_le_bytes());
            }
        }
        self.sample += count;
        pcm
    }

    /// How loud the shape at a sample is.
    fn opening(&mut self, sample: u64) -> f32 {
        let over = |shape: &&Shape| sample >= shape.start + shape.samples;
        while self
            .script
            .shapes
            .get(self.shape)
            .as_ref()
            .is_some_and(over)
        {
            self.shape += 1;
        }
        self.script
            .shapes
            .get(self.shape)
            .map_or(0.0, |shape| match shape.viseme {
                Viseme::Sil => 0.0,
                Viseme::Pp | Viseme::Ff | Viseme::Th | Viseme::Kk | Viseme::Ss | Viseme::Ch => 0.3,
                Viseme::Dd | Viseme::Nn | Viseme::Rr => 0.55,
                Viseme::Aa | Viseme::E | Viseme::Ih | Viseme::Oh | Viseme::Ou => 1.0,
            })
    }
}

fn period() -> [f32; TABLE] {
    let mut table = [0.0; TABLE];
    let sum: f64 = HARMONICS.iter().sum();
    for (n, place) in table.iter_mut().enumerate() {
        let angle = TAU * n as f64 / TABLE as f64;
        let wave: f64 = HARMONICS
            .iter()
            .enumerate()
            .map(|(k, a)| a * ((k + 1) as f64 * angle).sin())
            .sum();
        *place = (wave / sum * 1.6) as f32;
    }
    table
}
