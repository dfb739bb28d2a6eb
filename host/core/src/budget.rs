//! How long a stage may take, and the arithmetic of when it has taken too long.
//!
//! Only time during which a provider owes an output counts; pacing, and a voice that has nothing to say,
//! are not its fault. Each of the three parts has its own question:
//!
//! - `first_output`: how long does a user wait before somebody else is asked? It counts from the first
//!   attempt: what an earlier one took, and the pause after it, is gone.
//! - `gap`: how long may it stop in the middle?
//! - `total`: how long may it go on like that? For a language model this is the time from its call to its
//!   end. A voice is paid for the sound it makes, second for second: what counts is how far it has fallen
//!   behind its own speech, or a long answer of a voice about as fast as its speech would run out of it.
//!   A face has no total: its call lasts as long as somebody watches.

use crate::media::Micros;

/// What a stage is given before it counts as failed, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Until its first output.
    pub first_output_us: Micros,
    /// Between two outputs.
    pub gap_us: Micros,
    /// In one turn, as far as it owes output; not less than `first_output_us`.
    pub total_us: Micros,
}

impl Default for Budget {
    fn default() -> Self {
        Budget {
            first_output_us: 5_000_000,
            gap_us: 5_000_000,
            total_us: 60_000_000,
        }
    }
}

/// How much of its budget a provider has used in a turn. All times are monotonic.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// When its next output must be there; none: it owes nothing.
    due: Option<Micros>,
    /// Since when it owes that.
    since: Option<Micros>,
    /// What it has used of its total before that.
    spent: Micros,
    /// What attempts that failed, and the pauses after them, have used of its first output's time.
    wasted: Micros,
}

impl Meter {
    /// When the next output must be there.
    pub(crate) fn due(&self) -> Option<Micros> {
        self.due
    }

    /// From now on an output is owed, within `allowed`. What is owed already keeps its time.
    pub(crate) fn owe(&mut self, now: Micros, allowed: Micros, budget: Budget) {
        if self.due.is_none() {
            let left = budget.total_us.saturating_sub(self.spent);
            self.since = Some(now);
            self.due = Some(now + allowed.min(left));
        }
    }

    /// Nothing is owed any more: an output came, or it is not its turn.
    pub(crate) fn rest(&mut self, now: Micros) {
        if let Some(since) = self.since.take() {
            self.spent += now.saturating_sub(since);
        }
        self.due = None;
    }

    /// Nobody listens: what it owes is not counted until it goes on.
    pub(crate) fn hold(&mut self, now: Micros) {
        if let Some(since) = self.since.take() {
            self.spent += now.saturating_sub(since);
        }
    }

    /// Somebody listens again: what it owes is owed within `allowed` from now on.
    pub(crate) fn go_on(&mut self, now: Micros, allowed: Micros, budget: Budget) {
        if self.due.take().is_some() {
            self.since = None;
            self.owe(now, allowed, budget);
        }
    }

    /// It made this much sound.
    pub(crate) fn earn(&mut self, sound: Micros) {
        self.spent = self.spent.saturating_sub(sound);
    }

    /// It is asked once more after a failure.
    pub(crate) fn again(&mut self, now: Micros) {
        self.rest(now);
        self.wasted = self.spent;
    }

    /// What it is given for its first output, as far as that is not gone.
    pub(crate) fn first(&self, budget: Budget) -> Micros {
        budget.first_output_us.saturating_sub(self.wasted)
    }

    /// What is left of that now.
    pub(crate) fn first_left(&self, now: Micros, budget: Budget) -> Micros {
        let owed = self.since.map_or(0, |since| now.saturating_sub(since));
        budget.first_output_us.saturating_sub(self.spent + owed)
    }

    /// Whether what is owed is late.
    pub(crate) fn overdue(&self, now: Micros) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Whether all of the budget is used, not only what there is for the next output.
    pub(crate) fn exhausted(&self, now: Micros, budget: Budget) -> bool {
        let owed = self.since.map_or(0, |since| now.saturating_sub(since));
        self.spent + owed >= budget.total_us
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Meter};

    const BUDGET: Budget = Budget {
        first_output_us: 100,
        gap_us: 50,
        total_us: 300,
    };

    #[test]
    fn what_is_owed_keeps_its_time_until_it_comes() {
        let mut meter = Meter::default();
        assert!(!meter.overdue(u64::MAX), "it owes nothing");
        meter.owe(1_000, meter.first(BUDGET), BUDGET);
        meter.owe(1_090, meter.first(BUDGET), BUDGET);
        assert_eq!(meter.due(), Some(1_100));
        assert!(!meter.overdue(1_099) && meter.overdue(1_100));
        assert!(!meter.exhausted(1_100, BUDGET), "only late");
        meter.rest(1_080);
        assert!(!meter.overdue(u64::MAX), "it came");
    }

    #[test]
    fn while_nobody_listens_nothing_is_counted() {
        let mut meter = Meter::default();
        meter.owe(1_000, meter.first(BUDGET), BUDGET);
        meter.hold(1_040);
        meter.go_on(9_000, meter.first(BUDGET), BUDGET);
        assert_eq!(meter.due(), Some(9_100));
        assert!(!meter.exhausted(9_259, BUDGET) && meter.exhausted(9_260, BUDGET));
        meter.rest(9_001);
        meter.go_on(9_002, 5, BUDGET);
        assert_eq!(meter.due(), None, "it owes nothing");
    }

    #[test]
    fn the_total_ends_it_however_often_something_comes() {
        let mut meter = Meter::default();
        let mut now = 0;
        for _ in 0..29 {
            meter.owe(now, BUDGET.gap_us, BUDGET);
            now += 10;
            assert!(!meter.overdue(now), "at {now}");
            meter.rest(now);
            // Time in which it owes nothing is free.
            now += 1_000;
        }
        meter.owe(now, BUDGET.gap_us, BUDGET);
        assert_eq!(meter.due(), Some(now + 10), "less than a gap is left");
        assert!(meter.overdue(now + 10) && meter.exhausted(now + 10, BUDGET));
    }

    #[test]
    fn sound_pays_for_the_time_it_took_and_no_more() {
        let mut meter = Meter::default();
        for now in (0..10_000).step_by(40) {
            meter.owe(now, BUDGET.gap_us, BUDGET);
            assert_eq!(meter.due(), Some(now + BUDGET.gap_us));
            meter.rest(now + 40);
            meter.earn(45);
        }
        meter.owe(10_000, 10_000, BUDGET);
        assert_eq!(meter.due(), Some(10_300), "nothing was saved up");
    }

    #[test]
    fn another_attempt_has_what_the_first_one_left() {
        let mut meter = Meter::default();
        meter.owe(0, meter.first(BUDGET), BUDGET);
        assert_eq!(meter.first_left(30, BUDGET), 70);
        meter.rest(50);
        assert_eq!(
            meter.first_left(55, BUDGET),
            50,
            "also when it has just failed"
        );
        meter.owe(50, BUDGET.gap_us, BUDGET);
        meter.again(60);
        assert_eq!(meter.first_left(60, BUDGET), 40);
        meter.owe(60, meter.first(BUDGET), BUDGET);
        assert_eq!(meter.due(), Some(100), "as if it had been asked only once");
    }
}
