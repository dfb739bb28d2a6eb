//! What the voice lets itself be told, and what it makes of it.

use tth_sdk::{Control, ParamDomain, ParamSpec};

/// Label, and at full intensity: semitones, tempo factor, loudness factor.
const EMOTIONS: [(&str, f64, f64, f64); 10] = [
    ("neutral", 0.0, 1.0, 1.0),
    ("joy", 2.0, 1.08, 1.15),
    ("sadness", -2.0, 0.85, 0.75),
    ("anger", 1.0, 1.1, 1.3),
    ("fear", 3.0, 1.12, 0.9),
    ("surprise", 3.5, 1.05, 1.15),
    ("disgust", -1.0, 0.92, 0.95),
    ("calm", -1.0, 0.92, 0.85),
    ("excited", 3.0, 1.15, 1.25),
    ("tender", 0.5, 0.9, 0.8),
];

/// Name and pitch factor; the first is the default.
const VOICES: [(&str, f64); 3] = [("middle", 1.0), ("low", 0.67), ("high", 1.5)];

/// How the tone sounds from here on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Manner {
    /// Tempo factor.
    pub(crate) rate: f64,
    /// Pitch factor.
    pub(crate) pitch: f64,
    /// Loudness factor.
    pub(crate) loudness: f64,
}

impl From<&Control> for Manner {
    fn from(control: &Control) -> Self {
        let number = |name, low: f64, high: f64, default| {
            control.number(name).map_or(default, |n| n.clamp(low, high))
        };
        let intensity = number("intensity", 0.0, 1.0, 1.0);
        let label = control.text("emotion").unwrap_or("neutral");
        let (_, semitones, tempo, loudness) = EMOTIONS
            .into_iter()
            .find(|(name, ..)| *name == label)
            .unwrap_or(EMOTIONS[0]);
        let voice = control.text("voice").unwrap_or_default();
        let base = VOICES
            .into_iter()
            .find(|(name, _)| *name == voice)
            .unwrap_or(VOICES[0])
            .1;
        let semitones = number("pitch", -12.0, 12.0, 0.0) + semitones * intensity;
        Manner {
            rate: number("rate", 0.5, 2.0, 1.0) * (1.0 + (tempo - 1.0) * intensity),
            pitch: base * (semitones / 12.0).exp2(),
            loudness: 1.0 + (loudness - 1.0) * intensity,
        }
    }
}

/// What the voice declares. Everything holds from the next utterance.
pub(crate) fn params() -> Vec<ParamSpec> {
    let names = |words: &[&str]| ParamDomain::Choice(words.iter().map(|w| (*w).into()).collect());
    let spec = |name: &str, domain, follows: &str| ParamSpec {
        name: name.into(),
        domain,
        follows: Some(follows.into()),
        live: false,
    };
    vec![
        spec(
            "rate",
            ParamDomain::Number((0.5, 2.0, 1.0)),
            "character.speech-rate",
        ),
        spec(
            "pitch",
            ParamDomain::Number((-12.0, 12.0, 0.0)),
            "character.pitch-shift",
        ),
        spec(
            "emotion",
            names(&EMOTIONS.map(|(name, ..)| name)),
            "emotion.label",
        ),
        spec(
            "intensity",
            ParamDomain::Number((0.0, 1.0, 1.0)),
            "emotion.intensity",
        ),
        spec(
            "voice",
            names(&VOICES.map(|(name, _)| name)),
            "persona.voice",
        ),
    ]
}
