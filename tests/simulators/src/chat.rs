//! The double of an OpenAI-compatible server, as vLLM's is: chat completions, the list of models.

mod check;
mod frames;
mod stream;

use crate::answer::{EVENTS, json};
use crate::call::{Call, Key, Over, Refused};
use crate::serve::Shared;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use check::Wrong;
use serde_json::json;
use std::sync::Arc;

/// Where answers are made.
pub(crate) const ROUTE: &str = "/v1/chat/completions";

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/health", get(async || StatusCode::OK))
        .route(
            "/version",
            get(async || json(200, &json!({"version": "0.33.0"}))),
        )
        .route("/v1/models", get(models))
        .route(ROUTE, post(chat))
        .with_state(shared)
}

async fn models(mut call: Call) -> Result<Response, Over> {
    call.key(Key::Bearer, refuse)?;
    let model = &call.shared.script.model;
    let entry = json!({
        "id": model, "object": "model", "created": 1_760_000_000, "owned_by": "vllm",
        "root": model, "parent": null, "max_model_len": 32_768, "permission": [],
    });
    let list = json!({"object": "list", "data": [entry]});
    Err(call.over(json(200, &list)))
}

async fn chat(mut call: Call) -> Result<Response, Over> {
    call.key(Key::Bearer, refuse)?;
    let Some(body) = call.body.take() else {
        return Err(call.over(Wrong::invalid("body", "JSON decode error")));
    };
    let mut asked = match check::read(&body, &call.shared.script.model) {
        Ok(asked) => asked,
        Err(wrong) => return Err(call.over(wrong)),
    };
    call.watch.unknown(std::mem::take(&mut asked.unknown));
    let fault = call.fault(refuse).await?;
    let script = &call.shared.script;
    let answer = call.shared.answer(&asked.said);
    if !asked.stream {
        let whole = frames::whole(script, &answer, &asked);
        return Err(call.over(json(200, &whole)));
    }
    let steps = stream::steps(script, &answer, &asked, fault.as_ref());
    Ok(steps.response(EVENTS, call.watch))
}

fn refuse(why: &Refused) -> Response {
    match why {
        // A string, not an object.
        Refused::Key => json(401, &json!({"error": "Unauthorized"})),
        Refused::Status(status) => Wrong::of(*status).response(),
        Refused::Quota => Wrong::of(402).response(),
        Refused::RateLimited => Wrong::of(429).response(),
    }
}
