//! Whether what is spoken is speech: length, level, voicing, pitch, manner, and mouth shapes and
//! word marks in step with the sound.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail like the tests themselves"
)]

mod feelings;
mod marks;
mod provider;
mod signal;

use signal::{level, pitch, quantile, semitones, treble};
use tth_sdk::tts::Event;
use tth_sdk::{TextMark, VisemeMark};
use tts_embedded::{Emotion, Expression, Speaker, Voice};

/// About five seconds with all kinds of sounds, and pauses.
const TEXT: &str = "The old sailor packed his best pipe, bought a ticket, and went home \
                    to see the big summer parade. Everybody was happy about that.";

/// What came of an utterance.
struct Spoken {
    samples: Vec<f32>,
    visemes: Vec<VisemeMark>,
    words: Vec<TextMark>,
}

fn speak(voice: &Voice, text: &str, expression: &Expression) -> Spoken {
    let mut spoken = Spoken {
        samples: Vec::new(),
        visemes: Vec::new(),
        words: Vec::new(),
    };
    let mut progress = voice.start();
    let mut utterance = voice.utterance(text, expression, &mut progress);
    while let Some(events) = utterance.step().unwrap() {
        for event in events {
            match event {
                Event::Audio(chunk) => {
                    let at = spoken.samples.len() as u64 * 1_000_000 / 24_000;
                    assert_eq!(chunk.at, at, "audio is not contiguous");
                    assert!(chunk.pcm.len() <= 4_800, "a chunk is longer than 100 ms");
                    let pairs = chunk.pcm.chunks_exact(2);
                    let value = |b: &[u8]| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0;
                    spoken.samples.extend(pairs.map(value));
                }
                Event::Viseme(mark) => spoken.visemes.push(mark),
                Event::TextMark(mark) => spoken.words.push(mark),
                Event::UtteranceEnd(_) => {}
            }
        }
    }
    spoken
}

fn manner(voice: &Voice, expression: Expression) -> Manner {
    Manner::of(&speak(voice, TEXT, &expression).samples)
}

/// Measures of a manner of speaking.
#[derive(Debug)]
struct Manner {
    pitch: f32,
    /// Between the quartiles, in semitones.
    range: f32,
    level: f32,
    /// Level of the treble against the whole in dB.
    brightness: f32,
    seconds: f32,
}

impl Manner {
    fn of(samples: &[f32]) -> Self {
        let pitches = pitch(samples);
        Manner {
            pitch: quantile(&pitches, 0.5),
            range: semitones(quantile(&pitches, 0.25), quantile(&pitches, 0.75)),
            level: level(samples),
            brightness: level(&treble(samples)) - level(samples),
            seconds: samples.len() as f32 / signal::RATE as f32,
        }
    }

    /// Whether two manners differ by more than a listener needs in at least one respect.
    fn differs_from(&self, other: &Manner) -> bool {
        semitones(self.pitch, other.pitch).abs() > 0.7
            || (self.range - other.range).abs() > 1.0
            || (self.level - other.level).abs() > 1.5
            || (self.brightness - other.brightness).abs() > 1.5
            || (self.seconds / other.seconds).ln().abs() > 0.06
    }
}

#[test]
fn it_is_speech() {
    let voice = Voice::load(1).unwrap();
    let spoken = speak(&voice, TEXT, &Expression::default());
    let seconds = spoken.samples.len() as f32 / signal::RATE as f32;
    assert!((4.5..12.0).contains(&seconds), "{seconds} s");
    let level = level(&spoken.samples);
    assert!((-33.0..-18.0).contains(&level), "{level} dBFS");
    let voiced = pitch(&spoken.samples).len() as f32 * 0.02 / seconds;
    assert!((0.35..0.95).contains(&voiced), "{voiced} voiced");
    let pitch = quantile(&pitch(&spoken.samples), 0.5);
    assert!((165.0..225.0).contains(&pitch), "{pitch} Hz");
    // the levels of speech come and go with its syllables
    let levels = signal::levels(&spoken.samples);
    assert!(quantile(&levels, 0.9) - quantile(&levels, 0.1) > 25.0);
}

#[test]
fn the_same_input_gives_the_same_sound() {
    let first = speak(
        &Voice::load(3).unwrap(),
        "Twice the same.",
        &Expression::default(),
    );
    let second = speak(
        &Voice::load(3).unwrap(),
        "Twice the same.",
        &Expression::default(),
    );
    assert_eq!(first.samples, second.samples);
    let other = speak(
        &Voice::load(4).unwrap(),
        "Twice the same.",
        &Expression::default(),
    );
    assert_ne!(first.samples, other.samples);
}

#[test]
fn pitch_follows_its_parameter() {
    let voice = Voice::load(1).unwrap();
    let neutral = manner(&voice, Expression::default()).pitch;
    for shift in [-4.0, 4.0] {
        let shifted = manner(
            &voice,
            Expression {
                pitch: shift,
                ..Expression::default()
            },
        )
        .pitch;
        let measured = semitones(neutral, shifted);
        assert!(
            (measured - shift).abs() < 1.0,
            "{shift} semitones became {measured}"
        );
    }
}

#[test]
fn length_follows_the_rate() {
    let voice = Voice::load(1).unwrap();
    let normal = manner(&voice, Expression::default()).seconds;
    for rate in [0.7, 1.3, 1.5] {
        let seconds = manner(
            &voice,
            Expression {
                rate,
                ..Expression::default()
            },
        )
        .seconds;
        let error = seconds * rate / normal - 1.0;
        assert!(
            error.abs() < 0.05,
            "at {rate}: {seconds} s instead of {} s",
            normal / rate
        );
    }
}

#[test]
fn range_and_loudness_follow_their_parameters() {
    let voice = Voice::load(1).unwrap();
    let neutral = manner(&voice, Expression::default());
    let flat = manner(
        &voice,
        Expression {
            range: 0.2,
            ..Expression::default()
        },
    );
    let wide = manner(
        &voice,
        Expression {
            range: 1.8,
            ..Expression::default()
        },
    );
    assert!(flat.range + 1.0 < neutral.range && neutral.range + 1.0 < wide.range);
    for loudness in [-12.0, -6.0, 4.0] {
        let changed = manner(
            &voice,
            Expression {
                loudness,
                ..Expression::default()
            },
        );
        let measured = changed.level - neutral.level;
        assert!(
            (measured - loudness).abs() < 2.0,
            "{loudness} dB became {measured}"
        );
    }
}

#[test]
fn emotions_can_be_told_apart() {
    let voice = Voice::load(1).unwrap();
    let manners: Vec<(&str, Manner)> = Emotion::NAMED
        .iter()
        .map(|(name, emotion)| {
            (
                *name,
                manner(
                    &voice,
                    Expression {
                        emotion: *emotion,
                        ..Expression::default()
                    },
                ),
            )
        })
        .collect();
    for (i, (name, one)) in manners.iter().enumerate() {
        for (other_name, other) in &manners[i + 1..] {
            assert!(
                one.differs_from(other),
                "{name} {one:?} is like {other_name} {other:?}"
            );
        }
    }
    let of = |wanted: &str| {
        manners
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, m)| m)
            .unwrap()
    };
    let neutral = of("neutral");
    assert!(semitones(neutral.pitch, of("joy").pitch) > 1.5);
    assert!(semitones(neutral.pitch, of("sadness").pitch) < -1.5);
    assert!(of("sadness").seconds > 1.1 * neutral.seconds);
    assert!(of("anger").brightness > neutral.brightness + 1.5);
    assert!(of("fear").seconds < neutral.seconds);
}

#[test]
fn half_an_emotion_lies_between() {
    let voice = Voice::load(1).unwrap();
    let joy = |intensity| Expression {
        emotion: Emotion::Joy,
        intensity,
        ..Expression::default()
    };
    let [none, half, full] = [0.0, 0.5, 1.0].map(|i| manner(&voice, joy(i)).pitch);
    assert!(none < half && half < full, "{none} {half} {full}");
}

#[test]
fn speakers_differ() {
    let voice = Voice::load(1).unwrap();
    for (speaker, pitches) in [
        (Speaker::Low, 110.0..145.0),
        (Speaker::Heart, 165.0..215.0),
        (Speaker::Small, 215.0..260.0),
    ] {
        let measured = manner(
            &voice,
            Expression {
                speaker,
                ..Expression::default()
            },
        );
        assert!(
            pitches.contains(&measured.pitch),
            "{speaker:?}: {measured:?}"
        );
        let normal = manner(&voice, Expression::default()).seconds;
        assert!(
            (measured.seconds / normal - 1.0).abs() < 0.06,
            "{speaker:?}: {measured:?}"
        );
    }
}
