//! `/metrics`: counters of engine and gateway for Prometheus.

use crate::app::App;
use crate::auth::Allowed;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

/// `GET /metrics`.
pub(crate) async fn metrics(State(app): State<App>, _: Allowed) -> Response {
    let text = app.metrics.render(&app.engine.counters());
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
        .into_response()
}
