//! What a turn does not count while nobody listens.

use crate::media::Micros;
use crate::provider::Stage;
use crate::session::Session;

impl Session {
    /// The stages are heard again: what they owe is owed from now on.
    pub(in crate::session) fn restart_budgets(&mut self, now: Micros) {
        let budget = self.budget(Stage::Llm);
        let Some(turn) = &mut self.turn else { return };
        let allowed = match turn.llm.first_output {
            None => turn.llm.meter.first(budget),
            Some(_) => budget.gap_us,
        };
        turn.llm.meter.restart(now, allowed, budget);
        // Counted anew when the voice is looked at.
        turn.tts.meter.forgive();
    }

    /// What the client has played it plays no longer: what it said of that counts for the time in
    /// which it did.
    pub(in crate::session) fn forget_played(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.played = None;
        }
    }
}
