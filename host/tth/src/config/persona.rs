//! Reading a persona's file. The ranges are those of the clients' controls.

use super::fields::{Fields, Located};
use super::problem::{Place, Problems};
use std::collections::BTreeMap;
use tth_core::controls::{Character, ControlError, Emotion, Persona};

/// A persona; what is wrong with it has been added to the problems.
pub(crate) fn read(fields: Fields<'_>) -> Option<Located<Persona>> {
    let problems = fields.problems;
    let id = fields
        .require("id", "the name that clients send as persona_id")
        .and_then(|found| found.text(problems));
    if let Some(id) = &id
        && !is_id(&id.value)
    {
        let expected = "1 to 64 lower-case letters, digits, `-` and `_`";
        problems.expected(&id.place, format!("{:?}", id.value), expected);
    }
    let text = |key: &str| fields.text(key).map(|text| text.value);
    let persona = Persona {
        id: id.as_ref().map(|id| id.value.clone()).unwrap_or_default(),
        name: text("name").unwrap_or_default(),
        description: text("description").unwrap_or_default(),
        prompt: text("prompt").unwrap_or_default(),
        language: language(&fields),
        look: text("look"),
        voice: voice(&fields),
        emotion: fields.section("emotion").map(emotion).unwrap_or_default(),
        character: fields
            .section("character")
            .map(character)
            .unwrap_or_default(),
        style: fields
            .texts("style")
            .into_iter()
            .map(|text| text.value)
            .collect(),
    };
    fields.finish();
    let place = id?.place;
    Some(Located {
        value: persona,
        place,
    })
}

/// The default persona first, then by id. Ids that are used twice are problems.
pub(crate) fn sorted(mut personas: Vec<Located<Persona>>, problems: &Problems) -> Vec<Persona> {
    personas.sort_by(|a, b| {
        let rank = |persona: &Persona| (persona.id != "default", persona.id.clone());
        rank(&a.value).cmp(&rank(&b.value))
    });
    for pair in personas.windows(2) {
        if let [first, second] = pair
            && first.value.id == second.value.id
        {
            let found = format!(
                "{:?}, which {} has as well",
                second.value.id, first.place.origin
            );
            problems.expected(&second.place, found, "an id that no other persona has");
        }
    }
    personas.into_iter().map(|persona| persona.value).collect()
}

fn is_id(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    (1..=64).contains(&text.len()) && text.chars().all(fits)
}

fn language(fields: &Fields<'_>) -> String {
    let Some(text) = fields.text("language") else {
        return String::new();
    };
    let subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    if !text.value.split('-').all(subtag) || text.value.len() < 2 {
        let found = format!("{:?}", text.value);
        let expected = "a BCP 47 tag such as \"en\" or \"de-AT\"";
        fields.problems.expected(&text.place, found, expected);
    }
    text.value
}

fn voice(fields: &Fields<'_>) -> BTreeMap<String, String> {
    let Some(voice) = fields.section("voice") else {
        return BTreeMap::new();
    };
    let each = voice.all().into_iter().filter_map(|(provider, found)| {
        let name = found.text(voice.problems)?;
        Some((provider.to_owned(), name.value))
    });
    each.collect()
}

fn emotion(fields: Fields<'_>) -> Emotion {
    let label = fields.text("label");
    let label = label.and_then(|label| {
        let alone = Emotion {
            label: Some(label.value),
            ..Emotion::default()
        };
        in_range(alone.check(), &label.place, fields.problems);
        alone.label
    });
    let number = |key: &str, set: fn(&mut Emotion, f32)| {
        let given = fields.number(key)?;
        let mut alone = Emotion::default();
        set(&mut alone, given.value as f32);
        in_range(alone.check(), &given.place, fields.problems);
        Some(given.value as f32)
    };
    let emotion = Emotion {
        label,
        intensity: number("intensity", |emotion, value| {
            emotion.intensity = Some(value)
        }),
        valence: number("valence", |emotion, value| emotion.valence = Some(value)),
        arousal: number("arousal", |emotion, value| emotion.arousal = Some(value)),
    };
    fields.finish();
    emotion
}

fn character(fields: Fields<'_>) -> Character {
    let number = |key: &str, set: fn(&mut Character, f32)| {
        let given = fields.number(key)?;
        let mut alone = Character::default();
        set(&mut alone, given.value as f32);
        in_range(alone.check(), &given.place, fields.problems);
        Some(given.value as f32)
    };
    let character = Character {
        persona_id: None,
        speech_rate: number("speech_rate", |character, value| {
            character.speech_rate = Some(value);
        }),
        pitch_shift: number("pitch_shift", |character, value| {
            character.pitch_shift = Some(value);
        }),
        expressivity: number("expressivity", |character, value| {
            character.expressivity = Some(value);
        }),
        motion_gain: number("motion_gain", |character, value| {
            character.motion_gain = Some(value);
        }),
    };
    fields.finish();
    character
}

/// The clients' own check, said at the value's place.
fn in_range(checked: Result<(), ControlError>, place: &Place, problems: &Problems) {
    if let Err(ControlError { value, range, .. }) = checked {
        problems.expected(place, value, range);
    }
}
