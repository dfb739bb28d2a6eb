//! A turn's account of how far the picture was from the sound.

use crate::events::DriftMetrics;
use crate::media::Micros;

/// The frames of a turn that were shown, and how often the controller stepped in.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// By how much each frame was late, in microseconds.
    late: Vec<u32>,
    pub(super) corrections: u32,
}

impl Account {
    /// A frame was shown so late.
    pub(super) fn shown(&mut self, late: Micros) {
        self.late.push(u32::try_from(late).unwrap_or(u32::MAX));
    }

    /// In milliseconds; negative: video late.
    pub(super) fn metrics(&self) -> DriftMetrics {
        let mut sorted = self.late.clone();
        sorted.sort_unstable();
        let ms = |late: u32| -f64::from(late) / 1_000.0;
        let (Some(&max), n) = (sorted.last(), sorted.len()) else {
            return DriftMetrics::default();
        };
        let p95 = sorted
            .get((n * 95).div_ceil(100).saturating_sub(1))
            .copied()
            .unwrap_or(max);
        let sum: u64 = sorted.iter().map(|&late| u64::from(late)).sum();
        // Negating a zero would show as "-0".
        let tidy = |value: f64| if value == 0.0 { 0.0 } else { value };
        DriftMetrics {
            mean: tidy(-(sum as f64) / n as f64 / 1_000.0),
            p95: tidy(ms(p95)),
            max: tidy(ms(max)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_is_negative_and_the_worst_is_told() {
        let mut account = Account::default();
        assert_eq!(account.metrics(), DriftMetrics::default());
        for late in [0, 0, 20_000] {
            account.shown(late);
        }
        let metrics = account.metrics();
        assert_eq!((metrics.p95, metrics.max), (-20.0, -20.0));
        assert!((metrics.mean + 20.0 / 3.0).abs() < 1e-9, "{metrics:?}");
    }
}
