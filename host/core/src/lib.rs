//! The pure heart of tth: what a session is, how a turn flows, when media leaves.
//!
//! No vendor, no runtime, no transport is known here. The state machines ([`session`]) take inputs
//! and the time and give outputs; [`driver`] is the thin asynchronous shell that runs them over the
//! ports of [`provider`]. Everything builds for native targets and for wasm.

pub mod budget;
pub mod circuit;
pub mod clock;
pub mod controls;
pub mod drift;
pub mod driver;
pub mod engine;
pub mod events;
pub mod hub;
pub mod ids;
pub mod media;
pub mod outbox;
mod pi;
pub mod provider;
pub mod retry;
pub mod sentence;
pub mod session;
pub mod tags;
pub mod text;
pub mod timeline;
