//! What stays behind: memory after ten thousand turns that are completed, interrupted, talked over and
//! abandoned, in sessions that come and go; and after a minute of ten interrupts a second.
//!
//! Both times memory is compared under the same conditions: after a part of the same load, and after
//! the rest of it, at rest.

use super::together;
use crate::client::{Session, open_many};
use crate::http::metric;
use crate::process::resident_mb;
use crate::report::{Report, Target};
use crate::server::{Server, Start};
use crate::wire::{Kind, Mode, Said};
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How many turns; `TTH_SOAK_TURNS` sets another number.
const TURNS: u32 = 10_000;
/// Before the first look at the memory: as many as use every instance for many turns.
const WARM_UP_TURNS: u32 = 1_000;
/// Sessions at once.
const WORKERS: usize = 48;
/// Turns of a session before it is ended and another one opened.
const TURNS_OF_SESSION: u32 = 20;
/// For what is on its way out.
const SETTLE: Duration = Duration::from_secs(3);

/// Between two interrupts.
const BEAT: Duration = Duration::from_millis(100);
/// Ten seconds to warm up, then a minute.
const WARM_UP_BEATS: u32 = 100;
const BEATS: u32 = 600;
/// Instances that the session of the interrupts may use, of each kind: enough for three or four that
/// are being cancelled, far fewer than there are interrupts.
const INSTANCES: usize = 8;
/// Growth that is allowed, in MB.
const LIMIT_MB: f64 = 5.0;

pub(super) async fn run(report: &Report) -> Result<()> {
    many_turns(report).await?;
    many_interrupts(report).await
}

async fn many_turns(report: &Report) -> Result<()> {
    let turns = match std::env::var("TTH_SOAK_TURNS") {
        Ok(turns) => turns.parse().context("TTH_SOAK_TURNS is no number")?,
        Err(_) => TURNS,
    };
    // As many instances as there are sessions, from the start and to the end: how many were needed at
    // once is not to decide how much memory is used.
    let instances = WORKERS.to_string();
    let server = Start::mock()
        .set("PROVIDERS__MOCK_LLM__LIMITS__INSTANCES__MIN", &instances)
        .set("PROVIDERS__MOCK_TTS__LIMITS__INSTANCES__MIN", &instances)
        .set("PROVIDERS__MOCK_AVATAR__LIMITS__INSTANCES__MIN", &instances)
        .set(
            "PROVIDERS__MOCK_LLM__SETTINGS__ANSWER",
            "Here is one short answer. And here is what may be cut off.",
        )
        .set("PROVIDERS__MOCK_TTS__SETTINGS__MS_PER_CHAR", "8")
        .run()?;
    soak(&server, WARM_UP_TURNS).await?;
    let before = at_rest(&server).await?;
    let started = Instant::now();
    soak(&server, turns).await?;
    let seconds = started.elapsed().as_secs_f64();
    let after = at_rest(&server).await?;
    report.note(&format!(
        "{turns} turns in sessions of {TURNS_OF_SESSION}, {WORKERS} at once, {:.0} a second: \
         {before:.1} MB before, {after:.1} MB after",
        f64::from(turns) / seconds
    ));
    let growth = after - before;
    report.result("RSS growth, soak", growth, "MB", Target::AtMost(LIMIT_MB));
    let left = metric(server.address, "tth_sessions").await?;
    report.result("sessions left, soak", left, "", Target::AtMost(0.0));
    Ok(())
}

/// So many turns, in sessions that come and go.
async fn soak(server: &Server, turns: u32) -> Result<()> {
    let (address, done) = (server.address, Arc::new(AtomicU32::new(0)));
    let worker = |_| {
        let done = done.clone();
        async move {
            while done.load(Ordering::Relaxed) < turns {
                live(address, &done, turns).await?;
            }
            Ok(())
        }
    };
    together((0..WORKERS).map(worker)).await?;
    Ok(())
}

/// One session from its first turn to its end.
async fn live(server: SocketAddr, done: &AtomicU32, turns: u32) -> Result<()> {
    let mut session = Session::open(server, &json!({})).await?;
    for _ in 0..TURNS_OF_SESSION {
        let n = done.fetch_add(1, Ordering::Relaxed);
        if n >= turns {
            break;
        }
        // Anywhere in the turn: before its first text, in the middle, near its end.
        let into = Duration::from_micros(u64::from(n) * 7_919 % 400_000);
        match n % 10 {
            0..4 => completed(&mut session).await?,
            4..7 => interrupted(&mut session, into).await?,
            // The next turn of the session talks over this one.
            7..9 => begin(&mut session, into).await?,
            // Nobody says goodbye.
            _ => {
                begin(&mut session, into).await?;
                break;
            }
        }
    }
    session.end(server).await
}

async fn begin(session: &mut Session, into: Duration) -> Result<()> {
    let (text, mode) = ("Tell me something.", Mode::Chat);
    session.say(&Said::UserText { text, mode }).await?;
    session.listen_until(Instant::now() + into).await
}

/// A turn that is heard to its end; the one before it may have been talked over.
async fn completed(session: &mut Session) -> Result<()> {
    begin(session, Duration::ZERO).await?;
    loop {
        let (_, event) = session.next().await?;
        if event.kind == Kind::TurnEnded && event.reason.as_deref() == Some("completed") {
            return Ok(());
        }
    }
}

/// A turn that is interrupted, unless it was over by then.
async fn interrupted(session: &mut Session, into: Duration) -> Result<()> {
    begin(session, into).await?;
    session.say(&Said::Interrupt).await?;
    Ok(())
}

async fn at_rest(server: &Server) -> Result<f64> {
    tokio::time::sleep(SETTLE).await;
    resident_mb(server.pid())
}

async fn many_interrupts(report: &Report) -> Result<()> {
    let most = INSTANCES.to_string();
    let server = Start::mock()
        .set("PROVIDERS__MOCK_LLM__LIMITS__INSTANCES__MAX", &most)
        .set("PROVIDERS__MOCK_TTS__LIMITS__INSTANCES__MAX", &most)
        .set("PROVIDERS__MOCK_LLM__SETTINGS__WORDS", "500")
        .set("PROVIDERS__MOCK_LLM__SETTINGS__TOKEN_DELAY_MS", "3")
        .run()?;
    let mut session = Session::open(server.address, &json!({})).await?;
    heckle(&mut session, WARM_UP_BEATS).await?;
    let before = resident_mb(server.pid())?;
    heckle(&mut session, BEATS).await?;
    let after = resident_mb(server.pid())?;
    session.end(server.address).await?;
    tokio::time::sleep(SETTLE).await;
    // Each instance that was never given back is one that is missing now.
    let free = all_at_once(server.address).await?;
    report.note(&format!(
        "{BEATS} interrupts of one session, every {} ms, while its language model writes and its voice \
         speaks: {before:.1} MB before, {after:.1} MB after",
        BEAT.as_millis()
    ));
    let (name, growth) = ("RSS growth, ten interrupts a second", after - before);
    report.result(name, growth, "MB", Target::AtMost(LIMIT_MB));
    let name = "instances free after them, of 8";
    report.result(name, free, "", Target::AtLeast(INSTANCES as f64));
    let busy = metric(server.address, "tth_sessions").await?;
    report.result("sessions left after them", busy, "", Target::AtMost(0.0));
    Ok(())
}

/// Turn after turn, each interrupted.
async fn heckle(session: &mut Session, beats: u32) -> Result<()> {
    let begin = Instant::now();
    for beat in 1..=beats {
        let (text, mode) = ("Tell me everything.", Mode::Chat);
        session.say(&Said::UserText { text, mode }).await?;
        session.listen_until(begin + BEAT * beat).await?;
        session.say(&Said::Interrupt).await?;
        loop {
            let (_, event) = session.next().await?;
            match event.kind {
                Kind::Interrupted => break,
                Kind::TurnEnded => {
                    bail!("a turn of 500 words ended by itself: {:?}", event.reason)
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// As many sessions as there are instances speak at the same time; how many were heard.
async fn all_at_once(server: SocketAddr) -> Result<f64> {
    let sessions = open_many(server, INSTANCES).await?;
    let heard = together(sessions.into_iter().map(|mut session| async move {
        let (text, mode) = ("Tell me everything.", Mode::Chat);
        session.say(&Said::UserText { text, mode }).await?;
        loop {
            match session.any().await?.1.kind {
                Kind::AudioChunk => break,
                Kind::Error | Kind::TurnEnded => return Ok((session, false)),
                _ => {}
            }
        }
        Ok((session, true))
    }))
    .await?;
    // They were kept until the last was heard: none served two.
    let free = heard.iter().filter(|(_, heard)| *heard).count();
    for (session, _) in heard {
        session.end(server).await?;
    }
    Ok(free as f64)
}
