//! The ports: what the core asks of a provider, whoever runs it.
//!
//! A call is opened once and then lives in two bounded channels: inputs go in, events come out.
//! Dropping the [`Call`] cancels it. An `Err` event is how a call failed and is the last one; a
//! stream that just ends has ended well.

use crate::controls::{Character, Decision, Emotion, ParamValue, Persona, Render};
use crate::media::{AudioChunk, AudioFormat, Micros, TextMark, VideoCodec, VideoFrame, VisemeMark};
use futures::channel::mpsc;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A stage of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum Stage {
    Llm,
    Tts,
    Avatar,
}

impl Stage {
    /// The name that configuration and clients use.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Llm => "llm",
            Stage::Tts => "tts",
            Stage::Avatar => "avatar",
        }
    }
}

/// The contract's error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "documented in the contract")]
pub enum ErrorCode {
    InvalidConfig,
    InvalidInput,
    Unauthenticated,
    QuotaExceeded,
    RateLimited,
    Unavailable,
    Timeout,
    Unsupported,
    Cancelled,
    Internal,
}

impl ErrorCode {
    /// The name that clients see.
    pub fn name(self) -> &'static str {
        match self {
            ErrorCode::InvalidConfig => "invalid_config",
            ErrorCode::InvalidInput => "invalid_input",
            ErrorCode::Unauthenticated => "unauthenticated",
            ErrorCode::QuotaExceeded => "quota_exceeded",
            ErrorCode::RateLimited => "rate_limited",
            ErrorCode::Unavailable => "unavailable",
            ErrorCode::Timeout => "timeout",
            ErrorCode::Unsupported => "unsupported",
            ErrorCode::Cancelled => "cancelled",
            ErrorCode::Internal => "internal",
        }
    }

    /// Whether the same call may succeed later.
    pub fn retryable(self) -> bool {
        matches!(
            self,
            ErrorCode::RateLimited
                | ErrorCode::Unavailable
                | ErrorCode::Timeout
                | ErrorCode::Internal
        )
    }

    /// Whether this tells of the provider rather than of what it was asked: the next call is likely to
    /// end like it.
    pub fn fault(self) -> bool {
        !matches!(
            self,
            ErrorCode::InvalidInput | ErrorCode::Unsupported | ErrorCode::Cancelled
        )
    }
}

/// How a provider's call failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: {message}", code.name())]
pub struct ProviderError {
    /// What kind.
    pub code: ErrorCode,
    /// One sentence for an operator; never holds a secret.
    pub message: String,
    /// When the vendor asks to come back.
    pub retry_after_ms: Option<u32>,
    /// It is not the provider that failed: the host had no room for the call.
    pub crowded: bool,
}

impl ProviderError {
    /// An error without `retry_after_ms`.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        ProviderError {
            code,
            message: message.into(),
            retry_after_ms: None,
            crowded: false,
        }
    }
}

/// The values a parameter can take.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "documented in the contract")]
pub enum ParamDomain {
    Text,
    Flag,
    Number {
        min: f64,
        max: f64,
        default: f64,
    },
    /// The first one is the default.
    Choice(Vec<String>),
}

/// What a provider lets itself be told.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// The provider's own name for it.
    pub name: String,
    /// Its values.
    pub domain: ParamDomain,
    /// The user's control it follows, e.g. "emotion.label".
    pub follows: Option<String>,
    /// Takes effect in the middle of an utterance, else from the next one.
    pub live: bool,
}

/// What a provider can do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProviderInfo {
    /// The component's own name.
    pub name: String,
    /// The component's own version.
    pub version: String,
    /// Models it can serve.
    pub models: Vec<String>,
    /// What it lets itself be told.
    pub params: Vec<ParamSpec>,
    /// The PCM it makes.
    pub audio: Option<AudioFormat>,
    /// The codecs it makes.
    pub video: Vec<VideoCodec>,
    /// E.g. "text-marks", "visemes", "own-speech", "remote-room".
    pub features: Vec<String>,
}

/// A provider's parameters, resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Control {
    /// Name and value, in order.
    pub params: Vec<(String, ParamValue)>,
}

/// What a call belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallContext {
    /// The session's name.
    pub session_id: String,
    /// The turn's name; empty for a call that lasts a session.
    pub turn_id: String,
    /// BCP 47.
    pub language: String,
    /// Time left until the first output is due, in milliseconds.
    pub first_output_budget_ms: u32,
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum Role {
    System,
    User,
    Assistant,
}

/// One message of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who.
    pub role: Role,
    /// What.
    pub content: String,
}

/// Out of a language model.
#[derive(Clone, Debug, PartialEq)]
pub enum LlmEvent {
    /// More of the answer.
    Text(String),
    /// How the next words are meant.
    Hint {
        /// An emotion label.
        label: String,
        /// 0 to 1.
        intensity: f32,
    },
    /// What the answer cost; the last event of a call that ended well.
    Usage {
        /// Tokens read.
        input_tokens: u32,
        /// Tokens written.
        output_tokens: u32,
        /// The model that answered.
        model: String,
    },
}

/// Into a voice.
#[derive(Clone, Debug, PartialEq)]
pub enum TtsInput {
    /// A sentence or clause to speak.
    Utterance(String),
    /// Parameters that hold from here on.
    Control(Control),
}

/// Out of a voice; times count from the call's first sample.
#[derive(Clone, Debug, PartialEq)]
pub enum TtsEvent {
    /// Sound.
    Audio(AudioChunk),
    /// A mouth shape, before or with its sound.
    Viseme(VisemeMark),
    /// A stretch of the utterance as written.
    TextMark(TextMark),
    /// All audio of the n-th utterance (from 0) has been sent.
    UtteranceEnd(u32),
}

/// Into a face; times are the session's media time.
#[derive(Clone, Debug, PartialEq)]
pub enum AvatarInput {
    /// A turn begins.
    TurnStart(CallContext),
    /// Sound that will be heard.
    Audio(AudioChunk),
    /// A mouth shape.
    Viseme(VisemeMark),
    /// The text that is being spoken.
    Utterance(String),
    /// Parameters that hold from here on.
    Control(Control),
    /// Move the video.
    Correct {
        /// From when on.
        at: Micros,
        /// Positive: skip ahead; negative: hold.
        shift_us: i32,
    },
    /// The turn is over.
    TurnEnd,
    /// Stop speaking at once; idle motion goes on.
    Interrupt,
}

/// Out of a face.
#[derive(Clone, Debug, PartialEq)]
pub enum AvatarEvent {
    /// A picture.
    Frame(VideoFrame),
    /// Sound, where the face speaks for itself.
    Audio(AudioChunk),
    /// Where a viewer joins when the vendor delivers the media.
    Remote {
        /// E.g. "livekit".
        kind: String,
        /// JSON, by kind.
        details: String,
    },
    /// Speech began at this media time.
    SpeakingStarted(Micros),
    /// Speech ended at this media time.
    SpeakingEnded(Micros),
}

/// An open call. Drop it to cancel; drop `input` alone to say that no more will come.
#[derive(Debug)]
pub struct Call<I, E> {
    /// Bounded: reserve room before sending.
    pub input: mpsc::Sender<I>,
    /// Bounded: what is not taken holds the provider back.
    pub events: mpsc::Receiver<Result<E, ProviderError>>,
}

/// Whether a provider could serve now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum Readiness {
    Ready,
    Degraded,
    Down,
}

/// What a provider says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The short answer.
    pub readiness: Readiness,
    /// One sentence; empty when all is well.
    pub detail: String,
}

/// What every provider can be asked.
pub trait Provider: Send + Sync + 'static {
    /// The id in the configuration.
    fn id(&self) -> &str;
    /// What it can do; known since it was loaded.
    fn info(&self) -> &ProviderInfo;
    /// Ask it. What is asked may ask a server in turn, and serves no turn meanwhile.
    fn health(&self) -> BoxFuture<'static, Health>;
}

/// A language model.
pub trait Llm: Provider {
    /// Start one answer.
    fn open(
        &self,
        messages: Vec<Message>,
        control: Control,
        context: CallContext,
    ) -> BoxFuture<'static, Result<Call<std::convert::Infallible, LlmEvent>, ProviderError>>;
}

/// A voice.
pub trait Tts: Provider {
    /// Start one turn.
    fn open(
        &self,
        control: Control,
        context: CallContext,
    ) -> BoxFuture<'static, Result<Call<TtsInput, TtsEvent>, ProviderError>>;
}

/// A face.
pub trait Avatar: Provider {
    /// Start one session; `codecs` are what the viewer can decode, best first.
    fn open(
        &self,
        render: Render,
        codecs: Vec<VideoCodec>,
        control: Control,
        context: CallContext,
    ) -> BoxFuture<'static, Result<Call<AvatarInput, AvatarEvent>, ProviderError>>;
}

/// The control mapper.
pub trait Mapper: Send + Sync + 'static {
    /// From persona, layers (weakest first) and what the target declares, its parameters and what
    /// became of each control.
    fn resolve(
        &self,
        persona: Persona,
        layers: Vec<(Emotion, Character)>,
        target: ProviderInfo,
    ) -> BoxFuture<'static, Result<(Control, Vec<Decision>), ProviderError>>;
}
