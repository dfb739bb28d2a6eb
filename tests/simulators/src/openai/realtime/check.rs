//! What a realtime session is told, and what OpenAI says to what is wrong about it.

use crate::openai::talk::{Talk, Wrong, item, metadata, only, word};
use serde_json::{Value, json};

const SESSION: [&str; 14] = [
    "type",
    "model",
    "instructions",
    "output_modalities",
    "max_output_tokens",
    "audio",
    "reasoning",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "prompt",
    "tracing",
    "truncation",
    "include",
];
const RESPONSE: [&str; 11] = [
    "conversation",
    "input",
    "instructions",
    "output_modalities",
    "max_output_tokens",
    "metadata",
    "audio",
    "reasoning",
    "tools",
    "tool_choice",
    "prompt",
];
const EFFORTS: [&str; 5] = ["minimal", "low", "medium", "high", "xhigh"];

/// A response that can be made.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Outside of the session's own conversation.
    pub(super) aside: bool,
    pub(super) most: Option<u64>,
    pub(super) metadata: Value,
    pub(super) talk: Talk,
}

/// A session as it begins.
pub(super) fn session(model: &str) -> Value {
    json!({
        "type": "realtime", "object": "realtime.session", "id": "sess_simulated", "model": model,
        "output_modalities": ["audio"], "max_output_tokens": "inf", "truncation": "auto",
        "instructions": "Your knowledge cutoff is 2025-09. You are a helpful assistant.",
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24_000}, "noise_reduction": null,
                "transcription": null, "turn_detection": {"type": "server_vad", "threshold": 0.5},
            },
            "output": {
                "format": {"type": "audio/pcm", "rate": 24_000}, "voice": "marin", "speed": 1.0,
            },
        },
        "tools": [], "tool_choice": "auto", "tracing": null, "include": null,
    })
}

/// Change a session by a `session.update`, or say what is wrong with it.
pub(super) fn update(session: &mut Value, event: &Value) -> Result<(), Wrong> {
    only(event, &["type", "event_id", "session"], "")?;
    let Some(new) = event.get("session") else {
        return Err(Wrong::missing("session"));
    };
    if new.get("type").is_none() {
        return Err(Wrong::missing("session.type"));
    }
    word(new.get("type"), &["realtime"], "session.type")?;
    only(new, &SESSION, "session")?;
    common(new, "session")?;
    let model = new.get("model");
    if model.is_some() && model != session.get("model") {
        let message = "The model of a session cannot be changed.";
        return Err(Wrong::new("invalid_value", "session.model", message));
    }
    merge(session, new);
    Ok(())
}

/// What sessions and responses have in common.
fn common(fields: &Value, at: &str) -> Result<(), Wrong> {
    let modalities = fields.get("output_modalities");
    if let Some(found) = modalities
        && *found != json!(["text"])
        && *found != json!(["audio"])
    {
        let at = format!("{at}.output_modalities");
        return Err(Wrong::value(&at, "['text'] and ['audio']"));
    }
    let most = fields.get("max_output_tokens");
    let right = |most: &Value| {
        *most == json!("inf")
            || most
                .as_u64()
                .is_some_and(|most| (1..=4_096).contains(&most))
    };
    if most.is_some_and(|most| !right(most)) {
        let at = format!("{at}.max_output_tokens");
        return Err(Wrong::value(&at, "1 to 4096, and 'inf'"));
    }
    let effort = fields.get("reasoning").and_then(|own| own.get("effort"));
    word(effort, &EFFORTS, &format!("{at}.reasoning.effort"))?;
    match fields.get("instructions") {
        Some(text) if !text.is_string() => {
            Err(Wrong::value(&format!("{at}.instructions"), "a string"))
        }
        _ => Ok(()),
    }
}

/// Only what is given changes, however deep it stands.
fn merge(old: &mut Value, new: &Value) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in new {
                merge(old.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (old, new) => old.clone_from(new),
    }
}

/// The response that a `response.create` asks for; `own` is what the session's conversation has.
pub(super) fn response(session: &Value, own: &Talk, event: &Value) -> Result<Asked, Wrong> {
    only(event, &["type", "event_id", "response"], "")?;
    let empty = json!({});
    let asked = event.get("response").unwrap_or(&empty);
    only(asked, &RESPONSE, "response")?;
    common(asked, "response")?;
    let conversation = asked.get("conversation");
    word(conversation, &["auto", "none"], "response.conversation")?;
    metadata(asked.get("metadata"), "response.metadata")?;
    let field = |name: &str| asked.get(name).or_else(|| session.get(name));
    let mut talk = Talk::default();
    match asked.get("input") {
        None => talk = own.clone(),
        Some(Value::Array(items)) => {
            for (index, one) in items.iter().enumerate() {
                item(one, &format!("response.input[{index}]"), &mut talk)?;
            }
        }
        Some(_) => return Err(Wrong::value("response.input", "an array of items")),
    }
    talk.hear(field("instructions").and_then(Value::as_str).unwrap_or(""));
    if field("output_modalities") != Some(&json!(["text"])) {
        let message = "This double only writes: 'output_modalities' must be ['text'].";
        let at = "response.output_modalities";
        return Err(Wrong::new("simulated_text_only", at, message));
    }
    Ok(Asked {
        aside: conversation.and_then(Value::as_str) == Some("none"),
        most: field("max_output_tokens").and_then(Value::as_u64),
        metadata: asked.get("metadata").cloned().unwrap_or_default(),
        talk,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_changes_what_it_says_and_nothing_else() {
        let mut session = session("m");
        let new = json!({"type": "session.update", "session": {
            "type": "realtime", "output_modalities": ["text"],
            "audio": {"input": {"turn_detection": null}},
        }});
        assert_eq!(update(&mut session, &new), Ok(()));
        let input = &session["audio"]["input"];
        assert_eq!(input["turn_detection"], Value::Null);
        assert_eq!(input["format"]["rate"], 24_000);
        assert_eq!(session["output_modalities"], json!(["text"]));
        assert_eq!(session["audio"]["output"]["voice"], "marin");
    }

    #[test]
    fn what_is_wrong_is_named_and_changes_nothing() {
        let before = session("m");
        for (new, param) in [
            (
                json!({"type": "realtime", "temperature": 1}),
                "session.temperature",
            ),
            (json!({"output_modalities": ["text"]}), "session.type"),
            (
                json!({"type": "realtime", "output_modalities": ["text", "audio"]}),
                "session.output_modalities",
            ),
            (
                json!({"type": "realtime", "model": "other"}),
                "session.model",
            ),
            (
                json!({"type": "realtime", "max_output_tokens": 4_097}),
                "session.max_output_tokens",
            ),
        ] {
            let mut session = before.clone();
            let event = json!({"type": "session.update", "session": new});
            let wrong = update(&mut session, &event).unwrap_err();
            assert_eq!((wrong.param.as_str(), &session), (param, &before));
        }
        for (asked, param) in [
            (json!({"temperature": 1}), "response.temperature"),
            (json!({"conversation": "mine"}), "response.conversation"),
            (
                json!({"input": [{"role": "robot"}]}),
                "response.input[0].role",
            ),
            (json!({"metadata": {"a": 1}}), "response.metadata"),
            (json!({}), "response.output_modalities"),
        ] {
            let event = json!({"type": "response.create", "response": asked});
            let wrong = response(&before, &Talk::default(), &event).unwrap_err();
            assert_eq!(wrong.param, param);
        }
    }
}
