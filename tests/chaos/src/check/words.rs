//! The words of a turn: each is heard once, whole and in order, whoever speaks it; and what the
//! client is told of an interrupted turn is what could be heard of it.

use super::{Checked, Violation, ensure};
use crate::tag::{Author, Ledger, Word, runs, words as tags};
use std::collections::BTreeMap;
use tth_core::events::TurnEnd;
use tth_core::ids::TurnId;
use tth_core::media::{AudioChunk, Micros};
use tth_core::provider::Stage;

/// A word of whose sound only this much is missing is whole, as the session has it.
const SLACK_US: Micros = 30_000;
/// So close to that, rounding to samples decides it, and here nobody can say how it did.
const EDGE_US: Micros = 400;
/// How far a word's middle may be from where the session thought it to be.
const MIDDLE_US: Micros = 35_000;
/// What rounding to samples may leave between two chunks.
const ROUNDING_US: Micros = 400;

/// A word that sounded.
#[derive(Debug)]
struct Heard {
    /// Its place in the ledger.
    place: usize,
    from: Micros,
    until: Micros,
    sounded_us: Micros,
}

/// What is known of a voice's call.
#[derive(Clone, Copy, Debug, Default)]
pub struct VoiceCall {
    /// It tells the truth about its sound.
    pub honest: bool,
    /// It never keeps the listener waiting within an utterance.
    pub steady: bool,
    /// It tells where its words are.
    pub marks: bool,
    /// Utterances that it ended.
    pub ended: u32,
}

/// The running turn's words.
#[derive(Debug, Default)]
pub struct Words {
    turn: Option<TurnId>,
    shown: String,
    heard: Vec<Heard>,
    calls: BTreeMap<u32, VoiceCall>,
    current: Option<u32>,
    voice_failed: bool,
    /// The answer broke off, and what is not a whole sentence is not said.
    closed: bool,
    doubtful: bool,
    sent_end: Micros,
}

impl Words {
    pub(super) fn begin(&mut self, turn: Option<TurnId>) {
        *self = Words {
            turn,
            ..Words::default()
        };
    }

    pub(super) fn shown(&mut self, text: &str) {
        self.shown.push_str(text);
    }

    /// A voice is opened for the turn.
    pub fn voice(&mut self, call: u32, voice: VoiceCall) {
        self.doubtful |= !voice.honest;
        self.calls.insert(call, voice);
        self.current = Some(call);
    }

    /// The voice told that an utterance is over.
    pub fn utterance_ended(&mut self) {
        if let Some(call) = self.current.and_then(|call| self.calls.get_mut(&call)) {
            call.ended += 1;
        }
    }

    /// A new reader goes on with what has not left yet, so there may be a gap before it.
    pub fn taken_over(&mut self) {
        for call in self.calls.values_mut() {
            call.steady = false;
        }
    }

    /// Of this turn nobody can say what was heard.
    pub fn doubt(&mut self) {
        self.doubtful = true;
    }

    /// Nobody follows at this stage. An answer ends with its last whole sentence then.
    pub(super) fn failed(&mut self, stage: Stage) {
        self.voice_failed |= stage == Stage::Tts;
        self.closed |= stage == Stage::Llm;
    }

    pub(super) fn sound(
        &mut self,
        turn: Option<TurnId>,
        chunk: &AudioChunk,
        ledger: &Ledger,
    ) -> Checked {
        let mut at = chunk.at;
        self.sent_end = chunk.end();
        for (number, samples) in runs(&chunk.pcm) {
            let length = chunk.format.duration_us(samples * 2);
            let (from, until) = (at, at + length);
            at = until;
            if number == 0 {
                continue;
            }
            let Some((place, spoken)) = ledger.look_up(number) else {
                return ensure(false, "foreign bytes", || {
                    format!("sound of nobody: {number}")
                });
            };
            ensure(!spoken.stale, "stale", || {
                "sound of a voice that was given up".into()
            })?;
            let name = turn.map(|turn| turn.to_string()).unwrap_or_default();
            // A face that talks is of no turn.
            let own = spoken.turn.is_empty() || spoken.turn == name;
            ensure(own, "foreign bytes", || {
                format!("sound of {} in {name}: {:?}", spoken.turn, spoken.words)
            })?;
            self.doubtful |= spoken.turn.is_empty();
            self.hear(place, from, until, ledger)?;
        }
        Ok(())
    }

    fn hear(&mut self, place: usize, from: Micros, until: Micros, ledger: &Ledger) -> Checked {
        if let Some(last) = self.heard.last_mut() {
            let order = place >= last.place || self.doubtful;
            ensure(order, "words in order", || {
                let name = |place| ledger.get(place).map(|spoken| spoken.words.clone());
                format!("{:?} after {:?}", name(place), name(last.place))
            })?;
            let key = |place| {
                ledger
                    .get(place)
                    .map(|spoken| (spoken.call, spoken.utterance))
            };
            let together = key(place) == key(last.place);
            let steady = self.current.and_then(|call| self.calls.get(&call));
            if together && !self.doubtful && steady.is_some_and(|call| call.steady) {
                ensure(
                    from <= last.until + ROUNDING_US,
                    "no gap in the sound",
                    || format!("{} us of silence at {from}", from - last.until),
                )?;
            }
            if last.place == place {
                last.until = until;
                last.sounded_us += until - from;
                return Ok(());
            }
        }
        self.heard.push(Heard {
            place,
            from,
            until,
            sounded_us: until - from,
        });
        Ok(())
    }

    /// The words that were heard whole and count as said, with where they sounded.
    fn said<'a>(&'a self, ledger: &'a Ledger) -> impl Iterator<Item = (Word, &'a Heard)> {
        let said = self.heard.iter().filter_map(|heard| {
            let spoken = ledger.get(heard.place)?;
            let call = self.calls.get(&spoken.call)?;
            let whole = heard.sounded_us + SLACK_US >= spoken.duration_us;
            // Of a voice without marks the next one says the whole utterance again.
            let again =
                !call.marks && Some(spoken.call) != self.current && spoken.utterance >= call.ended;
            (whole && !again).then_some((spoken, heard))
        });
        said.flat_map(|(spoken, heard)| spoken.words.iter().map(move |word| (*word, heard)))
    }

    /// Whether of some word about as much is missing as makes it half a word.
    fn on_edge(&self, ledger: &Ledger) -> bool {
        self.heard.iter().any(|heard| {
            let spoken = ledger.get(heard.place);
            let least = spoken.map_or(0, |spoken| spoken.duration_us.saturating_sub(SLACK_US));
            heard.sounded_us.abs_diff(least) <= EDGE_US
        })
    }

    /// How many tagged words there are in what sounded last.
    fn last(&self, ledger: &Ledger) -> usize {
        let last = self.heard.last().and_then(|last| ledger.get(last.place));
        last.map_or(0, |spoken| spoken.words.len())
    }

    pub(super) fn interrupted(&mut self, text: &str, position: Micros, ledger: &Ledger) -> Checked {
        const RULE: &str = "text heard";
        ensure(position <= self.sent_end, RULE, || {
            format!(
                "position {position} is beyond what was sent, {}",
                self.sent_end
            )
        })?;
        if self.doubtful || self.on_edge(ledger) {
            return Ok(());
        }
        let heard = tags(text);
        let shown = tags(&self.shown);
        ensure(shown.starts_with(&heard), RULE, || {
            format!("{heard:?} is not how the answer begins: {shown:?}")
        })?;
        // Without marks it is a share of the time: an estimate, of which only the order is certain.
        let exact = self.calls.values().all(|call| call.marks && call.steady);
        if !exact {
            return Ok(());
        }
        let mut told = heard.into_iter().peekable();
        for (word, sound) in self.said(ledger) {
            let middle = sound.from + (sound.until - sound.from) / 2;
            let claimed = told.next_if_eq(&word).is_some();
            let near = middle.abs_diff(position) <= MIDDLE_US;
            ensure(near || claimed == (middle <= position), RULE, || {
                format!("{word} around {middle}, at {position}: told {text:?}")
            })?;
        }
        // A word that has not left whole may have been heard to its middle.
        ensure(told.count() <= self.last(ledger), RULE, || {
            format!("more than was sent: {text:?}")
        })
    }

    /// The turn is over. The words that were heard of it, where that is certain: those that were heard
    /// whole, and of how many more there was some sound.
    pub(super) fn end(
        &mut self,
        reason: TurnEnd,
        ledger: &Ledger,
    ) -> Result<Option<(Vec<Word>, usize)>, Violation> {
        if self.doubtful || self.on_edge(ledger) {
            return Ok(None);
        }
        let shown: Vec<Word> = tags(&self.shown)
            .into_iter()
            .filter(|word| word.author != Author::Stale)
            .collect();
        let said: Vec<Word> = self.said(ledger).map(|(word, _)| word).collect();
        ensure(shown.starts_with(&said), "words in order", || {
            let at = said.iter().zip(&shown).take_while(|(a, b)| a == b).count();
            format!(
                "{:?}: heard {:?} where {:?} was meant",
                self.turn,
                said.get(at),
                shown.get(at)
            )
        })?;
        let to_end = match reason {
            TurnEnd::Completed => true,
            TurnEnd::Failed => !self.voice_failed && !self.closed,
            TurnEnd::Interrupted => false,
        };
        ensure(!to_end || said.len() == shown.len(), "no word lost", || {
            format!(
                "{:?} {reason:?} after {} of {} words; missing {:?}",
                self.turn,
                said.len(),
                shown.len(),
                shown.get(said.len())
            )
        })?;
        let marks = self.calls.values().all(|call| call.marks);
        let partly = if self.voice_failed {
            self.last(ledger)
        } else {
            0
        };
        Ok(marks.then_some((said, partly)))
    }
}
