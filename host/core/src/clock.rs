//! The media clock: which media time a listener hears now.
//!
//! Media time runs with real time while somebody listens, stands still while nobody does, and may
//! jump ahead (after an interrupt, over what was sent but never heard). It never goes back.

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
    /// Between turns video leaves at most this much ahead.
    pub idle_lead_us: Micros,
    /// Audio held ready beyond what has left; above it the voice has to wait.
    pub ready_us: Micros,
}

impl Default for Pacing {
    fn default() -> Self {
        Pacing {
            realtime: true,
            audio_lead_us: 400_000,
            playout_us: 120_000,
            idle_lead_us: 40_000,
            ready_us: 5_000_000,
        }
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
    fn it_runs_stands_and_jumps_but_never_goes_back() {
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
    }
}
