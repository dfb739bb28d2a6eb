//! Driving a face.

use super::{Role, relay};
use crate::bindings::convert;
use crate::bindings::v0_1::avatar::{AvatarGuest, AvatarGuestPre};
use crate::call::Line;
use crate::error::Fault;
use crate::pump::{Feed, Pace};
use crate::store::HostState;
use futures::channel::mpsc;
use std::time::Duration;
use tth_core::controls::Render;
use tth_core::media::VideoCodec;
use tth_core::provider::{AvatarEvent, AvatarInput, CallContext, Control, Health, ProviderInfo};
use wasmtime::Store;
use wasmtime::component::{Accessor, InstancePre, StreamReader};

pub(crate) struct AvatarRole;

impl Role for AvatarRole {
    provider_role!(AvatarGuestPre, AvatarGuest, tth_avatar_avatar);
    type Args = (
        mpsc::Receiver<AvatarInput>,
        Render,
        Vec<VideoCodec>,
        Control,
        CallContext,
    );
    type Event = AvatarEvent;
    const PACE: Pace = Pace::Lockstep;

    async fn call(
        guest: &Accessor<HostState>,
        world: &AvatarGuest,
        (inputs, render, codecs, control, context): Self::Args,
        line: &Line<AvatarEvent>,
        patience: Duration,
    ) -> Result<Option<AvatarEvent>, Fault> {
        let feed = Feed::new(inputs, convert::avatar_input);
        let input = guest.with(|mut store| StreamReader::new(&mut store, feed))?;
        let render = convert::render(render, codecs);
        let (control, context) = (convert::control(control), convert::context(context));
        let avatar = world.tth_avatar_avatar();
        let opened = avatar
            .call_infer_stream(guest, input, render, control, context)
            .await?
            .map_err(convert::error)?;
        relay(
            guest,
            opened,
            convert::avatar_event,
            Self::PACE,
            line,
            patience,
        )
        .await
        .map(|()| None)
    }
}
