//! What waits for the socket: bounded, fenced by turn, sequenced only when it leaves.
//!
//! A session pushes, one reader pulls. Sequence numbers are given at the pull, so that whatever is
//! dropped before (old video for a slow reader, media of an interrupted turn) leaves no gap.
//!
//! A reader that is lost may come back and name the last event it saw. What followed that one is put
//! before all that waits and numbered anew: its numbers were never seen.

mod replay;
#[cfg(test)]
mod tests;

pub use replay::Refusal;

use crate::engine::Detach;
use crate::events::{Envelope, ServerEvent};
use crate::ids::{SessionId, TurnId};
use crate::media::{Micros, VideoCodec};
use replay::Replay;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// How much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxLimits {
    /// Bytes of media; above it old frames go.
    pub soft_bytes: usize,
    /// Bytes of media; above it the reader is too slow.
    pub hard_bytes: usize,
    /// Events of any kind; above it the reader is too slow.
    pub events: usize,
    /// Nothing is ever dropped: the session waits for the reader instead.
    pub lossless: bool,
    /// How long an event is kept after it left, in microseconds; 0: nothing can be resumed.
    pub replay_us: Micros,
    /// Bytes that are kept of what left.
    pub replay_bytes: usize,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        OutboxLimits {
            soft_bytes: 512 << 10,
            hard_bytes: 4 << 20,
            events: 4096,
            lossless: false,
            replay_us: 30_000_000,
            replay_bytes: 1 << 20,
        }
    }
}

/// Above this many waiting events a lossless session stops asking its providers.
const LOSSLESS_HIGH_WATER: usize = 64;

/// Who takes what waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attendance {
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
        /// Media time at which the last picture that it got ends, if known.
        shown: Option<Micros>,
    },
}

#[derive(Debug)]
struct Inner {
    session: SessionId,
    limits: OutboxLimits,
    queue: VecDeque<(Option<TurnId>, ServerEvent)>,
    media_bytes: usize,
    next_seq: u64,
    /// Counts attached readers; only the newest is served.
    reader: u64,
    attendance: Attendance,
    /// How the reader came, until the session asks.
    arrival: Option<Arrival>,
    /// Nothing leaves before the session has greeted a reader that resumes.
    gated: bool,
    replay: Replay,
    too_slow: bool,
    /// The session is over, and why.
    closed: Option<Detach>,
    /// A frame that depends on another was dropped: the picture is broken until the next key frame.
    await_keyframe: bool,
    reader_waker: Option<Waker>,
    writer_waker: Option<Waker>,
}

/// The queue between a session and whoever reads it. Clones share it.
#[derive(Clone, Debug)]
pub struct Outbox(Arc<Mutex<Inner>>);

impl Outbox {
    /// An empty queue that nobody reads yet.
    pub fn new(session: SessionId, limits: OutboxLimits) -> Self {
        Outbox(Arc::new(Mutex::new(Inner {
            session,
            limits,
            queue: VecDeque::new(),
            media_bytes: 0,
            next_seq: 1,
            reader: 0,
            attendance: Attendance::Nobody,
            arrival: None,
            gated: false,
            replay: Replay::default(),
            too_slow: false,
            closed: None,
            await_keyframe: false,
            reader_waker: None,
            writer_waker: None,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // The state is valid between any two statements, so a panic elsewhere cannot break it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queue an event. Media is dropped while nobody reads; while a reader is awaited, pictures are.
    pub fn push(&self, turn: Option<TurnId>, event: ServerEvent) {
        let mut inner = self.lock();
        if inner.closed.is_some() || inner.too_slow || !inner.takes(&event) {
            return;
        }
        if inner.gated && matches!(event, ServerEvent::SessionReady { .. }) {
            return inner.greet(event);
        }
        if let ServerEvent::Video(frame) = &event {
            if frame.keyframe {
                inner.await_keyframe = false;
            } else if inner.await_keyframe {
                return;
            }
        }
        inner.media_bytes += event.media_bytes();
        match (&event, inner.queue.back_mut()) {
            (ServerEvent::Audio(chunk), Some((owner, ServerEvent::Audio(last))))
                if *owner == turn && last.gathers(chunk) =>
            {
                last.append(chunk);
            }
            _ => inner.queue.push_back((turn, event)),
        }
        if !inner.limits.lossless {
            inner.shed();
        }
        if let Some(waker) = inner.reader_waker.take() {
            waker.wake();
        }
    }

    /// The turn was stopped: nothing of its media or text may leave any more.
    pub fn fence(&self, turn: TurnId) {
        let mut inner = self.lock();
        for (owner, event) in &mut inner.queue {
            // A picture that later ones build on must still arrive; it just belongs to nobody.
            if *owner == Some(turn)
                && matches!(event, ServerEvent::Video(frame) if frame.codec != VideoCodec::Jpeg)
            {
                *owner = None;
            }
        }
        inner
            .queue
            .retain(|(owner, event)| *owner != Some(turn) || !event.is_fenced());
        inner.count_media();
        inner.replay.fence(turn);
    }

    /// Whether a session that may lose nothing should wait; registers the waker if so.
    pub fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if !inner.limits.lossless
            || inner.closed.is_some()
            || inner.queue.len() < LOSSLESS_HIGH_WATER
        {
            return Poll::Ready(());
        }
        inner.writer_waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Whether the reader fell so far behind that it was given up.
    pub fn too_slow(&self) -> bool {
        self.lock().too_slow
    }

    /// The session is over; a reader still gets what waits, and is then told so.
    pub fn close(&self, why: Detach) {
        let mut inner = self.lock();
        inner.closed.get_or_insert(why);
        inner.gated = false;
        inner.wake_both();
    }

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

    /// The reader says that it has played the sound up to `position`.
    pub fn played(&self, position: Micros) {
        self.lock().replay.played(position);
    }

    /// Drop what left too long before `now` to be sent again.
    pub fn trim(&self, now: Micros) {
        self.lock().trim(now);
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
    fn takes(&self, event: &ServerEvent) -> bool {
        match self.attendance {
            Attendance::Reading => true,
            Attendance::Awaited => !matches!(event, ServerEvent::Video(_)),
            Attendance::Nobody => !event.is_media(),
        }
    }

    /// Greet the reader that resumes, before anything else. The face is about to draw anew from the
    /// last picture that was seen, so what waits of the old pictures would come twice.
    fn greet(&mut self, greeting: ServerEvent) {
        self.gated = false;
        self.queue
            .retain(|(_, event)| !matches!(event, ServerEvent::Video(_)));
        self.queue.push_front((None, greeting));
        self.count_media();
        self.wake_both();
    }

    /// Go back to where the reader saw the event `seq` last.
    fn rewind(&mut self, seq: u64) -> Result<Arrival, Refusal> {
        let last = self.next_seq - 1;
        if self.attendance == Attendance::Nobody {
            return Err(Refusal::NotAwaited);
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
    fn begin_afresh(&mut self) {
        self.queue.retain(|(_, event)| !event.is_media());
        self.media_bytes = 0;
        self.replay.forget(self.next_seq - 1);
    }

    /// Nobody reads, and nobody is awaited.
    fn abandon(&mut self) {
        self.attendance = Attendance::Nobody;
        self.replay.forget(self.next_seq - 1);
    }

    fn keep(&mut self, seq: u64, now: Micros, turn: Option<TurnId>, event: &ServerEvent) {
        if self.limits.replay_us > 0 {
            self.replay.note(seq, now, turn, event);
            self.trim(now);
        }
    }

    fn trim(&mut self, now: Micros) {
        // Whoever is awaited may still want what was new when it was lost.
        if self.attendance == Attendance::Reading {
            let since = now.saturating_sub(self.limits.replay_us);
            self.replay.trim(self.limits.replay_bytes, since);
        }
    }

    fn count_media(&mut self) {
        let events = self.queue.iter().map(|(_, event)| event);
        self.media_bytes = events.map(ServerEvent::media_bytes).sum();
    }

    /// Drop old video above the soft limit; give the reader up above the hard ones.
    fn shed(&mut self) {
        while self.media_bytes > self.limits.soft_bytes {
            let old = self
                .queue
                .iter()
                .position(|(_, e)| matches!(e, ServerEvent::Video(_)));
            let Some((_, event)) = old.and_then(|at| self.queue.remove(at)) else {
                break;
            };
            self.media_bytes -= event.media_bytes();
            if matches!(&event, ServerEvent::Video(frame) if frame.codec != VideoCodec::Jpeg) {
                // All frames up to the next key frame build on the lost one.
                self.await_keyframe = true;
                let mut broken = true;
                self.queue.retain(|(_, e)| match e {
                    ServerEvent::Video(frame) => {
                        broken &= !frame.keyframe;
                        !broken
                    }
                    _ => true,
                });
                self.await_keyframe = broken;
                self.count_media();
            }
        }
        if self.media_bytes > self.limits.hard_bytes || self.queue.len() > self.limits.events {
            self.too_slow = self.attendance == Attendance::Reading;
            self.queue.clear();
            self.media_bytes = 0;
            // What is missing now cannot be made good.
            self.abandon();
            self.wake_both();
        }
    }

    fn wake_both(&mut self) {
        for waker in [self.reader_waker.take(), self.writer_waker.take()]
            .into_iter()
            .flatten()
        {
            waker.wake();
        }
    }
}
