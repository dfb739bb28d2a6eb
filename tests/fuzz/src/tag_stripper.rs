//! Answers of a language model, with emotion tags that may be broken, nested or cut anywhere.

use crate::cuts;
use tth_core::tags::{MAX_TAG_CHARS, Piece, Tags};

/// Parts of an answer.
pub(crate) const WORDS: &[&str] = &[
    "<feel:",
    "<feel:joy>",
    "<FEEL:Calm:0.5>",
    "<",
    ">",
    ":",
    "<fe",
    "el:joy>",
    ":0.8>",
    " ",
    "\n",
    "\u{a0}",
    "ſ",
    "aaaaaaaaaaaaaaaaaaaaaaaa",
];

/// The answer, as text.
///
/// - Tags and text are those that a second, simpler reader finds, which has all at once: so no tag is
///   left, and nothing is lost but the white space beside a tag.
/// - They do not depend on how the answer was cut.
/// - What is held back at the end is shorter than a tag.
///
/// # Panics
/// When one of these is broken.
pub fn tag_stripper(data: &[u8]) {
    let answer = String::from_utf8_lossy(data);
    let expected = reference(&answer);
    assert_eq!(read([answer.as_ref()]), expected, "in one piece");
    assert_eq!(read(cuts::letters(&answer)), expected, "letter by letter");
    assert_eq!(read(cuts::text(&answer)), expected, "in pieces");
}

fn read<'a>(deltas: impl IntoIterator<Item = &'a str>) -> Vec<Piece> {
    let mut tags = Tags::default();
    let mut pieces = Vec::new();
    let mut all = Vec::new();
    for delta in deltas {
        all.extend(tags.push(delta));
    }
    let held = tags.finish();
    assert!(
        held.as_ref()
            .is_none_or(|held| held.chars().count() < MAX_TAG_CHARS)
    );
    assert_eq!(tags.finish(), None, "there is nothing left of nothing");
    all.extend(held.map(Piece::Text));
    for piece in all {
        match piece {
            Piece::Text(text) => add(&mut pieces, &text),
            feel => pieces.push(feel),
        }
    }
    pieces
}

/// Text next to text is one.
fn add(pieces: &mut Vec<Piece>, more: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(text)) => text.push_str(more),
        _ => pieces.push(Piece::Text(more.to_owned())),
    }
}

/// The rules, tag by tag over the whole answer.
fn reference(answer: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = answer;
    let (mut spaced, mut swallow) = (true, false);
    while let Some(letter) = rest.chars().next() {
        if let Some((length, feel)) = tag(rest) {
            pieces.push(feel);
            swallow = spaced;
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        let (now, later) = rest.split_at(letter.len_utf8());
        rest = later;
        if swallow && letter.is_whitespace() {
            continue;
        }
        swallow = false;
        spaced = letter.is_whitespace();
        add(&mut pieces, now);
    }
    pieces
}

/// The tag that a text begins with, and its length in bytes.
fn tag(text: &str) -> Option<(usize, Piece)> {
    let (inside, _) = text.split_once('>')?;
    let mut parts = inside.split(':');
    let opens = parts.next()?.eq_ignore_ascii_case("<feel");
    let label = parts.next()?;
    let number = parts.next();
    let named = (1..=24).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphabetic());
    if !opens || !named || parts.next().is_some() {
        return None;
    }
    let intensity = match number {
        None => None,
        Some(number) => {
            let digits = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            let strength: f32 = number
                .parse()
                .ok()
                .filter(|_| digits && number.len() <= 8)?;
            Some(strength.min(1.0))
        }
    };
    let label = label.to_ascii_lowercase();
    Some((inside.len() + 1, Piece::Feel { label, intensity }))
}
