//! The user's text: made safe to say again, cut, and turned around from "I" to "you".

/// The most that is read of one message, in characters: what matters is said before that.
const READ: usize = 4_000;
/// The most of the user's words that are said again.
const ECHO_WORDS: usize = 14;

/// How many words a text has.
pub(crate) fn count(text: &str) -> u32 {
    u32::try_from(text.split_whitespace().count()).unwrap_or(u32::MAX)
}

/// Only what a voice can say: letters, digits, plain punctuation, single spaces.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::new();
    for c in text.chars().take(READ) {
        let c = match c {
            '\u{2018}' | '\u{2019}' => '\'',
            c if c.is_alphanumeric() || "'.,!?;:-".contains(c) => c,
            _ => ' ',
        };
        if c != ' ' || !clean.ends_with(' ') {
            clean.push(c);
        }
    }
    clean.trim().to_owned()
}

/// The words of a text in lower case, with their apostrophes.
pub(crate) fn words(clean: &str) -> Vec<String> {
    clean
        .split(|c: char| !(c.is_alphanumeric() || c == '\''))
        .map(|word| word.trim_matches('\'').to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

/// The sentences of a text without the marks that end them.
pub(crate) fn sentences(clean: &str) -> impl Iterator<Item = &str> {
    clean
        .split(['.', '!', '?', ';'])
        .map(|sentence| sentence.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|sentence| !sentence.is_empty())
}

/// A sentence short enough to be said again.
pub(crate) fn short(sentence: &str) -> bool {
    count(sentence) as usize <= ECHO_WORDS
}

/// The beginning of a sentence, short enough to be said again.
pub(crate) fn cut(sentence: &str) -> String {
    let words: Vec<&str> = sentence.split_whitespace().take(ECHO_WORDS).collect();
    words
        .join(" ")
        .trim_end_matches(|c: char| !c.is_alphanumeric())
        .to_owned()
}

/// What somebody said of themselves, as another says it to them: "I lost my keys" becomes "you lost
/// your keys". `None` where it is not about them or is no statement.
pub(crate) fn turned(sentence: &str) -> Option<String> {
    let mut words: Vec<&str> = sentence.split_whitespace().collect();
    // An exclamation or a conjunction before the statement is not part of it.
    const LEAD: [&str; 11] = [
        "oh", "hey", "hi", "well", "so", "and", "but", "wow", "ugh", "because", "guess",
    ];
    while words.len() > 2 {
        let first = words.first()?.trim_end_matches(',').to_lowercase();
        if first == "guess"
            && words
                .get(1)
                .is_some_and(|w| w.trim_end_matches(',').eq_ignore_ascii_case("what"))
        {
            words.drain(..2);
        } else if LEAD.contains(&first.as_str()) && first != "guess" {
            words.remove(0);
        } else {
            break;
        }
    }
    let first = words.first()?.to_lowercase();
    const SELF: [&str; 9] = [
        "i", "i'm", "i've", "i'd", "i'll", "my", "we", "we're", "our",
    ];
    if !SELF.contains(&first.as_str()) || words.len() < 2 || words.len() > ECHO_WORDS {
        return None;
    }
    let mut told: Vec<String> = Vec::with_capacity(words.len());
    for (n, word) in words.iter().enumerate() {
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let tail = word.get(bare.len()..).unwrap_or_default();
        let before = told.last().map(String::as_str).unwrap_or_default();
        told.push(format!(
            "{}{tail}",
            other(bare, before, n + 1 == words.len())
        ));
    }
    let text = told.join(" ");
    Some(
        text.trim_end_matches(|c: char| !c.is_alphanumeric())
            .to_owned(),
    )
}

/// One word from "I" to "you" or back. `before` is the word said before it, already turned.
fn other(word: &str, before: &str, last: bool) -> String {
    let told = match word.to_lowercase().as_str() {
        "i" | "me" | "we" | "us" => "you",
        "i'm" | "we're" => "you're",
        "i've" | "we've" => "you've",
        "i'd" | "we'd" => "you'd",
        "i'll" | "we'll" => "you'll",
        "my" | "our" => "your",
        "mine" | "ours" => "yours",
        "myself" => "yourself",
        "ourselves" => "yourselves",
        "am" if before == "you" => "are",
        "was" if before == "you" => "were",
        "your" => "my",
        "yours" => "mine",
        // "You" is "me" at the end of a sentence and after a verb; "I" otherwise would need grammar.
        "you" if last => "me",
        _ => return word.to_owned(),
    };
    told.to_owned()
}

/// The same text with a capital at its start.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

/// Filler: so many words in sentences of ten.
pub(crate) fn filler(words: u32, seed: u64) -> String {
    const WORDS: [&str; 12] = [
        "light", "over", "water", "makes", "a", "quiet", "road", "for", "small", "boats", "that",
        "wander",
    ];
    let mut text = String::new();
    for n in 0..u64::from(words) {
        let word = WORDS
            .get((n.wrapping_add(seed) % 12) as usize)
            .copied()
            .unwrap_or_default();
        let place = n % 10;
        text.push_str(&if place == 0 {
            capital(word)
        } else {
            word.to_owned()
        });
        let last = n + 1 == u64::from(words);
        text.push_str(if last {
            "."
        } else if place == 9 {
            ". "
        } else {
            " "
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_about_oneself_are_turned() {
        for (said, told) in [
            ("I just got wonderful news", "you just got wonderful news"),
            ("I am so tired of my job", "you are so tired of your job"),
            (
                "Well, I was there and I'm glad",
                "you were there and you're glad",
            ),
            ("My sister lost her dog", "your sister lost her dog"),
            ("Guess what, we won the cup", "you won the cup"),
            ("I like you", "you like me"),
        ] {
            assert_eq!(turned(said).as_deref(), Some(told), "{said}");
        }
        for other in ["The sky is blue", "Paris", "I", ""] {
            assert_eq!(turned(other), None, "{other}");
        }
    }

    #[test]
    fn only_what_can_be_said_is_kept() {
        assert_eq!(
            clean("I\u{2019}m \u{1f600} <b>fine</b>\u{202e}\u{0007}\n ok"),
            "I'm b fine b ok"
        );
        assert_eq!(clean("\u{1f600}\u{1f600}"), "");
        assert!(clean(&"ab ".repeat(100_000)).len() <= READ);
    }

    #[test]
    fn filler_has_the_asked_length() {
        for words in [0, 1, 10, 11, 200] {
            assert_eq!(count(&filler(words, 3)), words);
        }
        assert!(filler(11, 0).ends_with("."));
    }
}
