//! How loud the voice is at a media time: what head and brows move with.
//!
//! Audio is only measured, never kept: one sum of squares for each 10 ms.
#![allow(clippy::indexing_slicing)] // Numeric kernel: indices are computed from the ring's own bounds.

use std::collections::VecDeque;

/// The length of a bin in microseconds.
const BIN_US: u64 = 10_000;
/// Audio further ahead than this is not measured: five minutes.
const HORIZON: u64 = 30_000;
/// The loudness that counts as full, as a root mean square of full scale. Speech lies around 0.1.
const FULL: f64 = 0.16;

#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    squares: f64,
    samples: u32,
}

/// The voice's loudness over time.
#[derive(Clone, Debug, Default)]
pub struct Voice {
    first: u64,
    bins: VecDeque<Bin>,
}

impl Voice {
    /// Measures signed 16-bit little-endian PCM, channels interleaved, that sounds from `at` (microseconds).
    /// Audio without a sample rate or channels is ignored, and so is what lies before the last frame.
    pub fn push(&mut self, at: u64, rate: u32, channels: u8, pcm: &[u8]) {
        if rate == 0 || channels == 0 {
            return;
        }
        for (i, frame) in pcm.chunks_exact(2 * usize::from(channels)).enumerate() {
            let time = at.saturating_add(i as u64 * 1_000_000 / u64::from(rate));
            let Some(slot) = (time / BIN_US).checked_sub(self.first) else {
                continue;
            };
            if slot >= HORIZON {
                return;
            }
            let slot = slot as usize;
            if slot >= self.bins.len() {
                self.bins.resize(slot + 1, Bin::default());
            }
            // The first channel speaks for all.
            let sample = f64::from(i16::from_le_bytes([frame[0], frame[1]])) / 32_768.0;
            self.bins[slot].squares += sample * sample;
            self.bins[slot].samples += 1;
        }
    }

    /// Forgets what sounds after `now`.
    pub fn interrupt(&mut self, now: u64) {
        let keep = (now / BIN_US + 1).saturating_sub(self.first);
        self.bins
            .truncate(usize::try_from(keep).unwrap_or(usize::MAX));
    }

    /// Loudness around `at`, 0 to 1, or none where nothing was heard of. Times must not go backwards.
    pub fn level(&mut self, at: u64) -> Option<f64> {
        let middle = at / BIN_US;
        let (from, to) = (middle.saturating_sub(5), middle + 2);
        while self.first < from && self.bins.pop_front().is_some() {
            self.first += 1;
        }
        if self.bins.is_empty() {
            self.first = from.max(self.first);
        }
        let window = from.saturating_sub(self.first) as usize
            ..((to + 1).saturating_sub(self.first) as usize).min(self.bins.len());
        if window.is_empty() {
            return None;
        }
        let (squares, samples) = self.bins.range(window).fold((0.0, 0u32), |(s, n), bin| {
            (s + bin.squares, n + bin.samples)
        });
        (samples > 0).then(|| {
            ((squares / f64::from(samples)).sqrt() / FULL)
                .powf(0.7)
                .min(1.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(amplitude: f64, ms: usize) -> Vec<u8> {
        (0..ms * 16)
            .flat_map(|i| (((i as f64 * 0.3).sin() * amplitude * 32_767.0) as i16).to_le_bytes())
            .collect()
    }

    #[test]
    fn louder_audio_gives_a_higher_level_at_its_own_time() {
        let mut voice = Voice::default();
        voice.push(1_000_000, 16_000, 1, &tone(0.05, 500));
        voice.push(1_500_000, 16_000, 1, &tone(0.3, 500));
        assert_eq!(voice.level(500_000), None);
        let (soft, loud) = (voice.level(1_200_000), voice.level(1_800_000));
        assert!(
            soft.is_some_and(|l| l > 0.05 && l < 0.5) && loud > soft,
            "{soft:?} {loud:?}"
        );
        assert_eq!(voice.level(2_500_000), None);
    }

    #[test]
    fn an_interrupt_forgets_the_future() {
        let mut voice = Voice::default();
        voice.push(0, 16_000, 1, &tone(0.3, 1000));
        voice.interrupt(300_000);
        assert!(voice.level(200_000).is_some());
        assert_eq!(voice.level(600_000), None);
    }

    #[test]
    fn malformed_and_absurd_audio_is_harmless() {
        let mut voice = Voice::default();
        voice.push(0, 0, 1, &tone(0.3, 10));
        voice.push(0, 16_000, 0, &tone(0.3, 10));
        voice.push(u64::MAX - 5, 16_000, 1, &tone(0.3, 10));
        voice.push(0, 16_000, 2, &[1, 2, 3]);
        assert_eq!(voice.level(0), None);
        assert!(voice.bins.len() < 10);
    }
}
