use super::*;

fn reader() -> Reader {
    Reader::load().unwrap()
}

fn spoken(reader: &Reader, text: &str) -> Vec<Spoken> {
    let word = |(i, w): (usize, &str)| Word {
        text: w.to_owned(),
        source: i..i + 1,
    };
    reader.read(
        &text
            .split_whitespace()
            .enumerate()
            .map(word)
            .collect::<Vec<_>>(),
    )
}

#[test]
fn articles_hear_what_follows() {
    let reader = reader();
    let read = |text: &str| -> String {
        spoken(&reader, text)
            .into_iter()
            .map(|s| s.phonemes + " ")
            .collect()
    };
    assert!(read("the apple").starts_with("ði "));
    assert!(read("the pear").starts_with("ðə "));
    assert!(read("to eat").starts_with("tʊ "));
    assert!(read("to go").starts_with("tə "));
}

#[test]
fn sources_cover_the_words_in_order() {
    let units = spoken(
        &reader(),
        "On March 3rd, she paid $5 for twenty-five well-known books.",
    );
    for pair in units.windows(2) {
        let (left, right) = (&pair[0].source, &pair[1].source);
        assert!(
            left.start <= right.start && left.end <= right.end,
            "{pair:?}"
        );
    }
    assert_eq!(units.last().map(|u| u.source.clone()), Some(9..10));
}

#[test]
fn what_cannot_be_said_is_silent() {
    let reader = reader();
    for text in ["漢字", "😀", "\u{301}", "🙂🙂 👍", "ʘ"] {
        assert!(spoken(&reader, text).is_empty(), "{text}");
    }
    // the rest is still read
    assert_eq!(spoken(&reader, "hello 漢字 world").len(), 2);
}
