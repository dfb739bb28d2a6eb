//! A sentence's phonemes as pieces that are rendered in one go.

use crate::net::MAX_IDS;
use crate::text::Spoken;
use crate::text::phonemes::is_pause;

/// A first piece longer than this is cut at a clause mark: prosody costs 0.65 ms a phoneme.
const SHORT: usize = 40;
/// A first piece without a clause mark is cut at a word when it is longer than this.
const LONG: usize = 110;
/// No piece is longer than this: nothing else happens while its prosody is made (0.2 s in the
/// sandbox).
const LONGEST: usize = 260;
const _: () = assert!(LONGEST + 2 <= MAX_IDS);
/// A cut leaves at least this much on each side.
const LEAST: usize = 8;

/// Phonemes of some units with their spaces.
fn length(units: &[Spoken]) -> usize {
    units
        .iter()
        .map(|u| u.phonemes.chars().count() + usize::from(u.space))
        .sum()
}

/// Whether a pause follows this unit.
fn ends_clause(unit: &Spoken) -> bool {
    unit.phonemes.ends_with(is_pause)
}

/// Cuts a sentence into pieces. `first`: nothing of the utterance has been rendered yet, so the
/// first piece should be quick to render.
pub(crate) fn cut(mut units: Vec<Spoken>, first: bool) -> Vec<Vec<Spoken>> {
    let mut pieces = Vec::new();
    let mut first = first;
    while length(&units) > if first { SHORT } else { LONGEST } {
        let at = if first {
            early_cut(&units)
        } else {
            late_cut(&units, LONGEST)
        };
        first = false;
        let Some(at) = at else { continue };
        let rest = units.split_off(at);
        pieces.push(std::mem::replace(&mut units, rest));
    }
    if !units.is_empty() {
        pieces.push(units);
    }
    pieces
}

/// Where the first piece ends: at the first clause mark, or at a word where that is far away.
fn early_cut(units: &[Spoken]) -> Option<usize> {
    let total = length(units);
    let mut before = 0;
    let mut at_word = None;
    for (i, unit) in units.iter().enumerate() {
        before += unit.phonemes.chars().count() + usize::from(unit.space);
        let fits = before >= LEAST && total - before >= LEAST && between_words(units, i + 1);
        if fits && before <= LONG && ends_clause(unit) {
            return Some(i + 1);
        }
        if fits && unit.space && before <= LONG / 2 {
            at_word = Some(i + 1);
        }
    }
    at_word.filter(|_| total > LONG)
}

/// The last clause mark, else the last word, within the limit. Always makes progress.
fn late_cut(units: &[Spoken], limit: usize) -> Option<usize> {
    let mut before = 0;
    let (mut clause, mut word, mut any) = (None, None, 1);
    for (i, unit) in units.iter().enumerate() {
        before += unit.phonemes.chars().count() + usize::from(unit.space);
        if before > limit {
            break;
        }
        any = i + 1;
        if unit.space {
            word = Some(i + 1);
        }
        if ends_clause(unit) {
            clause = Some(i + 1);
        }
    }
    clause.or(word).or(Some(any))
}

/// Whether no source word is spoken on both sides of the cut.
fn between_words(units: &[Spoken], at: usize) -> bool {
    match (units.get(at.wrapping_sub(1)), units.get(at)) {
        (Some(left), Some(right)) => left.source.end <= right.source.start,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(words: &[&str]) -> Vec<Spoken> {
        let unit = |(i, w): (usize, &&str)| Spoken {
            phonemes: (*w).to_owned(),
            space: true,
            source: i..i + 1,
        };
        words.iter().enumerate().map(unit).collect()
    }

    #[test]
    fn a_short_first_piece_ends_at_a_clause() {
        let words = [
            "wˈʌn",
            "tˈu",
            "θɹˈi,",
            "fˈɔɹ",
            "fˈIv",
            "sˈɪks",
            "sˈɛvən",
            "ˈAt",
            "nˈIn",
            "tˈɛn",
        ];
        let cut_first = cut(units(&words), true);
        assert_eq!(cut_first.iter().map(Vec::len).collect::<Vec<_>>(), [3, 7]);
        assert_eq!(cut(units(&words), false).len(), 1);
        assert_eq!(cut(units(&words[..4]), true).len(), 1);
    }

    #[test]
    fn no_piece_is_too_long() {
        for words in [vec!["wˈɜd"; 900], vec!["x"; 2000], vec!["wˈɜd,"; 300]] {
            for first in [true, false] {
                let pieces = cut(units(&words), first);
                assert!(pieces.iter().all(|p| length(p) <= LONGEST));
                assert_eq!(pieces.iter().map(Vec::len).sum::<usize>(), words.len());
            }
        }
    }
}
