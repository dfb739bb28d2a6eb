//! The control mapper: called in place, in the task of whoever asks.
//!
//! Every other call streams for seconds and has an instance's own task to drive it. `resolve` is one
//! plain function that takes microseconds, asked several times whenever a slider moves: carrying it to
//! another task and its answer back would cost more than the call. So instances lie ready; a question
//! takes one, runs it, and lays it back. A guest that computes for long still yields at every epoch
//! tick, and ends with its CPU budget.

use crate::bindings::convert;
use crate::bindings::v0_1::mapper::{MapperGuest, MapperGuestPre};
use crate::crashes::Crashes;
use crate::describe;
use crate::error::Fault;
use crate::instance::Template;
use crate::meter::{Meter, Metered};
use crate::store::{HostState, LastWords};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tth_core::controls::{Character, Decision, Emotion, Persona};
use tth_core::provider::{Control, ErrorCode, Mapper, ProviderError, ProviderInfo};
use wasmtime::Store;

/// A question is answered within this. It takes microseconds; a guest that waits for something instead would
/// keep whole turns waiting.
const ANSWER: Duration = Duration::from_secs(1);

type Answer = (Control, Vec<Decision>);
type Question = (Persona, Vec<(Emotion, Character)>, ProviderInfo);

/// A mapper's component with the instances that are ready.
pub(crate) struct WasmMapper(Arc<Shared>);

struct Shared {
    template: Template<MapperGuestPre<HostState>>,
    permits: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ready: Vec<Instance>,
    crashes: Crashes,
}

struct Instance {
    store: Store<HostState>,
    guest: MapperGuest,
    meter: Arc<Meter>,
    words: LastWords,
}

impl WasmMapper {
    /// Make the first instance, so that a component that cannot be run is found at the start.
    pub(crate) async fn open(
        template: Template<MapperGuestPre<HostState>>,
    ) -> Result<Self, ProviderError> {
        let shared = Shared {
            permits: Semaphore::new(template.limits.max_instances as usize),
            template,
            state: Mutex::default(),
        };
        let first = shared.instantiate().await?;
        shared.state().ready.push(first);
        Ok(WasmMapper(Arc::new(shared)))
    }
}

impl Mapper for WasmMapper {
    fn resolve(
        &self,
        persona: Persona,
        layers: Vec<(Emotion, Character)>,
        target: ProviderInfo,
    ) -> BoxFuture<'static, Result<Answer, ProviderError>> {
        let shared = self.0.clone();
        async move { shared.resolve((persona, layers, target)).await }.boxed()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self, text: &str) -> ProviderError {
        ProviderError::new(
            ErrorCode::Unavailable,
            format!("provider `{}` {text}", self.template.id),
        )
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, ProviderError> {
        if let Ok(permit) = self.permits.try_acquire() {
            return Ok(permit);
        }
        let limits = &self.template.limits;
        let wait = Duration::from_millis(limits.acquire_ms);
        match timeout(wait, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                let max = limits.max_instances;
                Err(self.refused(&format!("is busy: all of its {max} instances are in use")))
            }
        }
    }

    async fn instantiate(&self) -> Result<Instance, ProviderError> {
        let Template {
            id, pre, limits, ..
        } = &self.template;
        let (mut store, words, meter) = describe::empty(&self.template);
        let starting = Metered::new(pre.instantiate_async(&mut store), meter.clone());
        let within = Duration::from_millis(limits.load_ms);
        let started = match timeout(within, starting).await {
            Ok(started) => started.map_err(Fault::Trap),
            Err(_) => Err(Fault::Slow("load", limits.load_ms)),
        };
        match started {
            Ok(guest) => Ok(Instance {
                store,
                guest,
                meter,
                words,
            }),
            Err(fault) => Err(fault.explain(id, &meter, limits.memory_mb, &words)),
        }
    }

    /// A fresh instance, unless the last ones crashed one after the other.
    async fn another(&self) -> Result<Instance, ProviderError> {
        let refusal = self.state().crashes.refusal();
        if let Some((why, left)) = refusal {
            let mut error = self.refused(&why);
            error.retry_after_ms = Some(u32::try_from(left.as_millis()).unwrap_or(u32::MAX));
            return Err(error);
        }
        self.instantiate().await.inspect_err(|_| self.crashed())
    }

    fn crashed(&self) {
        let first_pause = self.template.limits.restart_backoff_ms;
        self.state().crashes.count(first_pause);
    }

    async fn resolve(&self, question: Question) -> Result<Answer, ProviderError> {
        let _permit = self.permit().await?;
        let ready = self.state().ready.pop();
        let mut instance = match ready {
            Some(instance) => instance,
            None => self.another().await?,
        };
        let Template { id, limits, .. } = &self.template;
        instance
            .meter
            .grant(Duration::from_millis(limits.cpu_ms_per_turn));
        // Whoever leaves in the middle of a call drops the instance with it: it is not at rest.
        let asked = timeout(ANSWER, instance.ask(question)).await;
        let slow = || {
            Fault::Slow(
                "resolve",
                u64::try_from(ANSWER.as_millis()).unwrap_or(u64::MAX),
            )
        };
        match asked.unwrap_or_else(|_| Err(slow())) {
            Ok(answer) => {
                let mut state = self.state();
                state.crashes.forgive();
                if limits.reuse {
                    state.ready.push(instance);
                }
                answer
            }
            Err(fault) => {
                self.crashed();
                let error = fault.explain(id, &instance.meter, limits.memory_mb, &instance.words);
                tracing::warn!(provider = %id, "instance dropped: {error}");
                Err(error)
            }
        }
    }
}

impl Instance {
    /// What the guest answered, its own refusal included; a fault means that it is to be dropped.
    async fn ask(
        &mut self,
        (persona, layers, target): Question,
    ) -> Result<Result<Answer, ProviderError>, Fault> {
        let persona = convert::persona(persona);
        let layers = convert::layers(layers);
        let target = convert::target(target);
        let mapper = self.guest.tth_control_control_mapper();
        let call = mapper.call_resolve(&mut self.store, &persona, &layers, &target);
        match Metered::new(call, self.meter.clone()).await? {
            Ok(answer) => Ok(Ok(convert::decisions(answer).map_err(Fault::Bad)?)),
            Err(error) => Ok(Err(convert::error(error))),
        }
    }
}
