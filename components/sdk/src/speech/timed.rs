//! Mouth shapes and word marks for a voice that tells when each character sounds.

use super::aligner::weight;
use super::words::Script;
use crate::Viseme;

/// A gap between two sounds from which on the mouth closes, in microseconds.
const GAP_US: u64 = 100_000;
/// How far ahead a character that is not the one expected is looked for in the text.
const LOOK: usize = 4;
/// The loudness that is assumed, since marks come before their sound.
const LOUD: f32 = 0.6;
/// Nothing of an utterance is later than this: an hour.
const LATEST_US: u64 = 3_600_000_000;

/// When a stretch of the text sounds, in microseconds from the first sample of the utterance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Character {
    /// Usually one character; as it was written, or as the voice reads it.
    pub text: String,
    /// When it begins.
    pub start_us: u64,
    /// How long it takes.
    pub duration_us: u32,
}

/// Something to tell; times in microseconds from the start of the utterance.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    Shape {
        from: u64,
        to: u64,
        shape: Viseme,
        weight: f32,
    },
    Word {
        at: u64,
        duration_us: u64,
        word: usize,
    },
}

/// One utterance.
#[derive(Debug, Default)]
pub(super) struct Timed {
    /// When the text up to a place (in bytes) has begun and ended; places only grow.
    times: Vec<(usize, u64, u64)>,
    /// Where in the text the voice has come to, in bytes.
    place: usize,
    /// Letters and words that have their marks.
    letters: usize,
    words: usize,
    /// The end of the last shape that was told.
    shown: u64,
    /// The start of the last word that was told.
    worded: u64,
}

impl Timed {
    /// Whether the voice told anything yet.
    pub(super) fn told(&self) -> bool {
        !self.times.is_empty()
    }

    /// What was heard before the voice told anything: so much time, so many words.
    pub(super) fn after(from: u64, words: usize) -> Self {
        Timed {
            shown: from,
            worded: from,
            words,
            ..Timed::default()
        }
    }

    /// What the voice tells; nothing is shown before `from`, since that has been heard.
    pub(super) fn characters(
        &mut self,
        characters: &[Character],
        script: &Script,
        from: u64,
    ) -> Vec<Mark> {
        self.shown = self.shown.max(from);
        self.worded = self.worded.max(from);
        for character in characters {
            self.read(character, &script.text);
        }
        let mut marks = self.shapes(script);
        marks.extend(self.words(script));
        marks.sort_by_key(|mark| match mark {
            Mark::Shape { from, .. } => *from,
            Mark::Word { at, .. } => *at,
        });
        marks
    }

    /// The utterance ends at `end`, of which all up to `heard` has been given out: the mouth closes,
    /// and words that are left take no time.
    pub(super) fn end(&mut self, script: &Script, heard: u64, end: u64) -> Vec<Mark> {
        self.shown = self.shown.max(heard);
        let rest = (self.words..script.words.len()).map(|word| Mark::Word {
            at: end.max(self.worded),
            duration_us: 0,
            word,
        });
        let mut marks = Vec::new();
        if end > self.shown {
            marks.push(silence(self.shown, end));
        }
        marks.extend(rest);
        self.words = script.words.len();
        marks
    }

    /// Where in the written text a character is.
    fn read(&mut self, character: &Character, text: &str) {
        let start = character.start_us.min(LATEST_US);
        let end = (start + u64::from(character.duration_us)).min(LATEST_US);
        // Times that go backwards are of no use.
        let start = start.max(self.times.last().map_or(0, |(_, start, _)| *start));
        let end = end.max(start);
        for c in character.text.chars().filter(|c| !c.is_whitespace()) {
            let rest = text.get(self.place..).unwrap_or_default();
            let same = |found: char| found == c || found.to_lowercase().eq(c.to_lowercase());
            let expected = |(_, found): &(usize, char)| !found.is_whitespace();
            let mut ahead = rest.char_indices().filter(expected).take(LOOK);
            let found = ahead.find(|(_, found)| same(*found));
            // What is not in the text is said otherwise than it is written: it belongs to what is
            // being said.
            if let Some((at, found)) = found {
                self.place += at + found.len_utf8();
            }
            self.times.push((self.place, start, end));
        }
    }

    /// When the text from one place to another sounds, as far as that has been told.
    fn span(&self, from: usize, to: usize) -> Option<(u64, u64)> {
        let first = self.times.partition_point(|(place, ..)| *place <= from);
        let last = self.times.partition_point(|(place, ..)| *place < to);
        let (_, start, _) = self.times.get(first)?;
        let (_, _, end) = self.times.get(last)?;
        Some((*start, *end))
    }

    fn shapes(&mut self, script: &Script) -> Vec<Mark> {
        let mut marks = Vec::new();
        while let Some(first) = script.letters.get(self.letters) {
            let Some((start, end)) = self.span(first.from, first.to) else {
                marks.extend(self.silence_before(first.from));
                break;
            };
            let rest = script.letters.get(self.letters..).unwrap_or_default();
            let same = |one: &&super::letters::Letter| (one.from, one.to) == (first.from, first.to);
            let together: Vec<_> = rest.iter().take_while(same).collect();
            self.letters += together.len();
            let start = start.max(self.shown);
            if start >= self.shown + GAP_US {
                marks.push(silence(self.shown, start));
            } else if let Some(Mark::Shape { to, .. }) = marks.last_mut() {
                *to = start;
            }
            let whole: f32 = together.iter().map(|one| one.length).sum();
            let mut passed = 0.0;
            let mut from = start;
            for letter in together {
                passed += letter.length;
                let share = f64::from(passed / whole);
                let to = start + (end.saturating_sub(start) as f64 * share) as u64;
                if to > from {
                    marks.push(Mark::Shape {
                        from,
                        to,
                        shape: letter.shape,
                        weight: weight(letter.shape, LOUD),
                    });
                    self.shown = to;
                }
                from = to.max(from);
            }
        }
        marks
    }

    /// The pause, if it is one, before a letter that has not been told whole yet.
    fn silence_before(&mut self, letter: usize) -> Option<Mark> {
        let next = self.times.partition_point(|(place, ..)| *place <= letter);
        let begins = self.times.get(next).map(|(_, start, _)| *start);
        let until = begins.or(self.times.last().map(|(_, _, end)| *end))?;
        let from = self.shown;
        (until >= from + GAP_US).then(|| {
            self.shown = until;
            silence(from, until)
        })
    }

    fn words(&mut self, script: &Script) -> Vec<Mark> {
        let mut marks = Vec::new();
        while let Some(word) = script.words.get(self.words) {
            let sounding = script.word(self.words).trim_end();
            let until = word.start + sounding.len();
            // The first of its characters that has a time.
            let first = self
                .times
                .partition_point(|(place, ..)| *place <= word.start);
            let Some((_, start, _)) = self.times.get(first).copied() else {
                break;
            };
            let last = self.times.partition_point(|(place, ..)| *place < until);
            let end = match self.times.get(last) {
                Some((_, _, end)) => *end,
                // The rest of it follows: at the pace so far.
                None => {
                    let (place, _, end) = self.times.last().copied().unwrap_or_default();
                    let said = place.saturating_sub(word.start).max(1) as u64;
                    let left = until.saturating_sub(place) as u64;
                    end + end.saturating_sub(start) * left / said
                }
            };
            let at = start.max(self.worded);
            marks.push(Mark::Word {
                at,
                duration_us: end.saturating_sub(at),
                word: self.words,
            });
            self.worded = at;
            self.words += 1;
        }
        marks
    }
}

fn silence(from: u64, to: u64) -> Mark {
    Mark::Shape {
        from,
        to,
        shape: Viseme::Sil,
        weight: 1.0,
    }
}
