//! What the integration tests share: a server of their own, and clients for its sockets.

#![allow(
    clippy::indexing_slicing,
    reason = "a field that a JSON value does not have is null, which is what a test wants to see"
)]

mod client;
mod server;
pub mod sound;
mod track;

pub use client::{BACK, Lost, Stream, Wire, data};
pub use server::{Server, binary};
pub use track::Track;
