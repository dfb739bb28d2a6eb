//! HTTP and WebSocket gateway of tth: routes, streams, the event codec, MP4, the web console.
//!
//! The gateway knows the [`Engine`] and nothing behind it: no provider, no configuration file. It
//! decides how things look on the wire, who may ask, and how much of it; a slow, broken or hostile
//! client harms nobody but itself.

use std::sync::Arc;
use tth_core::engine::Engine;

mod app;
mod auth;
pub mod codec;
mod config;
mod controls;
mod error;
pub mod fields;
mod limit;
mod metrics;
pub mod mp4;
mod request;
mod routes;
mod serve;
mod stream;
pub mod wav;

pub use config::GatewayConfig;
pub use serve::serve;

/// Every route, served from `engine`.
///
/// Whoever serves it must provide the peer's address ([`serve`] does): without it, and without API
/// keys, every request is refused.
pub fn router(engine: Arc<dyn Engine>, config: GatewayConfig) -> axum::Router {
    routes::router(app::App::new(engine, config))
}
