//! Once more with the same provider, after a pause, where nothing of it was said or heard.

use super::{Running, State};
use crate::budget::Budget;
use crate::media::Micros;
use crate::provider::{ErrorCode, ProviderError, Stage};
use crate::session::{Output, Session};

impl Running {
    /// It is being opened, maybe again: what is left for its first output.
    pub(super) fn begin(&mut self, now: Micros, budget: Budget) -> Micros {
        if self.retries > 0 {
            self.meter.again(now);
        }
        self.meter.first_left(now, budget)
    }

    pub(super) fn pausing(&self) -> bool {
        matches!(self.state, State::Pausing(_))
    }

    /// Whether the one who serves was called and has not been judged.
    pub(super) fn on_call(&self) -> bool {
        let again = self.retries > 0 && self.state == State::Wanted;
        self.fed() || self.pausing() || again
    }
}

impl Session {
    /// Whether the call that failed is made again: not where something was said, where the error will
    /// stay, or where its budget would be over before; and not where the vendor asks for a longer pause
    /// while another provider could serve at once.
    pub(super) fn try_again(&mut self, now: Micros, stage: Stage, error: &ProviderError) -> bool {
        let retries = self.config.retries;
        let budget = self.budget(stage);
        let follower = self.follower(stage).is_some();
        let nobody = self.chain(stage).is_empty();
        let Some(turn) = &mut self.turn else {
            return false;
        };
        let running = turn.running(stage);
        let in_vain = nobody || !error.code.retryable() || error.code == ErrorCode::Timeout;
        if running.gave || running.retries >= retries.attempts || in_vain {
            return false;
        }
        let asked = Micros::from(error.retry_after_ms.unwrap_or_default()) * 1_000;
        let pause = self.jitter.pause(retries.pause_us);
        let left = running.meter.first_left(now, budget);
        if pause.max(asked) >= left || (asked > pause && follower) {
            return false;
        }
        running.retries += 1;
        running.state = State::Pausing(now + pause.max(asked));
        self.out.push(Output::Close(stage));
        self.start_over(stage);
        true
    }

    /// The pause is over.
    pub(super) fn open_again(&mut self, now: Micros) {
        for stage in [Stage::Tts, Stage::Llm] {
            let rested = |turn: &mut super::Turn| matches!(turn.running(stage).state, State::Pausing(until) if until <= now);
            if self.turn.as_mut().is_some_and(rested) {
                self.open_stage(now, stage);
            }
        }
    }
}
