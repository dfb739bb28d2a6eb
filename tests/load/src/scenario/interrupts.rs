//! Interrupts among 200 sessions that speak: how soon they are answered, and that nothing of an
//! interrupted turn follows, among all events of all sessions.

use super::{text_of, together};
use crate::client::{Session, open_many};
use crate::report::{Report, Target};
use crate::server::Start;
use crate::stats::{median, ms, quantile};
use crate::wire::{Event, Kind, Mode, Said};
use anyhow::{Context, Result, bail};
use std::convert::Infallible;
use std::time::{Duration, Instant};

const SESSIONS: usize = 200;
const EACH: u64 = 8;
/// Six seconds of speech, of which at most half is heard.
const LETTERS: usize = 100;
/// Half a second: sessions have spoken before.
const WARM_UP_LETTERS: usize = 10;
/// Between two sessions at the start.
const STAGGER: Duration = Duration::from_millis(10);
/// From the first sound to the interrupt, at least; and up to so much more.
const SPEAKS: Duration = Duration::from_millis(800);
const SPEAKS_MORE_US: u64 = 2_000_000;
/// After an interrupt, before the session speaks again.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two looks at how late this process is.
const LOOK: Duration = Duration::from_millis(7);
/// For what the last interrupt of a session might leave.
const AFTERMATH: Duration = Duration::from_millis(500);

pub(super) async fn run(report: &Report) -> Result<()> {
    let server = Start::mock().run()?;
    let sessions = open_many(server.address, SESSIONS).await?;
    let sessions = together(sessions.into_iter().map(|mut session| async move {
        session.turn(&text_of(WARM_UP_LETTERS), Mode::Say).await?;
        Ok(session)
    }))
    .await?;
    let begin = Instant::now();
    let tasks = (0u64..).zip(sessions);
    let heckled = together(tasks.map(|(n, session)| heckle(session, n, begin)));
    let mut late = Vec::new();
    let heckled = tokio::select! {
        heckled = heckled => heckled?,
        never = lateness(&mut late) => match never {},
    };

    let waits: Vec<f64> = heckled.iter().flat_map(|one| one.waits.clone()).collect();
    let events: u64 = heckled.iter().map(|one| one.events).sum();
    let stale: u64 = heckled.iter().map(|one| one.stale).sum();
    report.note(&format!(
        "{} interrupts and {events} events over {SESSIONS} sessions that speak most of the time",
        waits.len()
    ));
    report.note(&format!(
        "this program itself came late to what it had to do: p50 {:.1}, p99 {:.1} ms, of which its \
         timer is up to 1; that is part of the waits below",
        median(&late),
        quantile(&late, 0.99)
    ));
    let result = |what: &str, value: f64, unit: &str, target: Target| {
        report.result(&format!("{what}, 200 sessions"), value, unit, target);
    };
    let at_most = Target::AtMost;
    result("interrupt p50", median(&waits), "ms", at_most(0.5));
    result("interrupt p99", quantile(&waits, 0.99), "ms", at_most(5.0));
    result("interrupt max", quantile(&waits, 1.0), "ms", Target::None);
    // Few events would make it easy to have none that is stale.
    result("events seen", events as f64, "", Target::AtLeast(100_000.0));
    result("stale events", stale as f64, "", at_most(0.0));
    Ok(())
}

/// How late this process is for what is due, in milliseconds, again and again: generator and server
/// share the cores, and the generator has one thread.
async fn lateness(late: &mut Vec<f64>) -> Infallible {
    loop {
        let due = Instant::now() + LOOK;
        tokio::time::sleep_until(due.into()).await;
        late.push(ms(due.elapsed()));
    }
}

/// A session and what its client has seen of it.
struct Heckled {
    session: Session,
    /// From each interrupt to its answer, in milliseconds.
    waits: Vec<f64>,
    /// Turns that were interrupted.
    dead: Vec<String>,
    events: u64,
    /// Those of turns that were interrupted before.
    stale: u64,
}

impl Heckled {
    async fn next(&mut self) -> Result<(Instant, Event)> {
        let (at, event) = self.session.next().await?;
        self.events += 1;
        let last_words = matches!(event.kind, Kind::TurnMetrics | Kind::TurnEnded);
        let dead = |turn: &String| self.dead.contains(turn);
        if !last_words && event.turn_id.as_ref().is_some_and(dead) {
            self.stale += 1;
        }
        Ok((at, event))
    }

    async fn listen(&mut self, time: Duration) -> Result<()> {
        let deadline = Instant::now() + time;
        // Cancelling a read loses nothing: a frame is taken whole or left.
        while let Ok(event) = tokio::time::timeout_at(deadline.into(), self.next()).await {
            event?;
        }
        Ok(())
    }

    async fn interrupt(&mut self, text: &str, speaks: Duration) -> Result<()> {
        let mode = Mode::Say;
        self.session.say(&Said::UserText { text, mode }).await?;
        let turn = loop {
            let (_, event) = self.next().await?;
            if event.kind == Kind::AudioChunk {
                break event.turn_id.context("sound of no turn")?;
            }
        };
        self.listen(speaks).await?;
        let asked = self.session.say(&Said::Interrupt).await?;
        loop {
            let (at, event) = self.next().await?;
            match event.kind {
                Kind::Interrupted if event.turn_id.as_ref() == Some(&turn) => {
                    self.waits.push(ms(at - asked));
                    break;
                }
                Kind::TurnEnded => bail!("the turn ended by itself"),
                _ => {}
            }
        }
        self.dead.push(turn);
        Ok(())
    }
}

async fn heckle(session: Session, n: u64, begin: Instant) -> Result<Heckled> {
    let mut heckled = Heckled {
        session,
        waits: Vec::new(),
        dead: Vec::new(),
        events: 0,
        stale: 0,
    };
    let text = text_of(LETTERS);
    let start = begin + STAGGER * u32::try_from(n)?;
    heckled
        .listen(start.saturating_duration_since(Instant::now()))
        .await?;
    for round in 0..EACH {
        // No two sessions in step.
        let more = (n * EACH + round) * 1_234_577 % SPEAKS_MORE_US;
        let speaks = SPEAKS + Duration::from_micros(more);
        heckled.interrupt(&text, speaks).await?;
        heckled.listen(PAUSE).await?;
    }
    heckled.listen(AFTERMATH).await?;
    Ok(heckled)
}
