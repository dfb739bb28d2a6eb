//! An utterance as source words and sentences.
//!
//! Takes any text: control and formatting characters are dropped, words without an end are cut
//! into stretches, sentences without an end are cut at a clause mark or a word. So everything
//! behind this module sees bounded input.

use super::normalize::Word;
use std::collections::VecDeque;
use std::ops::Range;

/// Characters of a written word that are read at once.
const MAX_WORD_CHARS: usize = 64;
/// Words of a sentence that are read at once.
const MAX_SENTENCE_WORDS: usize = 60;
const CLOSERS: [char; 6] = ['"', '”', '\'', '’', ')', ']'];

/// A whitespace-separated word of the utterance: its place in the text, in bytes.
pub(crate) type SourceWord = Range<usize>;

/// The words of an utterance, handed out sentence by sentence.
pub(crate) struct Script<'a> {
    text: &'a str,
    /// Words not yet handed out.
    words: VecDeque<SourceWord>,
    next: usize,
}

/// The words of one sentence.
pub(crate) struct Sentence {
    /// Places of the source words in the utterance.
    pub(crate) sources: Vec<SourceWord>,
    /// Clean words; their `source` counts from the sentence's first source word.
    pub(crate) words: Vec<Word>,
}

impl<'a> Script<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut words = VecDeque::new();
        let mut start = None;
        for (at, c) in text.char_indices() {
            match (start, c.is_whitespace()) {
                (None, false) => start = Some(at),
                (Some(from), true) => {
                    words.push_back(from..at);
                    start = None;
                }
                _ => {}
            }
        }
        words.extend(start.map(|from| from..text.len()));
        Script {
            text,
            words,
            next: 0,
        }
    }

    /// The next sentence. `abbreviates`: whether a word's full stop does not end one.
    pub(crate) fn sentence(&mut self, abbreviates: impl Fn(&str) -> bool) -> Option<Sentence> {
        let length = self.sentence_length(abbreviates);
        let sources: Vec<SourceWord> = self.words.drain(..length).collect();
        self.next += sources.len();
        let mut words = Vec::new();
        for (i, source) in sources.iter().enumerate() {
            let clean = clean(self.text.get(source.clone()).unwrap_or_default());
            words.extend(stretches(&clean).map(|text| Word {
                text,
                source: i..i + 1,
            }));
        }
        (!sources.is_empty()).then_some(Sentence { sources, words })
    }

    fn sentence_length(&self, abbreviates: impl Fn(&str) -> bool) -> usize {
        let mut clause = None;
        for (i, range) in self.words.iter().enumerate().take(MAX_SENTENCE_WORDS) {
            let word = self.text.get(range.clone()).unwrap_or_default();
            let next = self.words.get(i + 1).and_then(|r| self.text.get(r.clone()));
            if ends_sentence(word, next, &abbreviates) {
                return i + 1;
            }
            if word.ends_with([',', ';', ':', '—']) {
                clause = Some(i + 1);
            }
        }
        if self.words.len() <= MAX_SENTENCE_WORDS {
            return self.words.len();
        }
        clause.unwrap_or(MAX_SENTENCE_WORDS)
    }
}

fn ends_sentence(word: &str, next: Option<&str>, abbreviates: impl Fn(&str) -> bool) -> bool {
    let bare = word.trim_end_matches(CLOSERS);
    let goes_on = next.is_some_and(|n| n.starts_with(char::is_lowercase));
    if bare.ends_with(['!', '?', '。', '！', '？']) {
        return !goes_on;
    }
    if bare.ends_with('…') || bare.ends_with("...") {
        return !goes_on;
    }
    let Some(stem) = bare.strip_suffix('.') else {
        return false;
    };
    let stem = stem.trim_start_matches(|c: char| !c.is_alphanumeric());
    let initial = stem.chars().nth(1).is_none() && stem.starts_with(char::is_uppercase);
    let number = word.starts_with(|c: char| c.is_ascii_digit()) && next.is_none();
    !goes_on && !initial && !stem.contains('.') && (number || !abbreviates(&format!("{stem}.")))
}

/// Drops what has no sound and no width, and brings variants of marks to one form.
fn clean(word: &str) -> String {
    let visible = word
        .chars()
        .filter(|&c| !c.is_control() && !is_formatting(c));
    let plain = visible.map(|c| match c {
        '’' | 'ʼ' => '\'',
        '‒' | '‐' | '‑' | '−' => '-',
        '―' => '—',
        '。' => '.',
        '、' => ',',
        // full-width forms of ASCII
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        c => c,
    });
    plain.collect::<String>().replace("...", "…")
}

/// Zero-width, bidirectional and variation characters.
fn is_formatting(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Stretches of at most [`MAX_WORD_CHARS`], cut behind a mark where there is one.
fn stretches(word: &str) -> impl Iterator<Item = String> + '_ {
    let mut rest = word;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let limit = rest
            .char_indices()
            .nth(MAX_WORD_CHARS)
            .map_or(rest.len(), |(at, _)| at);
        let head = rest.get(..limit).unwrap_or(rest);
        let mark = |head: &str| {
            head.rfind(|c: char| !c.is_alphanumeric())
                .filter(|at| *at > 0)
        };
        let cut = if limit == rest.len() {
            limit
        } else {
            mark(head).unwrap_or(limit)
        };
        let (head, tail) = rest.split_at_checked(cut)?;
        rest = tail;
        Some(head.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(text: &str) -> Vec<String> {
        let mut script = Script::new(text);
        let abbreviates = |w: &str| matches!(w, "Dr." | "e.g.");
        let mut out = Vec::new();
        while let Some(s) = script.sentence(abbreviates) {
            out.push(
                s.words
                    .iter()
                    .map(|w| w.text.as_str())
                    .collect::<Vec<_>>()
                    .join(" "),
            );
        }
        out
    }

    #[test]
    fn sentences_end_where_they_end() {
        assert_eq!(
            sentences("Hi! Dr. J. Smith, of the U.S. navy, is in. \"Is he?\" Yahoo! is here... ok"),
            [
                "Hi!",
                "Dr. J. Smith, of the U.S. navy, is in.",
                "\"Is he?\"",
                "Yahoo! is here… ok"
            ]
        );
        assert!(sentences(" \t\n").is_empty());
    }

    #[test]
    fn everything_is_bounded() {
        let long = "a".repeat(100_000);
        let mut script = Script::new(&long);
        let sentence = script.sentence(|_| false).unwrap();
        assert_eq!(sentence.sources.len(), 1);
        assert_eq!(sentence.sources[0], 0..100_000);
        assert!(
            sentence
                .words
                .iter()
                .all(|w| w.text.len() <= MAX_WORD_CHARS && w.source == (0..1))
        );
        let many = "word ".repeat(1000);
        assert!(
            sentences(&many)
                .iter()
                .all(|s| s.split(' ').count() <= MAX_SENTENCE_WORDS)
        );
        assert_eq!(
            sentences(&many)
                .iter()
                .map(|s| s.split(' ').count())
                .sum::<usize>(),
            1000
        );
    }

    #[test]
    fn invisible_characters_vanish() {
        assert_eq!(clean("\u{202e}he\u{200b}l\u{0}lo\u{fe0f}"), "hello");
        assert_eq!(clean("ＡＢＣ１！"), "ABC1!");
        assert_eq!(clean("it’s..."), "it's…");
    }
}
