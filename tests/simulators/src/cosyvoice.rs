//! The double of CosyVoice's own HTTP server.

mod form;

use crate::answer::json;
use crate::call::{Call, Over, Refused};
use crate::serve::Shared;
use crate::sound;
use crate::speech::Speech;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use form::Form;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The voices that the models have of their own.
const SPEAKERS: [&str; 7] = [
    "中文女",
    "中文男",
    "日语男",
    "粤语女",
    "英文女",
    "英文男",
    "韩语女",
];

/// A route: what it is asked with beside the text, whether a recording comes with it, and how many
/// samples a second the models make that are meant for it.
#[derive(Clone, Copy)]
struct Route {
    path: &'static str,
    fields: &'static [&'static str],
    recording: bool,
    rate: u32,
}

const ROUTES: [Route; 5] = [
    Route {
        path: "/inference_sft",
        fields: &["spk_id"],
        recording: false,
        rate: 22_050,
    },
    Route {
        path: "/inference_instruct",
        fields: &["spk_id", "instruct_text"],
        recording: false,
        rate: 22_050,
    },
    Route {
        path: "/inference_instruct2",
        fields: &["instruct_text"],
        recording: true,
        rate: 24_000,
    },
    Route {
        path: "/inference_zero_shot",
        fields: &["prompt_text"],
        recording: true,
        rate: 24_000,
    },
    Route {
        path: "/inference_cross_lingual",
        fields: &[],
        recording: true,
        rate: 24_000,
    },
];

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    let mut routes = Router::new().route("/docs", get(docs));
    for route in ROUTES {
        let speak = async move |call: Call| speak(call, route).await;
        routes = routes.route(route.path, get(speak).post(speak));
    }
    routes.with_state(shared)
}

async fn docs(mut call: Call) -> Result<Response, Over> {
    Err(call.over(Html("<!doctype html><title>FastAPI - Swagger UI</title>")))
}

async fn speak(mut call: Call, route: Route) -> Result<Response, Over> {
    let kind = call.headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let form = Form::read(kind, &call.bytes);
    call.watch.body(noted(&form));
    let text = match fields(&form, route) {
        Ok(text) => text,
        Err(missing) => return Err(call.over(unfilled(&missing))),
    };
    call.watch.unknown(unknown(&form, route));
    let fault = call.fault(refuse).await?;
    let recorded = |wav: &[u8]| wav.starts_with(b"RIFF");
    if route.recording && !form.content("prompt_wav").is_some_and(recorded) {
        return Err(call.over(refuse(&Refused::Status(500))));
    }
    // One piece for each stretch that the server speaks in one go.
    let mut pieces = Vec::new();
    for sentence in text.split_inclusive(['.', '!', '?', '。', '！', '？']) {
        if sentence.contains(char::is_alphanumeric) {
            pieces.push(Speech::spoken(sentence).await.bytes(route.rate));
        }
    }
    let speaker = form.text("spk_id");
    let mut steps = sound::steps(
        pieces.iter().map(Vec::as_slice),
        call.shared.script.delay_ms,
        fault.as_ref(),
    );
    if speaker.is_some_and(|speaker| !SPEAKERS.contains(&speaker.as_str())) {
        // A KeyError when the head has been sent already.
        steps = crate::answer::Steps::default();
        steps.cut();
    }
    let mut answer = steps.response("", call.watch);
    answer.headers_mut().remove(header::CONTENT_TYPE);
    Ok(answer)
}

/// The text to speak, or the fields that are missing.
fn fields(form: &Form, route: Route) -> Result<String, Vec<&'static str>> {
    let recording: &[&str] = if route.recording {
        &["prompt_wav"]
    } else {
        &[]
    };
    let needed = ["tts_text"].iter().chain(route.fields).chain(recording);
    let empty = |name: &&&str| form.content(name).is_none_or(<[u8]>::is_empty);
    let missing: Vec<&'static str> = needed.filter(empty).copied().collect();
    match form.text("tts_text") {
        Some(text) if missing.is_empty() => Ok(text),
        _ => Err(missing),
    }
}

fn unknown(form: &Form, route: Route) -> Vec<String> {
    let known = |name: &str| {
        name == "tts_text"
            || route.fields.contains(&name)
            || (route.recording && name == "prompt_wav")
    };
    let names = form.names().filter(|name| !known(name));
    names.map(str::to_owned).collect()
}

/// The form as JSON: texts as they are, of a file its length.
fn noted(form: &Form) -> Value {
    let value = |name: &str| match (form.file(name), form.text(name)) {
        (Some(length), _) => json!(length),
        (None, text) => json!(text),
    };
    let fields = form.names().map(|name| (name.to_owned(), value(name)));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn unfilled(missing: &[&str]) -> Response {
    let detail = missing.iter().map(|name| {
        json!({"type": "missing", "loc": ["body", name], "msg": "Field required", "input": null})
    });
    json(422, &json!({"detail": detail.collect::<Vec<_>>()}))
}

fn refuse(why: &Refused) -> Response {
    let status = match why {
        Refused::Status(status) => *status,
        // It knows no keys, no accounts and no limits; whoever stands before it may.
        Refused::Key => 401,
        Refused::Quota => 402,
        Refused::RateLimited => 429,
    };
    let mut answer = "Internal Server Error".into_response();
    *answer.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}
