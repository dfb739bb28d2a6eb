//! The clapper: six seconds of silence with a beep at each whole second of the call, and an open
//! mouth exactly as long, for measuring sound against picture.

use crate::script::{Script, Shape};
use std::f64::consts::TAU;
use tth_sdk::Viseme;

const SECONDS: u64 = 6;
const BEEP_MS: u64 = 40;
const BEEP_HZ: f64 = 1000.0;
const BEEP_PEAK: f64 = 0.8;

/// The script of one utterance, `position` samples into the call.
///
/// There is no beep at the very start of a call: a player that is just starting would miss it.
pub(crate) fn script(text: &str, rate: u32, position: u64) -> Script {
    let second = u64::from(rate);
    let samples = SECONDS * second;
    let beep = second * BEEP_MS / 1000;
    let mut script = Script::silence(samples);
    let mut at = position.next_multiple_of(second).max(second);
    while at < position + samples {
        script.shapes.push(Shape {
            viseme: Viseme::Aa,
            start: at - position,
            samples: beep,
            weight: 1.0,
        });
        at += second;
    }
    script.say(text);
    script
}

/// One sample of the clapper, by its place in the call.
pub(crate) fn sample(place: u64, rate: u32) -> i16 {
    let second = u64::from(rate);
    let since = place % second;
    if place < second || since >= second * BEEP_MS / 1000 {
        return 0;
    }
    let angle = TAU * BEEP_HZ * since as f64 / f64::from(rate);
    // A cosine is loud from its first sample: the edge is where the mark says.
    (angle.cos() * BEEP_PEAK * f64::from(i16::MAX)) as i16
}
