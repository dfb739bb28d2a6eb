//! `tth-fuzz [TARGET] [--seconds N] [--seed N]`: runs targets on stable Rust for as long as asked.

use anyhow::{Context, Result, bail};
use clap::Parser;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tth_fuzz::{TARGETS, Target, driver};

/// Inputs between two looks at the clock.
const BATCH: usize = 50;

/// Mutates the corpus and checks what must hold.
#[derive(Parser)]
struct Cli {
    /// Only this target; without it all, one after the other.
    target: Option<String>,
    /// How long, for each target, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where the seeds begin; without it somewhere else every time.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    let wanted = |target: &&Target| cli.target.as_deref().is_none_or(|name| name == target.name);
    let targets: Vec<&Target> = TARGETS.iter().filter(wanted).collect();
    if targets.is_empty() {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        bail!("there is no such target; there are: {}", names.join(", "));
    }
    // Seconds apart, runs would look at the same seeds again: a step between them.
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let start = now.unwrap_or_default().as_secs() << 24;
    let start = cli.seed.unwrap_or(start);
    for target in targets {
        let corpus = driver::corpus(target.name)
            .with_context(|| format!("reading {}", driver::corpus_dir(target.name).display()))?;
        let (from, mut seeds) = (Instant::now(), start..);
        let explored = driver::replay(target, &corpus).and_then(|()| {
            while from.elapsed() < Duration::from_secs(cli.seconds) {
                let batch: Vec<u64> = seeds.by_ref().take(BATCH).collect();
                driver::explore(target, &corpus, batch)?;
            }
            Ok(())
        });
        if let Err(finding) = explored {
            bail!(
                "{finding}\nmend it, and keep the input in fuzz/corpus/{}",
                target.name
            );
        }
        println!(
            "{:<16} {:>9} inputs, all well",
            target.name,
            seeds.start - start
        );
    }
    Ok(())
}
