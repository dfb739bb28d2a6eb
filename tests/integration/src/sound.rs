//! Is it speech? Energy, voicing and pitch of PCM, measured the plain way.

/// Pitch is looked for between these, in Hz.
const LOW_HZ: f32 = 70.0;
const HIGH_HZ: f32 = 450.0;
/// A frame whose best autocorrelation is above this is voiced.
const VOICED: f32 = 0.6;

/// A stretch of mono sound.
#[derive(Clone, Debug, Default)]
pub struct Sound {
    /// -1 to 1.
    pub samples: Vec<f32>,
    /// Samples a second.
    pub rate: u32,
}

/// What speech looks like from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measure {
    /// Seconds.
    pub seconds: f32,
    /// Root mean square of the whole, 0 to 1.
    pub rms: f32,
    /// Share of the 20 ms frames that are voiced.
    pub voiced: f32,
    /// Median pitch of the voiced frames, in Hz.
    pub pitch_hz: f32,
    /// Between the quartiles of the pitch, in semitones.
    pub pitch_range_st: f32,
    /// Share of the 20 ms frames that are silent (below -50 dBFS).
    pub silent: f32,
}

impl Sound {
    /// From signed 16-bit little-endian mono PCM.
    pub fn from_pcm(bytes: &[u8], rate: u32) -> Sound {
        let sample = |pair: &[u8]| match pair {
            [low, high] => f32::from(i16::from_le_bytes([*low, *high])) / 32_768.0,
            _ => 0.0,
        };
        Sound {
            samples: bytes.chunks_exact(2).map(sample).collect(),
            rate,
        }
    }

    /// Root mean square of a stretch given in seconds.
    pub fn rms_between(&self, from: f32, to: f32) -> f32 {
        let at = |seconds: f32| (seconds.max(0.0) * self.rate as f32) as usize;
        rms(self
            .samples
            .get(at(from)..at(to).min(self.samples.len()))
            .unwrap_or_default())
    }

    /// Measure the whole.
    pub fn measure(&self) -> Measure {
        let frame = self.rate as usize / 50;
        let window = frame * 2;
        let mut pitches = Vec::new();
        let (mut frames, mut silent) = (0, 0);
        for start in (0..self.samples.len().saturating_sub(window)).step_by(frame.max(1)) {
            let Some(part) = self.samples.get(start..start + window) else {
                break;
            };
            frames += 1;
            if rms(part) < 0.003 {
                silent += 1;
            } else if let Some(pitch) = pitch(part, self.rate) {
                pitches.push(pitch);
            }
        }
        pitches.sort_by(f32::total_cmp);
        let quantile = |q: f32| {
            let last = pitches.len().saturating_sub(1) as f32;
            pitches
                .get((last * q).round() as usize)
                .copied()
                .unwrap_or(0.0)
        };
        let share = |count: usize| count as f32 / (frames.max(1)) as f32;
        let (low, high) = (quantile(0.25), quantile(0.75));
        Measure {
            seconds: self.samples.len() as f32 / self.rate.max(1) as f32,
            rms: rms(&self.samples),
            voiced: share(pitches.len()),
            pitch_hz: quantile(0.5),
            pitch_range_st: if low > 0.0 {
                12.0 * (high / low).log2()
            } else {
                0.0
            },
            silent: share(silent),
        }
    }
}

fn rms(samples: &[f32]) -> f32 {
    let sum: f32 = samples.iter().map(|x| x * x).sum();
    (sum / samples.len().max(1) as f32).sqrt()
}

/// The pitch by normalised autocorrelation; none: not voiced.
fn pitch(samples: &[f32], rate: u32) -> Option<f32> {
    let (shortest, longest) = (
        (rate as f32 / HIGH_HZ) as usize,
        (rate as f32 / LOW_HZ) as usize,
    );
    let likeness = |lag: usize| {
        let (a, b) = (samples.get(..samples.len() - lag)?, samples.get(lag..)?);
        let both: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
        let energy: f32 =
            a.iter().map(|x| x * x).sum::<f32>() * b.iter().map(|x| x * x).sum::<f32>();
        Some(both / energy.sqrt().max(1e-9))
    };
    let lags = shortest..longest.min(samples.len() / 2);
    let scores: Vec<(usize, f32)> = lags.filter_map(|lag| Some((lag, likeness(lag)?))).collect();
    let best = scores.iter().map(|(_, score)| *score).fold(0.0, f32::max);
    // The shortest lag that is nearly as good: multiples of the period look alike.
    let lag = scores
        .iter()
        .find(|(_, score)| *score >= best * 0.92)
        .map(|(lag, _)| *lag)?;
    // Climb to the top of that peak.
    let top = scores
        .iter()
        .filter(|(l, _)| l.abs_diff(lag) <= lag / 8)
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    (best > VOICED).then(|| rate as f32 / top.0 as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32) -> Sound {
        let wave = |n: u32| {
            let phase = n as f32 * hz / 24_000.0 * std::f32::consts::TAU;
            0.2 * (phase.sin() + 0.5 * (2.0 * phase).sin() + 0.3 * (3.0 * phase).sin())
        };
        Sound {
            samples: (0..24_000).map(wave).collect(),
            rate: 24_000,
        }
    }

    #[test]
    fn the_pitch_of_a_tone_is_found() {
        for hz in [90.0, 128.0, 192.0, 300.0] {
            let found = tone(hz).measure();
            assert!((found.pitch_hz / hz - 1.0).abs() < 0.03, "{hz}: {found:?}");
            assert!(found.voiced > 0.95);
        }
    }

    #[test]
    fn noise_is_not_voiced_and_silence_is_silent() {
        let mut state = 1_u32;
        let noise = (0..24_000).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as f32 / 65_536.0 - 0.5
        });
        let noise = Sound {
            samples: noise.collect(),
            rate: 24_000,
        }
        .measure();
        assert!(noise.voiced < 0.1, "{noise:?}");
        let silence = Sound {
            samples: vec![0.0; 24_000],
            rate: 24_000,
        }
        .measure();
        assert!(silence.silent > 0.99, "{silence:?}");
    }
}
