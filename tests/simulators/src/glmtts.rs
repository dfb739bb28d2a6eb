//! The double of the small server in front of GLM-TTS.

use crate::answer::json;
use crate::call::{Call, Over, Refused};
use crate::serve::Shared;
use crate::sound;
use crate::speech::Speech;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const SPEAK: &str = "/v1/tts/stream";
/// The voices that it was given.
const VOICES: [&str; 2] = ["lin", "hao"];
/// One request is spoken, one may wait.
const AT_ONCE: usize = 2;
/// The most characters of a text.
const LONGEST: usize = 500;
/// Bytes of a block: an uneven number, so that samples are cut.
const BLOCK: usize = 14_401;
const FIELDS: [&str; 7] = [
    "text",
    "voice_id",
    "sample_rate",
    "seed",
    "use_phoneme",
    "use_cache",
    "request_id",
];

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/v1/voices", get(voices))
        .route(SPEAK, post(speak))
        .with_state(shared)
}

async fn health(mut call: Call) -> Result<Response, Over> {
    let state = json!({"status": "ok", "model": "glm-tts", "sample_rates": [24_000, 32_000]});
    Err(call.over(json(200, &state)))
}

async fn voices(mut call: Call) -> Result<Response, Over> {
    let voices = VOICES.map(|id| json!({"id": id, "prompt_text": "你好，很高兴认识你。"}));
    Err(call.over(json(200, &json!({"voices": voices}))))
}

async fn speak(mut call: Call) -> Result<Response, Over> {
    let asked = match call.body.as_ref().and_then(Value::as_object) {
        Some(fields) => read(fields),
        None => Err((400, "bad_request")),
    };
    let (text, rate, unknown) = match asked {
        Ok(asked) => asked,
        Err((status, code)) => return Err(call.over(wrong(status, code))),
    };
    call.watch.unknown(unknown);
    let fault = call.fault(refuse).await?;
    let all = call.shared.record.all();
    let open = all
        .iter()
        .filter(|one| one.path == SPEAK && one.ended.is_none());
    if open.count() > AT_ONCE {
        let mut busy = wrong(429, "busy");
        let wait = HeaderValue::from_static("1");
        busy.headers_mut().insert(header::RETRY_AFTER, wait);
        return Err(call.over(busy));
    }
    let pcm = Speech::spoken(&text).await.bytes(rate);
    let delay_ms = call.shared.script.delay_ms;
    let steps = sound::steps(pcm.chunks(BLOCK), delay_ms, fault.as_ref());
    let kind = match rate {
        24_000 => "audio/L16; rate=24000; channels=1",
        _ => "audio/L16; rate=32000; channels=1",
    };
    let mut answer = steps.response(kind, call.watch);
    let headers = answer.headers_mut();
    headers.insert("x-sample-rate", HeaderValue::from(rate));
    Ok(answer)
}

/// A refusal: status and code.
type Wrong = (u16, &'static str);

/// The text, its rate, and the fields that nobody knows.
fn read(fields: &Map<String, Value>) -> Result<(String, u32, Vec<String>), Wrong> {
    let bad = || (400, "bad_request");
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let spoken = text("text").ok_or_else(bad)?;
    if spoken.is_empty() || spoken.chars().count() > LONGEST {
        return Err(bad());
    }
    let voice = text("voice_id").ok_or_else(bad)?;
    if !VOICES.contains(&voice) {
        return Err((404, "voice_not_found"));
    }
    let rate = match fields
        .get("sample_rate")
        .map_or(Some(24_000), Value::as_u64)
    {
        Some(24_000) => 24_000,
        Some(32_000) => 32_000,
        _ => return Err(bad()),
    };
    let flag = |name: &str| fields.get(name).is_none_or(Value::is_boolean);
    let seed = fields.get("seed").is_none_or(Value::is_i64);
    let named = fields.get("request_id").is_none_or(Value::is_string);
    if !flag("use_phoneme") || !flag("use_cache") || !seed || !named {
        return Err(bad());
    }
    let unknown = fields
        .keys()
        .filter(|name| !FIELDS.contains(&name.as_str()));
    Ok((spoken.to_owned(), rate, unknown.cloned().collect()))
}

fn wrong(status: u16, code: &str) -> Response {
    let retryable = matches!(status, 429 | 500..);
    let error = json!({"code": code, "message": "A scripted refusal.", "retryable": retryable});
    json(status, &json!({"error": error}))
}

fn refuse(why: &Refused) -> Response {
    match why {
        // It knows no keys and no accounts; whoever stands before it may.
        Refused::Key => wrong(401, "bad_request"),
        Refused::Quota => wrong(402, "bad_request"),
        Refused::RateLimited => wrong(429, "busy"),
        Refused::Status(status @ ..500) => wrong(*status, "bad_request"),
        Refused::Status(status) => wrong(*status, "internal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(name: &str, value: Value) -> Option<u16> {
        let mut body = json!({"text": "你好。", "voice_id": "lin"});
        let fields = body.as_object_mut()?;
        fields.insert(name.into(), value);
        read(fields).err().map(|(status, _)| status)
    }

    #[test]
    fn what_the_contract_refuses_is_refused() {
        for (name, value, wanted) in [
            ("text", json!("字".repeat(501)), Some(400)),
            ("text", json!(""), Some(400)),
            ("voice_id", json!("nobody"), Some(404)),
            ("voice_id", Value::Null, Some(400)),
            ("sample_rate", json!(16_000), Some(400)),
            ("seed", json!("x"), Some(400)),
            ("use_cache", json!(1), Some(400)),
            ("sample_rate", json!(32_000), None),
            ("wibble", json!(1), None),
        ] {
            assert_eq!(status(name, value.clone()), wanted, "{name}: {value}");
        }
    }
}
