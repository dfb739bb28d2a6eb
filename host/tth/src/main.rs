//! The `tth` binary: reads the configuration, loads the providers it names, and serves them.
//!
//! The only place that knows all of core, runtime and gateway. It decides nothing about turns, wire
//! or sandbox: it wires them together, and starts and stops them.

mod cli;
mod config;
mod environment;
mod host;
mod observe;
mod plugin;
mod say;
mod serve;
mod wire;

use anyhow::{Context, Result, bail};
use clap::Parser;
use cli::{Cli, Command, ConfigCommand, PluginCommand};
use config::Loaded;
use environment::Environment;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let environment = Environment::load(Path::new("."))?;
    match cli.command {
        Command::Serve(args) => {
            observe::start(&environment, "info")?;
            let loaded = load(&args.source, &environment)?;
            within_tokio(serve::serve(&args, loaded, &environment))?;
        }
        Command::Say(args) => {
            observe::start(&environment, "warn")?;
            let loaded = load(&args.source, &environment)?;
            within_tokio(say::say(&args, loaded, &environment))?;
        }
        Command::Config {
            command: ConfigCommand::Check(source),
        } => {
            let (text, right) =
                config::check_command(&source.config, &source.profile, &environment);
            println!("{text}");
            if !right {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Plugin {
            command: PluginCommand::Inspect { file, json },
        } => {
            observe::start(&environment, "error")?;
            println!("{}", within_tokio(plugin::inspect(&file, json))?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn load(source: &cli::Source, environment: &Environment) -> Result<Loaded> {
    match config::load(&source.config, &source.profile, environment) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                tracing::warn!("{warning}");
            }
            Ok(loaded)
        }
        Err(problems) => bail!(
            "the configuration cannot be used\n{}",
            config::describe(&source.profile, &problems)
        ),
    }
}

/// Runs `work` on a worker thread for each core.
fn within_tokio<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the threads")?;
    let result = runtime.block_on(work);
    // Whatever still runs serves nobody any more.
    runtime.shutdown_background();
    result
}
