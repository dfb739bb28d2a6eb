//! Who reads an outbox: readers that come, resume, take over, get lost and leave.

use super::{Inner, Outbox, Refusal};
use crate::engine::Detach;
use crate::events::{Envelope, ServerEvent};
use crate::media::Micros;
use std::task::{Context, Poll};

/// Who takes what waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attendance {
    Nobody,
    /// A reader that was lost may come back.
    Awaited,
    Reading,
}

/// How a reader went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// Another one had taken over already.
    Replaced,
    /// For good.
    Left,
    /// It may come back and resume.
    Lost,
}

/// How a reader came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// What comes is all it gets.
    Afresh {
        /// Why, if it wanted to resume.
        refused: Option<Refusal>,
    },
    /// It goes on where it was.
    Resumed {
        /// Media time of the first sound that it has not got.
        unheard: Option<Micros>,
        /// Media time at which the last picture that it got ends; none: it got none.
        shown: Option<Micros>,
    },
}

impl Outbox {
    /// Become the reader; an earlier one is told that it was replaced. With `resume`, the number of
    /// the last event it saw, the reader goes on there if that can be; [`Outbox::arrival`] tells.
    pub fn attach(&self, resume: Option<u64>) -> u64 {
        let mut inner = self.lock();
        inner.reader += 1;
        let arrival = match resume.map(|seq| inner.rewind(seq)) {
            Some(Ok(resumed)) => resumed,
            other => {
                inner.begin_afresh();
                let refused = other.and_then(Result::err);
                Arrival::Afresh { refused }
            }
        };
        inner.gated = matches!(arrival, Arrival::Resumed { .. }) && inner.closed.is_none();
        inner.arrival = Some(arrival);
        inner.attendance = Attendance::Reading;
        inner.too_slow = false;
        inner.await_keyframe = true;
        inner.wake_both();
        inner.reader
    }

    /// How the newest reader came; none: that was told already, or there is no reader.
    pub fn arrival(&self) -> Option<Arrival> {
        let mut inner = self.lock();
        let mut arrival = inner.arrival.take()?;
        if let Arrival::Resumed { unheard, .. } = &mut arrival {
            *unheard = inner.queue.iter().find_map(|(_, event)| match event {
                ServerEvent::Audio(chunk) => Some(chunk.at),
                _ => None,
            });
        }
        Some(arrival)
    }

    /// Whether somebody reads.
    pub fn attached(&self) -> bool {
        self.lock().attendance == Attendance::Reading
    }

    /// Go: for good, or lost and maybe back soon.
    pub fn detach(&self, reader: u64, for_good: bool) -> Parting {
        let mut inner = self.lock();
        if inner.reader != reader {
            return Parting::Replaced;
        }
        // One that came afresh and was not even noticed has missed what was dropped for it.
        let unnoticed = matches!(inner.arrival.take(), Some(Arrival::Afresh { .. }));
        let whole = !unnoticed && !inner.too_slow && inner.limits.replay_us > 0;
        let awaited = whole && !for_good;
        if awaited {
            inner.attendance = Attendance::Awaited;
        } else {
            inner.abandon();
        }
        inner.wake_both();
        match awaited {
            true => Parting::Lost,
            false => Parting::Left,
        }
    }

    /// A reader that was lost is not awaited any longer.
    pub fn give_up(&self) {
        let mut inner = self.lock();
        if inner.attendance == Attendance::Awaited {
            inner.abandon();
        }
    }

    /// The next envelope for this reader. `now` is monotonic, in microseconds.
    pub fn poll_next(
        &self,
        reader: u64,
        now: Micros,
        unix_ms: u64,
        context: &mut Context<'_>,
    ) -> Poll<Result<Envelope, Detach>> {
        let mut inner = self.lock();
        if inner.reader != reader {
            return Poll::Ready(Err(Detach::Replaced));
        }
        if inner.too_slow {
            return Poll::Ready(Err(Detach::TooSlow));
        }
        let next = match inner.gated {
            true => None,
            false => inner.queue.pop_front(),
        };
        if let Some((turn_id, event)) = next {
            inner.media_bytes -= event.media_bytes();
            let seq = inner.next_seq;
            inner.next_seq += 1;
            inner.keep(seq, now, turn_id, &event);
            let session_id = inner.session.clone();
            if let Some(waker) = inner.writer_waker.take() {
                waker.wake();
            }
            return Poll::Ready(Ok(Envelope {
                seq,
                timestamp_ms: unix_ms,
                session_id,
                turn_id,
                event,
            }));
        }
        if let Some(why) = inner.closed {
            return Poll::Ready(Err(why));
        }
        inner.reader_waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Inner {
    /// Whether an event is worth keeping for whoever reads, or will.
    pub(super) fn takes(&self, event: &ServerEvent) -> bool {
        match self.attendance {
            Attendance::Reading => true,
            Attendance::Awaited => !matches!(event, ServerEvent::Video(_)),
            Attendance::Nobody => !event.is_media(),
        }
    }

    /// Greet the reader that resumes, before anything else. The face is about to draw anew from the
    /// last picture that was seen, so what waits of the old pictures would come twice.
    pub(super) fn greet(&mut self, greeting: ServerEvent) {
        self.gated = false;
        self.queue
            .retain(|(_, event)| !matches!(event, ServerEvent::Video(_)));
        self.queue.push_front((None, greeting));
        self.count_media();
        self.wake_both();
    }

    /// Go back to where the reader saw the event `seq` last.
    pub(super) fn rewind(&mut self, seq: u64) -> Result<Arrival, Refusal> {
        let last = self.next_seq - 1;
        if self.attendance == Attendance::Nobody {
            return Err(Refusal::NotAwaited);
        }
        if matches!(self.arrival, Some(Arrival::Afresh { .. })) {
            // What waited was dropped for a reader that the session has not even greeted.
            return Err(Refusal::Dropped);
        }
        if seq > last {
            return Err(Refusal::Future { last });
        }
        if self.limits.replay_us == 0 || !self.replay.reaches(seq) {
            return Err(Refusal::Dropped);
        }
        let (unseen, shown) = self.replay.rewind(seq);
        for (owner, event) in unseen {
            self.media_bytes += event.media_bytes();
            self.queue.push_front((owner, event));
        }
        self.next_seq = seq + 1;
        Ok(Arrival::Resumed {
            unheard: None,
            shown,
        })
    }

    /// What an earlier reader left of the media is stale for a new one, and what it saw is its own.
    pub(super) fn begin_afresh(&mut self) {
        self.queue.retain(|(_, event)| !event.is_media());
        self.media_bytes = 0;
        self.replay.forget(self.next_seq - 1);
    }

    /// Nobody reads, and nobody is awaited.
    pub(super) fn abandon(&mut self) {
        self.attendance = Attendance::Nobody;
        self.replay.forget(self.next_seq - 1);
    }
}
