//! A queue between a guest and a socket, bounded by messages and by bytes.
//!
//! A message is taken only after there was room, so what waits is never more than the bound and one
//! message. Both ends are polled: they live in streams of the guest and in the task of the socket.

use crate::bindings::v0_1::host::tth::host::websocket::Message;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What a message weighs beside its content.
const OVERHEAD: usize = 64;

/// Nobody reads any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

struct State {
    messages: VecDeque<Message>,
    bytes: usize,
    most: (usize, usize),
    writer: Option<Waker>,
    reader: Option<Waker>,
    writer_gone: bool,
    reader_gone: bool,
}

type Shared = Arc<Mutex<State>>;

fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes of a message's content.
pub(crate) fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
    }
}

/// The writing end. Dropping it ends the queue once it is empty.
pub(crate) struct Sender(Shared);

/// The reading end.
pub(crate) struct Receiver(Shared);

/// A queue that takes messages while fewer than `messages` of less than `bytes` wait.
pub(crate) fn queue(messages: usize, bytes: usize) -> (Sender, Receiver) {
    let shared = Arc::new(Mutex::new(State {
        messages: VecDeque::new(),
        bytes: 0,
        most: (messages, bytes),
        writer: None,
        reader: None,
        writer_gone: false,
        reader_gone: false,
    }));
    (Sender(shared.clone()), Receiver(shared))
}

impl Sender {
    /// Whether a message can be put in now; wakes once one can.
    pub(crate) fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        let mut state = lock(&self.0);
        if state.reader_gone {
            return Poll::Ready(Err(Gone));
        }
        let (messages, bytes) = state.most;
        if state.messages.len() < messages && state.bytes < bytes {
            return Poll::Ready(Ok(()));
        }
        state.writer = Some(context.waker().clone());
        Poll::Pending
    }

    /// Put a message in. To be asked for room before.
    pub(crate) fn push(&mut self, message: Message) {
        let mut state = lock(&self.0);
        state.bytes += size(&message) + OVERHEAD;
        state.messages.push_back(message);
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.writer_gone = true;
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl Receiver {
    /// The next message; `None` once the writer has gone and all was read.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        let mut state = lock(&self.0);
        let Some(message) = state.messages.pop_front() else {
            if state.writer_gone {
                return Poll::Ready(None);
            }
            state.reader = Some(context.waker().clone());
            return Poll::Pending;
        };
        state.bytes = state.bytes.saturating_sub(size(&message) + OVERHEAD);
        let writer = state.writer.take();
        drop(state);
        if let Some(writer) = writer {
            writer.wake();
        }
        Poll::Ready(Some(message))
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.reader_gone = true;
        state.messages.clear();
        let writer = state.writer.take();
        drop(state);
        if let Some(writer) = writer {
            writer.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(sender: &mut Sender) -> Poll<Result<(), Gone>> {
        sender.poll_room(&mut Context::from_waker(Waker::noop()))
    }

    fn next(receiver: &mut Receiver) -> Poll<Option<String>> {
        let next = receiver.poll_next(&mut Context::from_waker(Waker::noop()));
        next.map(|message| message.map(|message| format!("{message:?}")))
    }

    #[test]
    fn it_is_bounded_by_messages_and_by_bytes() {
        let (mut sender, mut receiver) = queue(2, 1_000);
        for n in 0..2 {
            assert_eq!(room(&mut sender), Poll::Ready(Ok(())), "{n}");
            sender.push(Message::Text(n.to_string()));
        }
        assert!(room(&mut sender).is_pending(), "two messages");
        assert!(next(&mut receiver).is_ready());
        assert_eq!(room(&mut sender), Poll::Ready(Ok(())));
        assert!(next(&mut receiver).is_ready());

        sender.push(Message::Binary(vec![0; 1_000]));
        assert!(room(&mut sender).is_pending(), "a thousand bytes");
        assert!(next(&mut receiver).is_ready());
        assert_eq!(room(&mut sender), Poll::Ready(Ok(())), "all taken");
    }

    #[test]
    fn what_was_written_is_read_after_the_writer_has_gone() {
        let (mut sender, mut receiver) = queue(2, 1_000);
        sender.push(Message::Text("last".into()));
        drop(sender);
        assert!(matches!(next(&mut receiver), Poll::Ready(Some(text)) if text.contains("last")));
        assert_eq!(next(&mut receiver), Poll::Ready(None));
    }

    #[test]
    fn a_writer_learns_that_nobody_reads() {
        let (mut sender, receiver) = queue(2, 1_000);
        drop(receiver);
        assert_eq!(room(&mut sender), Poll::Ready(Err(Gone)));
    }

    #[test]
    fn both_ends_are_woken() {
        struct Flag(std::sync::atomic::AtomicBool);
        impl std::task::Wake for Flag {
            fn wake(self: Arc<Self>) {
                self.0.store(true, std::sync::atomic::Ordering::SeqCst);
            }
        }
        let flag = || Arc::new(Flag(false.into()));
        let woken = |flag: &Arc<Flag>| flag.0.load(std::sync::atomic::Ordering::SeqCst);
        let (mut sender, mut receiver) = queue(1, 1_000);

        let reader = flag();
        let waker = Waker::from(reader.clone());
        assert!(
            receiver
                .poll_next(&mut Context::from_waker(&waker))
                .is_pending()
        );
        sender.push(Message::Text("x".into()));
        assert!(woken(&reader));

        let writer = flag();
        let waker = Waker::from(writer.clone());
        assert!(
            sender
                .poll_room(&mut Context::from_waker(&waker))
                .is_pending()
        );
        assert!(next(&mut receiver).is_ready());
        assert!(woken(&writer));
    }
}
