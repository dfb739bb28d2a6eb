//! The double of an OpenAI-compatible server, as vLLM's is: chat completions, the list of models.

mod check;
mod frames;
mod stream;

use crate::record::{Received, Watch};
use crate::script::Fault;
use crate::serve::Shared;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use check::Wrong;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where answers are made.
pub const ROUTE: &str = "/v1/chat/completions";
/// The longest request.
const LONGEST: usize = 8 << 20;

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/health", get(async || StatusCode::OK))
        .route(
            "/version",
            get(async || json_of(200, &json!({"version": "0.33.0"}))),
        )
        .route("/v1/models", get(models))
        .route(ROUTE, post(chat))
        .with_state(shared)
}

async fn models(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let mut watch = note(&shared, from, "/v1/models", &headers, Value::Null);
    watch.whole = true;
    if let Some(refused) = unauthorized(&shared, &headers) {
        return refused;
    }
    let model = &shared.script.model;
    let entry = json!({
        "id": model, "object": "model", "created": 1_760_000_000, "owned_by": "vllm",
        "root": model, "parent": null, "max_model_len": 32_768, "permission": [],
    });
    json_of(200, &json!({"object": "list", "data": [entry]}))
}

async fn chat(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, LONGEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let parsed: Option<Value> = serde_json::from_slice(&bytes).ok();
    let body = parsed.clone().unwrap_or_default();
    let mut watch = note(&shared, from, ROUTE, &head.headers, body);
    let wrong = |mut watch: Watch, wrong: Wrong| {
        watch.whole = true;
        wrong.into_response()
    };
    if let Some(refused) = unauthorized(&shared, &head.headers) {
        watch.whole = true;
        return refused;
    }
    let Some(body) = parsed else {
        return wrong(watch, Wrong::invalid("body", "JSON decode error"));
    };
    let asked = match check::read(&body, &shared.script.model) {
        Ok(asked) => asked,
        Err(what) => return wrong(watch, what),
    };
    watch.unknown(asked.unknown.clone());
    let fault = shared.faults.next();
    match &fault {
        Some(Fault::Status(status)) => return wrong(watch, Wrong::of(*status)),
        Some(Fault::Quota) => return wrong(watch, Wrong::of(402)),
        Some(Fault::RateLimited(wait)) => {
            let mut answer = wrong(watch, Wrong::of(429));
            let wait = wait.as_deref().map(HeaderValue::from_str);
            if let Some(Ok(wait)) = wait {
                answer.headers_mut().insert(header::RETRY_AFTER, wait);
            }
            return answer;
        }
        Some(Fault::WebPage) => {
            watch.whole = true;
            return axum::response::Html("<!doctype html><title>Welcome</title>").into_response();
        }
        Some(Fault::SlowHead(ms)) => tokio::time::sleep(Duration::from_millis(*ms)).await,
        _ => {}
    }
    if !asked.stream {
        watch.whole = true;
        return json_of(200, &frames::whole(&shared.script, &asked));
    }
    let steps = stream::steps(&shared.script, &asked, fault.as_ref());
    let mut answer = Response::new(Body::from_stream(stream::play(steps, watch)));
    let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

fn note(shared: &Shared, from: SocketAddr, path: &str, headers: &HeaderMap, body: Value) -> Watch {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter();
    shared.record.begin(Received {
        at: Instant::now(),
        from,
        path: path.to_owned(),
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
        body,
        unknown: Vec::new(),
        said: 0,
        ended: None,
    })
}

/// The refusal of a request without the key; vLLM's is a string, not an object.
fn unauthorized(shared: &Shared, headers: &HeaderMap) -> Option<Response> {
    let key = shared.script.key.as_deref()?;
    let wanted = format!("Bearer {key}");
    let given = headers.get(header::AUTHORIZATION);
    let right = given.is_some_and(|given| given.as_bytes() == wanted.as_bytes());
    (!right).then(|| json_of(401, &json!({"error": "Unauthorized"})))
}

fn json_of(status: u16, body: &Value) -> Response {
    let mut answer = Response::new(Body::from(Bytes::from(body.to_string())));
    *answer.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}
