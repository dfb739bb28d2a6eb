//! One session as a pure state machine: inputs and the time go in, outputs come out.
//!
//! It opens and feeds the stages of a turn, places their media on the session's timeline, lets it
//! out when it is due, and stops everything at an interrupt. It knows no clock but the `now` it is
//! given (monotonic, microseconds), does no I/O and never waits; [`crate::driver`] does that.
//!
//! Every call to a stage has a ticket. What arrives under an old ticket belongs to a call that was
//! given up and is dropped, which together with the outbox's fence is how no event outlives its turn.

mod chain;
mod client;
mod controls;
mod face;
mod presence;
mod reload;
mod turn;
mod wants;

pub use crate::budget::Budget;
pub use crate::retry::Retries;
pub(crate) use chain::BACK;
pub use controls::Resolved;
pub use presence::Farewell;
pub use reload::Reload;
pub use wants::Wants;

use crate::circuit::{Barred, Verdict};
use crate::clock::{MediaClock, Pacing};
use crate::controls::{Persona, Render};
use crate::events::{ClientEvent, Resumption, ServerEvent};
use crate::ids::{SessionId, TurnId};
use crate::media::{Micros, VideoCodec};
use crate::provider::{
    AvatarEvent, AvatarInput, CallContext, Control, LlmEvent, Message, ProviderError, ProviderInfo,
    Stage, TtsEvent, TtsInput,
};
use crate::retry::Jitter;
use controls::Layers;
use face::Face;
use presence::Presence;
use std::sync::Arc;
use turn::Turn;

/// A provider of a stage's chain.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The id in the configuration.
    pub id: String,
    /// What it can do; shared by all candidates that stand for the same provider, see [`Candidate::is`].
    pub info: Arc<ProviderInfo>,
    /// What it is given.
    pub budget: Budget,
}

/// What becomes of an answer whose language model fails in the middle of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBreak {
    /// The next one that can goes on with it; where nobody can, it is closed.
    #[default]
    Continue,
    /// It is spoken up to the last sentence that is whole, and the turn fails.
    Close,
}

/// What a session is made of.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Its name.
    pub id: SessionId,
    /// Who speaks.
    pub persona: Persona,
    /// Every persona it may change to.
    pub personas: Arc<Vec<Persona>>,
    /// BCP 47.
    pub language: String,
    /// What is drawn.
    pub render: Render,
    /// What the viewer decodes, best first; empty: no video is wanted.
    pub codecs: Vec<VideoCodec>,
    /// First to last resort.
    pub llm: Vec<Candidate>,
    /// First to last resort.
    pub tts: Vec<Candidate>,
    /// First to last resort; after the last: audio only.
    pub avatar: Vec<Candidate>,
    /// When media leaves.
    pub pacing: Pacing,
    /// Messages of the conversation that a language model is given at most.
    pub history: usize,
    /// How often a provider is asked again before the next one is.
    pub retries: Retries,
    /// What becomes of an answer that breaks off.
    pub on_break: OnBreak,
}

/// Into the state machine.
#[derive(Debug)]
pub enum Input {
    /// A reader is there.
    Attached,
    /// A reader is there that wanted to resume, and why it may not.
    Refused(String),
    /// A reader is there that goes on where it was.
    Resumed {
        /// Media time of the first sound that it has not got.
        unheard: Option<Micros>,
        /// Media time at which the last picture that it got ends; none: it got none.
        shown: Option<Micros>,
    },
    /// The reader was lost, and may come back until then.
    Lost(Micros),
    /// The reader has left.
    Detached,
    /// End the session: at once between turns, else when the turn is over, then at the latest.
    End(Farewell, Micros),
    /// From the client.
    Client(ClientEvent),
    /// Who is barred now, by id, and why: turns that begin from now on do without them.
    Barred(Arc<Barred>),
    /// The mapper has answered.
    Resolved(Vec<(Stage, Result<Resolved, ProviderError>)>),
    /// A stage is open, or could not be opened.
    Opened(Stage, u64, Result<(), ProviderError>),
    /// The language model said something; none: it ended well.
    Llm(u64, Option<Result<LlmEvent, ProviderError>>),
    /// The voice said something; none: it ended well.
    Tts(u64, Option<Result<TtsEvent, ProviderError>>),
    /// The face showed something; none: it ended.
    Avatar(u64, Option<Result<AvatarEvent, ProviderError>>),
    /// The configuration was read anew: what holds from the next turn on.
    Reload(Box<Reload>),
    /// Time has passed.
    Tick,
}

/// Out of the state machine.
#[derive(Debug)]
pub enum Output {
    /// Tell the client.
    Emit(Option<TurnId>, ServerEvent),
    /// Drop what waits of the turn.
    Fence(TurnId),
    /// The reader that was lost can resume no more.
    GiveUp,
    /// Ask the mapper for each stage's parameters.
    Resolve(Box<ResolveRequest>),
    /// What the last reload brought is taken over: from here on candidates are counted in its chains.
    TakeOver,
    /// Open a stage's n-th candidate.
    Open(u64, usize, Box<Opening>),
    /// To the voice.
    Tts(TtsInput),
    /// To the face.
    Avatar(AvatarInput),
    /// No more input will come for the stage.
    End(Stage),
    /// Give the stage's call up.
    Close(Stage),
    /// How it went with a provider, by its id; once for each turn and provider.
    Judge(String, Verdict),
}

/// What a stage is opened with.
#[derive(Debug)]
#[allow(missing_docs, reason = "as the ports have it")]
pub enum Opening {
    Llm {
        messages: Vec<Message>,
        control: Control,
        context: CallContext,
    },
    Tts {
        control: Control,
        context: CallContext,
    },
    Avatar {
        render: Render,
        codecs: Vec<VideoCodec>,
        control: Control,
        context: CallContext,
    },
}

impl Opening {
    /// The stage it opens.
    pub fn stage(&self) -> Stage {
        match self {
            Opening::Llm { .. } => Stage::Llm,
            Opening::Tts { .. } => Stage::Tts,
            Opening::Avatar { .. } => Stage::Avatar,
        }
    }
}

/// What is asked for, weakest first.
pub type Stack = Vec<(crate::controls::Emotion, crate::controls::Character)>;

/// What the mapper is asked.
#[derive(Debug)]
pub struct ResolveRequest {
    /// Who speaks.
    pub persona: Persona,
    /// For whom, and what is asked for there.
    pub targets: Vec<(Stage, Arc<ProviderInfo>, Stack)>,
}

/// The state machine.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    clock: MediaClock,
    attached: bool,
    presence: Presence,
    layers: Layers,
    face: Face,
    turn: Option<Turn>,
    turns: u64,
    tickets: u64,
    barred: Arc<Barred>,
    /// Who serves language model and voice, as far as the client has been told.
    told: [usize; 2],
    jitter: Jitter,
    gathered: String,
    history: Vec<Message>,
    /// End of the last audio that was sent in any turn.
    audio_end: Micros,
    /// What a reload brought while a turn was going on.
    offered: Option<Box<Reload>>,
    out: Vec<Output>,
}

impl Session {
    /// A session that nobody is connected to yet.
    pub fn new(config: SessionConfig) -> Self {
        let layers = Layers::new(&config.persona);
        Session {
            jitter: Jitter::new(config.id.as_str()),
            config,
            clock: MediaClock::default(),
            attached: false,
            presence: Presence::default(),
            layers,
            face: Face::default(),
            turn: None,
            turns: 0,
            tickets: 0,
            barred: Arc::default(),
            told: [0; 2],
            gathered: String::new(),
            history: Vec::new(),
            audio_end: 0,
            offered: None,
            out: Vec::new(),
        }
    }

    /// Lay the session's own first controls over the persona's.
    pub fn set_controls(
        &mut self,
        emotion: Option<&crate::controls::Emotion>,
        character: Option<&crate::controls::Character>,
    ) {
        self.layers.open(emotion, character);
    }

    /// Take one input at `now`. What is to be done about it is in [`Session::take_outputs`].
    pub fn handle(&mut self, now: Micros, input: Input) {
        match input {
            Input::Attached => self.attach(now, Resumption::Afresh),
            Input::Refused(why) => self.attach(now, Resumption::Refused(why)),
            Input::Resumed { unheard, shown } => self.resume(now, unheard, shown),
            Input::Lost(until) => self.lost(now, until),
            Input::Detached => self.detach(now),
            Input::End(why, until) => self.end(why, until),
            Input::Client(event) => self.client(now, event),
            Input::Barred(barred) => self.bar(barred),
            Input::Resolved(results) => self.resolved(now, results),
            Input::Opened(stage, ticket, result) => self.opened(now, stage, ticket, result),
            Input::Llm(ticket, item) => self.llm(now, ticket, item),
            Input::Tts(ticket, item) => self.tts(now, ticket, item),
            Input::Avatar(ticket, item) => self.avatar(now, ticket, item),
            Input::Reload(reload) => self.reload(reload),
            Input::Tick => self.tick(now),
        }
        if !self.paused() {
            self.advance(now);
        }
        self.end_if_due(now);
    }

    /// What is to be done, in order.
    pub fn take_outputs(&mut self) -> std::vec::Drain<'_, Output> {
        self.out.drain(..)
    }

    /// Its name.
    pub fn id(&self) -> &SessionId {
        &self.config.id
    }

    /// Turns so far.
    pub fn turns(&self) -> u64 {
        self.turns
    }

    /// Whether a turn is going on.
    pub fn busy(&self) -> bool {
        self.turn.is_some()
    }

    /// Who serves each stage now.
    pub fn providers(&self) -> Vec<(Stage, String)> {
        let served = |stage| {
            let candidate = self.chain(stage).get(self.serving(stage))?;
            Some((stage, candidate.id.clone()))
        };
        controls::STAGES.into_iter().filter_map(served).collect()
    }

    fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    /// `left`: until the first output is due, in microseconds.
    fn context(&self, turn: Option<TurnId>, left: Micros) -> CallContext {
        CallContext {
            session_id: self.config.id.as_str().into(),
            turn_id: turn.map(|turn| turn.to_string()).unwrap_or_default(),
            language: self.config.language.clone(),
            first_output_budget_ms: u32::try_from(left / 1_000).unwrap_or(u32::MAX),
        }
    }

    fn emit(&mut self, event: ServerEvent) {
        let turn = self.turn.as_ref().map(|turn| turn.id);
        self.out.push(Output::Emit(turn, event));
    }

    fn error(&mut self, stage: Option<Stage>, error: &ProviderError) {
        self.emit(ServerEvent::Error {
            code: error.code.name().into(),
            message: error.message.clone(),
            retryable: error.code.retryable(),
            stage,
        });
    }

    fn refuse(&mut self, code: &str, message: impl Into<String>) {
        self.emit(ServerEvent::Error {
            code: code.into(),
            message: message.into(),
            retryable: false,
            stage: None,
        });
    }

    /// Give the voice what it needs, let out what is due, and end the turn when all of it is heard.
    fn advance(&mut self, now: Micros) {
        self.clock.settle(now);
        self.feed_voice(now);
        let heard = self.clock.media(now);
        let pacing = self.config.pacing;
        let limit = pacing.realtime.then(|| heard + pacing.audio_lead_us);
        while let Some(chunk) = self.turn.as_mut().and_then(|turn| turn.line.pop(limit)) {
            self.audio_end = chunk.end();
            self.before_first_audio(now, chunk.at);
            self.emit(ServerEvent::Audio(chunk));
        }
        self.show_due(now, heard);
        self.cue_face(now);
        self.finish_if_heard(now, heard);
    }
}
