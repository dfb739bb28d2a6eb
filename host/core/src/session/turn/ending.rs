//! How a turn ends: stopped, or heard to its end; and the account of it.

use crate::circuit::Verdict;
use crate::events::{ServerEvent, StageMetrics, TurnEnd, TurnMetrics, TurnMode};
use crate::media::Micros;
use crate::provider::{AvatarInput, Role, Stage};
use crate::session::{Output, Session};

impl Session {
    /// Stop the turn: nothing of it is said after this but how it went.
    pub(in crate::session) fn interrupt(&mut self, now: Micros) {
        let Some(turn) = &self.turn else { return };
        let heard = turn.played.map_or_else(
            || self.clock.media(now),
            |played| played.position + self.clock.plays(now.saturating_sub(played.at)),
        );
        let position_us = heard.min(turn.line.sent_end());
        let text_heard = turn.line.heard(position_us);
        let id = turn.id;
        self.close_stages();
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

    /// Give up what is under way. Who had begun to serve is taken to have gone on.
    fn close_stages(&mut self) {
        for stage in [Stage::Llm, Stage::Tts] {
            let Some(turn) = &mut self.turn else { return };
            let running = turn.running(stage);
            let (fed, on_call) = (running.fed(), running.on_call());
            let (gave, index) = (running.gave, running.index);
            if fed {
                self.out.push(Output::Close(stage));
            }
            if on_call {
                let verdict = if gave {
                    Verdict::Well
                } else {
                    Verdict::Unknown
                };
                self.judge(stage, index, verdict);
            }
        }
    }

    /// End the turn once all of it is heard (or, without real time, made).
    pub(in crate::session) fn finish_if_heard(&mut self, now: Micros, heard: Micros) {
        let Some(turn) = self.turn.as_ref().filter(|turn| turn.sound_done()) else {
            return;
        };
        let end = turn.line.placed_end();
        let over = if self.config.pacing.realtime {
            heard >= end
        } else {
            let faceless =
                self.face.lost() || self.config.codecs.is_empty() || self.config.avatar.is_empty();
            // A picture that waits for a time beyond the sound never leaves.
            let shown =
                self.face.end() >= end || self.face.waiting_at().is_some_and(|at| at >= end);
            turn.line.next_at().is_none() && (faceless || end == 0 || shown)
        };
        if !over || turn.line.next_at().is_some() {
            return;
        }
        let (reason, spoken) = if turn.failed() {
            // A voice that failed may have been given more than it said.
            (TurnEnd::Failed, turn.line.heard(turn.line.sent_end()))
        } else {
            (TurnEnd::Completed, turn.answer.clone())
        };
        self.end_turn(now, reason, spoken);
    }

    fn end_turn(&mut self, now: Micros, reason: TurnEnd, spoken: String) {
        if !spoken.trim().is_empty() {
            self.remember(Role::Assistant, spoken);
        }
        self.keep_untold();
        self.judge_face();
        if reason == TurnEnd::Completed {
            self.last_cue();
        }
        let metrics = self.metrics(now);
        self.emit(ServerEvent::Metrics(metrics));
        self.emit(ServerEvent::TurnEnded { reason });
        self.turn = None;
        self.take_over();
    }

    fn metrics(&self, now: Micros) -> TurnMetrics {
        let Some(turn) = &self.turn else {
            return TurnMetrics::default();
        };
        let ms = |at: Micros| at.saturating_sub(turn.started) as f64 / 1_000.0;
        let name = |stage, index| self.name(stage, index).unwrap_or_default();
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
