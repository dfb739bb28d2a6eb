//! Where a client wants to go on: after the last event that it saw.

use crate::app::App;
use crate::error::ApiError;
use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde_json::json;

/// What `EventSource` sends when it comes back.
const LAST_EVENT_ID: &str = "last-event-id";

/// The `seq` of the last event that the client saw, if it wants to resume.
pub(crate) struct Resume(pub(crate) Option<u64>);

#[derive(serde::Deserialize)]
struct ResumeQuery {
    resume: Option<String>,
}

impl FromRequestParts<App> for Resume {
    type Rejection = ApiError;

    /// The header counts more than the query: `EventSource` keeps the query of its first request.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let query = Query::<ResumeQuery>::from_request_parts(parts, app).await;
        let query = query.ok().and_then(|Query(query)| query.resume);
        let header = parts.headers.get(LAST_EVENT_ID);
        let (name, given) = match (header, &query) {
            (Some(header), _) => (LAST_EVENT_ID, header.to_str().unwrap_or_default()),
            (None, Some(query)) => ("resume", query.as_str()),
            (None, None) => return Ok(Resume(None)),
        };
        // `+5` would be read as a number too.
        let digits = given.bytes().all(|byte| byte.is_ascii_digit());
        match given.parse().ok().filter(|_| digits) {
            Some(seq) => Ok(Resume(Some(seq))),
            None => {
                let message =
                    format!("`{name}` must be the `seq` of the last event you saw, a whole number");
                let details = json!({ "field": name });
                Err(ApiError::bad_request("invalid_resume", message).details(details))
            }
        }
    }
}
