//! The readers of a world's outbox: a current one, and those it took over from.

use super::World;
use crate::act::Pace;
use crate::check::received::Attendance;
use crate::check::{Checked, ensure};
use crate::plan::ROOMY;
use std::task::{Context, Poll, Waker};
use tth_core::engine::Detach;
use tth_core::media::Micros;
use tth_core::outbox::{Arrival, Parting, Refusal};
use tth_core::session::Input;

/// How long a reader that was lost is waited for.
const RESUME_US: Micros = 30_000_000;

/// Who reads, and how.
#[derive(Debug)]
pub(super) struct Readers {
    current: Option<u64>,
    /// Readers that were replaced and have not heard of it.
    replaced: Vec<u64>,
    pace: Pace,
    next_at: Micros,
    /// One was lost, and may come back.
    awaited: bool,
    /// The last number that it saw.
    seen: Option<u64>,
    /// The client has told what it played, which is kept no longer.
    told: bool,
}

impl Default for Readers {
    fn default() -> Self {
        Readers {
            current: None,
            replaced: Vec::new(),
            pace: Pace::Fast,
            next_at: 0,
            awaited: false,
            seen: None,
            told: false,
        }
    }
}

impl Readers {
    pub(super) fn attached(&self) -> bool {
        self.current.is_some()
    }

    /// Whether somebody takes what is sent.
    pub(super) fn attendance(&self) -> Attendance {
        match (self.current.is_some(), self.awaited) {
            (true, _) => Attendance::Reading,
            (false, true) => Attendance::Awaited,
            (false, false) => Attendance::Nobody,
        }
    }

    /// Nobody is awaited any longer.
    pub(super) fn give_up(&mut self) {
        self.awaited = false;
    }

    /// The client tells what it has played.
    pub(super) fn told(&mut self) {
        self.told = true;
    }

    /// What the client saw last, if its stream was lost.
    pub(super) fn take_seen(&mut self) -> Option<u64> {
        self.seen.take()
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
    /// A reader comes, in place of the one there is; `resume`: the last number that it saw.
    pub(super) fn attach(&mut self, resume: Option<u64>) -> Checked {
        let lost = self.readers.attendance() == Attendance::Awaited;
        // One that was too slow is no longer served, whether it has heard of it or not.
        let served = self.outbox.attached();
        self.readers.replaced.extend(self.readers.current.take());
        self.readers.current = Some(self.outbox.attach(resume));
        self.readers.awaited = false;
        // Of two that are lost, only the newer one comes back.
        self.readers.seen = None;
        let arrival = self.outbox.arrival();
        let input = match (arrival, resume) {
            (Some(Arrival::Afresh { refused: None }), None) => {
                self.checks.received.attached(lost);
                Input::Attached
            }
            (Some(Arrival::Afresh { refused: Some(why) }), Some(seq)) => {
                self.may_refuse(why, seq, served)?;
                self.tally.count("client", "may not resume");
                self.checks.received.attached(lost);
                Input::Refused(why.to_string())
            }
            (Some(Arrival::Resumed { unheard, shown }), Some(seq)) => {
                self.tally.count("client", "resumes");
                let again = self.checks.received.resumed(seq);
                let first = self.checks.received.first_sound();
                let sent = self.checks.order.audio_end();
                // It hears all of that before it hears anything new, pauses between turns included.
                let missed = first.map_or(0, |first| sent.saturating_sub(first));
                self.checks.bounds.resumed(again, self.now + missed);
                let seen = self.checks.received.shown();
                ensure(shown == seen, "what is received was sent", || {
                    format!("it is told that {shown:?} was shown, not {seen:?}")
                })?;
                ensure(unheard == first, "what is received was sent", || {
                    format!("it is told to go on at {unheard:?}, not {first:?}")
                })?;
                Input::Resumed { unheard, shown }
            }
            (arrival, _) => {
                return Err(Self::broken(
                    "one reader at a time",
                    format!("{resume:?} came as {arrival:?}"),
                ));
            }
        };
        self.checks.words.taken_over();
        self.give(input)?;
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

    /// A reader may not resume: there must be a reason.
    fn may_refuse(&self, why: Refusal, seq: u64, served: bool) -> Checked {
        let limits = self.plan.outbox;
        let since = self.now.saturating_sub(limits.replay_us);
        let fair = match why {
            Refusal::Future { .. } => false,
            Refusal::NotAwaited => !served,
            Refusal::Dropped => {
                let kept = limits.replay_us > 0
                    && limits.replay_bytes == ROOMY
                    && !self.readers.told
                    && self.checks.received.kept(seq, since);
                !kept
            }
        };
        ensure(fair, "who comes back in time goes on", || {
            format!("behind {seq}: {why:?}")
        })
    }

    /// The reader is lost, with so many events that it never got.
    pub(super) fn lose(&mut self, unseen: u8) -> Checked {
        let Some(reader) = self.readers.current.take() else {
            return Ok(());
        };
        self.readers.seen = Some(self.checks.received.seen(unseen));
        match self.outbox.detach(reader, false) {
            Parting::Lost => {
                self.readers.awaited = true;
                self.give(Input::Lost(self.now + RESUME_US))
            }
            Parting::Left => self.give(Input::Detached),
            Parting::Replaced => Err(Self::broken(
                "one reader at a time",
                "the current reader was not the current one",
            )),
        }
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
                        .got(self.now, &envelope, self.session.id().as_str())?;
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
