//! The animated face: an avatar that is drawn inside the sandbox, without keys, GPU or network.
//!
//! Visemes, audio and controls go in on the session's media timeline; frames come out, one per pull. The
//! rooms, from the inside out:
//!
//! - `shape`: points, curves, paints, the display list; `weights`: what the face does in one frame
//! - `head`, `look`, `rig`: from weights and a look to a display list
//! - `mouth`, `emotion`, `life`, `animator`: from the inputs to the weights at a media time
//! - `raster`, `encode`: from the display list to a coded frame
//! - `provider`: the contract
//!
//! Everything but `provider` is pure: the same inputs in the same order give the same frames.

pub mod animator;
pub mod chance;
pub mod clock;
pub mod emotion;
pub mod encode;
pub mod head;
pub mod life;
pub mod look;
pub mod mouth;
pub mod provider;
pub mod raster;
pub mod rig;
pub mod shape;
pub mod voice;
pub mod weights;
