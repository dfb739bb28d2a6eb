//! What the configuration may say, and its limits.

use serde::Deserialize;
use tth_sdk::http::Url;
use tth_sdk::{Error, LoadConfig, invalid_config};

/// Where the server is if nothing else is said.
const BASE_URL: &str = "http://127.0.0.1:8050";

/// `settings` of the provider's block.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    base_url: String,
    voice: Option<String>,
    seed: Option<u32>,
    use_phoneme: bool,
    use_cache: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            base_url: BASE_URL.into(),
            voice: None,
            seed: None,
            use_phoneme: false,
            use_cache: true,
        }
    }
}

/// Settings that make sense.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// What `/v1/tts/stream`, `/v1/voices` and `/health` stand below.
    pub(crate) base: Url,
    /// Where the controls choose none; else the server's first.
    pub(crate) voice: Option<String>,
    /// For equal sound from equal texts; else a new one each time.
    pub(crate) seed: Option<u32>,
    /// The text may hold phonemes.
    pub(crate) use_phoneme: bool,
    /// The server may keep what it computed for a text.
    pub(crate) use_cache: bool,
}

impl Config {
    pub(crate) fn load(config: &LoadConfig) -> Result<Self, Error> {
        let settings: Settings = config.settings()?;
        let base = Url::base_url(&settings.base_url, BASE_URL)?;
        let empty = |voice: &str| voice.trim().is_empty();
        if settings.voice.as_deref().is_some_and(empty) {
            return Err(invalid_config(
                "settings: voice is empty; name one, or leave it out for the server's first",
            ));
        }
        Ok(Config {
            base,
            voice: settings.voice,
            seed: settings.seed,
            use_phoneme: settings.use_phoneme,
            use_cache: settings.use_cache,
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
        assert_eq!(config.base.to_string(), "http://127.0.0.1:8050");
        assert!(config.voice.is_none() && config.use_cache && !config.use_phoneme);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (settings, named) in [
            (r#"{"base_url": "glm"}"#, "base_url"),
            (r#"{"voice": " "}"#, "voice is empty"),
            (r#"{"seed": -1}"#, "settings"),
            (r#"{"sample_rate": 32000}"#, "sample_rate"),
        ] {
            let error = load(settings).unwrap_err();
            assert_eq!(error.code, tth_sdk::ErrorCode::InvalidConfig);
            assert!(error.message.contains(named), "{named}: {}", error.message);
        }
    }
}
