//! One call to a simulated stage: what it will say, when, and what goes wrong with it.

use crate::fault::Fault;
use std::collections::VecDeque;
use tth_core::media::Micros;
use tth_core::provider::{ErrorCode, ProviderError};

/// A call, or that there is none.
#[derive(Debug)]
pub struct Call<E> {
    /// What the session knows it by.
    pub ticket: u64,
    /// Which call to its stage it is, from 0.
    pub number: u32,
    /// When it answers whether it could be opened; none: it has, or never will.
    pub opens_at: Option<Micros>,
    /// It may say something.
    pub open: bool,
    /// It is neither ended nor given up.
    pub alive: bool,
    /// What goes wrong with it.
    pub fault: Option<Fault>,
    /// It will say no more than what waits.
    pub complete: bool,
    /// When it is ready to go on.
    pub free_at: Micros,
    /// Ready at, what.
    queue: VecDeque<(Micros, E)>,
    sent: u32,
    last_at: Micros,
}

impl<E> Call<E> {
    /// No call.
    pub fn none() -> Self {
        Call {
            ticket: 0,
            number: 0,
            opens_at: None,
            open: false,
            alive: false,
            fault: None,
            complete: false,
            free_at: 0,
            queue: VecDeque::new(),
            sent: 0,
            last_at: 0,
        }
    }

    /// A call that takes `open_us` to open.
    pub fn new(
        ticket: u64,
        number: u32,
        now: Micros,
        open_us: Micros,
        fault: Option<Fault>,
    ) -> Self {
        let open_us = match fault {
            Some(Fault::OpensLate(late)) => open_us + late,
            _ => open_us,
        };
        let never = fault == Some(Fault::NeverOpens);
        Call {
            ticket,
            number,
            opens_at: (!never).then_some(now + open_us),
            alive: true,
            fault,
            free_at: now + open_us,
            last_at: now + open_us,
            ..Call::none()
        }
    }

    /// It answers whether it could be opened.
    pub fn opened(&mut self) -> Result<(), ProviderError> {
        self.opens_at = None;
        if let Some(Fault::Refused(code)) = self.fault {
            self.alive = false;
            return Err(ProviderError::new(code, "it was told to refuse"));
        }
        self.open = true;
        Ok(())
    }

    /// It will say this, not before `at` nor before what it says first.
    pub fn say(&mut self, at: Micros, item: E) {
        self.queue.push_back((at, item));
    }

    /// How much it has still to say.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// When it says something next, if it is asked.
    pub fn ready(&self) -> Option<Micros> {
        if !self.open {
            return None;
        }
        let next = self.queue.front().map(|(at, _)| *at);
        let ends = self.complete.then_some(self.free_at);
        match self.fault {
            Some(
                Fault::Fails { after, .. } | Fault::Traps { after } | Fault::EndsEarly { after },
            ) if self.sent >= after => Some(self.last_at),
            Some(Fault::FallsSilent { after }) if self.sent >= after => None,
            Some(Fault::Stalls { after, for_us }) if self.sent == after => {
                next.or(ends).map(|at| at.max(self.last_at + for_us))
            }
            _ => next.or(ends),
        }
    }

    /// What it says; none: it has ended.
    pub fn take(&mut self, now: Micros) -> Option<Result<E, ProviderError>> {
        self.last_at = now;
        let failed = match self.fault {
            Some(Fault::Fails { after, code }) if self.sent >= after => Some(code),
            Some(Fault::Traps { after }) if self.sent >= after => Some(ErrorCode::Internal),
            _ => None,
        };
        if let Some(code) = failed {
            (self.open, self.alive) = (false, false);
            return Some(Err(ProviderError::new(code, "it was told to fail")));
        }
        let ended = matches!(self.fault, Some(Fault::EndsEarly { after }) if self.sent >= after);
        self.sent += 1;
        let item = if ended { None } else { self.queue.pop_front() };
        if item.is_none() {
            (self.open, self.alive) = (false, false);
        }
        item.map(|(_, item)| Ok(item))
    }
}
