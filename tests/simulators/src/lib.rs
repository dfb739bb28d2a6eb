//! Doubles of the vendors' servers, on the loopback.
//!
//! A [`Simulator`] answers as the server that it stands for: with its routes, its checks, its way of
//! cutting an answer into pieces and its errors. Voices really speak ([`speech`]). A test tells a double
//! what goes wrong ([`Fault`]) and reads what it was asked ([`Received`]), also when the connection of an
//! answer was closed. [`House`] has all of them on one port.

mod answer;
mod call;
mod chat;
mod cosyvoice;
mod elevenlabs;
mod glmtts;
mod openai;
mod pieces;
mod record;
mod reply;
mod script;
mod serve;
mod socket;
mod sound;
pub mod speech;
mod vendor;

pub use record::{Ended, Heard, Received};
pub use script::{Fault, Script};
pub use serve::{House, Simulator};
pub use vendor::Vendor;
