//! Driving a voice.

use super::{Role, relay};
use crate::bindings::convert;
use crate::bindings::v0_1::tts::{TtsGuest, TtsGuestPre};
use crate::call::Line;
use crate::error::Fault;
use crate::pump::{Feed, Pace};
use crate::store::HostState;
use futures::channel::mpsc;
use std::time::Duration;
use tth_core::provider::{CallContext, Control, Health, ProviderInfo, TtsEvent, TtsInput};
use wasmtime::Store;
use wasmtime::component::{Accessor, InstancePre, StreamReader};

pub(crate) struct TtsRole;

impl Role for TtsRole {
    provider_role!(TtsGuestPre, TtsGuest, tth_tts_tts);
    type Args = (mpsc::Receiver<TtsInput>, Control, CallContext);
    type Event = TtsEvent;
    const PACE: Pace = Pace::Ahead;

    async fn call(
        guest: &Accessor<HostState>,
        world: &TtsGuest,
        (inputs, control, context): Self::Args,
        line: &Line<TtsEvent>,
        patience: Duration,
    ) -> Result<Option<TtsEvent>, Fault> {
        let feed = Feed::new(inputs, convert::tts_input);
        let input = guest.with(|mut store| StreamReader::new(&mut store, feed))?;
        let (control, context) = (convert::control(control), convert::context(context));
        let tts = world.tth_tts_tts();
        let opened = tts
            .call_infer_stream(guest, input, control, context)
            .await?
            .map_err(convert::error)?;
        relay(
            guest,
            opened,
            convert::tts_event,
            Self::PACE,
            line,
            patience,
        )
        .await
        .map(|()| None)
    }
}
