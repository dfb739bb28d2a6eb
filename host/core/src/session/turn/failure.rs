//! A stage that fails or keeps its turn waiting: who takes over, and what is kept.

use super::voice::Said;
use super::{Running, State};
use crate::circuit::Verdict;
use crate::events::ServerEvent;
use crate::media::Micros;
use crate::provider::{AvatarInput, ErrorCode, ProviderError, Stage};
use crate::session::{Candidate, OnBreak, Output, Session};
use crate::tags::Tags;

/// What language models declare that can go on with an answer which another one has begun.
const CONTINUES: &str = "continues";

impl Session {
    /// The voice's time runs only while it owes sound and is listened to.
    pub(super) fn watch_voice(&mut self, now: Micros) {
        let budget = self.budget(Stage::Tts);
        let heard = self.clock.media(now);
        let Some(turn) = &mut self.turn else { return };
        if turn.tts.pausing() {
            // The pause before another attempt is no time of the listener's to give away.
            if turn.queue.iter().any(Said::words) {
                let first = turn.tts.meter.first(budget);
                turn.tts.meter.owe(now, first, budget);
            }
            return;
        }
        let Some(turn) = &self.turn else { return };
        // It owes sound, or at least its end.
        let owes = turn.tts.fed()
            && (turn.line.waiting() || turn.tts.told_end)
            && self.has_room(turn, heard);
        let Some(turn) = &mut self.turn else { return };
        if !owes {
            return turn.tts.meter.rest(now);
        }
        let allowed = match (turn.tts.first_output, turn.line.begun()) {
            (None, _) => turn.tts.meter.first(budget),
            // It was given an utterance when it had none, and begins anew.
            (Some(_), None) => budget.gap_us.max(turn.tts.meter.first(budget)),
            _ => budget.gap_us,
        };
        turn.tts.meter.owe(now, allowed, budget);
    }

    /// A stage's call has failed: it is made again, or the next candidate takes over, also in the middle:
    /// a voice at the word that the last one had come to, a language model, if it can, with what follows.
    /// Where nobody can, what there is is kept.
    pub(super) fn stage_failed(&mut self, now: Micros, stage: Stage, error: ProviderError) {
        if self.try_again(now, stage, &error) {
            return;
        }
        let follower = self.follower(stage);
        let Some(turn) = &mut self.turn else { return };
        let running = turn.running(stage);
        let failed = running.index;
        running.meter.rest(now);
        self.blame(stage, failed, &error);
        self.out.push(Output::Close(stage));
        let from = self.name(stage, failed);
        let to = follower.and_then(|next| self.name(stage, next));
        let Some(((next, from), to)) = follower.zip(from).zip(to) else {
            return self.stage_lost(now, stage, &error);
        };
        if let Some(turn) = &mut self.turn {
            turn.fallbacks += 1;
            turn.running(stage).hand_to(next);
        }
        self.note_switched(stage, next);
        self.emit(ServerEvent::ProviderSwitched {
            stage,
            from,
            to: Some(to),
            reason: error.to_string(),
        });
        self.start_over(stage);
        self.open_stage(now, stage);
    }

    /// Who can take a stage over now.
    pub(super) fn follower(&self, stage: Stage) -> Option<usize> {
        let turn = self.turn.as_ref()?;
        let running = match stage {
            Stage::Llm => &turn.llm,
            _ => &turn.tts,
        };
        let broken = stage == Stage::Llm && running.first_output.is_some();
        if broken && self.config.on_break == OnBreak::Close {
            return None;
        }
        let continues = |one: &Candidate| one.info.features.iter().any(|word| word == CONTINUES);
        let tried: Vec<usize> = running
            .tried
            .iter()
            .copied()
            .chain([running.index])
            .collect();
        self.choose(stage, &tried, |one| !broken || continues(one))
    }

    /// What is left by a call that failed is for the next one.
    pub(super) fn start_over(&mut self, stage: Stage) {
        if stage == Stage::Tts {
            return self.take_back();
        }
        let Some(turn) = &mut self.turn else { return };
        // Half a tag is nobody's word.
        turn.tags = Tags::default();
        turn.joins = !turn.answer.is_empty();
        if !turn.joins {
            // What it meant goes with it.
            turn.queue.clear();
        }
    }

    /// Nobody takes over.
    fn stage_lost(&mut self, now: Micros, stage: Stage, error: &ProviderError) {
        self.error(Some(stage), error);
        if let Some(turn) = &mut self.turn {
            turn.running(stage).state = State::Failed;
        }
        match stage {
            Stage::Llm => self.answer_broken(now),
            _ => self.voice_over(),
        }
    }

    /// How it went with a provider that failed, as far as that is its fault.
    pub(in crate::session) fn blame(&mut self, stage: Stage, index: usize, error: &ProviderError) {
        let verdict = match error.code.fault() && !error.crowded {
            true => Verdict::Failed(error.to_string()),
            false => Verdict::Unknown,
        };
        self.judge(stage, index, verdict);
    }

    /// A stage's call ended as it should.
    pub(super) fn served_well(&mut self, stage: Stage) {
        let index = self.serving(stage);
        let mute = |turn: &mut super::Turn| stage == Stage::Tts && !turn.running(stage).gave;
        let verdict = match self.turn.as_mut().is_some_and(mute) {
            // It had nothing to say.
            true => Verdict::Unknown,
            false => Verdict::Well,
        };
        self.judge(stage, index, verdict);
    }

    /// Nothing more will be said.
    pub(super) fn end_voice(&mut self) {
        if let Some(turn) = self.turn.as_mut().filter(|turn| turn.tts.fed()) {
            turn.tts.told_end = true;
            self.out.push(Output::End(Stage::Tts));
        }
    }

    /// A voice that said all it was given but does not end is ended.
    pub(super) fn silence_voice(&mut self, now: Micros) {
        self.out.push(Output::Close(Stage::Tts));
        if let Some(turn) = &mut self.turn {
            turn.tts.state = State::Done;
            turn.tts.meter.rest(now);
        }
        self.served_well(Stage::Tts);
        self.voice_over();
    }

    /// The voice says nothing more, whatever waits for it.
    pub(super) fn voice_over(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.queue.clear();
        }
        self.tell_face(AvatarInput::TurnEnd);
    }

    pub(in crate::session) fn overdue(&mut self, now: Micros) {
        self.face_overdue(now);
        for stage in [Stage::Llm, Stage::Tts] {
            let budget = self.budget(stage);
            let Some(turn) = &mut self.turn else { return };
            let waiting = turn.line.waiting();
            let running = turn.running(stage);
            if !running.meter.overdue(now) {
                continue;
            }
            if stage == Stage::Tts && running.fed() && !waiting {
                self.silence_voice(now);
                continue;
            }
            let name = stage.name();
            let message = match running.meter.exhausted(now, budget) {
                true => format!("the {name} was not through in its total budget"),
                false => format!("the {name} gave no output in its budget"),
            };
            self.stage_failed(now, stage, ProviderError::new(ErrorCode::Timeout, message));
        }
        self.open_again(now);
    }
}

impl Running {
    /// Another candidate takes over, with a budget of its own.
    fn hand_to(&mut self, next: usize) {
        self.tried.push(self.index);
        self.index = next;
        self.retries = 0;
        self.meter = Default::default();
    }
}
