//! What is asked of the Responses API, and what OpenAI says to what is wrong about it.

use crate::openai::talk::{Talk, Wrong, item, metadata, only, word};
use serde_json::Value;

/// The fields that the interface has.
const KNOWN: [&str; 27] = [
    "model",
    "input",
    "instructions",
    "stream",
    "stream_options",
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_logprobs",
    "reasoning",
    "text",
    "store",
    "previous_response_id",
    "conversation",
    "truncation",
    "service_tier",
    "metadata",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "safety_identifier",
    "user",
    "include",
    "background",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
];
const EFFORTS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/// A request that can be served.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) model: String,
    pub(super) stream: bool,
    pub(super) obfuscate: bool,
    pub(super) most: Option<u64>,
    pub(super) effort: Option<String>,
    pub(super) talk: Talk,
}

pub(super) fn read(body: &Value) -> Result<Asked, Wrong> {
    only(body, &KNOWN, "")?;
    let field = |name: &str| body.get(name).filter(|value| !value.is_null());
    let flag = |name: &str| match field(name).map(|value| (value, value.as_bool())) {
        None => Ok(None),
        Some((_, Some(flag))) => Ok(Some(flag)),
        Some(_) => Err(invalid_type(name, "a boolean")),
    };
    let model = field("model").and_then(Value::as_str);
    let model = model.ok_or_else(|| Wrong::missing("model"))?.to_owned();
    let mut talk = Talk::default();
    match field("instructions") {
        None => {}
        Some(Value::String(text)) => talk.hear(text),
        Some(_) => return Err(invalid_type("instructions", "a string")),
    }
    match field("input") {
        None => return Err(Wrong::missing("input")),
        Some(Value::String(text)) => {
            talk.hear(text);
            text.clone_into(&mut talk.said);
        }
        Some(Value::Array(items)) => {
            for (index, one) in items.iter().enumerate() {
                item(one, &format!("input[{index}]"), &mut talk)?;
            }
        }
        Some(_) => return Err(invalid_type("input", "a string or an array")),
    }
    number(field("temperature"), 2.0, "temperature")?;
    number(field("top_p"), 1.0, "top_p")?;
    let most = field("max_output_tokens");
    if most.is_some_and(|most| most.as_u64().is_none_or(|most| most < 16)) {
        return Err(Wrong::new(
            "integer_below_min_value",
            "max_output_tokens",
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16.",
        ));
    }
    let within = |outer: &str, inner: &str| field(outer).and_then(|outer| outer.get(inner));
    let effort = within("reasoning", "effort");
    word(effort, &EFFORTS, "reasoning.effort")?;
    let verbosities = ["low", "medium", "high"];
    word(within("text", "verbosity"), &verbosities, "text.verbosity")?;
    word(field("truncation"), &["auto", "disabled"], "truncation")?;
    metadata(field("metadata"), "metadata")?;
    flag("store")?;
    if field("previous_response_id").is_some() && field("conversation").is_some() {
        return Err(Wrong::new(
            "mutually_exclusive_parameters",
            "previous_response_id",
            "Mutually exclusive parameters: 'previous_response_id' and 'conversation'.",
        ));
    }
    let stream = flag("stream")?.unwrap_or_default();
    if field("stream_options").is_some() && !stream {
        return Err(Wrong::value("stream_options", "none without 'stream'"));
    }
    let obfuscate = within("stream_options", "include_obfuscation");
    Ok(Asked {
        model,
        stream,
        obfuscate: obfuscate.and_then(Value::as_bool).unwrap_or(true),
        most: most.and_then(Value::as_u64),
        effort: effort.and_then(Value::as_str).map(str::to_owned),
        talk,
    })
}

fn invalid_type(param: &str, wanted: &str) -> Wrong {
    let message = format!("Invalid type for '{param}': expected {wanted}.");
    Wrong::new("invalid_type", param, &message)
}

fn number(value: Option<&Value>, most: f64, param: &str) -> Result<(), Wrong> {
    let Some(value) = value else { return Ok(()) };
    match value.as_f64() {
        None => Err(invalid_type(param, "a decimal")),
        Some(number) if number > most => Err(Wrong::new(
            "decimal_above_max_value",
            param,
            "A decimal above the maximum value.",
        )),
        Some(number) if number < 0.0 => Err(Wrong::new(
            "decimal_below_min_value",
            param,
            "A decimal below the minimum value.",
        )),
        Some(_) => Ok(()),
    }
}
