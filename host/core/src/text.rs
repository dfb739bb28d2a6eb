//! Untrusted text made safe to store, show and speak.
//!
//! [`accept`] is the one door for text that a user typed: [`clean`] takes out what can't be seen or
//! would reorder what is seen, then the length is checked. Nothing is rejected for its language or
//! script, and nothing visible is rewritten (there is no Unicode normalisation here).

/// The longest text accepted as one input, in characters after cleaning.
pub const MAX_TEXT_CHARS: usize = 20_000;

/// Why a text was not accepted. The message says what the sender can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing visible is left of the text.
    #[error("the text is empty: send at least one visible character")]
    Empty,
    /// The text is longer than [`MAX_TEXT_CHARS`].
    #[error(
        "the text has {chars} characters, at most {MAX_TEXT_CHARS} are allowed: send it in parts"
    )]
    TooLong {
        /// Its length in characters, after cleaning.
        chars: usize,
    },
}

/// The text without control characters, bidirectional overrides, isolates and marks, and invisible
/// characters; every run of whitespace (line breaks and tabs too) is one space, and none is left at
/// the ends. A zero-width joiner stays only between two emoji, a variation selector only once after
/// something visible. Idempotent.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last: Option<char> = None;
    let mut space = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c.is_whitespace() {
            space = true;
            continue;
        }
        let keep = match c {
            JOINER => {
                !space
                    && last.is_some_and(is_emoji_part)
                    && rest.peek().copied().is_some_and(is_emoji)
            }
            '\u{FE0E}' | '\u{FE0F}' => {
                !space && last.is_some_and(|l| l != JOINER && !is_variation(l))
            }
            _ => !c.is_control() && !is_invisible(c),
        };
        if !keep {
            continue;
        }
        if space && last.is_some() {
            out.push(' ');
        }
        space = false;
        out.push(c);
        last = Some(c);
    }
    out
}

/// The cleaned text, or why it can't be taken.
///
/// # Errors
/// [`TextError::Empty`] if nothing visible is left, [`TextError::TooLong`] if more than
/// [`MAX_TEXT_CHARS`] characters are.
pub fn accept(text: &str) -> Result<String, TextError> {
    let cleaned = clean(text);
    if cleaned.is_empty() {
        return Err(TextError::Empty);
    }
    let chars = cleaned.chars().count();
    if chars > MAX_TEXT_CHARS {
        return Err(TextError::TooLong { chars });
    }
    Ok(cleaned)
}

/// Whether a voice would find anything to say: a letter or a digit of any script.
#[must_use]
pub fn speakable(text: &str) -> bool {
    text.chars().any(is_speakable)
}

/// A letter or a digit; emoji that Unicode counts as letters are not.
pub(crate) fn is_speakable(c: char) -> bool {
    c.is_alphanumeric() && !is_emoji(c)
}

/// Pictographs and symbols commonly shown as emoji, flags and skin tones included.
pub(crate) fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{25A0}'..='\u{27BF}'
        | '\u{2900}'..='\u{297F}' | '\u{2B00}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// An emoji, or what may follow one within its sequence.
pub(crate) fn is_emoji_part(c: char) -> bool {
    is_emoji(c) || is_variation(c) || matches!(c, JOINER | '\u{20E3}')
}

const JOINER: char = '\u{200D}';

fn is_variation(c: char) -> bool {
    matches!(c, '\u{FE0E}' | '\u{FE0F}')
}

/// Format characters that show nothing: they hide text from a reader or reorder it. Tag characters
/// and the supplementary variation selectors are known to smuggle whole messages.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cleans() {
        let cases = [
            ("  Hello,\r\n\tworld \u{a0} ", "Hello, world"),
            ("a\u{0}b\u{7}c\u{7f}d\u{9b}e", "abcde"),
            (
                "pay \u{202E}evil\u{202C} \u{2066}now\u{2069}",
                "pay evil now",
            ),
            ("zero\u{200B}width\u{FEFF}\u{2060}", "zerowidth"),
            ("a\u{200D}b", "ab"),
            ("👩\u{200D}🚀 flies", "👩\u{200D}🚀 flies"),
            ("❤\u{FE0F}\u{200D}🔥", "❤\u{FE0F}\u{200D}🔥"),
            ("🏳\u{FE0F}\u{FE0F}\u{FE0F}", "🏳\u{FE0F}"),
            ("👩\u{200D} \u{200D}🚀", "👩 🚀"),
            ("\u{E0041}\u{E0042}x", "x"),
            ("1\u{FE0F}\u{20E3}", "1\u{FE0F}\u{20E3}"),
            ("مرحبا\u{200F} بك", "مرحبا بك"),
            ("\u{FE0F}\u{200D}", ""),
        ];
        for (raw, expected) in cases {
            assert_eq!(clean(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn accepts_up_to_the_limit() {
        assert_eq!(accept(" hi \n"), Ok("hi".to_owned()));
        assert_eq!(accept(" \u{200B}\n"), Err(TextError::Empty));
        assert!(accept(&"ä".repeat(MAX_TEXT_CHARS)).is_ok());
        let error = accept(&"ä".repeat(MAX_TEXT_CHARS + 1)).unwrap_err();
        assert_eq!(
            error,
            TextError::TooLong {
                chars: MAX_TEXT_CHARS + 1
            }
        );
        assert!(
            error
                .to_string()
                .contains("20001 characters, at most 20000")
        );
    }

    #[test]
    fn speakable_needs_a_letter_or_digit() {
        for yes in ["a", "…7", "日", "ب", "(é)"] {
            assert!(speakable(yes), "{yes}");
        }
        for no in ["", " ", "?!", "🙂", "👩\u{200D}🚀", "—", "🅰"] {
            assert!(!speakable(no), "{no}");
        }
    }

    proptest! {
        #[test]
        fn clean_is_idempotent_and_tidy(text in "(\\PC|[\u{200D}\u{FE0F}\u{202E}🙂👩❤\n\t ]){0,40}") {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once.clone());
            prop_assert_eq!(once.trim(), once.as_str());
            prop_assert!(!once.contains("  "));
            let hidden = |c: char| c.is_control() || is_invisible(c) && c != JOINER && !is_variation(c);
            prop_assert!(!once.chars().any(hidden), "{:?}", once);
        }
    }
}
