//! Clocks that are not ours, on fake time: a listener's sound card and a face's own pace.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod card;
mod face;

pub use card::{Card, Heard, listen};
pub use face::{Pace, Shown, watch};

/// What EBU R37 allows, microseconds: so much early, so much late.
pub const EARLY_US: f64 = 40_000.0;
pub const LATE_US: f64 = 60_000.0;

/// The same numbers for the same seed (xorshift64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// From 0 up to and with `most`.
    pub fn roll(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % (most + 1)
    }
}
