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
/// Bytes of a sentence that are read at once: reading must not take longer than a window of the
/// net, whatever the words are.
const MAX_SENTENCE_BYTES: usize = 600;
const CLOSERS: [char; 6] = ['"', '”', '\'', '’', ')', ']'];

/// A whitespace-separated word of the utterance: its place in the text, in bytes. Empty for what
/// continues a word that is too long to be read at once.
pub(crate) type SourceWord = Range<usize>;

/// The words of an utterance, handed out sentence by sentence.
pub(crate) struct Script<'a> {
    text: &'a str,
    /// What has not yet been handed out.
    stretches: VecDeque<Stretch>,
}

/// A word, or as much of it as is read at once.
struct Stretch {
    place: Range<usize>,
    word: SourceWord,
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
        let mut stretches = VecDeque::new();
        let mut start = None;
        for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
            match (start, c.is_whitespace()) {
                (None, false) => start = Some(at),
                (Some(from), true) => {
                    cut_word(text, from..at, &mut stretches);
                    start = None;
                }
                _ => {}
            }
        }
        Script { text, stretches }
    }

    /// The next sentence. `abbreviates`: whether a word's full stop does not end one.
    pub(crate) fn sentence(&mut self, abbreviates: impl Fn(&str) -> bool) -> Option<Sentence> {
        let length = self.sentence_length(abbreviates);
        let mut sentence = Sentence {
            sources: Vec::with_capacity(length),
            words: Vec::with_capacity(length),
        };
        for (i, stretch) in self.stretches.drain(..length).enumerate() {
            let text = clean(self.text.get(stretch.place).unwrap_or_default());
            sentence.sources.push(stretch.word);
            if !text.is_empty() {
                let source = i..i + 1;
                sentence.words.push(Word { text, source });
            }
        }
        (!sentence.sources.is_empty()).then_some(sentence)
    }

    fn sentence_length(&self, abbreviates: impl Fn(&str) -> bool) -> usize {
        let (mut clause, mut bytes) = (None, 0);
        let text = |stretch: &Stretch| self.text.get(stretch.place.clone()).unwrap_or_default();
        for (i, stretch) in self.stretches.iter().enumerate() {
            let word = text(stretch);
            bytes += word.len();
            if i > 0 && (i >= MAX_SENTENCE_WORDS || bytes > MAX_SENTENCE_BYTES) {
                return clause.unwrap_or(i);
            }
            if ends_sentence(word, self.stretches.get(i + 1).map(text), &abbreviates) {
                return i + 1;
            }
            if word.ends_with([',', ';', ':', '—']) {
                clause = Some(i + 1);
            }
        }
        self.stretches.len()
    }
}

/// Cuts a word into stretches of at most [`MAX_WORD_CHARS`], before a mark where there is one.
fn cut_word(text: &str, word: Range<usize>, out: &mut VecDeque<Stretch>) {
    let mut place = word.clone();
    while let Some(rest) = text.get(place.clone()).filter(|rest| !rest.is_empty()) {
        let limit = rest.char_indices().nth(MAX_WORD_CHARS).map(|(at, _)| at);
        let head = rest.get(..limit.unwrap_or(rest.len())).unwrap_or(rest);
        let mark = head
            .rfind(|c: char| !c.is_alphanumeric())
            .filter(|at| *at > 0);
        let length = limit.map_or(rest.len(), |limit| mark.unwrap_or(limit));
        let end = place.start + length;
        out.push_back(Stretch {
            word: if place.start == word.start {
                word.clone()
            } else {
                word.end..word.end
            },
            place: place.start..end,
        });
        place.start = end;
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
    !goes_on && !initial && !stem.contains('.') && !abbreviates(&format!("{stem}."))
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
        let long = format!("{}. x", "a".repeat(100_000));
        let mut script = Script::new(&long);
        let mut sources = Vec::new();
        while let Some(sentence) = script.sentence(|_| false) {
            assert!(
                sentence
                    .words
                    .iter()
                    .all(|w| w.text.len() <= MAX_WORD_CHARS)
            );
            let bytes: usize = sentence.words.iter().map(|w| w.text.len()).sum();
            assert!(bytes <= MAX_SENTENCE_BYTES, "{bytes}");
            sources.extend(sentence.sources.into_iter().filter(|s| !s.is_empty()));
        }
        // one source word, however many stretches it is read in
        assert_eq!(sources, [0..100_001, 100_002..100_003]);
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
