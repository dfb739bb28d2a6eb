//! Driving the control mapper: a call with one event, its answer.

use super::Role;
use crate::bindings::convert;
use crate::bindings::v0_1::mapper::{MapperGuest, MapperGuestPre};
use crate::call::Line;
use crate::error::Fault;
use crate::pump::Pace;
use crate::store::HostState;
use std::time::Duration;
use tth_core::controls::{Character, Decision, Emotion, Persona};
use tth_core::provider::{Control, Health, ProviderInfo, Readiness};
use wasmtime::Store;
use wasmtime::component::{Accessor, InstancePre};

pub(crate) struct MapperRole;

impl Role for MapperRole {
    type Pre = MapperGuestPre<HostState>;
    type World = MapperGuest;
    type Args = (Persona, Vec<(Emotion, Character)>, ProviderInfo);
    type Event = (Control, Vec<Decision>);
    const PACE: Pace = Pace::Ahead;

    fn pre(linked: InstancePre<HostState>) -> wasmtime::Result<Self::Pre> {
        MapperGuestPre::new(linked)
    }

    async fn instantiate(
        pre: &Self::Pre,
        store: &mut Store<HostState>,
    ) -> wasmtime::Result<MapperGuest> {
        pre.instantiate_async(store).await
    }

    // The mapper is stateless: there is nothing to load or to ask.
    async fn prepare(
        _: &Accessor<HostState>,
        _: &MapperGuest,
        _: &str,
    ) -> Result<ProviderInfo, Fault> {
        Ok(ProviderInfo::default())
    }

    async fn health(_: &Accessor<HostState>, _: &MapperGuest) -> Result<Health, Fault> {
        Ok(Health {
            readiness: Readiness::Ready,
            detail: String::new(),
        })
    }

    async fn call(
        guest: &Accessor<HostState>,
        world: &MapperGuest,
        (persona, layers, target): Self::Args,
        line: &Line<Self::Event>,
        _: Duration,
    ) -> Result<Option<Self::Event>, Fault> {
        let (persona, layers) = (convert::persona(persona), convert::layers(layers));
        let mapper = world.tth_control_control_mapper();
        let answer = mapper
            .call_resolve(guest, persona, layers, convert::target(target))
            .await?
            .map_err(convert::error)?;
        let answer = convert::decisions(answer).map_err(Fault::Bad)?;
        line.opened();
        Ok(Some(answer))
    }
}
