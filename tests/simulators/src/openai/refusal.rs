//! How OpenAI refuses, and the headers that all its answers have.

use crate::answer;
use crate::call::Refused;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};

/// The answer to a request that is refused, whichever of its routes it was for.
pub(super) fn refuse(why: &Refused) -> Response {
    match why {
        Refused::Key => wrong(
            401,
            "invalid_request_error",
            Some("invalid_api_key"),
            None,
            "Incorrect API key provided.",
        ),
        Refused::Quota => wrong(
            429,
            "insufficient_quota",
            Some("insufficient_quota"),
            None,
            "You exceeded your current quota.",
        ),
        Refused::RateLimited => wrong(
            429,
            "requests",
            Some("rate_limit_exceeded"),
            None,
            "Rate limit reached for requests.",
        ),
        Refused::Status(status) => {
            let (kind, code) = kind(*status);
            wrong(*status, kind, code, None, "A scripted answer.")
        }
    }
}

/// A refusal: `error.type`, `error.code`, `error.param` and the message.
pub(super) fn wrong(
    status: u16,
    kind: &str,
    code: Option<&str>,
    param: Option<&str>,
    message: &str,
) -> Response {
    let error = json!({"message": message, "type": kind, "param": param, "code": code});
    with_headers(answer::json(status, &json!({"error": error})))
}

/// `error.type` and `error.code` of a status.
pub(super) fn kind(status: u16) -> (&'static str, Option<&'static str>) {
    match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        404 => ("invalid_request_error", Some("model_not_found")),
        429 => ("requests", Some("rate_limit_exceeded")),
        400..=499 => ("invalid_request_error", None),
        _ => ("server_error", Some("server_error")),
    }
}

/// The same answer with the headers that all have: a request id, the limits.
pub(super) fn with_headers(mut response: Response) -> Response {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = format!("req_simulated{:08}", COUNT.fetch_add(1, Ordering::Relaxed));
    let fixed = [
        ("openai-processing-ms", "3"),
        ("openai-version", "2020-10-01"),
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-remaining-requests", "9999"),
        ("x-ratelimit-reset-requests", "6ms"),
        ("x-ratelimit-limit-tokens", "2000000"),
        ("x-ratelimit-remaining-tokens", "1999000"),
        ("x-ratelimit-reset-tokens", "30ms"),
    ];
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}
