//! `tth-load`: measures a real `tth serve` from outside, over loopback sockets.
//!
//! Every scenario starts its own server, drives it as clients would, and prints result lines for
//! `cargo xtask bench`. All are bounded in sessions, turns and time. The generator shares the
//! machine with the server, so it reads of each event only what it needs; latencies are what a
//! client sees, its own wake-up included.

mod client;
mod guests;
mod hearing;
mod http;
mod pacing;
mod process;
mod report;
mod scenario;
mod server;
mod stats;
mod story;
mod wire;

use anyhow::{Context, Result};
use clap::Parser;
use report::Report;
use scenario::Scenario;
use std::process::ExitCode;
use std::time::Duration;

/// A scenario that takes longer than this hangs. The longest takes about four minutes.
const LONGEST: Duration = Duration::from_secs(480);

/// Measures a real server. TTH_BIN names the server's binary; without it, the one beside this
/// program is taken.
#[derive(Parser)]
struct Args {
    /// What to measure.
    #[arg(value_enum, default_value = "all")]
    scenario: Scenario,
}

fn main() -> ExitCode {
    let args = Args::parse();
    // One thread: the generator must leave the machine to the server.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("tth-load: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("Generator and server share this machine; medians, and only ratios travel.");
    let mut failed = false;
    for scenario in args.scenario.each() {
        println!("\n== {}{}", scenario.title(), process::system_load());
        if let Err(error) = runtime.block_on(measure(scenario)) {
            // The other scenarios may still be worth their time.
            eprintln!("tth-load: {}: {error:#}", scenario.title());
            failed = true;
        }
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

async fn measure(scenario: Scenario) -> Result<()> {
    let report = Report;
    tokio::time::timeout(LONGEST, scenario.run(&report))
        .await
        .with_context(|| format!("not done after {} s", LONGEST.as_secs()))?
}
