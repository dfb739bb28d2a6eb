//! A stage that fails or keeps its turn waiting: who takes over, and what is kept.

use super::State;
use crate::events::ServerEvent;
use crate::media::Micros;
use crate::provider::{AvatarInput, ErrorCode, ProviderError, Stage};
use crate::session::{Output, Session};
use crate::tags::Tags;

/// What language models declare that can go on with an answer which another one has begun.
const CONTINUES: &str = "continues";

impl Session {
    /// The voice's time runs only while it owes sound and is listened to.
    pub(super) fn watch_voice(&mut self, now: Micros) {
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
            let allowed = match (turn.tts.first_output, turn.line.begun()) {
                (None, _) => budget.first_output_us,
                // It was given an utterance when it had none, and begins anew.
                (Some(_), None) => budget.gap_us.max(budget.first_output_us),
                _ => budget.gap_us,
            };
            turn.tts.due = Some(now + allowed);
        }
    }

    /// The next candidate takes over, also in the middle: a voice at the word that the last one had come to,
    /// a language model, if it can, with what follows. Where nobody can, what there is is kept.
    pub(super) fn stage_failed(&mut self, now: Micros, stage: Stage, error: ProviderError) {
        let Some(turn) = &mut self.turn else { return };
        let running = turn.running(stage);
        let (untouched, from_index) = (running.first_output.is_none(), running.index);
        running.due = None;
        let name =
            |session: &Session, index: usize| session.chain(stage).get(index).map(|c| c.id.clone());
        let (from, next) = (name(self, from_index), name(self, from_index + 1));
        let goes_on = match stage {
            Stage::Tts => true,
            _ => {
                let next = self.chain(stage).get(from_index + 1);
                next.is_some_and(|next| next.info.features.iter().any(|word| word == CONTINUES))
            }
        };
        let replaced = untouched || goes_on;
        if let (true, Some(to), Some(from)) = (replaced, next, from) {
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
            if stage == Stage::Tts {
                self.take_back();
            } else if let Some(turn) = &mut self.turn {
                // Half a tag is nobody's word.
                turn.tags = Tags::default();
                turn.joins = !turn.answer.is_empty();
                if !turn.joins {
                    // What it meant goes with it.
                    turn.queue.clear();
                }
            }
            return self.open_stage(now, stage);
        }
        self.out.push(Output::Close(stage));
        self.error(Some(stage), &error);
        if let Some(turn) = &mut self.turn {
            turn.running(stage).state = State::Failed;
        }
        match stage {
            Stage::Llm => self.answer_over(now),
            _ => self.voice_over(),
        }
    }

    /// Nothing more will be said.
    pub(super) fn end_voice(&mut self) {
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
}
