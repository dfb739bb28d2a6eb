//! How soon a dead provider is noticed and replaced: before the first sound, and in mid-utterance.
//!
//! What a budget allows is waiting on purpose, so it is subtracted: what is left is the replacing.

use super::{text_of, together};
use crate::client::{Session, open_many};
use crate::report::{Report, Target};
use crate::server::{Server, Start};
use crate::stats::{median, ms, quantile};
use crate::story::Story;
use crate::wire::Mode;
use anyhow::{Context, Result, ensure};
use std::time::{Duration, Instant};

const SESSIONS: usize = 4;
const EACH: u32 = 3;
/// What a dead provider is given before its first output, or between two.
const BUDGET_MS: u64 = 500;
/// Between the turns of two sessions.
const STAGGER: Duration = Duration::from_millis(70);
/// Three seconds of speech, of which the dying voice says one.
const LETTERS: usize = 50;
/// Chunks of 20 ms.
const BEFORE_DEATH: &str = "50";

/// A provider that dies, and how.
struct Death {
    what: &'static str,
    role: &'static str,
    component: &'static str,
    /// Its settings.
    settings: &'static [(&'static str, &'static str)],
    mode: Mode,
    /// What it may be waited for, in milliseconds.
    budget_ms: u64,
}

const BEFORE_SOUND: [Death; 3] = [
    Death {
        what: "a voice that never answers",
        role: "TTS",
        component: "tts-mock.wasm",
        settings: &[("STALL_AFTER", "0")],
        mode: Mode::Say,
        budget_ms: BUDGET_MS,
    },
    Death {
        what: "a language model that never answers",
        role: "LLM",
        component: "llm-mock.wasm",
        settings: &[("STALL_AFTER", "0")],
        mode: Mode::Chat,
        budget_ms: BUDGET_MS,
    },
    Death {
        what: "a voice that refuses",
        role: "TTS",
        component: "tts-mock.wasm",
        settings: &[("FAIL", "{at: start}")],
        mode: Mode::Say,
        budget_ms: 0,
    },
];

/// Voices as fast as their speech, so that little of it lies ready when they die.
const IN_MID_UTTERANCE: [Death; 2] = [
    Death {
        what: "a voice that fails",
        role: "TTS",
        component: "tts-mock.wasm",
        settings: &[
            ("CHUNK_DELAY_MS", "18"),
            ("FAIL__AT", "output"),
            ("FAIL__AFTER", BEFORE_DEATH),
        ],
        mode: Mode::Say,
        budget_ms: 0,
    },
    Death {
        what: "a voice that falls silent",
        role: "TTS",
        component: "tts-mock.wasm",
        settings: &[("CHUNK_DELAY_MS", "18"), ("STALL_AFTER", BEFORE_DEATH)],
        mode: Mode::Say,
        budget_ms: BUDGET_MS,
    },
];

pub(super) async fn run(report: &Report) -> Result<()> {
    report.note(&format!(
        "{} turns each over {SESSIONS} sessions; budgets of {BUDGET_MS} ms are subtracted; the next \
         provider is warm",
        SESSIONS as u32 * EACH
    ));
    for death in &BEFORE_SOUND {
        let late = |story: &Story| {
            let served = story.served.context("nobody spoke")?;
            Ok(ms(served) - death.budget_ms as f64)
        };
        let late = measure(death, late).await.context(death.what)?;
        let name = format!("{}: first sound beyond its budget, p50", death.what);
        report.result(&name, median(&late), "ms", Target::AtMost(300.0));
        report.note(&format!("at most {:.1} ms", quantile(&late, 1.0)));
    }
    for death in &IN_MID_UTTERANCE {
        let gap = |story: &Story| Ok(ms(story.heard.gap()));
        let gaps = measure(death, gap).await.context(death.what)?;
        // What was still to be heard when it died shortens what is heard of the wait.
        let beyond = (median(&gaps) - death.budget_ms as f64).max(0.0);
        let name = format!(
            "{} in mid-utterance: gap beyond its budget, p50",
            death.what
        );
        report.result(&name, beyond, "ms", Target::AtMost(500.0));
        report.note(&format!(
            "the gap that is heard: p50 {:.1} ms, at most {:.1} ms",
            median(&gaps),
            quantile(&gaps, 1.0)
        ));
    }
    Ok(())
}

/// A value of each turn.
async fn measure(death: &Death, value: impl Fn(&Story) -> Result<f64>) -> Result<Vec<f64>> {
    let server = start(death)?;
    let sessions = open_many(server.address, SESSIONS).await?;
    let (begin, mode) = (Instant::now(), death.mode);
    let tasks = (0u32..).zip(sessions);
    let stories = together(tasks.map(|(n, session)| turns(session, begin + STAGGER * n, mode)));
    stories.await?.iter().flatten().map(value).collect()
}

fn start(death: &Death) -> Result<Server> {
    let budget = BUDGET_MS.to_string();
    let start = Start::mock()
        .before_mock(death.role, "dying", death.component)
        .set("PROVIDERS__DYING__BUDGETS__FIRST_OUTPUT_MS", &budget)
        .set("PROVIDERS__DYING__BUDGETS__GAP_MS", &budget)
        .set("PROVIDERS__MOCK_LLM__SETTINGS__ANSWER", "Here I am.")
        // Warm: who takes over is not waited for.
        .set("PROVIDERS__MOCK_LLM__LIMITS__INSTANCES__MIN", "8")
        .set("PROVIDERS__MOCK_TTS__LIMITS__INSTANCES__MIN", "8")
        .without_circuit()
        // Each death is logged, as it should be; here it is expected.
        .keep_log();
    let setting = |start: Start, (name, value): &(&str, &str)| {
        start.set(&format!("PROVIDERS__DYING__SETTINGS__{name}"), value)
    };
    death.settings.iter().fold(start, setting).run()
}

/// Some turns of one session, each of which a provider dies in.
async fn turns(mut session: Session, begin: Instant, mode: Mode) -> Result<Vec<Story>> {
    session.listen_until(begin).await?;
    let mut stories = Vec::new();
    for _ in 0..EACH {
        let story = Story::of(&mut session, &text_of(LETTERS), mode).await?;
        ensure!(
            story.ended == "completed" && story.switches.len() == 1 && story.errors.is_empty(),
            "not one provider was replaced: {story:?}"
        );
        stories.push(story);
    }
    Ok(stories)
}
