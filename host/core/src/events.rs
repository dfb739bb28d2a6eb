//! What clients and sessions say to each other. How it looks on the wire is the gateway's business.

use crate::controls::{ControlUpdate, Decision};
use crate::ids::{SessionId, TurnId};
use crate::media::{AudioChunk, Micros, VideoFrame};
use crate::provider::Stage;

/// The version of the events' schema.
pub const SCHEMA_VERSION: &str = "1.0";

/// What is done with a user's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TurnMode {
    /// A language model answers it.
    #[default]
    Chat,
    /// It is spoken as it is.
    Say,
}

/// From a client.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientEvent {
    /// More of what the user says.
    UserText {
        /// The text.
        text: String,
        /// What to do with it.
        mode: TurnMode,
        /// Whether the turn starts now; else text is gathered.
        end_turn: bool,
    },
    /// Start the turn with what was gathered.
    EndTurn,
    /// Stop speaking.
    Interrupt,
    /// Change the controls.
    ControlUpdate(ControlUpdate),
    /// What the client has played.
    Playback {
        /// Media time.
        position_us: Micros,
        /// The client's own clock when it read that, in microseconds since any moment: what jitter the way
        /// here has is then no matter.
        client_us: Option<Micros>,
    },
    /// Are you there?
    Ping,
    /// Something that could not be understood, or was refused: answered with an
    /// [`ServerEvent::Error`] of this code and message that is not retryable and has no stage.
    Rejected {
        /// For programs, e.g. "invalid_event".
        code: String,
        /// For people: what was wrong.
        message: String,
    },
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum TurnEnd {
    Completed,
    Interrupted,
    Failed,
}

/// One line of a control report.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportLine {
    /// Which stage decided.
    pub stage: Stage,
    /// What it decided.
    pub decision: Decision,
}

/// How one stage served a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct StageMetrics {
    /// Which.
    pub stage: Stage,
    /// Who served last.
    pub provider: String,
    /// From the turn's start to the first output, in milliseconds.
    pub first_output_ms: Option<f64>,
    /// From the turn's start to the last output, in milliseconds.
    pub total_ms: Option<f64>,
    /// Providers tried, retries included.
    pub attempts: u32,
}

/// How far video was from audio, in milliseconds; negative: video late.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the names are the definition")]
pub struct DriftMetrics {
    pub mean: f64,
    pub p95: f64,
    pub max: f64,
}

/// How a turn went; times in milliseconds from the turn's start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TurnMetrics {
    /// First text.
    pub ttft_ms: Option<f64>,
    /// First audio sent.
    pub ttfa_ms: Option<f64>,
    /// First frame of the speech sent.
    pub ttfv_ms: Option<f64>,
    /// All sent.
    pub total_ms: f64,
    /// Length of the audio sent.
    pub audio_ms: f64,
    /// Frames sent while the turn spoke.
    pub frames: u32,
    /// Video against audio.
    pub drift_ms: DriftMetrics,
    /// Times the drift controller stepped in.
    pub corrections: u32,
    /// By stage.
    pub stages: Vec<StageMetrics>,
    /// Changes of provider.
    pub fallbacks: u32,
}

/// Whether a stream goes on where the one before it broke off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Resumption {
    /// Nobody asked for that.
    #[default]
    Afresh,
    /// What followed the last event that was seen is sent next.
    Resumed,
    /// It was asked for, and could not be: why.
    Refused(String),
}

/// To a client.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerEvent {
    /// The stream is open.
    SessionReady {
        /// Who serves each stage.
        providers: Vec<(Stage, String)>,
        /// Whether it goes on where another one broke off.
        resumption: Resumption,
    },
    /// A turn begins.
    TurnStarted,
    /// More of what is said.
    TextDelta {
        /// The text.
        text: String,
    },
    /// Sound.
    Audio(AudioChunk),
    /// A picture.
    Video(VideoFrame),
    /// Media that the vendor delivers.
    RemoteMedia {
        /// E.g. "livekit".
        kind: String,
        /// JSON, by kind.
        details: String,
    },
    /// What became of the controls.
    ControlApplied {
        /// By stage and control.
        report: Vec<ReportLine>,
        /// From which media time on it holds.
        effective_pts_us: Micros,
    },
    /// Another provider serves from here on: it took over in the turn, or the turn begins with it.
    ProviderSwitched {
        /// Where.
        stage: Stage,
        /// Who served before.
        from: String,
        /// Who serves now; none: nobody.
        to: Option<String>,
        /// Why.
        reason: String,
    },
    /// The turn was stopped: nothing of it follows but its metrics and end.
    Interrupted {
        /// What was heard.
        text_heard: String,
        /// Up to which media time.
        position_us: Micros,
    },
    /// How the turn went.
    Metrics(TurnMetrics),
    /// The turn is over.
    TurnEnded {
        /// How.
        reason: TurnEnd,
    },
    /// Something went wrong; the session goes on.
    Error {
        /// For programs.
        code: String,
        /// For people.
        message: String,
        /// Whether trying again can help.
        retryable: bool,
        /// Where.
        stage: Option<Stage>,
    },
    /// I am here.
    Pong,
}

impl ServerEvent {
    /// Whether this is sound or picture.
    pub fn is_media(&self) -> bool {
        matches!(self, ServerEvent::Audio(_) | ServerEvent::Video(_))
    }

    /// Whether it is dropped with the turn that it belongs to, when that is stopped.
    pub fn is_fenced(&self) -> bool {
        let told = matches!(
            self,
            ServerEvent::TextDelta { .. } | ServerEvent::ControlApplied { .. }
        );
        told || self.is_media()
    }

    /// The bytes of media it carries.
    pub fn media_bytes(&self) -> usize {
        match self {
            ServerEvent::Audio(chunk) => chunk.pcm.len(),
            ServerEvent::Video(frame) => frame.data.len(),
            _ => 0,
        }
    }
}

/// An event with all that a client needs to place it.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// From 1, per session, no gaps.
    pub seq: u64,
    /// Unix time.
    pub timestamp_ms: u64,
    /// Whose.
    pub session_id: SessionId,
    /// None outside a turn.
    pub turn_id: Option<TurnId>,
    /// What.
    pub event: ServerEvent,
}
