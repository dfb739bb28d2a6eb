//! A text as the voice goes through it: its words, its mouth shapes, its pauses.

use super::letters::{Letter, letters};
use std::ops::Range;

/// A text that is about to be spoken.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) text: String,
    pub(super) letters: Vec<Letter>,
    /// Where each word begins and ends in the text, with what stands around it: together they are
    /// the text.
    pub(super) words: Vec<Range<usize>>,
    /// Letters before which the text has a comma, a full stop or the like.
    pub(super) pauses: Vec<usize>,
}

/// Whether a character is a word of its own: those of scripts without blanks.
pub(super) fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}')
}

/// Whether one may breathe here.
fn pauses(c: char) -> bool {
    ",;:.!?…—–()\n、。，！？；：".contains(c)
}

impl Script {
    pub(super) fn new(text: &str) -> Self {
        let letters = letters(text);
        let words = words(text, &letters);
        let after_pause = |pair: &[Letter]| match pair {
            [left, right] => text
                .get(left.to..right.from)
                .is_some_and(|between| between.contains(pauses)),
            _ => false,
        };
        let pauses = letters
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| after_pause(pair))
            .map(|(index, _)| index + 1)
            .collect();
        Script {
            text: text.to_owned(),
            letters,
            words,
            pauses,
        }
    }

    /// The text of a word.
    pub(super) fn word(&self, index: usize) -> &str {
        let range = self.words.get(index).cloned().unwrap_or_default();
        self.text.get(range).unwrap_or_default()
    }

    /// The word that a letter belongs to.
    pub(super) fn word_of(&self, letter: usize) -> usize {
        match self.letters.get(letter) {
            Some(letter) => self.words.partition_point(|word| word.end <= letter.from),
            None => self.words.len(),
        }
    }

    /// The lengths of a word's letters, together.
    pub(super) fn length_of(&self, word: usize) -> f32 {
        let range = self.words.get(word).cloned().unwrap_or_default();
        let from = self.letters.partition_point(|one| one.from < range.start);
        let letters = self.letters.get(from..).unwrap_or_default();
        let inside = letters.iter().take_while(|one| one.from < range.end);
        inside.map(|one| one.length).sum()
    }
}

/// Words with the blanks behind them. What has no sound belongs to the word before it.
fn words(text: &str, letters: &[Letter]) -> Vec<Range<usize>> {
    let sounds = |range: &Range<usize>| {
        let next = letters.partition_point(|one| one.from < range.start);
        letters.get(next).is_some_and(|one| one.from < range.end)
    };
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut close = |range: Range<usize>| match words.last_mut() {
        Some(last) if !sounds(&range) || !sounds(last) => last.end = range.end,
        _ => words.push(range),
    };
    let (mut start, mut blank, mut alone) = (0, false, false);
    for (at, c) in text.char_indices() {
        let begins =
            (blank && !c.is_whitespace()) || stands_alone(c) || (alone && c.is_alphanumeric());
        if begins && at > start {
            close(start..at);
            start = at;
            alone = false;
        }
        blank = c.is_whitespace();
        alone |= stands_alone(c);
    }
    if !text.is_empty() {
        close(start..text.len());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        let script = Script::new(text);
        (0..script.words.len())
            .map(|word| script.word(word).to_owned())
            .collect()
    }

    #[test]
    fn words_keep_what_stands_around_them() {
        for (text, wanted) in [
            ("Hello, my friend.", vec!["Hello, ", "my ", "friend."]),
            (" — Yes — no! 😀", vec![" — Yes — ", "no! 😀"]),
            ("你好，world", vec!["你", "好，", "world"]),
            ("…", vec!["…"]),
            ("", vec![]),
        ] {
            assert_eq!(split(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn letters_know_their_words_and_pauses_their_place() {
        let script = Script::new("One, two.");
        let words: Vec<usize> = (0..script.letters.len())
            .map(|letter| script.word_of(letter))
            .collect();
        assert_eq!(words, [0, 0, 0, 1, 1, 1]);
        assert_eq!(script.pauses, [3]);
        assert!(script.length_of(0) > 0.0);
        assert_eq!(script.length_of(2), 0.0);
    }
}
