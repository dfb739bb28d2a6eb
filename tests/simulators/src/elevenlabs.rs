//! The double of ElevenLabs: speech and dialogue over HTTP, speech over WebSockets.
//!
//! Every id of twenty letters and digits is a voice of it. Its dialogue has no WebSocket.

mod check;
mod contexts;
mod refusal;
mod sound;

use crate::answer::{self, Steps};
use crate::call::{Call, Key, Over};
use crate::script::{Fault, Mishap};
use crate::serve::Shared;
use crate::speech::Speech;
use axum::Router;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use check::Asked;
use refusal::{refuse, wrong};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The models that it has, and the most characters of a request for each.
const MODELS: [(&str, usize); 9] = [
    ("eleven_flash_v2_5", 40_000),
    ("eleven_turbo_v2_5", 40_000),
    ("eleven_flash_v2", 30_000),
    ("eleven_turbo_v2", 30_000),
    ("eleven_multilingual_v2", 10_000),
    ("eleven_v3", 5_000),
    ("eleven_v3_conversational", 5_000),
    ("eleven_v4", 10_000),
    ("eleven_v4_turbo", 10_000),
];
/// Formats that it can make, with their samples a second.
const FORMATS: [(&str, u32); 5] = [
    ("pcm_8000", 8_000),
    ("pcm_16000", 16_000),
    ("pcm_22050", 22_050),
    ("pcm_24000", 24_000),
    ("pcm_48000", 48_000),
];

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    let speech = "/v1/text-to-speech/{voice}";
    let dialogue = "/v1/text-to-dialogue";
    Router::new()
        .route("/v1/models", get(models))
        .route(&format!("{speech}/stream"), post(raw))
        .route(&format!("{speech}/stream/with-timestamps"), post(timed))
        .route(&format!("{speech}/stream-input"), get(single))
        .route(&format!("{speech}/multi-stream-input"), get(multi))
        .route(&format!("{dialogue}/stream"), post(raw))
        .route(&format!("{dialogue}/stream/with-timestamps"), post(timed))
        .with_state(shared)
}

/// Whether it speaks a newer model's tags, and has no WebSocket for it.
fn takes_tags(model: &str) -> bool {
    model.starts_with("eleven_v3") || model.starts_with("eleven_v4")
}

/// Whether it is the id of a voice.
fn is_voice(id: &str) -> bool {
    id.len() == 20 && id.chars().all(|c| c.is_ascii_alphanumeric())
}

fn query<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    let found = call.query.iter().find(|(found, _)| found == name);
    found.map(|(_, value)| value.as_str())
}

/// Samples a second of the format that is asked for.
fn rate(call: &Call) -> Result<u32, Box<Response>> {
    // Its own default is MP3, which this double cannot make.
    let format = query(call, "output_format").unwrap_or("mp3_44100_128");
    let known = FORMATS.iter().find(|(name, _)| *name == format);
    known.map(|(_, rate)| *rate).ok_or_else(|| {
        Box::new(wrong(
            400,
            "invalid_output_format",
            "The format is unknown.",
        ))
    })
}

async fn models(mut call: Call) -> Response {
    match call.key(Key::Header("xi-api-key"), refuse) {
        Err(over) => over.into_response(),
        Ok(()) => {
            let model = |(id, most): &(&str, usize)| {
                json!({"model_id": id, "name": id, "can_do_text_to_speech": true,
                    "maximum_text_length_per_request": most})
            };
            let list: Value = MODELS.iter().map(model).collect();
            call.over(answer::json(200, &list)).into_response()
        }
    }
}

async fn raw(call: Call) -> Response {
    speak(call, false).await.into_response()
}

async fn timed(call: Call) -> Response {
    speak(call, true).await.into_response()
}

/// Speech over HTTP: raw, or in lines with timings that count from the start of the answer.
async fn speak(mut call: Call, timed: bool) -> Result<Response, Over> {
    call.key(Key::Header("xi-api-key"), refuse)?;
    let (asked, rate) = match check::read(&call).and_then(|asked| Ok((asked, rate(&call)?))) {
        Ok(asked) => asked,
        Err(refused) => return Err(call.over(*refused)),
    };
    let fault = call.fault(refuse).await?;
    let Asked { text, tags } = asked;
    let characters = text.chars().count();
    let spoken = sound::without_tags(&text, tags);
    let speech = Speech::spoken(&spoken).await;
    let mut steps = Steps::default();
    let mut said = 0;
    let mut broken = false;
    for piece in sound::pieces(&text, tags, &speech, rate) {
        broken = go_wrong(&mut steps, said, fault.as_ref(), timed);
        if broken {
            break;
        }
        steps.wait_ms(call.shared.script.delay_ms);
        match timed {
            true => steps.torn(format!("{}\n", piece.line()).into_bytes()),
            false => steps.torn(piece.bytes.clone()),
        }
        steps.said();
        said += 1;
    }
    if !broken {
        go_wrong(&mut steps, said, fault.as_ref(), timed);
    }
    let kind = if timed {
        "application/json"
    } else {
        "audio/pcm"
    };
    let mut answer = steps.response(kind, call.watch);
    headers(answer.headers_mut(), characters);
    Ok(answer)
}

/// Whether the answer is over.
fn go_wrong(steps: &mut Steps, said: usize, fault: Option<&Fault>, timed: bool) -> bool {
    match fault.and_then(|fault| fault.after(said)) {
        None => return false,
        Some(Mishap::Stall) => steps.hang(),
        Some(Mishap::Cut) => {
            // In the middle of a line, too.
            steps.write(&b"{\"audio_base64\": \"AAAA"[..]);
            steps.cut();
        }
        Some(Mishap::Malformed) => steps.write(&b"{\"audio_base64\": [\n"[..]),
        Some(Mishap::Error(status)) if timed => {
            steps.write(format!("{}\n", refusal::body(status)));
        }
        Some(Mishap::Error(_)) => steps.cut(),
    }
    true
}

/// What every answer has.
fn headers(headers: &mut HeaderMap, characters: usize) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = format!("simulated{:011}", COUNT.fetch_add(1, Ordering::Relaxed));
    for (name, value) in [
        ("request-id", id.clone()),
        ("history-item-id", id.clone()),
        ("x-trace-id", id),
        ("character-cost", characters.to_string()),
        ("current-concurrent-requests", "1".into()),
        ("maximum-concurrent-requests", "10".into()),
        ("tts-latency-ms", "1".into()),
        ("x-region", "us-central1".into()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

async fn single(State(_): State<Arc<Shared>>, ws: WebSocketUpgrade, call: Call) -> Response {
    socket(ws, call, false).await.into_response()
}

async fn multi(State(_): State<Arc<Shared>>, ws: WebSocketUpgrade, call: Call) -> Response {
    socket(ws, call, true).await.into_response()
}

async fn socket(ws: WebSocketUpgrade, mut call: Call, many: bool) -> Result<Response, Over> {
    call.key(Key::Header("xi-api-key"), refuse)?;
    call.handshake(refuse).await?;
    let options = match contexts::Options::read(&call, many) {
        Ok(options) => options,
        Err(refused) => return Err(call.over(*refused)),
    };
    let Call { shared, watch, .. } = call;
    Ok(ws.on_upgrade(move |socket| contexts::serve(socket, watch, shared, options)))
}

#[cfg(test)]
mod tests;
