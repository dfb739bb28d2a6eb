//! The language model: tagged words, sentences of many scripts, tags of feelings, cut into deltas
//! anywhere.

use crate::call::Call;
use crate::fault::Fault;
use crate::plan::Plan;
use crate::rng::Rng;
use crate::tag::{Author, Word};
use tth_core::provider::LlmEvent;

/// Longer than the session lets an answer be, in bytes.
const FLOOD: usize = 24_000;
/// Deltas that make no sense.
const GARBAGE: [&str; 10] = [
    "",
    "<feel:",
    "<feel:joy:9>",
    "<feel:zzzz>",
    "\u{202e}\u{7}\u{0}",
    "\u{200d}\u{fe0f}",
    "<<<>>>",
    "\n\n\n",
    "(((\"",
    "\u{1F469}\u{200d}\u{1F692}",
];

/// Have a call say its answer.
pub fn write(call: &mut Call<LlmEvent>, plan: &Plan) {
    let mut rng = plan.rng(&[2, u64::from(call.number)]);
    let answer = answer(&mut rng, plan, call.number, call.fault);
    let mut at = call.free_at;
    for event in events(&mut rng, &answer, call.fault == Some(Fault::WritesGarbage)) {
        at += rng.range(0..plan.delta_us);
        call.say(at, event);
    }
    call.free_at = at;
    call.complete = true;
}

/// The answer as it is sent.
fn events(rng: &mut Rng, answer: &str, garbage: bool) -> Vec<LlmEvent> {
    let mut events = Vec::new();
    // A hint in the middle of a word would cut it in two.
    let mut between_words = true;
    for delta in deltas(rng, answer) {
        if garbage && rng.chance(30) {
            let garbage = rng.pick(&GARBAGE).unwrap_or_default();
            events.push(LlmEvent::Text(garbage.into()));
            let label = rng.pick(&["joy", "", "no such feeling", "\u{1F600}"]);
            events.push(LlmEvent::Hint {
                label: label.unwrap_or_default().into(),
                intensity: rng.pick(&[f32::NAN, -1.0, 1e30, 0.5]).unwrap_or(0.5),
            });
        } else if between_words && rng.chance(10) {
            events.push(LlmEvent::Hint {
                label: "calm".into(),
                intensity: 0.5,
            });
        }
        between_words = delta.ends_with(' ');
        events.push(LlmEvent::Text(delta));
    }
    if rng.chance(50) {
        events.push(LlmEvent::Usage {
            input_tokens: 1,
            output_tokens: 1,
            model: "simulated".into(),
        });
    }
    events
}

fn answer(rng: &mut Rng, plan: &Plan, call: u32, fault: Option<Fault>) -> String {
    match fault {
        Some(Fault::Speechless) => {
            let none = ["", " ", "\u{1F600}\u{1F44D}", "... !", "<feel:joy>"];
            return rng.pick(&none).unwrap_or_default().into();
        }
        Some(Fault::FloodsText) => {
            // Few words, so that it takes long to write and not long to speak.
            let filler = "x".repeat(400);
            let word = |place| tagged(plan, call, place);
            let count = FLOOD / filler.len();
            let words = (0..count).map(|n| format!("{} {filler}. ", word(n)));
            return words.collect();
        }
        _ => {}
    }
    let count = usize::try_from(rng.range(1..28)).unwrap_or(1);
    let mut text = String::new();
    let mut left = rng.range(2..8);
    for place in 0..count {
        if rng.chance(6) {
            text.push_str(
                rng.pick(&["<feel:joy:0.8> ", "<feel:sadness>"])
                    .unwrap_or_default(),
            );
        }
        if rng.chance(6) {
            text.push_str(
                rng.pick(&["\u{1F600} ", "(", "\u{4f60}\u{597d}"])
                    .unwrap_or_default(),
            );
        }
        text.push_str(&tagged(plan, call, place));
        left = left.saturating_sub(1);
        if left == 0 {
            left = rng.range(2..8);
            let stops = [". ", "! ", "? ", "\u{3002}", "...", ".\n", "; "];
            text.push_str(rng.pick(&stops).unwrap_or(". "));
        } else {
            text.push_str(rng.pick(&[" ", " ", " ", ", ", " - "]).unwrap_or(" "));
        }
    }
    text
}

fn tagged(plan: &Plan, call: u32, place: usize) -> String {
    let place = u32::try_from(place).unwrap_or(u32::MAX);
    let word = Word {
        author: Author::Model,
        session: plan.number,
        call,
        place,
    };
    word.to_string()
}

/// The text in pieces of 3 to 40 characters; long texts in longer ones.
fn deltas(rng: &mut Rng, text: &str) -> Vec<String> {
    let least = 3 + text.len() / 100;
    let mut deltas = Vec::new();
    let mut rest = text.chars().peekable();
    while rest.peek().is_some() {
        let length = usize::try_from(rng.range(0..37)).unwrap_or(0) + least;
        deltas.push(rest.by_ref().take(length).collect());
    }
    deltas
}
