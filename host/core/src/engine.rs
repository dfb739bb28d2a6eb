//! What a gateway asks of the engine: open, describe, feed, attach to and close sessions.
//!
//! [`crate::hub::Hub`] is the engine; a gateway's tests may use a double.

use crate::controls::{Character, ControlError, Emotion, Persona, Render, RenderWish};
use crate::events::{ClientEvent, Envelope, TurnMode};
use crate::ids::SessionId;
use crate::media::{AudioFormat, VideoCodec};
use crate::provider::{Health, ProviderInfo, Stage};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use thiserror::Error;

/// What a client asks of a new session. What is absent comes from persona and configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionRequest {
    /// A persona of the configuration.
    pub persona_id: Option<String>,
    /// A voice of the configured voice provider.
    pub voice: Option<String>,
    /// A look of the configured face.
    pub avatar: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// First emotion.
    pub emotion: Option<Emotion>,
    /// First character.
    pub character: Option<Character>,
    /// What to draw.
    pub render: Option<RenderWish>,
}

/// How a viewer gets the video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum Delivery {
    Frames,
    Livekit,
    Webrtc,
    None,
}

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// Nobody has connected yet, or the stream was lost.
    Waiting,
    /// Between turns.
    Idle,
    /// In a turn.
    Busy,
}

/// A session as clients see it.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionDescription {
    /// Its name.
    pub id: SessionId,
    /// The secret that opens its stream.
    pub token: String,
    /// Where it is.
    pub state: SessionState,
    /// Who speaks.
    pub persona_id: String,
    /// The sound that will come.
    pub audio: AudioFormat,
    /// How video comes.
    pub delivery: Delivery,
    /// The codec of the frames.
    pub codec: VideoCodec,
    /// What is drawn.
    pub render: Render,
    /// Who serves each stage.
    pub providers: Vec<(Stage, String)>,
    /// Turns so far.
    pub turns: u64,
    /// Unix time at which it ends if nothing happens.
    pub expires_at_ms: u64,
}

/// Why a session could not be opened.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum OpenError {
    /// No such persona.
    #[error("there is no persona {id:?}; there are: {}", known.join(", "))]
    UnknownPersona {
        /// What was asked for.
        id: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A control out of its range.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The server is full.
    #[error("the server holds {limit} sessions already, try again later")]
    Full {
        /// The configured limit.
        limit: usize,
    },
    /// The text to generate from cannot be used.
    #[error("{0}")]
    Text(String),
    /// The engine is shutting down.
    #[error("the server is shutting down: try again in a moment")]
    ShuttingDown,
}

/// Why an input was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InputError {
    /// No such session.
    #[error("there is no such session, or it has expired")]
    UnknownSession,
    /// The session's input queue is full: the client sends faster than it can be served.
    #[error("too many events at once: wait a second, then go on")]
    TooMany,
}

/// Why an attached stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detach {
    /// The session was closed.
    SessionClosed,
    /// The session has expired.
    Expired,
    /// The server is shutting down.
    ShuttingDown,
    /// Another stream took over.
    Replaced,
    /// This reader was too slow for too long.
    TooSlow,
}

/// One turn without a session that a client keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GenerateRequest {
    /// What the user says, or what is to be said.
    pub text: String,
    /// Which of the two.
    pub mode: TurnMode,
    /// As for a session.
    pub session: SessionRequest,
    /// What the receiver can decode, best first; empty: no video is wanted.
    pub codecs: Vec<VideoCodec>,
}

/// A configured provider and how it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderStatus {
    /// The id in the configuration.
    pub id: String,
    /// What it does.
    pub role: Stage,
    /// api, self_host, embedded or mock.
    pub mode: String,
    /// Whether a chain names it.
    pub active: bool,
    /// Whether it is the first of its chain.
    pub primary: bool,
    /// What it can do; none while it could not be loaded.
    pub info: Option<ProviderInfo>,
    /// How it was when it was last asked.
    pub health: Health,
    /// How long that answer took, in milliseconds; none: it has not been asked.
    pub latency_ms: Option<f64>,
    /// closed (in use), open (skipped) or half_open (on trial).
    pub circuit: &'static str,
}

/// Takes what a session sends, one envelope at a time.
///
/// One that is dropped counts as lost: the session waits a while for another that resumes.
pub trait Reader: Send {
    /// The next envelope, as soon as there is one; `Err` when the stream is over.
    fn next(&mut self) -> BoxFuture<'_, Result<Envelope, Detach>>;
    /// The client said goodbye: what it was listening to stops at once.
    fn leave(self: Box<Self>);
}

/// The engine as a gateway sees it.
pub trait Engine: Send + Sync + 'static {
    /// Open a session.
    fn open(&self, request: SessionRequest)
    -> BoxFuture<'_, Result<SessionDescription, OpenError>>;
    /// Describe a session.
    fn describe(&self, id: &str) -> Option<SessionDescription>;
    /// Close a session; false: there is none.
    fn close(&self, id: &str) -> bool;
    /// Give a session an input.
    ///
    /// # Errors
    /// See [`InputError`].
    fn input(&self, id: &str, event: ClientEvent) -> Result<(), InputError>;
    /// Attach a reader; the one before it is told [`Detach::Replaced`]. `resume` is the number of the
    /// last event that it saw on an earlier stream, if it wants to go on there; whether it does is
    /// said in its first event. None: there is no such session.
    fn attach(&self, id: &str, resume: Option<u64>) -> Option<Box<dyn Reader>>;
    /// Run one turn as fast as it goes. The stream ends after the turn's end.
    fn generate(
        &self,
        request: GenerateRequest,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Envelope>, OpenError>>;
    /// Every configured provider, as far as is known: nobody is asked.
    fn providers(&self) -> Vec<ProviderStatus>;
    /// Every configured provider; those of the chains have been asked lately how they are. Waits a
    /// second at most, and only where nobody wanted to know for a while.
    fn health(&self) -> BoxFuture<'_, Vec<ProviderStatus>>;
    /// Every configured persona.
    fn personas(&self) -> Vec<Persona>;
    /// Counters for an operator: name, help, kind ("counter" or "gauge"), value.
    fn counters(&self) -> Vec<(&'static str, &'static str, &'static str, f64)>;
}
