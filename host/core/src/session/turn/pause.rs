//! What a turn does not count while nobody listens.

use crate::media::Micros;
use crate::provider::Stage;
use crate::session::Session;

impl Session {
    /// Nobody listens: what the stages owe is not counted from now on.
    pub(in crate::session) fn hold_turn(&mut self, now: Micros) {
        if let Some(turn) = &mut self.turn {
            turn.llm.meter.hold(now);
            turn.tts.meter.hold(now);
        }
        self.forget_played();
    }

    /// Somebody listens again: what the stages owe has its time from now on.
    pub(in crate::session) fn go_on_with_turn(&mut self, now: Micros) {
        for stage in [Stage::Llm, Stage::Tts] {
            let budget = self.budget(stage);
            let Some(turn) = &mut self.turn else { return };
            let running = turn.running(stage);
            let allowed = match running.gave {
                false => running.meter.first(budget),
                true => budget.gap_us,
            };
            running.meter.go_on(now, allowed, budget);
        }
        // The voice's time is counted anew when it is looked at, if it owes anything.
        self.watch_voice(now);
    }

    /// What the client has played it plays no longer: what it said of that counts for the time in
    /// which it did.
    pub(in crate::session) fn forget_played(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.played = None;
        }
    }
}
