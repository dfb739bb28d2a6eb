//! The media clock: which media time a listener hears now.
//!
//! Media time runs while somebody listens, stands still while nobody does, and may jump ahead (after an
//! interrupt, over what was sent but never heard). It goes back only for a listener who lost the stream and
//! resumes it where it was. It runs with real time, or, where the client reports what it has played, with
//! the listener's sound card (up to 5 % faster or slower).

mod listener;

pub use listener::Ignored;

use crate::media::{Micros, SECOND};
use listener::{Listener, MAX_STEER};
use std::ops::RangeInclusive;

/// Groups of sessions at most.
pub(crate) const GROUPS: usize = 8;
/// Sessions in a group before the next one is begun.
const GROUP_SIZE: usize = 50;

/// How far ahead of the listener media may leave, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pacing {
    /// False: nothing waits for its time (a file is made).
    pub realtime: bool,
    /// Audio leaves at most this much ahead.
    pub audio_lead_us: Micros,
    /// A turn's first audio is due this much after it was ready, which is the listener's buffer.
    pub playout_us: Micros,
    /// Between turns video leaves at most this much ahead; more than the grain, or it would leave late.
    pub idle_lead_us: Micros,
    /// Audio held ready beyond what has left; above it the voice has to wait.
    pub ready_us: Micros,
    /// Media leaves once in so much of the host's clock, at most so much later than it might: sound and
    /// picture that leave in one go cost less than one by one, and so do sessions that are woken together.
    pub grain_us: Micros,
    /// How far behind the multiples of the grain that is; less than the grain.
    pub behind_us: Micros,
}

impl Default for Pacing {
    fn default() -> Self {
        Pacing {
            realtime: true,
            audio_lead_us: 400_000,
            playout_us: 120_000,
            idle_lead_us: 60_000,
            ready_us: 5_000_000,
            grain_us: 40_000,
            behind_us: 0,
        }
    }
}

impl Pacing {
    /// When to look at what may leave at `at` of the host's clock.
    pub(crate) fn together(&self, at: Micros) -> Micros {
        let since = at.saturating_sub(self.behind_us);
        let turn = since.checked_next_multiple_of(self.grain_us);
        turn.and_then(|turn| turn.checked_add(self.behind_us))
            .unwrap_or(at)
    }

    /// The same for a session of this group: groups are woken one after the other.
    pub(crate) fn in_group(self, group: usize) -> Self {
        let group = Micros::try_from(group % GROUPS).unwrap_or_default();
        let groups = GROUPS as Micros;
        Pacing {
            behind_us: self.grain_us * group / groups,
            ..self
        }
    }
}

/// The group for one more session, given how many there are in each. Few sessions are woken together, which
/// is cheap. Of many hundred, whoever interrupts one would wait until all the others have sent: with 200 in
/// one group, one interrupt in a hundred took 13 ms, in four groups 4.5 (two cores).
pub(crate) fn group_for_next(sizes: [usize; GROUPS]) -> usize {
    let roomy = sizes.iter().position(|size| *size < GROUP_SIZE);
    let smallest = || sizes.iter().enumerate().min_by_key(|(_, size)| **size);
    roomy
        .or_else(|| smallest().map(|(group, _)| group))
        .unwrap_or_default()
}

/// Maps real time (any monotonic clock, microseconds) to media time.
#[derive(Clone, Debug, Default)]
pub struct MediaClock {
    media: Micros,
    since: Option<Micros>,
    /// How much faster than real time it runs, in millionths.
    faster: i32,
    listener: Listener,
}

impl MediaClock {
    /// The media time that is heard at `now`.
    pub fn media(&self, now: Micros) -> Micros {
        let passed = self.since.map_or(0, |since| now.saturating_sub(since));
        let passed = u128::from(passed) * self.pace() / u128::from(SECOND);
        let passed = Micros::try_from(passed).unwrap_or(Micros::MAX);
        self.media.saturating_add(passed)
    }

    /// The real time at which `media` is heard; none while the clock stands.
    pub fn real(&self, media: Micros) -> Option<Micros> {
        let ahead = u128::from(media.saturating_sub(self.media)) * u128::from(SECOND);
        // Rounded up: at that time it is heard.
        let ahead = Micros::try_from(ahead.div_ceil(self.pace())).unwrap_or(Micros::MAX);
        self.since.map(|since| since.saturating_add(ahead))
    }

    /// What the listener plays in `real` time: their clock as it was learnt, without what this one is
    /// steered by to catch up with it.
    pub fn plays(&self, real: Micros) -> Micros {
        let played = real as f64 * (1.0 + self.listener.skew());
        played.round() as Micros
    }

    /// How fast it runs: 1 is real time, and it is 0.95 to 1.05.
    pub fn rate(&self) -> f64 {
        1.0 + f64::from(self.faster) / 1e6
    }

    /// Let it run. Whose sound card it may have been locked to is forgotten.
    pub fn start(&mut self, now: Micros) {
        self.listener = Listener::default();
        self.steer(now, 0.0);
        self.media = self.media(now);
        self.since = Some(now);
    }

    /// Let it stand.
    pub fn stop(&mut self, now: Micros) {
        self.media = self.media(now);
        self.since = None;
    }

    /// Set it to `media`, be it behind: a listener goes on where it was.
    pub fn set(&mut self, now: Micros, media: Micros) {
        self.media = media;
        self.since = self.since.map(|_| now);
        self.listener.forget();
    }

    /// Jump to `media` if that is ahead.
    pub fn jump(&mut self, now: Micros, media: Micros) {
        self.media = self.media(now).max(media);
        self.since = self.since.map(|_| now);
        self.listener.forget();
    }

    /// The client reports that it has played up to `position`, as it was when its own clock showed `client`,
    /// if it tells; `sent` is what it has of this turn's sound. The clock is steered towards the listener's,
    /// without a step.
    ///
    /// # Errors
    /// Why the report is not followed; the clock runs on as before.
    pub fn played(
        &mut self,
        now: Micros,
        position: Micros,
        client: Option<Micros>,
        sent: RangeInclusive<Micros>,
    ) -> Result<(), Ignored> {
        if self.since.is_none() {
            return Err(Ignored::Still);
        }
        let at = self.listener.read_at(now, client)?;
        // What we thought was heard then; a report may be faster than the first one was.
        let media = match at.checked_sub(now) {
            Some(ahead) => self.media(now) + ahead,
            None => {
                let passed = (now - at) as f64 * self.rate();
                self.media(now).saturating_sub(passed.round() as Micros)
            }
        };
        let faster = self.listener.report(at, media, position, &sent)?;
        self.steer(now, faster);
        Ok(())
    }

    /// Time passes. Where no report comes any more the clock runs on as it has learnt.
    pub fn settle(&mut self, now: Micros) {
        if let Some(faster) = self.listener.rest(now) {
            self.steer(now, faster);
        }
    }

    fn steer(&mut self, now: Micros, faster: f64) {
        let faster = faster.clamp(-MAX_STEER, MAX_STEER) * 1e6;
        // It fits: the bounds are far within an i32.
        let faster = faster.round() as i32;
        if faster != self.faster {
            self.media = self.media(now);
            self.since = self.since.map(|_| now);
            self.faster = faster;
        }
    }

    /// Media microseconds in a second.
    fn pace(&self) -> u128 {
        u128::from(SECOND.saturating_add_signed(i64::from(self.faster)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_a_group_are_woken_together_and_groups_one_after_the_other() {
        for group in 0..GROUPS {
            let pacing = Pacing::default().in_group(group);
            let first = 40_000 + 5_000 * group as Micros;
            let woken = [1, 13_456, 40_000].map(|after| pacing.together(first + after));
            assert_eq!(woken, [first + 40_000; 3]);
            assert_eq!(pacing.together(0), first - 40_000);
            assert_eq!(pacing.together(Micros::MAX), Micros::MAX, "never is never");
        }
    }

    #[test]
    fn a_group_is_begun_when_the_last_one_is_full_and_gaps_are_filled() {
        let mut sizes = [0; GROUPS];
        for _ in 0..GROUPS * GROUP_SIZE + 3 {
            sizes[group_for_next(sizes)] += 1;
        }
        assert_eq!(sizes[..4], [51, 51, 51, 50]);
        sizes[5] = 7;
        assert_eq!(group_for_next(sizes), 5);
        assert_eq!(group_for_next([0; GROUPS]), 0);
    }

    #[test]
    fn it_runs_stands_and_jumps_and_goes_back_only_when_set() {
        let mut clock = MediaClock::default();
        assert_eq!(clock.media(50), 0);
        clock.start(100);
        assert_eq!(clock.media(150), 50);
        assert_eq!(clock.real(80), Some(180));
        clock.stop(200);
        assert_eq!(clock.media(900), 100);
        assert_eq!(clock.real(100), None);
        clock.start(1_000);
        clock.jump(1_010, 500);
        assert_eq!(clock.media(1_020), 510);
        clock.jump(1_030, 3);
        assert_eq!(clock.media(1_030), 520);
        clock.set(1_040, 400);
        assert_eq!(clock.media(1_050), 410);
    }

    #[test]
    fn a_steered_clock_is_continuous_and_hears_what_it_waited_for() {
        let mut clock = MediaClock::default();
        clock.start(0);
        for (now, faster) in [(1_000_003, 0.05), (2_000_001, -0.05), (3_000_007, 0.0123)] {
            let before = clock.media(now);
            clock.steer(now, faster);
            assert_eq!(clock.media(now), before);
            for ahead in [1, 2, 19, 12_345, 400_000] {
                let at = clock.real(before + ahead).unwrap();
                assert!(clock.media(at) >= before + ahead && clock.media(at - 1) < before + ahead);
            }
        }
        clock.steer(4_000_000, -9.0);
        assert_eq!(clock.real(Micros::MAX), Some(Micros::MAX), "never is never");
        clock.steer(4_000_000, 9.0);
        assert_eq!(clock.rate(), 1.05);
        assert_eq!(clock.plays(1_000_000), 1_000_000, "nobody reported");
        clock.start(5_000_000);
        assert_eq!(clock.rate(), 1.0, "another reader has another clock");
    }
}
