//! A turn: text in, an answer spoken, until it is heard, stopped or failed.

use super::{Budget, Opening, Output, Session};
use crate::events::{ServerEvent, StageMetrics, TurnEnd, TurnMetrics, TurnMode};
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

    /// The voice's time runs only while it owes sound and is listened to.
    fn watch_voice(&mut self, now: Micros) {
        let budget = self.budget(Stage::Tts);
        let heard = self.clock.media(now);
        let Some(turn) = &self.turn else { return };
        // It owes sound, or at least its end.
        let owes = turn.tts.fed()
            && (turn.line.waiting() || turn.tts.told_end)
            && self.has_room(turn, heard);
        let Some(turn) = &mut self.turn else { return };
        if !owes {
            turn.tts.due = None;
        } else if turn.tts.due.is_none() {
            let first = turn.tts.first_output.is_none();
            let allowed = if first {
                budget.first_output_us
            } else {
                budget.gap_us
            };
            turn.tts.due = Some(now + allowed);
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

    /// Before a stage's first output the next candidate takes over; afterwards what there is is kept.
    fn stage_failed(&mut self, now: Micros, stage: Stage, error: ProviderError) {
        let Some(turn) = &mut self.turn else { return };
        let running = turn.running(stage);
        let (untouched, from_index) = (running.first_output.is_none(), running.index);
        running.due = None;
        let name =
            |session: &Session, index: usize| session.chain(stage).get(index).map(|c| c.id.clone());
        let (from, next) = (name(self, from_index), name(self, from_index + 1));
        if let (true, Some(to), Some(from)) = (untouched, next, from) {
            self.out.push(Output::Close(stage));
            if let Some(turn) = &mut self.turn {
                turn.fallbacks += 1;
                turn.running(stage).index += 1;
            }
            let reason = error.to_string();
            self.emit(ServerEvent::ProviderSwitched {
                stage,
                from,
                to: Some(to),
                reason,
            });
            self.open_stage(now, stage);
            if stage == Stage::Tts {
                self.say_again();
                self.watch_voice(now);
            }
            return;
        }
        self.out.push(Output::Close(stage));
        self.error(Some(stage), &error);
        if let Some(turn) = &mut self.turn {
            turn.running(stage).state = State::Failed;
        }
        match stage {
            Stage::Llm => self.answer_over(now),
            _ => self.tell_face(AvatarInput::TurnEnd),
        }
    }

    /// A new voice is given what the old one did not speak.
    fn say_again(&mut self) {
        let Some(turn) = &self.turn else { return };
        let rest: Vec<_> = turn
            .line
            .unfinished()
            .map(|text| TtsInput::Utterance(text.into()))
            .collect();
        let over = turn.llm.over();
        self.out.extend(rest.into_iter().map(Output::Tts));
        if over {
            self.end_voice();
        }
    }

    /// Nothing more will be said.
    fn end_voice(&mut self) {
        if let Some(turn) = self.turn.as_mut().filter(|turn| turn.tts.fed()) {
            turn.tts.told_end = true;
            self.out.push(Output::End(Stage::Tts));
        }
    }

    /// A voice that said all it was given but does not end is ended.
    fn silence_voice(&mut self) {
        self.out.push(Output::Close(Stage::Tts));
        if let Some(turn) = &mut self.turn {
            turn.tts.state = State::Done;
            turn.tts.due = None;
        }
        self.tell_face(AvatarInput::TurnEnd);
    }

    pub(super) fn overdue(&mut self, now: Micros) {
        self.face_overdue(now);
        for stage in [Stage::Llm, Stage::Tts] {
            let Some(turn) = &mut self.turn else { return };
            if turn.running(stage).due.is_some_and(|due| due <= now) {
                if stage == Stage::Tts && !turn.line.waiting() {
                    self.silence_voice();
                    continue;
                }
                let message = format!("the {} gave no output in its budget", stage.name());
                self.stage_failed(now, stage, ProviderError::new(ErrorCode::Timeout, message));
            }
        }
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

    /// Stop the turn: nothing of it is said after this but how it went.
    pub(super) fn interrupt(&mut self, now: Micros) {
        let Some(turn) = &self.turn else { return };
        let heard = turn.played.map_or_else(
            || self.clock.media(now),
            |played| played.position + now.saturating_sub(played.at),
        );
        let position_us = heard.min(turn.line.sent_end());
        let text_heard = turn.line.heard(position_us);
        let (id, fed) = (
            turn.id,
            [(Stage::Llm, turn.llm.fed()), (Stage::Tts, turn.tts.fed())],
        );
        let closing = fed
            .into_iter()
            .filter(|(_, fed)| *fed)
            .map(|(stage, _)| Output::Close(stage));
        self.out.extend(closing);
        self.tell_face(AvatarInput::Interrupt);
        self.face.drop_waiting();
        self.out.push(Output::Fence(id));
        self.emit(ServerEvent::Interrupted {
            text_heard: text_heard.clone(),
            position_us,
        });
        // What was sent but never heard is skipped, so that the face goes on at once.
        self.clock.jump(now, self.face.end().max(self.audio_end));
        self.end_turn(now, TurnEnd::Interrupted, text_heard);
    }

    /// End the turn once all of it is heard (or, without real time, made).
    pub(super) fn finish_if_heard(&mut self, now: Micros, heard: Micros) {
        let Some(turn) = self.turn.as_ref().filter(|turn| turn.sound_done()) else {
            return;
        };
        let end = turn.line.placed_end();
        let over = if self.config.pacing.realtime {
            heard >= end
        } else {
            let faceless =
                self.face.lost() || self.config.codecs.is_empty() || self.config.avatar.is_empty();
            turn.line.next_at().is_none() && (faceless || end == 0 || self.face.end() >= end)
        };
        if !over || turn.line.next_at().is_some() {
            return;
        }
        let (reason, spoken) = if turn.failed() {
            (TurnEnd::Failed, turn.line.text())
        } else {
            (TurnEnd::Completed, turn.answer.clone())
        };
        self.end_turn(now, reason, spoken);
    }

    fn end_turn(&mut self, now: Micros, reason: TurnEnd, spoken: String) {
        if !spoken.trim().is_empty() {
            self.remember(Role::Assistant, spoken);
        }
        let metrics = self.metrics(now);
        self.emit(ServerEvent::Metrics(metrics));
        self.emit(ServerEvent::TurnEnded { reason });
        self.turn = None;
    }

    fn metrics(&self, now: Micros) -> TurnMetrics {
        let Some(turn) = &self.turn else {
            return TurnMetrics::default();
        };
        let ms = |at: Micros| at.saturating_sub(turn.started) as f64 / 1_000.0;
        let name = |stage, index: usize| {
            self.chain(stage)
                .get(index)
                .map(|c| c.id.clone())
                .unwrap_or_default()
        };
        let mut stages = Vec::new();
        if turn.mode == TurnMode::Chat {
            stages.push(turn.llm.metrics(
                Stage::Llm,
                name(Stage::Llm, turn.llm.index),
                turn.started,
            ));
        }
        stages.push(
            turn.tts
                .metrics(Stage::Tts, name(Stage::Tts, turn.tts.index), turn.started),
        );
        if turn.first_frame.is_some() {
            stages.push(StageMetrics {
                stage: Stage::Avatar,
                provider: name(Stage::Avatar, self.face.index()),
                first_output_ms: turn.first_frame.map(ms),
                total_ms: Some(ms(now)),
                attempts: 1,
            });
        }
        TurnMetrics {
            ttft_ms: turn.first_text.map(ms),
            ttfa_ms: turn.first_audio.map(ms),
            ttfv_ms: turn.first_frame.map(ms),
            total_ms: ms(now),
            audio_ms: turn.line.sent_us() as f64 / 1_000.0,
            frames: turn.frames,
            drift_ms: self.face.drift.metrics(),
            corrections: self.face.drift.corrections(),
            stages,
            fallbacks: turn.fallbacks,
        }
    }
}
