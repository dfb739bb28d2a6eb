//! Words as the tagger knows them: punctuation off, clitics off, hyphens and slashes apart;
//! and the finer pieces that the word list is asked for.

use super::dictionary::Dictionary;
use crate::text::normalize::Word;
use crate::text::tagger::Tagger;
use std::ops::Range;

/// A token with its part of speech.
pub(super) struct Token {
    pub(super) text: String,
    pub(super) tag: &'static str,
    /// A space follows.
    pub(super) space: bool,
    /// The source words it stands for.
    pub(super) source: Range<usize>,
}

const CLITICS: [&str; 7] = ["n't", "'s", "'ll", "'re", "'ve", "'d", "'m"];
const AFTER_QUOTE: [char; 10] = ['.', ',', '!', '?', ';', ':', '"', ')', ']', '\''];

/// Splits the words of a sentence into tagged tokens.
pub(super) fn split(words: &[Word], dictionary: &Dictionary, tagger: &Tagger) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::with_capacity(words.len() * 2);
    for word in words {
        let start = tokens.len();
        let mut put = |text: String| {
            tokens.push(Token {
                text,
                tag: "",
                space: false,
                source: word.source.clone(),
            });
        };
        let mut core = word.text.as_str();
        while let Some((mark, rest)) = opening(core, dictionary) {
            put(mark.to_string());
            core = rest;
        }
        let mut closing_marks = Vec::new();
        while let Some((rest, mark)) = closing(core) {
            closing_marks.push(mark.to_owned());
            core = rest;
        }
        if !core.is_empty() {
            split_core(core, &mut put);
        }
        closing_marks.into_iter().rev().for_each(&mut put);
        if tokens.len() > start
            && let Some(last) = tokens.last_mut()
        {
            last.space = true;
        }
    }
    let texts: Vec<&str> = tokens.iter().map(|t| t.text.as_str()).collect();
    let tags = tagger.tag(&texts);
    for (token, tag) in tokens.iter_mut().zip(tags) {
        token.tag = tag;
    }
    tokens
}

/// Marks that never belong to a word at its edge.
fn is_edge(c: char) -> bool {
    !(c.is_alphanumeric() || "'-_&@+%/".contains(c))
}

/// The mark that opens the text, and the rest.
fn opening<'a>(text: &'a str, dictionary: &Dictionary) -> Option<(char, &'a str)> {
    let mut letters = text.chars();
    let first = letters.next()?;
    let rest = letters.as_str();
    // 'tis and 'em are words, 'quoted is not
    let quote = first == '\''
        && !rest.is_empty()
        && !dictionary.checked(text.trim_end_matches(AFTER_QUOTE));
    let decimal = first == '.' && rest.starts_with(|c: char| c.is_ascii_digit());
    ((is_edge(first) || quote) && !decimal).then_some((first, rest))
}

/// The mark that closes the text, and what is before it.
fn closing(text: &str) -> Option<(&str, &str)> {
    let last = text.chars().next_back()?;
    let single = text.chars().nth(1).is_none();
    let plural = text.ends_with("s'");
    if !(is_edge(last) || last == '%' || (last == '\'' && !plural)) || (single && !is_edge(last)) {
        return None;
    }
    if text.ends_with("...") {
        return text.split_at_checked(text.len() - 3);
    }
    let split = text.split_at_checked(text.len() - last.len_utf8())?;
    // the full stop of U.S. and p.m. stays
    let initials = last == '.'
        && split.0.contains('.')
        && split.0.split('.').all(|part| {
            let mut letters = part.chars();
            letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
        });
    (!initials).then_some(split)
}

/// Splits off clitics, and parts at hyphens, slashes and the like.
fn split_core(text: &str, put: &mut impl FnMut(String)) {
    let mut text = text;
    let mut clitics = Vec::new();
    'more: loop {
        for clitic in CLITICS {
            let at = text.len().saturating_sub(clitic.len());
            if let Some((stem, end)) = text.split_at_checked(at)
                && !stem.is_empty()
                && end.eq_ignore_ascii_case(clitic)
            {
                clitics.push(end.to_owned());
                text = stem;
                continue 'more;
            }
        }
        break;
    }
    let address = text.contains('@') || text.starts_with("www.");
    while let Some((head, joint, tail)) = if address { None } else { joint(text) } {
        put(head.to_owned());
        put(joint.to_string());
        text = tail;
    }
    put(text.to_owned());
    clitics.into_iter().rev().for_each(put);
}

/// The first place where a written word joins two: "well-known", "and/or".
fn joint(text: &str) -> Option<(&str, char, &str)> {
    let mut before = None;
    for (at, c) in text.char_indices() {
        let tail = text.get(at + c.len_utf8()..)?;
        let letter_after = tail.starts_with(char::is_alphabetic);
        let comma = c == ',' && before.is_some_and(char::is_alphabetic);
        let joins = "-–—~/=:<>".contains(c) && before.is_some_and(char::is_alphanumeric);
        if letter_after && (comma || joins) {
            return Some((text.get(..at)?, c, tail));
        }
        before = Some(c);
    }
    None
}

/// Pieces of a token: digits, letters, case humps, dashes.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let at = |i: usize| letters.get(i).copied().unwrap_or('\0');
    let digit = |i: usize| at(i).is_ascii_digit();
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < letters.len() {
        let mut end = start + 1;
        let first = at(start);
        let signed = matches!(first, '-' if start == 0) || first == '.';
        if digit(start) || (signed && digit(start + 1)) {
            while digit(end) || (matches!(at(end), ',' | '.') && digit(end + 1)) {
                end += 1;
            }
        } else if first.is_alphabetic() {
            loop {
                let inside =
                    at(end).is_alphabetic() || (at(end) == '\'' && at(end + 1).is_alphabetic());
                let hump = at(end).is_uppercase() && at(end - 1).is_lowercase();
                if !inside || hump {
                    break;
                }
                end += 1;
            }
        } else if first == '-' || first == '_' {
            while matches!(at(end), '-' | '_') {
                end += 1;
            }
        }
        pieces.push(letters.iter().skip(start).take(end - start).collect());
        start = end;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_words() {
        for (text, expected) in [
            ("iPhone15", vec!["i", "Phone", "15"]),
            ("don't", vec!["don't"]),
            ("3.5x-4", vec!["3.5", "x", "-", "4"]),
            ("-5", vec!["-5"]),
            ("__init__", vec!["__", "init", "__"]),
            ("", vec![]),
        ] {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }

    #[test]
    fn cores_are_split() {
        for (text, expected) in [
            ("shouldn't've", vec!["should", "n't", "'ve"]),
            ("and/or", vec!["and", "/", "or"]),
            ("a-b-c", vec!["a", "-", "b", "-", "c"]),
            ("10-20", vec!["10-20"]),
            ("a@b-c.d", vec!["a@b-c.d"]),
        ] {
            let mut tokens = Vec::new();
            split_core(text, &mut |t| tokens.push(t));
            assert_eq!(tokens, expected, "{text}");
        }
    }
}
