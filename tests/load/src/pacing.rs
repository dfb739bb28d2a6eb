//! How much a client would have had to buffer to play a turn without a gap.

use std::time::Instant;

/// Follows the media of one kind of one turn.
///
/// A client that starts to play at the first arrival and keeps real time needs each piece by
/// `first arrival + (pts - first pts)`. What comes later than that has to be bridged by starting
/// later: the latest piece decides.
#[derive(Debug, Default)]
pub(crate) struct Playout {
    start: Option<(Instant, u64)>,
    needed_us: u64,
    pieces: u32,
}

impl Playout {
    /// A piece of media that is due at `pts_us` arrived.
    pub(crate) fn arrived(&mut self, at: Instant, pts_us: u64) {
        let (first, first_pts) = *self.start.get_or_insert((at, pts_us));
        let due_us = pts_us.saturating_sub(first_pts);
        let came_us = u64::try_from(at.duration_since(first).as_micros()).unwrap_or(u64::MAX);
        self.needed_us = self.needed_us.max(came_us.saturating_sub(due_us));
        self.pieces += 1;
    }

    /// The buffer that would have been needed, in milliseconds.
    pub(crate) fn needed_ms(&self) -> f64 {
        self.needed_us as f64 / 1e3
    }

    /// Pieces that arrived.
    pub(crate) fn pieces(&self) -> u32 {
        self.pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_latest_piece_decides_and_early_ones_are_no_credit() {
        let start = Instant::now();
        let mut playout = Playout::default();
        for (came_ms, pts_ms) in [(0, 500), (0, 520), (75, 540), (60, 560), (81, 580)] {
            playout.arrived(start + Duration::from_millis(came_ms), pts_ms * 1_000);
        }
        assert_eq!(playout.needed_ms(), 35.0);
        assert_eq!(playout.pieces(), 5);
    }

    #[test]
    fn what_is_in_time_needs_no_buffer() {
        let start = Instant::now();
        let mut playout = Playout::default();
        for n in 0..10 {
            playout.arrived(start + Duration::from_millis(n * 20), n * 20_000);
        }
        assert_eq!(playout.needed_ms(), 0.0);
    }
}
