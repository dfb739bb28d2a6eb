//! The one shape of errors: `{"error": {code, message, request_id, details}}` with a fitting status.
//!
//! A handler returns an [`ApiError`]; it travels in the response's extensions until the layer that
//! knows the request id ([`crate::request`]) writes the body.

use crate::fields::Invalid;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use tth_core::engine::{InputError, OpenError};

/// How a request failed.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) details: Value,
    pub(crate) retry_after_s: Option<u32>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        ApiError {
            status,
            code: code.into(),
            message: message.into(),
            details: json!({}),
            retry_after_s: None,
        }
    }

    pub(crate) fn bad_request(code: &str, message: impl Into<String>) -> Self {
        ApiError::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn unknown_session() -> Self {
        ApiError::new(
            StatusCode::NOT_FOUND,
            "session_not_found",
            InputError::UnknownSession.to_string(),
        )
    }

    pub(crate) fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The body.
    pub(crate) fn body(&self, request_id: &str) -> String {
        let Self {
            code,
            message,
            details,
            ..
        } = self;
        json!({"error": {"code": code, "message": message, "request_id": request_id, "details": details}}).to_string()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Invalid> for ApiError {
    fn from(error: Invalid) -> Self {
        // Only a control out of its range has details.
        let code = if error.details.get("field").is_some() {
            "invalid_control"
        } else {
            "invalid_request"
        };
        ApiError::bad_request(code, error.message).details(error.details)
    }
}

impl From<OpenError> for ApiError {
    fn from(error: OpenError) -> Self {
        let message = error.to_string();
        let unavailable = |code| {
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, message.clone()).retry_after(5)
        };
        match error {
            OpenError::UnknownPersona { known, .. } => {
                ApiError::bad_request("unknown_persona", message).details(json!({ "known": known }))
            }
            OpenError::Control(control) => Invalid::from(control).into(),
            OpenError::Text(_) => ApiError::bad_request("invalid_text", message),
            OpenError::Full { .. } => unavailable("too_many_sessions"),
            OpenError::ShuttingDown => unavailable("shutting_down"),
        }
    }
}

impl From<InputError> for ApiError {
    fn from(error: InputError) -> Self {
        match error {
            InputError::UnknownSession => ApiError::unknown_session(),
            InputError::TooMany => ApiError::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_events",
                error.to_string(),
            )
            .retry_after(1),
        }
    }
}
