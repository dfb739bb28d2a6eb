//! How a model cuts what it writes.

/// The characters of the longest piece of text.
const PIECE: usize = 5;

/// The pieces that a model would make of a text: a few characters each, no character cut.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut pieces = Vec::new();
    let mut rest = chars.as_slice();
    while !rest.is_empty() {
        // Of all lengths from one up, so that nobody relies on one.
        let (piece, left) = rest.split_at(rest.len().min(1 + pieces.len() % PIECE));
        pieces.push(piece.iter().collect());
        rest = left;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_text() {
        let text = "Zażółć 你好 😀, and so on.";
        let pieces = pieces(text);
        assert_eq!(pieces.concat(), text);
        assert!(pieces.len() > 5 && pieces.iter().all(|piece| !piece.is_empty()));
    }
}
