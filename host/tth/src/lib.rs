//! The `tth` server: reads the configuration, loads the providers it names, and serves them.
//!
//! The only place that knows all of core, runtime and gateway. It decides nothing about turns, wire
//! or sandbox: it wires them together, and starts and stops them.
//!
//! A library only so that tests can reach it: [`main`] is the whole program, [`check_config`] the
//! reading of its configuration.

mod cli;
mod config;
mod doctor;
mod environment;
mod host;
mod observe;
mod plugin;
mod say;
mod serve;
mod sunset;
mod table;
mod wire;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use cli::{Cli, Command, ConfigCommand, PluginCommand};
use config::{Loaded, Problem};
use environment::Environment;
use std::path::Path;
use std::process::ExitCode;
use sunset::Day;

/// The program, with the arguments and the environment of this process.
pub fn main() -> ExitCode {
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
        Command::Doctor(source) => {
            observe::start(&environment, "error")?;
            let loaded = config::load_without_keys(&source.config, &source.profile, &environment);
            let config = usable(&source, loaded)?.config;
            let visit = doctor::doctor(&source.profile, &config, &environment);
            if !within_tokio(visit)? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Config {
            command: ConfigCommand::Check(source),
        } => match config::check_command(&source.config, &source.profile, &environment) {
            Ok((text, config)) => {
                println!("{text}");
                let lines = async { Ok(sunset::lines(&config, Day::today()).await) };
                for line in within_tokio(lines)? {
                    println!("{line}");
                }
            }
            Err(text) => {
                println!("{text}");
                return Ok(ExitCode::FAILURE);
            }
        },
        Command::Plugin {
            command: PluginCommand::Inspect { file, json },
        } => {
            observe::start(&environment, "error")?;
            println!("{}", within_tokio(plugin::inspect(&file, json))?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the configuration of `profile` below `directory` as the server does, with `variables` as the
/// whole environment; gives the summary of `tth config check`.
///
/// # Errors
/// Everything that is wrong, a line each: `file:line: key: found, expected`. Without a line where a
/// file as a whole is wrong, with a variable's name in place of the file where that is.
pub fn check_config<'a>(
    directory: &Path,
    profile: &str,
    variables: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<String, Vec<String>> {
    let environment: Environment = variables.into_iter().collect();
    match config::load(directory, profile, &environment) {
        Ok(loaded) => Ok(config::summary(profile, &loaded.config)),
        Err(problems) => Err(problems.iter().map(Problem::to_string).collect()),
    }
}

fn load(source: &cli::Source, environment: &Environment) -> Result<Loaded> {
    let loaded = config::load(&source.config, &source.profile, environment);
    let loaded = usable(source, loaded)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded)
}

fn usable(source: &cli::Source, loaded: Result<Loaded, Vec<Problem>>) -> Result<Loaded> {
    loaded.map_err(|problems| {
        let problems = config::describe(&source.profile, &problems);
        anyhow!("the configuration cannot be used\n{problems}")
    })
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
