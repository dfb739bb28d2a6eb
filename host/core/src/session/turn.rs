//! A turn: text in, an answer spoken, until it is heard, stopped or failed.

mod answer;
mod ending;
mod failure;
mod lips;
mod pause;
mod retry;
mod voice;

use super::controls::lay;
use super::{Budget, Opening, Output, Session};
use crate::budget::Meter;
use crate::controls::Emotion;
use crate::events::{ReportLine, ServerEvent, StageMetrics, TurnMode};
use crate::ids::TurnId;
use crate::media::Micros;
use crate::provider::{
    AvatarInput, Control, ErrorCode, Message, ProviderError, Role, Stage, TtsEvent,
};
use crate::sentence::SentenceBuffer;
use crate::tags::Tags;
use crate::timeline::Timeline;
use lips::Lips;
use std::collections::VecDeque;
use voice::Said;

/// What a language model is asked that takes over in the middle of an answer.
const GO_ON: &str = "Your last message was cut off. Go on exactly where it stops: repeat nothing of it, do not \
    start over, and do not mention this.";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Not needed, or not yet.
    #[default]
    Closed,
    /// To be opened when its parameters are known.
    Wanted,
    Opening(u64),
    Open(u64),
    /// It failed before anything was said, and is opened again then.
    Pausing(Micros),
    /// All of its output is there.
    Done,
    Failed,
}

/// One stage's call in a turn.
#[derive(Debug, Default)]
pub(super) struct Running {
    state: State,
    pub(super) index: usize,
    attempts: u32,
    /// Who failed in this turn.
    tried: Vec<usize>,
    /// How often the one who serves was opened again.
    retries: u32,
    /// Whether this call gave something.
    gave: bool,
    first_output: Option<Micros>,
    last_output: Option<Micros>,
    /// No more input will come.
    told_end: bool,
    meter: Meter,
    /// What the call has spoken, and how many shapes and words it has told of that.
    spoke_us: Micros,
    marks: u64,
}

/// Shapes and words that a voice may tell ahead of its sound, and one more for so much of it: ten times as
/// many as speech has.
const MARKS_AHEAD: u64 = 8_192;
const MARK_US: Micros = 5_000;

impl Running {
    /// Not needed yet; the index says who will serve.
    fn by(index: usize) -> Self {
        Running {
            index,
            ..Running::default()
        }
    }

    /// When something is to be done about it that it does not say itself.
    pub(super) fn wake_at(&self) -> Option<Micros> {
        let again = match self.state {
            State::Pausing(until) => Some(until),
            _ => None,
        };
        [again, self.meter.due()].into_iter().flatten().min()
    }

    fn is(&self, ticket: u64) -> bool {
        matches!(self.state, State::Opening(t) | State::Open(t) if t == ticket)
    }

    pub(super) fn listening(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Whether input sent now reaches the call (the driver keeps it while the call is opening).
    pub(super) fn fed(&self) -> bool {
        matches!(self.state, State::Opening(_) | State::Open(_))
    }

    fn over(&self) -> bool {
        matches!(self.state, State::Done | State::Failed)
    }

    /// It tells of one more shape or word; whether that is still in proportion to its sound.
    fn may_tell_more(&mut self) -> bool {
        self.marks += 1;
        self.marks <= MARKS_AHEAD + self.spoke_us / MARK_US
    }

    fn output(&mut self, now: Micros) {
        self.gave = true;
        self.first_output.get_or_insert(now);
        self.last_output = Some(now);
    }

    fn metrics(&self, stage: Stage, provider: String, started: Micros) -> StageMetrics {
        let ms = |at: Micros| at.saturating_sub(started) as f64 / 1_000.0;
        StageMetrics {
            stage,
            provider,
            first_output_ms: self.first_output.map(ms),
            total_ms: self.last_output.map(ms),
            attempts: self.attempts,
        }
    }
}

/// What a turn knows of itself.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) id: TurnId,
    started: Micros,
    mode: TurnMode,
    said: String,
    begun: bool,
    pub(super) llm: Running,
    pub(super) tts: Running,
    pub(super) line: Timeline,
    tags: Tags,
    sentences: SentenceBuffer,
    /// What the language model has written, tags and hints included, in bytes.
    written: usize,
    answer: String,
    /// Another language model goes on with the answer, and has not written anything yet.
    joins: bool,
    /// The answer is complete.
    answered: bool,
    /// What the voice will be given, in order.
    queue: VecDeque<Said>,
    /// The parameters the voice has, or will have before it speaks what it was given.
    voice_has: Control,
    /// The feeling that the voice is given utterances with now, and that each was given with.
    meant: Option<Emotion>,
    meant_by: VecDeque<Option<Emotion>>,
    /// The feeling that the face is to show from the next utterance's sound on.
    cue: Option<Emotion>,
    /// The same for utterances given to the voice, by their number.
    given_cues: VecDeque<(usize, Emotion)>,
    /// The same for those with a place, by media time.
    pub(super) placed_cues: VecDeque<(Micros, Emotion)>,
    /// What the language model was asked with, until it is told.
    pub(super) asked_with: Vec<ReportLine>,
    /// What utterances are spoken with, by their number, until it is told.
    notes: VecDeque<(usize, Vec<ReportLine>)>,
    /// What was told of utterances that have not left, with the media time from which it holds.
    pub(super) promised: VecDeque<(Micros, Vec<ReportLine>)>,
    /// What the turn began with has been told.
    pub(super) told: bool,
    first_text: Option<Micros>,
    first_audio: Option<Micros>,
    pub(super) first_audio_at: Option<Micros>,
    pub(super) first_frame: Option<Micros>,
    pub(super) frames: u32,
    pub(super) fallbacks: u32,
    lips: Lips,
    played: Option<Played>,
}

/// A client's word on what it has played, and when it came.
#[derive(Clone, Copy, Debug)]
struct Played {
    position: Micros,
    at: Micros,
}

impl Turn {
    /// Whether a voice has said something in it.
    pub(super) fn voiced(&self) -> bool {
        self.tts.first_output.is_some()
    }

    /// Nothing more will be spoken.
    pub(super) fn sound_done(&self) -> bool {
        self.begun && self.llm.over() && self.tts.over()
    }

    /// Whether its stages were opened.
    pub(super) fn begun(&self) -> bool {
        self.begun
    }

    /// What the next utterance is meant with.
    pub(super) fn cue_next(&mut self, emotion: Option<Emotion>) {
        self.cue = emotion;
    }

    /// The last feeling that the face is to show from a frame at `drawn` on.
    pub(super) fn take_cues(&mut self, drawn: Micros) -> Option<Emotion> {
        let mut last = None;
        while let Some((_, emotion)) = self.placed_cues.pop_front_if(|(at, _)| *at <= drawn) {
            last = Some(emotion);
        }
        last
    }

    /// What is to be told of the utterances up to this one.
    pub(super) fn take_notes(&mut self, index: usize) -> Vec<ReportLine> {
        let mut all = Vec::new();
        while let Some((_, lines)) = self.notes.pop_front_if(|(of, _)| *of <= index) {
            lay(&mut all, lines);
        }
        all
    }

    fn failed(&self) -> bool {
        self.llm.state == State::Failed || self.tts.state == State::Failed
    }

    fn running(&mut self, stage: Stage) -> &mut Running {
        if stage == Stage::Llm {
            &mut self.llm
        } else {
            &mut self.tts
        }
    }
}

impl Session {
    pub(super) fn begin(&mut self, now: Micros, said: String, mode: TurnMode) {
        self.turns += 1;
        self.remember(Role::User, said.clone());
        self.layers.forget_hints();
        self.face.drift.reset();
        let cutting = self.cutting();
        let (llm, tts) = (self.first(Stage::Llm), self.first(Stage::Tts));
        self.turn = Some(Turn {
            id: TurnId(self.turns),
            started: now,
            mode,
            said,
            begun: false,
            llm: Running::by(llm),
            tts: Running::by(tts),
            line: Timeline::default(),
            tags: Tags::default(),
            sentences: SentenceBuffer::new(cutting),
            written: 0,
            answer: String::new(),
            joins: false,
            answered: false,
            queue: VecDeque::new(),
            voice_has: Control::default(),
            meant: None,
            meant_by: VecDeque::new(),
            cue: None,
            given_cues: VecDeque::new(),
            placed_cues: VecDeque::new(),
            asked_with: Vec::new(),
            notes: VecDeque::new(),
            promised: VecDeque::new(),
            told: false,
            first_text: None,
            first_audio: None,
            first_audio_at: None,
            first_frame: None,
            frames: 0,
            fallbacks: 0,
            lips: Lips::default(),
            played: None,
        });
        self.emit(ServerEvent::TurnStarted);
        if mode == TurnMode::Chat {
            self.tell_first(Stage::Llm);
        }
        self.tell_first(Stage::Tts);
        self.retry_face(now);
        self.resolve(false);
        if self.resolved_all() {
            self.start_stages(now);
        }
    }

    /// The controls are known: open the stages.
    pub(super) fn start_stages(&mut self, now: Micros) {
        let Some(turn) = &mut self.turn else { return };
        if std::mem::replace(&mut turn.begun, true) {
            return;
        }
        let (id, mode, said) = (turn.id, turn.mode, turn.said.clone());
        let context = self.context(Some(id), Budget::default().first_output_us);
        self.tell_face(AvatarInput::TurnStart(context));
        self.open_stage(now, Stage::Tts);
        match mode {
            TurnMode::Chat => self.open_stage(now, Stage::Llm),
            TurnMode::Say => {
                if let Some(turn) = &mut self.turn {
                    turn.llm.state = State::Done;
                }
                // The user's own words: what looks like a tag is one of them.
                self.write(now, said);
                self.answer_over(now);
            }
        }
    }

    /// Open what waited for its parameters.
    pub(super) fn open_wanted(&mut self, now: Micros) {
        for stage in [Stage::Tts, Stage::Llm] {
            let wanted = |turn: &mut Turn| turn.running(stage).state == State::Wanted;
            if self.turn.as_mut().is_some_and(wanted) {
                self.open_stage(now, stage);
            }
        }
    }

    fn open_stage(&mut self, now: Micros, stage: Stage) {
        let stale = self.stale(stage);
        let Some(turn) = &mut self.turn else { return };
        let id = turn.id;
        if stale || self.layers.asked(stage) {
            // A provider that takes over has parameters of its own.
            turn.running(stage).state = State::Wanted;
            return self.resolve(false);
        }
        let ticket = self.ticket();
        let Some(turn) = &mut self.turn else { return };
        let running = turn.running(stage);
        running.state = State::Opening(ticket);
        (running.told_end, running.gave) = (false, false);
        (running.spoke_us, running.marks) = (0, 0);
        running.attempts += 1;
        let index = running.index;
        let Some(candidate) = self.chain(stage).get(index) else {
            let reason = format!("no {} provider is configured", stage.name());
            return self.stage_failed(
                now,
                stage,
                ProviderError::new(ErrorCode::Unavailable, reason),
            );
        };
        let budget = candidate.budget;
        let control = self.layers.control(stage).clone();
        let Some(turn) = &mut self.turn else { return };
        let left = turn.running(stage).begin(now, budget);
        let context = self.context(Some(id), left);
        let opening = if stage == Stage::Llm {
            let lines = self.layers.take_lines(stage);
            if let Some(turn) = &mut self.turn {
                turn.asked_with = lines;
                // The voice's time only runs while it owes sound.
                let first = turn.llm.meter.first(budget);
                turn.llm.meter.owe(now, first, budget);
            }
            Opening::Llm {
                messages: self.messages(),
                control,
                context,
            }
        } else {
            if let Some(turn) = &mut self.turn {
                turn.voice_has.clone_from(&control);
            }
            Opening::Tts { control, context }
        };
        self.out
            .push(Output::Open(ticket, index, Box::new(opening)));
        self.watch_voice(now);
    }

    fn messages(&self) -> Vec<Message> {
        let system = self.system_message().map(|content| Message {
            role: Role::System,
            content,
        });
        let begun = self.turn.as_ref().map(|turn| &turn.answer);
        let begun = begun.filter(|answer| !answer.is_empty()).map(|answer| {
            let asked = [(Role::Assistant, answer.as_str()), (Role::User, GO_ON)];
            asked.map(|(role, content)| Message {
                role,
                content: content.into(),
            })
        });
        system
            .into_iter()
            .chain(self.history.iter().cloned())
            .chain(begun.into_iter().flatten())
            .collect()
    }

    fn remember(&mut self, role: Role, content: String) {
        self.history.push(Message { role, content });
        let surplus = self
            .history
            .len()
            .saturating_sub(self.config.history.max(1));
        self.history.drain(..surplus);
    }

    pub(super) fn opened(
        &mut self,
        now: Micros,
        stage: Stage,
        ticket: u64,
        result: Result<(), ProviderError>,
    ) {
        if stage == Stage::Avatar {
            return self.face_opened(now, ticket, result);
        }
        let Some(turn) = &mut self.turn else { return };
        let running = turn.running(stage);
        if !running.is(ticket) {
            return;
        }
        match result {
            Ok(()) => running.state = State::Open(ticket),
            Err(error) => self.stage_failed(now, stage, error),
        }
    }

    fn budget(&self, stage: Stage) -> Budget {
        let index = match (stage, &self.turn) {
            (Stage::Llm, Some(turn)) => turn.llm.index,
            (Stage::Tts, Some(turn)) => turn.tts.index,
            _ => 0,
        };
        self.chain(stage)
            .get(index)
            .map(|candidate| candidate.budget)
            .unwrap_or_default()
    }

    pub(super) fn before_first_audio(&mut self, now: Micros, at: Micros) {
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.first_audio.is_none()) else {
            return;
        };
        turn.first_audio = Some(now);
        turn.first_audio_at = Some(at);
        if !turn.told {
            // A face that speaks for itself has no utterances.
            self.tell_spoken(0, at);
        }
    }

    /// The client says what it has played.
    pub(super) fn played(&mut self, now: Micros, position: Micros, client: Option<Micros>) {
        let Some(turn) = &mut self.turn else { return };
        if position > turn.line.sent_end() {
            // Nobody has heard what was never sent.
            return;
        }
        turn.played = Some(Played { position, at: now });
        if let Some(start) = turn.first_audio_at {
            let sent = start..=turn.line.sent_end();
            // What is not followed changes nothing, and is no error of the client's.
            let _ignored = self.clock.played(now, position, client, sent);
        }
    }
}
