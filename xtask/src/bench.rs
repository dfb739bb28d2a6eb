//! `cargo xtask bench`: the benchmarks, with one table at the end.
//!
//! A benchmark is any program that prints result lines: [`MARK`] and a JSON object
//! `{"name": "…", "value": 1.5, "unit": "ms", "at_most": 2.0}` (or `at_least`, or no target).
//! Run are every `bench` target of the workspace and, where it exists, the load generator
//! `tth-load`, all against release builds. A missed target fails the command.

use anyhow::{Result, bail};
use serde::Deserialize;

use crate::sh::Sh;
use crate::workspace::Workspace;
use crate::{build, setup};

/// What a result line starts with.
const MARK: &str = "tth-bench: ";
const LOAD: &str = "tth-load";

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only benchmarks whose program's name contains this.
    filter: Option<String>,
}

/// The command `bench`.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    setup::for_build(workspace)?;
    build::components(workspace)?;
    build::fixtures(workspace)?;
    let server = build::server(workspace)?;
    let wanted = |name: &str| {
        args.filter
            .as_deref()
            .is_none_or(|filter| name.contains(filter))
    };

    let mut rows = Vec::new();
    let mut bad = Vec::new();
    // What one of them has measured is not lost with another.
    let mut failed = Vec::new();
    let mut measure = |sh: Sh| {
        sh.env("TTH_COMPONENTS_DIR", workspace.components_dir())
            .env("TTH_FIXTURES_DIR", workspace.fixtures_dir())
            .env("TTH_BIN", &server)
            .dir(&workspace.root)
            .run_watched(|line| {
                if let Some(json) = line.strip_prefix(MARK) {
                    match Row::parse(json) {
                        Ok(row) => rows.push(row),
                        Err(error) => bad.push(format!("{error}: {json}")),
                    }
                }
            })
    };
    for (package, bench) in workspace.benches() {
        if wanted(bench) {
            let run = measure(Sh::cargo().args(["bench", "--package", package, "--bench", bench]));
            failed.extend(run.err());
        }
    }
    if let Some(package) = workspace.package_of_bin(LOAD).filter(|_| wanted(LOAD)) {
        Sh::cargo()
            .args(["build", "--release", "--package", package, "--bin", LOAD])
            .dir(&workspace.root)
            .run()?;
        failed.extend(measure(Sh::new(workspace.bin("release", LOAD))).err());
    }

    println!("\n{}", table(&rows));
    if let Some(error) = failed.into_iter().next() {
        return Err(error.context("a benchmark did not come to its end"));
    }
    if !bad.is_empty() {
        bail!("unreadable result lines:\n{}", bad.join("\n"));
    }
    let missed = rows.iter().filter(|row| !row.holds()).count();
    if missed > 0 {
        bail!("{missed} of {} results miss their target", rows.len());
    }
    Ok(())
}

/// One measured value and what it has to reach.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    value: f64,
    #[serde(default)]
    unit: String,
    at_most: Option<f64>,
    at_least: Option<f64>,
}

impl Row {
    fn parse(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }

    fn holds(&self) -> bool {
        self.at_most.is_none_or(|limit| self.value <= limit)
            && self.at_least.is_none_or(|limit| self.value >= limit)
    }

    fn target(&self) -> String {
        let part = |sign, limit: Option<f64>| limit.map(|limit| format!("{sign} {limit}"));
        let parts = [part("<=", self.at_most), part(">=", self.at_least)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn verdict(&self) -> &'static str {
        match (self.at_most.or(self.at_least), self.holds()) {
            (None, _) => "",
            (_, true) => "ok",
            (_, false) => "MISSED",
        }
    }
}

fn table(rows: &[Row]) -> String {
    let width = rows
        .iter()
        .map(|row| row.name.chars().count())
        .max()
        .unwrap_or(0)
        .max(4);
    let line = |name: &str, value: &str, unit: &str, target: &str, verdict: &str| {
        let line = format!("{name:<width$}  {value:>10} {unit:<6}  {target:<14} {verdict}");
        format!("{}\n", line.trim_end())
    };
    let head = line("what", "measured", "unit", "target", "");
    rows.iter().fold(head, |table, row| {
        let value = format!("{:.2}", row.value);
        table + &line(&row.name, &value, &row.unit, &row.target(), row.verdict())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_held_against_its_target() {
        let row = |json| Row::parse(json).unwrap();
        let fast = row(r#"{"name":"TTFA","value":120,"unit":"ms","at_most":150}"#);
        assert_eq!(
            (fast.holds(), fast.verdict(), fast.target().as_str()),
            (true, "ok", "<= 150")
        );
        let slow = row(r#"{"name":"voice","value":9.5,"unit":"x","at_least":12}"#);
        assert_eq!((slow.holds(), slow.verdict()), (false, "MISSED"));
        let free = row(r#"{"name":"rss","value":40}"#);
        assert_eq!((free.holds(), free.verdict()), (true, ""));
        assert!(table(&[fast, slow, free]).lines().count() == 4);
    }

    #[test]
    fn a_line_without_name_or_value_is_refused() {
        assert!(Row::parse(r#"{"value":1}"#).is_err());
        assert!(Row::parse(r#"{"name":"x"}"#).is_err());
        assert!(Row::parse("x").is_err());
    }
}
