//! The instances of one provider: loaded ahead, lent to one call at a time, replaced when lost.
//!
//! A permit stands for one instance in use, so there are never more than `max_instances`; at least
//! `min_instances` are kept loaded in the background. Crashes in a row slow replacement down.

use crate::call::Line;
use crate::crashes::Crashes;
use crate::engine::Watchdog;
use crate::instance::{Handle, Job, Template, start};
use crate::role::Role;
use futures::channel::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, sleep, timeout};
use tth_core::provider::{ErrorCode, Health, ProviderError, ProviderInfo, Readiness};

/// How often unused instances are looked through.
const UPKEEP: Duration = Duration::from_secs(5);

struct State<R: Role> {
    idle: Vec<(Handle<R>, Instant)>,
    /// Instances that are idle, in use or starting.
    live: u32,
    crashes: Crashes,
}

/// See the module.
pub(crate) struct Pool<R: Role> {
    template: Arc<Template<R::Pre>>,
    permits: Arc<Semaphore>,
    state: Mutex<State<R>>,
    upkeep: Arc<Notify>,
    watchdog: Arc<Watchdog>,
}

/// An instance on loan. Dropping it means that the instance is lost.
pub(crate) struct Lease<R: Role> {
    pool: Arc<Pool<R>>,
    handle: Option<Handle<R>>,
    _permit: OwnedSemaphorePermit,
}

impl<R: Role> Lease<R> {
    /// The instance may serve again.
    pub(crate) fn give_back(mut self) {
        if let Some(handle) = self.handle.take() {
            let mut state = self.pool.state();
            state.crashes.forgive();
            state.idle.push((handle, Instant::now()));
        }
    }

    /// The instance is gone; `crashed` if it was its own fault.
    pub(crate) fn lost(mut self, crashed: bool) {
        self.handle = None;
        self.pool.forget(crashed);
    }
}

impl<R: Role> Drop for Lease<R> {
    fn drop(&mut self) {
        if self.handle.take().is_some() {
            self.pool.forget(false);
        }
    }
}

impl<R: Role> Pool<R> {
    /// Load the first instance, and keep the pool filled from then on.
    pub(crate) async fn open(
        template: Template<R::Pre>,
        watchdog: Arc<Watchdog>,
    ) -> Result<(Arc<Self>, ProviderInfo), ProviderError> {
        let template = Arc::new(template);
        let (handle, info) = start(template.clone()).await?;
        let limits = &template.limits;
        let pool = Arc::new(Pool {
            permits: Arc::new(Semaphore::new(limits.max_instances as usize)),
            state: Mutex::new(State {
                idle: vec![(handle, Instant::now())],
                live: 1,
                crashes: Crashes::default(),
            }),
            upkeep: Arc::default(),
            template,
            watchdog,
        });
        tokio::spawn(upkeep(Arc::downgrade(&pool)));
        Ok((pool, info))
    }

    fn state(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self, text: String, retry_after: Option<Duration>) -> ProviderError {
        let mut error = ProviderError::new(
            ErrorCode::Unavailable,
            format!("provider `{}` {text}", self.template.id),
        );
        error.retry_after_ms =
            retry_after.map(|time| u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
        error
    }

    /// One instance fewer.
    fn forget(&self, crashed: bool) {
        let mut state = self.state();
        state.live = state.live.saturating_sub(1);
        if crashed {
            let first_pause = self.template.limits.restart_backoff_ms;
            state.crashes.count(first_pause);
        }
        drop(state);
        self.upkeep.notify_one();
    }

    fn pop_idle(&self) -> Option<Handle<R>> {
        let mut state = self.state();
        while let Some((handle, _)) = state.idle.pop() {
            if handle.alive() {
                return Some(handle);
            }
            state.live = state.live.saturating_sub(1);
        }
        None
    }

    async fn acquire(self: &Arc<Self>) -> Result<Lease<R>, ProviderError> {
        let limits = &self.template.limits;
        let wait = Duration::from_millis(limits.acquire_ms);
        let Ok(Ok(permit)) = timeout(wait, self.permits.clone().acquire_owned()).await else {
            let max = limits.max_instances;
            let text = format!("is busy: all of its {max} instances are in use");
            return Err(ProviderError {
                crowded: true,
                ..self.refused(text, None)
            });
        };
        let handle = match self.pop_idle() {
            Some(handle) => handle,
            None => self.another().await?,
        };
        Ok(Lease {
            pool: self.clone(),
            handle: Some(handle),
            _permit: permit,
        })
    }

    async fn another(self: &Arc<Self>) -> Result<Handle<R>, ProviderError> {
        /// Uncounts the instance if whoever waits for it leaves before it is loaded.
        struct Starting<'a, R: Role>(Option<&'a Pool<R>>);
        impl<R: Role> Drop for Starting<'_, R> {
            fn drop(&mut self) {
                if let Some(pool) = self.0 {
                    pool.forget(false);
                }
            }
        }

        {
            let mut state = self.state();
            if let Some((why, left)) = state.crashes.refusal() {
                return Err(self.refused(why, Some(left)));
            }
            state.live += 1;
        }
        let mut starting = Starting(Some(self));
        let started = start(self.template.clone()).await;
        starting.0 = None;
        started
            .map(|(handle, _)| handle)
            .inspect_err(|error| self.forget(!error.crowded))
    }

    /// Serve one call; answers when the guest has opened it.
    pub(crate) async fn call(
        self: Arc<Self>,
        args: R::Args,
        capacity: usize,
    ) -> Result<mpsc::Receiver<Result<R::Event, ProviderError>>, ProviderError> {
        let mut args = args;
        loop {
            let lease = self.acquire().await?;
            let Some(handle) = lease.handle.as_ref().map(Handle::again) else {
                continue;
            };
            let (reply, answer) = oneshot::channel();
            // The channel adds a slot for its sender.
            let (events, received) = mpsc::channel(capacity.saturating_sub(1));
            let line = Arc::new(Line::new(
                reply,
                events,
                handle.meter.clone(),
                handle.cancelled.clone(),
            ));
            self.watchdog.watch(Arc::downgrade(&line));
            match handle.submit(Job::Call { args, line, lease }) {
                Ok(()) => {
                    drop(handle);
                    return match answer.await {
                        Ok(opened) => opened.map(|()| received),
                        Err(_) => Err(self.vanished()),
                    };
                }
                // It died while idle: take another one.
                Err(Job::Call { args: back, .. }) => args = back,
                Err(Job::Health { .. }) => return Err(self.vanished()),
            }
        }
    }

    fn vanished(&self) -> ProviderError {
        let text = format!(
            "provider `{}`: its instance ended without a word",
            self.template.id
        );
        ProviderError::new(ErrorCode::Internal, text)
    }

    /// Ask a free instance how it is; all busy is a good sign, too.
    pub(crate) async fn health(self: Arc<Self>) -> Health {
        let down = |detail: String| Health {
            readiness: Readiness::Down,
            detail,
        };
        let Ok(permit) = self.permits.clone().try_acquire_owned() else {
            return Health {
                readiness: Readiness::Ready,
                detail: "busy".into(),
            };
        };
        let handle = match self.pop_idle() {
            Some(handle) => handle,
            None => match self.another().await {
                Ok(handle) => handle,
                Err(error) => return down(error.message),
            },
        };
        let asked = handle.again();
        let lease = Lease {
            pool: self.clone(),
            handle: Some(handle),
            _permit: permit,
        };
        let (reply, answer) = oneshot::channel();
        if asked.submit(Job::Health { reply, lease }).is_err() {
            return down(self.vanished().message);
        }
        let limit = self.template.limits.health_ms;
        match timeout(Duration::from_millis(limit), answer).await {
            Ok(Ok(health)) => health,
            Ok(Err(_)) => down("its instance broke when asked".into()),
            Err(_) => {
                // The answer is dropped by now, so it is told that nobody waits for it: an instance that
                // does not come back in its grace is gone.
                asked.cancelled.notify_one();
                Health {
                    readiness: Readiness::Degraded,
                    detail: format!("did not say within {limit} ms how it is"),
                }
            }
        }
    }

    fn shrink(&self) {
        let limits = &self.template.limits;
        let unused = Duration::from_millis(limits.idle_ms);
        let mut state = self.state();
        let before = state.idle.len();
        let mut spare = state.live.saturating_sub(limits.min_instances);
        state.idle.retain(|(handle, since)| {
            let drop = !handle.alive() || (spare > 0 && since.elapsed() >= unused);
            spare = spare.saturating_sub(u32::from(drop));
            !drop
        });
        let dropped = before - state.idle.len();
        state.live = state
            .live
            .saturating_sub(u32::try_from(dropped).unwrap_or(u32::MAX));
    }

    /// When the next instance is due, if one is missing.
    fn missing(&self) -> Option<Duration> {
        let state = self.state();
        let due = state.crashes.pause();
        (state.live < self.template.limits.min_instances).then(|| due.unwrap_or_default())
    }

    async fn refill(self: &Arc<Self>) {
        let Ok(permit) = self.permits.clone().try_acquire_owned() else {
            return;
        };
        match self.another().await {
            Ok(handle) => self.state().idle.push((handle, Instant::now())),
            Err(error) => tracing::warn!(provider = %self.template.id, "not replaced yet: {error}"),
        }
        drop(permit);
    }
}

/// Keep a pool filled and lean for as long as somebody holds it.
async fn upkeep<R: Role>(pool: Weak<Pool<R>>) {
    loop {
        let Some(strong) = pool.upgrade() else { return };
        strong.shrink();
        let wait = match strong.missing() {
            Some(due) if due.is_zero() => {
                strong.refill().await;
                // Also a failed start sets a pause, so this does not spin.
                Duration::from_millis(1)
            }
            Some(due) => due.min(UPKEEP),
            None => UPKEEP,
        };
        // Wait without holding the pool, so that it can end.
        let news = strong.upkeep.clone();
        drop(strong);
        tokio::select! { () = sleep(wait) => {}, () = news.notified() => {} }
    }
}
