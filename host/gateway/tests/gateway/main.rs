//! The gateway over real sockets, with a double for the engine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of tests too"
)]

mod api;
mod auth;
mod client;
mod double;
mod generate;
mod sse;
mod websocket;
