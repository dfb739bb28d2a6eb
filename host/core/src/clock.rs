//! The media clock: which media time a listener hears now.
//!
//! Media time runs with real time while somebody listens, stands still while nobody does, and may
//! jump ahead (after an interrupt, over what was sent but never heard). It goes back only for a
//! listener who lost the stream and resumes it where it was.

use crate::media::Micros;

/// How far ahead of the listener media may leave.
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
    /// Media leaves at multiples of this of the host's clock, at most so much later than it might:
    /// sessions that are woken together cost less than the same number one by one.
    pub grain_us: Micros,
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
        }
    }
}

impl Pacing {
    /// When to look at what may leave at `at` of the host's clock.
    pub(crate) fn together(&self, at: Micros) -> Micros {
        at.checked_next_multiple_of(self.grain_us).unwrap_or(at)
    }
}

/// Maps real time (any monotonic clock, microseconds) to media time.
#[derive(Clone, Copy, Debug, Default)]
pub struct MediaClock {
    media: Micros,
    since: Option<Micros>,
}

impl MediaClock {
    /// The media time that is heard at `now`.
    pub fn media(&self, now: Micros) -> Micros {
        self.media + self.since.map_or(0, |since| now.saturating_sub(since))
    }

    /// The real time at which `media` is heard; none while the clock stands.
    pub fn real(&self, media: Micros) -> Option<Micros> {
        self.since
            .map(|since| since + media.saturating_sub(self.media))
    }

    /// Let it run.
    pub fn start(&mut self, now: Micros) {
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
    }

    /// Jump to `media` if that is ahead.
    pub fn jump(&mut self, now: Micros, media: Micros) {
        self.media = self.media(now).max(media);
        self.since = self.since.map(|_| now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_any_phase_are_woken_together() {
        let pacing = Pacing::default();
        let woken = [40_001, 53_456, 80_000].map(|at| pacing.together(at));
        assert_eq!(woken, [80_000; 3]);
        assert_eq!(pacing.together(Micros::MAX), Micros::MAX, "never is never");
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
}
