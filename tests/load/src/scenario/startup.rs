//! From the start of the process to the line that says it listens, all components in the cache.

use crate::process::resident_mb;
use crate::report::{Report, Target};
use crate::server::Start;
use crate::stats::{median, ms};
use anyhow::Result;

const STARTS: usize = 5;
const PROFILE: &str = "local_embedded";

pub(super) fn run(report: &Report) -> Result<()> {
    let first = Start::profile(PROFILE).run()?;
    report.note(&format!(
        "the first start, which may have to compile: {:.0} ms",
        ms(first.ready_after)
    ));
    drop(first);
    let mut ready = Vec::new();
    let mut resident = Vec::new();
    for _ in 0..STARTS {
        let server = Start::profile(PROFILE).run()?;
        ready.push(ms(server.ready_after));
        resident.extend(resident_mb(server.pid()));
    }
    report.result(
        "start, warm cache",
        median(&ready),
        "ms",
        Target::AtMost(1e3),
    );
    report.note(&format!(
        "resident when ready, the voice's model included: {:.1} MB",
        median(&resident)
    ));
    Ok(())
}
