//! The controller that both loops of the core share: proportional and integral, with anti-windup.
//!
//! Both steer an integrator. An offset grows by what one clock gains on the other (`skew`, seconds a
//! second), less what is corrected (`u`):
//!
//! ```text
//! offset' = skew - u        u = Kp offset + Ki ∫ offset dt
//! ```
//!
//! which closes to `s² + Kp s + Ki`, the standard second-order loop `s² + 2ζω s + ω²` (natural
//! frequency ω, damping ζ; Gardner, Phaselock Techniques, ch. 2). So `Kp = 2ζω` and `Ki = ω²`. With
//! ζ = 1, which is used here, an offset is worked off without swinging to and fro; a skew that sets in
//! at once shows as an offset `skew t exp(-ω t)`: `skew / (e ω)` at most, after `1 / ω` seconds, and
//! less than a tenth of that after `5 / ω`.

use std::ops::RangeInclusive;

/// Natural frequency of both loops, radians a second. A skew of 2 % shows as 15 ms at most, after 2 s:
/// a quarter of the -60 ms that EBU R37 allows, which leaves the rest to jitter and hysteresis. Faster
/// would follow the jitter itself, slower would come too late for an answer of a few seconds.
pub(crate) const OMEGA: f64 = 0.5;

/// Damping: critical.
const ZETA: f64 = 1.0;

/// Offsets in seconds go in, corrections in seconds a second come out.
#[derive(Clone, Debug)]
pub(crate) struct Pi {
    /// The skew that is known, seconds a second.
    integral: f64,
    /// What the skew may be.
    skews: RangeInclusive<f64>,
    /// What may be given out.
    outputs: RangeInclusive<f64>,
}

impl Pi {
    /// A controller that takes the skew to be within `skews` and gives out what is within `outputs`.
    pub(crate) fn new(skews: RangeInclusive<f64>, outputs: RangeInclusive<f64>) -> Self {
        Pi {
            integral: 0.0,
            skews,
            outputs,
        }
    }

    /// The skew that it has learnt.
    pub(crate) fn skew(&self) -> f64 {
        self.integral
    }

    /// The skew is known from elsewhere.
    pub(crate) fn learn(&mut self, skew: f64) {
        self.integral = within(skew, &self.skews);
    }

    /// The correction for an `offset`, with the skew as it was learnt.
    pub(crate) fn output(&self, offset: f64, omega: f64) -> f64 {
        within(2.0 * ZETA * omega * offset + self.integral, &self.outputs)
    }

    /// The correction for an `offset` that held for `passed` seconds, with the loop's natural
    /// frequency.
    pub(crate) fn step(&mut self, offset: f64, passed: f64, omega: f64) -> f64 {
        let proportional = 2.0 * ZETA * omega * offset;
        let integral = within(self.integral + omega * omega * offset * passed, &self.skews);
        let wanted = proportional + integral;
        let given = within(wanted, &self.outputs);
        // Anti-windup: at its limit it learns only what leads away from there, or it would have to
        // unlearn the rest with an offset to the other side.
        if given == wanted || (wanted > given) != (offset > 0.0) {
            self.integral = integral;
        }
        given
    }
}

fn within(value: f64, range: &RangeInclusive<f64>) -> f64 {
    value.max(*range.start()).min(*range.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The offsets under a skew, each 40 ms for `seconds`.
    fn offsets(pi: &mut Pi, skew: f64, seconds: f64) -> Vec<f64> {
        let (mut offset, mut given, passed) = (0.0, 0.0, 0.04);
        let steps = (seconds / passed) as usize;
        let mut all = Vec::new();
        for _ in 0..steps {
            offset += (skew - given) * passed;
            given = pi.step(offset, passed, OMEGA);
            all.push(offset);
        }
        all
    }

    #[test]
    fn a_skew_shows_as_the_formula_says_and_is_learnt() {
        let mut pi = Pi::new(-0.03..=0.03, -0.05..=0.05);
        let offsets = offsets(&mut pi, 0.02, 10.0);
        let peak = offsets.iter().copied().fold(0.0, f64::max);
        let formula = 0.02 / (std::f64::consts::E * OMEGA);
        assert!((peak - formula).abs() < 0.001, "{peak} for {formula}");
        assert!(offsets.iter().all(|offset| *offset > -0.001), "it swings");
        assert!(offsets.last().unwrap().abs() < peak / 10.0);
        assert!((pi.skew() - 0.02).abs() < 0.002, "{}", pi.skew());
    }

    #[test]
    fn what_cannot_be_given_is_not_wound_up() {
        let mut pi = Pi::new(-0.03..=0.03, -0.05..=0.05);
        for _ in 0..1_000 {
            assert_eq!(pi.step(5.0, 0.04, OMEGA), 0.05);
        }
        assert_eq!(pi.skew(), 0.0);
        assert!(pi.step(-0.01, 0.04, OMEGA) < 0.0, "it turns at once");
    }
}
