//! `POST /v1/sessions/{id}/input`: inbound events without a WebSocket.

use crate::app::App;
use crate::auth::SessionAccess;
use crate::codec::decode_value;
use crate::error::ApiError;
use crate::fields::Invalid;
use crate::limit;
use crate::metrics::count;
use crate::routes::json;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use tth_core::events::ClientEvent;

/// One event, or an array of them: all are taken or, if one is wrong, none.
pub(crate) async fn post(
    State(app): State<App>,
    SessionAccess(session): SessionAccess,
    body: Body,
) -> Result<Response, ApiError> {
    let body = limit::body(&app, body).await?;
    let events = read(&body, app.config.max_events_per_post)
        .inspect_err(|_| count(&app.metrics.events_rejected))?;
    for event in events {
        app.engine.input(session.id.as_str(), event)?;
        count(&app.metrics.events_in);
    }
    Ok(json(StatusCode::ACCEPTED, "{}"))
}

fn read(body: &[u8], limit: usize) -> Result<Vec<ClientEvent>, ApiError> {
    let value = serde_json::from_slice(body)
        .map_err(|error| Invalid::new(format!("the body is not JSON: {error}")));
    let invalid = |error: Invalid, at: Option<usize>| {
        let place = at.map(|at| format!("event {at}: ")).unwrap_or_default();
        let mut details = error.details;
        if let (Some(at), Value::Object(map)) = (at, &mut details) {
            map.insert("index".into(), json!(at));
        }
        ApiError::bad_request("invalid_event", place + &error.message).details(details)
    };
    match value.map_err(|error| invalid(error, None))? {
        Value::Array(items) if items.len() > limit => {
            let message = format!(
                "there are {} events in the body, but there may be at most {limit}",
                items.len()
            );
            Err(ApiError::bad_request("too_many_events", message))
        }
        Value::Array(items) => items
            .into_iter()
            .enumerate()
            .map(|(at, item)| decode_value(item).map_err(|error| invalid(error, Some(at))))
            .collect(),
        one => Ok(vec![
            decode_value(one).map_err(|error| invalid(error, None))?,
        ]),
    }
}
