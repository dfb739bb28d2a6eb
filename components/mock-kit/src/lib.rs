//! What the scripted providers share: delays, faults on demand, the frame clock and pictures.
//!
//! A scripted provider does what its settings say and nothing else: no network, no randomness, no
//! clock but the one it waits on. This crate is not a component itself.

pub mod delay;
pub mod fault;
pub mod frames;
pub mod picture;
