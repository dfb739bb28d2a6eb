//! Reading a provider's settings, and making errors.

use crate::{Error, ErrorCode, LoadConfig, bindings};
use serde::de::DeserializeOwned;

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

impl LoadConfig {
    /// The settings as the provider's own type. Give it `#[serde(default, deny_unknown_fields)]`
    /// so that a misspelt key is an error that names it.
    ///
    /// # Errors
    /// `invalid-config` with what serde found wrong and where.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let text = if self.settings.trim().is_empty() {
            "{}"
        } else {
            &self.settings
        };
        serde_json::from_str(text).map_err(|e| invalid_config(format!("settings: {e}")))
    }
}

impl bindings::types::tth::types::controls::Control {
    fn value(&self, name: &str) -> Option<&crate::ParamValue> {
        self.params
            .iter()
            .rev()
            .find(|p| p.name == name)
            .map(|p| &p.value)
    }

    /// The last number given for `name`; `None` where it is absent, not a number or not finite.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.value(name) {
            Some(crate::ParamValue::Number(n)) if n.is_finite() => Some(*n),
            _ => None,
        }
    }

    /// The last text given for `name`.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name) {
            Some(crate::ParamValue::Text(t)) => Some(t),
            _ => None,
        }
    }

    /// The last flag given for `name`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.value(name) {
            Some(crate::ParamValue::Flag(f)) => Some(*f),
            _ => None,
        }
    }
}

/// The context of a batch call, which belongs to no session.
pub(crate) fn batch_context() -> crate::CallContext {
    crate::CallContext {
        session_id: String::new(),
        turn_id: String::new(),
        language: "en".into(),
        first_output_budget_ms: u32::MAX,
    }
}
