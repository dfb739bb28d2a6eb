//! What the configuration may say, and its limits.

use serde::Deserialize;
use serde_json::Value;
use tth_sdk::http::Url;
use tth_sdk::vendor::openai;
use tth_sdk::{Error, LoadConfig, invalid_config, settings};

/// Where the server is if nothing else is said.
const BASE_URL: &str = "https://api.openai.com/v1";
/// The model where none is configured: the small one of the current family.
pub(crate) const MODEL: &str = "gpt-realtime-2.1-mini";
/// How much a model may be told to think, the usual amount first.
pub(crate) const EFFORTS: [&str; 5] = ["medium", "minimal", "low", "high", "xhigh"];
/// The longest limit of an answer that the vendor takes, in tokens.
const LONGEST: u32 = 4096;

/// `settings` of the provider's block.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    base_url: String,
    model: String,
    max_output_tokens: Option<Most>,
    reasoning_effort: Option<String>,
}

/// A number, or "inf".
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Most {
    Tokens(u32),
    Word(String),
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            base_url: BASE_URL.into(),
            model: MODEL.into(),
            max_output_tokens: None,
            reasoning_effort: None,
        }
    }
}

/// Settings that make sense.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where the WebSocket is opened, the model included.
    pub(crate) url: String,
    /// The model to ask.
    pub(crate) model: String,
    /// The longest answer in tokens, as it is sent; else the vendor's own, which is "inf".
    pub(crate) max_output_tokens: Option<Value>,
    /// How much it thinks before it speaks; else the model's own.
    pub(crate) reasoning_effort: Option<String>,
}

impl Config {
    pub(crate) fn load(config: &LoadConfig) -> Result<Self, Error> {
        let settings: Settings = config.settings()?;
        let base = Url::base_url(&settings.base_url, BASE_URL)?;
        settings::one_of(
            "reasoning_effort",
            settings.reasoning_effort.as_deref(),
            &EFFORTS,
        )?;
        let max_output_tokens = match settings.max_output_tokens {
            None => None,
            Some(Most::Tokens(most @ 1..=LONGEST)) => Some(Value::from(most)),
            Some(Most::Word(word)) if word == "inf" => Some(Value::from(word)),
            Some(_) => {
                return Err(invalid_config(format!(
                    "settings: max_output_tokens must be 1 to {LONGEST}, or \"inf\""
                )));
            }
        };
        let model = openai::model(settings.model, MODEL)?;
        // "https" becomes "wss", "http" becomes "ws".
        let address = base.join("realtime").to_string().replacen("http", "ws", 1);
        Ok(Config {
            url: format!("{address}?model={model}"),
            model,
            max_output_tokens,
            reasoning_effort: settings.reasoning_effort,
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
        assert_eq!(
            config.url,
            "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1-mini"
        );
        assert_eq!(config.model, "gpt-realtime-2.1-mini");
        assert!(config.max_output_tokens.is_none() && config.reasoning_effort.is_none());
    }

    #[test]
    fn an_address_in_the_clear_stays_so() {
        let config = load(r#"{"base_url": "http://127.0.0.1:8000/v1/", "model": "m"}"#).unwrap();
        assert_eq!(config.url, "ws://127.0.0.1:8000/v1/realtime?model=m");
    }

    #[test]
    fn an_answer_may_be_endless() {
        let most = |settings: &str| load(settings).unwrap().max_output_tokens;
        assert_eq!(most(r#"{"max_output_tokens": "inf"}"#), Some("inf".into()));
        assert_eq!(most(r#"{"max_output_tokens": 4096}"#), Some(4096.into()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (settings, named) in [
            (r#"{"base_url": "wss://api.openai.com"}"#, "base_url"),
            (r#"{"base_url": "https://u:p@api.openai.com"}"#, "base_url"),
            (r#"{"model": "a&b=c"}"#, "model"),
            (r#"{"max_output_tokens": 0}"#, "max_output_tokens"),
            (r#"{"max_output_tokens": 4097}"#, "max_output_tokens"),
            (r#"{"max_output_tokens": "all"}"#, "max_output_tokens"),
            (r#"{"reasoning_effort": "none"}"#, "reasoning_effort"),
            (r#"{"temperature": 1}"#, "temperature"),
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
