//! What the configuration may say, and its limits.

use serde::Deserialize;
use serde_json::{Map, Value};
use tth_sdk::http::Url;
use tth_sdk::vendor::openai;
use tth_sdk::{Error, LoadConfig, invalid_config, settings};

/// Where the server is if nothing else is said.
const BASE_URL: &str = "https://api.openai.com/v1";
/// The model where none is configured: the small one of the current family.
pub(crate) const MODEL: &str = "gpt-6-luna";
/// How much a model may be told to think, the usual amount first; each takes some of these.
pub(crate) const EFFORTS: [&str; 7] = ["medium", "none", "minimal", "low", "high", "xhigh", "max"];
/// How much it may be told to say, the usual amount first.
pub(crate) const VERBOSITIES: [&str; 3] = ["medium", "low", "high"];
/// The shortest limit of an answer that the vendor takes, in tokens.
const SHORTEST: u32 = 16;
/// Fields of the request that are the adapter's business, or have a setting of their own. What is
/// kept at the vendor, and so could reach another session, is among them.
const OWN: [&str; 15] = [
    "model",
    "input",
    "instructions",
    "stream",
    "stream_options",
    "store",
    "temperature",
    "top_p",
    "max_output_tokens",
    "reasoning",
    "text",
    "background",
    "conversation",
    "previous_response_id",
    "tools",
];

/// `settings` of the provider's block.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    base_url: String,
    model: String,
    temperature: Option<f64>,
    top_p: Option<f64>,
    max_output_tokens: Option<u32>,
    reasoning_effort: Option<String>,
    verbosity: Option<String>,
    extra: Map<String, Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            base_url: BASE_URL.into(),
            model: MODEL.into(),
            temperature: None,
            top_p: None,
            max_output_tokens: None,
            reasoning_effort: None,
            verbosity: None,
            extra: Map::new(),
        }
    }
}

/// Settings that make sense.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// What `/responses` stands below.
    pub(crate) base: Url,
    /// The model to ask.
    pub(crate) model: String,
    /// Where the controls say nothing; else the model's own. Not every model takes it.
    pub(crate) temperature: Option<f64>,
    /// As `temperature`.
    pub(crate) top_p: Option<f64>,
    /// The longest answer in tokens, thoughts included.
    pub(crate) max_output_tokens: Option<u32>,
    /// How much it thinks before it speaks; else the model's own.
    pub(crate) reasoning_effort: Option<String>,
    /// How much it says; else the model's own.
    pub(crate) verbosity: Option<String>,
    /// Further fields of every request.
    pub(crate) extra: Map<String, Value>,
}

impl Config {
    pub(crate) fn load(config: &LoadConfig) -> Result<Self, Error> {
        let settings: Settings = config.settings()?;
        let base = Url::base_url(&settings.base_url, BASE_URL)?;
        settings::within("temperature", settings.temperature, 0.0, 2.0)?;
        settings::within("top_p", settings.top_p, 0.0, 1.0)?;
        settings::one_of(
            "reasoning_effort",
            settings.reasoning_effort.as_deref(),
            &EFFORTS,
        )?;
        settings::one_of("verbosity", settings.verbosity.as_deref(), &VERBOSITIES)?;
        if settings
            .max_output_tokens
            .is_some_and(|most| most < SHORTEST)
        {
            return Err(invalid_config(format!(
                "settings: max_output_tokens must be {SHORTEST} or more"
            )));
        }
        settings::extra(&settings.extra, &OWN)?;
        Ok(Config {
            base,
            model: openai::model(settings.model, MODEL)?,
            temperature: settings.temperature,
            top_p: settings.top_p,
            max_output_tokens: settings.max_output_tokens,
            reasoning_effort: settings.reasoning_effort,
            verbosity: settings.verbosity,
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
        assert_eq!(config.base.to_string(), "https://api.openai.com/v1");
        assert_eq!(config.model, "gpt-6-luna");
        assert!(config.temperature.is_none() && config.extra.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (settings, named) in [
            (r#"{"base_url": "api.openai.com"}"#, "base_url"),
            (r#"{"base_url": "https://u:p@api.openai.com"}"#, "base_url"),
            (r#"{"model": " "}"#, "model"),
            (r#"{"model": null}"#, "null"),
            (r#"{"temperature": 2.5}"#, "temperature is 2.5"),
            (r#"{"top_p": -1}"#, "top_p is -1"),
            (r#"{"max_output_tokens": 15}"#, "max_output_tokens"),
            (r#"{"reasoning_effort": "lots"}"#, "reasoning_effort"),
            (r#"{"verbosity": "chatty"}"#, "verbosity"),
            (r#"{"temprature": 1}"#, "temprature"),
            (r#"{"extra": {"store": true}}"#, "store"),
            (r#"{"extra": {"conversation": "c"}}"#, "conversation"),
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
