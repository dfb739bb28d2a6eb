//! Text to phonemes: a table of words and sentences, and any text at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail like the tests themselves"
)]

use proptest::prelude::*;
use std::sync::LazyLock;
use tts_embedded::Voice;

const TABLE: &str = include_str!("data/g2p.tsv");

/// Everything that may stand in a phoneme string.
const ALPHABET: &str = "AIOQWYTabdefhijklmnopstuvwzæðŋɑɐɔəɛɜɡɪɹʃʊʌʒʤʧθᵊᵻˈˌ;:,.!?—…“”() ";

thread_local! {
    static VOICE: Voice = Voice::load(1).unwrap();
}

#[test]
fn the_table_is_read_as_written() {
    let rows: Vec<(&str, &str)> = TABLE
        .lines()
        .filter(|line| !line.starts_with("# "))
        .map(|line| line.split_once('\t').expect("two columns"))
        .collect();
    assert!(rows.len() >= 80, "{} rows", rows.len());
    let wrong: Vec<String> = VOICE.with(|voice| {
        let read = rows
            .iter()
            .map(|(text, expected)| (text, expected, voice.phonemes(text)));
        read.filter(|(_, expected, read)| read != *expected)
            .map(|(text, expected, read)| {
                format!("{text}\n  expected {expected}\n  read     {read}")
            })
            .collect()
    });
    assert!(
        wrong.is_empty(),
        "{} rows differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn enormous_text_is_read_without_trouble() {
    let texts = [
        "a".repeat(5_000),
        "a1".repeat(2_000),
        "a-".repeat(3_000),
        "\u{202e}🙂\u{0}".repeat(10_000),
        "(((\"'".repeat(4_000),
        "9".repeat(100_000),
        "$".repeat(10_000),
        "word ".repeat(2_000),
        "'s".repeat(5_000),
    ];
    VOICE.with(|voice| {
        for text in &texts {
            voice.phonemes(text);
        }
        assert!(
            voice.phonemes(&"9".repeat(10_000)).len() > 10_000,
            "digits were dropped"
        );
    });
}

static FORMS: LazyLock<Vec<&str>> = LazyLock::new(|| TABLE.lines().collect());

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_text_gives_phonemes_of_the_alphabet(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_figures_and_marks(text in "[-0-9$£€¥%°'/.,:;#&@+=a-fA-MxIVX\"“”’()…–— ]{0,48}") {
        check(&text);
    }

    #[test]
    fn sentences_cut_and_joined_anywhere(
        a in 0..100_usize, b in 0..100_usize, cut in 0..40_usize, joint in any::<char>(),
    ) {
        let form = |i: usize| FORMS[i % FORMS.len()].split('\t').next().unwrap_or_default();
        let head: String = form(a).chars().take(cut).collect();
        let tail: String = form(b).chars().skip(cut / 2).collect();
        check(&format!("{head}{joint}{tail}"));
    }
}

fn check(text: &str) {
    let phonemes = VOICE.with(|voice| voice.phonemes(text));
    let foreign: String = phonemes
        .chars()
        .filter(|c| !ALPHABET.contains(*c))
        .collect();
    // the unknown-word net has a few sounds of other languages
    let foreign = foreign.trim_matches(|c: char| c.is_alphabetic() || "ː\u{303}".contains(c));
    assert_eq!(foreign, "", "in {phonemes:?} of {text:?}");
}
