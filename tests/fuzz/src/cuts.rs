//! Ways in which a network, or a language model, may cut what it sends.

use crate::rng::Rng;

/// The longest piece of an uneven cut.
const LONGEST: usize = 9;

/// The bytes in uneven pieces, always the same for the same bytes.
pub(crate) fn bytes(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut rng = Rng::of(rest);
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rng.below(LONGEST + 1).min(rest.len()));
        pieces.push(piece);
        rest = more;
    }
    pieces
}

/// The text in uneven pieces, always the same for the same text.
pub(crate) fn text(mut rest: &str) -> Vec<&str> {
    let mut rng = Rng::of(rest.as_bytes());
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let letters = rng.below(LONGEST + 1);
        let end = rest
            .char_indices()
            .nth(letters)
            .map_or(rest.len(), |(at, _)| at);
        let (piece, more) = rest.split_at(end);
        pieces.push(piece);
        rest = more;
    }
    pieces
}

/// The text letter by letter.
pub(crate) fn letters(text: &str) -> impl Iterator<Item = &str> {
    text.char_indices()
        .filter_map(|(at, letter)| text.get(at..at + letter.len_utf8()))
}
