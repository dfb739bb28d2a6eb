//! How well the SDK finds a text in its sound, measured on real speech whose times are known.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use tth_sdk::Viseme;
use tth_sdk::speech::Track;
use tth_sdk::tts::Event;
use tth_simulators::speech::Speech;

/// What a person would say, a sentence at a time.
const SENTENCES: [&str; 6] = [
    "The morning train was late again, so we had to wait for it in the cold.",
    "We walked along the river instead, and nobody said a word for a while.",
    "That was strange. Did you expect anything else from them?",
    "Honestly, I think that the whole thing could have been avoided.",
    "Sixteen people came to the meeting, three of them without an invitation.",
    "Well, good night, and thank you very much for everything.",
];

/// How late each word is told, in milliseconds.
fn late(track: &mut Track, text: &str, index: u32) -> Vec<i64> {
    let speech = Speech::of(text);
    track.begin(text);
    let from = (track_start(index)) as i64;
    let mut events = track.audio(&speech.bytes(24_000));
    events.extend(track.end(index));
    let told = events.iter().filter_map(|event| match event {
        Event::TextMark(mark) => Some((mark.text.trim().to_owned(), mark.at as i64 - from)),
        _ => None,
    });
    let words: Vec<(String, i64)> = told.collect();
    let mut missing = words.iter();
    let mut late = Vec::new();
    for spoken in &speech.words {
        // The double's words are at times two of the track's, but begin where one of them does.
        let begins = spoken.text.split_whitespace().next().unwrap_or_default();
        let found = missing.find(|(word, _)| word == begins);
        late.extend(found.map(|(_, at)| (at - spoken.start_us as i64) / 1_000));
    }
    late
}

/// Where an utterance begins in a call of these sentences, in microseconds.
fn track_start(index: u32) -> u64 {
    let before = SENTENCES.iter().take(index as usize);
    before.map(|text| Speech::of(text).duration_us()).sum()
}

#[test]
fn words_are_told_near_where_they_are_heard() {
    let mut track = Track::new(24_000);
    let mut off = Vec::new();
    for (index, text) in SENTENCES.iter().enumerate() {
        let late = late(&mut track, text, index as u32);
        eprintln!("{late:?} ms: {text}");
        off.extend(late.iter().map(|late| late.unsigned_abs()));
    }
    off.sort_unstable();
    let (middle, most) = (off[off.len() / 2], off[off.len() * 9 / 10]);
    eprintln!(
        "{} words: half within {middle} ms, nine tenths within {most} ms",
        off.len()
    );
    assert!(off.len() > 50, "{}", off.len());
    assert!(
        middle < 100 && most < 200,
        "half within {middle} ms, nine tenths within {most} ms"
    );
}

#[test]
fn the_mouth_is_shut_where_it_is_silent_and_only_there() {
    let mut track = Track::new(24_000);
    let speech = Speech::of(SENTENCES[0]);
    track.begin(SENTENCES[0]);
    let mut events = track.audio(&speech.bytes(24_000));
    events.extend(track.end(0));
    let marks: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Viseme(mark) => Some(*mark),
            _ => None,
        })
        .collect();
    let loudest = |from: u64, to: u64| {
        let sample = |us: u64| (us * 24 / 1_000) as usize;
        let part = &speech.pcm[sample(from)..sample(to).min(speech.pcm.len())];
        part.iter().map(|one| one.unsigned_abs()).max().unwrap_or(0)
    };
    let (mut open, mut shut) = (0, 0);
    for mark in &marks {
        let loud = loudest(mark.at, mark.at + u64::from(mark.duration_us));
        if mark.shape == Viseme::Sil {
            assert!(
                loud < 1_500,
                "shut at {} us while it is loud: {loud}",
                mark.at
            );
            shut += 1;
        } else {
            open += 1;
        }
    }
    assert!(open > 30 && shut >= 2, "{open} open, {shut} shut");
}
