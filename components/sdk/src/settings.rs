//! A provider's settings and parameters: reading them, and saying what is wrong with them.

use crate::{Error, LoadConfig, bindings, invalid_config};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

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

/// The setting of that name where it is a number; it must be within these bounds.
///
/// # Errors
/// `invalid-config` where it is not.
pub fn within(name: &str, value: Option<f64>, low: f64, high: f64) -> Result<(), Error> {
    match value {
        Some(value) if !(low..=high).contains(&value) => Err(invalid_config(format!(
            "settings: {name} is {value}, but must be {low} to {high}"
        ))),
        _ => Ok(()),
    }
}

/// The setting of that name where it is a word; it must be one of these.
///
/// # Errors
/// `invalid-config` where it is not.
pub fn one_of(name: &str, value: Option<&str>, words: &[&str]) -> Result<(), Error> {
    match value {
        Some(value) if !words.contains(&value) => Err(invalid_config(format!(
            "settings: {name} must be one of {}",
            words.join(", ")
        ))),
        _ => Ok(()),
    }
}

/// The setting `extra`, further fields of every request; it must hold none of the adapter's `own`.
///
/// # Errors
/// `invalid-config` with the first that it holds.
pub fn extra(fields: &Map<String, Value>, own: &[&str]) -> Result<(), Error> {
    match own.iter().find(|key| fields.contains_key(**key)) {
        Some(key) => Err(invalid_config(format!(
            "settings: extra holds {key}, which is set by a setting of its own or by the adapter"
        ))),
        None => Ok(()),
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        #[serde(default)]
        word: String,
    }

    fn message(checked: Result<(), Error>) -> String {
        let error = checked.unwrap_err();
        assert_eq!(error.code, crate::ErrorCode::InvalidConfig);
        error.message
    }

    #[test]
    fn settings_are_read_from_text_and_from_values() {
        let word = |config: LoadConfig| config.settings::<Own>().map(|own| own.word);
        assert_eq!(word(LoadConfig::of(r#"{"word": "a"}"#)).unwrap(), "a");
        assert_eq!(word(LoadConfig::of(json!({"word": "a"}))).unwrap(), "a");
        assert_eq!(word(LoadConfig::of(" ")).unwrap(), "");
        let misspelt = word(LoadConfig::of(json!({"wrod": "a"}))).unwrap_err();
        assert!(misspelt.message.contains("wrod"), "{}", misspelt.message);
    }

    #[test]
    fn numbers_have_bounds_which_are_within() {
        for value in [None, Some(0.5), Some(1.0), Some(2.0)] {
            within("speed", value, 0.5, 2.0).unwrap();
        }
        assert_eq!(
            message(within("speed", Some(2.5), 0.5, 2.0)),
            "settings: speed is 2.5, but must be 0.5 to 2"
        );
        for value in [0.4, f64::NAN, f64::INFINITY] {
            message(within("speed", Some(value), 0.5, 2.0));
        }
    }

    #[test]
    fn words_are_of_a_list() {
        one_of("effort", None, &["low", "high"]).unwrap();
        one_of("effort", Some("high"), &["low", "high"]).unwrap();
        assert_eq!(
            message(one_of("effort", Some("High"), &["low", "high"])),
            "settings: effort must be one of low, high"
        );
    }

    #[test]
    fn further_fields_are_not_the_adapters_own() {
        let fields = json!({"seed": 7, "stream": false});
        let fields = fields.as_object().unwrap();
        extra(fields, &["model"]).unwrap();
        assert!(message(extra(fields, &["model", "stream"])).contains("extra holds stream,"));
    }
}
