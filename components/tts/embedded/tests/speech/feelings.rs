//! What a listener can measure: two opposite feelings differ in everything that carries a feeling,
//! and more of a control is always more of it in the sound.

use crate::signal::{level, pitch, quantile, semitones};
use crate::{Manner, manner, speak};
use tts_embedded::{Emotion, Expression, Voice};

/// About three seconds, for what is rendered many times.
const SHORT: &str = "Everybody went home to see the big summer parade.";

fn feeling(emotion: Emotion, intensity: f32) -> Expression {
    Expression {
        emotion,
        intensity,
        ..Expression::default()
    }
}

/// One measure of the short text for each value of a control.
fn series<T: Copy>(
    values: &[T],
    expression: impl Fn(T) -> Expression,
    measure: impl Fn(&[f32]) -> f32,
) -> Vec<f32> {
    let voice = Voice::load(1).unwrap();
    let one = |value: &T| measure(&speak(&voice, SHORT, &expression(*value)).samples);
    values.iter().map(one).collect()
}

/// Each is above the one before it by more than `step`.
fn rises(what: &str, measured: &[f32], step: f32) {
    for pair in measured.windows(2) {
        assert!(pair[1] > pair[0] + step, "{what}: {measured:?}");
    }
}

/// Semitones above 100 Hz. The median: a mean would count the tracker's few octave errors.
fn height(samples: &[f32]) -> f32 {
    semitones(100.0, quantile(&pitch(samples), 0.5))
}

fn range(samples: &[f32]) -> f32 {
    let pitches = pitch(samples);
    semitones(quantile(&pitches, 0.1), quantile(&pitches, 0.9))
}

fn seconds(samples: &[f32]) -> f32 {
    samples.len() as f32
}

#[test]
fn joy_and_sadness_differ_in_pitch_range_rate_and_energy() {
    let voice = Voice::load(1).unwrap();
    let [joy, sadness] =
        [Emotion::Joy, Emotion::Sadness].map(|emotion| manner(&voice, feeling(emotion, 1.0)));
    let shown = format!("{joy:?} {sadness:?}");
    let Manner {
        pitch,
        range,
        level,
        seconds,
        ..
    } = joy;
    assert!(semitones(sadness.pitch, pitch) > 4.0, "pitch: {shown}");
    assert!(range > sadness.range + 3.0, "range: {shown}");
    assert!(sadness.seconds > 1.2 * seconds, "rate: {shown}");
    assert!(level > sadness.level + 2.5, "energy: {shown}");
}

#[test]
fn a_higher_rate_is_always_shorter() {
    let rates = [2.0, 1.5, 1.25, 1.0, 0.8, 0.65, 0.5];
    let measured = series(
        &rates,
        |rate| Expression {
            rate,
            ..Expression::default()
        },
        seconds,
    );
    rises("length by falling rate", &measured, 0.0);
}

#[test]
fn a_higher_pitch_is_always_higher() {
    let measured = series(
        &[-9.0, -6.0, -3.0, 0.0, 3.0, 6.0, 9.0],
        |pitch| Expression {
            pitch,
            ..Expression::default()
        },
        height,
    );
    rises("semitones by pitch shift", &measured, 1.5);
}

#[test]
fn more_expressivity_is_always_a_wider_range() {
    let measured = series(
        &[0.0, 0.4, 0.8, 1.2, 1.6, 2.0],
        |range| Expression {
            range,
            ..Expression::default()
        },
        range,
    );
    rises("semitones by expressivity", &measured, 0.3);
}

#[test]
fn more_of_a_feeling_is_always_further_from_neutral() {
    let steps = [0.0, 0.25, 0.5, 0.75, 1.0];
    let joy = series(&steps, |i| feeling(Emotion::Joy, i), height);
    rises("pitch by joy", &joy, 0.0);
    let sadness =
        |measure: fn(&[f32]) -> f32| series(&steps, |i| feeling(Emotion::Sadness, i), measure);
    rises("length by sadness", &sadness(seconds), 0.0);
    let louder: Vec<f32> = sadness(level).into_iter().rev().collect();
    rises("level by falling sadness", &louder, 0.0);
}
