//! Timings that fit, nearly fit and do not fit.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::*;
use proptest::prelude::*;

/// Each character of a text for 10 ms.
fn stamps(text: &str) -> Vec<Stamp> {
    let stamp = |(letter, at): (char, u64)| Stamp {
        text: letter.to_string(),
        start_us: at * 10_000,
        duration_us: 10_000,
    };
    text.chars().zip(0..).map(stamp).collect()
}

fn joined(told: &[Character]) -> String {
    told.iter().map(|one| one.text.as_str()).collect()
}

fn tagged(tags: &[&'static str]) -> Manner {
    Manner {
        tags: tags.to_vec(),
        ..Manner::default()
    }
}

#[test]
fn own_tags_are_sent_and_not_told() {
    let mut script = Script::new("Hi you.", &tagged(&["sad", "slowly"]), Family::Tags);
    assert_eq!(script.text(), "[sad] [slowly] Hi you. ");
    let told = script.fit(&stamps("[sad] [slowly] Hi you. "));
    assert_eq!(joined(&told), "Hi you.");
    assert_eq!(told.first().unwrap().start_us, 150_000);
    assert!(script.fits());

    let mut untimed = Script::new("Hi you.", &tagged(&["sad"]), Family::Tags);
    assert_eq!(joined(&untimed.fit(&stamps("Hi you."))), "Hi you.");
}

#[test]
fn written_tags_are_told_and_sent_only_to_those_who_understand() {
    let text = "[Laughs] No [1] way [sighs]!";
    let old = Script::new(text, &Manner::default(), Family::Settings);
    assert_eq!(old.text(), "No [1] way ! ");
    let mut old = old;
    let told = old.fit(&stamps("No [1] way !"));
    assert_eq!(joined(&told), text);
    let laughs = told.get(..9).unwrap();
    assert!(laughs.iter().all(|one| one.duration_us == 0), "{laughs:?}");
    let new = Script::new(text, &Manner::default(), Family::Tags);
    assert_eq!(new.text(), "[Laughs] No [1] way [sighs]! ");
    let only = Script::new("[laughs] … ", &Manner::default(), Family::Settings);
    assert!(!only.speakable(), "{:?}", only.text());
}

#[test]
fn nearly_the_same_is_the_same() {
    let text = "It’s 😀 fine — “really”,\u{a0}Zoë!";
    for timed in [
        "It's fine - \"really\", zoë!",
        "It’s 😀 fine — “really”, Zoë!  ",
        " It’s fine really Zoë",
    ] {
        let mut script = Script::new(text, &Manner::default(), Family::Settings);
        let told = script.fit(&stamps(timed));
        assert!(script.fits(), "{timed}");
        assert!(text.starts_with(&joined(&told)), "{:?}", joined(&told));
        assert!(joined(&told).ends_with("Zoë") || joined(&told).ends_with("Zoë!"));
    }
}

#[test]
fn another_text_is_not_believed() {
    let mut script = Script::new("One 2 three.", &Manner::default(), Family::Settings);
    let told = script.fit(&stamps("One two three."));
    assert_eq!(joined(&told), "One two three.", "as it was heard");
    assert!(!script.fits());
    let mut longer = Script::new("One.", &Manner::default(), Family::Settings);
    longer.fit(&stamps("One. Two"));
    assert!(!longer.fits());
}

#[test]
fn several_letters_share_one_time() {
    let mut script = Script::new("Hey", &Manner::default(), Family::Settings);
    let told = script.fit(&[Stamp {
        text: "Hey".into(),
        start_us: 100,
        duration_us: 30,
    }]);
    let starts: Vec<u64> = told.iter().map(|one| one.start_us).collect();
    assert_eq!(starts, [100, 110, 120]);
}

#[test]
fn pieces_end_behind_sentences() {
    let text = "One two three. Four five six! Seven eight";
    assert_eq!(pieces(text, 100), [text]);
    assert_eq!(
        pieces(text, 20),
        ["One two three. ", "Four five six! ", "Seven eight"]
    );
    assert_eq!(pieces("abcdef ghij", 4), ["abcd", "ef ", "ghij"]);
    assert_eq!(pieces("", 4), [""]);
}

proptest! {
    #[test]
    fn pieces_are_the_text(text in "[a-zé .!\n]{0,80}", most in 1_usize..20) {
        let pieces = pieces(&text, most);
        prop_assert_eq!(pieces.concat(), text);
        prop_assert!(pieces.iter().all(|piece| piece.chars().count() <= most));
    }

    #[test]
    fn what_is_told_begins_what_was_written(text in ".{0,60}", timed in ".{0,60}", cut in 0_usize..60) {
        let mut script = Script::new(&text, &tagged(&["sad"]), Family::Tags);
        let stamps = stamps(&timed);
        let (a, b) = stamps.split_at(cut.min(stamps.len()));
        let mut told = script.fit(a);
        told.extend(script.fit(b));
        prop_assert!(!script.fits() || text.starts_with(&joined(&told)));
    }

    #[test]
    fn its_own_text_always_fits(text in ".{0,60}") {
        for family in [Family::Settings, Family::Tags] {
            let mut script = Script::new(&text, &tagged(&[]), family);
            let sent = script.text();
            let told = script.fit(&stamps(&sent));
            prop_assert!(script.fits());
            let last = script.sent.iter().filter_map(|sent| sent.written).next_back();
            prop_assert_eq!(told.len(), last.map_or(0, |last| last + 1));
        }
    }
}
