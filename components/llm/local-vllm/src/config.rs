//! What the configuration may say, and its limits.

use serde::Deserialize;
use serde_json::{Map, Value};
use tth_sdk::http::Url;
use tth_sdk::{Error, LoadConfig, invalid_config, settings};

/// Where the server is if nothing else is said.
const BASE_URL: &str = "http://127.0.0.1:8000/v1";
/// Fields of the request that are the adapter's business, or have a setting of their own.
const OWN: [&str; 7] = [
    "messages",
    "stream",
    "stream_options",
    "model",
    "temperature",
    "top_p",
    "max_tokens",
];

/// `settings` of the provider's block.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    base_url: String,
    model: Option<String>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    max_tokens: Option<u32>,
    extra: Map<String, Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            base_url: BASE_URL.into(),
            model: None,
            temperature: None,
            top_p: None,
            max_tokens: None,
            extra: Map::new(),
        }
    }
}

/// Settings that make sense.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// What `/chat/completions` and `/models` stand below.
    pub(crate) base: Url,
    /// The model to ask; else the first one that the server has.
    pub(crate) model: Option<String>,
    /// Where the controls say nothing; else the model's own.
    pub(crate) temperature: Option<f64>,
    /// As `temperature`.
    pub(crate) top_p: Option<f64>,
    /// The longest answer.
    pub(crate) max_tokens: Option<u32>,
    /// Further fields of every request.
    pub(crate) extra: Map<String, Value>,
}

impl Config {
    pub(crate) fn load(config: &LoadConfig) -> Result<Self, Error> {
        let settings: Settings = config.settings()?;
        let base = Url::base_url(&settings.base_url, BASE_URL)?;
        if settings
            .model
            .as_deref()
            .is_some_and(|model| model.trim().is_empty())
        {
            return Err(invalid_config(
                "settings: model is empty; name one, or leave it out for the server's first",
            ));
        }
        settings::within("temperature", settings.temperature, 0.0, 2.0)?;
        settings::within("top_p", settings.top_p, 0.0, 1.0)?;
        if settings.max_tokens == Some(0) {
            return Err(invalid_config(
                "settings: max_tokens is 0, but must be 1 or more",
            ));
        }
        settings::extra(&settings.extra, &OWN)?;
        Ok(Config {
            base,
            model: settings.model,
            temperature: settings.temperature,
            top_p: settings.top_p,
            max_tokens: settings.max_tokens,
            extra: settings.extra,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn load(settings: &str) -> Result<Config, Error> {
        Config::load(&LoadConfig::of(settings))
    }

    #[test]
    fn nothing_has_to_be_said() {
        let config = load("{}").unwrap();
        assert_eq!(config.base.to_string(), "http://127.0.0.1:8000/v1");
        assert!(config.model.is_none() && config.extra.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (settings, named) in [
            (r#"{"base_url": "127.0.0.1:8000"}"#, "base_url"),
            (r#"{"base_url": "http://u:p@127.0.0.1"}"#, "base_url"),
            (r#"{"model": " "}"#, "model"),
            (r#"{"temperature": 2.5}"#, "temperature is 2.5"),
            (r#"{"top_p": -1}"#, "top_p is -1"),
            (r#"{"max_tokens": 0}"#, "max_tokens"),
            (r#"{"temprature": 1}"#, "temprature"),
            (r#"{"extra": {"stream": false}}"#, "stream"),
            (r#"{"extra": {"model": "x"}}"#, "model"),
        ] {
            let error = load(settings).unwrap_err();
            assert_eq!(error.code, tth_sdk::ErrorCode::InvalidConfig);
            assert!(
                error.message.contains(named),
                "{settings}: {}",
                error.message
            );
            assert!(
                !error.message.contains("u:p"),
                "no credentials are repeated"
            );
        }
    }
}
