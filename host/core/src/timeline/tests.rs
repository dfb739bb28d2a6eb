//! Where sound and words come to stand, piece by piece.

use super::*;
use crate::media::AudioFormat;
use bytes::Bytes;

fn chunk(at: Micros, ms: usize) -> AudioChunk {
    let format = AudioFormat {
        sample_rate: 24_000,
        channels: 1,
    };
    AudioChunk {
        at,
        format,
        pcm: Bytes::from(vec![0; ms * 48]),
    }
}

fn mark(at: Micros, text: &str) -> TextMark {
    TextMark {
        at,
        duration_us: 200_000,
        text: text.into(),
    }
}

#[test]
fn words_count_from_their_middle_on() {
    let mut line = Timeline::default();
    line.utterance("Hello there, friend.");
    for (n, word) in ["Hello", "there,", "friend."].iter().enumerate() {
        line.mark(&mark(n as u64 * 200_000, word));
    }
    line.audio(chunk(0, 600));
    assert_eq!(line.heard(90_000), "");
    assert_eq!(line.heard(310_000), "Hello there,");
    line.finish(0);
    assert_eq!(line.heard(600_000), "Hello there, friend.");
}

#[test]
fn without_marks_the_share_of_time_decides() {
    let mut line = Timeline::default();
    line.utterance("one two three four");
    line.audio(chunk(1_000_000, 1_000));
    assert_eq!(line.heard(900_000), "");
    assert_eq!(line.heard(1_500_000), "one two");
}

#[test]
fn a_voice_that_falls_behind_moves_the_rest_of_the_turn_on() {
    let mut line = Timeline::default();
    assert_eq!(line.place(0, 500, 380, 120), 500);
    assert_eq!(line.place(100, 0, 550, 120), 600);
    assert_eq!(line.place(200, 0, 900, 120), 1_020);
    assert_eq!(line.place(300, 0, 950, 120), 1_120);
}

#[test]
fn sound_leaves_in_order_and_not_before_its_time() {
    let mut line = Timeline::default();
    line.audio(chunk(100, 20));
    line.audio(chunk(0, 20));
    assert!(line.pop(Some(99)).is_none());
    assert_eq!(line.pop(Some(100)).map(|c| c.at), Some(100));
    assert_eq!(
        line.next_at(),
        Some(20_100),
        "overlapping sound is put behind"
    );
    assert!(line.pop(None).is_some());
    assert_eq!(line.sent_us(), 40_000);
}

#[test]
fn the_first_sound_of_an_utterance_is_told_with_its_place() {
    let mut line = Timeline::default();
    assert_eq!((line.utterance("One."), line.utterance("Two.")), (0, 1));
    assert_eq!(line.begun(), None);
    assert_eq!(line.audio(chunk(500, 20)), Some((0, 500)));
    assert_eq!(line.begun(), Some(500));
    assert_eq!(line.audio(chunk(20_500, 20)), None);
    line.finish(0);
    assert_eq!((line.unfinished(), line.begun()), (1, None));
    assert_eq!(line.audio(chunk(0, 20)), Some((1, 40_500)));
    line.finish(1);
    assert_eq!(line.audio(chunk(90_000, 20)), None, "nobody's sound");
}

#[test]
fn a_voice_whose_clock_is_wrong_keeps_nobody_waiting() {
    const DAY: Micros = 86_400_000_000;
    let mut line = Timeline::default();
    for (at, placed) in [(DAY, 500), (DAY + 20_000, 20_500), (3 * DAY, 40_500)] {
        let at = line.place(at, 500, 0, 0);
        line.audio(chunk(at, 20));
        assert_eq!(line.pop(None).map(|c| c.at), Some(placed));
    }
    assert_eq!(line.place(3 * DAY + 20_000, 0, 0, 0), 60_500);
}

#[test]
fn words_whose_sound_is_late_are_late_with_it() {
    let mut line = Timeline::default();
    line.utterance("Hello there.");
    for (n, word) in ["Hello", "there."].iter().enumerate() {
        let at = line.place(n as u64 * 200_000, 0, 0, 0);
        line.mark(&mark(at, word));
    }
    let at = line.place(0, 0, 0, 0);
    line.audio(chunk(at, 200));
    assert_eq!(line.place(200_000, 0, 400_000, 100_000), 500_000);
    line.audio(chunk(500_000, 100));
    assert_eq!(line.heard(400_000), "Hello", "the rest has not sounded");
    assert_eq!(line.take_back(), unsaid(0, true, &["there."]));
}

fn unsaid(from: usize, begun: bool, texts: &[&str]) -> Unsaid {
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    Unsaid { from, begun, texts }
}

#[test]
fn what_was_not_spoken_is_taken_back() {
    let mut line = Timeline::default();
    line.utterance("One.");
    line.utterance("Two.");
    line.finish(0);
    assert_eq!(line.take_back(), unsaid(1, false, &["Two."]));
    assert_eq!((line.text().as_str(), line.waiting()), ("One.", false));
}

#[test]
fn whole_words_stay_and_the_next_voice_goes_on_behind_them() {
    let mut line = Timeline::default();
    line.utterance("Hello there, friend.");
    line.utterance("Bye.");
    for (n, word) in ["Hello", "there,", "friend."].iter().enumerate() {
        line.mark(&mark(n as u64 * 200_000, word));
    }
    line.place(0, 0, 0, 0);
    line.audio(chunk(0, 300));
    line.audio(chunk(300_000, 190));
    assert!(line.pop(Some(0)).is_some());
    assert_eq!(line.take_back(), unsaid(0, true, &["friend.", "Bye."]));
    // The start of "friend." had not left; the next call's sound stands behind "there,".
    assert_eq!(line.placed_end(), 400_000);
    assert_eq!(line.utterance("friend."), 1);
    assert_eq!(line.place(0, 0, 0, 0), 400_000);
    assert_eq!(line.audio(chunk(400_000, 100)), Some((1, 400_000)));
    line.finish(0);
    assert!(!line.waiting(), "utterances of a call count from its first");
    let left: Vec<_> = std::iter::from_fn(|| line.pop(None)).collect();
    let ends: Vec<_> = left.iter().map(AudioChunk::end).collect();
    assert_eq!(ends, [400_000, 500_000]);
    assert_eq!(line.heard(500_000), "Hello there, friend.");
}

#[test]
fn without_marks_an_utterance_is_said_again() {
    let mut line = Timeline::default();
    line.utterance("Hello there.");
    line.audio(chunk(0, 100));
    line.audio(chunk(100_000, 100));
    assert!(line.pop(Some(0)).is_some());
    assert_eq!(line.take_back(), unsaid(0, false, &["Hello there."]));
    assert_eq!((line.placed_end(), line.next_at()), (100_000, None));
}

#[test]
fn a_voice_that_counts_from_0_again_is_followed_with_all_it_tells() {
    let mut line = Timeline::default();
    line.utterance("One two");
    line.utterance("three four");
    let place = |line: &mut Timeline, at| line.place(at, 500_000, 0, 0);
    for (at, word) in [(0, "One"), (200_000, "two")] {
        let at = place(&mut line, at);
        line.mark(&mark(at, word));
    }
    let at = place(&mut line, 0);
    line.audio(chunk(at, 400));
    line.finish(0);
    // Words first, then their sound, both from 0 again.
    for (at, word) in [(0, "three"), (200_000, "four")] {
        let at = place(&mut line, at);
        line.mark(&mark(at, word));
    }
    let at = place(&mut line, 0);
    assert_eq!(line.audio(chunk(at, 400)), Some((1, 900_000)));
    assert_eq!(line.heard(950_000), "One two");
    assert_eq!(line.heard(1_010_000), "One two three");
}

#[test]
fn what_is_told_moves_with_sound_that_has_to_wait() {
    let mut line = Timeline::default();
    line.utterance("One two");
    let at = line.place(0, 0, 0, 0);
    line.audio(chunk(at, 300));
    // It says that this begins before the last has ended.
    let at = line.place(100_000, 0, 0, 0);
    line.audio(chunk(at, 300));
    assert_eq!(line.placed_end(), 600_000);
    let at = line.place(400_000, 0, 0, 0);
    assert_eq!(at, 600_000, "what follows is told to be as late");
}

#[test]
fn a_voice_that_does_not_end_is_found_out_by_its_text() {
    let mut line = Timeline::default();
    line.utterance("Hello!");
    for n in 0..65 {
        line.audio(chunk(n * 200_000, 200));
    }
    assert!(!line.endless(), "a slow voice");
    line.audio(chunk(13_000_000, 200));
    assert!(line.endless());
    line.finish(0);
    assert!(!line.endless() && !line.babbles(), "it owes nothing");
    for n in 66..117 {
        line.audio(chunk(n * 200_000, 200));
    }
    assert!(line.babbles(), "and goes on all the same");
    line.audio(chunk(90_000_000, 0));
    assert_eq!(line.placed_end(), 23_400_000, "nothing is no sound");
}

#[test]
fn of_scripts_without_spaces_characters_are_heard() {
    let mut line = Timeline::default();
    line.utterance("今天天气很好");
    line.audio(chunk(0, 600));
    assert_eq!(line.heard(310_000), "今天天");
}
