//! How soon `interrupted` answers an interrupt in mid-turn, and that nothing of the turn follows.

use super::{text_of, together};
use crate::client::{Session, open_many};
use crate::report::{Report, Target};
use crate::server::Start;
use crate::stats::{median, ms, quantile};
use crate::wire::{Kind, Mode, Said};
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

const SESSIONS: usize = 8;
const EACH: u64 = 25;
/// Six seconds of speech, of which far less is heard.
const LETTERS: usize = 100;
/// After an interrupt, for anything that should not come.
const AFTERMATH: Duration = Duration::from_millis(150);

pub(super) async fn run(report: &Report) -> Result<()> {
    let server = Start::mock().run()?;
    let sessions = open_many(server.address, SESSIONS).await?;
    let tasks = (0u64..).zip(sessions).map(|(n, mut session)| async move {
        let mut waits = Vec::new();
        for round in 0..EACH {
            // Anywhere in a frame, and no two sessions in step.
            let into = Duration::from_micros(60_000 + (n * EACH + round) * 12_347 % 200_000);
            waits.push(ms(interrupt(&mut session, into).await?));
        }
        Ok(waits)
    });
    let waits = together(tasks).await?.concat();
    report.note(&format!(
        "{} interrupts over {SESSIONS} sessions; nothing of a turn came after its end",
        waits.len()
    ));
    let (name, limit) = ("interrupt to interrupted p50", Target::AtMost(0.5));
    report.result(name, median(&waits), "ms", limit);
    let name = "interrupt to interrupted p95";
    report.result(name, quantile(&waits, 0.95), "ms", Target::None);
    Ok(())
}

/// Interrupt a turn some time after its first sound; how long the answer took.
async fn interrupt(session: &mut Session, into: Duration) -> Result<Duration> {
    let text = text_of(LETTERS);
    let mode = Mode::Say;
    session.say(&Said::UserText { text: &text, mode }).await?;
    let turn = loop {
        let (_, event) = session.next().await?;
        if event.kind == Kind::AudioChunk {
            break event.turn_id;
        }
    };
    session.listen_until(Instant::now() + into).await?;
    let asked = session.say(&Said::Interrupt).await?;
    let answered = loop {
        let (at, event) = session.next().await?;
        match event.kind {
            Kind::Interrupted if event.turn_id == turn => break at,
            Kind::TurnEnded => bail!("the turn ended by itself"),
            _ => {}
        }
    };
    let mut ended = false;
    let until = Instant::now() + AFTERMATH;
    while let Ok(event) = tokio::time::timeout_at(until.into(), session.next()).await {
        let (_, event) = event?;
        if event.turn_id == turn && event.is_content() {
            bail!("{:?} of a turn that was interrupted", event.kind);
        }
        ended |= event.turn_id == turn && event.kind == Kind::TurnEnded;
    }
    if !ended {
        bail!("the interrupted turn has no end");
    }
    Ok(answered - asked)
}
