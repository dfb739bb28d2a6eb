//! Asking one provider for as little as possible, and the time to its first output.

use futures::channel::mpsc::Receiver;
use futures::{SinkExt, StreamExt};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tth_core::controls::Render;
use tth_core::media::VideoCodec;
use tth_core::provider::{
    Avatar, AvatarEvent, CallContext, Control, ErrorCode, Health, Llm, LlmEvent, Message,
    ProviderError, Role, Tts, TtsEvent, TtsInput,
};

/// What a model is told, and a voice says.
const WORD: &str = "Hello.";
/// The least that a provider is waited for, whatever its budget: slow is not dead.
const PATIENCE: Duration = Duration::from_secs(15);

/// A provider that was loaded.
pub(super) enum Asked {
    Llm(Arc<dyn Llm>),
    Tts(Arc<dyn Tts>),
    Avatar(Arc<dyn Avatar>),
}

impl Asked {
    /// What it says of itself.
    pub(super) async fn health(&self) -> Health {
        match self {
            Asked::Llm(llm) => llm.health(),
            Asked::Tts(tts) => tts.health(),
            Asked::Avatar(avatar) => avatar.health(),
        }
        .await
    }

    /// How long the first piece of text, of sound, or the first picture takes. What would follow is
    /// not waited for: the call is cancelled.
    ///
    /// # Errors
    /// How it failed, or that nothing came in time.
    pub(super) async fn first_output(&self, budget_ms: u64) -> Result<Duration, ProviderError> {
        let limit = PATIENCE.max(Duration::from_millis(budget_ms));
        let context = CallContext {
            session_id: "doctor".into(),
            turn_id: "doctor".into(),
            language: "en".into(),
            first_output_budget_ms: u32::try_from(limit.as_millis()).unwrap_or(u32::MAX),
        };
        let began = Instant::now();
        let trip = async {
            match self {
                Asked::Llm(llm) => text(&**llm, context).await,
                Asked::Tts(tts) => sound(&**tts, context).await,
                Asked::Avatar(avatar) => picture(&**avatar, context).await,
            }
        };
        match timeout(limit, trip).await {
            Ok(outcome) => outcome.map(|()| began.elapsed()),
            Err(_) => Err(ProviderError::new(
                ErrorCode::Timeout,
                format!("nothing came within {} s", limit.as_secs()),
            )),
        }
    }
}

async fn text(llm: &dyn Llm, context: CallContext) -> Result<(), ProviderError> {
    let messages = vec![Message {
        role: Role::User,
        content: WORD.into(),
    }];
    let mut call = llm.open(messages, Control::default(), context).await?;
    let is_text = |event: &LlmEvent| matches!(event, LlmEvent::Text(text) if !text.is_empty());
    until(&mut call.events, is_text).await
}

async fn sound(tts: &dyn Tts, context: CallContext) -> Result<(), ProviderError> {
    let mut call = tts.open(Control::default(), context).await?;
    // If it is gone already, its events say why.
    let _gone = call.input.send(TtsInput::Utterance(WORD.into())).await;
    call.input.close_channel();
    let is_sound = |event: &TtsEvent| matches!(event, TtsEvent::Audio(_));
    until(&mut call.events, is_sound).await
}

async fn picture(avatar: &dyn Avatar, context: CallContext) -> Result<(), ProviderError> {
    let codecs = vec![VideoCodec::Jpeg, VideoCodec::H264Annexb];
    let mut call = avatar
        .open(Render::default(), codecs, Control::default(), context)
        .await?;
    let is_picture =
        |event: &AvatarEvent| matches!(event, AvatarEvent::Frame(_) | AvatarEvent::Remote { .. });
    until(&mut call.events, is_picture).await
}

async fn until<E>(
    events: &mut Receiver<Result<E, ProviderError>>,
    wanted: impl Fn(&E) -> bool,
) -> Result<(), ProviderError> {
    while let Some(event) = events.next().await {
        if wanted(&event?) {
            return Ok(());
        }
    }
    let nothing = "it ended its answer without having said anything";
    Err(ProviderError::new(ErrorCode::Internal, nothing))
}
