//! Doubles of the vendors' servers, on the loopback.
//!
//! A [`Simulator`] answers as the server that it stands for: with its routes, its checks, its way of
//! cutting an answer into pieces and its errors. A test tells it what goes wrong ([`Fault`]) and reads
//! what it was asked ([`Received`]), also when the connection of an answer was closed.

pub mod chat;
mod record;
mod script;
mod serve;

pub use record::{Ended, Received};
pub use script::{Fault, Script};
pub use serve::Simulator;
