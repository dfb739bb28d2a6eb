//! `/openapi.json`: the HTTP API for machines, kept by hand and checked against the table of routes.

use axum::response::Response;
use http::StatusCode;

/// The document.
pub(crate) const DOCUMENT: &str = include_str!("openapi.json");

/// `GET /openapi.json`.
pub(crate) async fn openapi() -> Response {
    super::json(StatusCode::OK, DOCUMENT)
}
