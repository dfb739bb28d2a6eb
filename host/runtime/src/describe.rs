//! Asking a component what it can do without loading it: for that it needs no settings, no credentials
//! and no network.

use crate::error::Fault;
use crate::instance::Template;
use crate::meter::{Meter, Metered};
use crate::role::Role;
use crate::store::{self, HostState, LastWords};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tth_core::provider::{ProviderError, ProviderInfo};
use wasmtime::Store;

/// An empty store for an instance to be made in, and its account, open for the making.
pub(crate) fn empty<P>(template: &Template<P>) -> (Store<HostState>, LastWords, Arc<Meter>) {
    let Template {
        id,
        engine,
        limits,
        grants,
        tick,
        ..
    } = template;
    let meter = Meter::new(*tick);
    meter.grant(Duration::from_millis(limits.load_cpu_ms));
    let (store, words) = store::fresh(engine, id, limits, grants.fresh(), &meter);
    (store, words, meter)
}

/// One instance, made for this question and dropped after it.
pub(crate) async fn describe<R: Role>(
    template: Template<R::Pre>,
) -> Result<ProviderInfo, ProviderError> {
    let Template {
        id, pre, limits, ..
    } = &template;
    let (mut store, words, meter) = empty(&template);
    let question = async {
        let world = R::instantiate(pre, &mut store).await?;
        store
            .run_concurrent(async |guest| R::capabilities(guest, &world).await)
            .await?
    };
    // Outside of the event loop: inside, the limit may not pass while the guest computes.
    let within = Duration::from_millis(limits.load_ms);
    let answer = timeout(within, Metered::new(question, meter.clone())).await;
    answer
        .unwrap_or(Err(Fault::Slow("say what it can do", limits.load_ms)))
        .map_err(|fault| fault.explain(id, &meter, limits.memory_mb, &words))
}
