//! The mapper's own sentences: instructions for voices, prompts for language models ([`prompt`]).

mod prompt;

pub(crate) use prompt::prompt;

use tth_sdk::mapper::Persona;

use crate::emotion::{FAINT, Label};
use crate::layers::Wishes;
use crate::vocabulary::{
    AROUSAL, EXPRESSIVITY, INTENSITY, MOTION_GAIN, PITCH_SHIFT, SPEECH_RATE, VALENCE, scale,
};

/// Deviations from neutral below this are not worth a word.
const UNSAID: f64 = 0.05;
/// Deviations from here on are "much".
const MUCH: f64 = 0.6;

/// The words that speech markup and vendors use for degrees, -1 to 1.
const DEGREES: [(f64, &[&str]); 5] = [
    (
        -1.0,
        &[
            "x-slow",
            "x-low",
            "x-soft",
            "slowest",
            "lowest",
            "very slow",
            "very low",
            "none",
            "off",
        ],
    ),
    (
        -0.5,
        &[
            "slow", "low", "soft", "subtle", "weak", "slower", "lower", "reduced",
        ],
    ),
    (
        0.0,
        &[
            "medium", "normal", "default", "neutral", "natural", "moderate", "balanced",
        ],
    ),
    (
        0.5,
        &[
            "fast",
            "high",
            "loud",
            "strong",
            "lively",
            "faster",
            "higher",
            "expressive",
            "dynamic",
        ],
    ),
    (
        1.0,
        &[
            "x-fast",
            "x-high",
            "x-loud",
            "fastest",
            "highest",
            "very fast",
            "very high",
            "extreme",
            "max",
        ],
    ),
];

/// Which degree a word names, -1 to 1.
pub(crate) fn degree(word: &str) -> Option<f64> {
    let word = word.trim();
    DEGREES
        .iter()
        .find(|(_, words)| words.iter().any(|known| known.eq_ignore_ascii_case(word)))
        .map(|(degree, _)| *degree)
}

/// One control as a sentence of its own.
pub(crate) fn instruction(control: &str, value: f64) -> Option<String> {
    let sentence = match phrase(control, value)? {
        Some(phrase) => format!("Be {phrase}."),
        None => format!("Keep {} as usual.", usual(control)?),
    };
    Some(sentence)
}

fn usual(control: &str) -> Option<&'static str> {
    Some(match control {
        SPEECH_RATE => "the pace",
        PITCH_SHIFT => "the pitch of the voice",
        EXPRESSIVITY | INTENSITY => "the expression",
        MOTION_GAIN => "the movement",
        VALENCE => "the mood",
        AROUSAL => "the energy",
        _ => return None,
    })
}

/// A control as a part of a sentence; the inner `None` where it asks for nothing special.
fn phrase(control: &str, value: f64) -> Option<Option<String>> {
    let deviation = scale(control)?.deviation(value);
    let (less, more) = match control {
        SPEECH_RATE => ("slower than usual", "faster than usual"),
        PITCH_SHIFT => ("lower in pitch than usual", "higher in pitch than usual"),
        MOTION_GAIN => ("stiller than usual", "livelier in movement than usual"),
        VALENCE => ("unhappy", "pleased"),
        AROUSAL => ("quiet", "full of energy"),
        INTENSITY => return Some(Some(degree_of_feeling(value).into())),
        EXPRESSIVITY => return Some(Some(expression(value).into())),
        _ => return None,
    };
    if deviation.abs() < UNSAID {
        return Some(None);
    }
    let word = if deviation < 0.0 { less } else { more };
    let comparative = matches!(control, SPEECH_RATE | PITCH_SHIFT | MOTION_GAIN);
    let amount = match (deviation.abs() >= MUCH, comparative) {
        (true, true) => "much",
        (true, false) => "very",
        (false, _) => "a little",
    };
    // "very full of energy" is no English.
    let phrase = if word.starts_with("full") && amount == "very" {
        word.into()
    } else {
        format!("{amount} {word}")
    };
    Some(Some(phrase))
}

fn degree_of_feeling(intensity: f64) -> &'static str {
    match intensity {
        i if i < FAINT => "hardly moved",
        i if i < MUCH => "slightly moved",
        _ => "strongly moved",
    }
}

fn expression(expressivity: f64) -> &'static str {
    match expressivity {
        e if e < FAINT => "even and restrained",
        e if e < MUCH => "naturally expressive",
        _ => "very expressive",
    }
}

/// A feeling as an adjective with its strength; `None` for neutral.
pub(crate) fn feeling(label: Label, intensity: Option<f64>) -> Option<String> {
    let intensity = intensity.unwrap_or(MUCH);
    if label == Label::NEUTRAL || intensity <= 0.0 {
        return None;
    }
    let adjective = label.adjective();
    Some(match intensity {
        i if i < FAINT => format!("faintly {adjective}"),
        i if i < MUCH => format!("gently {adjective}"),
        i if i < 0.85 => adjective.to_owned(),
        _ => format!("very {adjective}"),
    })
}

/// The feeling that the wishes describe, by label or by place.
fn wished_feeling(wishes: &Wishes) -> Option<String> {
    match wishes.current_label() {
        Some(label) => feeling(label, wishes.intensity),
        None => {
            let point = wishes.point()?;
            feeling(
                Label::nearest(point),
                Some(wishes.intensity.unwrap_or(point.radius().min(1.0))),
            )
        }
    }
}

/// One label as an instruction.
pub(crate) fn label_sentence(label: Label, intensity: Option<f64>) -> String {
    match feeling(label, intensity) {
        Some(feeling) => format!("Sound {feeling}."),
        None => "Sound neutral.".into(),
    }
}

/// Whether an entry of a persona's style is the template of a voice's instruction.
fn is_template(entry: &str) -> bool {
    ["{manner}", "{emotion}", "{style}", "{name}"]
        .iter()
        .any(|mark| entry.contains(mark))
}

/// A persona's style words.
fn style_words(persona: &Persona) -> impl Iterator<Item = &str> {
    let words = persona.style.iter().map(|word| word.trim());
    words.filter(|word| !word.is_empty() && !is_template(word))
}

/// The whole manner of speaking in one instruction: feeling, the persona's style words, pace, pitch
/// and expression, in the mapper's sentence or in the persona's own ([`is_template`]). Empty where
/// nothing is asked for.
pub(crate) fn style(persona: &Persona, wishes: &Wishes) -> String {
    let feeling = wished_feeling(wishes);
    let mut parts: Vec<String> = feeling.iter().cloned().collect();
    parts.extend(style_words(persona).map(str::to_owned));
    for control in [SPEECH_RATE, PITCH_SHIFT, EXPRESSIVITY] {
        let wish = wishes
            .number(control)
            .and_then(|value| phrase(control, value));
        parts.extend(wish.flatten());
    }
    let manner = parts.join(", ");
    if let Some(template) = persona.style.iter().find(|entry| is_template(entry)) {
        let style = style_words(persona).collect::<Vec<_>>().join(", ");
        let marks = [
            ("{manner}", manner.as_str()),
            ("{emotion}", feeling.as_deref().unwrap_or("neutral")),
            ("{style}", style.as_str()),
            ("{name}", persona.name.as_str()),
        ];
        return fill(template.trim(), &marks);
    }
    if manner.is_empty() {
        return manner;
    }
    format!("Speak in this manner: {manner}.")
}

/// Replace the marks in one pass, so that what is filled in is never read as a mark itself.
fn fill(template: &str, marks: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let (before, tail) = rest.split_at(start);
        text.push_str(before);
        let mark = marks
            .iter()
            .find_map(|(mark, value)| Some((value, tail.strip_prefix(mark)?)));
        match mark {
            Some((value, after)) => {
                text.push_str(value);
                rest = after;
            }
            None => {
                text.push('{');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::merge;
    use tth_sdk::mapper::{Character, Emotion};

    pub(super) fn persona(prompt: &str) -> Persona {
        Persona {
            id: "ada".into(),
            name: "Ada".into(),
            description: "a guide".into(),
            prompt: prompt.into(),
            language: "en".into(),
            look: None,
            voices: vec![],
            style: vec!["warm".into(), "unhurried".into()],
        }
    }

    pub(super) fn wishes(label: Option<&str>, intensity: f32, rate: f32) -> Wishes {
        let emotion = Emotion {
            label: label.map(Into::into),
            intensity: Some(intensity),
            valence: None,
            arousal: None,
        };
        let character = Character {
            persona_id: None,
            speech_rate: Some(rate),
            pitch_shift: None,
            expressivity: None,
            motion_gain: None,
        };
        merge(&[(emotion, character)]).unwrap()
    }

    #[test]
    fn style_says_feeling_manner_and_pace() {
        assert_eq!(
            style(&persona(""), &wishes(Some("joy"), 0.9, 1.2)),
            "Speak in this manner: very joyful, warm, unhurried, a little faster than usual."
        );
        assert_eq!(
            style(&persona(""), &wishes(None, 0.9, 1.0)),
            "Speak in this manner: warm, unhurried."
        );
        assert_eq!(
            style(
                &Persona {
                    style: vec![],
                    ..persona("")
                },
                &Wishes::default()
            ),
            ""
        );
    }

    #[test]
    fn a_persona_may_bring_its_own_sentence() {
        let of = |style: &[&str]| Persona {
            style: style.iter().map(|entry| (*entry).into()).collect(),
            ..persona("")
        };
        let own = of(&["warm", "As {name}, a radio host: {manner}. No {odd} marks."]);
        assert_eq!(
            style(&own, &wishes(Some("joy"), 0.7, 1.2)),
            "As Ada, a radio host: joyful, warm, a little faster than usual. No {odd} marks."
        );
        assert_eq!(
            style(
                &of(&["dry", "{emotion} but {style}"]),
                &wishes(None, 0.7, 1.0)
            ),
            "neutral but dry"
        );
        // a brace alone is a word like any other
        assert_eq!(
            style(&of(&["warm {ish}"]), &Wishes::default()),
            "Speak in this manner: warm {ish}."
        );
        let prompted = prompt(&own, &Wishes::default());
        assert!(prompted.contains("Your manner is warm."), "{prompted}");
    }

    #[test]
    fn single_controls_have_sentences() {
        for (control, value, sentence) in [
            (SPEECH_RATE, 1.9, "Be much faster than usual."),
            (SPEECH_RATE, 1.0, "Keep the pace as usual."),
            (PITCH_SHIFT, -3.0, "Be a little lower in pitch than usual."),
            (AROUSAL, 0.9, "Be full of energy."),
            (VALENCE, -0.9, "Be very unhappy."),
            (EXPRESSIVITY, 0.1, "Be even and restrained."),
        ] {
            assert_eq!(instruction(control, value).as_deref(), Some(sentence));
        }
        assert_eq!(
            label_sentence(Label::exactly("sad").unwrap(), Some(0.4)),
            "Sound gently sad."
        );
    }
}
