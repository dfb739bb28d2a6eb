//! The answer as the language model writes it: words to show and to say, and how they are meant.

use super::State;
use crate::controls::Emotion;
use crate::events::ServerEvent;
use crate::media::Micros;
use crate::provider::{LlmEvent, ProviderError, Stage};
use crate::session::turn::voice::Said;
use crate::session::{Output, Session};
use crate::tags::{Piece, Tags};

/// An answer longer than this, in bytes, is cut: a model that never stops must not fill the memory.
const MAX_ANSWER: usize = 20_000;
/// What a hint counts for in that.
const HINT_SIZE: usize = 16;
/// The longest word that may name a feeling, in bytes.
const MAX_LABEL: usize = 24;

impl Session {
    pub(in crate::session) fn llm(
        &mut self,
        now: Micros,
        ticket: u64,
        item: Option<Result<LlmEvent, ProviderError>>,
    ) {
        let budget = self.budget(Stage::Llm);
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.llm.is(ticket)) else {
            return;
        };
        // What it has used is no output: the answer is still owed.
        if !matches!(item, Some(Ok(LlmEvent::Usage { .. }))) {
            turn.llm.meter.rest(now);
        }
        if matches!(item, Some(Ok(LlmEvent::Text(_) | LlmEvent::Hint { .. }))) {
            turn.llm.meter.owe(now, budget.gap_us, budget);
        }
        match item {
            Some(Ok(LlmEvent::Text(delta))) => {
                turn.llm.output(now);
                turn.written += delta.len();
                let joins = !delta.is_empty() && std::mem::take(&mut turn.joins);
                let delta = match joins && apart(&turn.answer, &delta) {
                    true => format!(" {delta}"),
                    false => delta,
                };
                for piece in turn.tags.push(&delta) {
                    self.take_piece(now, piece);
                }
                self.cut_if_endless(now);
            }
            Some(Ok(LlmEvent::Hint { label, intensity })) => {
                turn.written += HINT_SIZE;
                let named = !label.is_empty()
                    && label.len() <= MAX_LABEL
                    && label.chars().all(char::is_alphabetic);
                // What a model makes up is no error of the user's.
                if named && (0.0..=1.0).contains(&intensity) {
                    self.feel(label.to_lowercase(), Some(intensity));
                }
                self.cut_if_endless(now);
            }
            Some(Ok(LlmEvent::Usage { .. })) => {}
            Some(Err(error)) => self.stage_failed(now, Stage::Llm, error),
            None => {
                turn.llm.state = State::Done;
                self.served_well(Stage::Llm);
                self.answer_over(now);
            }
        }
    }

    fn take_piece(&mut self, now: Micros, piece: Piece) {
        match piece {
            Piece::Text(text) => self.write(now, text),
            Piece::Feel { label, intensity } => self.feel(label, intensity),
        }
    }

    /// More of what is said: show it, and line up for the voice what is complete.
    pub(super) fn write(&mut self, now: Micros, text: String) {
        let Some(turn) = &mut self.turn else { return };
        turn.first_text.get_or_insert(now);
        turn.answer.push_str(&text);
        let utterances = turn.sentences.push(&text);
        self.emit(ServerEvent::TextDelta { text });
        utterances
            .into_iter()
            .for_each(|utterance| self.say(utterance));
    }

    /// What follows is meant so; what came before is not.
    fn feel(&mut self, label: String, intensity: Option<f32>) {
        let Some(turn) = &mut self.turn else { return };
        if let Some(rest) = turn.sentences.cut() {
            self.say(rest);
        }
        let emotion = Emotion {
            label: Some(label),
            intensity,
            ..Emotion::default()
        };
        if let Some(turn) = self.turn.as_mut().filter(|turn| !turn.tts.over()) {
            turn.queue.push_back(Said::Feel(emotion));
        }
    }

    fn cut_if_endless(&mut self, now: Micros) {
        let endless = |turn: &&mut super::Turn| turn.written > MAX_ANSWER && turn.llm.fed();
        let Some(turn) = self.turn.as_mut().filter(endless) else {
            return;
        };
        turn.llm.state = State::Done;
        turn.llm.meter.rest(now);
        self.out.push(Output::Close(Stage::Llm));
        self.served_well(Stage::Llm);
        self.refuse("answer_cut", "the answer grew too long and was cut");
        self.answer_over(now);
    }

    /// Nothing is added to the answer any more.
    pub(super) fn answer_over(&mut self, now: Micros) {
        let Some(turn) = &mut self.turn else { return };
        if let Some(held) = turn.tags.finish() {
            self.write(now, held);
        }
        let Some(turn) = &mut self.turn else { return };
        turn.answered = true;
        if let Some(rest) = turn.sentences.finish() {
            self.say(rest);
        }
    }
}

impl Session {
    /// Nothing is added to an answer that broke off: what is begun of a sentence is not spoken, unless
    /// nothing else of the answer is.
    pub(super) fn answer_broken(&mut self, now: Micros) {
        let Some(turn) = &mut self.turn else { return };
        turn.tags = Tags::default();
        let rest = turn.sentences.finish();
        let silent = turn.line.text().is_empty() && !turn.queue.iter().any(Said::words);
        if let (Some(rest), true) = (rest, silent) {
            self.say(rest);
        }
        self.answer_over(now);
    }
}

/// Whether a blank belongs between an answer that was cut off and what another model goes on with: the
/// first rarely breaks off within a word, and the second rarely begins with the blank.
fn apart(begun: &str, rest: &str) -> bool {
    let ends = begun
        .chars()
        .next_back()
        .is_some_and(|c| !c.is_whitespace() && c != '(');
    ends && rest.chars().next().is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn words_of_two_models_do_not_run_together() {
        for (begun, rest, wanted) in [
            ("It is", "late", true),
            ("Well,", "it is", true),
            ("It is ", "late", false),
            ("It is", " late", false),
            ("It is late", ".", false),
            ("", "Late", false),
        ] {
            assert_eq!(apart(begun, rest), wanted, "{begun:?} and {rest:?}");
        }
    }
}
