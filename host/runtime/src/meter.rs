//! How much CPU an instance has used in its call, and whether that is too much.
//!
//! An instance runs only while its task is polled, and a running guest is interrupted at every epoch
//! tick, so each poll counts for what it took, but never for more than a tick: what the operating
//! system gave to others in between is not charged to the guest.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use wasmtime::UpdateDeadline;

/// The CPU account of one instance. Shared by its task, its store and its streams.
#[derive(Debug)]
pub(crate) struct Meter {
    base: Instant,
    tick_us: u64,
    used_us: AtomicU64,
    budget_us: AtomicU64,
    /// Start of the current poll, in microseconds after `base`.
    started_us: AtomicU64,
    exceeded: AtomicBool,
    memory_refused: AtomicBool,
}

impl Meter {
    pub(crate) fn new(tick: Duration) -> Arc<Self> {
        Arc::new(Meter {
            base: Instant::now(),
            tick_us: micros(tick).max(1),
            used_us: AtomicU64::new(0),
            budget_us: AtomicU64::new(u64::MAX),
            started_us: AtomicU64::new(0),
            exceeded: AtomicBool::new(false),
            memory_refused: AtomicBool::new(false),
        })
    }

    /// Open a new account of `budget`.
    pub(crate) fn grant(&self, budget: Duration) {
        self.used_us.store(0, Relaxed);
        self.budget_us.store(micros(budget), Relaxed);
    }

    /// Forget what was used: for calls whose budget is per event.
    pub(crate) fn refill(&self) {
        self.used_us.store(0, Relaxed);
    }

    /// The budget ran out and the guest was stopped: the budget, in milliseconds.
    pub(crate) fn exceeded(&self) -> Option<u64> {
        self.exceeded
            .load(Relaxed)
            .then(|| self.budget_us.load(Relaxed) / 1_000)
    }

    /// The guest asked for more memory than it may have.
    pub(crate) fn refuse_memory(&self) {
        self.memory_refused.store(true, Relaxed);
    }

    /// Whether [`Meter::refuse_memory`] was called.
    pub(crate) fn memory_refused(&self) -> bool {
        self.memory_refused.load(Relaxed)
    }

    fn now_us(&self) -> u64 {
        micros(self.base.elapsed())
    }

    fn poll_us(&self) -> u64 {
        self.now_us()
            .saturating_sub(self.started_us.load(Relaxed))
            .min(self.tick_us)
    }

    /// What the guest may do now that an epoch has passed while it ran.
    pub(crate) fn at_tick(&self) -> UpdateDeadline {
        let poll = self.poll_us();
        if self.used_us.load(Relaxed).saturating_add(poll) > self.budget_us.load(Relaxed) {
            self.exceeded.store(true, Relaxed);
            return UpdateDeadline::Interrupt;
        }
        // Epochs pass while a guest sleeps, too: it has not had its tick yet if it just woke up.
        match poll * 2 < self.tick_us {
            true => UpdateDeadline::Continue(1),
            false => UpdateDeadline::Yield(1),
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A future whose polls are charged to a [`Meter`].
pub(crate) struct Metered<F> {
    inner: Pin<Box<F>>,
    meter: Arc<Meter>,
}

impl<F> Metered<F> {
    pub(crate) fn new(inner: F, meter: Arc<Meter>) -> Self {
        Metered {
            inner: Box::pin(inner),
            meter,
        }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.meter.started_us.store(self.meter.now_us(), Relaxed);
        let polled = self.inner.as_mut().poll(context);
        let poll = self.meter.poll_us();
        self.meter.used_us.fetch_add(poll, Relaxed);
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_is_stopped_once_its_account_is_empty() {
        let meter = Meter::new(Duration::from_millis(5));
        meter.grant(Duration::from_millis(8));
        assert!(!matches!(meter.at_tick(), UpdateDeadline::Interrupt));
        meter.used_us.store(8_001, Relaxed);
        assert!(matches!(meter.at_tick(), UpdateDeadline::Interrupt));
        assert_eq!(meter.exceeded(), Some(8));
    }

    #[test]
    fn a_refill_and_a_new_grant_start_over() {
        let meter = Meter::new(Duration::from_millis(5));
        meter.grant(Duration::from_millis(1));
        meter.used_us.store(2_000, Relaxed);
        meter.refill();
        meter.started_us.store(meter.now_us(), Relaxed);
        assert!(!matches!(meter.at_tick(), UpdateDeadline::Interrupt));
    }

    #[test]
    fn a_poll_counts_for_a_tick_at_most() {
        let meter = Meter::new(Duration::from_millis(5));
        meter.started_us.store(0, Relaxed);
        let meter = Arc::new(Meter {
            base: Instant::now() - Duration::from_secs(9),
            ..Arc::try_unwrap(meter).unwrap()
        });
        assert_eq!(meter.poll_us(), 5_000);
    }
}
