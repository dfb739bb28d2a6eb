//! The project's tasks: `cargo xtask up|test|build|bench|fuzz|setup|wit-check|controls-table`.
//!
//! One file per command. Everything a fresh machine lacks is installed by `setup`, which the
//! other commands call first; nothing here is needed by the built server.

mod bench;
mod build;
mod controls_table;
mod dotenv;
mod fuzz;
mod setup;
mod sh;
mod test;
mod up;
mod voice;
mod wit_check;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Set-up, build, test and bench tasks of tth.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing, build, and run the server with the console.
    Up(up::Args),
    /// Set up, then run every check and test.
    Test(test::Args),
    /// Build the components and the release server.
    Build(build::Args),
    /// Build for release and run the benchmarks.
    Bench(bench::Args),
    /// Mutate what strangers may send, and check what must hold.
    Fuzz(fuzz::Args),
    /// Install what is missing and stop.
    Setup(setup::Args),
    /// Compare the contract in `wit/` with its frozen releases.
    WitCheck(wit_check::Args),
    /// Write who follows which control into docs/controls.md, or check what it says.
    ControlsTable(controls_table::Args),
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain of reasons on one line: a backtrace of this program helps nobody.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let workspace = workspace::Workspace::load()?;
    match cli.command {
        Command::Up(args) => up::run(&workspace, &args),
        Command::Test(args) => test::run(&workspace, &args),
        Command::Build(args) => build::run(&workspace, &args),
        Command::Bench(args) => bench::run(&workspace, &args),
        Command::Fuzz(args) => fuzz::run(&workspace, &args),
        Command::Setup(args) => setup::run(&workspace, &args),
        Command::ControlsTable(args) => controls_table::run(&workspace, &args),
        Command::WitCheck(args) => wit_check::run(&workspace.root.join("wit"), &args),
    }
}
