//! OpenAI's responses, as server-sent events.

mod check;
mod frames;

use super::refusal::{refuse, with_headers, wrong};
use super::talk::Wrong;
use crate::answer::{EVENTS, json};
use crate::call::{Call, Key, Over};
use crate::serve::Shared;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use std::sync::Arc;

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/responses", post(respond))
        .route("/v1/models/{model}", get(model))
        .with_state(shared)
}

/// Whether there is such a model.
pub(super) fn known(model: &str) -> bool {
    model.starts_with("gpt-")
}

pub(super) fn no_model() -> Response {
    let message = "The requested model does not exist.";
    let code = Some("model_not_found");
    wrong(404, "invalid_request_error", code, Some("model"), message)
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        with_headers(json(400, &json!({"error": self.error()})))
    }
}

async fn model(mut call: Call) -> Result<Response, Over> {
    call.key(Key::Bearer, refuse)?;
    let id = call.path.rsplit('/').next().unwrap_or_default().to_owned();
    if !known(&id) {
        return Err(call.over(no_model()));
    }
    let model =
        json!({"id": id, "object": "model", "created": 1_790_000_000, "owned_by": "system"});
    Err(call.over(with_headers(json(200, &model))))
}

async fn respond(mut call: Call) -> Result<Response, Over> {
    call.key(Key::Bearer, refuse)?;
    let Some(body) = call.body.take() else {
        let message = "We could not parse the JSON body of your request.";
        let refused = wrong(400, "invalid_request_error", None, None, message);
        return Err(call.over(refused));
    };
    let asked = match check::read(&body) {
        Ok(asked) => asked,
        Err(wrong) => return Err(call.over(wrong)),
    };
    if !known(&asked.model) {
        return Err(call.over(no_model()));
    }
    let fault = call.fault(refuse).await?;
    let answer = call.shared.answer(&asked.talk.said);
    if !asked.stream {
        let whole = frames::whole(&asked, &answer);
        return Err(call.over(with_headers(json(200, &whole))));
    }
    let delay_ms = call.shared.script.delay_ms;
    let steps = frames::steps(&asked, &answer, delay_ms, fault.as_ref());
    Ok(with_headers(steps.response(EVENTS, call.watch)))
}

#[cfg(test)]
mod tests;
