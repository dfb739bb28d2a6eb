//! Whether 200 sessions that speak at once keep real time: what each client would have had to
//! buffer to play its turn without a gap.
//!
//! Each session has spoken before, a little: what is measured is the speaking, not the making of 200
//! instances within a second.

use super::{text_of, together};
use crate::client::open_many;
use crate::process::cpu_time;
use crate::report::{Report, Target};
use crate::server::Start;
use crate::stats::{ms, quantile};
use crate::wire::Mode;
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

const SESSIONS: usize = 200;
/// 134 letters of 60 ms: eight seconds.
const LETTERS: usize = 134;
/// Half a second.
const WARM_UP_LETTERS: usize = 10;
/// Between the turns of two sessions, so that all start within a second.
const STAGGER: Duration = Duration::from_millis(5);

pub(super) async fn run(report: &Report) -> Result<()> {
    let server = Start::mock().run()?;
    let sessions = open_many(server.address, SESSIONS).await?;
    let sessions = together(sessions.into_iter().map(|mut session| async move {
        session.turn(&text_of(WARM_UP_LETTERS), Mode::Say).await?;
        Ok(session)
    }))
    .await?;
    let (start, before) = (Instant::now(), cpu_time(server.pid()).ok());
    let turns = (0u32..).zip(sessions).map(|(n, mut session)| async move {
        session.listen_until(start + STAGGER * n).await?;
        let seen = session.turn(&text_of(LETTERS), Mode::Say).await?;
        let ttfa = ms(seen.ttfa.context("a turn without sound")?);
        let needed = (seen.audio.needed_ms(), seen.video.needed_ms());
        Ok((needed, (seen.audio.pieces(), seen.video.pieces()), ttfa))
    });
    let turns = together(turns).await?;
    let wall = start.elapsed();

    let column = |of: fn(&Turn) -> f64| turns.iter().map(of).collect::<Vec<_>>();
    let audio = column(|((audio, _), _, _)| *audio);
    let video = column(|((_, video), _, _)| *video);
    let ttfa = column(|(_, _, ttfa)| *ttfa);
    let chunks: u32 = turns.iter().map(|(_, (chunks, _), _)| chunks).sum();
    let frames: u32 = turns.iter().map(|(_, (_, frames), _)| frames).sum();
    report.note(&format!(
        "{SESSIONS} sessions speaking at once: {chunks} chunks, {frames} frames in {:.1} s; TTFA p50 {:.1}, p95 {:.1} ms",
        wall.as_secs_f64(),
        quantile(&ttfa, 0.5),
        quantile(&ttfa, 0.95),
    ));
    if let (Some(before), Ok(after)) = (before, cpu_time(server.pid())) {
        let busy = (after - before).as_secs_f64() / wall.as_secs_f64();
        report.note(&format!("the server kept {busy:.2} cores busy"));
    }
    let (name, limit) = ("play-out buffer p95, 200 speaking", Target::AtMost(60.0));
    report.result(name, quantile(&audio, 0.95), "ms", limit);
    let name = "play-out buffer p95 of video, 200 speaking";
    report.result(name, quantile(&video, 0.95), "ms", Target::None);
    Ok(())
}

/// Buffers needed, pieces seen, first sound.
type Turn = ((f64, f64), (u32, u32), f64);
