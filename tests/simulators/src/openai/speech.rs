//! OpenAI's speech: the request's checks, and its sound as raw PCM, as WAV or in events.

use super::refusal::{refuse, with_headers, wrong};
use crate::answer::{EVENTS, Steps};
use crate::call::{Call, Key, Over};
use crate::script::{Fault, Mishap};
use crate::serve::Shared;
use crate::sound;
use crate::speech::Speech;
use axum::Router;
use axum::response::Response;
use axum::routing::post;
use base64::Engine;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What is in a second of sound.
const RATE: u32 = 24_000;
/// Bytes of a piece: about 100 ms, and every other one ends with half a sample.
const PIECE: usize = 4_801;
/// The most characters of a text, and of instructions.
const LONGEST: usize = 4_096;
const MODELS: [&str; 5] = [
    "tts-1",
    "tts-1-hd",
    "gpt-4o-mini-tts",
    "gpt-4o-mini-tts-2025-12-15",
    "gpt-4o-mini-tts-2025-03-20",
];
const VOICES: [&str; 13] = [
    "alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse",
    "marin", "cedar",
];
/// Voices that the oldest models have not.
const NEWER: [&str; 4] = ["ballad", "verse", "marin", "cedar"];
const FORMATS: [&str; 6] = ["mp3", "opus", "aac", "flac", "wav", "pcm"];
const FIELDS: [&str; 7] = [
    "input",
    "model",
    "voice",
    "instructions",
    "response_format",
    "speed",
    "stream_format",
];

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/audio/speech", post(speech))
        .with_state(shared)
}

/// A request that can be served.
#[derive(Debug, PartialEq)]
struct Asked {
    input: String,
    speed: f64,
    wav: bool,
    events: bool,
    /// Fields that nobody knows, or that the model ignores.
    unknown: Vec<String>,
}

/// A refusal: status, code, field and message.
type Wrong = (u16, Option<&'static str>, &'static str, &'static str);

async fn speech(mut call: Call) -> Result<Response, Over> {
    call.key(Key::Bearer, refuse)?;
    let asked = match call.body.as_ref().and_then(Value::as_object) {
        Some(fields) => read(fields),
        None => Err((400, None, "", "The body is no JSON object.")),
    };
    let asked = match asked {
        Ok(asked) => asked,
        Err((status, code, param, message)) => {
            let kind = "invalid_request_error";
            return Err(call.over(wrong(status, kind, code, Some(param), message)));
        }
    };
    call.watch.unknown(asked.unknown.clone());
    let fault = call.fault(refuse).await?;
    let spoken = Speech::spoken(&asked.input).await;
    // Faster is shorter, as at the vendor; that it is also higher nobody minds here.
    let pcm = spoken.bytes((f64::from(RATE) / asked.speed).round() as u32);
    let delay_ms = call.shared.script.delay_ms;
    let (steps, kind) = if asked.events {
        (events(&pcm, delay_ms, fault.as_ref()), EVENTS)
    } else if asked.wav {
        let wav = [wav_head(), pcm].concat();
        (
            sound::steps(wav.chunks(PIECE), delay_ms, fault.as_ref()),
            "audio/wav",
        )
    } else {
        (
            sound::steps(pcm.chunks(PIECE), delay_ms, fault.as_ref()),
            "audio/pcm",
        )
    };
    Ok(with_headers(steps.response(kind, call.watch)))
}

fn read(fields: &Map<String, Value>) -> Result<Asked, Wrong> {
    let text = |name: &'static str| match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err((400, None, name, "It must be a string.")),
    };
    let input = text("input")?.ok_or((400, None, "input", "It is required."))?;
    if input.is_empty() || input.chars().count() > LONGEST {
        return Err((
            400,
            Some("string_above_max_length"),
            "input",
            "1 to 4096 characters.",
        ));
    }
    let model = text("model")?.ok_or((400, None, "model", "It is required."))?;
    if !MODELS.contains(&model) {
        return Err((
            404,
            Some("model_not_found"),
            "model",
            "There is no such model.",
        ));
    }
    let old = model.starts_with("tts-1");
    let own = |voice: &Value| {
        let id = voice.get("id").and_then(Value::as_str);
        id.is_some_and(|id| id.starts_with("voice_"))
    };
    let known = |voice: &Value| {
        let name = voice.as_str();
        name.is_some_and(|name| VOICES.contains(&name) && !(old && NEWER.contains(&name)))
    };
    match fields.get("voice") {
        Some(voice) if own(voice) || known(voice) => {}
        _ => {
            return Err((
                400,
                Some("invalid_value"),
                "voice",
                "There is no such voice.",
            ));
        }
    }
    let instructions = text("instructions")?.unwrap_or_default();
    if instructions.chars().count() > LONGEST {
        return Err((400, None, "instructions", "4096 characters at most."));
    }
    let format = text("response_format")?.unwrap_or("mp3");
    if !FORMATS.contains(&format) {
        return Err((
            400,
            Some("invalid_value"),
            "response_format",
            "There is no such format.",
        ));
    }
    let events = match text("stream_format")?.unwrap_or("audio") {
        "audio" => false,
        "sse" if !old => true,
        _ => {
            return Err((
                400,
                Some("invalid_value"),
                "stream_format",
                "Not with this model.",
            ));
        }
    };
    if !matches!(format, "pcm" | "wav") {
        return Err((
            400,
            None,
            "response_format",
            "The double speaks pcm and wav only.",
        ));
    }
    let speed = fields.get("speed").map_or(Some(1.0), Value::as_f64);
    let speed = speed.filter(|speed| (0.25..=4.0).contains(speed));
    let unknown = fields
        .keys()
        .filter(|name| !FIELDS.contains(&name.as_str()) || (old && *name == "instructions"));
    Ok(Asked {
        input: input.to_owned(),
        speed: speed.ok_or((400, None, "speed", "0.25 to 4."))?,
        wav: format == "wav",
        events,
        unknown: unknown.cloned().collect(),
    })
}

/// The head of a WAV whose length is not known yet.
fn wav_head() -> Vec<u8> {
    let mut head = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    head.extend(RATE.to_le_bytes());
    head.extend((RATE * 2).to_le_bytes());
    head.extend(b"\x02\0\x10\0data\xff\xff\xff\xff");
    head
}

/// The sound in events.
fn events(pcm: &[u8], delay_ms: u64, fault: Option<&Fault>) -> Steps {
    let mut steps = Steps::default();
    let pieces = pcm.chunks(PIECE - 1);
    let count = pieces.len();
    for (said, piece) in pieces.enumerate() {
        match fault.and_then(|fault| fault.after(said)) {
            Some(Mishap::Stall) => {
                steps.hang();
                return steps;
            }
            Some(Mishap::Cut) => {
                steps.write("data: {\"type\": \"speech.au");
                steps.cut();
                return steps;
            }
            Some(Mishap::Malformed) => {
                steps.event(None, "{\"type\": \"speech.audio.delta\", ");
                return steps;
            }
            Some(Mishap::Error(status)) => {
                let error = json!({"type": "error", "error": {
                    "type": "server_error", "code": status, "message": "A scripted error.",
                }});
                steps.event(None, &error.to_string());
                return steps;
            }
            None => {}
        }
        steps.wait_ms(delay_ms);
        let audio = base64::prelude::BASE64_STANDARD.encode(piece);
        let delta = json!({"type": "speech.audio.delta", "audio": audio});
        steps.event(None, &delta.to_string());
        steps.said();
    }
    let usage = json!({"input_tokens": 9, "output_tokens": count, "total_tokens": count + 9});
    let done = json!({"type": "speech.audio.done", "usage": usage});
    steps.event(None, &done.to_string());
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &Value) -> Result<Asked, Wrong> {
        read(body.as_object().unwrap_or(&Map::new()))
    }

    fn with(name: &str, value: Value) -> Value {
        let mut body = json!({
            "input": "Hi.", "model": "gpt-4o-mini-tts", "voice": "coral", "response_format": "pcm",
        });
        if let Some(body) = body.as_object_mut() {
            body.insert(name.into(), value);
        }
        body
    }

    #[test]
    fn what_the_vendor_refuses_is_refused() {
        for (name, value, status) in [
            ("input", json!("a".repeat(4_097)), 400),
            ("input", json!(""), 400),
            ("input", json!(7), 400),
            ("input", Value::Null, 400),
            ("model", json!("gpt-9"), 404),
            ("voice", json!("heart"), 400),
            ("voice", json!({"id": "x"}), 400),
            ("instructions", json!("a".repeat(4_097)), 400),
            ("response_format", json!("midi"), 400),
            ("response_format", Value::Null, 400),
            ("stream_format", json!("ws"), 400),
            ("speed", json!(4.1), 400),
            ("speed", json!("fast"), 400),
        ] {
            let refused = of(&with(name, value.clone()));
            let why = refused.map_err(|(status, _, param, _)| (status, param));
            assert_eq!(why, Err((status, name)), "{value}");
        }
        let old = json!({
            "input": "Hi.", "model": "tts-1", "voice": "marin", "response_format": "pcm",
        });
        assert!(of(&old).is_err(), "the old models have not all voices");
    }

    #[test]
    fn what_is_not_known_is_noted() {
        let asked = of(&with("pitch", json!(2)));
        assert!(asked.is_ok_and(|asked| asked.unknown == ["pitch"] && asked.speed == 1.0));
        assert!(of(&with("voice", json!({"id": "voice_1"}))).is_ok());
    }

    #[test]
    fn events_end_with_their_account() {
        let steps = events(&[0; 10_000], 0, None);
        assert_eq!(steps.pieces(), 3);
        let all = String::from_utf8(steps.written().concat()).unwrap_or_default();
        assert!(all.trim_end().ends_with("}") && all.contains("speech.audio.done"));
    }
}
