//! The double of OpenAI: responses, realtime, speech.

mod realtime;
mod refusal;
mod responses;
mod speech;
mod talk;

use crate::serve::Shared;
use axum::Router;
use std::sync::Arc;

/// Where answers are made.
pub(crate) const ROUTES: [&str; 3] = ["/v1/responses", "/v1/realtime", "/v1/audio/speech"];

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(responses::routes(shared.clone()))
        .merge(realtime::routes(shared.clone()))
        .merge(speech::routes(shared))
}
