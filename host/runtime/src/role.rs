//! What differs between the roles: how an instance is bound, loaded and called.

pub(crate) use avatar::AvatarRole;
pub(crate) use llm::LlmRole;
pub(crate) use tts::TtsRole;

use crate::bindings::convert::{self, Bad};
use crate::bindings::v0_1::types::tth::types::errors::Error as WitError;
use crate::call::Line;
use crate::error::Fault;
use crate::pump::{Cut, Drain, Outcome, Pace, received};
use crate::store::HostState;
use std::future::Future;
use std::time::Duration;
use tth_core::provider::{Health, ProviderInfo};
use wasmtime::Store;
use wasmtime::component::{Accessor, FutureReader, InstancePre, Lift, StreamReader};

/// How a guest of one role is driven.
pub(crate) trait Role: Sized + Send + Sync + 'static {
    /// The role's bindings, linked but not instantiated.
    type Pre: Send + Sync;
    /// The bindings of one instance.
    type World: Send + Sync;
    /// What a call is opened with.
    type Args: Send;
    /// What comes out of a call.
    type Event: Send;
    /// How events flow.
    const PACE: Pace;

    /// Link; fails where the exports are not the role's.
    fn pre(linked: InstancePre<HostState>) -> wasmtime::Result<Self::Pre>;

    /// Make one instance.
    fn instantiate(
        pre: &Self::Pre,
        store: &mut Store<HostState>,
    ) -> impl Future<Output = wasmtime::Result<Self::World>> + Send;

    /// Ask what the component can do, whatever it is configured for.
    fn capabilities(
        guest: &Accessor<HostState>,
        world: &Self::World,
    ) -> impl Future<Output = Result<ProviderInfo, Fault>> + Send;

    /// Ask what the instance can do, load it and warm it up.
    fn prepare(
        guest: &Accessor<HostState>,
        world: &Self::World,
        settings: &str,
    ) -> impl Future<Output = Result<ProviderInfo, Fault>> + Send;

    /// Ask whether it could serve now.
    fn health(
        guest: &Accessor<HostState>,
        world: &Self::World,
    ) -> impl Future<Output = Result<Health, Fault>> + Send;

    /// Serve one call from opening to end; the event returned is its last one.
    fn call(
        guest: &Accessor<HostState>,
        world: &Self::World,
        args: Self::Args,
        line: &Line<Self::Event>,
        outcome: Duration,
    ) -> impl Future<Output = Result<Option<Self::Event>, Fault>> + Send;
}

/// The parts of [`Role`] that read the same for every provider role: `$interface` is the accessor of
/// the world for the role's exported interface.
macro_rules! provider_role {
    ($pre:ident, $world:ident, $interface:ident) => {
        type Pre = $pre<HostState>;
        type World = $world;

        fn pre(linked: InstancePre<HostState>) -> wasmtime::Result<Self::Pre> {
            $pre::new(linked)
        }

        async fn instantiate(
            pre: &Self::Pre,
            store: &mut Store<HostState>,
        ) -> wasmtime::Result<Self::World> {
            pre.instantiate_async(store).await
        }

        async fn capabilities(
            guest: &Accessor<HostState>,
            world: &Self::World,
        ) -> Result<ProviderInfo, Fault> {
            convert::info(world.$interface().call_capabilities(guest).await?).map_err(Fault::Bad)
        }

        async fn prepare(
            guest: &Accessor<HostState>,
            world: &Self::World,
            settings: &str,
        ) -> Result<ProviderInfo, Fault> {
            let info = Self::capabilities(guest, world).await?;
            let provider = world.$interface();
            provider
                .call_load(guest, convert::load_config(settings))
                .await?
                .map_err(convert::error)?;
            provider.call_warmup(guest).await?.map_err(convert::error)?;
            Ok(info)
        }

        async fn health(guest: &Accessor<HostState>, world: &Self::World) -> Result<Health, Fault> {
            Ok(convert::health(
                world.$interface().call_health(guest).await?,
            ))
        }
    };
}

mod avatar;
mod llm;
mod tts;

/// Carry the events of an opened call to the core until the guest closes them, then read how the
/// call ended.
async fn relay<W, E, T>(
    guest: &Accessor<HostState>,
    (events, ending): (StreamReader<W>, FutureReader<Result<T, WitError>>),
    convert: fn(W) -> Result<E, Bad>,
    pace: Pace,
    line: &Line<E>,
    patience: Duration,
) -> Result<T, Fault>
where
    W: Lift + Send + 'static,
    E: Send + 'static,
    T: Lift + Send + 'static,
{
    let Some(sender) = line.opened() else {
        return Err(Fault::Cancelled);
    };
    let (drain, mut cut) = Drain::new(line, sender, convert, pace);
    let (outcome, mut ended) = Outcome::new();
    guest.with(|mut store| {
        events.pipe(&mut store, drain)?;
        ending.pipe(&mut store, outcome)
    })?;
    if let Some(Cut::Bad(bad)) = received(&mut cut).await {
        return Err(Fault::Bad(bad));
    }
    match tokio::time::timeout(patience, received(&mut ended)).await {
        Ok(Some(Ok(value))) => Ok(value),
        Ok(Some(Err(error))) => Err(Fault::Reported(convert::error(error))),
        Ok(None) | Err(_) => Err(Fault::NoOutcome),
    }
}
