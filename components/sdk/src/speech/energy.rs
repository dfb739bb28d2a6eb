//! What is heard, frame by frame: speech or silence, and how loud.

use std::collections::VecDeque;

/// Frames in a second.
pub(super) const FRAMES: u32 = 100;
/// Quiet frames that may be the closure of a consonant; more are a pause.
const CLOSURE: usize = 8;
/// How much quieter than the loudest speech of late silence is (-29 dB), and below what everything
/// is silence (-50 dBFS).
const QUIET: f32 = 0.035;
const FLOOR: f32 = 0.003;
/// How the loudest speech is forgotten: by half in about three seconds of sound.
const FORGET: f32 = 0.9977;

/// A frame about which is decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Heard {
    pub(super) speech: bool,
    /// Loudness against the loudest speech of late, 0 to 1.
    pub(super) loud: f32,
}

/// Tells speech from silence.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// Root mean square of the loudest frame of late.
    peak: f32,
    speaking: bool,
    /// Quiet frames after speech: a closure or the start of a pause.
    undecided: VecDeque<Heard>,
}

impl Gate {
    /// The next frame; gives those about which is decided now, in order.
    pub(super) fn feed(&mut self, rms: f32) -> Vec<Heard> {
        if rms > self.peak {
            self.peak = rms;
        }
        let speech = rms > FLOOR.max(self.peak * QUIET);
        if speech {
            self.peak *= FORGET;
        }
        let loud = match self.peak > 0.0 {
            true => (rms / self.peak).min(1.0),
            false => 0.0,
        };
        if !speech && self.speaking {
            self.undecided.push_back(Heard { speech, loud });
            return match self.undecided.len() > CLOSURE {
                true => self.end(),
                false => Vec::new(),
            };
        }
        // A closure within speech is speech.
        let closure = self.undecided.drain(..).map(|one| Heard {
            speech: true,
            ..one
        });
        self.speaking = speech;
        closure.chain([Heard { speech, loud }]).collect()
    }

    /// Nothing follows what is undecided: it is silence.
    pub(super) fn end(&mut self) -> Vec<Heard> {
        self.speaking = false;
        self.undecided.drain(..).collect()
    }
}

/// Root mean square of 16-bit little-endian samples, 0 to 1.
pub(super) fn rms(pcm: &[u8]) -> f32 {
    let square = |pair: &[u8]| match pair {
        [low, high] => {
            let sample = f32::from(i16::from_le_bytes([*low, *high])) / 32_768.0;
            sample * sample
        }
        _ => 0.0,
    };
    let count = (pcm.len() / 2).max(1) as f32;
    (pcm.chunks_exact(2).map(square).sum::<f32>() / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(levels: &[f32]) -> String {
        let mut gate = Gate::default();
        let mut heard: Vec<Heard> = levels.iter().flat_map(|rms| gate.feed(*rms)).collect();
        heard.extend(gate.end());
        heard
            .iter()
            .map(|one| if one.speech { '#' } else { '.' })
            .collect()
    }

    fn levels(picture: &str) -> Vec<f32> {
        picture
            .chars()
            .map(|c| if c == '#' { 0.2 } else { 0.0001 })
            .collect()
    }

    #[test]
    fn short_gaps_are_closures_and_long_ones_pauses() {
        for (picture, wanted) in [
            ("...####", "...####"),
            ("###.....###", "###########"),
            ("###............###", "###............###"),
            ("###....", "###...."),
            ("", ""),
        ] {
            assert_eq!(decide(&levels(picture)), wanted);
        }
    }

    #[test]
    fn a_soft_voice_is_speech_and_noise_is_not() {
        assert_eq!(decide(&[0.01; 5]), "#####");
        assert_eq!(decide(&[0.001; 5]), ".....");
    }

    #[test]
    fn the_level_is_the_root_mean_square() {
        let square = [0x00, 0x40, 0x00, 0xc0].repeat(10);
        assert!((rms(&square) - 0.5).abs() < 1e-3);
        assert_eq!(rms(&[]), 0.0);
    }
}
