//! What waits for the socket: bounded, fenced by turn, sequenced only when it leaves.
//!
//! A session pushes, one reader pulls. Sequence numbers are given at the pull, so that whatever is
//! dropped before (old video for a slow reader, media of an interrupted turn) leaves no gap.
//!
//! A reader that is lost may come back and name the last event it saw. What followed that one is put
//! before all that waits and numbered anew: its numbers were never seen.

mod readers;
mod replay;
#[cfg(test)]
mod tests;

pub use readers::{Arrival, Parting};
pub use replay::Refusal;

use crate::engine::Detach;
use crate::events::ServerEvent;
use crate::ids::{SessionId, TurnId};
use crate::media::{Micros, VideoCodec};
use readers::Attendance;
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

    /// The reader says that it has played the sound up to `position`.
    pub fn played(&self, position: Micros) {
        self.lock().replay.played(position);
    }

    /// Drop what left too long before `now` to be sent again.
    pub fn trim(&self, now: Micros) {
        self.lock().trim(now);
    }
}

impl Inner {
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
