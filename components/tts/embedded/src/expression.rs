//! How it is said: the parameters of the voice, presets of emotions, and what they do to the
//! net's curves before decoding.
//!
//! Pitch and loudness are changed before the decoder and not in the sound: the decoder's free
//! phases are locked to the pitch it was given.

mod emotion;

use crate::net::Prosody;
use crate::vocoder::Shape;
pub use emotion::Emotion;

/// Mean pitch of the voice in Hz; fixed, so that the range can be changed as a stream.
const MEAN_HZ: f32 = 190.0;
/// Below this a frame is unvoiced.
const VOICED_HZ: f32 = 40.0;
/// dB for each unit of the loudness curve, a natural log of power.
const DB_PER_LOG: f32 = 4.343;
/// The decoder was trained on curves near its own: what exceeds this is done by gain.
const MAX_EFFORT_DB: f32 = 6.0;
/// What one dB of the loudness curve does to the sound's level, as measured.
const EFFORT_YIELD: f32 = 0.62;

/// The speakers made of the one voice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speaker {
    /// The voice as it was trained.
    #[default]
    Heart,
    /// Longer vocal tract, about 130 Hz.
    Low,
    /// Shorter vocal tract, about 235 Hz.
    Small,
}

impl Speaker {
    /// Names as the parameter `voice` takes them, the default first.
    pub const NAMES: [&'static str; 3] = ["heart", "low", "small"];

    /// The speaker of a name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "heart" => Some(Speaker::Heart),
            "low" => Some(Speaker::Low),
            "small" => Some(Speaker::Small),
            _ => None,
        }
    }

    /// How much faster the sound is played (moves formants), and semitones and range before that.
    fn voicing(self) -> (f32, f32, f32) {
        match self {
            Speaker::Heart => (1.0, 0.0, 1.0),
            Speaker::Low => (0.85, -5.4, 0.95),
            Speaker::Small => (1.15, 0.6, 1.1),
        }
    }
}

/// The voice's parameters, each within its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expression {
    /// Speed, 0.5 to 2.
    pub rate: f32,
    /// Semitones, -12 to 12.
    pub pitch: f32,
    /// Factor on the pitch range, 0 (monotone) to 2.
    pub range: f32,
    /// Preset added to everything else.
    pub emotion: Emotion,
    /// Strength of the preset, 0 to 1.
    pub intensity: f32,
    /// Unpleasant to pleasant, -1 to 1.
    pub valence: f32,
    /// Drowsy to excited, -1 to 1.
    pub arousal: f32,
    /// dB, -12 to 6.
    pub loudness: f32,
    /// dB per octave, -3 to 3.
    pub tilt: f32,
    /// dB on the noise in the voice, -6 to 6.
    pub breath: f32,
    /// Who speaks.
    pub speaker: Speaker,
}

impl Default for Expression {
    fn default() -> Self {
        Expression {
            rate: 1.0,
            pitch: 0.0,
            range: 1.0,
            emotion: Emotion::Neutral,
            intensity: 1.0,
            valence: 0.0,
            arousal: 0.0,
            loudness: 0.0,
            tilt: 0.0,
            breath: 0.0,
            speaker: Speaker::Heart,
        }
    }
}

/// A change of manner; presets and parameters add up to one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Manner {
    semitones: f32,
    range: f32,
    rate: f32,
    /// dB on the loudness curve: speaking up, which is less than that in the sound.
    effort: f32,
    tilt: f32,
    breath: f32,
}

impl Manner {
    /// Both at once: decibels and semitones add, factors multiply. `strength`: of the second.
    fn and(self, other: Manner, strength: f32) -> Manner {
        Manner {
            semitones: self.semitones + strength * other.semitones,
            range: self.range * other.range.powf(strength),
            rate: self.rate * other.rate.powf(strength),
            effort: self.effort + strength * other.effort,
            tilt: self.tilt + strength * other.tilt,
            breath: self.breath + strength * other.breath,
        }
    }
}

/// What is done to one piece of speech.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Style {
    /// Speed of the speech that is rendered.
    pub(crate) rate: f32,
    /// How much faster the rendered sound is played.
    pub(crate) warp: f32,
    pub(crate) shape: Shape,
    semitones: f32,
    range: f32,
    effort: f32,
}

impl Expression {
    pub(crate) fn style(&self) -> Style {
        let own = Manner {
            semitones: self.pitch.clamp(-12.0, 12.0),
            range: self.range.clamp(0.0, 2.0),
            rate: self.rate.clamp(0.5, 2.0),
            effort: 0.0,
            tilt: self.tilt.clamp(-3.0, 3.0),
            breath: self.breath.clamp(-6.0, 6.0),
        };
        let manner = own
            .and(self.emotion.manner(), self.intensity.clamp(0.0, 1.0))
            .and(emotion::AROUSAL, self.arousal.clamp(-1.0, 1.0))
            .and(emotion::VALENCE, self.valence.clamp(-1.0, 1.0));
        let (warp, semitones, range) = self.speaker.voicing();
        let loudness = self.loudness.clamp(-12.0, 6.0);
        let effort = (loudness / EFFORT_YIELD).clamp(-MAX_EFFORT_DB, MAX_EFFORT_DB);
        Style {
            // played slower, it must be spoken faster
            rate: manner.rate.clamp(0.4, 2.5) / warp,
            warp,
            shape: Shape {
                gain: loudness - effort * EFFORT_YIELD,
                tilt: manner.tilt.clamp(-4.0, 4.0),
                breath: manner.breath.clamp(-9.0, 9.0),
            },
            semitones: manner.semitones + semitones,
            range: (manner.range * range).clamp(0.0, 2.2),
            effort: effort + manner.effort,
        }
    }
}

impl Style {
    /// Changes pitch and loudness of a piece before it is decoded.
    pub(crate) fn apply(&self, prosody: &mut Prosody) {
        let mean = MEAN_HZ * (self.semitones / 12.0).exp2();
        for f0 in prosody.f0.iter_mut().filter(|f0| **f0 > VOICED_HZ) {
            *f0 = (mean * (*f0 / MEAN_HZ).powf(self.range)).clamp(60.0, 500.0);
        }
        // a log of power: adding keeps its shape; silence (below 0) stays silent
        for loudness in prosody.loudness.iter_mut().filter(|l| **l > 0.0) {
            *loudness += self.effort / DB_PER_LOG;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neutral_changes_nothing() {
        let style = Expression::default().style();
        let f0 = vec![0.0, 100.0, 190.0, 300.0];
        let mut prosody = Prosody::of_curves(f0.clone(), vec![-9.0, 1.0, 5.0, 8.0]);
        style.apply(&mut prosody);
        for (new, old) in prosody.f0.iter().zip(&f0) {
            assert!((new - old).abs() < 0.01, "{new} {old}");
        }
        assert_eq!(prosody.loudness, [-9.0, 1.0, 5.0, 8.0]);
        assert_eq!(
            (style.rate, style.warp, style.shape),
            (1.0, 1.0, Shape::default())
        );
    }

    #[test]
    fn silence_stays_silent_and_pitch_moves_by_semitones() {
        let style = Expression {
            pitch: 12.0,
            loudness: 3.0,
            ..Expression::default()
        }
        .style();
        let mut prosody = Prosody::of_curves(vec![0.0, 150.0], vec![-9.0, 5.0]);
        style.apply(&mut prosody);
        assert_eq!(prosody.f0[0], 0.0);
        assert!((prosody.f0[1] - 300.0).abs() < 0.5);
        assert_eq!(prosody.loudness[0], -9.0);
        assert!(prosody.loudness[1] > 5.5);
    }

    #[test]
    fn whatever_is_asked_stays_in_bounds() {
        let wild = Expression {
            rate: 1e9,
            pitch: f32::MAX,
            range: -4.0,
            intensity: 30.0,
            valence: 9.0,
            arousal: -9.0,
            loudness: 99.0,
            tilt: -99.0,
            breath: 99.0,
            emotion: Emotion::Excited,
            speaker: Speaker::Low,
        };
        let style = wild.style();
        assert!(style.rate <= 3.0 && style.shape.gain <= 6.0 && style.shape.tilt >= -4.0);
        assert!((0.0..=2.2).contains(&style.range));
        let mut prosody = Prosody::of_curves(vec![200.0], vec![1.0]);
        style.apply(&mut prosody);
        assert!((60.0..=500.0).contains(&prosody.f0[0]));
    }
}
