//! Components as the providers that the core knows.

use crate::limits::channel;
use crate::pool::Pool;
use crate::role::{AvatarRole, LlmRole, Role, TtsRole};
use futures::FutureExt;
use futures::channel::mpsc;
use futures::future::BoxFuture;
use std::convert::Infallible;
use std::sync::Arc;
use tth_core::controls::Render;
use tth_core::media::VideoCodec;
use tth_core::provider::{
    Avatar, AvatarEvent, AvatarInput, Call, CallContext, Control, Health, Llm, LlmEvent, Message,
    Provider, ProviderError, ProviderInfo, Tts, TtsEvent, TtsInput,
};

/// The most one face may be ahead of the core: the picture that is pulled next.
const FRAMES: usize = 1;

/// A pool of instances under the id that configuration gave it.
pub(crate) struct Wasm<R: Role> {
    pub(crate) id: String,
    pub(crate) info: ProviderInfo,
    pub(crate) pool: Arc<Pool<R>>,
}

impl<R: Role> Provider for Wasm<R> {
    fn id(&self) -> &str {
        &self.id
    }

    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn health(&self) -> BoxFuture<'static, Health> {
        self.pool.clone().health().boxed()
    }
}

impl Llm for Wasm<LlmRole> {
    fn open(
        &self,
        messages: Vec<Message>,
        control: Control,
        context: CallContext,
    ) -> BoxFuture<'static, Result<Call<Infallible, LlmEvent>, ProviderError>> {
        let call = self
            .pool
            .clone()
            .call((messages, control, context), channel::EVENTS);
        async move {
            let events = call.await?;
            // A language model has no input stream: the other end is gone from the start.
            let (input, _) = mpsc::channel(0);
            Ok(Call { input, events })
        }
        .boxed()
    }
}

impl Tts for Wasm<TtsRole> {
    fn open(
        &self,
        control: Control,
        context: CallContext,
    ) -> BoxFuture<'static, Result<Call<TtsInput, TtsEvent>, ProviderError>> {
        let (input, inputs) = mpsc::channel(channel::INPUT);
        let call = self
            .pool
            .clone()
            .call((inputs, control, context), channel::EVENTS);
        async move {
            Ok(Call {
                input,
                events: call.await?,
            })
        }
        .boxed()
    }
}

impl Avatar for Wasm<AvatarRole> {
    fn open(
        &self,
        render: Render,
        codecs: Vec<VideoCodec>,
        control: Control,
        context: CallContext,
    ) -> BoxFuture<'static, Result<Call<AvatarInput, AvatarEvent>, ProviderError>> {
        let (input, inputs) = mpsc::channel(channel::INPUT);
        let call = self
            .pool
            .clone()
            .call((inputs, render, codecs, control, context), FRAMES);
        async move {
            Ok(Call {
                input,
                events: call.await?,
            })
        }
        .boxed()
    }
}
