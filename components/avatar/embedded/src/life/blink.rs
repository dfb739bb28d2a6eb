//! Blinks: every two to six seconds, oftener in agitation and joy, quickly shut, more slowly open.

use crate::chance::Dice;

/// Seconds between the starts of two blinks.
const PAUSE: (f64, f64) = (2.0, 6.0);
/// Seconds until the lids meet.
const SHUT: f64 = 0.085;
/// Seconds until they are open again.
const OPEN: f64 = 0.165;

#[derive(Clone, Debug)]
pub(super) struct Blink {
    dice: Dice,
    start: f64,
    /// The last time asked for.
    now: f64,
}

impl Blink {
    pub(super) fn new(mut dice: Dice) -> Blink {
        let start = dice.between(0.8, 2.5);
        Blink {
            dice,
            start,
            now: 0.0,
        }
    }

    /// How far the lids are closed at `time`, 0 to 1. Times must not go backwards. `pace` is how often
    /// the eyes blink, 1 as usual: another pace stretches what is left of the pause at hand, too.
    pub(super) fn at(&mut self, time: f64, pace: f64) -> f64 {
        let step = (time - self.now).max(0.0);
        self.now = self.now.max(time);
        if time < self.start {
            // A pause runs at the pace of every moment in it; a blink that has begun is not hurried.
            self.start = (self.start - step * (pace - 1.0)).max(time);
        }
        while time >= self.start + SHUT + OPEN {
            self.start += self.dice.between(PAUSE.0, PAUSE.1);
        }
        let since = time - self.start;
        let share = if since < 0.0 {
            0.0
        } else if since < SHUT {
            since / SHUT
        } else {
            1.0 - (since - SHUT) / OPEN
        };
        share * share * (3.0 - 2.0 * share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blinks_come_every_two_to_six_seconds() {
        let mut blink = Blink::new(Dice::new(42));
        let mut starts = Vec::new();
        let mut shut = false;
        for ms in 0..600_000u32 {
            let closed = blink.at(f64::from(ms) / 1000.0, 1.0) > 0.5;
            if closed && !shut {
                starts.push(f64::from(ms) / 1000.0);
            }
            shut = closed;
        }
        let pauses: Vec<f64> = starts.windows(2).map(|p| p[1] - p[0]).collect();
        assert!(
            pauses.iter().all(|p| (1.99..=6.01).contains(p)),
            "{pauses:?}"
        );
        let mean = pauses.iter().sum::<f64>() / pauses.len() as f64;
        assert!((mean - 4.0).abs() < 0.4, "mean {mean} of {}", pauses.len());
    }

    #[test]
    fn at_25_frames_a_second_every_blink_is_seen() {
        let mut blink = Blink::new(Dice::new(1));
        let mut fine = Blink::new(Dice::new(1));
        let seen = (0..2500)
            .map(|i| blink.at(f64::from(i) * 0.04, 1.0))
            .collect::<Vec<_>>();
        let peaks = seen
            .windows(3)
            .filter(|w| w[1] > 0.6 && w[1] >= w[0] && w[1] > w[2])
            .count();
        let mut starts = std::collections::BTreeSet::new();
        for ms in 0..100_000u32 {
            fine.at(f64::from(ms) / 1000.0, 1.0);
            starts.insert((fine.start * 1e6) as u64);
        }
        assert!(
            peaks + 1 >= starts.len() - 1,
            "{peaks} seen of {}",
            starts.len()
        );
    }
}
