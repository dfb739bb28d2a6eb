//! Written forms to words: times, dates, money, units, abbreviations, symbols.
//!
//! Works on the words of a sentence and keeps, for every word it puts out, which words of the
//! source it stands for. What it does not know it passes on unchanged.

pub(crate) mod numbers;

mod addresses;
mod dates;
mod quantities;
mod tables;

use std::collections::HashSet;
use std::ops::Range;
use tables::Tables;

/// Marks that may close a word.
const CLOSERS: [char; 7] = ['.', ',', ';', ':', '!', '?', ')'];
const OPENING: [char; 6] = ['(', '"', '“', '\'', '‘', '['];
const CLOSING: [char; 11] = ['.', ',', ';', ':', '!', '?', ')', '"', '”', ']', '…'];

/// Written forms that the tables lack.
const OWN: [(&str, &str); 3] = [("C#", "C sharp"), ("F#", "F sharp"), ("24/7", "24 7")];

/// A word to be spoken and the source words it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) source: Range<usize>,
}

/// What a rule made of the words it looked at.
struct Said {
    words: String,
    /// Source words used up.
    used: usize,
    /// The word put out before is replaced as well ("the" of "the 3 March").
    takes_back: bool,
}

impl Said {
    fn words(words: String, used: usize) -> Self {
        Said {
            words,
            used,
            takes_back: false,
        }
    }

    fn word(words: String, tail: &str) -> Self {
        Self::words(words + tail, 1)
    }
}

/// A word of the source between its punctuation, with a view of its neighbours.
struct Window<'a> {
    all: &'a [Word],
    at: usize,
    open: &'a str,
    core: &'a str,
    tail: &'a str,
}

impl<'a> Window<'a> {
    fn new(all: &'a [Word], at: usize) -> Option<Self> {
        let text = all.get(at)?.text.as_str();
        let body = text.trim_start_matches(OPENING);
        let core = body.trim_end_matches(CLOSING);
        let open = text.strip_suffix(body).unwrap_or_default();
        let tail = body.strip_prefix(core).unwrap_or_default();
        Some(Window {
            all,
            at,
            open,
            core,
            tail,
        })
    }

    fn ahead(&self, by: usize) -> Option<&'a str> {
        self.all.get(self.at + by).map(|w| w.text.as_str())
    }

    fn behind(&self, by: usize) -> Option<&'a str> {
        self.at
            .checked_sub(by)
            .and_then(|at| self.all.get(at))
            .map(|w| w.text.as_str())
    }

    /// The tail behind "5p.m.": inside a sentence its full stop belongs to the abbreviation.
    fn tail_after_half(&self) -> &'a str {
        let dotted = self.core.ends_with(".m") || self.core.ends_with(".M");
        match self.tail.strip_prefix('.') {
            Some(rest) if dotted && self.ahead(1).is_some() => rest,
            _ => self.tail,
        }
    }
}

/// The normaliser.
pub(crate) struct Normalizer {
    tables: Tables,
}

impl Normalizer {
    pub(crate) fn new(rows: &'static str) -> Self {
        Normalizer {
            tables: Tables::new(rows),
        }
    }

    /// Whether the word, full stop included, is an abbreviation or a title.
    pub(crate) fn abbreviates(&self, word: &str) -> bool {
        self.tables.abbreviations.contains_key(word)
            || word.strip_suffix('.').is_some_and(|w| {
                self.tables.titles.contains_key(w)
                    || matches!(w, "No" | "Nos" | "e.g" | "i.e" | "etc")
            })
    }

    /// The words of one sentence as they are spoken.
    pub(crate) fn run(&self, sentence: &[Word]) -> Vec<Word> {
        let mut out: Vec<Word> = Vec::with_capacity(sentence.len());
        let mut at = 0;
        while let Some(window) = Window::new(sentence, at) {
            let (open, said) = match self.apply(&window) {
                Some(said) => (window.open, said),
                None => ("", Said::words(self.symbols(&window, out.is_empty()), 1)),
            };
            let used = sentence.get(at..at + said.used).unwrap_or_default();
            let mut source = Range {
                start: used.first().map_or(0, |w| w.source.start),
                end: used.last().map_or(0, |w| w.source.end),
            };
            if said.takes_back
                && let Some(before) = out.pop()
            {
                source.start = source.start.min(before.source.start);
            }
            put(&mut out, &format!("{open}{}", said.words), &source);
            at += said.used.max(1);
        }
        out
    }

    fn apply(&self, at: &Window<'_>) -> Option<Said> {
        dates::written(at)
            .or_else(|| self.abbreviation(at))
            .or_else(|| self.roman(at))
            .or_else(|| addresses::read(at))
            .or_else(|| dates::time(at))
            .or_else(|| quantities::read(at, &self.tables))
    }

    fn abbreviation(&self, at: &Window<'_>) -> Option<Said> {
        let bare = matches!(at.tail, "" | ".");
        let next = at.ahead(1);
        if let Some(title) = self.tables.titles.get(at.core)
            && bare
            && next.is_some_and(|n| n.starts_with(char::is_uppercase))
        {
            return Some(Said::words((*title).to_owned(), 1));
        }
        if at.tail == "." && next.is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit())) {
            match at.core {
                "No" => return Some(Said::words("Number".to_owned(), 1)),
                "Nos" => return Some(Said::words("Numbers".to_owned(), 1)),
                _ => {}
            }
        }
        if let Some(rest) = at.tail.strip_prefix('.')
            && let Some(words) = self
                .tables
                .abbreviations
                .get(format!("{}.", at.core).as_str())
        {
            // At the end its full stop also ends the sentence.
            let stop = if next.is_none() { "." } else { "" };
            return Some(Said::word(format!("{words}{rest}"), stop));
        }
        let own = OWN
            .iter()
            .find(|(form, _)| *form == at.core)
            .map(|(_, words)| words);
        let words = own.or_else(|| self.tables.abbreviations.get(at.core))?;
        Some(Said::word((*words).to_owned(), at.tail))
    }

    fn roman(&self, at: &Window<'_>) -> Option<Said> {
        let value = numbers::roman(at.core)?;
        let before = at.behind(1)?;
        let two = at.behind(2).map(|first| format!("{first} {before}"));
        let known = |set: &HashSet<&str>| {
            set.contains(before) || two.as_deref().is_some_and(|two| set.contains(two))
        };
        if known(&self.tables.counted) {
            return Some(Said::word(value.to_string(), at.tail));
        }
        known(&self.tables.ranked)
            .then(|| Said::word(format!("the {}", numbers::ordinal(value)), at.tail))
    }

    /// The word with its symbols spelled out; a comparison sign needs something to its left.
    fn symbols(&self, at: &Window<'_>, first: bool) -> String {
        let text = at.all.get(at.at).map_or("", |w| w.text.as_str());
        // Before a small letter, or behind an initial, a full stop does not end the sentence.
        let initial = matches!(at.core.as_bytes(), [b'A'..=b'H' | b'J'..=b'Z']);
        let goes_on =
            |n: &str| n.starts_with(|c: char| c.is_lowercase() || (initial && c.is_uppercase()));
        let inside = at.tail == "." && at.ahead(1).is_some_and(goes_on);
        let text = text.strip_suffix('.').filter(|_| inside).unwrap_or(text);
        let mut out = String::with_capacity(text.len());
        for (i, c) in text.char_indices() {
            match self.tables.symbols.get(&c) {
                Some(words) if !"=<>~".contains(c) || i > 0 || !first => {
                    out.push(' ');
                    out.push_str(words);
                    out.push(' ');
                }
                _ => out.push(c),
            }
        }
        out
    }
}

/// Puts out the words of `text`; a lone mark joins the word before it.
fn put(out: &mut Vec<Word>, text: &str, source: &Range<usize>) {
    for word in text.split_whitespace() {
        match out.last_mut() {
            Some(last) if word.chars().all(|c| CLOSERS.contains(&c)) => {
                last.text.push_str(word);
                last.source.end = last.source.end.max(source.end);
            }
            _ => out.push(Word {
                text: word.to_owned(),
                source: source.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
