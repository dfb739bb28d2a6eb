//! The role of a language model.

#[cfg(feature = "http")]
pub mod answer;

pub use crate::bindings::llm::exports::tth::llm::llm::{EmotionHint, Event, Message, Role, Usage};
use crate::bindings::llm::{exports::tth::llm::llm as wit, wit_future, wit_stream};
use crate::export::{Component, Slot};
use crate::{CallContext, Control, Error, HealthStatus, LoadConfig, ProviderInfo, Readiness, Sink};
use futures::StreamExt;
use wit_bindgen::rt::async_support::{FutureReader, StreamReader};

/// A language model: messages in, text out.
#[allow(
    async_fn_in_trait,
    reason = "guests are single-threaded: no Send bound is wanted"
)]
pub trait Llm: Sized + 'static {
    /// Make the model ready from its settings; called once for each instance.
    ///
    /// # Errors
    /// `invalid-config` where the settings cannot work.
    async fn load(config: LoadConfig) -> Result<Self, Error>;

    /// What the model can do. Must not depend on `load`.
    fn info() -> ProviderInfo;

    /// Do now what would slow down the first answer.
    ///
    /// # Errors
    /// Whatever keeps the model from answering.
    async fn warmup(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Whether the model could answer now.
    async fn health(&self) -> HealthStatus {
        HealthStatus {
            readiness: Readiness::Ready,
            detail: String::new(),
        }
    }

    /// One answer. Return when all is sent, or when `out` is closed.
    ///
    /// # Errors
    /// How the call failed; what was sent before stays valid.
    async fn stream(
        &self,
        input: Vec<Message>,
        control: Control,
        context: CallContext,
        out: Sink<Event>,
    ) -> Result<Usage, Error>;
}

impl Message {
    /// What somebody said.
    pub fn of(role: Role, content: impl Into<String>) -> Self {
        Message {
            role,
            content: content.into(),
        }
    }
}

impl Event {
    /// The text that it is, if it is one.
    pub fn into_text(self) -> Option<String> {
        match self {
            Event::Text(text) => Some(text),
            Event::Hint(_) => None,
        }
    }
}

impl Usage {
    /// The account of a call that came to nothing, by that model; "" where that is not known.
    pub fn none(model: &str) -> Self {
        Usage {
            input_tokens: 0,
            output_tokens: 0,
            model: model.to_owned(),
        }
    }
}

impl<T: Llm + Slot> wit::Guest for Component<T> {
    async fn load(config: LoadConfig) -> Result<(), Error> {
        T::load(config).await?.keep();
        Ok(())
    }

    async fn warmup() -> Result<(), Error> {
        T::loaded()?.warmup().await
    }

    async fn health() -> HealthStatus {
        match T::loaded() {
            Ok(me) => me.health().await,
            Err(e) => HealthStatus {
                readiness: Readiness::Down,
                detail: e.message,
            },
        }
    }

    fn capabilities() -> ProviderInfo {
        T::info()
    }

    async fn infer_stream(
        input: Vec<Message>,
        control: Control,
        context: CallContext,
    ) -> Result<(StreamReader<Event>, FutureReader<Result<Usage, Error>>), Error> {
        let me = T::loaded()?;
        let (events, reader) = wit_stream::new();
        let (done, outcome) = wit_future::new(|| {
            Err(crate::error(
                crate::ErrorCode::Internal,
                "the call ended without a result",
            ))
        });
        wit_bindgen::spawn_local(async move {
            let ended = me
                .stream(input, control, context, Sink::from_wit(events))
                .await;
            let _reader_left = done.write(ended).await;
        });
        Ok((reader, outcome))
    }

    async fn infer_batch(input: Vec<Message>, control: Control) -> Result<(String, Usage), Error> {
        let me = T::loaded()?;
        let (sink, events) = Sink::channel(64);
        let texts = events.filter_map(async |event: Event| event.into_text());
        let call = me.stream(input, control, crate::settings::batch_context(), sink);
        let (ended, text) = futures::join!(call, texts.collect::<String>());
        Ok((text, ended?))
    }
}

/// Export a type that implements [`Llm`] as the component's language model.
#[macro_export]
macro_rules! export_llm {
    ($type:ty) => {
        $crate::__slot!($type);
        // Only a component exports: a native build of the crate is for its tests.
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Exported = $crate::export::Component<$type>;
    $crate::export::llm::export!(Exported with_types_in $crate::export::llm);
        };
    };
}
