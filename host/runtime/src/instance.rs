//! One instance: one task that owns one store and runs one event loop; calls come by channel, one at
//! a time.
//!
//! A time limit inside the event loop may not fire while the guest computes, so limits stand outside
//! of it: when one passes, the loop and the store are dropped, and with them the guest, whatever it
//! is doing.

use crate::call::Line;
use crate::capability::Grants;
use crate::error::Fault;
use crate::limits::InstanceLimits;
use crate::meter::{Meter, Metered};
use crate::pool::Lease;
use crate::role::Role;
use crate::store::{self, HostState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tth_core::provider::{Health, ProviderError, ProviderInfo};
use wasmtime::Engine;
use wasmtime::component::Accessor;

/// What all instances of a provider are made from; `P` is its linked component.
pub(crate) struct Template<P> {
    pub(crate) id: Arc<str>,
    pub(crate) engine: Engine,
    pub(crate) pre: P,
    pub(crate) settings: String,
    pub(crate) limits: InstanceLimits,
    pub(crate) grants: Grants,
    pub(crate) tick: Duration,
}

/// What an instance is asked for.
pub(crate) enum Job<R: Role> {
    Call {
        args: R::Args,
        line: Arc<Line<R::Event>>,
        lease: Lease<R>,
    },
    Health {
        reply: oneshot::Sender<Health>,
        lease: Lease<R>,
    },
}

/// A loaded instance that waits for work. Dropping it ends the instance.
pub(crate) struct Handle<R: Role> {
    jobs: mpsc::Sender<Job<R>>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) cancelled: Arc<Notify>,
}

impl<R: Role> Handle<R> {
    /// Another handle of the same instance.
    pub(crate) fn again(&self) -> Self {
        Handle {
            jobs: self.jobs.clone(),
            meter: self.meter.clone(),
            cancelled: self.cancelled.clone(),
        }
    }

    /// Whether the instance still lives.
    pub(crate) fn alive(&self) -> bool {
        !self.jobs.is_closed()
    }

    /// Hand over a job; gives it back if the instance has died or, against the rules, is busy.
    pub(crate) fn submit(&self, job: Job<R>) -> Result<(), Job<R>> {
        self.jobs.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(job) | mpsc::error::TrySendError::Closed(job) => job,
        })
    }
}

/// Who waits for what comes of a job.
enum Asker<R: Role> {
    Call(Arc<Line<R::Event>>),
    Health(oneshot::Sender<Health>),
}

impl<R: Role> Asker<R> {
    /// Whether nobody does any more.
    fn gone(&self) -> bool {
        match self {
            Asker::Call(line) => line.abandoned(),
            Asker::Health(reply) => reply.is_closed(),
        }
    }
}

/// The job at hand, and the loan it is served on.
type Work<R> = (Asker<R>, Lease<R>);

/// What the task and its event loop share about the job at hand.
struct Desk<R: Role> {
    /// Counts jobs, so that a cancellation is never applied to the next one.
    job: AtomicU64,
    current: Mutex<Option<Work<R>>>,
}

impl<R: Role> Desk<R> {
    fn begin(&self, asker: Asker<R>, lease: Lease<R>) {
        self.job.fetch_add(1, Relaxed);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some((asker, lease));
    }

    fn end(&self) -> Option<Work<R>> {
        self.job.fetch_add(1, Relaxed);
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Whether whoever asked has left the job at hand.
    fn abandoned(&self) -> bool {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().is_some_and(|(asker, _)| asker.gone())
    }

    fn job(&self) -> u64 {
        self.job.load(Relaxed)
    }
}

/// Start an instance; answers when it is loaded and warm.
pub(crate) async fn start<R: Role>(
    template: Arc<Template<R::Pre>>,
) -> Result<(Handle<R>, ProviderInfo), ProviderError> {
    let (ready, loaded) = oneshot::channel();
    let (jobs, queue) = mpsc::channel(1);
    let meter = Meter::new(template.tick);
    let handle = Handle {
        jobs,
        meter: meter.clone(),
        cancelled: Arc::default(),
    };
    let cancelled = handle.cancelled.clone();
    let id = template.id.clone();
    tokio::spawn(live(template, queue, meter, cancelled, ready));
    match loaded.await {
        Ok(answer) => answer.map(|info| (handle, info)),
        // The task ended without an answer: it panicked, which the runtime logs.
        Err(_) => Err(ProviderError::new(
            tth_core::provider::ErrorCode::Internal,
            format!("provider `{id}`: the task of its instance ended while loading"),
        )),
    }
}

type Ready = oneshot::Sender<Result<ProviderInfo, ProviderError>>;

/// The life of an instance, from an empty store to its drop.
async fn live<R: Role>(
    template: Arc<Template<R::Pre>>,
    queue: mpsc::Receiver<Job<R>>,
    meter: Arc<Meter>,
    cancelled: Arc<Notify>,
    ready: Ready,
) {
    let limits = &template.limits;
    meter.grant(Duration::from_millis(limits.load_cpu_ms));
    let (mut store, words) = store::fresh(
        &template.engine,
        &template.id,
        limits,
        template.grants.fresh(),
        &meter,
    );
    let ready = Mutex::new(Some(ready));
    let take_ready = || ready.lock().unwrap_or_else(PoisonError::into_inner).take();
    let desk = Desk::<R> {
        job: AtomicU64::new(0),
        current: Mutex::new(None),
    };

    let whole_life = async {
        let world = R::instantiate(&template.pre, &mut store).await?;
        store
            .run_concurrent(async |guest| -> Result<(), Fault> {
                let info = R::prepare(guest, &world, &template.settings).await?;
                if let Some(ready) = take_ready() {
                    let _opener_left = ready.send(Ok(info));
                }
                serve(guest, &world, queue, &desk, &meter, limits).await
            })
            .await?
    };
    let mut whole_life = Metered::new(whole_life, meter.clone());

    let load_ms = limits.load_ms;
    let mut deadline = Some((Instant::now() + Duration::from_millis(load_ms), 0));
    let ended = loop {
        tokio::select! {
            biased;
            ended = &mut whole_life => break ended,
            // A late word about a call that has ended meanwhile must not harm the next one.
            () = cancelled.notified() => {
                if desk.abandoned() {
                    let grace = Duration::from_millis(limits.cancel_grace_ms);
                    deadline = Some((Instant::now() + grace, desk.job()));
                }
            }
            () = until(deadline), if deadline.is_some() => {
                let late_for = deadline.take().map(|(_, job)| job);
                match late_for {
                    Some(0) if ready.lock().unwrap_or_else(PoisonError::into_inner).is_some() => {
                        break Err(Fault::Slow("load", load_ms));
                    }
                    // Still at the very job that was cancelled.
                    Some(job) if job != 0 && job == desk.job() => break Err(Fault::Cancelled),
                    _ => {}
                }
            }
        }
    };
    drop(whole_life);
    drop(store);

    let Err(fault) = ended else { return };
    let crashed = !matches!(fault, Fault::Cancelled);
    let error = fault.explain(&template.id, &meter, limits.memory_mb, &words);
    if let Some(ready) = take_ready() {
        let _opener_left = ready.send(Err(error));
        return;
    }
    if crashed {
        tracing::warn!(provider = %template.id, "instance dropped: {error}");
    }
    if let Some((asker, lease)) = desk.end() {
        if let Asker::Call(line) = asker {
            line.finish(Err(error));
        }
        lease.lost(crashed);
    }
}

async fn until(deadline: Option<(Instant, u64)>) {
    match deadline {
        Some((at, _)) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Job after job, until nobody holds the instance any more.
async fn serve<R: Role>(
    guest: &Accessor<HostState>,
    world: &R::World,
    mut queue: mpsc::Receiver<Job<R>>,
    desk: &Desk<R>,
    meter: &Meter,
    limits: &InstanceLimits,
) -> Result<(), Fault> {
    let patience = Duration::from_millis(limits.outcome_ms);
    while let Some(job) = queue.recv().await {
        match job {
            Job::Health { reply, lease } => {
                meter.grant(Duration::from_millis(limits.health_ms));
                desk.begin(Asker::Health(reply), lease);
                let health = R::health(guest, world).await?;
                if let Some((asker, lease)) = desk.end() {
                    lease.give_back();
                    if let Asker::Health(reply) = asker {
                        let _asker_left = reply.send(health);
                    }
                }
            }
            Job::Call { args, line, lease } => {
                meter.grant(Duration::from_millis(limits.cpu_ms_per_turn));
                desk.begin(Asker::Call(line.clone()), lease);
                let last = match R::call(guest, world, args, &line, patience).await {
                    Ok(last) => Ok(last),
                    Err(Fault::Reported(error)) => Err(error),
                    Err(fault) => return Err(fault),
                };
                let lease = desk.end();
                if !limits.reuse {
                    line.finish(last);
                    drop(lease);
                    return Ok(());
                }
                // First back to the pool: whoever sees the last event may open the next call at once.
                if let Some((_, lease)) = lease {
                    lease.give_back();
                }
                line.finish(last);
            }
        }
    }
    Ok(())
}
