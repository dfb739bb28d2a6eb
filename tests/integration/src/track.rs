//! The sound of a turn where it lies on the media timeline, put together from the events.

use crate::data;
use crate::sound::Sound;
use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The length of what pitch is measured over, in microseconds.
const SLICE_US: u64 = 100_000;
/// A slice with less voiced sound than this has no pitch.
const VOICED: f32 = 0.5;

/// Chunks by their media time.
#[derive(Clone, Debug, Default)]
pub struct Track {
    rate: u32,
    /// Media time in microseconds and PCM.
    chunks: Vec<(u64, Vec<u8>)>,
}

impl Track {
    /// All `audio_chunk` events.
    ///
    /// # Errors
    /// If there is none, or one is not as documented.
    pub fn of(events: &[Value]) -> Result<Track> {
        let mut track = Track::default();
        for event in events.iter().filter(|e| e["type"] == "audio_chunk") {
            let at = event["pts_us"].as_u64().context("pts_us")?;
            let rate = event["sample_rate"].as_u64().context("sample_rate")?;
            track.rate = u32::try_from(rate)?;
            track.chunks.push((at, data(event)?));
        }
        ensure!(track.rate > 0, "there was no sound");
        Ok(track)
    }

    fn micros(&self, bytes: usize) -> u64 {
        bytes as u64 / 2 * 1_000_000 / u64::from(self.rate.max(1))
    }

    /// Media time of the first sample.
    pub fn start(&self) -> u64 {
        self.chunks.first().map_or(0, |(at, _)| *at)
    }

    /// Media time after the last sample.
    pub fn end(&self) -> u64 {
        let last = self.chunks.last();
        last.map_or(0, |(at, pcm)| at + self.micros(pcm.len()))
    }

    /// All samples one after the other, wherever they lie.
    pub fn pcm(&self) -> Vec<u8> {
        let chunks = self.chunks.iter().map(|(_, pcm)| pcm.as_slice());
        chunks.collect::<Vec<_>>().concat()
    }

    /// The sound between two media times; silence where there is none.
    pub fn between(&self, from: u64, to: u64) -> Sound {
        let place = |us: u64| (us * u64::from(self.rate) / 1_000_000) as usize;
        let mut samples = vec![0.0; place(to.saturating_sub(from))];
        for (at, pcm) in &self.chunks {
            for (n, value) in Sound::from_pcm(pcm, self.rate).samples.iter().enumerate() {
                let here = at + n as u64 * 1_000_000 / u64::from(self.rate);
                let slot = here
                    .checked_sub(from)
                    .and_then(|since| samples.get_mut(place(since)));
                if let Some(slot) = slot {
                    *slot = *value;
                }
            }
        }
        Sound {
            samples,
            rate: self.rate,
        }
    }

    /// The pitch in Hz of each tenth of a second between two media times that is voiced.
    pub fn pitches(&self, from: u64, to: u64) -> Vec<f32> {
        let whole = self.between(from, to);
        let slice = (SLICE_US * u64::from(self.rate) / 1_000_000) as usize;
        let measured = whole.samples.chunks_exact(slice.max(1)).map(|samples| {
            Sound {
                samples: samples.to_vec(),
                rate: self.rate,
            }
            .measure()
        });
        let voiced = measured.filter(|measure| measure.voiced >= VOICED);
        voiced.map(|measure| measure.pitch_hz).collect()
    }
}
