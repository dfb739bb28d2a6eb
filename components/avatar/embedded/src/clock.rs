//! The frame clock: which media time the next frame shows.
//!
//! Frame n lies at n / fps from the start of the call, plus whatever corrections have shifted it. It never
//! stands still and never runs back behind a frame that was given out.

/// The least distance of two frames when a correction holds the clock back, in microseconds.
const MIN_STEP_US: u64 = 1_000;

/// When a frame is shown, in microseconds on the call's media timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Its start.
    pub at: u64,
    /// How long it stays.
    pub duration: u32,
}

/// Counts frames.
#[derive(Clone, Debug)]
pub struct Clock {
    fps: u64,
    count: u64,
    shift: i64,
    last: Option<u64>,
}

impl Clock {
    /// A clock of `fps` frames per second; 0 is taken for 1.
    pub fn new(fps: u32) -> Clock {
        Clock {
            fps: u64::from(fps.max(1)),
            count: 0,
            shift: 0,
            last: None,
        }
    }

    /// Moves the frames that are still to come: positive skips ahead, negative holds back.
    pub fn correct(&mut self, shift_us: i64) {
        self.shift = self.shift.saturating_add(shift_us);
    }

    /// The last frame given out, or 0 before the first.
    pub fn now(&self) -> u64 {
        self.last.unwrap_or(0)
    }

    /// Gives out the next frame.
    pub fn tick(&mut self) -> Tick {
        let (start, end) = (self.nominal(self.count), self.nominal(self.count + 1));
        let wanted = start.saturating_add_signed(self.shift);
        let at = self
            .last
            .map_or(wanted, |last| wanted.max(last + MIN_STEP_US));
        // What could not be held back is forgotten, or the clock would crawl for a long time.
        self.shift = at as i64 - start as i64;
        self.last = Some(at);
        self.count += 1;
        Tick {
            at,
            duration: u32::try_from(end - start).unwrap_or(u32::MAX),
        }
    }

    fn nominal(&self, count: u64) -> u64 {
        count * 1_000_000 / self.fps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_do_not_accumulate_rounding() {
        let mut clock = Clock::new(30);
        let ticks: Vec<Tick> = (0..=300).map(|_| clock.tick()).collect();
        assert_eq!(ticks[300].at, 10_000_000);
        for pair in ticks.windows(2) {
            assert_eq!(pair[0].at + u64::from(pair[0].duration), pair[1].at);
        }
    }

    #[test]
    fn corrections_move_the_next_frame_and_all_later_ones() {
        let mut clock = Clock::new(25);
        clock.tick();
        clock.correct(60_000);
        assert_eq!(clock.tick().at, 100_000);
        clock.correct(-20_000);
        assert_eq!(clock.tick().at, 120_000);
        assert_eq!(clock.tick().at, 160_000);
    }

    #[test]
    fn time_never_runs_back() {
        let mut clock = Clock::new(25);
        for _ in 0..10 {
            clock.tick();
        }
        clock.correct(i64::MIN);
        assert_eq!(clock.tick().at, 361_000);
        assert_eq!(
            clock.tick().at,
            401_000,
            "the clock runs on at its usual pace"
        );
    }

    #[test]
    fn a_rewind_before_the_first_frame_stays_at_zero() {
        let mut clock = Clock::new(25);
        clock.correct(-500_000);
        assert_eq!(clock.tick().at, 0);
        assert_eq!(clock.tick().at, 40_000);
    }
}
