//! PCM on a timeline, and WAV files.

use tth_core::media::{AudioChunk, AudioFormat, Micros, SECOND};

/// Gaps shorter than this are rounding, not silence: 1 ms.
const ROUNDING_US: Micros = 1_000;

/// A WAV file (RIFF, 16 bit) of `pcm`.
pub fn wav(format: AudioFormat, pcm: &[u8]) -> Vec<u8> {
    let frame = u16::from(format.channels) * 2;
    let length = u32::try_from(pcm.len()).unwrap_or(u32::MAX);
    let mut file = Vec::with_capacity(44 + pcm.len());
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&length.saturating_add(36).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16u32.to_le_bytes());
    file.extend_from_slice(&1u16.to_le_bytes());
    file.extend_from_slice(&u16::from(format.channels).to_le_bytes());
    file.extend_from_slice(&format.sample_rate.to_le_bytes());
    file.extend_from_slice(
        &format
            .sample_rate
            .saturating_mul(frame.into())
            .to_le_bytes(),
    );
    file.extend_from_slice(&frame.to_le_bytes());
    file.extend_from_slice(&16u16.to_le_bytes());
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(pcm);
    file
}

/// The samples of `chunk` in another layout: channels are mixed or copied, rates are converted by
/// cubic interpolation, which is enough for the rare change of voice in the middle of a turn.
pub fn convert(chunk: &AudioChunk, to: AudioFormat) -> Vec<i16> {
    let (from, channels) = (chunk.format, usize::from(to.channels.max(1)));
    let samples: Vec<i16> = chunk
        .pcm
        .as_chunks()
        .0
        .iter()
        .copied()
        .map(i16::from_le_bytes)
        .collect();
    if from == to {
        return samples;
    }
    let frames: Vec<i16> = samples
        .chunks_exact(usize::from(from.channels.max(1)))
        .map(mean)
        .collect();
    let count = (frames.len() as u64 * u64::from(to.sample_rate))
        .checked_div(from.sample_rate.into())
        .unwrap_or(0);
    let step = f64::from(from.sample_rate) / f64::from(to.sample_rate.max(1));
    (0..count)
        .map(|n| {
            if from.sample_rate == to.sample_rate {
                at(&frames, n as i64) as i16
            } else {
                cubic(&frames, n as f64 * step)
            }
        })
        .flat_map(|sample| std::iter::repeat_n(sample, channels))
        .collect()
}

fn mean(frame: &[i16]) -> i16 {
    let sum: i32 = frame.iter().copied().map(i32::from).sum();
    (sum / frame.len().max(1) as i32) as i16
}

fn at(frames: &[i16], index: i64) -> f64 {
    let last = frames.len() as i64 - 1;
    usize::try_from(index.clamp(0, last.max(0)))
        .ok()
        .and_then(|i| frames.get(i))
        .copied()
        .unwrap_or(0)
        .into()
}

/// Catmull-Rom.
fn cubic(frames: &[i16], position: f64) -> i16 {
    let (index, t) = (position.floor() as i64, position.fract());
    let [a, b, c, d] = [-1, 0, 1, 2].map(|offset| at(frames, index + offset));
    let value =
        b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)));
    value.round().clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// Sound laid on one timeline and in one layout: gaps become silence.
#[derive(Debug)]
pub struct Timeline {
    format: AudioFormat,
    origin: Micros,
    /// Frames laid so far (one sample of each channel).
    frames: u64,
}

impl Timeline {
    /// Nothing yet; sound before `origin` is moved there.
    pub fn new(format: AudioFormat, origin: Micros) -> Self {
        Timeline {
            format,
            origin,
            frames: 0,
        }
    }

    /// The layout.
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// Up to where sound is laid.
    pub fn end(&self) -> Micros {
        self.origin
            + (self.frames * SECOND)
                .checked_div(self.format.sample_rate.into())
                .unwrap_or(0)
    }

    /// The samples that come next: silence up to the chunk's place, then the chunk.
    pub fn lay(&mut self, chunk: &AudioChunk) -> Vec<i16> {
        let mut samples = self.silence_until(chunk.at.saturating_sub(ROUNDING_US));
        let mut sound = convert(chunk, self.format);
        self.frames += sound.len() as u64 / self.channels();
        samples.append(&mut sound);
        samples
    }

    /// Silence up to `at`; nothing if sound is laid up to there.
    pub fn silence_until(&mut self, at: Micros) -> Vec<i16> {
        let wanted = at.saturating_sub(self.origin) * u64::from(self.format.sample_rate) / SECOND;
        let missing = wanted.saturating_sub(self.frames);
        self.frames += missing;
        vec![0; usize::try_from(missing * self.channels()).unwrap_or(0)]
    }

    fn channels(&self) -> u64 {
        self.format.channels.max(1).into()
    }
}

#[cfg(test)]
mod tests {
    use super::{Timeline, convert, wav};
    use tth_core::media::{AudioChunk, AudioFormat};

    const VOICE: AudioFormat = AudioFormat {
        sample_rate: 24_000,
        channels: 1,
    };

    fn chunk(at: u64, format: AudioFormat, samples: &[i16]) -> AudioChunk {
        AudioChunk {
            at,
            format,
            pcm: samples
                .iter()
                .flat_map(|s| s.to_le_bytes())
                .collect::<Vec<_>>()
                .into(),
        }
    }

    #[test]
    fn a_wav_file_says_what_it_holds() {
        let file = wav(
            AudioFormat {
                sample_rate: 16_000,
                channels: 2,
            },
            &[1, 2, 3, 4],
        );
        assert_eq!(file.len(), 48);
        assert_eq!(file[4..8], 40u32.to_le_bytes());
        assert_eq!(file[22..24], 2u16.to_le_bytes());
        assert_eq!(file[24..28], 16_000u32.to_le_bytes());
        assert_eq!(file[28..32], 64_000u32.to_le_bytes());
        assert_eq!(file[40..], [4, 0, 0, 0, 1, 2, 3, 4]);
    }

    #[test]
    fn gaps_become_silence_and_rounding_does_not() {
        let mut line = Timeline::new(VOICE, 1_000_000);
        assert_eq!(line.lay(&chunk(1_000_000, VOICE, &[5; 24])), [5; 24]);
        assert_eq!(line.end(), 1_001_000);
        // Half a millisecond late is rounding, ten are silence, less the millisecond of tolerance.
        assert_eq!(line.lay(&chunk(1_001_500, VOICE, &[6; 24])).len(), 24);
        let late = line.lay(&chunk(1_012_000, VOICE, &[7; 24]));
        assert_eq!(
            (late.len(), late[0], late[late.len() - 1]),
            (216 + 24, 0, 7)
        );
        assert_eq!(line.silence_until(1_000_000), [0i16; 0]);
    }

    #[test]
    fn another_rate_keeps_length_and_pitch() {
        let source = AudioFormat {
            sample_rate: 22_050,
            channels: 2,
        };
        let tone: Vec<i16> = (0..22_050)
            .flat_map(|n| {
                let s = (f64::from(n) * 441.0 / 22_050.0 * std::f64::consts::TAU).sin() * 10_000.0;
                [s as i16, s as i16]
            })
            .collect();
        let out = convert(&chunk(0, source, &tone), VOICE);
        assert_eq!(out.len(), 24_000);
        let crossings = out.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
        assert!((439..=442).contains(&crossings), "{crossings}");
        let loudest = out.iter().map(|s| s.unsigned_abs()).max().unwrap();
        assert!((9_900..=10_100).contains(&loudest), "{loudest}");
    }

    #[test]
    fn odd_input_gives_odd_sound_but_no_harm() {
        for format in [
            VOICE,
            AudioFormat {
                sample_rate: 0,
                channels: 0,
            },
            AudioFormat {
                sample_rate: 8_000,
                channels: 7,
            },
        ] {
            let odd = AudioChunk {
                at: 0,
                format,
                pcm: vec![1, 2, 3].into(),
            };
            assert!(convert(&odd, VOICE).len() <= 3);
            Timeline::new(format, 0).lay(&odd);
        }
    }
}
