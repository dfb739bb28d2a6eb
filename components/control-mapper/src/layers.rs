//! Layers, weakest first, become one set of wishes; whatever is out of range is refused.

use tth_sdk::mapper::{Character, Emotion};
use tth_sdk::{Error, invalid_input};

use crate::emotion::{Label, Point, Reading};
use crate::vocabulary::{
    AROUSAL, EXPRESSIVITY, INTENSITY, LABEL, MOTION_GAIN, PERSONA_ID, PITCH_SHIFT, SPEECH_RATE,
    VALENCE, scale,
};

/// What all layers together ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Wishes {
    /// What the strongest label was read as, and the word that was given.
    pub(crate) label: Option<(Reading, String)>,
    /// A stronger layer moved to another place on the circumplex without naming it.
    pub(crate) label_replaced: bool,
    /// A stronger layer named another feeling than this valence or arousal.
    pub(crate) point_replaced: bool,
    pub(crate) valence: Option<f64>,
    /// As the circumplex has it: -1 to 1.
    pub(crate) arousal: Option<f64>,
    pub(crate) intensity: Option<f64>,
    pub(crate) persona_id: Option<String>,
    pub(crate) speech_rate: Option<f64>,
    pub(crate) pitch_shift: Option<f64>,
    pub(crate) expressivity: Option<f64>,
    pub(crate) motion_gain: Option<f64>,
    /// The controls that any layer set, whether or not they still count.
    set: Vec<&'static str>,
}

impl Wishes {
    /// Whether any layer set this control.
    pub(crate) fn is_set(&self, control: &str) -> bool {
        self.set.contains(&control)
    }

    /// The wish for a control that is a number.
    pub(crate) fn number(&self, control: &str) -> Option<f64> {
        match control {
            INTENSITY => self.intensity,
            VALENCE => self.valence,
            AROUSAL => self.arousal,
            SPEECH_RATE => self.speech_rate,
            PITCH_SHIFT => self.pitch_shift,
            EXPRESSIVITY => self.expressivity,
            MOTION_GAIN => self.motion_gain,
            _ => None,
        }
    }

    /// The label that still counts.
    pub(crate) fn current_label(&self) -> Option<Label> {
        let (reading, _) = self.label.as_ref()?;
        (!self.label_replaced).then_some(reading.label())
    }

    /// The place on the circumplex: what was given, and where a coordinate was not, the label's,
    /// scaled towards neutral by the intensity.
    pub(crate) fn point(&self) -> Option<Point> {
        let label = self.label.as_ref().map(|(reading, _)| reading.label());
        if label.is_none() && self.valence.is_none() && self.arousal.is_none() {
            return None;
        }
        let base = label
            .unwrap_or(Label::NEUTRAL)
            .point()
            .scaled(self.intensity.unwrap_or(1.0));
        Some(Point {
            valence: self.valence.unwrap_or(base.valence),
            arousal: self.arousal.unwrap_or(base.arousal),
        })
    }

    fn note(&mut self, control: &'static str) {
        if !self.set.contains(&control) {
            self.set.push(control);
        }
    }
}

/// Lay the layers over each other.
///
/// # Errors
/// `invalid-input` naming field, value and range for the first thing that is wrong in any layer.
pub(crate) fn merge(layers: &[(Emotion, Character)]) -> Result<Wishes, Error> {
    let mut wishes = Wishes::default();
    for (emotion, character) in layers {
        lay_emotion(&mut wishes, emotion)?;
        if let Some(id) = &character.persona_id {
            wishes.persona_id = Some(id.clone());
            wishes.note(PERSONA_ID);
        }
        for (control, value) in [
            (SPEECH_RATE, character.speech_rate),
            (PITCH_SHIFT, character.pitch_shift),
            (EXPRESSIVITY, character.expressivity),
            (MOTION_GAIN, character.motion_gain),
        ] {
            let Some(value) = within(control, value)? else {
                continue;
            };
            wishes.note(control);
            match control {
                SPEECH_RATE => wishes.speech_rate = Some(value),
                PITCH_SHIFT => wishes.pitch_shift = Some(value),
                EXPRESSIVITY => wishes.expressivity = Some(value),
                _ => wishes.motion_gain = Some(value),
            }
        }
    }
    Ok(wishes)
}

fn lay_emotion(wishes: &mut Wishes, emotion: &Emotion) -> Result<(), Error> {
    let intensity = within(INTENSITY, emotion.intensity)?;
    let valence = within(VALENCE, emotion.valence)?;
    let arousal = within(AROUSAL, emotion.arousal)?;
    if let Some(word) = &emotion.label {
        let reading = Label::read(word).ok_or_else(|| unknown_label(word))?;
        // A label names a whole feeling: an older valence and arousal would contradict it.
        wishes.point_replaced |= wishes.valence.take().is_some() | wishes.arousal.take().is_some();
        wishes.label = Some((reading, word.clone()));
        wishes.label_replaced = false;
        wishes.note(LABEL);
    } else if valence.is_some() || arousal.is_some() {
        wishes.label_replaced = wishes.label.is_some();
    }
    for (control, value, place) in [
        (INTENSITY, intensity, &mut wishes.intensity),
        (VALENCE, valence, &mut wishes.valence),
        (AROUSAL, arousal, &mut wishes.arousal),
    ] {
        if value.is_some() {
            *place = value;
            if !wishes.set.contains(&control) {
                wishes.set.push(control);
            }
        }
    }
    if valence.is_some() || arousal.is_some() {
        wishes.point_replaced = false;
    }
    Ok(())
}

/// The user's number as the mapper counts it.
fn within(control: &'static str, value: Option<f32>) -> Result<Option<f64>, Error> {
    let (Some(value), Some(scale)) = (value, scale(control)) else {
        return Ok(None);
    };
    let (low, _, high) = scale.of_user();
    // NaN is in no range.
    if !(low..=high).contains(&f64::from(value)) {
        return Err(invalid_input(format!(
            "{control} is {value}, but must be between {low} and {high}"
        )));
    }
    Ok(Some(scale.read(value)))
}

fn unknown_label(word: &str) -> Error {
    let known: Vec<&str> = Label::all().map(Label::name).collect();
    let shown: String = word.chars().filter(|c| !c.is_control()).take(40).collect();
    invalid_input(format!(
        "{LABEL} is {shown:?}, but must be one of {}",
        known.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emotion(
        label: Option<&str>,
        intensity: Option<f32>,
        va: (Option<f32>, Option<f32>),
    ) -> (Emotion, Character) {
        let emotion = Emotion {
            label: label.map(Into::into),
            intensity,
            valence: va.0,
            arousal: va.1,
        };
        (emotion, nothing())
    }

    fn nothing() -> Character {
        Character {
            persona_id: None,
            speech_rate: None,
            pitch_shift: None,
            expressivity: None,
            motion_gain: None,
        }
    }

    #[test]
    fn the_strongest_layer_wins_each_control() {
        let mut weak = emotion(Some("calm"), Some(0.4), (None, None));
        weak.1.speech_rate = Some(0.9);
        weak.1.pitch_shift = Some(-2.0);
        let mut strong = emotion(Some("joy"), None, (None, None));
        strong.1.speech_rate = Some(1.2);
        let wishes = merge(&[weak, strong]).unwrap();
        assert_eq!(wishes.current_label().map(Label::name), Some("joy"));
        assert_eq!(wishes.intensity, Some(0.4));
        assert_eq!(
            (wishes.speech_rate, wishes.pitch_shift),
            (Some(1.2), Some(-2.0))
        );
    }

    #[test]
    fn a_new_label_replaces_an_old_place_and_a_new_place_an_old_label() {
        let place = emotion(None, None, (Some(-0.6), Some(0.7)));
        let label = emotion(Some("joy"), None, (None, None));
        let wishes = merge(&[place.clone(), label.clone()]).unwrap();
        assert_eq!((wishes.valence, wishes.point_replaced), (None, true));
        assert!(wishes.is_set(VALENCE));

        let wishes = merge(&[label, place]).unwrap();
        assert_eq!(wishes.current_label(), None);
        assert_eq!(
            wishes.point(),
            Some(Point {
                valence: -0.6,
                arousal: 0.4
            })
        );
        assert!(wishes.is_set(LABEL));
    }

    #[test]
    fn intensity_scales_the_label_towards_neutral_but_not_a_given_place() {
        let half = merge(&[emotion(Some("sadness"), Some(0.5), (None, None))]).unwrap();
        assert_eq!(
            half.point(),
            Some(Label::exactly("sadness").unwrap().point().scaled(0.5))
        );
        let given = merge(&[emotion(Some("sadness"), Some(0.5), (Some(-1.0), None))]).unwrap();
        assert_eq!(given.point().unwrap().valence, -1.0);
    }

    #[test]
    fn out_of_range_names_field_value_and_range() {
        let cases = [
            (
                emotion(None, Some(1.5), (None, None)),
                "emotion.intensity is 1.5, but must be between 0 and 1",
            ),
            (
                emotion(None, None, (Some(-2.0), None)),
                "emotion.valence is -2, but must be between -1 and 1",
            ),
            (
                emotion(None, None, (None, Some(-0.25))),
                "emotion.arousal is -0.25, but must be between 0 and 1",
            ),
            (
                emotion(None, None, (None, Some(f32::NAN))),
                "emotion.arousal is NaN, but must be between 0 and 1",
            ),
            (
                (
                    emotion(None, None, (None, None)).0,
                    Character {
                        speech_rate: Some(0.1),
                        ..nothing()
                    },
                ),
                "character.speech-rate is 0.1, but must be between 0.5 and 2",
            ),
            (
                (
                    emotion(None, None, (None, None)).0,
                    Character {
                        pitch_shift: Some(f32::INFINITY),
                        ..nothing()
                    },
                ),
                "character.pitch-shift is inf, but must be between -12 and 12",
            ),
        ];
        for (layer, message) in cases {
            assert_eq!(merge(&[layer]).unwrap_err().message, message);
        }
        let unknown = merge(&[emotion(Some("bewildered"), None, (None, None))]).unwrap_err();
        assert!(
            unknown.message.contains("\"bewildered\"") && unknown.message.contains("neutral, joy")
        );
    }
}
