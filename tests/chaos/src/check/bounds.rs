//! Nothing piles up and nobody waits for ever.

use super::{Checked, ensure};
use tth_core::events::ServerEvent;
use tth_core::media::{Micros, SECOND};
use tth_core::outbox::OutboxLimits;

/// Outputs that one input may have. A whole answer is given to the voice of a file at once.
const MOST_OUTPUTS: usize = 1_024;
/// Sound that the session may hold beyond what has left: what it keeps ready, what may leave early,
/// and a chunk.
const MOST_HELD_US: Micros = 5_400_000 + SECOND;
/// Utterances that a voice may have to speak at a time.
const MOST_GIVEN: u32 = 2;
/// How long a lossless queue may grow beyond the mark at which the session stops asking.
const LOSSLESS_EVENTS: usize = 64 + 32;
/// What scheduling may add to a budget: a retry's pause, media that leaves in steps.
const SLACK_US: Micros = 700_000;

/// What is held, and since when nothing has happened.
#[derive(Debug)]
pub struct Bounds {
    limits: OutboxLimits,
    realtime: bool,
    /// The longest that a stage may take.
    patience_us: Micros,
    /// When something last happened in the turn, or will until.
    busy_until: Micros,
    held_us: Micros,
    given: u32,
    /// Events that are sent once more to a reader that resumed.
    again: usize,
}

impl Bounds {
    /// For queues of these limits; `patience_us`: what a stage is given, and the mapper takes.
    pub fn new(limits: OutboxLimits, realtime: bool, patience_us: Micros) -> Self {
        Bounds {
            limits,
            realtime,
            patience_us: patience_us + SLACK_US,
            busy_until: 0,
            held_us: 0,
            given: 0,
            again: 0,
        }
    }

    /// A reader resumes: so many events are sent once more, and it listens to them until then.
    pub fn resumed(&mut self, again: usize, until: Micros) {
        self.again += again;
        self.alive(until);
    }

    /// Something happens that a turn may wait for.
    pub fn alive(&mut self, now: Micros) {
        self.busy_until = self.busy_until.max(now);
    }

    /// A turn is going on.
    ///
    /// # Errors
    /// If nothing has happened in it for longer than any budget allows.
    pub fn waits(&self, now: Micros) -> Checked {
        ensure(
            now <= self.busy_until + self.patience_us,
            "nobody waits longer than a budget",
            || {
                let since = now - self.busy_until;
                format!(
                    "nothing has happened for {since} us at {now}; {} is the most",
                    self.patience_us
                )
            },
        )
    }

    pub(super) fn sent(&mut self, now: Micros, event: &ServerEvent) {
        match event {
            ServerEvent::Audio(chunk) => {
                let length = chunk.duration_us();
                self.held_us = self.held_us.saturating_sub(length);
                // It is heard for so long, and up to its lead and the listener's buffer later.
                let lead = if self.realtime { 520_000 } else { 0 };
                self.busy_until = self.busy_until.max(now + lead + length);
            }
            ServerEvent::TurnStarted => {
                (self.held_us, self.given) = (0, 0);
                self.alive(now);
            }
            ServerEvent::TurnEnded { .. } => self.held_us = 0,
            ServerEvent::ProviderSwitched { .. } | ServerEvent::Error { .. } => self.alive(now),
            _ => {}
        }
    }

    /// The session has taken an input.
    ///
    /// # Errors
    /// If it wants too much done at once.
    pub fn outputs(&self, count: usize) -> Checked {
        ensure(count <= MOST_OUTPUTS, "queues within bounds", || {
            format!("{count} outputs of one input")
        })
    }

    /// Sound reaches the session.
    ///
    /// # Errors
    /// If it takes more than it may hold.
    pub fn took_sound(&mut self, length: Micros) -> Checked {
        self.held_us += length;
        ensure(
            !self.realtime || self.held_us <= MOST_HELD_US,
            "queues within bounds",
            || format!("{} us of sound are held", self.held_us),
        )
    }

    /// The voice was replaced: what was held of the last one may be gone.
    pub fn new_voice(&mut self) {
        (self.held_us, self.given) = (0, 0);
    }

    /// A voice is given an utterance.
    ///
    /// # Errors
    /// If it has enough.
    pub fn gave(&mut self) -> Checked {
        self.given += 1;
        ensure(
            !self.realtime || self.given <= MOST_GIVEN,
            "queues within bounds",
            || format!("a voice has {} utterances to speak", self.given),
        )
    }

    /// The voice has spoken one.
    pub fn spoke(&mut self) {
        self.given = self.given.saturating_sub(1);
    }

    /// A reader has taken all there was at one moment.
    ///
    /// # Errors
    /// If that was more than may wait.
    pub fn drained(&mut self, events: usize, media_bytes: usize) -> Checked {
        let again = std::mem::take(&mut self.again);
        let (most, most_bytes) = match (self.limits.lossless, again) {
            (true, _) => (LOSSLESS_EVENTS, usize::MAX),
            (false, 0) => (self.limits.events, self.limits.hard_bytes),
            // What is kept to be sent again has bounds of its own.
            (false, _) => {
                let kept = self.limits.hard_bytes + self.limits.replay_bytes;
                (self.limits.events + again, kept)
            }
        };
        ensure(
            events <= most && media_bytes <= most_bytes,
            "queues within bounds",
            || format!("{events} events with {media_bytes} bytes waited for a reader"),
        )
    }

    /// A turn is over.
    ///
    /// # Errors
    /// If its calls go on.
    pub fn over(&self, model: bool, voice: bool) -> Checked {
        ensure(!model && !voice, "no call outlives its turn", || {
            format!("language model: {model}, voice: {voice}")
        })
    }
}
