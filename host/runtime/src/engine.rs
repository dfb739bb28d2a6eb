//! The engine: the only place where a [`wasmtime::Config`] is made, and the only clock of the guests.

use crate::call::Watched;
use crate::error::RuntimeError;
use crate::limits::{EngineLimits, MIB};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

/// Core modules, memories and tables that one component may consist of, on average over all: a
/// component made by rustc has one memory and up to three small adapters beside the main module.
const CORE_INSTANCES: u32 = 5;
/// Stacks of one instance: one for the task at hand, and some for tasks that wait inside calls.
const STACKS: u32 = 2;

fn config(limits: &EngineLimits) -> Config {
    let stack = limits.async_stack_kb as usize * 1024;
    let resident = limits.keep_resident_kb as usize * 1024;
    let instances = limits.total_instances;

    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(CORE_INSTANCES))
        .total_stacks(instances.saturating_mul(STACKS))
        .max_memory_size(limits.max_memory_mb as usize * MIB)
        .linear_memory_keep_resident(resident)
        .table_keep_resident(resident)
        .max_unused_warm_slots(32);

    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .wasm_component_model(true)
        .wasm_component_model_async(true)
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .async_stack_size(stack)
        // Half of the stack stays for host functions that are called from deep inside a guest.
        .max_wasm_stack(stack / 2)
        .memory_init_cow(true);
    config
}

/// Make the engine, and start the thread that counts its epochs for as long as it lives.
pub(crate) fn start(limits: &EngineLimits) -> Result<(Engine, Arc<Watchdog>), RuntimeError> {
    let refused = |reason: String| RuntimeError::Engine { reason };
    let engine = Engine::new(&config(limits)).map_err(|error| refused(format!("{error:#}")))?;
    let watchdog = Arc::new(Watchdog::default());
    let tick = Duration::from_millis(limits.epoch_tick_ms.max(1));
    let every = (limits.cancel_poll_ms / limits.epoch_tick_ms.max(1)).max(1);
    let (weak_engine, weak_watchdog) = (engine.weak(), Arc::downgrade(&watchdog));
    let ticker = move || {
        for n in 1u64.. {
            std::thread::sleep(tick);
            let (Some(engine), Some(watchdog)) = (weak_engine.upgrade(), weak_watchdog.upgrade())
            else {
                return;
            };
            engine.increment_epoch();
            if n % every == 0 {
                watchdog.look();
            }
        }
    };
    std::thread::Builder::new()
        .name("tth-epochs".into())
        .spawn(ticker)
        .map_err(|error| refused(format!("no thread for its clock: {error}")))?;
    Ok((engine, watchdog))
}

/// Looks after open calls: a core that drops a call tells nobody, so somebody has to look.
#[derive(Default)]
pub(crate) struct Watchdog {
    calls: Mutex<Vec<Weak<dyn Watched>>>,
}

impl Watchdog {
    /// Look after one more call until it is over.
    pub(crate) fn watch<W: Watched + 'static>(&self, call: Weak<W>) {
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(call);
    }

    fn look(&self) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.retain(|call| call.upgrade().is_some_and(|call| call.watch()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_starts_with_the_default_limits() {
        assert!(start(&EngineLimits::default()).is_ok());
    }

    #[test]
    fn limits_that_cannot_be_met_are_an_error() {
        let limits = EngineLimits {
            async_stack_kb: 0,
            ..EngineLimits::default()
        };
        assert!(matches!(start(&limits), Err(RuntimeError::Engine { .. })));
    }
}
