//! The role of a face.

pub use crate::bindings::avatar::exports::tth::avatar::avatar::{
    Correction, Event, Input, RemoteMedia, Render,
};
use crate::bindings::avatar::{exports::tth::avatar::avatar as wit, wit_future, wit_stream};
use crate::export::{Component, Slot};
use crate::{
    AudioChunk, CallContext, Control, Error, HealthStatus, Inputs, LoadConfig, ProviderInfo,
    Readiness, Sink, VisemeMark,
};
use wit_bindgen::rt::async_support::{FutureReader, StreamReader};

/// A face: visemes and audio in, frames out. One call lasts a whole session.
#[allow(
    async_fn_in_trait,
    reason = "guests are single-threaded: no Send bound is wanted"
)]
pub trait Avatar: Sized + 'static {
    /// Make the face ready from its settings; called once for each instance.
    ///
    /// # Errors
    /// `invalid-config` where the settings cannot work.
    async fn load(config: LoadConfig) -> Result<Self, Error>;

    /// What the face can do. Must not depend on `load`.
    fn info() -> ProviderInfo;

    /// Do now what would slow down the first frame.
    ///
    /// # Errors
    /// Whatever keeps the face from showing.
    async fn warmup(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Whether the face could show now.
    async fn health(&self) -> HealthStatus {
        HealthStatus {
            readiness: Readiness::Ready,
            detail: String::new(),
        }
    }

    /// One session: frames at `n / render.fps` for as long as the host takes them and the input
    /// lasts. The host paces by taking frames; before each frame read [`Inputs::waiting`].
    ///
    /// # Errors
    /// How the call failed; what was sent before stays valid.
    async fn stream(
        &self,
        input: Inputs<Input>,
        render: Render,
        control: Control,
        context: CallContext,
        out: Sink<Event>,
    ) -> Result<(), Error>;
}

impl<T: Avatar + Slot> wit::Guest for Component<T> {
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
        render: Render,
        control: Control,
        context: CallContext,
    ) -> Result<(StreamReader<Event>, FutureReader<Result<(), Error>>), Error> {
        let me = T::loaded()?;
        let (events, reader) = wit_stream::new();
        let (done, outcome) = wit_future::new(|| Ok(()));
        wit_bindgen::spawn_local(async move {
            let inputs = Inputs::from_wit(input);
            let ended = me
                .stream(inputs, render, control, context, Sink::from_wit(events))
                .await;
            let _reader_left = done.write(ended).await;
        });
        Ok((reader, outcome))
    }

    async fn infer_batch(
        audio: Vec<AudioChunk>,
        visemes: Vec<VisemeMark>,
        text: String,
        render: Render,
        control: Control,
    ) -> Result<Vec<Event>, Error> {
        let me = T::loaded()?;
        let context = crate::settings::batch_context();
        let end = audio
            .iter()
            .map(|chunk| chunk.at + chunk.duration_us())
            .max()
            .unwrap_or(0);
        let frames = end * u64::from(render.fps) / 1_000_000 + 1;
        let mut items = vec![Input::TurnStart(context.clone()), Input::Utterance(text)];
        items.extend(visemes.into_iter().map(Input::Viseme));
        items.extend(audio.into_iter().map(Input::Audio));
        items.push(Input::TurnEnd);
        // The face runs for as long as its input is open, so the input stays open and the
        // reader leaves once it has the frames that the audio asks for.
        let open = futures::stream::StreamExt::chain(
            futures::stream::iter(items),
            futures::stream::pending(),
        );
        let (sink, events) = Sink::channel(8);
        let call = me.stream(Inputs::new(open), render, control, context, sink);
        crate::stream::collect_until(call, events, frames as usize, |event| {
            matches!(event, Event::Frame(_))
        })
        .await
    }
}

impl AudioChunk {
    /// How long the chunk sounds, in microseconds.
    pub fn duration_us(&self) -> u64 {
        let bytes_per_second =
            u64::from(self.format.sample_rate) * u64::from(self.format.channels) * 2;
        (self.pcm.len() as u64 * 1_000_000)
            .checked_div(bytes_per_second)
            .unwrap_or(0)
    }
}

/// Export a type that implements [`Avatar`] as the component's face.
#[macro_export]
macro_rules! export_avatar {
    ($type:ty) => {
        $crate::__slot!($type);
        // Only a component exports: a native build of the crate is for its tests.
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Exported = $crate::export::Component<$type>;
    $crate::export::avatar::export!(Exported with_types_in $crate::export::avatar);
        };
    };
}
