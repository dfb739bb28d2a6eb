//! A voice that traps, or computes for ever: how soon its session is told, alone and with another
//! voice to go on.
//!
//! Measured is from the text's sending, which is a little before the cause; of the loop its CPU budget
//! is subtracted.

use crate::client::Session;
use crate::guests::Guests;
use crate::report::{Report, Target};
use crate::server::Start;
use crate::stats::{median, ms, quantile};
use crate::story::Story;
use crate::wire::Mode;
use anyhow::{Context, Result, ensure};
use serde_json::json;

const ROUNDS: usize = 15;
/// What the looping voice may use in a turn, in milliseconds.
const CPU_MS: u64 = 200;
const LIMIT_MS: f64 = 100.0;

/// A habit of the fixture, what it is, and what it costs before it is an offence, in milliseconds.
const CAUSES: [(&str, &str, u64); 2] = [
    ("trap-in-stream", "a trap in mid-stream", 0),
    ("endless-loop", "an endless loop", CPU_MS),
];

pub(super) async fn run(report: &Report) -> Result<()> {
    let guests = Guests::new()?;
    report.note(&format!(
        "{ROUNDS} turns each, one session; of the loop its {CPU_MS} ms of CPU are subtracted"
    ));
    for cause in &CAUSES {
        for followed in [false, true] {
            measure(report, &guests, cause, followed)
                .await
                .context(cause.1)?;
        }
    }
    Ok(())
}

async fn measure(
    report: &Report,
    guests: &Guests,
    (habit, what, allowed): &(&str, &str, u64),
    followed: bool,
) -> Result<()> {
    let start = Start::mock()
        .before_mock("TTS", "bad_manners", "fixture-bad-manners.wasm")
        .set(
            "PROVIDERS__BAD_MANNERS__LIMITS__CPU_MS_PER_TURN",
            &CPU_MS.to_string(),
        )
        .without_circuit();
    let start = match followed {
        true => start,
        false => start.set("COMPONENTS__TTS__FALLBACK", "[]"),
    };
    // Each trap is logged, as it should be; here it is expected.
    let server = guests.serve(start).keep_log().run()?;
    let mut session = Session::open(server.address, &json!({})).await?;
    let (mut told, mut served) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let text = format!("Now misbehave {habit} please.");
        let story = Story::of(&mut session, &text, Mode::Say).await?;
        let (some, none, end) = match followed {
            true => (&story.switches, &story.errors, "completed"),
            false => (&story.errors, &story.switches, "failed"),
        };
        ensure!(
            some.len() == 1 && none.is_empty() && story.ended == end,
            "not one failure: {story:?}"
        );
        told.extend(some.iter().map(|(after, _)| ms(*after) - *allowed as f64));
        if followed {
            served.push(ms(story.served.context("nobody spoke")?) - *allowed as f64);
        }
        // A good turn between, or the runtime would give the voice a rest after three crashes.
        let story = Story::of(&mut session, "All is well.", Mode::Say).await?;
        ensure!(story.smooth(), "the next turn has to pay for it: {story:?}");
    }
    let next = if followed { "replaced" } else { "error" };
    let name = format!("{what}: {next}, slowest");
    report.result(&name, quantile(&told, 1.0), "ms", Target::AtMost(LIMIT_MS));
    let mut note = format!("p50 {:.1} ms", median(&told));
    if followed {
        note += &format!("; the next voice is heard after {:.1} ms", median(&served));
    }
    report.note(&note);
    Ok(())
}
