//! What the integration tests share: a server of their own, and clients for its sockets.

mod client;
mod server;
pub mod sound;

pub use client::{Stream, Wire, data};
pub use server::{Server, binary};
