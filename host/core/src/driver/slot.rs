//! A stage's place in the driver: the call to it, and what waits for that call.

use crate::provider::{Call, ErrorCode, ProviderError};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use std::collections::VecDeque;
use std::task::{Context, Poll};

/// What may wait for a call. A face is told of a whole clip before it has drawn it: this is five minutes of
/// sound in pieces of 20 ms, and half as much again of lips.
const PENDING: usize = 24_576;

/// A stage's call: being opened, open, or neither. Input waits here until the call takes it.
pub(super) struct Slot<I, E> {
    pub(super) ticket: u64,
    opening: Option<BoxFuture<'static, Result<Call<I, E>, ProviderError>>>,
    call: Option<Call<I, E>>,
    pending: VecDeque<I>,
    pub(super) ended: bool,
    /// It was given more than may wait.
    choked: bool,
}

impl<I, E> Slot<I, E> {
    pub(super) fn new() -> Self {
        Slot {
            ticket: 0,
            opening: None,
            call: None,
            pending: VecDeque::new(),
            ended: false,
            choked: false,
        }
    }

    pub(super) fn open(
        &mut self,
        ticket: u64,
        opening: BoxFuture<'static, Result<Call<I, E>, ProviderError>>,
    ) {
        *self = Slot {
            ticket,
            opening: Some(opening),
            ..Slot::new()
        };
    }

    pub(super) fn close(&mut self) {
        *self = Slot::new();
    }

    /// To the call, as soon as it takes it. `gather` may add it to the last one that waits, or gives it back.
    pub(super) fn push(&mut self, item: I, gather: impl FnOnce(&mut I, I) -> Option<I>) {
        let item = match self.pending.back_mut() {
            Some(last) => gather(last, item),
            None => Some(item),
        };
        let Some(item) = item else { return };
        self.choked |= self.pending.len() >= PENDING;
        if self.choked {
            self.pending.clear();
        } else {
            self.pending.push_back(item);
        }
    }

    /// Pass on what waits, as far as there is room.
    pub(super) fn flush(&mut self, context: &mut Context<'_>) {
        let Some(call) = &mut self.call else { return };
        while !self.pending.is_empty() {
            match call.input.poll_ready(context) {
                Poll::Ready(Ok(())) => {
                    if let Some(item) = self.pending.pop_front() {
                        // There is room: it was just asked for. A reader gone since ends the call.
                        let _gone = call.input.start_send(item);
                    }
                }
                Poll::Ready(Err(_)) => self.pending.clear(),
                Poll::Pending => return,
            }
        }
        if self.ended {
            call.input.close_channel();
        }
    }

    pub(super) fn poll_opened(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), ProviderError>> {
        let Some(opening) = &mut self.opening else {
            return Poll::Pending;
        };
        let result = futures::ready!(opening.poll_unpin(context));
        self.opening = None;
        Poll::Ready(result.map(|call| self.call = Some(call)))
    }

    pub(super) fn poll_event(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<E, ProviderError>>> {
        let Some(call) = &mut self.call else {
            return Poll::Pending;
        };
        if std::mem::take(&mut self.choked) {
            self.call = None;
            let why = "the provider does not take what it is given";
            return Poll::Ready(Some(Err(ProviderError::new(ErrorCode::Internal, why))));
        }
        let item = futures::ready!(call.events.poll_next_unpin(context));
        if item.is_none() {
            self.call = None;
        }
        Poll::Ready(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::channel::mpsc;
    use std::task::Waker;

    type Giver = mpsc::Sender<Result<(), ProviderError>>;

    /// A call that is open, and its other side.
    fn open(slot: &mut Slot<usize, ()>) -> (mpsc::Receiver<usize>, Giver) {
        let (input, taken) = mpsc::channel(1);
        let (giver, events) = mpsc::channel(1);
        slot.open(1, async { Ok(Call { input, events }) }.boxed());
        let mut context = Context::from_waker(Waker::noop());
        assert!(slot.poll_opened(&mut context).is_ready());
        (taken, giver)
    }

    fn one_by_one(_: &mut usize, item: usize) -> Option<usize> {
        Some(item)
    }

    #[test]
    fn what_can_be_gathered_takes_one_place() {
        let mut slot = Slot::new();
        let (mut taken, _giver) = open(&mut slot);
        let mut context = Context::from_waker(Waker::noop());
        for item in 0..PENDING * 2 {
            slot.push(item, |last, item| {
                *last = item;
                None
            });
        }
        slot.flush(&mut context);
        let last = taken.poll_next_unpin(&mut context);
        assert_eq!(last, Poll::Ready(Some(PENDING * 2 - 1)));
    }

    #[test]
    fn who_takes_nothing_is_given_up_before_all_memory_is() {
        let mut slot = Slot::new();
        let (_taken, _giver) = open(&mut slot);
        let mut context = Context::from_waker(Waker::noop());
        for item in 0..PENDING + 9 {
            slot.push(item, one_by_one);
            slot.flush(&mut context);
            assert!(slot.pending.len() <= PENDING);
        }
        let Poll::Ready(Some(Err(error))) = slot.poll_event(&mut context) else {
            panic!("it goes on");
        };
        assert_eq!(error.code, ErrorCode::Internal);
        assert!(slot.pending.is_empty());
    }

    #[test]
    fn who_is_slow_gets_everything_in_order() {
        let mut slot = Slot::new();
        let (mut taken, _giver) = open(&mut slot);
        let mut context = Context::from_waker(Waker::noop());
        (0..500).for_each(|item| slot.push(item, one_by_one));
        let mut got = Vec::new();
        while got.len() < 500 {
            slot.flush(&mut context);
            while let Poll::Ready(Some(item)) = taken.poll_next_unpin(&mut context) {
                got.push(item);
            }
        }
        assert!(got.into_iter().eq(0..500));
        assert!(slot.poll_event(&mut context).is_pending());
    }
}
