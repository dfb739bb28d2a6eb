//! CPU time of the server for a turn of four seconds, at 32 sessions.
//!
//! A connected session is shown frames between turns too. The target is held against all that the
//! server did while the sessions spoke, frames included; what a turn adds to an idle session is
//! told beside it.

use super::{text_of, together};
use crate::client::{Session, open_many};
use crate::process::cpu_time;
use crate::report::{Report, Target};
use crate::server::{Server, Start};
use crate::stats::{median, ms};
use crate::wire::Mode;
use anyhow::Result;
use std::time::{Duration, Instant};

const SESSIONS: usize = 32;
const ROUNDS: usize = 3;
/// 67 letters of 60 ms each.
const LETTERS: usize = 67;
const TURN: Duration = Duration::from_millis(4_020);
const IDLE: Duration = Duration::from_secs(4);

pub(super) async fn run(report: &Report) -> Result<()> {
    let server = Start::mock().run()?;
    let mut sessions = open_many(server.address, SESSIONS).await?;
    // The first round makes the instances.
    (sessions, _, _) = speak(&server, sessions).await?;

    let (mut gross, mut above_idle) = (Vec::new(), Vec::new());
    let mut media = (0, 0);
    for _ in 0..ROUNDS {
        let idle;
        (sessions, idle) = rest(&server, sessions).await?;
        let (spent, wall);
        (sessions, (spent, wall), media) = speak(&server, sessions).await?;
        let per_turn = |cpu: f64| cpu / SESSIONS as f64;
        gross.push(per_turn(spent));
        above_idle.push(per_turn(spent - idle * wall));
    }
    let each = |count: u32| f64::from(count) / SESSIONS as f64;
    report.note(&format!(
        "{SESSIONS} sessions, {ROUNDS} rounds; each turn {} ms, {:.1} chunks and {:.1} frames of 4 KiB",
        TURN.as_millis(),
        each(media.0),
        each(media.1)
    ));
    let (name, limit) = ("CPU per 4 s turn, frames included", Target::AtMost(15.0));
    report.result(name, median(&gross), "ms", limit);
    let name = "CPU per 4 s turn, above the idle session's";
    report.result(name, median(&above_idle), "ms", Target::None);
    Ok(())
}

/// CPU milliseconds for each second of all sessions being idle.
async fn rest(server: &Server, sessions: Vec<Session>) -> Result<(Vec<Session>, f64)> {
    let until = Instant::now() + IDLE;
    let before = cpu_time(server.pid())?;
    let sessions = together(sessions.into_iter().map(|mut session| async move {
        session.listen_until(until).await?;
        Ok(session)
    }))
    .await?;
    let spent = cpu_time(server.pid())? - before;
    Ok((sessions, ms(spent) / IDLE.as_secs_f64()))
}

/// CPU milliseconds and seconds while every session speaks one turn; chunks and frames of all.
type Spoken = (Vec<Session>, (f64, f64), (u32, u32));

async fn speak(server: &Server, sessions: Vec<Session>) -> Result<Spoken> {
    let (started, before) = (Instant::now(), cpu_time(server.pid())?);
    let turns = sessions.into_iter().map(|mut session| async move {
        let text = text_of(LETTERS);
        let seen = session.turn(&text, Mode::Say).await?;
        Ok((session, seen.audio.pieces(), seen.video.pieces()))
    });
    let turns = together(turns).await?;
    let spent = cpu_time(server.pid())? - before;
    let wall = started.elapsed().as_secs_f64();
    let mut media = (0, 0);
    let mut sessions = Vec::with_capacity(SESSIONS);
    for (session, chunks, frames) in turns {
        media = (media.0 + chunks, media.1 + frames);
        sessions.push(session);
    }
    Ok((sessions, (ms(spent), wall), media))
}
