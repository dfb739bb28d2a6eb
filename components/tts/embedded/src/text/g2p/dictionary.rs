//! Looking words up: case variants, readings by part of speech, spelled letters.

use crate::text::lexicon::{Lexicon, Reading};
use crate::text::phonemes::{MAIN, SIDE, Stress, stressed};

/// What follows a word, as far as its own reading depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ahead {
    pub(crate) sound: Next,
    /// The next word is "to".
    pub(crate) to: bool,
}

/// The next sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Next {
    Vowel,
    Consonant,
    /// A pause, or the end.
    #[default]
    Pause,
}

/// The word list with the rules for using it.
pub(crate) struct Dictionary {
    lexicon: Lexicon,
}

impl Dictionary {
    pub(crate) fn new(lexicon: Lexicon) -> Self {
        Dictionary { lexicon }
    }

    /// Readings from the checked (or the other) list; a lower-case key also answers for its
    /// capitalised form and the other way round.
    pub(super) fn find(&self, word: &str, checked: bool) -> Option<Vec<Reading>> {
        let get = |key: &str| {
            self.lexicon
                .get(key)
                .filter(|e| e.checked == checked)
                .map(|e| e.readings)
        };
        get(word).or_else(|| {
            let lower = word.to_lowercase();
            if word.chars().nth(1).is_none() {
                None
            } else if lower == word {
                Some(capitalized(word))
                    .filter(|c| c != word)
                    .and_then(|c| get(&c))
            } else if word == capitalized(&lower) {
                get(&lower)
            } else {
                None
            }
        })
    }

    pub(super) fn checked(&self, word: &str) -> bool {
        self.find(word, true).is_some()
    }

    /// The default reading of the checked list; empty where there is none.
    pub(super) fn plain(&self, word: &str) -> String {
        self.find(word, true)
            .and_then(|readings| readings.into_iter().find(|r| r.tag == "DEFAULT"))
            .and_then(|r| r.phonemes)
            .unwrap_or_default()
    }

    /// Whether [`Self::look_up`] can read the word.
    pub(super) fn knows(&self, word: &str) -> bool {
        if self.checked(word) || "%&+@".contains(word) || self.find(word, false).is_some() {
            return true;
        }
        if word.is_empty() || !word.bytes().all(|b| b.is_ascii_alphabetic()) {
            return false;
        }
        let upper = |w: &str| !w.bytes().any(|b| b.is_ascii_lowercase());
        word.len() == 1
            || (upper(word) && self.checked(&word.to_lowercase()))
            || word.get(1..).is_some_and(upper)
    }

    /// The names of the letters, the last one stressed; nothing where a letter has no name.
    pub(super) fn spell(&self, word: &str) -> Option<String> {
        let mut names = String::new();
        for letter in word.chars().filter(|c| c.is_alphabetic()) {
            let letter: String = letter.to_uppercase().collect();
            if !self.checked(&letter) {
                return None;
            }
            names += &self.plain(&letter);
        }
        let names = Stress::Weaken.apply(&names);
        let Some((head, tail)) = names.rsplit_once(SIDE) else {
            return Some(names);
        };
        Some(format!("{head}{MAIN}{tail}"))
    }

    /// Reads a known word for its part of speech.
    pub(super) fn look_up(
        &self,
        word: &str,
        tag: &str,
        stress: Option<Stress>,
        ahead: Option<Ahead>,
    ) -> Option<String> {
        let mut word = word.to_owned();
        let mut name = false;
        if word.to_uppercase() == word && !self.checked(&word) {
            word = word.to_lowercase();
            name = tag == "NNP";
        }
        let checked = self.find(&word, true);
        let readings = if checked.is_none() && !name {
            self.find(&word, false)
        } else {
            checked
        };
        let phonemes = readings.and_then(|readings| {
            let has = |tag: &str| readings.iter().any(|r| r.tag == tag);
            let tag = if ahead.is_some_and(|a| a.sound == Next::Pause) && has("None") {
                "None"
            } else if has(tag) {
                tag
            } else if has(broad(tag)) {
                broad(tag)
            } else {
                "DEFAULT"
            };
            readings
                .iter()
                .find(|r| r.tag == tag)
                .and_then(|r| r.phonemes.clone())
        });
        match phonemes {
            // An acronym that the list only has as an unstressed word is spelled.
            Some(p) if !name || p.contains(MAIN) => Some(stressed(&p, stress)),
            p => self
                .spell(&word)
                .or_else(|| p.map(|p| stressed(&p, stress))),
        }
    }
}

/// The broad class of a Penn tag.
pub(super) fn broad(tag: &str) -> &str {
    match tag.get(..2) {
        Some("VB") => "VERB",
        Some("NN") => "NOUN",
        Some("RB") => "ADV",
        Some("JJ") => "ADJ",
        _ => tag,
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().collect::<String>() + &letters.as_str().to_lowercase(),
        None => String::new(),
    }
}
