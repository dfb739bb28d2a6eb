//! Making errors.

use crate::{Error, ErrorCode};

/// An error of the contract. The message is one sentence for an operator and never holds a secret.
pub fn error(code: ErrorCode, message: impl Into<String>) -> Error {
    Error {
        code,
        message: message.into(),
        retry_after_ms: None,
    }
}

/// The settings are wrong; retrying cannot help.
pub fn invalid_config(message: impl Into<String>) -> Error {
    error(ErrorCode::InvalidConfig, message)
}

/// The input of this call is wrong; retrying cannot help.
pub fn invalid_input(message: impl Into<String>) -> Error {
    error(ErrorCode::InvalidInput, message)
}
