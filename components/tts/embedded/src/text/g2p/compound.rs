//! One written word of several pieces ("iPhone15", "mid-1990s"): the whole is tried first, then
//! parts from the right; what nobody knows goes to the unknown-word net.

use super::Reader;
use super::dictionary::{Ahead, Next};
use super::figures::is_figure;
use super::tokens::Token;
use crate::text::phonemes::{MAIN, Stress, is_consonant, is_vowel, weight};

/// Marks that may be silent inside a written word.
const SILENT: &str = "',-._‘’/";
/// More pieces than any word has: read as unknown, so that the search stays short.
const MAX_PIECES: usize = 12;

/// A piece of a written word.
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) tag: &'static str,
}

/// The pieces of a token.
pub(super) fn pieces_of(token: &Token) -> impl Iterator<Item = Piece> {
    let tag = token.tag;
    super::tokens::pieces(&token.text)
        .into_iter()
        .map(move |text| Piece { text, tag })
}

/// The whole text of some pieces.
pub(super) fn text_of(pieces: &[Piece]) -> String {
    pieces.iter().map(|p| p.text.as_str()).collect()
}

/// The first spoken sound of a reading as context for the word before it.
pub(super) fn first_sound(phonemes: &str) -> Option<Next> {
    let first = phonemes.chars().find(|&c| is_vowel(c) || is_consonant(c))?;
    Some(if is_vowel(first) {
        Next::Vowel
    } else {
        Next::Consonant
    })
}

impl Reader {
    /// Reads one written word.
    pub(super) fn written_word(
        &self,
        pieces: &[Piece],
        money: Option<char>,
        ahead: Ahead,
    ) -> String {
        let found = if pieces.len() > MAX_PIECES {
            None
        } else {
            self.parts(pieces, money, ahead)
        };
        let Some(mut parts) = found else {
            return self.unknown_word(&text_of(pieces));
        };
        let text = text_of(pieces);
        if text.contains('/') || mixes_classes(&text) {
            return parts
                .into_iter()
                .map(|(_, p)| p)
                .collect::<Vec<_>>()
                .join(" ");
        }
        weaken(&mut parts, pieces);
        parts.into_iter().map(|(_, p)| p).collect()
    }

    /// The readable parts in order, each with the index of its first piece; nothing where a
    /// piece cannot be read.
    fn parts(
        &self,
        pieces: &[Piece],
        money: Option<char>,
        mut ahead: Ahead,
    ) -> Option<Vec<(usize, String)>> {
        let mut parts = Vec::new();
        let mut end = pieces.len();
        while end > 0 {
            let known = (0..end).find_map(|start| {
                let part = pieces.get(start..end)?;
                let text = text_of(part);
                let phonemes = if is_formula(&text, pieces.get(end)) {
                    self.dictionary.spell(&text)?
                } else {
                    self.known_part(&text, tag_of(part), money, start == 0, ahead)?
                };
                Some((start, text, phonemes))
            });
            if let Some((start, text, phonemes)) = known {
                ahead.sound = first_sound(&phonemes).unwrap_or(ahead.sound);
                ahead.to = text == "to";
                if !phonemes.is_empty() {
                    parts.push((start, phonemes));
                }
                end = start;
            } else {
                end -= 1;
                let last = pieces.get(end)?;
                if !last.text.chars().all(|c| SILENT.contains(c)) {
                    return None;
                }
            }
        }
        parts.reverse();
        Some(parts)
    }

    fn known_part(
        &self,
        text: &str,
        tag: &str,
        money: Option<char>,
        head: bool,
        ahead: Ahead,
    ) -> Option<String> {
        let word = self
            .dictionary
            .word(text, tag, Stress::of_case(text), ahead);
        word.or_else(|| {
            is_figure(text, head)
                .then(|| self.dictionary.figure(text, money, head))
                .flatten()
        })
    }

    /// Letters by the net, digits by the number rules, a few symbols by name.
    fn unknown_word(&self, word: &str) -> String {
        let mut parts = Vec::new();
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let run = |inside: fn(char) -> bool| rest.find(|c| !inside(c)).unwrap_or(rest.len());
            let letter = |c: char| c.is_alphabetic() || c == '\'';
            let (end, phonemes) = if first.is_ascii_digit() {
                let figure = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
                let end = rest
                    .get(..run(figure))
                    .unwrap_or(rest)
                    .trim_end_matches(['.', ','])
                    .len();
                let digits = rest.get(..end).unwrap_or_default();
                (
                    end,
                    self.dictionary
                        .figure(digits, None, false)
                        .unwrap_or_default(),
                )
            } else if letter(first) {
                let end = run(letter);
                (end, self.unknown.read(rest.get(..end).unwrap_or_default()))
            } else {
                (first.len_utf8(), symbol(first).to_owned())
            };
            if !phonemes.is_empty() {
                parts.push(phonemes);
            }
            rest = rest.get(end..).unwrap_or_default();
        }
        parts.join(" ")
    }
}

/// Few capitals right before a digit are letters, not a word ("CO2", "IP4").
fn is_formula(text: &str, next: Option<&Piece>) -> bool {
    text.len() <= 3
        && text.bytes().all(|b| b.is_ascii_uppercase())
        && next.is_some_and(|p| p.text.starts_with(|c: char| c.is_ascii_digit()))
}

fn symbol(c: char) -> &'static str {
    match c {
        '/' => "slˈæʃ",
        '=' => "ˈikwᵊlz",
        '+' => "plˈʌs",
        '&' => "ænd",
        '@' => "æt",
        '%' => "pəɹsˈɛnt",
        '#' => "hˈæʃ",
        _ => "",
    }
}

/// The tag of the piece with the most (and largest) letters, the first of equals.
fn tag_of(pieces: &[Piece]) -> &'static str {
    let size = |p: &&Piece| -> usize {
        p.text
            .chars()
            .map(|c| if c.is_uppercase() { 2 } else { 1 })
            .sum()
    };
    pieces.iter().rev().max_by_key(size).map_or("", |p| p.tag)
}

/// Letters together with digits or symbols: the parts are words of their own.
fn mixes_classes(text: &str) -> bool {
    let class = |c: char| match c {
        c if c.is_alphabetic() => 0,
        c if c.is_ascii_digit() => 1,
        _ => 2,
    };
    let mut classes = text.chars().filter(|c| !SILENT.contains(*c)).map(class);
    let first = classes.next();
    classes.any(|c| Some(c) != first)
}

/// One written word has one main stress where it can: the lighter parts give theirs up.
fn weaken(parts: &mut [(usize, String)], pieces: &[Piece]) {
    let single = |start: usize| {
        pieces
            .get(start)
            .is_some_and(|p| p.text.chars().nth(1).is_none())
    };
    let count = parts.len();
    if let [(first, _), (_, second)] = parts
        && single(*first)
    {
        *second = Stress::Weaken.apply(second);
        return;
    }
    let stressed = parts.iter().filter(|(_, p)| p.contains(MAIN)).count();
    if count < 2 || stressed <= count.div_ceil(2) {
        return;
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&i| parts.get(i).map(|(_, p)| (p.contains(MAIN), weight(p), i)));
    for i in order.into_iter().take(count / 2) {
        if let Some((_, p)) = parts.get_mut(i) {
            *p = Stress::Weaken.apply(p);
        }
    }
}
