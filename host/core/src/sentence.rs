//! The sentence buffer: turns the pieces a language model writes into utterances for a voice.
//!
//! The first utterance may end at a clause, so that sound starts early; later ones are whole
//! sentences, because prosody is better over a whole sentence, unless the voice asks for clauses. Abbreviations, numbers, addresses,
//! initials and list numbers do not end one; closing quotes and emoji stay with their sentence.
//!
//! Guarantees, whatever the text and however it was cut into pieces:
//! - the utterances depend on the text alone, not on the pieces;
//! - nothing is lost: they are the text, up to whitespace, in order;
//! - none is empty or untrimmed, none is longer than `max_chars` + [`TAIL_CHARS`];
//! - each has something to speak, unless the text holds a run of more than about [`TAIL_CHARS`]
//!   symbols or nothing to speak at all;
//! - time is linear in the text: at most [`TAIL_CHARS`] characters are looked at again per character.
//!
//! An utterance is given when the first letter of the next one arrives: until then a closing quote
//! or an emoji might still belong to it.

mod judge;
mod marks;
mod words;

use judge::{Kind, Place, Verdict, judge};
use marks::{
    is_cjk, is_clause, is_closer, is_closing_bracket, is_opening_bracket, is_quote, is_speakable,
    is_stop, is_wide_clause, is_wide_stop,
};

/// How many characters after a mark are waited for before it is decided without them, and by how
/// many symbols an utterance may exceed [`SentenceOptions::max_chars`].
pub const TAIL_CHARS: usize = 32;

/// Words the first utterance must have before a clause mark ends it: fewer sound chopped.
const MIN_FIRST_WORDS: usize = 4;

/// Words on both sides of a clause mark that ends a later utterance.
const MIN_CLAUSE_WORDS: usize = 4;

/// A bracket or quote open for longer than this, in characters, was probably never closed.
const BRACKET_SPAN: usize = 60;

/// How an answer is cut into utterances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentenceOptions {
    /// The least length of a first utterance that ends at a clause mark, in characters (a Chinese
    /// or Japanese one counts twice). `usize::MAX` turns the early clause off.
    pub min_first_chars: usize,
    /// As `min_first_chars`, for every later utterance; as much must be left of the sentence.
    /// `usize::MAX`, the default, gives whole sentences.
    pub min_clause_chars: usize,
    /// The length above which a sentence is cut, in characters; 0 counts as 1.
    pub max_chars: usize,
}

impl Default for SentenceOptions {
    fn default() -> Self {
        Self {
            min_first_chars: 20,
            min_clause_chars: usize::MAX,
            max_chars: 240,
        }
    }
}

/// Whitespace seen since the last visible character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
    Paragraph,
}

/// A place where a long sentence may be cut.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// Bytes of the pending text before the cut.
    at: usize,
    /// Characters before the cut.
    chars: usize,
}

/// What has been learnt of the pending text up to `at`.
#[derive(Debug, Clone, Copy, Default)]
struct Scan {
    /// Bytes looked at.
    at: usize,
    /// Characters looked at.
    chars: usize,
    /// As `chars`, but a CJK character counts twice.
    weight: usize,
    words: usize,
    in_word: bool,
    spoken: bool,
    previous: Option<char>,
    /// Marks before this byte have been decided.
    decided: usize,
    brackets: usize,
    bracket_at: usize,
    quote_at: Option<usize>,
    last_clause: Option<Cut>,
    last_space: Option<Cut>,
}

/// Collects text and gives it back as utterances. One per turn, or reused after [`finish`].
///
/// [`finish`]: SentenceBuffer::finish
#[derive(Debug, Clone)]
pub struct SentenceBuffer {
    options: SentenceOptions,
    /// Text not given yet; starts and ends with a visible character, whitespace runs normalised to
    /// one space, one line break or two.
    pending: String,
    pending_chars: usize,
    gap: Gap,
    scan: Scan,
    /// Where the current line starts in `pending`; `None` if it started in an earlier utterance.
    line_at: Option<usize>,
    first_given: bool,
}

impl SentenceBuffer {
    /// An empty buffer that has not given its first utterance yet.
    #[must_use]
    pub fn new(options: SentenceOptions) -> Self {
        let options = SentenceOptions {
            max_chars: options.max_chars.max(1),
            ..options
        };
        Self {
            options,
            pending: String::new(),
            pending_chars: 0,
            gap: Gap::None,
            scan: Scan::default(),
            line_at: Some(0),
            first_given: false,
        }
    }

    /// Takes the next piece of text; gives the utterances that are complete now, in order.
    pub fn push(&mut self, delta: &str) -> Vec<String> {
        let mut given = Vec::new();
        for c in delta.chars() {
            if c.is_whitespace() {
                self.widen_gap(c);
            } else {
                self.append(c);
                self.advance(&mut given);
            }
        }
        given
    }

    /// The text ended: gives what is left, if anything, and starts anew.
    pub fn finish(&mut self) -> Option<String> {
        let rest = utterance(&self.pending);
        *self = Self::new(self.options);
        (!rest.is_empty()).then_some(rest)
    }

    /// Something begins anew here: gives what is left, if anything. The text goes on.
    pub fn cut(&mut self) -> Option<String> {
        let first_given = self.first_given;
        let rest = self.finish();
        self.first_given = first_given || rest.is_some();
        rest
    }

    /// The text taken but not given yet, without whitespace at its ends.
    #[must_use]
    pub fn pending(&self) -> &str {
        &self.pending
    }

    fn widen_gap(&mut self, c: char) {
        let line = matches!(c, '\n' | '\u{2028}');
        self.gap = match self.gap {
            _ if c == '\u{2029}' => Gap::Paragraph,
            Gap::Line if line => Gap::Paragraph,
            gap if line => gap.max(Gap::Line),
            gap => gap.max(Gap::Space),
        };
    }

    fn append(&mut self, c: char) {
        let gap = match std::mem::replace(&mut self.gap, Gap::None) {
            Gap::None => "",
            Gap::Space => " ",
            Gap::Line => "\n",
            Gap::Paragraph => "\n\n",
        };
        if self.pending.is_empty() {
            if gap.contains('\n') {
                self.line_at = Some(0);
            }
        } else {
            self.pending.push_str(gap);
            self.pending_chars += gap.len();
        }
        self.pending.push(c);
        self.pending_chars += 1;
    }

    /// Looks at the pending text as far as can be decided.
    fn advance(&mut self, given: &mut Vec<String>) {
        while let Some(c) = self
            .pending
            .get(self.scan.at..)
            .and_then(|rest| rest.chars().next())
        {
            let longer = self.scan.chars + 1;
            let max = self.options.max_chars;
            // Before all else: a mark right behind the limit must not end an utterance above it.
            if longer > max.saturating_add(TAIL_CHARS) {
                self.give(self.cut_at(), false, given);
                continue;
            }
            if let Some(kind) = self.candidate(c) {
                match self.verdict(kind) {
                    Verdict::Wait { .. } => return,
                    Verdict::No(size) => self.scan.decided = self.scan.at + size.max(1),
                    Verdict::End(size) => {
                        self.give(self.scan.at + size, kind != Kind::Clause, given);
                        continue;
                    }
                }
            }
            if longer > max && is_speakable(c) {
                self.give(self.cut_at(), false, given);
                continue;
            }
            self.note(c);
        }
    }

    /// Whether an utterance may end at the character under the scan.
    fn candidate(&self, c: char) -> Option<Kind> {
        let scan = &self.scan;
        if !scan.spoken || scan.at < scan.decided {
            return None;
        }
        if is_stop(c) {
            return Some(Kind::Stop);
        }
        if c == '\n' {
            return Some(Kind::Line);
        }
        let (words, weight) = if self.first_given {
            (MIN_CLAUSE_WORDS, self.options.min_clause_chars)
        } else {
            (MIN_FIRST_WORDS, self.options.min_first_chars)
        };
        let long = scan.words >= words && scan.weight.saturating_add(1) >= weight;
        (is_clause(c) && long && !self.enclosed()).then_some(Kind::Clause)
    }

    /// Whether a bracket or quote was opened a short while ago and is still open.
    fn enclosed(&self) -> bool {
        let scan = &self.scan;
        let recent = |at: usize| scan.chars.saturating_sub(at) < BRACKET_SPAN;
        (scan.brackets > 0 && recent(scan.bracket_at)) || scan.quote_at.is_some_and(recent)
    }

    fn verdict(&self, kind: Kind) -> Verdict {
        let before = self.pending.get(..self.scan.at).unwrap_or("");
        let tail = self.pending.get(self.scan.at..).unwrap_or("");
        let line = self.line_at.and_then(|at| before.get(at..));
        let verdict = match judge(Place {
            kind,
            before,
            line,
            tail,
        }) {
            Verdict::End(size) if kind == Kind::Clause && self.first_given => {
                self.rest_is_long(tail, size)
            }
            verdict => verdict,
        };
        let Verdict::Wait { end } = verdict else {
            return verdict;
        };
        // A gap adds at most two characters besides the visible one.
        let full = self.pending_chars + 3 > self.options.max_chars.saturating_add(TAIL_CHARS);
        if !full && self.pending_chars - self.scan.chars < TAIL_CHARS {
            return verdict;
        }
        if kind == Kind::Stop && !tail.chars().any(is_speakable) {
            Verdict::End(end)
        } else {
            Verdict::No(end)
        }
    }

    /// Whether a clause of `size` bytes leaves as much of its sentence as it must have itself. A
    /// sentence mark in what is looked at counts as its end: a cut that was right after all is lost,
    /// but nothing short is left alone.
    fn rest_is_long(&self, tail: &str, size: usize) -> Verdict {
        let rest = tail.get(size..).unwrap_or("").trim_start();
        let (mut weight, mut words, mut in_word) = (0, 0, false);
        for c in rest.chars() {
            if is_stop(c) || c == '\n' {
                return Verdict::No(size);
            }
            let spoken = is_speakable(c);
            words += usize::from(spoken && (!in_word || is_cjk(c)));
            in_word = spoken || (in_word && !c.is_whitespace());
            weight += if is_cjk(c) { 2 } else { 1 };
            if weight >= self.options.min_clause_chars && words >= MIN_CLAUSE_WORDS {
                return Verdict::End(size);
            }
        }
        Verdict::Wait { end: size }
    }

    /// Where to cut a sentence that is too long: at its last clause mark unless that is in its first
    /// third, else at its last space, else here.
    fn cut_at(&self) -> usize {
        let scan = &self.scan;
        let clause = scan
            .last_clause
            .filter(|cut| cut.chars > self.options.max_chars / 3);
        clause.or(scan.last_space).map_or(scan.at, |cut| cut.at)
    }

    /// Takes a character into the account of what was seen.
    fn note(&mut self, c: char) {
        let scan = &mut self.scan;
        let here = scan.spoken.then_some(Cut {
            at: scan.at,
            chars: scan.chars,
        });
        if c.is_whitespace() {
            scan.in_word = false;
            if scan.previous.is_some_and(|p| !p.is_whitespace()) {
                scan.last_space = here;
                let pause = |p: char| is_clause(p) || (is_stop(p) && p != '.');
                if c == '\n' || scan.previous.is_some_and(pause) {
                    scan.last_clause = here;
                }
            }
            if c == '\n' {
                self.line_at = Some(scan.at + 1);
            }
        } else {
            let pause = |p: char| is_wide_clause(p) || is_wide_stop(p) || (p == '…' && is_cjk(c));
            let joined = is_closer(c) || is_clause(c) || is_stop(c);
            if !joined && scan.previous.is_some_and(pause) {
                scan.last_clause = here;
            }
        }
        if is_speakable(c) {
            if !scan.in_word || is_cjk(c) {
                scan.words += 1;
            }
            scan.in_word = true;
            scan.spoken = true;
        }
        if is_opening_bracket(c) {
            if scan.brackets == 0 {
                scan.bracket_at = scan.chars;
            }
            scan.brackets += 1;
        } else if is_closing_bracket(c) {
            scan.brackets = scan.brackets.saturating_sub(1);
        } else if is_quote(c) {
            scan.quote_at = scan.quote_at.is_none().then_some(scan.chars);
        }
        scan.at += c.len_utf8();
        scan.chars += 1;
        scan.weight += if is_cjk(c) { 2 } else { 1 };
        scan.previous = Some(c);
    }

    /// Gives the pending text up to `at` and looks at the rest anew. `whole`: a sentence ended, so
    /// that a number may stand at the head of what follows.
    fn give(&mut self, at: usize, whole: bool, given: &mut Vec<String>) {
        let rest = self.pending.get(at..).unwrap_or("");
        let kept = rest.trim_start();
        let new_line = rest
            .get(..rest.len() - kept.len())
            .is_some_and(|gap| gap.contains('\n'));
        let kept = kept.to_owned();
        given.push(utterance(self.pending.get(..at).unwrap_or(&self.pending)));
        self.pending_chars = kept.chars().count();
        self.pending = kept;
        self.scan = Scan::default();
        self.line_at = (whole || new_line).then_some(0);
        self.first_given = true;
    }
}

/// Pending text as it is given: on one line, trimmed.
fn utterance(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
