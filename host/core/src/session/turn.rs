//! A turn: text in, an answer spoken, until it is heard, stopped or failed.

mod ending;
mod failure;

use super::{Budget, Opening, Output, Session};
use crate::events::{ServerEvent, StageMetrics, TurnMode};
use crate::ids::TurnId;
use crate::media::Micros;
use crate::provider::{
    AvatarInput, ErrorCode, LlmEvent, Message, ProviderError, Role, Stage, TtsEvent, TtsInput,
};
use crate::sentence::{SentenceBuffer, SentenceOptions};
use crate::text;
use crate::timeline::Timeline;

/// An answer longer than this is cut: a model that never stops must not fill the memory.
const MAX_ANSWER_CHARS: usize = 20_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Not needed, or not yet.
    #[default]
    Closed,
    Opening(u64),
    Open(u64),
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
    first_output: Option<Micros>,
    last_output: Option<Micros>,
    /// No more input will come.
    told_end: bool,
    /// When its next output must be there.
    pub(super) due: Option<Micros>,
}

impl Running {
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

    fn output(&mut self, now: Micros) {
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
    sentences: SentenceBuffer,
    answer: String,
    first_text: Option<Micros>,
    first_audio: Option<Micros>,
    pub(super) first_audio_at: Option<Micros>,
    pub(super) first_frame: Option<Micros>,
    pub(super) frames: u32,
    pub(super) fallbacks: u32,
    played: Option<Played>,
}

/// A client's word on what it has played, and when it came.
#[derive(Clone, Copy, Debug)]
struct Played {
    position: Micros,
    at: Micros,
}

impl Turn {
    /// Nothing more will be spoken.
    pub(super) fn sound_done(&self) -> bool {
        self.begun && self.llm.over() && self.tts.over()
    }

    /// Whether it speaks the user's own text.
    pub(super) fn says(&self) -> bool {
        self.mode == TurnMode::Say
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
        self.layers.hint(None);
        self.face.drift.reset();
        self.retry_face(now);
        self.turn = Some(Turn {
            id: TurnId(self.turns),
            started: now,
            mode,
            said,
            begun: false,
            llm: Running::default(),
            tts: Running::default(),
            line: Timeline::default(),
            sentences: SentenceBuffer::new(SentenceOptions::default()),
            answer: String::new(),
            first_text: None,
            first_audio: None,
            first_audio_at: None,
            first_frame: None,
            frames: 0,
            fallbacks: 0,
            played: None,
        });
        self.emit(ServerEvent::TurnStarted);
        if self.layers.fresh() && !self.layers.resolving() {
            self.start_stages(now);
        } else {
            self.resolve(false);
        }
    }

    /// The controls are known: open the stages.
    pub(super) fn start_stages(&mut self, now: Micros) {
        let Some(turn) = &mut self.turn else { return };
        if std::mem::replace(&mut turn.begun, true) {
            return;
        }
        let (id, mode, said) = (turn.id, turn.mode, turn.said.clone());
        let context = self.context(Some(id), Budget::default());
        self.tell_face(AvatarInput::TurnStart(context));
        self.open_stage(now, Stage::Tts);
        match mode {
            TurnMode::Chat => self.open_stage(now, Stage::Llm),
            TurnMode::Say => {
                if let Some(turn) = &mut self.turn {
                    turn.llm.state = State::Done;
                }
                self.answer(now, said);
                self.answer_over(now);
            }
        }
    }

    fn open_stage(&mut self, now: Micros, stage: Stage) {
        let ticket = self.ticket();
        let Some(turn) = &mut self.turn else { return };
        let id = turn.id;
        let running = turn.running(stage);
        running.state = State::Opening(ticket);
        running.told_end = false;
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
        let control = self.layers.control(stage);
        let context = self.context(Some(id), budget);
        let opening = match stage {
            Stage::Llm => Opening::Llm {
                messages: self.messages(),
                control,
                context,
            },
            _ => Opening::Tts { control, context },
        };
        if stage == Stage::Llm
            && let Some(turn) = &mut self.turn
        {
            // The voice's time only runs while it owes sound.
            turn.llm.due = Some(now + budget.first_output_us);
        }
        self.out
            .push(Output::Open(ticket, index, Box::new(opening)));
        self.watch_voice(now);
    }

    fn messages(&self) -> Vec<Message> {
        let prompt = &self.config.persona.prompt;
        let system = Message {
            role: Role::System,
            content: prompt.clone(),
        };
        let system = (!prompt.is_empty()).then_some(system);
        system
            .into_iter()
            .chain(self.history.iter().cloned())
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

    pub(super) fn llm(
        &mut self,
        now: Micros,
        ticket: u64,
        item: Option<Result<LlmEvent, ProviderError>>,
    ) {
        let gap = self.gap(Stage::Llm);
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.llm.is(ticket)) else {
            return;
        };
        turn.llm.due = Some(now + gap);
        match item {
            Some(Ok(LlmEvent::Text(delta))) => {
                turn.llm.output(now);
                self.answer(now, delta);
            }
            Some(Ok(LlmEvent::Hint { label, intensity })) => {
                let emotion = crate::controls::Emotion {
                    label: Some(label),
                    intensity: Some(intensity),
                    ..Default::default()
                };
                // What a model makes up is no error of the user's.
                if emotion.check().is_ok() {
                    self.layers.hint(Some(emotion));
                    if !self.layers.fresh() {
                        self.resolve(true);
                    }
                }
            }
            Some(Ok(LlmEvent::Usage { .. })) => {}
            Some(Err(error)) => self.stage_failed(now, Stage::Llm, error),
            None => {
                turn.llm.state = State::Done;
                turn.llm.due = None;
                self.answer_over(now);
            }
        }
    }

    /// More of the answer: show it, and give the voice what is complete.
    fn answer(&mut self, now: Micros, delta: String) {
        let Some(turn) = &mut self.turn else { return };
        turn.first_text.get_or_insert(now);
        turn.answer.push_str(&delta);
        let utterances = turn.sentences.push(&delta);
        let endless = turn.answer.len() > MAX_ANSWER_CHARS && turn.llm.fed();
        self.emit(ServerEvent::TextDelta { text: delta });
        utterances
            .into_iter()
            .for_each(|utterance| self.say(utterance));
        if endless {
            self.out.push(Output::Close(Stage::Llm));
            if let Some(turn) = &mut self.turn {
                turn.llm.state = State::Done;
                turn.llm.due = None;
            }
            self.refuse("answer_cut", "the answer grew too long and was cut");
            self.answer_over(now);
        }
        self.watch_voice(now);
    }

    fn answer_over(&mut self, now: Micros) {
        let Some(turn) = &mut self.turn else { return };
        if let Some(rest) = turn.sentences.finish() {
            self.say(rest);
        }
        self.end_voice();
        self.watch_voice(now);
    }

    fn say(&mut self, utterance: String) {
        let Some(turn) = &mut self.turn else { return };
        if !turn.tts.fed() || !text::speakable(&utterance) {
            return;
        }
        turn.line.utterance(&utterance);
        self.tell_face(AvatarInput::Utterance(utterance.clone()));
        self.out.push(Output::Tts(TtsInput::Utterance(utterance)));
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

    fn gap(&self, stage: Stage) -> Micros {
        self.budget(stage).gap_us
    }

    pub(super) fn tts(
        &mut self,
        now: Micros,
        ticket: u64,
        item: Option<Result<TtsEvent, ProviderError>>,
    ) {
        let heard = self.clock.media(now);
        let pacing = self.config.pacing;
        let lead = if pacing.realtime {
            pacing.playout_us
        } else {
            0
        };
        let earliest = (heard + lead).max(self.audio_end).max(self.face.end());
        // Without real time nobody is waiting, so nothing is ever late.
        let heard = if pacing.realtime { heard } else { 0 };
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.tts.is(ticket)) else {
            return;
        };
        turn.tts.due = None;
        match item {
            Some(Ok(TtsEvent::Audio(mut chunk))) => {
                turn.tts.output(now);
                chunk.at = turn.line.place(chunk.at, earliest, heard, lead);
                turn.line.audio(chunk.clone());
                self.tell_face(AvatarInput::Audio(chunk));
            }
            Some(Ok(TtsEvent::Viseme(mut mark))) => {
                mark.at = turn.line.place(mark.at, earliest, heard, lead);
                self.tell_face(AvatarInput::Viseme(mark));
            }
            Some(Ok(TtsEvent::TextMark(mut mark))) => {
                mark.at = turn.line.place(mark.at, earliest, heard, lead);
                turn.line.mark(&mark);
            }
            Some(Ok(TtsEvent::UtteranceEnd(index))) => turn.line.finish(index),
            Some(Err(error)) => self.stage_failed(now, Stage::Tts, error),
            None => {
                turn.tts.state = State::Done;
                self.tell_face(AvatarInput::TurnEnd);
            }
        }
        self.watch_voice(now);
    }

    pub(super) fn before_first_audio(&mut self, now: Micros, at: Micros) {
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.first_audio.is_none()) else {
            return;
        };
        turn.first_audio = Some(now);
        turn.first_audio_at = Some(at);
        self.tell_report(at);
    }

    pub(super) fn played(&mut self, now: Micros, position: Micros) {
        if let Some(turn) = &mut self.turn {
            turn.played = Some(Played { position, at: now });
        }
    }
}
