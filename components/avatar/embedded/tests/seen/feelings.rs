//! What a viewer can measure: two opposite feelings differ where a face shows feelings, in its pose over
//! time and in the picture, and more of a control is always more of it.

use crate::{picture, visibly};
use avatar_embedded::{
    animator::{Animator, Frame},
    emotion::Emotion,
    look::{LOOKS, Look},
    weights::Weights,
};
use std::ops::Range;
use tth_sdk::{Control, Param, ParamValue, Viseme, VisemeMark};

fn param(name: &str, value: ParamValue) -> Param {
    Param {
        name: name.into(),
        value,
    }
}

fn text(name: &str, value: &str) -> Param {
    param(name, ParamValue::Text(value.into()))
}

fn number(name: &str, value: f64) -> Param {
    param(name, ParamValue::Number(value))
}

/// The frames of a face under these parameters, after it has settled; `speaking` or at rest.
fn frames(params: Vec<Param>, seconds: u64, speaking: bool) -> Vec<Frame> {
    let mut face = Animator::new(25, Animator::seed("a session"), Look::standard());
    face.control(&Control { params });
    if speaking {
        for i in 0..seconds * 8 {
            face.viseme(VisemeMark {
                at: i * 125_000,
                duration_us: 125_000,
                shape: [Viseme::Aa, Viseme::Pp, Viseme::E, Viseme::Dd][i as usize % 4],
                weight: 1.0,
            });
        }
    }
    let frames = (0..seconds * 25).map(|_| face.frame());
    frames.skip(25).collect()
}

fn mean(frames: &[Frame], of: impl Fn(&Weights) -> f64) -> f64 {
    frames.iter().map(|frame| of(&frame.weights)).sum::<f64>() / frames.len() as f64
}

/// How far the head turns from frame to frame, summed over all three axes.
fn head_motion(frames: &[Frame]) -> f64 {
    let turned = |pair: &[Frame]| {
        let (a, b) = (&pair[0].weights, &pair[1].weights);
        (a.yaw - b.yaw).abs() + (a.pitch - b.pitch).abs() + (a.roll - b.roll).abs()
    };
    frames.windows(2).map(turned).sum()
}

/// The share of the pixels of a part of two pictures of 512 by 512 that differ visibly.
fn difference(a: &[u8], b: &[u8], columns: Range<usize>, rows: Range<usize>) -> f64 {
    let size = columns.len() * rows.len();
    let differs = |(row, column): (usize, usize)| {
        let at = (row * 512 + column) * 4;
        visibly(&a[at..at + 3], &b[at..at + 3])
    };
    let places = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
    places.filter(|place| differs(*place)).count() as f64 / size as f64
}

#[test]
fn joy_and_sadness_differ_in_mouth_corners_and_brows() {
    for speaking in [false, true] {
        let [joy, sadness] =
            ["joy", "sadness"].map(|label| frames(vec![text("emotion", label)], 20, speaking));
        let corners = |frames: &[Frame]| mean(frames, |w| w.smile - w.frown);
        let (up, down) = (corners(&joy), corners(&sadness));
        assert!(up > 0.5 && down < -0.5, "corners: {up} {down}");
        let inner = |frames: &[Frame]| mean(frames, |w| w.brow_inner - w.brow_outer);
        let (joyful, sad) = (inner(&joy), inner(&sadness));
        assert!(sad > joyful + 0.7, "brows: {joyful} {sad}");
    }
}

#[test]
fn the_difference_is_in_the_picture_of_every_look() {
    for look in &LOOKS {
        let [joy, sadness] = [Emotion::Joy, Emotion::Sadness]
            .map(|emotion| picture(&emotion.weights(), look, 512, 512));
        // The person's right and left corner of the mouth, and the inner ends of both brows.
        for (part, columns, rows) in [
            ("right corner", 206..236, 300..345),
            ("left corner", 276..306, 300..345),
            ("right brow", 215..240, 180..215),
            ("left brow", 272..297, 180..215),
        ] {
            let share = difference(&joy, &sadness, columns, rows);
            assert!(share > 0.15, "{}, {part}: {share}", look.id);
        }
    }
}

#[test]
fn more_of_a_feeling_is_always_further_from_neutral() {
    let steps = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];
    let corners = |label: &str| {
        steps.map(|intensity| {
            let params = vec![text("emotion", label), number("intensity", intensity)];
            mean(&frames(params, 5, false), |w| w.smile - w.frown)
        })
    };
    let (joy, sadness) = (corners("joy"), corners("sadness"));
    assert!(joy.windows(2).all(|p| p[1] > p[0] + 0.02), "{joy:?}");
    assert!(
        sadness.windows(2).all(|p| p[1] < p[0] - 0.02),
        "{sadness:?}"
    );
}

#[test]
fn more_expressivity_always_shows_more() {
    let shown = [0.0, 0.25, 0.5, 0.75, 1.0].map(|expressivity| {
        let params = vec![
            text("emotion", "sadness"),
            number("expressivity", expressivity),
        ];
        mean(&frames(params, 5, false), |w| w.brow_inner + w.frown)
    });
    assert!(shown.windows(2).all(|p| p[1] > p[0]), "{shown:?}");
}

#[test]
fn more_motion_is_always_a_livelier_head() {
    for speaking in [false, true] {
        let moved = [0.0, 0.5, 1.0, 1.5, 2.0]
            .map(|motion| head_motion(&frames(vec![number("motion", motion)], 30, speaking)));
        assert!(
            moved.windows(2).all(|p| p[1] > p[0] * 1.1),
            "speaking {speaking}: {moved:?}"
        );
        // Without motion only breath is left.
        assert!(moved[0] < moved[2] * 0.35, "{moved:?}");
    }
}

#[test]
fn joy_blinks_oftener_than_sadness() {
    let blinks = |params: Vec<Param>| {
        let frames = frames(params, 600, false);
        let shut = |frame: &Frame| frame.weights.blink_left > 0.5;
        let begun = |pair: &&[Frame]| !shut(&pair[0]) && shut(&pair[1]);
        frames.windows(2).filter(begun).count() as f64 / 10.0
    };
    let label = |label: &str| blinks(vec![text("emotion", label)]);
    let (joy, neutral, sadness) = (label("joy"), label("neutral"), label("sadness"));
    assert!(
        joy > neutral * 1.2 && sadness < neutral * 0.75,
        "a minute: {joy} {neutral} {sadness}"
    );
    let paces = [-1.0, -0.5, 0.0, 0.5, 1.0].map(|a| blinks(vec![number("arousal", a)]));
    assert!(paces.windows(2).all(|p| p[1] > p[0]), "{paces:?}");
}

#[test]
fn what_a_control_no_longer_says_no_longer_holds() {
    let mut face = Animator::new(25, Animator::seed("a session"), Look::standard());
    let mut never = face.clone();
    face.control(&Control {
        params: vec![text("emotion", "joy"), number("motion", 2.0)],
    });
    face.control(&Control { params: vec![] });
    for _ in 0..50 {
        assert_eq!(face.frame().weights, never.frame().weights);
    }
}
