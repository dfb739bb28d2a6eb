//! Complex Gaussian noise from a table, read at a random place for each frame: as good to the
//! ear as fresh noise and much cheaper.
#![allow(
    clippy::indexing_slicing,
    reason = "indices are masked to the table's length"
)]

use super::math::sin_cos_turns;
use realfft::num_complex::Complex32;
use std::rc::Rc;

const LENGTH: usize = 16_384;

/// A deterministic source of noise.
#[derive(Clone)]
pub(crate) struct Noise {
    table: Rc<[Complex32]>,
    state: Random,
}

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = Random::new(seed);
        let table = (0..LENGTH).map(|_| {
            // Box and Muller; the first draw must not be zero
            let radius = (-2.0 * (state.unit() + f32::EPSILON).ln()).max(0.0).sqrt();
            let (sin, cos) = sin_cos_turns(state.unit());
            Complex32::new(radius * cos, radius * sin)
        });
        Noise {
            table: table.collect(),
            state,
        }
    }

    /// Noise for one frame: a function of the bin.
    pub(super) fn frame(&mut self) -> impl Fn(usize) -> Complex32 + '_ {
        let offset = (self.state.next() >> 33) as usize;
        move |bin| self.table[(offset + bin) % LENGTH]
    }
}

/// Marsaglia's xorshift generator.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// In [0, 1).
    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u32 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_variance_and_determinism() {
        let noise = Noise::new(7);
        let power: f32 = noise.table.iter().map(|z| z.norm_sqr()).sum::<f32>() / LENGTH as f32;
        assert!((power - 2.0).abs() < 0.1, "{power}");
        assert_eq!(noise.table, Noise::new(7).table);
        assert_ne!(noise.table, Noise::new(8).table);
    }
}
