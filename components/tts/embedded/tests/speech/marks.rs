//! Mouth shapes and word marks against the sound.

use crate::signal::{lag, levels, treble};
use crate::{Spoken, TEXT, speak};
use tth_sdk::{Viseme, VisemeMark};
use tts_embedded::{Expression, Speaker, Voice};

/// Steps of 10 ms in which one of the shapes is shown.
fn shown(spoken: &Spoken, wanted: &[Viseme], steps: usize) -> Vec<f32> {
    let shown = |i: usize| {
        let at = i as u64 * 10_000;
        let now = |m: &&VisemeMark| m.at <= at && at < m.at + u64::from(m.duration_us);
        spoken
            .visemes
            .iter()
            .find(now)
            .is_some_and(|m| wanted.contains(&m.shape))
    };
    (0..steps).map(|i| f32::from(u8::from(shown(i)))).collect()
}

fn voices() -> [Expression; 3] {
    let slow = Expression {
        rate: 0.8,
        ..Expression::default()
    };
    let low = Expression {
        speaker: Speaker::Low,
        ..Expression::default()
    };
    [Expression::default(), slow, low]
}

#[test]
fn hissing_shapes_are_shown_while_it_hisses() {
    let voice = Voice::load(1).unwrap();
    let text = "Six shy sisters sew socks, she says. This fish dish is such a success.";
    for expression in voices() {
        let spoken = speak(&voice, text, &expression);
        let hiss: Vec<f32> = levels(&treble(&spoken.samples))
            .iter()
            .map(|l| l.max(-50.0))
            .collect();
        let shapes = shown(&spoken, &[Viseme::Ss, Viseme::Ch], hiss.len());
        let late = lag(&shapes, &hiss, 15);
        assert!(
            late.abs() <= 4,
            "the hiss is {late}0 ms later than its shape ({expression:?})"
        );
    }
}

#[test]
fn lips_are_closed_while_the_sound_is_stopped() {
    let voice = Voice::load(1).unwrap();
    let text = "A happy puppy paper, a big baby rabbit, a copy of a sober pebble.";
    for expression in voices() {
        let spoken = speak(&voice, text, &expression);
        let stop: Vec<f32> = levels(&spoken.samples)
            .iter()
            .map(|l| -l.max(-55.0))
            .collect();
        let shapes = shown(&spoken, &[Viseme::Pp, Viseme::Sil], stop.len());
        let late = lag(&shapes, &stop, 15);
        assert!(
            late.abs() <= 4,
            "the stop is {late}0 ms later than its shape ({expression:?})"
        );
    }
}

#[test]
fn the_mouth_is_shut_in_pauses_and_only_there() {
    let voice = Voice::load(1).unwrap();
    for expression in voices() {
        let spoken = speak(&voice, TEXT, &expression);
        let levels = levels(&spoken.samples);
        let shut = shown(&spoken, &[Viseme::Sil], levels.len());
        // steps further than 40 ms from a change of the shape
        let steady = |i: usize| {
            let near = &shut[i.saturating_sub(4)..(i + 5).min(shut.len())];
            near.iter().all(|s| *s == shut[i])
        };
        let mut pauses = 0;
        for (i, level) in levels.iter().enumerate().filter(|(i, _)| steady(*i)) {
            if shut[i] > 0.5 {
                pauses += 1;
                assert!(
                    *level < -42.0,
                    "{level} dBFS at {i}0 ms with the mouth shut"
                );
            }
        }
        assert!(pauses > 5, "no pause was marked");
        // the longest silence within the mouth's movements is a closure, not a pause
        let mut silent = 0;
        for (level, shut) in levels.iter().zip(&shut) {
            silent = if *level < -52.0 && *shut < 0.5 {
                silent + 1
            } else {
                0
            };
            assert!(
                silent <= 12,
                "more than 120 ms of silence with an open mouth"
            );
        }
    }
}

#[test]
fn shapes_follow_each_other_without_overlap() {
    let voice = Voice::load(1).unwrap();
    let spoken = speak(&voice, TEXT, &Expression::default());
    let end = spoken.samples.len() as u64 * 1_000_000 / 24_000;
    for pair in spoken.visemes.windows(2) {
        assert!(
            pair[0].at + u64::from(pair[0].duration_us) <= pair[1].at + 1,
            "{pair:?}"
        );
    }
    for mark in &spoken.visemes {
        assert!(
            (0.0..=1.0).contains(&mark.weight) && mark.duration_us > 0,
            "{mark:?}"
        );
        assert!(
            mark.at + u64::from(mark.duration_us) <= end + 15_000,
            "{mark:?} of {end}"
        );
    }
    let kinds = |m: &VisemeMark| format!("{:?}", m.shape);
    let mut shapes: Vec<String> = spoken.visemes.iter().map(kinds).collect();
    shapes.sort();
    shapes.dedup();
    assert!(shapes.len() >= 10, "only {shapes:?}");
}

#[test]
fn word_marks_visit_the_text_in_order() {
    let voice = Voice::load(1).unwrap();
    for text in [
        TEXT,
        "On the 3 March 😀 Dr. Smith paid $5.50, i.e. a lot — for 5 km of 漢字 rope!",
        "🙂 hello 🙂",
        "one thousand, two thousand, 3,333,333, and a great many more of all those numbers",
        "🙂🙂",
        "an https://example.com/address/that-is/much/too-long/to-be/read/in/one/go/my-dear it is",
        "漢字 漢字",
    ] {
        let spoken = speak(&voice, text, &Expression::default());
        let end = spoken.samples.len() as u64 * 1_000_000 / 24_000;
        let marked: Vec<&str> = spoken
            .words
            .iter()
            .flat_map(|m| m.text.split_whitespace())
            .collect();
        assert_eq!(marked, text.split_whitespace().collect::<Vec<_>>());
        for pair in spoken.words.windows(2) {
            assert!(pair[0].at <= pair[1].at, "{pair:?}");
        }
        assert!(
            spoken
                .words
                .iter()
                .all(|m| m.at + u64::from(m.duration_us) <= end + 15_000)
        );
    }
}
