//! What ElevenLabs says to a body that it cannot speak.

use super::refusal::{invalid, wrong};
use super::{MODELS, is_voice, takes_tags};
use crate::call::Call;
use axum::response::Response;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Fields of text-to-speech.
const SPEECH: [&str; 14] = [
    "text",
    "model_id",
    "language_code",
    "voice_settings",
    "pronunciation_dictionary_locators",
    "seed",
    "previous_text",
    "next_text",
    "previous_request_ids",
    "next_request_ids",
    "use_pvc_as_ivc",
    "apply_text_normalization",
    "apply_language_text_normalization",
    "audio_effects",
];
/// Fields of text-to-dialogue.
const DIALOGUE: [&str; 7] = [
    "inputs",
    "model_id",
    "settings",
    "language_code",
    "apply_text_normalization",
    "pronunciation_dictionary_locators",
    "seed",
];
/// Settings of a voice that are numbers, and their ranges.
const NUMBERS: [(&str, f64, f64); 4] = [
    ("stability", 0.0, 1.0),
    ("similarity_boost", 0.0, 1.0),
    ("style", 0.0, 1.0),
    ("speed", 0.7, 1.2),
];
/// The most voices of a dialogue, with the models that know more than one.
const VOICES: usize = 10;
/// What a model is where none is named.
const MODEL: &str = "eleven_multilingual_v2";

type Checked<T> = Result<T, Box<Response>>;

/// What is to be spoken.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) text: String,
    /// Whether what stands in brackets is a direction.
    pub(super) tags: bool,
}

fn no(response: Response) -> Box<Response> {
    Box::new(response)
}

/// Check a request as the server does.
pub(super) fn read(call: &Call) -> Checked<Asked> {
    let fields = call.body.as_ref().and_then(Value::as_object);
    let fields = fields.ok_or_else(|| no(invalid(&[], "JSON decode error", "json_invalid")))?;
    let dialogue = call.path.contains("/text-to-dialogue/");
    let known: &[&str] = if dialogue { &DIALOGUE } else { &SPEECH };
    unknown(fields, known, &[])?;
    let model = fields
        .get("model_id")
        .and_then(Value::as_str)
        .unwrap_or(if dialogue { "eleven_v3" } else { MODEL });
    let most = most_characters(model)?;
    if dialogue && !takes_tags(model) {
        return Err(no(wrong(400, "unsupported_model", "Not for dialogue.")));
    }
    let text = match dialogue {
        true => lines(fields, model)?,
        false => {
            let voice = call.path.split('/').nth(3).unwrap_or_default();
            known_voice(voice)?;
            let before = ["previous_text", "next_text"];
            if takes_tags(model) && before.iter().any(|name| fields.contains_key(*name)) {
                return Err(no(wrong(400, "unsupported_parameter", "Not for v3.")));
            }
            text(fields, &["text"])?
        }
    };
    if text.chars().count() > most {
        return Err(no(wrong(400, "max_character_limit_exceeded", "Too long.")));
    }
    let (name, own): (&str, &[&str]) = match dialogue {
        true => ("settings", &["stability"]),
        false => ("voice_settings", &[]),
    };
    if let Some(settings) = fields.get(name).filter(|value| !value.is_null()) {
        voice_settings(settings, name, own)?;
        let stability = settings.get("stability").and_then(Value::as_f64);
        if takes_tags(model) && stability.is_some_and(|it| (it * 2.0).fract() != 0.0) {
            return Err(no(wrong(400, "invalid_ttd_stability", "0, 0.5 or 1.")));
        }
    }
    let seed = fields.get("seed").filter(|value| !value.is_null());
    if seed.is_some_and(|seed| seed.as_u64().is_none_or(|seed| seed > u64::from(u32::MAX))) {
        return Err(no(invalid(&["seed"], "Not a seed.", "int_parsing")));
    }
    let normalization = fields.get("apply_text_normalization");
    if normalization.is_some_and(|it| !["auto", "on", "off"].iter().any(|word| it == word)) {
        return Err(no(invalid(
            &["apply_text_normalization"],
            "Unknown.",
            "enum",
        )));
    }
    Ok(Asked {
        text,
        tags: takes_tags(model),
    })
}

/// The most characters of a request for a model.
pub(super) fn most_characters(model: &str) -> Checked<usize> {
    let known = MODELS.iter().find(|(name, _)| *name == model);
    known
        .map(|(_, most)| *most)
        .ok_or_else(|| no(wrong(400, "model_not_found", "There is no such model.")))
}

fn known_voice(voice: &str) -> Checked<()> {
    match is_voice(voice) {
        true => Ok(()),
        false => Err(no(wrong(400, "voice_not_found", "There is no such voice."))),
    }
}

fn unknown(fields: &Map<String, Value>, known: &[&str], place: &[&str]) -> Checked<()> {
    let other = fields.keys().find(|name| !known.contains(&name.as_str()));
    match other {
        None => Ok(()),
        Some(name) => {
            let mut at = place.to_vec();
            at.push(name);
            let message = "Extra inputs are not permitted";
            Err(no(invalid(&at, message, "extra_forbidden")))
        }
    }
}

fn text(fields: &Map<String, Value>, place: &[&str]) -> Checked<String> {
    let text = fields.get("text").and_then(Value::as_str);
    let text = text.filter(|text| !text.trim().is_empty());
    text.map(str::to_owned)
        .ok_or_else(|| no(invalid(place, "Field required", "missing")))
}

/// What is said in a dialogue, by whomever.
fn lines(fields: &Map<String, Value>, model: &str) -> Checked<String> {
    let missing = || no(invalid(&["inputs"], "Field required", "missing"));
    let inputs = fields.get("inputs").and_then(Value::as_array);
    let inputs = inputs.filter(|inputs| !inputs.is_empty());
    let mut said = String::new();
    let mut voices = BTreeSet::new();
    for line in inputs.ok_or_else(missing)? {
        let line = line.as_object().ok_or_else(missing)?;
        unknown(line, &["text", "voice_id"], &["inputs"])?;
        let voice = line.get("voice_id").and_then(Value::as_str);
        known_voice(voice.unwrap_or_default())?;
        voices.insert(voice);
        said += &text(line, &["inputs", "text"])?;
    }
    let alone = matches!(model, "eleven_v4_turbo" | "eleven_v3_conversational");
    if voices.len() > if alone { 1 } else { VOICES } {
        return Err(no(wrong(400, "too_many_voices", "Fewer voices.")));
    }
    Ok(said)
}

/// Check the settings of a voice; `own` are the only ones that count, or all if there is none.
pub(super) fn voice_settings(settings: &Value, name: &str, own: &[&str]) -> Checked<()> {
    let wrong = |field: &str, message: &str| {
        let kind = "value_error";
        Err(no(invalid(&[name, field], message, kind)))
    };
    let Some(fields) = settings.as_object() else {
        return wrong("", "Input should be a valid dictionary");
    };
    for (field, value) in fields {
        if !own.is_empty() && !own.contains(&field.as_str()) {
            return wrong(field, "Extra inputs are not permitted");
        }
        let range = NUMBERS.iter().find(|(known, ..)| known == field);
        match range {
            Some((_, low, high)) => {
                let number = value.as_f64().filter(|it| (*low..=*high).contains(it));
                if number.is_none() {
                    return wrong(field, "Input should be a number in its range");
                }
            }
            None if field == "use_speaker_boost" && value.is_boolean() => {}
            None => return wrong(field, "Extra inputs are not permitted"),
        }
    }
    Ok(())
}
