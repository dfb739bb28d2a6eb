//! Driving a language model.

use super::{Role, relay};
use crate::bindings::convert;
use crate::bindings::v0_1::llm::{LlmGuest, LlmGuestPre};
use crate::call::Line;
use crate::error::Fault;
use crate::pump::Pace;
use crate::store::HostState;
use std::time::Duration;
use tth_core::provider::{CallContext, Control, Health, LlmEvent, Message, ProviderInfo};
use wasmtime::Store;
use wasmtime::component::{Accessor, InstancePre};

pub(crate) struct LlmRole;

impl Role for LlmRole {
    provider_role!(LlmGuestPre, LlmGuest, tth_llm_llm);
    type Args = (Vec<Message>, Control, CallContext);
    type Event = LlmEvent;
    const PACE: Pace = Pace::Ahead;

    async fn call(
        guest: &Accessor<HostState>,
        world: &LlmGuest,
        (messages, control, context): Self::Args,
        line: &Line<LlmEvent>,
        patience: Duration,
    ) -> Result<Option<LlmEvent>, Fault> {
        let messages = convert::messages(messages);
        let (control, context) = (convert::control(control), convert::context(context));
        let llm = world.tth_llm_llm();
        let opened = llm
            .call_infer_stream(guest, messages, control, context)
            .await?
            .map_err(convert::error)?;
        let usage = relay(
            guest,
            opened,
            convert::llm_event,
            Self::PACE,
            line,
            patience,
        )
        .await?;
        convert::usage(usage).map(Some).map_err(Fault::Bad)
    }
}
