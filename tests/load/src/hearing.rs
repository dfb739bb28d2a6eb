//! What somebody hears: where the sound of a turn breaks off, and for how long.

use std::time::{Duration, Instant};

/// What a client gathers before it starts to play: the server's `playout_ms`.
const PLAYOUT: Duration = Duration::from_millis(120);

/// Plays the sound of one turn as a client does: from `PLAYOUT` after the first piece on, each at its
/// media time, and one that comes too late for that at once.
#[derive(Debug, Default)]
pub(crate) struct Hearing {
    /// When the first piece is played, and its media time.
    start: Option<(Instant, u64)>,
    /// When all that is there has been played.
    end: Option<Instant>,
    gap: Duration,
}

impl Hearing {
    /// A piece arrived; times in microseconds.
    pub(crate) fn arrived(&mut self, at: Instant, pts_us: u64, duration_us: u64) {
        let (start, first) = *self.start.get_or_insert((at + PLAYOUT, pts_us));
        let due = start + Duration::from_micros(pts_us.saturating_sub(first));
        let played = due.max(at);
        if let Some(end) = self.end {
            self.gap = self.gap.max(played.saturating_duration_since(end));
        }
        let played = self.end.map_or(played, |end| played.max(end));
        self.end = Some(played + Duration::from_micros(duration_us));
    }

    /// The longest silence between two pieces.
    pub(crate) fn gap(&self) -> Duration {
        self.gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(pieces: &[(u64, u64)]) -> u128 {
        let (now, mut hearing) = (Instant::now(), Hearing::default());
        for (came_ms, pts_ms) in pieces {
            let at = now + Duration::from_millis(*came_ms);
            hearing.arrived(at, pts_ms * 1_000, 20_000);
        }
        hearing.gap().as_millis()
    }

    #[test]
    fn what_comes_within_the_buffer_is_not_missed() {
        assert_eq!(gap(&[(0, 500), (20, 520), (160, 540), (161, 560)]), 0);
    }

    #[test]
    fn what_comes_later_breaks_the_sound_until_it_comes() {
        // The first two are played until 160; the third comes at 300.
        assert_eq!(gap(&[(0, 500), (20, 520), (300, 540), (301, 560)]), 140);
    }

    #[test]
    fn a_hole_in_media_time_is_heard_too() {
        assert_eq!(gap(&[(0, 500), (20, 520), (30, 700)]), 160);
        assert_eq!(gap(&[]), 0);
    }
}
