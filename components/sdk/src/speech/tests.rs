//! Tracks: what is told is whole, in order and in step with the sound.

use super::*;
use proptest::prelude::*;

const RATE: u32 = 24_000;

/// A buzz of so many milliseconds, or silence.
fn sound(ms: usize, loud: bool) -> Vec<u8> {
    let sample = |n: usize| -> i16 {
        match (loud, n / 100 % 2) {
            (false, _) => 0,
            (true, 0) => 6_000,
            (true, _) => -6_000,
        }
    };
    (0..ms * RATE as usize / 1_000)
        .flat_map(|n| sample(n).to_le_bytes())
        .collect()
}

fn visemes(events: &[Event]) -> Vec<VisemeMark> {
    let viseme = |event: &Event| match event {
        Event::Viseme(mark) => Some(*mark),
        _ => None,
    };
    events.iter().filter_map(viseme).collect()
}

fn words(events: &[Event]) -> Vec<TextMark> {
    let word = |event: &Event| match event {
        Event::TextMark(mark) => Some(mark.clone()),
        _ => None,
    };
    events.iter().filter_map(word).collect()
}

fn pcm(events: &[Event]) -> Vec<u8> {
    let bytes = |event: &Event| match event {
        Event::Audio(chunk) => Some(chunk.pcm.clone()),
        _ => None,
    };
    events.iter().filter_map(bytes).flatten().collect()
}

fn say(track: &mut Track, text: &str, sound: &[u8], index: u32) -> Vec<Event> {
    track.begin(text);
    let mut events: Vec<Event> = sound
        .chunks(777)
        .flat_map(|part| track.audio(part))
        .collect();
    events.extend(track.end(index));
    events
}

fn end(mark: &VisemeMark) -> u64 {
    mark.at + u64::from(mark.duration_us)
}

/// The shape that is shown at a time.
fn shown(visemes: &[VisemeMark], at: u64) -> Option<Viseme> {
    let now = visemes.iter().find(|mark| mark.at <= at && at < end(mark));
    now.map(|mark| mark.shape)
}

/// What must hold of any call's events.
fn check(events: &[Event]) {
    let (mut audio, mut shape, mut word) = (0, 0, 0);
    for event in events {
        match event {
            Event::Audio(chunk) => {
                assert_eq!(
                    chunk.at,
                    audio * 1_000_000 / u64::from(chunk.format.sample_rate)
                );
                assert!(chunk.pcm.len() % 2 == 0 && !chunk.pcm.is_empty());
                audio += chunk.pcm.len() as u64 / 2;
            }
            Event::Viseme(mark) => {
                assert!(
                    mark.at + 1 >= shape && (0.0..=1.0).contains(&mark.weight),
                    "{mark:?}"
                );
                shape = end(mark);
            }
            Event::TextMark(mark) => {
                assert!(mark.at >= word, "{mark:?} after {word}");
                word = mark.at;
            }
            Event::UtteranceEnd(_) => {}
        }
    }
}

/// Marks stand before the sound that they belong to, but for words that are told at the very end.
fn check_early(events: &[Event]) {
    let mut heard = 0;
    for event in events {
        match event {
            Event::Audio(chunk) => {
                heard = chunk.at + chunk.format_us();
            }
            Event::Viseme(mark) => assert!(mark.at + 1 >= heard, "{mark:?} after {heard}"),
            Event::TextMark(mark) => assert!(mark.at + 1 >= heard, "{mark:?} after {heard}"),
            Event::UtteranceEnd(_) => {}
        }
    }
}

impl AudioChunk {
    fn format_us(&self) -> u64 {
        self.pcm.len() as u64 / 2 * 1_000_000 / u64::from(self.format.sample_rate)
    }
}

#[test]
fn lips_move_with_the_sound_and_rest_in_silence() {
    let text = "Hello there, my friend. How are you?";
    let parts = [
        (100, false),
        (900, true),
        (400, false),
        (900, true),
        (200, false),
    ];
    let all: Vec<u8> = parts
        .iter()
        .flat_map(|(ms, loud)| sound(*ms, *loud))
        .collect();
    let events = say(&mut Track::new(RATE), text, &all, 0);
    check(&events);
    check_early(&events);
    assert_eq!(pcm(&events), all);
    let visemes = visemes(&events);
    for (from, to, closed) in [
        (0, 90, true),
        (110, 990, false),
        (1_010, 1_390, true),
        (1_410, 2_290, false),
        (2_310, 2_490, true),
    ] {
        for ms in (from..to).step_by(10) {
            let shape = shown(&visemes, ms * 1_000).unwrap();
            assert_eq!(shape == Viseme::Sil, closed, "{shape:?} at {ms} ms");
        }
    }
    let longest = visemes.iter().map(|mark| mark.duration_us).max();
    assert!(longest <= Some(90_000), "nothing is frozen: {longest:?}");
    let different: std::collections::HashSet<String> = visemes
        .iter()
        .map(|mark| format!("{:?}", mark.shape))
        .collect();
    assert!(different.len() >= 6, "{different:?}");
    assert!(matches!(events.last(), Some(Event::UtteranceEnd(0))));
}

#[test]
fn a_pause_that_is_heard_is_the_one_of_the_text() {
    // Spoken faster than usual: without the pause the words would be late.
    let text = "This is the first long part of it, and here is the second.";
    let mut all = sound(1_550, true);
    all.extend(sound(500, false));
    all.extend(sound(1_200, true));
    let words = words(&say(&mut Track::new(RATE), text, &all, 0));
    let and = words.iter().find(|mark| mark.text == "and ").unwrap();
    assert_eq!(and.at, 2_050_000, "{words:?}");
}

#[test]
fn the_pace_of_a_voice_is_learnt() {
    let text = "one two three four five six seven eight nine ten";
    let mut track = Track::new(RATE);
    // Half as fast as usual.
    let all = sound(6_000, true);
    let last = |events: &[Event]| words(events).last().unwrap().at;
    let mut begun = 0;
    let mut at = Vec::new();
    for index in 0..4 {
        at.push(last(&say(&mut track, text, &all, index)) - begun);
        begun += 6_000_000;
    }
    assert!(at.windows(2).all(|pair| pair[0] < pair[1]), "{at:?}");
    assert!((4_300_000..6_000_000).contains(&at[3]), "{at:?}");
}

#[test]
fn sound_without_letters_still_moves_the_mouth() {
    let events = say(&mut Track::new(RATE), "Hi.", &sound(2_000, true), 0);
    let shapes: Vec<Viseme> = visemes(&events).iter().map(|mark| mark.shape).collect();
    let changes = shapes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(changes > 15, "{shapes:?}");
}

fn characters(text: &str, from_ms: u64, each_ms: u64) -> Vec<Character> {
    let one = |(index, c): (usize, char)| Character {
        text: c.to_string(),
        start_us: (from_ms + index as u64 * each_ms) * 1_000,
        duration_us: each_ms as u32 * 1_000,
    };
    text.chars().enumerate().map(one).collect()
}

#[test]
fn times_that_a_voice_tells_are_kept() {
    let text = "Mum,  ships go.";
    let mut track = Track::new(RATE);
    let before = say(&mut track, "Before.", &sound(1_000, true), 0);
    track.begin_timed(text);
    let mut events = before;
    // In two parts, cut in the middle of "sh".
    for (part, from) in [("Mum,  s", 0), ("hips go.", 700)] {
        events.extend(track.characters(&characters(part, from, 100)));
        events.extend(track.audio(&sound(part.len() * 100, true)));
    }
    events.extend(track.end(1));
    check(&events);
    check_early(&events);
    let told: Vec<(u64, String)> = words(&events)
        .into_iter()
        .skip(1)
        .map(|mark| (mark.at / 1_000, mark.text))
        .collect();
    let wanted = [(1_000, "Mum,  "), (1_600, "ships "), (2_200, "go.")];
    assert_eq!(told, wanted.map(|(at, text)| (at, text.to_owned())));
    let visemes = visemes(&events);
    for (ms, shape) in [
        (1_050, Viseme::Pp),
        (1_150, Viseme::Ou),
        (1_250, Viseme::Pp),
        (1_450, Viseme::Sil),
        (1_700, Viseme::Ch),
        (1_850, Viseme::Ih),
        (2_250, Viseme::Kk),
        (2_350, Viseme::Oh),
    ] {
        assert_eq!(shown(&visemes, ms * 1_000), Some(shape), "{ms}");
    }
    assert_eq!(
        shown(&visemes, 2_450_000),
        None,
        "a mouth without a shape rests"
    );
}

#[test]
fn a_voice_that_never_tells_its_times_has_lips_from_its_sound() {
    let mut track = Track::new(RATE);
    track.begin_timed("Hello there, my friend.");
    let mut events = track.audio(&sound(600, true));
    assert!(visemes(&events).len() > 3);
    // It begins to tell in the middle: what was told stays.
    events.extend(track.characters(&characters("Hello there, my friend.", 0, 50)));
    events.extend(track.audio(&sound(550, true)));
    events.extend(track.end(0));
    check(&events);
    let text: String = words(&events).into_iter().map(|mark| mark.text).collect();
    assert_eq!(text, "Hello there, my friend.");
    assert_eq!(pcm(&events).len(), sound(1_150, true).len());
}

#[test]
fn times_that_cannot_be_do_no_harm() {
    let mut track = Track::new(RATE);
    track.begin_timed("Hello.");
    let wild = |text: &str, start_us, duration_us| Character {
        text: text.into(),
        start_us,
        duration_us,
    };
    let mut events = track.characters(&[
        wild("Hel", 500_000, 10),
        wild("x", u64::MAX, u32::MAX),
        wild("lo", 3, 0),
        wild("", 0, 0),
        wild(".", 9, u32::MAX),
    ]);
    events.extend(track.audio(&sound(500, true)));
    events.extend(track.end(0));
    check(&events);
    let text: String = words(&events).into_iter().map(|mark| mark.text).collect();
    assert_eq!(text, "Hello.");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_said_is_told_whole_and_in_order(
        texts in prop::collection::vec("[a-zA-Z ,.!?0-9żЖ你好かー😀—%-]{1,60}", 1..4),
        parts in prop::collection::vec((0_usize..400, any::<bool>()), 0..6),
        cut in 1_usize..5_000,
        odd in any::<bool>(),
        rate in prop::sample::select(vec![8_000_u32, 22_050, 24_000, 44_100]),
        timed in any::<bool>(),
    ) {
        let mut all: Vec<u8> = parts.iter().flat_map(|(ms, loud)| sound(*ms, *loud)).collect();
        let whole = all.len();
        if odd {
            all.push(1);
        }
        let mut track = Track::new(rate);
        let mut events = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match timed {
                true => track.begin_timed(text),
                false => track.begin(text),
            }
            let from = events.len();
            if timed {
                events.extend(track.characters(&characters(text, 0, 30)));
            }
            events.extend(all.chunks(cut).flat_map(|part| track.audio(part)));
            let seconds = track.seconds();
            prop_assert!((seconds - whole as f64 / 2.0 / f64::from(rate)).abs() < 1e-6);
            events.extend(track.end(index as u32));
            let said = events.get(from..).unwrap();
            let told: String = words(said).into_iter().map(|mark| mark.text).collect();
            prop_assert_eq!(&told, text);
            prop_assert_eq!(pcm(said), all.get(..whole).unwrap());
        }
        if !timed {
            check(&events);
            check_early(&events);
        }
    }
}
