//! The sentence buffer against a table of texts, and its guarantees against generated ones.

use proptest::prelude::*;
use tth_core::sentence::{SentenceBuffer, SentenceOptions, TAIL_CHARS};
use tth_core::text::speakable;

const TABLE: &str = include_str!("data/sentences.txt");

/// Splits a text given in these pieces.
fn split<'a>(options: SentenceOptions, pieces: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut buffer = SentenceBuffer::new(options);
    let mut given: Vec<String> = pieces
        .into_iter()
        .flat_map(|piece| buffer.push(piece))
        .collect();
    given.extend(buffer.finish());
    given
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn chars(text: &str) -> Vec<&str> {
    text.char_indices()
        .filter_map(|(at, c)| text.get(at..at + c.len_utf8()))
        .collect()
}

fn options(directive: &str) -> Option<SentenceOptions> {
    let sentences = SentenceOptions {
        min_first_chars: usize::MAX,
        ..SentenceOptions::default()
    };
    match directive.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["default"] => Some(SentenceOptions::default()),
        ["sentences"] => Some(sentences),
        ["clauses"] => Some(SentenceOptions {
            min_clause_chars: 24,
            ..SentenceOptions::default()
        }),
        ["max", number] => Some(SentenceOptions {
            max_chars: number.parse().ok()?,
            ..sentences
        }),
        _ => None,
    }
}

#[test]
fn the_table_is_split_as_marked() {
    let mut current = SentenceOptions::default();
    let mut cases = 0;
    let mut wrong = Vec::new();
    for line in TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
    {
        if let Some(directive) = line.strip_prefix('@') {
            current = options(directive).expect(directive);
            continue;
        }
        cases += 1;
        let case = line.replace("\\n", "\n");
        let expected: Vec<String> = case.split('|').map(one_line).collect();
        let text = case.replace('|', "");
        for (how, got) in [
            ("whole", split(current, [text.as_str()])),
            ("by char", split(current, chars(&text))),
        ] {
            if got != expected {
                wrong.push(format!(
                    "{how}: {text:?}\n  expected {expected:?}\n  got      {got:?}"
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong of {cases}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(cases >= 60, "only {cases} cases were read");
}

#[test]
fn an_utterance_is_given_with_the_first_letter_of_the_next() {
    let mut buffer = SentenceBuffer::new(SentenceOptions::default());
    assert!(buffer.push("Hello there").is_empty());
    assert!(buffer.push("!").is_empty());
    assert!(buffer.push(" ").is_empty());
    assert_eq!(buffer.pending(), "Hello there!");
    assert_eq!(buffer.push("H"), ["Hello there!"]);
    assert_eq!(buffer.pending(), "H");
    assert_eq!(buffer.finish().as_deref(), Some("H"));
    assert_eq!(buffer.pending(), "");
    assert_eq!(buffer.finish(), None);
}

#[test]
fn a_cut_ends_an_utterance_and_the_text_goes_on() {
    let mut buffer = SentenceBuffer::new(SentenceOptions::default());
    assert_eq!(buffer.cut(), None);
    assert!(buffer.push("Hello there").is_empty());
    assert_eq!(buffer.cut().as_deref(), Some("Hello there"));
    // No second early clause: the first utterance has been given.
    let more = "I have told you that already, my friend. N";
    assert_eq!(
        buffer.push(more),
        ["I have told you that already, my friend."]
    );
    assert_eq!(buffer.finish().as_deref(), Some("N"));
}

#[test]
fn finish_starts_a_new_turn() {
    let text = "I have told you that already, my friend, and more, too.";
    let mut buffer = SentenceBuffer::new(SentenceOptions::default());
    for _ in 0..2 {
        assert_eq!(buffer.push(text), ["I have told you that already,"]);
        assert_eq!(
            buffer.finish().as_deref(),
            Some("my friend, and more, too.")
        );
    }
}

#[test]
fn silence_stays_with_its_neighbour() {
    let all = |text: &str| split(SentenceOptions::default(), [text]);
    assert_eq!(all("🙂 ... Hello."), ["🙂 ... Hello."]);
    assert_eq!(all("Hello. ... 🙂"), ["Hello. ... 🙂"]);
    assert_eq!(all("Hello.\n\n---\n\nBye."), ["Hello.", "--- Bye."]);
    assert_eq!(
        all("🙂!"),
        ["🙂!"],
        "a text without speech is given, not lost"
    );
    assert!(all(" \n\t ").is_empty());
}

#[test]
fn hostile_texts_of_100_kb_are_split_char_by_char() {
    let size = 100_000;
    let units = [
        "a",
        "a ",
        "!",
        ". ",
        "A.",
        "etc. ",
        "(",
        "1. ",
        "\n",
        "\n- x",
        ", ",
        "U.S. Aaaa",
        "🙂",
        "。",
    ];
    for max_chars in [240, usize::MAX] {
        let options = SentenceOptions {
            max_chars,
            ..SentenceOptions::default()
        };
        for unit in units {
            let text = unit.repeat(size / unit.len());
            let given = split(options, chars(&text));
            let visible = |text: &str| text.split_whitespace().collect::<String>();
            assert!(
                given.iter().map(|u| visible(u)).collect::<String>() == visible(&text),
                "{unit:?}"
            );
        }
    }
}

/// Texts made of what the splitter has rules for, mixed with anything.
fn texts() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "Hello",
        "world",
        "he",
        "I",
        "The",
        "a",
        "Mr.",
        "Dr.",
        "U.S.",
        "p.m.",
        "etc.",
        "e.g.",
        "J.",
        "No.",
        "3.14",
        "1,000",
        "10:30",
        "1.",
        "3.",
        "am",
        "der",
        "Mai",
        "https://a.b/c?d=e.f",
        "x@y.org",
        ".",
        "!",
        "?",
        "...",
        "…",
        "?!",
        ",",
        ";",
        ":",
        "—",
        "–",
        "-",
        "(",
        ")",
        "\"",
        "“",
        "”",
        "«",
        "»",
        "'",
        "🙂",
        "👩\u{200D}🚀",
        "❤\u{FE0F}",
        "。",
        "，",
        "！",
        "「",
        "」",
        "と",
        "你好",
        "我们",
        "؟",
        "مرحبا",
        "\n",
        "\n\n",
        "- ",
        "* ",
        "# ",
        "extraordinarily",
        " ",
        " ",
        " ",
        " ",
        " ",
        " ",
        " ",
        "\t",
        "\u{a0}",
    ]);
    let piece = prop_oneof![9 => known.prop_map(str::to_owned), 1 => "\\PC{1,3}"];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn any_options() -> impl Strategy<Value = SentenceOptions> {
    (
        prop_oneof![Just(20_usize), 0..40_usize],
        prop_oneof![Just(usize::MAX), Just(24_usize), 0..40_usize],
        prop_oneof![Just(240_usize), 1..80_usize],
    )
        .prop_map(
            |(min_first_chars, min_clause_chars, max_chars)| SentenceOptions {
                min_first_chars,
                min_clause_chars,
                max_chars,
            },
        )
}

/// The longest run without a letter or digit, whitespace runs counted as one character.
fn longest_silence(text: &str) -> usize {
    let line = one_line(text);
    line.split(|c: char| speakable(&c.to_string()))
        .map(|run| run.chars().count())
        .max()
        .unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn pieces_do_not_matter(
        text in texts(),
        options in any_options(),
        sizes in prop::collection::vec(1..9_usize, 1..20),
    ) {
        let whole = split(options, [text.as_str()]);
        let letters = chars(&text);
        prop_assert_eq!(&split(options, letters.iter().copied()), &whole);
        let mut pieces = Vec::new();
        let mut rest = letters.as_slice();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece.concat());
            rest = more;
        }
        prop_assert_eq!(&split(options, pieces.iter().map(String::as_str)), &whole);
    }

    #[test]
    fn nothing_is_lost_and_bounds_hold(text in texts(), options in any_options()) {
        let given = split(options, [text.as_str()]);
        let visible = |text: &str| text.split_whitespace().collect::<String>();
        let together: String = given.iter().map(|u| visible(u)).collect();
        prop_assert_eq!(together, visible(&text));
        for one in &given {
            prop_assert!(!one.is_empty());
            prop_assert_eq!(one.trim(), one.as_str());
            prop_assert!(!one.contains('\n'));
            let length = one.chars().count();
            prop_assert!(length <= options.max_chars + TAIL_CHARS, "{} chars: {:?}", length, one);
            if !speakable(one) {
                let excused = !speakable(&text)
                    || longest_silence(&text) + 4 > TAIL_CHARS.min(options.max_chars);
                prop_assert!(excused, "nothing to say in {:?}: {:?}", one, given);
            }
        }
    }

    #[test]
    fn words_stay_whole(words in prop::collection::vec("[a-zé]{1,12}[,.!]?", 1..80), max_chars in 14..60_usize) {
        let options = SentenceOptions { max_chars, ..SentenceOptions::default() };
        let text = words.join(" ");
        let given: Vec<String> = split(options, [text.as_str()])
            .iter()
            .flat_map(|one| one.split(' ').map(str::to_owned).collect::<Vec<_>>())
            .collect();
        prop_assert_eq!(given, words);
    }
}
