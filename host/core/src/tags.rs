//! Inline emotion tags: how a language model marks the feeling of what it says next.
//!
//! `<feel:joy>` or `<feel:joy:0.8>`: a label of ASCII letters and, if it likes, a strength. A model
//! is told of them by its system prompt; they are taken out of its text before anybody sees or hears
//! it, and become hints that hold from their place on.
//!
//! Guarantees, whatever the text and however it was cut into pieces:
//! - what comes out depends on the text alone, not on the pieces;
//! - no tag is left in the text, and nothing else is taken out of it but the white space after a tag
//!   that also has white space (or nothing) before it;
//! - what only looks like a tag stays as it is: `<feel>`, `<feel:>`, `<b>`, `a < b`; so do the halves
//!   around a tag that was written inside of another, although together they look like one;
//! - at most [`MAX_TAG_CHARS`] characters are held back, and only while they may become a tag.

/// How every tag begins, whatever the case.
const OPEN: &str = "<feel:";
/// The longest label that is read as one, in letters.
const MAX_LABEL: usize = 24;
/// The longest number that is read as one, in characters.
const MAX_NUMBER: usize = 8;
/// The longest tag.
pub const MAX_TAG_CHARS: usize = OPEN.len() + MAX_LABEL + 1 + MAX_NUMBER + 1;

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Words, without tags.
    Text(String),
    /// What follows is meant so.
    Feel {
        /// In small letters; whether it is a feeling is for the mapper to say.
        label: String,
        /// 0 to 1, if it was given.
        intensity: Option<f32>,
    },
}

/// Takes the tags out of an answer as it comes. One per answer.
#[derive(Clone, Debug)]
pub struct Tags {
    /// What may become a tag.
    held: String,
    /// The text so far is empty or ends with white space.
    spaced: bool,
    /// White space that comes now would stand beside what was before the tag.
    swallow: bool,
}

impl Default for Tags {
    fn default() -> Self {
        Tags {
            held: String::new(),
            spaced: true,
            swallow: false,
        }
    }
}

impl Tags {
    /// Take the next piece of an answer; give what is certain by now, in order.
    pub fn push(&mut self, delta: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for c in delta.chars() {
            if self.held.is_empty() && c != '<' {
                self.show(c, &mut pieces);
                continue;
            }
            self.held.push(c);
            match read(&self.held) {
                Reading::Unsure => {}
                Reading::Tag(label, intensity) => {
                    self.held.clear();
                    self.swallow = self.spaced;
                    pieces.push(Piece::Feel { label, intensity });
                }
                Reading::Text => {
                    // Only its first character can begin a tag, so all before this one is text.
                    self.held.pop();
                    self.release(&mut pieces);
                    if c == '<' {
                        self.held.push(c);
                    } else {
                        self.show(c, &mut pieces);
                    }
                }
            }
        }
        pieces
    }

    /// The answer is over: what was held back is text.
    pub fn finish(&mut self) -> Option<String> {
        let mut pieces = Vec::new();
        self.release(&mut pieces);
        match pieces.pop() {
            Some(Piece::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn release(&mut self, pieces: &mut Vec<Piece>) {
        for c in std::mem::take(&mut self.held).chars() {
            self.show(c, pieces);
        }
    }

    fn show(&mut self, c: char, pieces: &mut Vec<Piece>) {
        if c.is_whitespace() && self.swallow {
            return;
        }
        self.swallow = false;
        self.spaced = c.is_whitespace();
        match pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => pieces.push(Piece::Text(c.into())),
        }
    }
}

enum Reading {
    /// It may become a tag.
    Unsure,
    Tag(String, Option<f32>),
    Text,
}

fn read(text: &str) -> Reading {
    let known = text.len().min(OPEN.len());
    let opens = match (text.get(..known), OPEN.get(..known)) {
        (Some(start), Some(open)) => start.eq_ignore_ascii_case(open),
        _ => false,
    };
    let Some(body) = text.get(OPEN.len()..).filter(|_| opens) else {
        return if opens {
            Reading::Unsure
        } else {
            Reading::Text
        };
    };
    let (body, closed) = body
        .strip_suffix('>')
        .map_or((body, false), |body| (body, true));
    let (label, number) = match body.split_once(':') {
        Some((label, number)) => (label, Some(number)),
        None => (body, None),
    };
    let named = label.bytes().all(|b| b.is_ascii_alphabetic()) && label.len() <= MAX_LABEL;
    // The label is whole once something follows it.
    let whole = !label.is_empty() || (number.is_none() && !closed);
    let counted = number.is_none_or(is_number);
    match (named && whole && counted, closed) {
        (false, _) => Reading::Text,
        (true, false) => Reading::Unsure,
        (true, true) => match number.map(str::parse::<f32>) {
            Some(Err(_)) => Reading::Text,
            // A model that counts to ten is understood as far as it can be.
            Some(Ok(strength)) => {
                Reading::Tag(label.to_ascii_lowercase(), Some(strength.clamp(0.0, 1.0)))
            }
            None => Reading::Tag(label.to_ascii_lowercase(), None),
        },
    }
}

/// Whether this is a number without sign and exponent, or may become one.
fn is_number(text: &str) -> bool {
    text.len() <= MAX_NUMBER
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.bytes().filter(|b| *b == b'.').count() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_all<'a>(deltas: impl IntoIterator<Item = &'a str>) -> Vec<Piece> {
        let mut tags = Tags::default();
        let mut all = Vec::new();
        for delta in deltas {
            all.extend(tags.push(delta));
        }
        all.extend(tags.finish().map(Piece::Text));
        merged(all)
    }

    /// Neighbouring texts as one.
    fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
        let mut all: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (all.last_mut(), piece) {
                (Some(Piece::Text(text)), Piece::Text(more)) => text.push_str(&more),
                (_, piece) => all.push(piece),
            }
        }
        all
    }

    fn text_of(pieces: &[Piece]) -> String {
        let texts = pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Feel { .. } => None,
        });
        texts.collect()
    }

    fn feel(label: &str, intensity: Option<f32>) -> Piece {
        Piece::Feel {
            label: label.into(),
            intensity,
        }
    }

    #[test]
    fn tags_are_taken_out_with_one_of_the_spaces_around_them() {
        for (written, said) in [
            ("<feel:joy> Hello.", "Hello."),
            ("  <feel:joy>  Hello.", "  Hello."),
            ("Hello. <feel:joy> World.", "Hello. World."),
            ("Hello. <feel:joy>World.", "Hello. World."),
            ("Hello.<feel:joy> World.", "Hello. World."),
            ("Hello.\n\n<feel:joy>\nWorld.", "Hello.\n\nWorld."),
            ("A <feel:joy> <feel:calm:1> B", "A B"),
            ("A <FEEL:Joy:.5> B", "A B"),
            ("A <feel:joy:7> B", "A B"),
            ("A <feel:bewildered> B", "A B"),
            ("A <<feel:joy>> B", "A <> B"),
            ("A <feel:<feel:joy> B", "A <feel: B"),
            ("Bye. <feel:calm>", "Bye. "),
        ] {
            assert_eq!(text_of(&read_all([written])), said, "{written:?}");
        }
    }

    #[test]
    fn a_tag_says_what_is_felt_from_its_place_on() {
        assert_eq!(
            read_all(["A. <feel:Joy:0.8> B. <feel:calm>C. <feel:anger:12>"]),
            [
                Piece::Text("A. ".into()),
                feel("joy", Some(0.8)),
                Piece::Text("B. ".into()),
                feel("calm", None),
                Piece::Text("C. ".into()),
                feel("anger", Some(1.0)),
            ]
        );
    }

    #[test]
    fn what_only_looks_like_a_tag_stays() {
        let long = format!("<feel:{}>", "a".repeat(MAX_LABEL + 1));
        for text in [
            "<feel>",
            "<feel:>",
            "<feel::0.5>",
            "<feel:joy:>",
            "<feel:joy:.>",
            "<feel:joy:1.2.3>",
            "<feel:joy:-1>",
            "<feel:joy:high>",
            "<feel:joy:0.8:x>",
            "<feel: joy>",
            "<feel:j0y>",
            "<feel:fröhlich>",
            "<feel:joy",
            "<feel:joy:0.8",
            "</feel:joy>",
            "<feeling:joy>",
            "a < b > c",
            "<b>bold</b>",
            "1 << 2",
            "I <3 you",
            "<",
            &long,
        ] {
            assert_eq!(read_all([text]), [Piece::Text(text.into())], "{text:?}");
        }
    }

    #[test]
    fn only_what_may_become_a_tag_is_held_back() {
        let mut tags = Tags::default();
        assert_eq!(tags.push("so <fe"), [Piece::Text("so ".into())]);
        assert_eq!(tags.push("ar"), [Piece::Text("<fear".into())]);
        assert_eq!(tags.push("<feel:"), []);
        assert_eq!(tags.finish().as_deref(), Some("<feel:"));
        assert_eq!(tags.finish(), None);
    }

    fn writing() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            "[a-zé你 .,\n]{0,8}",
            "<feel:[a-zA-Z]{1,10}(:[0-9.]{1,4})?>",
            "[<>:feljoy0-9. ]{0,10}",
            Just("<feel:".to_owned()),
            "\\PC{0,6}",
        ];
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        // A found case is written down as a test of its own, not kept in a file beside the tests.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pieces_do_not_matter(text in writing(), sizes in prop::collection::vec(1..9usize, 1..20)) {
            let mut deltas = Vec::new();
            let mut rest: Vec<char> = text.chars().collect();
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let tail = rest.split_off((*size).min(rest.len()));
                deltas.push(rest.iter().collect::<String>());
                rest = tail;
            }
            let whole = read_all([text.as_str()]);
            prop_assert_eq!(&read_all(deltas.iter().map(String::as_str)), &whole);
            // Nothing is held back longer than it must be.
            let mut tags = Tags::default();
            for delta in &deltas {
                tags.push(delta);
                prop_assert!(tags.held.len() < MAX_TAG_CHARS);
            }
        }

        #[test]
        fn only_tags_and_white_space_are_taken_out(text in writing()) {
            let pieces = read_all([text.as_str()]);
            let tags = pieces.iter().filter(|piece| matches!(piece, Piece::Feel { .. })).count();
            // Put together, words and tags are the text, but for white space and how tags are written.
            let mut rest = text.as_str();
            for piece in &pieces {
                match piece {
                    Piece::Text(words) => for c in words.chars().filter(|c| !c.is_whitespace()) {
                        rest = rest.trim_start();
                        prop_assert!(rest.starts_with(c), "{:?} at {:?}", c, rest);
                        rest = &rest[c.len_utf8()..];
                    },
                    Piece::Feel { label, .. } => {
                        rest = rest.trim_start();
                        let end = rest.find('>').map_or(0, |at| at + 1);
                        let tag = rest[..end].to_ascii_lowercase();
                        prop_assert!(tag.starts_with(&format!("{OPEN}{label}")), "{:?}", tag);
                        rest = &rest[end..];
                    }
                }
            }
            prop_assert!(rest.trim().is_empty(), "{:?} is lost", rest);
            if tags == 0 {
                prop_assert_eq!(text_of(&pieces), text);
            }
        }

        #[test]
        fn no_tag_survives(before in "[a-z<:. ]{0,9}", label in "[a-zA-Z]{1,24}", number in "(:(0|1|0\\.[0-9]{1,3}))?", after in "[a-z> ]{0,9}") {
            let text = format!("{before}<feel:{label}{number}>{after}");
            let pieces = read_all([text.as_str()]);
            let felt = pieces.iter().any(|p| matches!(p, Piece::Feel { label: l, .. } if *l == label.to_ascii_lowercase()));
            prop_assert!(felt, "{:?}", pieces);
        }
    }
}
