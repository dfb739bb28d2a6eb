//! The user's controls: one vocabulary for every provider, with the ranges that are enforced.

use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use thiserror::Error;

/// Widths of pictures that clients may ask for, in pixels; even ones only.
const WIDTHS: RangeInclusive<u32> = 256..=1280;
/// Heights of pictures that clients may ask for, in pixels; even ones only.
const HEIGHTS: RangeInclusive<u32> = 256..=720;

/// The emotion labels that clients may name.
pub const EMOTION_LABELS: [&str; 10] = [
    "neutral", "joy", "sadness", "anger", "fear", "surprise", "disgust", "calm", "excited",
    "tender",
];

/// What the person feels. Every part is optional: what is absent is left as it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Emotion {
    /// One of [`EMOTION_LABELS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// 0 (neutral) to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intensity: Option<f32>,
    /// -1 (unpleasant) to 1 (pleasant).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valence: Option<f32>,
    /// 0 (calm) to 1 (aroused), 0.5 is neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arousal: Option<f32>,
}

/// How the person is. Every part is optional: what is absent is left as it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Character {
    /// A persona of the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persona_id: Option<String>,
    /// 0.5 to 2, 1 is the voice's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speech_rate: Option<f32>,
    /// Semitones, -12 to 12.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pitch_shift: Option<f32>,
    /// 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expressivity: Option<f32>,
    /// 0 to 2, 1 is the face's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motion_gain: Option<f32>,
}

/// How smooth or how soon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LatencyMode {
    /// Every frame stands alone (JPEG): soonest.
    #[default]
    Low,
    /// Coded as video where the face can.
    Balanced,
    /// As balanced.
    Quality,
}

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RenderWish {
    /// Frames a second, 1 to 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<u32>,
    /// Width and height in pixels, even: "256x256" to "1280x720".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// low, balanced or quality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_mode: Option<LatencyMode>,
}

/// What is drawn, settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Render {
    /// Frames a second.
    pub fps: u32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Which codec is preferred.
    pub latency_mode: LatencyMode,
}

impl Default for Render {
    fn default() -> Self {
        Render {
            fps: 25,
            width: 384,
            height: 384,
            latency_mode: LatencyMode::Low,
        }
    }
}

/// One change of the controls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ControlUpdate {
    /// See [`Emotion`].
    pub emotion: Option<Emotion>,
    /// See [`Character`].
    pub character: Option<Character>,
    /// See [`RenderWish`].
    pub render: Option<RenderWish>,
}

/// A control out of its range. Nothing of the update it came in is applied.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{field} is {value}, but must be {range}")]
pub struct ControlError {
    /// E.g. "emotion.intensity".
    pub field: &'static str,
    /// What was given.
    pub value: String,
    /// What would be right.
    pub range: String,
}

fn within(
    field: &'static str,
    value: Option<f32>,
    low: f32,
    high: f32,
) -> Result<(), ControlError> {
    match value {
        Some(v) if !(low..=high).contains(&v) => Err(ControlError {
            field,
            value: v.to_string(),
            range: format!("between {low} and {high}"),
        }),
        _ => Ok(()),
    }
}

impl Emotion {
    /// # Errors
    /// The first part that is out of its range or no known label.
    pub fn check(&self) -> Result<(), ControlError> {
        if let Some(label) = &self.label
            && !EMOTION_LABELS.contains(&label.as_str())
        {
            return Err(ControlError {
                field: "emotion.label",
                value: format!("{label:?}"),
                range: format!("one of {}", EMOTION_LABELS.join(", ")),
            });
        }
        within("emotion.intensity", self.intensity, 0.0, 1.0)?;
        within("emotion.valence", self.valence, -1.0, 1.0)?;
        within("emotion.arousal", self.arousal, 0.0, 1.0)
    }

    /// Lay `other` over this: what it sets wins.
    pub fn merge(&mut self, other: &Emotion) {
        // A label names a whole emotion, and so does a point of the circumplex: the newer one
        // stands, the older would contradict it.
        if other.label.is_some() {
            self.valence = None;
            self.arousal = None;
        } else if other.valence.is_some() || other.arousal.is_some() {
            self.label = None;
        }
        over(&mut self.label, &other.label);
        over(&mut self.intensity, &other.intensity);
        over(&mut self.valence, &other.valence);
        over(&mut self.arousal, &other.arousal);
    }
}

impl Character {
    /// # Errors
    /// The first part that is out of its range. Whether the persona exists is not known here.
    pub fn check(&self) -> Result<(), ControlError> {
        within("character.speech_rate", self.speech_rate, 0.5, 2.0)?;
        within("character.pitch_shift", self.pitch_shift, -12.0, 12.0)?;
        within("character.expressivity", self.expressivity, 0.0, 1.0)?;
        within("character.motion_gain", self.motion_gain, 0.0, 2.0)
    }

    /// Lay `other` over this: what it sets wins.
    pub fn merge(&mut self, other: &Character) {
        over(&mut self.persona_id, &other.persona_id);
        over(&mut self.speech_rate, &other.speech_rate);
        over(&mut self.pitch_shift, &other.pitch_shift);
        over(&mut self.expressivity, &other.expressivity);
        over(&mut self.motion_gain, &other.motion_gain);
    }
}

impl RenderWish {
    /// Lay the wish over `base`.
    ///
    /// # Errors
    /// The first part that is out of its range.
    pub fn settle(&self, base: Render) -> Result<Render, ControlError> {
        let mut render = base;
        if let Some(fps) = self.fps {
            if !(1..=60).contains(&fps) {
                return Err(ControlError {
                    field: "render.fps",
                    value: fps.to_string(),
                    range: "between 1 and 60".into(),
                });
            }
            render.fps = fps;
        }
        if let Some(text) = &self.resolution {
            let wrong = || ControlError {
                field: "render.resolution",
                value: format!("{text:?}"),
                range: format!(
                    "\"WIDTHxHEIGHT\", even numbers from \"{}x{}\" to \"{}x{}\", e.g. \"384x384\"",
                    WIDTHS.start(),
                    HEIGHTS.start(),
                    WIDTHS.end(),
                    HEIGHTS.end()
                ),
            };
            let (w, h) = text.split_once('x').ok_or_else(wrong)?;
            let (w, h) = (
                w.parse().map_err(|_| wrong())?,
                h.parse().map_err(|_| wrong())?,
            );
            let fits =
                |n: u32, range: &RangeInclusive<u32>| range.contains(&n) && n.is_multiple_of(2);
            if !fits(w, &WIDTHS) || !fits(h, &HEIGHTS) {
                return Err(wrong());
            }
            (render.width, render.height) = (w, h);
        }
        if let Some(mode) = self.latency_mode {
            render.latency_mode = mode;
        }
        Ok(render)
    }
}

impl ControlUpdate {
    /// # Errors
    /// The first part that is out of its range.
    pub fn check(&self) -> Result<(), ControlError> {
        self.emotion.iter().try_for_each(Emotion::check)?;
        self.character.iter().try_for_each(Character::check)?;
        self.render
            .iter()
            .try_for_each(|wish| wish.settle(Render::default()).map(|_| ()))
    }
}

fn over<T: Clone>(base: &mut Option<T>, other: &Option<T>) {
    if other.is_some() {
        base.clone_from(other);
    }
}

/// Who speaks: text and look of a session, with the weakest layer of emotion and character.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Persona {
    /// The name that clients and files use.
    pub id: String,
    /// The name that people see.
    pub name: String,
    /// One sentence for a picker.
    pub description: String,
    /// What a language model is told to be.
    pub prompt: String,
    /// BCP 47.
    pub language: String,
    /// For faces that have looks.
    pub look: Option<String>,
    /// Provider id or name to the voice to use there.
    pub voice: std::collections::BTreeMap<String, String>,
    /// Default emotion.
    pub emotion: Emotion,
    /// Default character.
    pub character: Character,
    /// Words for instruction-driven voices.
    pub style: Vec<String>,
}

/// What became of one control at one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As asked.
    Applied,
    /// Nearly: the reason says how.
    Downgraded,
    /// Not at all: the reason says why.
    Ignored,
}

/// A value of a provider's parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum ParamValue {
    Flag(bool),
    Number(f64),
    Text(String),
}

/// What the mapper decided for one control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// E.g. "emotion.label".
    pub control: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The provider's parameter that carries it.
    pub param: Option<String>,
    /// What that was set to.
    pub value: Option<ParamValue>,
    /// One sentence for a person.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arousal_goes_from_calm_to_aroused() {
        let check = |arousal| {
            let emotion = Emotion {
                arousal: Some(arousal),
                ..Emotion::default()
            };
            emotion.check().map_err(|error| error.to_string())
        };
        for fits in [0.0, 0.5, 1.0] {
            assert_eq!(check(fits), Ok(()));
        }
        for wrong in [-0.01, 1.01, f32::NAN] {
            assert_eq!(
                check(wrong),
                Err(format!(
                    "emotion.arousal is {wrong}, but must be between 0 and 1"
                ))
            );
        }
    }

    #[test]
    fn resolutions_are_even_and_in_range() {
        let settle = |text: &str| {
            let wish = RenderWish {
                resolution: Some(text.into()),
                ..RenderWish::default()
            };
            let render = wish.settle(Render::default())?;
            Ok::<_, ControlError>((render.width, render.height))
        };
        for (text, size) in [
            ("256x256", (256, 256)),
            ("1280x720", (1280, 720)),
            ("256x720", (256, 720)),
            ("384x384", (384, 384)),
        ] {
            assert_eq!(settle(text), Ok(size));
        }
        for text in [
            "254x256", "256x254", "1282x720", "1280x722", "720x1280", "257x256", "256x257", "256",
            "x", "axb", "-256x256",
        ] {
            assert_eq!(
                settle(text).map_err(|error| error.to_string()),
                Err(format!(
                    "render.resolution is {text:?}, but must be \"WIDTHxHEIGHT\", even numbers \
                     from \"256x256\" to \"1280x720\", e.g. \"384x384\""
                ))
            );
        }
    }
}
