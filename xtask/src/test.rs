//! `cargo xtask test`: every check and every test, in the order in which they fail fastest.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::setup::TestTools;
use crate::sh::Sh;
use crate::workspace::{WASM_TARGET, Workspace};
use crate::{build, controls_table, setup, wit_check};

/// Arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Skip formatting, lints and the contract check.
    #[arg(long)]
    only_tests: bool,
    /// Passed on to the test runner, e.g. a filter.
    #[arg(last = true)]
    runner: Vec<String>,
}

/// The command `test`.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let mut phases = Phases::default();
    if !args.only_tests {
        phases.time("format", || {
            Sh::cargo()
                .args(["fmt", "--all", "--check"])
                .dir(&workspace.root)
                .run()
        })?;
        phases.time("contract", || wit_check::check(&workspace.root.join("wit")))?;
    }
    let tools = phases.time("set-up", || {
        setup::for_build(workspace)?;
        Ok(setup::for_tests())
    })?;
    phases.time("components", || {
        build::components(workspace)?;
        build::fixtures(workspace)
    })?;
    if !args.only_tests {
        phases.time("lints", || lints(workspace))?;
    }
    // The server under test comes with the workspace's own build: one of its package alone would
    // choose other features of the same dependencies, and compile all of them twice.
    let env = test_env(workspace, tools);
    phases.time("doc tests", || {
        Sh::cargo()
            .args(["test", "--doc", "--workspace"])
            .envs(env.clone())
            .dir(&workspace.root)
            .run()
    })?;
    phases.time("build", || build_tests(workspace))?;
    if !args.only_tests {
        phases.time("controls", || {
            controls_table::check(workspace, &workspace.bin("debug", "tth"))
        })?;
    }
    // Before the last phase: the runner's own count must be the last thing said.
    phases.print();
    tests(workspace, env, &args.runner)
}

/// Builds all tests, and with them the server they run.
pub(crate) fn build_tests(workspace: &Workspace) -> Result<()> {
    Sh::cargo()
        .args(["test", "--workspace", "--no-run"])
        .dir(&workspace.root)
        .run()
}

fn lints(workspace: &Workspace) -> Result<()> {
    Sh::cargo()
        .args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])
        .dir(&workspace.root)
        .run()?;
    let guests = workspace
        .components()
        .into_iter()
        .chain(workspace.fixtures());
    Sh::cargo()
        .args(["clippy", "--target", WASM_TARGET, "--lib"])
        .args(guests.flat_map(|package| ["--package", package.name.as_str()]))
        .args(["--", "-D", "warnings"])
        .dir(&workspace.root)
        .run()
}

/// What the integration tests need to know of this build.
fn test_env(workspace: &Workspace, tools: TestTools) -> Vec<(&'static str, String)> {
    let path = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
    let mut env = vec![
        ("TTH_COMPONENTS_DIR", path(workspace.components_dir())),
        ("TTH_FIXTURES_DIR", path(workspace.fixtures_dir())),
        ("TTH_BIN", path(workspace.bin("debug", "tth"))),
    ];
    env.extend(
        tools
            .env()
            .into_iter()
            .map(|(key, value)| (key, value.to_owned())),
    );
    env
}

/// Runs the tests with nextest, installing it if need be, or with cargo's own runner.
fn tests(workspace: &Workspace, env: Vec<(&'static str, String)>, extra: &[String]) -> Result<()> {
    let nextest = || Sh::cargo().args(["nextest", "--version"]).succeeds();
    if !nextest() {
        // Unoptimised: builds in a third of the time, and it only starts processes.
        let install = Sh::cargo()
            .args(["install", "cargo-nextest", "--locked", "--debug"])
            .run();
        if let Err(error) = install {
            eprintln!("cargo-nextest is not available ({error:#}): using `cargo test`");
        }
    }
    if nextest() {
        return Sh::cargo()
            .args(["nextest", "run", "--workspace"])
            .args(extra)
            .envs(env)
            .dir(&workspace.root)
            .run();
    }
    let mut count = Count::default();
    let outcome = Sh::cargo()
        .args([
            "test",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--no-fail-fast",
        ])
        .args(extra)
        .envs(env)
        .dir(&workspace.root)
        .run_watched(|line| count.add(line));
    println!("{count}");
    outcome
}

/// The sum of the summaries that cargo's own runner prints, one for each test program.
#[derive(Default)]
struct Count {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Count {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`; ignores others.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|l| l.split_once(". "))
        else {
            return;
        };
        for part in counts.split("; ") {
            let Some((number, what)) = part.split_once(' ') else {
                continue;
            };
            let number = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            passed,
            failed,
            ignored,
        } = self;
        write!(
            f,
            "all test programs: {passed} passed; {failed} failed; {ignored} ignored"
        )
    }
}

/// How long each phase took.
#[derive(Default)]
struct Phases(Vec<(&'static str, Duration)>);

impl Phases {
    fn time<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        eprintln!("\n== {name}");
        let start = Instant::now();
        let outcome = work();
        self.0.push((name, start.elapsed()));
        if outcome.is_err() {
            self.print();
        }
        outcome
    }

    fn print(&self) {
        eprintln!("\n== phases so far");
        for (name, duration) in &self.0 {
            eprintln!("  {name:<12} {:>7.1} s", duration.as_secs_f64());
        }
        eprintln!();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fallback_runner_counts_every_program() {
        let mut count = Count::default();
        count.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.1s");
        count.add("test a::b ... ok");
        count.add("test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s");
        assert_eq!(
            count.to_string(),
            "all test programs: 7 passed; 2 failed; 1 ignored"
        );
    }

    #[test]
    fn a_failed_phase_is_timed_and_fails() {
        let mut phases = Phases::default();
        assert!(
            phases
                .time("x", || anyhow::bail!("no") as Result<()>)
                .is_err()
        );
        assert_eq!(phases.0.len(), 1);
    }
}
