//! Reads the configuration anew while the server serves: at SIGHUP, and where it is asked to when a file has
//! changed.
//!
//! What cannot be used is refused as a whole, loudly, and the server goes on with what it has. Nobody is
//! disconnected either way: a turn ends on what it began with, the next one has the new.

use super::terminal::Terminal;
use super::watch::{self, Picture, Watch};
use crate::cli::Source;
use crate::config::{self, Config, Loaded, Problem};
use crate::environment::Environment;
use crate::wire::{self, Changes, Fleet, millis};
use anyhow::{Error, Result};
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio::signal::unix::Signal;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tth_core::hub::Hub;

/// Reloads a hub for as long as it lives.
pub(super) struct Reloader {
    source: Source,
    hub: Hub,
    fleet: Fleet,
    /// The keys of clients, which the gateway was started with.
    api_keys: Vec<String>,
    hang_up: Signal,
    terminal: Terminal,
    /// Whether to look for changes.
    watching: bool,
    watch: Watch,
    /// The components in use.
    components: Vec<PathBuf>,
}

/// Why a reload was refused, a line each.
type Refusal = Vec<String>;

impl Reloader {
    /// Of a server that was started with this configuration.
    pub(super) fn new(
        source: Source,
        config: &Config,
        api_keys: Vec<String>,
        hub: Hub,
        fleet: Fleet,
        hang_up: Signal,
        terminal: Terminal,
    ) -> Self {
        Reloader {
            source,
            hub,
            fleet,
            api_keys,
            hang_up,
            terminal,
            watching: config.runtime.watch,
            watch: Watch::default(),
            components: wire::components(config),
        }
    }

    /// Wait for reasons to reload; never ends by itself.
    pub(super) async fn run(mut self) {
        self.settle().await;
        loop {
            let cause = tokio::select! {
                hung_up = self.hang_up.recv() => match hung_up {
                    // Of a terminal that is gone: that ends the server.
                    Some(()) if self.terminal.gone() => continue,
                    Some(()) => "SIGHUP",
                    None => return,
                },
                () = sleep(watch::EVERY), if self.watching => {
                    let now = self.picture().await;
                    if !self.watch.look(now) {
                        continue;
                    }
                    "a file has changed"
                }
            };
            self.reload(cause).await;
        }
    }

    async fn reload(&mut self, cause: &str) {
        let began = Instant::now();
        // What changes from here on is another change.
        self.settle().await;
        let (changes, warnings) = match self.exchange().await {
            Ok(done) => done,
            Err(refusal) => {
                for line in &refusal {
                    tracing::error!("{line}");
                }
                tracing::error!(
                    cause,
                    ms = millis(began),
                    "THE CONFIGURATION WAS NOT RELOADED: the server goes on with the one it has"
                );
                return;
            }
        };
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        for key in &changes.restart {
            tracing::warn!("{key} needs a restart");
        }
        tracing::info!(
            cause,
            ms = millis(began),
            loaded = %changes.loaded.join(", "),
            kept = %changes.kept.join(", "),
            dropped = %changes.dropped.join(", "),
            sessions = self.hub.sessions(),
            "configuration reloaded"
        );
        // Components that were not looked at before.
        self.settle_new().await;
    }

    /// Read, check, load, and only then exchange.
    async fn exchange(&mut self) -> Result<(Changes, Vec<Problem>), Refusal> {
        let source = self.source.clone();
        let read = spawn_blocking(move || read(&source)).await;
        let (Loaded { config, warnings }, environment) =
            read.unwrap_or_else(|error| Err(vec![format!("reading stopped: {error}")]))?;
        let lines = |error: Error| -> Refusal {
            let text = format!("{error:#}");
            text.lines().map(|line| line.trim().to_owned()).collect()
        };
        let changes = self.fleet.reload(&config, &environment).await;
        let mut changes = changes.map_err(lines)?;
        let hub_config = self.fleet.hub_config(&config);
        self.hub.reload(hub_config, self.fleet.providers());
        if wire::gateway(&environment).api_keys != self.api_keys {
            changes.restart.push("TTH_API_KEYS".to_owned());
        }
        self.watching = config.runtime.watch;
        self.components = wire::components(&config);
        Ok((changes, warnings))
    }

    async fn picture(&self) -> Picture {
        let mut files = self.components.clone();
        let Source { profile, config } = self.source.clone();
        let work = move || {
            files.extend(config::files(&config, &profile));
            files.push(Environment::file(Path::new(".")));
            watch::picture(files)
        };
        spawn_blocking(work).await.unwrap_or_default()
    }

    async fn settle(&mut self) {
        if self.watching {
            let now = self.picture().await;
            self.watch.settle(now);
        }
    }

    /// Others are looked at from now on; what has changed of those before since the reload began still counts.
    async fn settle_new(&mut self) {
        if self.watching {
            let now = self.picture().await;
            self.watch.settle_new(now);
        }
    }
}

/// The configuration and the environment as they are now.
fn read(source: &Source) -> Result<(Loaded, Environment), Refusal> {
    let environment =
        Environment::load(Path::new(".")).map_err(|error| vec![format!("{error:#}")])?;
    let loaded = config::load(&source.config, &source.profile, &environment);
    let lines =
        |problems: Vec<Problem>| -> Refusal { problems.iter().map(Problem::to_string).collect() };
    Ok((loaded.map_err(lines)?, environment))
}
