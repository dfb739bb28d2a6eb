//! How far the picture is from the sound, and when to ask the face to catch up.
//!
//! Audio is the master clock. A frame that leaves before it is due is held by the viewer until its
//! time, so it is exactly in step; one that leaves after it was due shows by that much too late.

use crate::events::DriftMetrics;
use crate::media::Micros;

/// A frame this much late makes the controller step in: two frames at 25 a second, well inside the
/// -60 ms that EBU R37 allows for late video once one frame of reaction is added.
const TOLERANCE_US: Micros = 80_000;
/// After a correction the face gets this long to follow before it is asked again.
const SETTLE_US: Micros = 500_000;

/// Watches the frames of a session.
#[derive(Debug, Default)]
pub struct Drift {
    samples: Vec<u32>,
    corrections: u32,
    asked_at: Option<Micros>,
}

impl Drift {
    /// Start a turn's account.
    pub fn reset(&mut self) {
        self.samples.clear();
        self.corrections = 0;
    }

    /// A frame due at `at` leaves when `media` is heard. Returns by how many microseconds the face
    /// should skip ahead, if it should.
    pub fn frame(&mut self, at: Micros, media: Micros, speaking: bool) -> Option<u32> {
        let late = media.saturating_sub(at);
        if speaking {
            self.samples.push(u32::try_from(late).unwrap_or(u32::MAX));
        }
        let settling = self.asked_at.is_some_and(|asked| media < asked + SETTLE_US);
        if late <= TOLERANCE_US || settling {
            return None;
        }
        self.asked_at = Some(media);
        self.corrections += u32::from(speaking);
        u32::try_from(late).ok()
    }

    /// Times the controller stepped in during this turn.
    pub fn corrections(&self) -> u32 {
        self.corrections
    }

    /// The turn's account in milliseconds; negative: video late.
    pub fn metrics(&self) -> DriftMetrics {
        let mut sorted = self.samples.clone();
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
    fn early_frames_are_in_step_and_late_ones_count() {
        let mut drift = Drift::default();
        assert_eq!(drift.frame(100_000, 60_000, true), None);
        assert_eq!(drift.frame(140_000, 160_000, true), None);
        let metrics = drift.metrics();
        assert_eq!((metrics.mean, metrics.max), (-10.0, -20.0));
    }

    #[test]
    fn a_late_face_is_asked_once_and_then_given_time() {
        let mut drift = Drift::default();
        assert_eq!(drift.frame(0, 200_000, true), Some(200_000));
        assert_eq!(drift.frame(40_000, 240_000, true), None);
        assert_eq!(drift.frame(400_000, 800_000, true), Some(400_000));
        assert_eq!(drift.corrections(), 2);
    }
}
