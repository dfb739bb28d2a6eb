//! Asking providers that are left alone whether they are well again, in the background.

#[cfg(test)]
mod tests;

use super::Shared;
use crate::driver::Host;
use crate::media::Micros;
use crate::provider::Readiness;
use futures::FutureExt;
use std::sync::{Arc, Weak};

/// How often it is looked whose pause is over; nothing compared with the shortest pause.
const LOOK_US: Micros = 250_000;

/// Ask everybody whose pause is over, for as long as the hub lives.
pub(super) async fn keep_probing(hub: Weak<Shared>, host: Arc<dyn Host>) {
    loop {
        let Some(shared) = hub.upgrade() else { return };
        for id in shared.circuits.due(host.now()) {
            host.spawn(probe(shared.clone(), id).boxed());
        }
        drop(shared);
        host.sleep_until(host.now() + LOOK_US).await;
    }
}

async fn probe(shared: Arc<Shared>, id: String) {
    let roster = shared.roster();
    let configured = roster.config.configured.iter().find(|one| one.id == id);
    let said = match configured {
        Some(configured) => shared.ask(&roster, configured).await,
        None => None,
    };
    // Whether that is good enough is what the trial is for.
    let well = said.is_some_and(|health| health.readiness != Readiness::Down);
    tracing::info!(provider = %id, well, "a provider that kept failing was asked how it is");
    shared.circuits.probed(&id, shared.host.now(), well);
}
