//! A session's events on their way to a client, and its input on its way back.
//!
//! The engine's outbox is bounded and drops what a slow client does not take; here one event at a
//! time is in flight, and a client that takes nothing at all for too long is let go.

pub(crate) mod input;
mod resume;
pub(crate) mod sse;
pub(crate) mod websocket;
