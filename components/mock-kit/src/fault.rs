//! Faults on demand: fail at a chosen point with a chosen error, or fall silent.

use serde::Deserialize;
use tth_sdk::{Error, ErrorCode};

use crate::delay;

/// Where a scripted failure strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum At {
    /// When the provider is loaded.
    Load,
    /// When a call starts, before its first output.
    #[default]
    Start,
    /// Before the output number `after` of a call: a token, a chunk of sound, a frame.
    #[serde(alias = "token", alias = "chunk", alias = "frame")]
    Output,
}

/// A scripted failure.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fail {
    /// Where it strikes.
    pub at: At,
    /// Outputs that a call still makes first; only for [`At::Output`].
    pub after: u32,
    /// The contract's error code, e.g. `rate-limited` (or `rate_limited`).
    pub code: Code,
    /// What a limited or overloaded vendor would ask for.
    pub retry_after_ms: Option<u32>,
}

impl Default for Fail {
    fn default() -> Self {
        Fail {
            at: At::Start,
            after: 0,
            code: Code::Unavailable,
            retry_after_ms: None,
        }
    }
}

/// The contract's error codes as settings name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "documented in the contract")]
pub enum Code {
    #[serde(alias = "invalid_config")]
    InvalidConfig,
    #[serde(alias = "invalid_input")]
    InvalidInput,
    Unauthenticated,
    #[serde(alias = "quota_exceeded")]
    QuotaExceeded,
    #[serde(alias = "rate_limited")]
    RateLimited,
    Unavailable,
    Timeout,
    Unsupported,
    Cancelled,
    Internal,
}

impl From<Code> for ErrorCode {
    fn from(code: Code) -> Self {
        match code {
            Code::InvalidConfig => ErrorCode::InvalidConfig,
            Code::InvalidInput => ErrorCode::InvalidInput,
            Code::Unauthenticated => ErrorCode::Unauthenticated,
            Code::QuotaExceeded => ErrorCode::QuotaExceeded,
            Code::RateLimited => ErrorCode::RateLimited,
            Code::Unavailable => ErrorCode::Unavailable,
            Code::Timeout => ErrorCode::Timeout,
            Code::Unsupported => ErrorCode::Unsupported,
            Code::Cancelled => ErrorCode::Cancelled,
            Code::Internal => ErrorCode::Internal,
        }
    }
}

/// What a provider's settings ask to go wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    fail: Option<Fail>,
    stall_after: Option<u32>,
}

impl Faults {
    /// From the settings `fail` and `stall_after` (outputs that a call makes before it falls silent
    /// for good).
    pub fn new(fail: Option<Fail>, stall_after: Option<u32>) -> Self {
        Faults { fail, stall_after }
    }

    /// Whether loading is to fail.
    ///
    /// # Errors
    /// The scripted one.
    pub fn at_load(&self) -> Result<(), Error> {
        self.strike(|fail| fail.at == At::Load)
    }

    /// Whether a call is to fail as it starts.
    ///
    /// # Errors
    /// The scripted one.
    pub fn at_start(&self) -> Result<(), Error> {
        self.strike(|fail| fail.at == At::Start)
    }

    /// Call this before output number `sent` (from 0) of a call. Does not return where the settings
    /// ask for silence.
    ///
    /// # Errors
    /// The scripted one.
    pub async fn before_output(&self, sent: u64) -> Result<(), Error> {
        self.strike(|fail| fail.at == At::Output && sent >= u64::from(fail.after))?;
        if self
            .stall_after
            .is_some_and(|after| sent >= u64::from(after))
        {
            delay::stall().await;
        }
        Ok(())
    }

    /// How many outputs of a call may go out in one write without passing over a fault.
    pub fn batch(&self, most: usize) -> usize {
        let quiet = self.stall_after.is_none()
            && self.fail.as_ref().is_none_or(|fail| fail.at != At::Output);
        if quiet { most.max(1) } else { 1 }
    }

    fn strike(&self, due: impl Fn(&Fail) -> bool) -> Result<(), Error> {
        match &self.fail {
            Some(fail) if due(fail) => Err(Error {
                code: fail.code.into(),
                message: "this failure was asked for in the settings".into(),
                retry_after_ms: fail.retry_after_ms,
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use futures::executor::block_on;

    fn fail(at: At, after: u32) -> Faults {
        let fail = Fail {
            at,
            after,
            code: Code::RateLimited,
            retry_after_ms: Some(70),
        };
        Faults::new(Some(fail), None)
    }

    #[test]
    fn strikes_where_asked_and_nowhere_else() {
        let load = fail(At::Load, 0);
        let error = load.at_load().unwrap_err();
        assert_eq!(
            (error.code, error.retry_after_ms),
            (ErrorCode::RateLimited, Some(70))
        );
        assert!(load.at_start().is_ok());
        assert!(block_on(load.before_output(9)).is_ok());

        let start = fail(At::Start, 0);
        assert!(start.at_load().is_ok());
        assert!(start.at_start().is_err());

        let output = fail(At::Output, 2);
        assert!(output.at_load().is_ok() && output.at_start().is_ok());
        assert!(block_on(output.before_output(1)).is_ok());
        assert!(block_on(output.before_output(2)).is_err());
    }

    #[test]
    fn falls_silent_after_the_given_count() {
        let faults = Faults::new(None, Some(3));
        assert!(faults.before_output(2).now_or_never().is_some());
        assert!(faults.before_output(3).now_or_never().is_none());
    }

    #[test]
    fn never_batches_over_a_fault() {
        assert_eq!(Faults::default().batch(8), 8);
        assert_eq!(fail(At::Start, 0).batch(8), 8);
        assert_eq!(fail(At::Output, 4).batch(8), 1);
        assert_eq!(Faults::new(None, Some(1)).batch(8), 1);
    }
}
