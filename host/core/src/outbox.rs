//! What waits for the socket: bounded, fenced by turn, sequenced only when it leaves.
//!
//! A session pushes, one reader pulls. Sequence numbers are given at the pull, so that whatever is
//! dropped before (old video for a slow reader, media of an interrupted turn) leaves no gap.

use crate::engine::Detach;
use crate::events::{Envelope, ServerEvent};
use crate::ids::{SessionId, TurnId};
use crate::media::VideoCodec;
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
}

impl Default for OutboxLimits {
    fn default() -> Self {
        OutboxLimits {
            soft_bytes: 512 << 10,
            hard_bytes: 4 << 20,
            events: 4096,
            lossless: false,
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
    attached: bool,
    too_slow: bool,
    closed: bool,
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
            attached: false,
            too_slow: false,
            closed: false,
            await_keyframe: false,
            reader_waker: None,
            writer_waker: None,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // The state is valid between any two statements, so a panic elsewhere cannot break it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queue an event. Media is dropped while nobody reads.
    pub fn push(&self, turn: Option<TurnId>, event: ServerEvent) {
        let mut inner = self.lock();
        if inner.closed || inner.too_slow || (!inner.attached && event.is_media()) {
            return;
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
        inner.queue.retain(|(owner, event)| {
            *owner != Some(turn)
                || !(event.is_media()
                    || matches!(
                        event,
                        ServerEvent::TextDelta { .. } | ServerEvent::ControlApplied { .. }
                    ))
        });
        inner.media_bytes = inner
            .queue
            .iter()
            .map(|(_, event)| event.media_bytes())
            .sum();
    }

    /// Whether a session that may lose nothing should wait; registers the waker if so.
    pub fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if !inner.limits.lossless || inner.closed || inner.queue.len() < LOSSLESS_HIGH_WATER {
            return Poll::Ready(());
        }
        inner.writer_waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Whether the reader fell so far behind that it was given up.
    pub fn too_slow(&self) -> bool {
        self.lock().too_slow
    }

    /// The session is over; a reader still gets what waits.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.wake_both();
    }

    /// Become the reader; an earlier one is told that it was replaced.
    pub fn attach(&self) -> u64 {
        let mut inner = self.lock();
        inner.reader += 1;
        inner.attached = true;
        inner.too_slow = false;
        // What the earlier reader left of the media is stale for the new one.
        inner.queue.retain(|(_, event)| !event.is_media());
        inner.media_bytes = 0;
        inner.await_keyframe = true;
        inner.wake_both();
        inner.reader
    }

    /// Leave. False: another reader had taken over already.
    pub fn detach(&self, reader: u64) -> bool {
        let mut inner = self.lock();
        let current = inner.reader == reader;
        if current {
            inner.attached = false;
            inner.wake_both();
        }
        current
    }

    /// The next envelope for this reader.
    pub fn poll_next(
        &self,
        reader: u64,
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
        if let Some((turn_id, event)) = inner.queue.pop_front() {
            inner.media_bytes -= event.media_bytes();
            let seq = inner.next_seq;
            inner.next_seq += 1;
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
        if inner.closed {
            return Poll::Ready(Err(Detach::SessionClosed));
        }
        inner.reader_waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Inner {
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
                self.media_bytes = self.queue.iter().map(|(_, e)| e.media_bytes()).sum();
            }
        }
        if self.media_bytes > self.limits.hard_bytes || self.queue.len() > self.limits.events {
            if self.attached {
                self.too_slow = true;
                self.attached = false;
            }
            self.queue.clear();
            self.media_bytes = 0;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{AudioChunk, AudioFormat, SECOND, VideoFrame};
    use bytes::Bytes;

    #[test]
    fn crumbs_of_sound_that_wait_are_gathered() {
        let outbox = Outbox::new(SessionId::new("s"), OutboxLimits::default());
        outbox.attach();
        for n in 0..9_600u64 {
            let format = AudioFormat {
                sample_rate: 24_000,
                channels: 1,
            };
            let chunk = AudioChunk {
                at: n * SECOND / 24_000,
                format,
                pcm: Bytes::from_static(&[1, 0]),
            };
            outbox.push(None, ServerEvent::Audio(chunk));
        }
        assert!(!outbox.too_slow(), "0.4 s are no flood");
        let inner = outbox.lock();
        assert_eq!(inner.queue.len(), 40);
        assert_eq!(inner.media_bytes, 19_200);
    }

    fn frame(at: u64, codec: VideoCodec, keyframe: bool, bytes: usize) -> ServerEvent {
        ServerEvent::Video(VideoFrame {
            at,
            duration_us: 40_000,
            codec,
            width: 64,
            height: 64,
            keyframe,
            data: Bytes::from(vec![0; bytes]),
        })
    }

    fn sound(at: u64) -> ServerEvent {
        let format = AudioFormat {
            sample_rate: 24_000,
            channels: 1,
        };
        ServerEvent::Audio(AudioChunk {
            at,
            format,
            pcm: Bytes::from(vec![0; 960]),
        })
    }

    fn outbox(limits: OutboxLimits) -> Outbox {
        Outbox::new(SessionId::new("s"), limits)
    }

    fn drain(outbox: &Outbox, reader: u64) -> (Vec<Envelope>, Option<Detach>) {
        let mut got = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match outbox.poll_next(reader, 7, &mut context) {
                Poll::Ready(Ok(envelope)) => got.push(envelope),
                Poll::Ready(Err(detach)) => return (got, Some(detach)),
                Poll::Pending => return (got, None),
            }
        }
    }

    #[test]
    fn a_fence_leaves_no_media_or_text_of_its_turn_and_no_gap_in_seq() {
        let outbox = outbox(OutboxLimits::default());
        let reader = outbox.attach();
        outbox.push(Some(TurnId(1)), ServerEvent::TurnStarted);
        outbox.push(Some(TurnId(1)), sound(0));
        outbox.push(Some(TurnId(1)), frame(0, VideoCodec::Jpeg, true, 10));
        outbox.push(
            Some(TurnId(1)),
            ServerEvent::TextDelta { text: "no".into() },
        );
        outbox.push(None, frame(40_000, VideoCodec::Jpeg, true, 10));
        outbox.fence(TurnId(1));
        outbox.push(Some(TurnId(1)), ServerEvent::Pong);
        let (got, _) = drain(&outbox, reader);
        assert_eq!(got.iter().map(|e| e.seq).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(
            got.iter()
                .all(|e| e.turn_id.is_none() || !e.event.is_media())
        );
    }

    #[test]
    fn a_slow_reader_loses_old_pictures_but_no_sound() {
        let limits = OutboxLimits {
            soft_bytes: 5_000,
            ..OutboxLimits::default()
        };
        let outbox = outbox(limits);
        let reader = outbox.attach();
        for n in 0..4 {
            outbox.push(None, sound(n * 20_000));
            outbox.push(None, frame(n * 40_000, VideoCodec::Jpeg, true, 1_000));
        }
        let (got, _) = drain(&outbox, reader);
        let sounds = got
            .iter()
            .filter(|e| matches!(e.event, ServerEvent::Audio(_)))
            .count();
        let first = got.iter().find_map(|e| match &e.event {
            ServerEvent::Video(frame) => Some(frame.at),
            _ => None,
        });
        assert_eq!(sounds, 4);
        assert_eq!(first, Some(120_000), "the newest picture is what stays");
    }

    #[test]
    fn after_a_lost_dependent_frame_nothing_comes_until_a_key_frame() {
        let limits = OutboxLimits {
            soft_bytes: 2_500,
            ..OutboxLimits::default()
        };
        let outbox = outbox(limits);
        let reader = outbox.attach();
        outbox.push(None, frame(0, VideoCodec::H264Annexb, true, 1_000));
        outbox.push(None, frame(1, VideoCodec::H264Annexb, false, 1_000));
        outbox.push(None, frame(2, VideoCodec::H264Annexb, false, 1_000));
        outbox.push(None, frame(3, VideoCodec::H264Annexb, false, 1_000));
        outbox.push(None, frame(4, VideoCodec::H264Annexb, true, 1_000));
        let (got, _) = drain(&outbox, reader);
        let keys: Vec<_> = got
            .iter()
            .map(|e| matches!(&e.event, ServerEvent::Video(f) if f.keyframe))
            .collect();
        assert_eq!(keys, [true]);
    }

    #[test]
    fn a_stuck_reader_is_given_up_and_says_so() {
        let limits = OutboxLimits {
            events: 8,
            ..OutboxLimits::default()
        };
        let outbox = outbox(limits);
        let reader = outbox.attach();
        (0..20).for_each(|_| outbox.push(None, ServerEvent::Pong));
        assert!(outbox.too_slow());
        assert_eq!(drain(&outbox, reader).1, Some(Detach::TooSlow));
        let next = outbox.attach();
        outbox.push(None, ServerEvent::Pong);
        assert_eq!(
            drain(&outbox, next).0.len(),
            1,
            "a new reader starts afresh"
        );
    }

    #[test]
    fn a_second_reader_replaces_the_first() {
        let outbox = outbox(OutboxLimits::default());
        let (first, second) = (outbox.attach(), outbox.attach());
        assert_eq!(drain(&outbox, first).1, Some(Detach::Replaced));
        assert!(!outbox.detach(first));
        assert!(outbox.detach(second));
    }

    #[test]
    fn media_without_a_reader_is_not_kept() {
        let outbox = outbox(OutboxLimits::default());
        outbox.push(None, sound(0));
        outbox.push(None, ServerEvent::Pong);
        let reader = outbox.attach();
        assert_eq!(drain(&outbox, reader).0.len(), 1);
    }
}
