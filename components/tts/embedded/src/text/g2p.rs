//! English text to the voice's phonemes: words from the list, endings, numbers, letters, then
//! the unknown-word net.
//!
//! Words are read from right to left, so that each knows what follows it.

mod compound;
mod dictionary;
mod endings;
mod figures;
mod tokens;
mod words;

use super::LoadError;
use super::lexicon::Lexicon;
use super::normalize::{Normalizer, Word};
use super::phonemes::{PAUSES, is_pause};
use super::tagger::Tagger;
use super::unknown::Unknown;
use crate::assets;
use compound::{Piece, first_sound, pieces_of, text_of};
use dictionary::{Ahead, Dictionary, Next};
use std::ops::Range;
use tokens::Token;

/// A stretch of phonemes (a word, or marks) and the source words it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spoken {
    pub(crate) phonemes: String,
    /// A space follows.
    pub(crate) space: bool,
    pub(crate) source: Range<usize>,
}

/// Reads English.
pub(crate) struct Reader {
    dictionary: Dictionary,
    tagger: Tagger,
    unknown: Unknown,
    normalizer: Normalizer,
}

impl Reader {
    /// # Errors
    /// The unknown-word net does not load.
    pub(crate) fn load() -> Result<Self, LoadError> {
        Ok(Reader {
            dictionary: Dictionary::new(Lexicon::new(assets::WORDS)),
            tagger: Tagger::new(assets::TAGGER),
            unknown: Unknown::load(assets::UNKNOWN_NET, assets::UNKNOWN_ALPHABETS)?,
            normalizer: Normalizer::new(assets::NORMAL_FORMS),
        })
    }

    /// Whether the full stop of this word belongs to an abbreviation.
    pub(crate) fn abbreviates(&self, word: &str) -> bool {
        self.normalizer.abbreviates(word)
    }

    /// The phonemes of one sentence; nothing where it holds nothing speakable.
    pub(crate) fn read(&self, sentence: &[Word]) -> Vec<Spoken> {
        let words = self.normalizer.run(sentence);
        let tokens = tokens::split(&words, &self.dictionary, &self.tagger);
        let mut units = units(&tokens);
        let mut ahead = Ahead::default();
        for unit in units.iter_mut().rev() {
            if !unit.is_mark {
                unit.spoken = self.written_word(&unit.pieces, unit.money, ahead);
            }
            if unit.spoken.contains(is_pause) && first_sound(&unit.spoken).is_none() {
                ahead.sound = Next::Pause;
            } else if let Some(sound) = first_sound(&unit.spoken) {
                ahead.sound = sound;
            }
            ahead.to = text_of(&unit.pieces).eq_ignore_ascii_case("to");
        }
        let spoken = units.into_iter().map(|unit| Spoken {
            // the voice's alphabet has a flap of its own and no glottal stop
            phonemes: unit.spoken.replace('ɾ', "T").replace('ʔ', "t"),
            space: unit.space,
            source: unit.source,
        });
        spoken.filter(|s| !s.phonemes.is_empty()).collect()
    }
}

/// What stands between two spaces of the phoneme string.
struct Unit {
    pieces: Vec<Piece>,
    /// Punctuation instead of a word.
    is_mark: bool,
    spoken: String,
    money: Option<char>,
    space: bool,
    source: Range<usize>,
}

/// Joins the tokens of one written word, and sets punctuation apart.
fn units(tokens: &[Token]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::with_capacity(tokens.len());
    let (mut money, mut glued, mut quoted) = (None, false, false);
    for token in tokens {
        if let Some(marks) = punctuation(token, glued, &mut quoted) {
            if let Some(sign) = currency(&token.text) {
                money = Some(sign);
            }
            units.push(Unit {
                pieces: Vec::new(),
                is_mark: true,
                spoken: marks,
                money: None,
                space: token.space,
                source: token.source.clone(),
            });
            glued = false;
            continue;
        }
        let figure = token.text.bytes().any(|b| b.is_ascii_digit());
        match units.last_mut().filter(|_| glued) {
            Some(unit) => {
                unit.pieces.extend(pieces_of(token));
                unit.space = token.space;
                unit.source.end = unit.source.end.max(token.source.end);
            }
            None => units.push(Unit {
                pieces: pieces_of(token).collect(),
                is_mark: false,
                spoken: String::new(),
                money: money.filter(|_| figure),
                space: token.space,
                source: token.source.clone(),
            }),
        }
        if !figure || token.space {
            money = None;
        }
        glued = !token.space;
    }
    units
}

fn currency(text: &str) -> Option<char> {
    let mut letters = text.chars();
    letters
        .next()
        .filter(|c| "$£€".contains(*c) && letters.next().is_none())
}

/// The marks a token puts into the phoneme string; nothing where it is a word.
fn punctuation(token: &Token, glued: bool, quoted: &mut bool) -> Option<String> {
    let text = token.text.as_str();
    if currency(text).is_some() {
        return Some(String::new());
    }
    if (text == "-" && token.space && !glued) || matches!(text, "–" | "—" | "--") {
        return Some("—".to_owned());
    }
    if text == "\"" {
        *quoted = !*quoted;
        return Some(if *quoted { "“" } else { "”" }.to_owned());
    }
    let silent = !text.chars().any(char::is_alphanumeric);
    let opens_word = text.starts_with(|c| "%&@+/-_'#".contains(c));
    (silent && !opens_word).then(|| {
        text.chars()
            .filter(|&c| PAUSES.contains(c) || "“”()".contains(c))
            .collect()
    })
}

#[cfg(test)]
mod tests;
