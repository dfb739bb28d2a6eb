//! When the client is told, and from which media time what it is told holds.

use super::STAGES;
use crate::events::{ReportLine, ServerEvent};
use crate::media::Micros;
use crate::provider::Stage;
use crate::session::Session;

/// Lay newer lines over older ones: of each control the last word counts.
pub(in crate::session) fn lay(lines: &mut Vec<ReportLine>, newer: Vec<ReportLine>) {
    for line in newer {
        lines.retain(|old| old.decision.control != line.decision.control);
        lines.push(line);
    }
}

impl Session {
    /// The mapper has answered. Between turns nothing sounds: all of it holds from now. In a turn it
    /// is the face that changes now; the voice will with its next utterance, the language model with
    /// its next answer. A turn that has not begun tells all with its first sound.
    pub(super) fn tell_resolved(&mut self, now: Micros) {
        let tell = std::mem::take(&mut self.layers.tell);
        let stages = match &self.turn {
            None if tell => &STAGES[..],
            Some(_) if self.layers.of(Stage::Avatar).news => &[Stage::Avatar],
            _ => return,
        };
        let lines: Vec<_> = stages
            .iter()
            .flat_map(|stage| self.layers.take_lines(*stage))
            .collect();
        let from = self.next_drawn(now);
        if self.turn.is_none() {
            // It is told of the voice, too: the next turn's sound comes no sooner.
            self.layers.from = from;
        }
        self.tell(lines, from);
    }

    /// An utterance has its place, from `at` on: what it is spoken with holds from there, and if it
    /// is the turn's first sound, so does what the turn began with.
    pub(in crate::session) fn tell_spoken(&mut self, index: usize, at: Micros) {
        let mut lines = Vec::new();
        let Some(turn) = &mut self.turn else { return };
        let first = !std::mem::replace(&mut turn.told, true);
        if first {
            lines.append(&mut turn.asked_with);
        }
        let spoken = turn.take_notes(index);
        if !spoken.is_empty() {
            let sent = turn.line.sent_end();
            turn.promised.retain(|(at, _)| *at >= sent);
            turn.promised.push_back((at, spoken.clone()));
        }
        lines.extend(spoken);
        // A feeling that begins with this very sound is about to reach the face.
        if first && turn.placed_cues.is_empty() {
            lines.extend(self.layers.take_lines(Stage::Avatar));
        }
        self.tell(lines, at);
    }

    /// A turn is over: what was to hold from a sound that never came holds from the next turn's.
    pub(in crate::session) fn keep_untold(&mut self) {
        let Some(turn) = &mut self.turn else { return };
        let asked_with = std::mem::take(&mut turn.asked_with);
        let sent = turn.line.sent_end();
        let mut spoken = Vec::new();
        for (at, lines) in std::mem::take(&mut turn.promised) {
            if at >= sent {
                lay(&mut spoken, lines);
            }
        }
        lay(&mut spoken, turn.take_notes(usize::MAX));
        self.layers.put_back(Stage::Llm, asked_with);
        self.layers.put_back(Stage::Tts, spoken);
    }

    fn tell(&mut self, report: Vec<ReportLine>, effective_pts_us: Micros) {
        if !report.is_empty() {
            self.emit(ServerEvent::ControlApplied {
                report,
                effective_pts_us,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::{Decision, Outcome};

    fn line(control: &str, reason: &str) -> ReportLine {
        ReportLine {
            stage: Stage::Tts,
            decision: Decision {
                control: control.into(),
                outcome: Outcome::Applied,
                param: None,
                value: None,
                reason: reason.into(),
            },
        }
    }

    #[test]
    fn of_each_control_the_last_word_counts() {
        let mut lines = vec![line("rate", "old"), line("pitch", "old")];
        lay(&mut lines, vec![line("rate", "new"), line("label", "new")]);
        let expected = [
            line("pitch", "old"),
            line("rate", "new"),
            line("label", "new"),
        ];
        assert_eq!(lines, expected);
    }
}
