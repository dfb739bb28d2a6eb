//! The command `serve`: from a configuration to a listening server, to the next configuration, and back down in
//! good order.

mod reload;
mod terminal;
mod watch;

use crate::cli::ServeArgs;
use crate::config::Loaded;
use crate::environment::Environment;
use crate::wire;
use anyhow::{Context, Result, anyhow};
use reload::Reloader;
use std::io::{self, ErrorKind, Write as _};
use std::sync::Arc;
use std::time::Duration;
use terminal::Terminal;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Serves until SIGINT or SIGTERM. Turns may then be finished for `runtime.shutdown_s`, and requests in
/// flight for 5 s more; a second signal ends all at once. SIGHUP reads the configuration anew.
///
/// # Errors
/// When the address cannot be taken or a provider cannot be loaded.
pub(crate) async fn serve(
    args: &ServeArgs,
    loaded: Loaded,
    environment: &Environment,
) -> Result<()> {
    // The signals first: one that comes while providers load must not be lost.
    let terminal = Terminal::now();
    let mut stop = Stop::new(terminal).context("listening for signals")?;
    let hang_up = signal(SignalKind::hangup()).context("listening for signals")?;
    // Then the port: that it is taken should be said before anything is compiled.
    let listener = TcpListener::bind(&args.listen)
        .await
        .map_err(|error| explain(&args.listen, &error))?;
    let address = listener.local_addr().context("asking for the address")?;
    let gateway = wire::gateway(environment);
    if gateway.api_keys.is_empty() && !address.ip().is_loopback() {
        tracing::warn!(
            "TTH_API_KEYS is not set: clients of other machines are refused until it is"
        );
    }
    let (hub, fleet) = tokio::select! {
        hub = wire::hub(&loaded.config, environment) => hub?,
        name = stop.wait() => {
            tracing::info!("{name} before the providers were loaded");
            return Ok(());
        }
    };
    let bound_us = loaded.config.runtime.shutdown_s * 1_000_000;
    let reloader = Reloader::new(
        args.source.clone(),
        &loaded.config,
        gateway.api_keys.clone(),
        hub.clone(),
        fleet,
        hang_up,
        terminal,
    );
    drop(loaded);
    tokio::spawn(reloader.run());

    let router = tth_gateway::router(Arc::new(hub.clone()), gateway);
    announce(&format!("listening on http://{address}"));
    let stopped = async move {
        let name = stop.wait().await;
        tracing::info!(sessions = hub.sessions(), "{name}: shutting down");
        tokio::spawn(async move {
            let name = stop.wait().await;
            eprintln!("{name} again: ending at once");
            std::process::exit(1);
        });
        let listened = hub.sessions() > 0;
        hub.drain(bound_us).await;
        if listened {
            // WebSockets are out of the server's sight: what was said last is still on its way to them.
            tokio::time::sleep(LAST_WORDS).await;
        }
    };
    tth_gateway::serve(listener, router, stopped)
        .await
        .context("serving")?;
    tracing::info!("stopped");
    Ok(())
}

/// How long the streams of sessions that have ended are given to say so.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// One line on stdout, for people and for whoever started this.
fn announce(line: &str) {
    let mut stdout = io::stdout().lock();
    // Nobody may be reading: the server runs all the same.
    let _unread = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// Why an address could not be taken, and what to do.
fn explain(listen: &str, error: &io::Error) -> anyhow::Error {
    let (host, port) = listen.rsplit_once(':').unwrap_or((listen, ""));
    match error.kind() {
        ErrorKind::AddrInUse => {
            let next = port
                .parse::<u16>()
                .unwrap_or(8787)
                .wrapping_add(1)
                .max(1024);
            anyhow!(
                "{listen} is taken by another program; stop that one (`ss -ltnp 'sport = :{port}'` \
                 names it) or choose another address, e.g. `--listen {host}:{next}`"
            )
        }
        ErrorKind::PermissionDenied => anyhow!(
            "{listen} may not be taken: ports below 1024 need a privilege; choose another one, \
             e.g. `--listen {host}:8787`"
        ),
        ErrorKind::AddrNotAvailable => anyhow!(
            "{host} is no address of this machine; use 127.0.0.1, or 0.0.0.0 for all of its addresses"
        ),
        ErrorKind::InvalidInput => {
            anyhow!("{listen:?} is no address, expected HOST:PORT, e.g. 127.0.0.1:8787")
        }
        _ => anyhow!("{listen} cannot be listened on: {error}"),
    }
}

/// The signals that end a server.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    terminal: Terminal,
}

impl Stop {
    fn new(terminal: Terminal) -> io::Result<Self> {
        Ok(Stop {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            terminal,
        })
    }

    /// The name of the next one.
    async fn wait(&mut self) -> &'static str {
        loop {
            return tokio::select! {
                _ = self.interrupt.recv() => "SIGINT",
                _ = self.terminate.recv() => "SIGTERM",
                _ = self.hang_up.recv() => match self.terminal.gone() {
                    true => "SIGHUP of a terminal that was closed",
                    // It asks for a reload, which is another one's business.
                    false => continue,
                },
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_says_what_to_do() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let taken = listener.local_addr().unwrap().to_string();
        let error = TcpListener::bind(&taken).await.unwrap_err();
        let text = explain(&taken, &error).to_string();
        assert!(text.starts_with(&format!("{taken} is taken")), "{text}");
        assert!(text.contains("--listen 127.0.0.1:"), "{text}");
    }

    #[tokio::test]
    async fn what_is_no_address_says_what_is() {
        let error = TcpListener::bind("nonsense").await.unwrap_err();
        let text = explain("nonsense", &error).to_string();
        assert!(text.contains("expected HOST:PORT"), "{text}");
    }
}
