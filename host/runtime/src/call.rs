//! One open call, as seen by everybody who may have to end it.
//!
//! The core holds the outer ends of two channels; the guest's task holds the inner ones; the watchdog
//! looks in now and then. A [`Line`] is what they share: it knows whether the core is still there,
//! and it can always deliver one last event, whatever state the guest is in.

use crate::meter::Meter;
use futures::channel::mpsc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};
use tth_core::provider::ProviderError;

enum State<E> {
    /// The core waits for the outcome of `open`.
    Opening(
        oneshot::Sender<Result<(), ProviderError>>,
        mpsc::Sender<Result<E, ProviderError>>,
    ),
    /// Events flow; this sender is kept aside for the last one.
    Open(mpsc::Sender<Result<E, ProviderError>>),
    Over,
}

/// See the module.
pub(crate) struct Line<E> {
    state: Mutex<State<E>>,
    meter: Arc<Meter>,
    abandoned: AtomicBool,
    cancelled: Arc<Notify>,
}

impl<E> Line<E> {
    /// A line over which `open` has not been answered yet. `cancelled` is told when the core is gone.
    pub(crate) fn new(
        reply: oneshot::Sender<Result<(), ProviderError>>,
        events: mpsc::Sender<Result<E, ProviderError>>,
        meter: Arc<Meter>,
        cancelled: Arc<Notify>,
    ) -> Self {
        Line {
            state: Mutex::new(State::Opening(reply, events)),
            meter,
            abandoned: AtomicBool::new(false),
            cancelled,
        }
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The CPU account of the instance that serves the call.
    pub(crate) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Tell the core that the call is open, and get the sender for its events; `None` if the core has
    /// gone in the meantime.
    pub(crate) fn opened(&self) -> Option<mpsc::Sender<Result<E, ProviderError>>> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Over) {
            State::Opening(reply, events) => {
                *state = State::Open(events.clone());
                reply.send(Ok(())).is_ok().then_some(events)
            }
            other => {
                *state = other;
                None
            }
        }
    }

    /// Whether the core was found gone.
    pub(crate) fn abandoned(&self) -> bool {
        self.abandoned.load(Relaxed)
    }

    /// End the call with its last event, if it is not over already.
    pub(crate) fn finish(&self, last: Result<Option<E>, ProviderError>) {
        match (std::mem::replace(&mut *self.state(), State::Over), last) {
            (State::Opening(reply, _), Err(error)) => drop(reply.send(Err(error))),
            // A sender of its own always has room for one event, however full the channel is.
            (State::Open(mut events), Err(error)) => drop(events.try_send(Err(error))),
            (State::Open(mut events), Ok(Some(event))) => drop(events.try_send(Ok(event))),
            _ => {}
        }
    }
}

/// A call that may have been abandoned.
pub(crate) trait Watched: Send + Sync {
    /// Look whether the core is still there; if not, say so. False once nothing is left to watch.
    fn watch(&self) -> bool;
}

impl<E: Send> Watched for Line<E> {
    fn watch(&self) -> bool {
        let gone = match &*self.state() {
            State::Opening(reply, _) => reply.is_closed(),
            State::Open(events) => events.is_closed(),
            State::Over => return false,
        };
        if gone {
            self.abandoned.store(true, Relaxed);
            self.cancelled.notify_one();
        }
        !gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tth_core::provider::ErrorCode;

    type Parts = (
        Line<u8>,
        oneshot::Receiver<Result<(), ProviderError>>,
        mpsc::Receiver<Result<u8, ProviderError>>,
    );

    fn line(room: usize) -> Parts {
        let (reply, answer) = oneshot::channel();
        let (events, received) = mpsc::channel(room);
        let meter = Meter::new(Duration::from_millis(5));
        (
            Line::new(reply, events, meter, Arc::default()),
            answer,
            received,
        )
    }

    #[test]
    fn the_last_event_always_finds_room() {
        let (line, mut answer, mut events) = line(0);
        let mut sender = line.opened().unwrap();
        assert_eq!(answer.try_recv().unwrap(), Ok(()));
        sender.try_send(Ok(1)).unwrap();
        assert!(sender.try_send(Ok(2)).is_err(), "the channel is full");
        line.finish(Err(ProviderError::new(ErrorCode::Internal, "why")));
        drop(sender);
        assert_eq!(events.try_recv().unwrap(), Ok(1));
        assert!(events.try_recv().unwrap().is_err());
        assert!(events.try_recv().is_err(), "closed");
    }

    #[test]
    fn a_failure_before_the_call_is_open_answers_the_opener() {
        let (line, mut answer, _events) = line(0);
        line.finish(Err(ProviderError::new(ErrorCode::Timeout, "why")));
        assert_eq!(
            answer.try_recv().unwrap().unwrap_err().code,
            ErrorCode::Timeout
        );
        assert!(line.opened().is_none());
    }

    #[test]
    fn the_watchdog_notices_that_the_core_left() {
        let (line, answer, events) = line(0);
        assert!(line.watch());
        line.opened();
        drop(answer);
        assert!(line.watch(), "the core still reads events");
        drop(events);
        assert!(!line.watch());
    }
}
