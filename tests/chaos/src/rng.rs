//! Random numbers that a seed repeats.
//!
//! SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): one
//! addition and three mixing steps for each number, and any two streams are independent enough for
//! tests. Every decision of a world has a stream of its own, so taking one fault away leaves all
//! others as they were.

use std::ops::Range;

/// The golden ratio in 64 bits, the generator's step.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream of `seed` that `path` leads to.
    pub fn new(seed: u64, path: &[u64]) -> Self {
        let mut state = mix(seed.wrapping_add(STEP));
        for step in path {
            state = mix(state ^ mix(step.wrapping_add(STEP)));
        }
        Rng(state)
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number of the range; its start if it is empty.
    pub fn range(&mut self, range: Range<u64>) -> u64 {
        match range.end.saturating_sub(range.start) {
            0 => range.start,
            span => range.start + self.any() % span,
        }
    }

    /// Whether something happens that does so `percent` times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.any() % 100 < percent
    }

    /// One of several; none only if there are none.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let at = self.range(0..from.len() as u64);
        from.get(usize::try_from(at).unwrap_or(0)).copied()
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_gives_the_same_stream_again_and_no_other_one() {
        let first = |path: &[u64]| Rng::new(7, path).any();
        assert_eq!(first(&[1, 2]), first(&[1, 2]));
        assert_ne!(first(&[1, 2]), first(&[2, 1]));
        assert_ne!(first(&[1, 2]), Rng::new(8, &[1, 2]).any());
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_all_of_it() {
        let mut rng = Rng::new(1, &[]);
        let mut seen = [false; 5];
        for _ in 0..200 {
            seen[rng.range(10..15) as usize - 10] = true;
        }
        assert_eq!(seen, [true; 5]);
        assert_eq!(rng.range(3..3), 3);
        assert_eq!(rng.pick::<u8>(&[]), None);
    }
}
