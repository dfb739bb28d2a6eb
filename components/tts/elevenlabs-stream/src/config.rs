//! What the configuration may say, and its limits.

use crate::model::{Family, MODELS};
use serde::Deserialize;
use tth_sdk::http::Url;
use tth_sdk::{Error, LoadConfig, invalid_config, settings};

/// Where the server is if nothing else is said.
const BASE_URL: &str = "https://api.elevenlabs.io";
/// The longest id of a voice or model.
const LONGEST_ID: usize = 64;

/// `settings` of the provider's block.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    base_url: String,
    voice_id: String,
    model: String,
    transport: Transport,
    language_code: Option<String>,
    stability: Option<f64>,
    similarity_boost: Option<f64>,
    style: Option<f64>,
    use_speaker_boost: Option<bool>,
    speed: Option<f64>,
    seed: Option<u32>,
    apply_text_normalization: Option<Normalization>,
}

/// How the server is reached.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Transport {
    /// The quickest way that the model has.
    #[default]
    Auto,
    Websocket,
    Http,
}

/// Whether numbers and the like are written out before they are spoken.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Normalization {
    Auto,
    On,
    Off,
}

impl Normalization {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Normalization::Auto => "auto",
            Normalization::On => "on",
            Normalization::Off => "off",
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            base_url: BASE_URL.into(),
            voice_id: "21m00Tcm4TlvDq8ikWAM".into(),
            model: MODELS[0].into(),
            transport: Transport::Auto,
            language_code: None,
            stability: None,
            similarity_boost: None,
            style: None,
            use_speaker_boost: None,
            speed: None,
            seed: None,
            apply_text_normalization: None,
        }
    }
}

/// The way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// One WebSocket for many turns, a context in it for each utterance.
    Contexts,
    /// One request of text-to-speech for each utterance.
    Speech,
    /// One request of text-to-dialogue for each utterance.
    Dialogue,
}

/// Settings that make sense.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// What `/v1` stands below.
    pub(crate) base: Url,
    /// Where the persona names none.
    pub(crate) voice: String,
    pub(crate) model: String,
    pub(crate) family: Family,
    pub(crate) route: Route,
    /// ISO 639-1; else the model finds out by itself.
    pub(crate) language: Option<String>,
    /// The voice's own where nothing is said, here and in what follows.
    pub(crate) stability: Option<f64>,
    pub(crate) similarity_boost: Option<f64>,
    pub(crate) style: Option<f64>,
    pub(crate) use_speaker_boost: Option<bool>,
    /// What a speech rate of 1 means.
    pub(crate) speed: Option<f64>,
    pub(crate) seed: Option<u32>,
    pub(crate) normalization: Option<Normalization>,
}

impl Config {
    pub(crate) fn load(config: &LoadConfig) -> Result<Self, Error> {
        let settings: Settings = config.settings()?;
        let base = Url::base_url(&settings.base_url, BASE_URL)?;
        if !is_id(&settings.voice_id) {
            return Err(invalid_config(
                "settings: voice_id is no id of a voice: it is letters and digits, as under \
                 \"Copy voice ID\" in the voice library of ElevenLabs",
            ));
        }
        if !is_id(&settings.model) {
            let known = MODELS.join(", ");
            return Err(invalid_config(format!(
                "settings: model is no name of a model; there are {known}"
            )));
        }
        let code = |code: &String| code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase());
        if !settings.language_code.as_ref().is_none_or(code) {
            return Err(invalid_config(
                "settings: language_code must be two small letters (ISO 639-1), e.g. de",
            ));
        }
        settings::within("stability", settings.stability, 0.0, 1.0)?;
        settings::within("similarity_boost", settings.similarity_boost, 0.0, 1.0)?;
        settings::within("style", settings.style, 0.0, 1.0)?;
        settings::within("speed", settings.speed, 0.7, 1.2)?;
        let family = Family::of(&settings.model);
        let route = match (family, settings.transport) {
            (Family::Tags, Transport::Websocket) => {
                return Err(invalid_config(format!(
                    "settings: transport is websocket, but {} cannot be streamed so; leave transport out",
                    settings.model
                )));
            }
            (Family::Tags, _) => Route::Dialogue,
            (Family::Settings, Transport::Http) => Route::Speech,
            (Family::Settings, _) => Route::Contexts,
        };
        Ok(Config {
            base,
            voice: settings.voice_id,
            model: settings.model,
            family,
            route,
            language: settings.language_code,
            stability: settings.stability,
            similarity_boost: settings.similarity_boost,
            style: settings.style,
            use_speaker_boost: settings.use_speaker_boost,
            speed: settings.speed,
            seed: settings.seed,
            normalization: settings.apply_text_normalization,
        })
    }
}

/// Whether it can be the id of a voice or model: it stands in addresses as it is.
pub(crate) fn is_id(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (1..=LONGEST_ID).contains(&text.len())
        && text.chars().all(plain)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
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
        assert_eq!(config.base.to_string(), "https://api.elevenlabs.io");
        assert_eq!(config.model, "eleven_flash_v2_5");
        assert_eq!(config.route, Route::Contexts);
        assert!(is_id(&config.voice));
    }

    #[test]
    fn the_model_decides_the_way() {
        let route = |settings: &str| load(settings).unwrap().route;
        assert_eq!(route(r#"{"transport": "http"}"#), Route::Speech);
        assert_eq!(route(r#"{"model": "eleven_v4_turbo"}"#), Route::Dialogue);
        assert_eq!(
            route(r#"{"model": "eleven_v3", "transport": "http"}"#),
            Route::Dialogue
        );
        let error = load(r#"{"model": "eleven_v3", "transport": "websocket"}"#).unwrap_err();
        assert!(error.message.contains("eleven_v3"), "{}", error.message);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (settings, named) in [
            (r#"{"base_url": "api.elevenlabs.io"}"#, "base_url"),
            (r#"{"voice_id": ""}"#, "voice_id"),
            (r#"{"voice_id": "../v1"}"#, "voice_id"),
            (r#"{"voice_id": ".."}"#, "voice_id"),
            (r#"{"voice_id": "a b"}"#, "voice_id"),
            (r#"{"model": "a/b?c"}"#, "model"),
            (r#"{"language_code": "de-DE"}"#, "language_code"),
            (r#"{"stability": 1.5}"#, "stability is 1.5"),
            (r#"{"similarity_boost": -1}"#, "similarity_boost is -1"),
            (r#"{"style": 2}"#, "style is 2"),
            (r#"{"speed": 2}"#, "speed is 2, but must be 0.7 to 1.2"),
            (r#"{"seed": -1}"#, "settings"),
            (r#"{"transport": "carrier pigeon"}"#, "carrier pigeon"),
            (r#"{"voice": "x"}"#, "voice"),
        ] {
            let error = load(settings).unwrap_err();
            assert_eq!(error.code, tth_sdk::ErrorCode::InvalidConfig);
            assert!(
                error.message.contains(named),
                "{settings}: {}",
                error.message
            );
        }
    }
}
