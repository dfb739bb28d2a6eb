//! The role of a voice.

pub use crate::bindings::tts::exports::tth::tts::tts::{Event, Input};
use crate::bindings::tts::{exports::tth::tts::tts as wit, wit_future, wit_stream};
use crate::export::{Component, Slot};
use crate::{
    CallContext, Control, Error, HealthStatus, Inputs, LoadConfig, ProviderInfo, Readiness, Sink,
};
use wit_bindgen::rt::async_support::{FutureReader, StreamReader};

/// A voice: utterances in; audio, visemes and text marks out.
#[allow(
    async_fn_in_trait,
    reason = "guests are single-threaded: no Send bound is wanted"
)]
pub trait Tts: Sized + 'static {
    /// Make the voice ready from its settings; called once for each instance.
    ///
    /// # Errors
    /// `invalid-config` where the settings cannot work.
    async fn load(config: LoadConfig) -> Result<Self, Error>;

    /// What the voice can do. Must not depend on `load`.
    fn info() -> ProviderInfo;

    /// Do now what would slow down the first utterance.
    ///
    /// # Errors
    /// Whatever keeps the voice from speaking.
    async fn warmup(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Whether the voice could speak now.
    async fn health(&self) -> HealthStatus {
        HealthStatus {
            readiness: Readiness::Ready,
            detail: String::new(),
        }
    }

    /// One turn. Return `Ok` when the input has ended and all is sent, or when `out` is closed.
    ///
    /// # Errors
    /// How the call failed; what was sent before stays valid.
    async fn stream(
        &self,
        input: Inputs<Input>,
        control: Control,
        context: CallContext,
        out: Sink<Event>,
    ) -> Result<(), Error>;
}

impl<T: Tts + Slot> wit::Guest for Component<T> {
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
        input: StreamReader<Input>,
        control: Control,
        context: CallContext,
    ) -> Result<(StreamReader<Event>, FutureReader<Result<(), Error>>), Error> {
        let me = T::loaded()?;
        let (events, reader) = wit_stream::new();
        let (done, outcome) = wit_future::new(|| Ok(()));
        wit_bindgen::spawn_local(async move {
            let inputs = Inputs::from_wit(input);
            let ended = me
                .stream(inputs, control, context, Sink::from_wit(events))
                .await;
            let _reader_left = done.write(ended).await;
        });
        Ok((reader, outcome))
    }

    async fn infer_batch(text: String, control: Control) -> Result<Vec<Event>, Error> {
        let me = T::loaded()?;
        let input = Inputs::new(futures::stream::iter([Input::Utterance(text)]));
        let context = crate::settings::batch_context();
        let (sink, events) = Sink::channel(64);
        crate::stream::collect(me.stream(input, control, context, sink), events).await
    }
}

/// Export a type that implements [`Tts`] as the component's voice.
#[macro_export]
macro_rules! export_tts {
    ($type:ty) => {
        $crate::__slot!($type);
        // Only a component exports: a native build of the crate is for its tests.
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Exported = $crate::export::Component<$type>;
    $crate::export::tts::export!(Exported with_types_in $crate::export::tts);
        };
    };
}
