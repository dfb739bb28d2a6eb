//! The readers of a world's outbox: a current one, and those it took over from.

use super::World;
use crate::act::Pace;
use crate::check::{Checked, ensure};
use std::task::{Context, Poll, Waker};
use tth_core::engine::Detach;
use tth_core::media::Micros;
use tth_core::outbox::{Arrival, Parting};
use tth_core::session::Input;

/// Who reads, and how.
#[derive(Debug)]
pub(super) struct Readers {
    current: Option<u64>,
    /// Readers that were replaced and have not heard of it.
    replaced: Vec<u64>,
    pace: Pace,
    next_at: Micros,
}

impl Default for Readers {
    fn default() -> Self {
        Readers {
            current: None,
            replaced: Vec::new(),
            pace: Pace::Fast,
            next_at: 0,
        }
    }
}

impl Readers {
    pub(super) fn attached(&self) -> bool {
        self.current.is_some()
    }

    /// From now on the reader reads so.
    pub(super) fn read_at(&mut self, pace: Pace, now: Micros) {
        (self.pace, self.next_at) = (pace, now);
    }

    /// When the reader looks next.
    pub(super) fn next_at(&self) -> Option<Micros> {
        (self.current.is_some() && matches!(self.pace, Pace::Slow(..))).then_some(self.next_at)
    }
}

impl World {
    /// A reader comes, in place of the one there is.
    pub(super) fn attach(&mut self) -> Checked {
        self.readers.replaced.extend(self.readers.current.take());
        self.readers.current = Some(self.outbox.attach(None));
        let arrival = self.outbox.arrival();
        let afresh = matches!(arrival, Some(Arrival::Afresh { refused: None }));
        ensure(afresh, "one reader at a time", || {
            format!("it came as {arrival:?}")
        })?;
        self.checks.received.attached();
        self.checks.words.taken_over();
        self.give(Input::Attached)?;
        let mut context = Context::from_waker(Waker::noop());
        for old in std::mem::take(&mut self.readers.replaced) {
            let told = self.outbox.poll_next(old, self.now, 0, &mut context);
            let replaced = matches!(told, Poll::Ready(Err(Detach::Replaced)));
            ensure(replaced, "one reader at a time", || {
                format!("the last one got {told:?}")
            })?;
            let parting = self.outbox.detach(old, true);
            ensure(parting == Parting::Replaced, "one reader at a time", || {
                "the last one was still the current one".into()
            })?;
        }
        Ok(())
    }

    /// The reader goes.
    pub(super) fn detach(&mut self) -> Checked {
        let Some(reader) = self.readers.current.take() else {
            return Ok(());
        };
        let parting = self.outbox.detach(reader, true);
        ensure(parting == Parting::Left, "one reader at a time", || {
            "the current reader was not the current one".into()
        })?;
        self.give(Input::Detached)
    }

    /// Readers take what they want to have by now.
    pub(super) fn read(&mut self) -> Checked {
        match self.readers.pace {
            Pace::Fast => self.pull(usize::MAX),
            Pace::Slow(count, every) if self.readers.next_at <= self.now => {
                self.readers.next_at = self.now + every.max(1_000);
                self.pull(count.into())
            }
            _ => Ok(()),
        }
    }

    fn pull(&mut self, most: usize) -> Checked {
        let Some(reader) = self.readers.current else {
            return Ok(());
        };
        let mut context = Context::from_waker(Waker::noop());
        let (mut events, mut bytes) = (0, 0);
        while events < most {
            match self
                .outbox
                .poll_next(reader, self.now, self.now / 1_000, &mut context)
            {
                Poll::Ready(Ok(mut envelope)) => {
                    if self
                        .sabotage
                        .as_mut()
                        .is_some_and(|sabotage| sabotage.loses(&mut envelope))
                    {
                        continue;
                    }
                    events += 1;
                    bytes += envelope.event.media_bytes();
                    self.story.add(
                        self.now,
                        format_args!("reader {} {:?}", envelope.seq, envelope.turn_id),
                    );
                    self.checks
                        .received
                        .got(&envelope, self.session.id().as_str())?;
                }
                Poll::Ready(Err(Detach::TooSlow)) => {
                    self.tally.count("client", "was too slow");
                    let back = self.now;
                    self.detach()?;
                    // A client that was thrown out comes back at once, and reads on.
                    self.client_returns(back);
                    return Ok(());
                }
                Poll::Ready(Err(other)) => {
                    return Err(Self::broken(
                        "one reader at a time",
                        format!("the current reader was told {other:?}"),
                    ));
                }
                Poll::Pending => {
                    self.checks.bounds.drained(events, bytes)?;
                    return self.checks.received.drained();
                }
            }
        }
        Ok(())
    }

    /// The session may go on: what may not be lost has room.
    pub(super) fn has_room(&self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        self.outbox.poll_room(&mut context).is_ready()
    }
}
