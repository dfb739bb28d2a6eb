//! The shapes that a mouth makes for a text, by its spelling.
//!
//! No dictionary: digraphs, silent letters and the alphabets' usual sounds are enough for lips that
//! follow a voice which tells nothing of its timing. Scripts whose spelling says little of the sound
//! (Chinese characters, Arabic, Thai, …) get a plausible change of open and closed, always the same
//! for the same text.

mod latin;
mod scripts;

use crate::Viseme;

/// One shape of the mouth, for a stretch of the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Letter {
    /// The shape.
    pub shape: Viseme,
    /// How long it is held against others; 1 is an ordinary sound.
    pub length: f32,
    /// Where in the text its spelling begins, in bytes.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
}

/// A shape and its length.
pub(crate) type Sound = (Viseme, f32);

/// The shapes for a text, in order. Blanks and punctuation have none.
pub fn letters(text: &str) -> Vec<Letter> {
    let mut letters = Vec::new();
    let mut word = latin::Word::default();
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        match latin::fold(c) {
            Some(folded) => word.push(folded, at, end),
            // An accent written apart belongs to the letter before it.
            None if matches!(c, '\u{300}'..='\u{36f}') => {}
            None => {
                std::mem::take(&mut word).read(&mut letters);
                put(&mut letters, scripts::sounds(c), at, end);
            }
        }
    }
    word.read(&mut letters);
    letters
}

fn put(letters: &mut Vec<Letter>, sounds: impl IntoIterator<Item = Sound>, from: usize, to: usize) {
    letters.extend(sounds.into_iter().map(|(shape, length)| Letter {
        shape,
        length,
        from,
        to,
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(text: &str) -> String {
        let names: Vec<String> = letters(text)
            .iter()
            .map(|letter| format!("{:?}", letter.shape).replace("Viseme::", ""))
            .collect();
        names.join(" ").to_lowercase()
    }

    #[test]
    fn english_is_read_by_its_spelling() {
        for (text, wanted) in [
            ("ship", "ch ih pp"),
            ("them", "th e pp"),
            ("phone", "ff oh nn"),
            ("sing", "ss ih kk"),
            ("see", "ss ih"),
            ("moon", "pp ou nn"),
            ("knife", "nn ih ff"),
            ("city", "ss ih dd ih"),
            ("cat", "kk aa dd"),
            ("happy", "e aa pp ih"),
            ("The", "th e"),
            ("nation", "nn aa ch e nn"),
        ] {
            assert_eq!(shapes(text), wanted, "{text}");
        }
    }

    #[test]
    fn other_alphabets_and_accents_have_their_sounds() {
        for (text, wanted) in [
            ("мама", "pp aa pp aa"),
            ("Жук", "ch ou kk"),
            ("θα μα", "th aa pp aa"),
            ("かみ", "kk aa pp ih"),
            ("カミ", "kk aa pp ih"),
            ("마음", "pp aa ou pp"),
            ("é", "e"),
            ("e\u{301}", "e"),
            ("ŝ š", "ch ch"),
            ("3", "th rr ih"),
        ] {
            assert_eq!(shapes(text), wanted, "{text}");
        }
    }

    #[test]
    fn any_script_moves_the_mouth_and_punctuation_does_not() {
        for text in ["你好世界", "مرحبا", "สวัสดี", "नमस्ते", "שלום", "5 %", "€ & @"]
        {
            let found = letters(text);
            assert!(found.len() >= 2, "{text}: {found:?}");
            let first = found.first().map(|letter| letter.shape);
            assert!(
                found.iter().any(|letter| Some(letter.shape) != first),
                "{text} is not one shape"
            );
        }
        assert!(letters("… — ?! 😀 \n").is_empty());
    }

    #[test]
    fn every_shape_knows_its_place() {
        for text in [
            "Straße, ship; 漢字 и 12 — naïve cafés!",
            "",
            "ЖЖЖ",
            "ffi ŉ ǆ",
        ] {
            let mut before = 0;
            for letter in letters(text) {
                let spelling = text.get(letter.from..letter.to);
                assert!(
                    spelling.is_some_and(|spelling| !spelling.is_empty()),
                    "{letter:?}"
                );
                assert!(letter.from >= before && letter.length > 0.0);
                before = letter.from;
            }
        }
    }
}
