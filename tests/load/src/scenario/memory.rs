//! Resident memory after the start, and what a connected session that does nothing adds.

use super::together;
use crate::client::open_many;
use crate::process::resident_mb;
use crate::report::{Report, Target};
use crate::server::Start;
use anyhow::Result;
use std::time::{Duration, Instant};

const SESSIONS: usize = 200;
/// For what a start leaves behind.
const SETTLE: Duration = Duration::from_secs(1);
/// How long the sessions are watched.
const IDLE: Duration = Duration::from_secs(5);

pub(super) async fn run(report: &Report) -> Result<()> {
    // The first start may have to compile, which takes memory that it does not give back.
    drop(Start::mock().run()?);
    let server = Start::mock().run()?;
    tokio::time::sleep(SETTLE).await;
    let base = resident_mb(server.pid())?;
    let sessions = open_many(server.address, SESSIONS).await?;
    let until = Instant::now() + IDLE;
    let sessions = together(sessions.into_iter().map(|mut session| async move {
        session.listen_until(until).await?;
        Ok(session)
    }))
    .await?;
    let with = resident_mb(server.pid())?;
    drop(sessions);
    report.note(&format!(
        "{SESSIONS} idle sessions, watched for {} s: {with:.1} MB",
        IDLE.as_secs()
    ));
    report.result("base RSS, mock", base, "MB", Target::AtMost(60.0));
    let each = (with - base) / SESSIONS as f64;
    report.result("RSS per idle session", each, "MB", Target::AtMost(0.5));
    Ok(())
}
