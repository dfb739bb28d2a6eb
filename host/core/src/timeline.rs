//! One turn's sound on the session's media timeline: where it stands, what waits to leave, and
//! which words have been heard by a given moment.

use crate::media::{AudioChunk, Micros, TextMark};
use std::collections::VecDeque;

/// Marks stand this much before their sound at most.
const MARK_SLACK_US: Micros = 100_000;
/// A voice may leave silence out, up to this much. Where it leaves out more its clock is wrong, and
/// nobody is to wait for it.
const MOST_SILENCE_US: Micros = 3_000_000;
/// An utterance is spoken for no longer than this, and so much more for each of its letters: a number of a
/// few digits takes many words, and the slowest voice says seven letters a second.
const LONGEST_US: Micros = 10_000_000;
const LONGEST_LETTER_US: Micros = 500_000;
/// A word of whose sound only this much is missing is whole.
const WHOLE_SLACK_US: Micros = 30_000;

/// From here on scripts stand that write words without spaces between them, such as Chinese and Japanese.
const EAST_ASIAN: char = '\u{2e80}';

/// An utterance as it was given to the voice.
#[derive(Debug)]
struct Spoken {
    text: String,
    start: Option<Micros>,
    end: Option<Micros>,
    marks: Vec<Marked>,
}

/// A stretch of an utterance that sounds.
#[derive(Debug)]
struct Marked {
    middle: Micros,
    end: Micros,
    /// Where it ends in the text, in bytes.
    to: usize,
}

/// What a voice that failed leaves to the next one.
#[derive(Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// Which utterance of the turn the first of them was, from 0.
    pub from: usize,
    /// Whether words of that one were said and stay; then its text is the rest.
    pub begun: bool,
    /// What is to be said.
    pub texts: Vec<String>,
}

/// A turn's sound.
#[derive(Debug, Default)]
pub struct Timeline {
    /// Media time of the call's first sample; less than 0 where its own times begin late.
    base: Option<i64>,
    /// Media time of what the call said first.
    start: Micros,
    /// The call's first utterance; more than 0 after an earlier call failed.
    first: usize,
    queue: VecDeque<AudioChunk>,
    /// End of what was placed, and of what has left.
    placed_end: Micros,
    sent_end: Micros,
    sent_us: Micros,
    spoken: Vec<Spoken>,
    /// Utterances of which all sound is placed.
    finished: usize,
}

impl Timeline {
    /// An utterance is given to the voice. Which one it is, from 0.
    pub fn utterance(&mut self, text: &str) -> usize {
        self.spoken.push(Spoken {
            text: text.into(),
            start: None,
            end: None,
            marks: Vec::new(),
        });
        self.spoken.len() - 1
    }

    /// How many utterances were given and are not finished.
    pub fn unfinished(&self) -> usize {
        self.spoken.len() - self.finished
    }

    /// When the utterance that is being spoken began; none while the voice owes its first sound.
    pub fn begun(&self) -> Option<Micros> {
        self.spoken.get(self.finished)?.start
    }

    /// The voice failed, and another one will go on: take back what was given and not said.
    ///
    /// Of the utterance that it was at, the words that are whole stay, as far as it told where they
    /// are; other sound of it is dropped unless it has left. Where it told nothing the utterance is
    /// said again.
    pub fn take_back(&mut self) -> Unsaid {
        let from = self.finished;
        let mut unsaid = self.spoken.split_off(from);
        let mut begun = false;
        if let Some(spoken) = unsaid.first_mut()
            && let Some(start) = spoken.start
        {
            let (said, until) = spoken.whole(self.placed_end).unwrap_or((0, start));
            self.cut(until);
            let rest = spoken.text.split_off(said);
            begun = said > 0;
            if begun {
                let said = std::mem::replace(&mut spoken.text, rest.trim_start().to_owned());
                self.spoken.push(Spoken {
                    text: said.trim_end().to_owned(),
                    start: Some(start),
                    end: Some(self.placed_end),
                    marks: std::mem::take(&mut spoken.marks),
                });
            } else {
                spoken.text = rest;
            }
        }
        self.base = None;
        self.finished = self.spoken.len();
        self.first = self.finished;
        let texts = unsaid.into_iter().map(|spoken| spoken.text).collect();
        Unsaid { from, begun, texts }
    }

    /// Drop what has not left and would sound from `at` on.
    fn cut(&mut self, at: Micros) {
        let at = at.max(self.sent_end);
        while self.queue.pop_back_if(|chunk| chunk.at >= at).is_some() {}
        if let Some(last) = self.queue.back_mut() {
            last.cut(at);
        }
        self.placed_end = self.placed_end.min(at);
    }

    /// Whether the voice owes sound.
    pub fn waiting(&self) -> bool {
        self.finished < self.spoken.len()
    }

    /// Media time for the call's own time `at`. The first call decides where the turn starts:
    /// not before `earliest`. Later ones move the rest of the turn on if the voice fell behind
    /// `heard`, by enough to have `lead` again.
    pub fn place(&mut self, at: Micros, earliest: Micros, heard: Micros, lead: Micros) -> Micros {
        let own = i64::try_from(at).unwrap_or(i64::MAX);
        let based = |media: Micros| i64::try_from(media).unwrap_or(i64::MAX).saturating_sub(own);
        let base = match self.base {
            Some(base) => base,
            None => {
                self.start = earliest.max(self.placed_end);
                based(self.start)
            }
        };
        self.base = Some(base);
        let placed = Micros::try_from(base.saturating_add(own)).unwrap_or(0);
        if self.begins_anew(at, placed) {
            self.base = Some(based(self.placed_end));
            return self.placed_end;
        }
        // Marks of sound that already has its place may come late and move nothing.
        let ahead = placed + MARK_SLACK_US >= self.placed_end;
        if placed < heard && ahead {
            let moved = heard + lead;
            self.base = Some(based(moved));
            self.move_marks(moved - placed);
            return moved;
        }
        placed
    }

    /// Whether a voice counts from 0 again with an utterance that it has said nothing of.
    fn begins_anew(&self, at: Micros, placed: Micros) -> bool {
        let silent = |spoken: &Spoken| spoken.start.is_none() && spoken.marks.is_empty();
        let next = self.spoken.get(self.finished).is_some_and(silent);
        let behind = placed + MARK_SLACK_US < self.placed_end;
        next && behind && self.finished > self.first && at < MARK_SLACK_US
    }

    /// The rest of the turn moves on, and with it the words whose sound is not there yet.
    fn move_marks(&mut self, by: Micros) {
        let placed_end = self.placed_end;
        let spoken = self.spoken.iter_mut().skip(self.finished);
        for mark in spoken.flat_map(|spoken| &mut spoken.marks) {
            if mark.end > placed_end {
                mark.middle += by;
                mark.end += by;
            }
        }
    }

    /// Whether the turn has a place yet.
    pub fn started(&self) -> bool {
        self.base.is_some()
    }

    /// Sound with its place, behind what has one. If an utterance begins with it: which one, and when.
    pub fn audio(&mut self, mut chunk: AudioChunk) -> Option<(usize, Micros)> {
        if chunk.pcm.is_empty() {
            return None;
        }
        let due = self.placed_end.max(self.start);
        let mut at = chunk.at.max(due);
        // Where it is late, so is what the voice tells of it and of what follows.
        let late = i64::try_from(at - chunk.at).unwrap_or(i64::MAX);
        self.base = self.base.map(|base| base.saturating_add(late));
        if let Some(base) = self.base.filter(|_| at > due + MOST_SILENCE_US) {
            let early = i64::try_from(at - due).unwrap_or(i64::MAX);
            self.base = Some(base.saturating_sub(early));
            at = due;
        }
        chunk.at = at;
        self.placed_end = chunk.end();
        self.queue.push_back(chunk);
        let spoken = self.spoken.get_mut(self.finished)?;
        if spoken.start.is_some() {
            return None;
        }
        spoken.start = Some(at);
        Some((self.finished, at))
    }

    /// Whether the voice has spoken for longer than what it was given can take.
    pub fn endless(&self) -> bool {
        let Some(begun) = self.begun() else {
            return false;
        };
        let given = || self.spoken.iter().skip(self.finished);
        let longest = |letters: usize| LONGEST_US + LONGEST_LETTER_US * letters as Micros;
        // A letter has four bytes at most: nearly always there is nothing to count.
        let bytes: usize = given().map(|spoken| spoken.text.len()).sum();
        let letters = || given().map(|spoken| spoken.text.chars().count()).sum();
        self.placed_end > begun + longest(bytes / 4) && self.placed_end > begun + longest(letters())
    }

    /// Whether the voice goes on and on though it has said all that it was given.
    pub fn babbles(&self) -> bool {
        let end = self.spoken.last().and_then(|spoken| spoken.end);
        !self.waiting() && end.is_some_and(|end| self.placed_end > end + LONGEST_US)
    }

    /// A stretch of text with its place.
    pub fn mark(&mut self, mark: &TextMark) {
        let Some(spoken) = self.spoken.get_mut(self.finished) else {
            return;
        };
        if mark.text.trim().is_empty() {
            return;
        }
        let from = spoken.marks.last().map_or(0, |mark| mark.to);
        let found = spoken
            .text
            .get(from..)
            .and_then(|rest| rest.find(mark.text.as_str()));
        if let Some(offset) = found {
            let duration = Micros::from(mark.duration_us);
            spoken.marks.push(Marked {
                middle: mark.at + duration / 2,
                end: mark.at + duration,
                to: from + offset + mark.text.len(),
            });
        }
    }

    /// All sound of the call's n-th utterance is placed.
    pub fn finish(&mut self, index: u32) {
        let until = (self.first + index as usize + 1).min(self.spoken.len());
        for spoken in self.spoken.iter_mut().take(until).skip(self.finished) {
            spoken.end = Some(self.placed_end);
        }
        self.finished = self.finished.max(until);
    }

    /// The next chunk if it may leave: its time is not after `limit`.
    pub fn pop(&mut self, limit: Option<Micros>) -> Option<AudioChunk> {
        let chunk = self
            .queue
            .pop_front_if(|chunk| limit.is_none_or(|limit| chunk.at <= limit))?;
        self.sent_end = chunk.end();
        self.sent_us += chunk.duration_us();
        Some(chunk)
    }

    /// When the next chunk sounds.
    pub fn next_at(&self) -> Option<Micros> {
        self.queue.front().map(|chunk| chunk.at)
    }

    /// Media time at which what was placed ends.
    pub fn placed_end(&self) -> Micros {
        self.placed_end
    }

    /// Media time at which what was sent ends; 0 before any.
    pub fn sent_end(&self) -> Micros {
        self.sent_end
    }

    /// Length of what was sent.
    pub fn sent_us(&self) -> Micros {
        self.sent_us
    }

    /// Drop what has not left.
    pub fn clear(&mut self) {
        self.queue.clear();
    }

    /// All text that was given to the voice.
    pub fn text(&self) -> String {
        let all: Vec<_> = self
            .spoken
            .iter()
            .map(|spoken| spoken.text.as_str())
            .collect();
        all.join(" ")
    }

    /// What was heard up to `position`: whole words, a word counting from its middle on.
    pub fn heard(&self, position: Micros) -> String {
        let mut heard = Vec::new();
        for spoken in &self.spoken {
            if spoken.end.is_some_and(|end| end <= position) {
                heard.push(spoken.text.as_str());
                continue;
            }
            let bytes = if spoken.marks.is_empty() {
                spoken.by_share(position, self.placed_end)
            } else {
                let passed = spoken.marks.iter().filter(|mark| mark.middle <= position);
                passed.map(|mark| mark.to).max().unwrap_or(0)
            };
            if let Some(part) = spoken.text.get(..bytes).filter(|part| !part.is_empty()) {
                heard.push(part);
            }
            break;
        }
        heard.join(" ")
    }
}

impl Spoken {
    /// The words of which there is all sound: where they end in the text, in bytes, and in time.
    fn whole(&self, placed_end: Micros) -> Option<(usize, Micros)> {
        let whole = |mark: &&Marked| mark.end <= placed_end + WHOLE_SLACK_US;
        let last = self.marks.iter().take_while(whole).last()?;
        Some((last.to, last.end))
    }

    /// Bytes heard of an utterance whose voice gives no marks: its share of the time, cut at a word; in
    /// scripts without spaces, at a character.
    fn by_share(&self, position: Micros, placed_end: Micros) -> usize {
        let Some(start) = self.start.filter(|start| *start < position) else {
            return 0;
        };
        let end = self.end.unwrap_or(placed_end).max(start + 1);
        let share = (position - start) as f64 / (end - start) as f64;
        let wanted = (self.text.len() as f64 * share.min(1.0)) as usize;
        let words = self
            .text
            .char_indices()
            .filter(|(_, c)| c.is_whitespace() || *c >= EAST_ASIAN)
            .map(|(at, _)| at);
        words.take_while(|at| *at <= wanted).last().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
