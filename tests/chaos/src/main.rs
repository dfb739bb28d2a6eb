//! `tth-chaos`: random faults, as many and as long as you like.

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tth_chaos::plan::Plan;
use tth_chaos::run::{Failure, Summary, run, run_one, tell};
use tth_chaos::shrink::shrink;
use tth_chaos::sockets;

/// Failures that are told of in full.
const TOLD: usize = 3;

/// Random clients and random faults against sessions on fake time.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where everything random comes from; the same seed finds the same again.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Sessions to run.
    #[arg(long, default_value_t = 20_000)]
    sessions: u64,
    /// Threads to run them on.
    #[arg(long, default_value_t = 2)]
    threads: u64,
    /// Stop after so many failures.
    #[arg(long, default_value_t = 20)]
    failures: usize,
    /// Tell what happens in one session, "GROUPSEED:NUMBER" as a failure names it.
    #[arg(long)]
    tell: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// The same over real sockets. TTH_BIN names the server; without it, the one of a debug build.
    Sockets {
        /// Where everything random comes from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Clients that are there all the time.
        #[arg(long, default_value_t = 16)]
        sessions: u32,
        /// For how long.
        #[arg(long, default_value_t = 2.0)]
        minutes: f64,
    },
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(Command::Sockets {
        seed,
        sessions,
        minutes,
    }) = args.command
    {
        return over_sockets(seed, sessions, minutes);
    }
    if let Some(which) = &args.tell {
        return one(which);
    }
    let begun = Instant::now();
    let summary = all(&args);
    report(&summary, begun.elapsed());
    for Failure {
        seed,
        number,
        violation,
    } in &summary.failures
    {
        println!("--tell {seed}:{number}  {violation}");
    }
    for failure in summary.failures.iter().take(TOLD) {
        explain(failure);
    }
    ExitCode::from(u8::from(!summary.failures.is_empty()))
}

fn over_sockets(seed: u64, sessions: u32, minutes: f64) -> ExitCode {
    let outcome = sockets::run(sockets::Options {
        seed,
        sessions,
        duration: Duration::from_secs_f64(minutes.clamp(0.05, 1e6) * 60.0),
    });
    match outcome {
        Ok(outcome) => {
            println!("{outcome:#?}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

fn all(args: &Args) -> Summary {
    let threads = args.threads.max(1);
    let share = args.sessions.div_ceil(threads);
    let mut summary = Summary::default();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || run(args.seed, share, first, threads, args.failures)))
            .collect();
        for thread in running {
            match thread.join() {
                Ok(part) => summary.add(part),
                // It has said why on stderr; the other threads' findings still count.
                Err(_) => summary.add(Summary::panicked()),
            }
        }
    });
    summary
}

fn report(summary: &Summary, took: Duration) {
    for (whose, kind, count) in summary.tally.lines() {
        println!("{count:>10}  {whose:<8} {kind}");
    }
    let seconds = took.as_secs_f64().max(1e-9);
    println!(
        "{} sessions, {} turns, {} inputs, {} acts and faults in {seconds:.1} s: {:.0} sessions/s",
        summary.sessions,
        summary.turns,
        summary.inputs,
        summary.tally.total(),
        summary.sessions as f64 / seconds,
    );
    println!("{} failures", summary.failures.len());
    let mut rules: Vec<_> = summary
        .failures
        .iter()
        .map(|found| found.violation.rule)
        .collect();
    rules.sort_unstable();
    for rule in rules.chunk_by(|a, b| a == b) {
        println!("{:>10}  {}", rule.len(), rule.first().unwrap_or(&""));
    }
}

fn explain(failure: &Failure) {
    println!(
        "\n--tell {}:{}  {}",
        failure.seed, failure.number, failure.violation
    );
    let plan = shrink(
        Plan::draw(failure.seed, failure.number),
        failure.violation.rule,
    );
    recount(plan);
}

fn one(which: &str) -> ExitCode {
    let parts = which.split_once(':');
    let Some((seed, number)) = parts.and_then(|(s, n)| Some((s.parse().ok()?, n.parse().ok()?)))
    else {
        eprintln!("--tell takes GROUPSEED:NUMBER, as in --tell 17:0");
        return ExitCode::from(2);
    };
    let mut plan = Plan::draw(seed, number);
    if let Err(violation) = run_one(plan.clone(), None) {
        plan = shrink(plan, violation.rule);
    }
    ExitCode::from(u8::from(!recount(plan)))
}

/// Tell what happens as planned; whether all was well.
fn recount(plan: Plan) -> bool {
    println!("{plan:?}");
    let (result, story) = tell(plan);
    for line in story.lines() {
        println!("{line}");
    }
    match &result {
        Ok(()) => println!("all is well"),
        Err(violation) => println!("{violation}"),
    }
    result.is_ok()
}
