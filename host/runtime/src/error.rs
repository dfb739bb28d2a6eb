//! What can go wrong: while loading a provider ([`RuntimeError`]) and inside a running instance
//! ([`Fault`]).

use crate::check::CheckError;
use crate::meter::Meter;
use crate::store::LastWords;
use std::path::PathBuf;
use thiserror::Error;
use tth_core::provider::{ErrorCode, ProviderError};
use wasmtime::component::ResourceTableError;

/// Why the runtime could not start or a provider could not be loaded: which, what was wrong and what
/// to do.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// The engine could not be made.
    #[error(
        "the WebAssembly engine did not start: {reason}; lower `total_instances` if address space is limited"
    )]
    Engine {
        /// What the engine said.
        reason: String,
    },
    /// The component's file could not be read.
    #[error("provider `{id}`: {} cannot be read: {reason}; build the components or correct `component`", file.display())]
    Read {
        /// The provider.
        id: String,
        /// Its component.
        file: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The file is no component that can be served.
    #[error("provider `{id}`: {}: {reason}", file.display())]
    Check {
        /// The provider.
        id: String,
        /// Its component.
        file: PathBuf,
        /// What was found.
        reason: CheckError,
    },
    /// The component serves another role than the one it is configured for.
    #[error("provider `{id}`: {} is a component of role {found}, but is configured as {wanted}; correct `role` or `component`", file.display())]
    WrongRole {
        /// The provider.
        id: String,
        /// Its component.
        file: PathBuf,
        /// The role of the component.
        found: &'static str,
        /// The role of the configuration.
        wanted: &'static str,
    },
    /// The component did not compile or link.
    #[error("provider `{id}`: {} does not fit this host: {reason}; rebuild it against the contract", file.display())]
    Link {
        /// The provider.
        id: String,
        /// Its component.
        file: PathBuf,
        /// What the engine said.
        reason: String,
    },
    /// A part of its configuration is wrong.
    #[error("provider `{id}`: {reason}")]
    Config {
        /// The provider.
        id: String,
        /// Which part, and what would be right.
        reason: String,
    },
    /// The provider itself refused to load, or broke while loading.
    #[error("provider `{id}`: {} did not load: {reason}", file.display())]
    Load {
        /// The provider.
        id: String,
        /// Its component.
        file: PathBuf,
        /// What the provider, or the runtime about it, said.
        reason: ProviderError,
    },
}

/// How a call went wrong inside its instance.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The guest said so itself; the instance is sound.
    Reported(ProviderError),
    /// The core left.
    Cancelled,
    /// The guest sent something that it must not send.
    Bad(String),
    /// The guest closed its events but did not say how the call ended.
    NoOutcome,
    /// It took too long, in milliseconds, to do this.
    Slow(&'static str, u64),
    /// The engine stopped the guest.
    Trap(wasmtime::Error),
}

impl From<wasmtime::Error> for Fault {
    fn from(error: wasmtime::Error) -> Self {
        Fault::Trap(error)
    }
}

impl From<ProviderError> for Fault {
    fn from(error: ProviderError) -> Self {
        Fault::Reported(error)
    }
}

/// What the engine says of data that it cannot pass on, for somebody who does not know the engine.
fn in_plain_words(engine: &str) -> String {
    if engine.starts_with("invalid utf-8") {
        return "broke the contract: it sent text that is not UTF-8".into();
    }
    if engine.contains("fuel allocated for hostcalls") {
        return "sent more at once than the host takes in one piece".into();
    }
    format!("failed: {engine}")
}

impl Fault {
    /// As the core sees it, in a sentence that names the provider and the cause.
    pub(crate) fn explain(
        self,
        id: &str,
        meter: &Meter,
        memory_mb: u32,
        words: &LastWords,
    ) -> ProviderError {
        let new = |code, text: String| ProviderError::new(code, format!("provider `{id}` {text}"));
        match self {
            Fault::Reported(error) => error,
            Fault::Cancelled => new(ErrorCode::Cancelled, "was cancelled".into()),
            Fault::Bad(what) => new(
                ErrorCode::Internal,
                format!("broke the contract: it sent {what}"),
            ),
            Fault::NoOutcome => new(
                ErrorCode::Internal,
                "closed its events but did not say how the call ended".into(),
            ),
            Fault::Slow(what, ms) => {
                new(ErrorCode::Timeout, format!("did not {what} within {ms} ms"))
            }
            Fault::Trap(error) => {
                tracing::warn!(provider = id, "{error:?}");
                if let Some(ms) = meter.exceeded() {
                    return new(
                        ErrorCode::Timeout,
                        format!("used more than the {ms} ms of CPU it may use"),
                    );
                }
                if error
                    .downcast_ref::<wasmtime::PoolConcurrencyLimitError>()
                    .is_some()
                {
                    let text = "got no instance: all of the host's are in use".into();
                    return ProviderError {
                        crowded: true,
                        ..new(ErrorCode::Unavailable, text)
                    };
                }
                // The engine's own words for it would tell an operator nothing.
                let hoarded = matches!(
                    error.downcast_ref::<ResourceTableError>(),
                    Some(ResourceTableError::Full)
                );
                let cause = match (
                    meter.memory_refused(),
                    error.downcast_ref::<wasmtime::Trap>(),
                ) {
                    (true, _) => format!("ran out of the {memory_mb} MiB of memory it may use"),
                    (false, Some(trap)) => format!("trapped: {trap}"),
                    (false, None) if hoarded => {
                        "held more streams, requests and other handles than it may".into()
                    }
                    (false, None) => in_plain_words(&error.root_cause().to_string()),
                };
                let said = match words.get() {
                    words if words.is_empty() => String::new(),
                    words => format!("; it last said: {words}"),
                };
                new(ErrorCode::Internal, cause + &said)
            }
        }
    }
}
