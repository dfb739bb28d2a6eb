//! Reproducible randomness: dice for discrete choices, smooth noise for movement.

/// A small generator (SplitMix64, Steele et al. 2014): one seed, one sequence, on every machine.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// Uniform in 0 (included) to 1 (excluded).
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        fraction(scramble(self.0))
    }

    /// Uniform between `low` and `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

/// Smooth noise in -1 to 1 that passes through one random value per unit of `time`. Different `channel`s of
/// one seed are independent.
pub fn drift(seed: u64, channel: u64, time: f64) -> f64 {
    let whole = time.floor();
    let share = time - whole;
    let value = |step: f64| {
        fraction(scramble(
            seed ^ scramble(channel) ^ (step as i64 as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93),
        )) * 2.0
            - 1.0
    };
    let ease = share * share * share * (share * (share * 6.0 - 15.0) + 10.0);
    let (from, to) = (value(whole), value(whole + 1.0));
    from + (to - from) * ease
}

/// A seed from a name: FNV-1a.
pub fn seed(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

fn scramble(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn fraction(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_are_uniform_and_repeatable() {
        let mut dice = Dice::new(7);
        let rolls: Vec<f64> = (0..4000).map(|_| dice.between(2.0, 6.0)).collect();
        assert!(rolls.iter().all(|r| (2.0..6.0).contains(r)));
        let mean = rolls.iter().sum::<f64>() / 4000.0;
        assert!((mean - 4.0).abs() < 0.1, "{mean}");
        let mut again = Dice::new(7);
        assert_eq!(again.between(2.0, 6.0), rolls[0]);
    }

    #[test]
    fn noise_is_smooth_and_bounded() {
        let mut last = drift(3, 1, 0.0);
        let mut span = (last, last);
        for i in 1..5000 {
            let value = drift(3, 1, f64::from(i) * 0.01);
            assert!((value - last).abs() < 0.05, "a jump at {i}");
            span = (span.0.min(value), span.1.max(value));
            last = value;
        }
        assert!(span.0 < -0.5 && span.1 > 0.5 && span.0 >= -1.0 && span.1 <= 1.0);
        assert_ne!(drift(3, 1, 0.5), drift(3, 2, 0.5));
    }
}
