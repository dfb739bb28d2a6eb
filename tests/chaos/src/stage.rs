//! The simulated stages: what each call to them says.

pub mod face;
pub mod model;
pub mod voice;
