//! What the process says of itself: lines for people on a terminal, JSON elsewhere, on stderr.
//!
//! `TTH_LOG` chooses what is said, e.g. `debug` or `info,tth_runtime=debug`. Nothing that is logged
//! holds a secret: those are attached to requests below everything that logs.

use crate::environment::Environment;
use anyhow::{Context, Result, anyhow};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// The variable that chooses.
const VARIABLE: &str = "TTH_LOG";
/// Libraries that say too much below this; they say more where `TTH_LOG` names them.
const QUIET: &str = "wasmtime=info,wasmtime_wasi_http=info,hyper_util=info,h2=info,rustls=info";

/// Says what `TTH_LOG` asks for, or else `usual`.
///
/// # Errors
/// When `TTH_LOG` is no filter.
pub(crate) fn start(environment: &Environment, usual: &str) -> Result<()> {
    let chosen = environment.get(VARIABLE).unwrap_or(usual);
    let filter = EnvFilter::try_new(format!("{QUIET},{chosen}")).with_context(|| {
        format!(
            "{VARIABLE} is {chosen:?}, expected a level or a list such as `info,tth_core=debug`"
        )
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Whoever read the log may be gone, with the terminal for one: nobody is left to be told of that.
        .log_internal_errors(false);
    let started = match std::io::stderr().is_terminal() {
        true => builder.with_target(false).try_init(),
        false => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("starting the log: {error}"))
}
