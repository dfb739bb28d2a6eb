//! What has left and may have to leave again: a stream that broke is resumed from the last event
//! that its reader saw.
//!
//! Kept are words and sound, not pictures: they are large, and stale at once. The face draws anew
//! from the end of the last picture that was seen, so only where pictures end is noted.

use crate::events::ServerEvent;
use crate::ids::TurnId;
use crate::media::Micros;
use std::collections::VecDeque;
use thiserror::Error;

/// Events that are kept at most.
const EVENTS: usize = 4096;
/// Pictures whose end is noted: half a minute of them at 60 a second, in 32 KiB.
const PICTURES: usize = 2048;
/// What an event takes beside its media, roughly.
const EVENT_BYTES: usize = 256;

/// Why a stream cannot be resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Nobody has seen that event.
    #[error("the last event of this session was {last}")]
    Future {
        /// The highest number that was given.
        last: u64,
    },
    /// What followed was dropped.
    #[error("what followed that event is no longer kept")]
    Dropped,
    /// The session waits for nobody.
    #[error("the stream was closed, or lost for too long: the session does not wait for it")]
    NotAwaited,
}

/// An event that was not seen, and its turn.
pub(super) type Unseen = (Option<TurnId>, ServerEvent);

/// An event that has left.
#[derive(Debug)]
struct Sent {
    seq: u64,
    at: Micros,
    turn: Option<TurnId>,
    event: ServerEvent,
}

impl Sent {
    fn bytes(&self) -> usize {
        EVENT_BYTES + self.event.media_bytes()
    }
}

/// What may leave again.
#[derive(Debug, Default)]
pub(super) struct Replay {
    sent: VecDeque<Sent>,
    bytes: usize,
    /// Everything behind this number is kept.
    floor: u64,
    /// Number and end of the newest pictures.
    pictures: VecDeque<(u64, Micros)>,
}

impl Replay {
    /// Note an event that leaves at `now`, and keep it if it would be sent again.
    pub(super) fn note(
        &mut self,
        seq: u64,
        now: Micros,
        turn: Option<TurnId>,
        event: &ServerEvent,
    ) {
        match event {
            ServerEvent::Video(frame) => {
                if self.pictures.len() == PICTURES {
                    self.pictures.pop_front();
                }
                self.pictures.push_back((seq, frame.end()));
            }
            // Whoever resumes gets a new one of each.
            ServerEvent::SessionReady { .. } | ServerEvent::RemoteMedia { .. } => {}
            _ => {
                let sent = Sent {
                    seq,
                    at: now,
                    turn,
                    event: event.clone(),
                };
                self.bytes += sent.bytes();
                self.sent.push_back(sent);
            }
        }
    }

    /// Drop what is above `bytes`, or left before `since`.
    pub(super) fn trim(&mut self, bytes: usize, since: Micros) {
        while self.bytes > bytes
            || self.sent.len() > EVENTS
            || self.sent.front().is_some_and(|sent| sent.at < since)
        {
            if !self.drop_first() {
                break;
            }
        }
        if self.sent.is_empty() {
            // Between turns nothing is held for the next one.
            self.sent = VecDeque::new();
        }
    }

    fn drop_first(&mut self) -> bool {
        let Some(first) = self.sent.pop_front() else {
            return false;
        };
        self.bytes -= first.bytes();
        self.floor = first.seq;
        true
    }

    /// The reader has played the sound up to `position`: it has seen that, and what came before it.
    pub(super) fn played(&mut self, position: Micros) {
        let heard = self
            .sent
            .iter()
            .map_while(|sent| match &sent.event {
                ServerEvent::Audio(chunk) => (chunk.end() <= position).then_some(Some(sent.seq)),
                _ => Some(None),
            })
            .flatten()
            .last();
        if let Some(heard) = heard {
            self.drop_through(heard);
        }
    }

    fn drop_through(&mut self, seq: u64) {
        while self.sent.front().is_some_and(|sent| sent.seq <= seq) {
            self.drop_first();
        }
        self.floor = self.floor.max(seq);
    }

    /// Drop what is dropped of a stopped turn.
    pub(super) fn fence(&mut self, turn: TurnId) {
        self.sent
            .retain(|sent| sent.turn != Some(turn) || !sent.event.is_fenced());
        self.bytes = self.sent.iter().map(Sent::bytes).sum();
    }

    /// Nothing up to `last` can be sent again.
    pub(super) fn forget(&mut self, last: u64) {
        *self = Replay {
            floor: last,
            ..Replay::default()
        };
    }

    /// Events that are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.sent.len()
    }

    /// Whether everything behind `seq` is there.
    pub(super) fn reaches(&self, seq: u64) -> bool {
        seq >= self.floor
    }

    /// `seq` was the last event that was seen. Returns what followed it, latest first, and where the
    /// last picture that was seen ends, if that is known.
    pub(super) fn rewind(&mut self, seq: u64) -> (Vec<Unseen>, Option<Micros>) {
        self.drop_through(seq);
        while self.pictures.pop_back_if(|(of, _)| *of > seq).is_some() {}
        let shown = self.pictures.back().map(|(_, end)| *end);
        self.bytes = 0;
        let unseen = std::mem::take(&mut self.sent).into_iter().rev();
        let unseen = unseen.map(|sent| (sent.turn, sent.event)).collect();
        (unseen, shown)
    }
}
