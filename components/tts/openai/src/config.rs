//! What the configuration may say, and its limits.

use serde::Deserialize;
use tth_sdk::http::Url;
use tth_sdk::{Error, LoadConfig, invalid_config, settings};

/// Where the server is if nothing else is said.
const BASE_URL: &str = "https://api.openai.com/v1";
/// The models of this endpoint, the default first.
pub(crate) const MODELS: [&str; 5] = [
    "gpt-4o-mini-tts",
    "gpt-4o-mini-tts-2025-12-15",
    "gpt-4o-mini-tts-2025-03-20",
    "tts-1",
    "tts-1-hd",
];
/// When the vendor takes all of them away.
pub(crate) const SUNSET: &str = "2027-01-06";
/// The vendor's own voices, the default first.
pub(crate) const VOICES: [&str; 13] = [
    "coral", "alloy", "ash", "ballad", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse",
    "marin", "cedar",
];
/// Those that the models `tts-1` and `tts-1-hd` have not.
const NEWER_VOICES: [&str; 4] = ["ballad", "verse", "marin", "cedar"];
/// How the name of a voice of one's own begins.
const OWN_VOICE: &str = "voice_";
/// The most characters of instructions.
pub(crate) const LONGEST_INSTRUCTIONS: usize = 4_096;
/// The longest name of a model or of a voice.
const LONGEST_NAME: usize = 128;

/// `settings` of the provider's block.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    base_url: String,
    model: String,
    voice: String,
    speed: f64,
    instructions: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            base_url: BASE_URL.into(),
            model: MODELS[0].into(),
            voice: VOICES[0].into(),
            speed: 1.0,
            instructions: String::new(),
        }
    }
}

/// Settings that make sense.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// What `/audio/speech` stands below.
    pub(crate) base: Url,
    pub(crate) model: String,
    /// Where the controls choose none.
    pub(crate) voice: String,
    /// As `voice`.
    pub(crate) speed: f64,
    /// Said with every utterance, before what the controls ask for.
    pub(crate) instructions: String,
}

impl Config {
    pub(crate) fn load(config: &LoadConfig) -> Result<Self, Error> {
        let settings: Settings = config.settings()?;
        let base = Url::base_url(&settings.base_url, BASE_URL)?;
        let named = |name: &str| {
            let plain =
                |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
            !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(plain)
        };
        if !named(&settings.model) {
            let models = MODELS.join(", ");
            return Err(invalid_config(format!(
                "settings: model is not the name of a model; the vendor has {models}"
            )));
        }
        let own = settings.voice.starts_with(OWN_VOICE) && named(&settings.voice);
        if !own && !VOICES.contains(&settings.voice.as_str()) {
            let voices = VOICES.join(", ");
            return Err(invalid_config(format!(
                "settings: voice is {:?}, not one of {voices} or a {OWN_VOICE}… of your own",
                settings.voice
            )));
        }
        if !speaks(&settings.model, &settings.voice) {
            return Err(invalid_config(format!(
                "settings: {} has no voice {}",
                settings.model, settings.voice
            )));
        }
        settings::within("speed", Some(settings.speed), 0.25, 4.0)?;
        let length = settings.instructions.chars().count();
        if length > LONGEST_INSTRUCTIONS {
            return Err(invalid_config(format!(
                "settings: instructions have {length} characters; {LONGEST_INSTRUCTIONS} is the most"
            )));
        }
        if !settings.instructions.trim().is_empty() && !instructed(&settings.model) {
            return Err(invalid_config(format!(
                "settings: {} takes no instructions; leave them out or take another model",
                settings.model
            )));
        }
        Ok(Config {
            base,
            model: settings.model,
            voice: settings.voice,
            speed: settings.speed,
            instructions: settings.instructions.trim().to_owned(),
        })
    }
}

/// Whether a model takes instructions in words.
pub(crate) fn instructed(model: &str) -> bool {
    !model.starts_with("tts-1")
}

/// Whether a model has a voice.
pub(crate) fn speaks(model: &str, voice: &str) -> bool {
    instructed(model) || !NEWER_VOICES.contains(&voice)
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
        assert_eq!(config.model, "gpt-4o-mini-tts");
        assert_eq!((config.voice.as_str(), config.speed), ("coral", 1.0));
    }

    #[test]
    fn voices_of_ones_own_and_models_that_are_new_may_be_named() {
        let config = load(r#"{"voice": "voice_ab12", "model": "gpt-5-tts"}"#).unwrap();
        assert_eq!(
            (config.voice.as_str(), config.model.as_str()),
            ("voice_ab12", "gpt-5-tts")
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let long = format!(r#"{{"instructions": "{}"}}"#, "a".repeat(4_097));
        for (settings, named) in [
            (r#"{"base_url": "api.openai.com"}"#, "base_url"),
            (r#"{"model": " "}"#, "model"),
            (r#"{"voice": "heart"}"#, "alloy"),
            (r#"{"voice": "voice_a b"}"#, "voice"),
            (
                r#"{"voice": "marin", "model": "tts-1"}"#,
                "tts-1 has no voice marin",
            ),
            (r#"{"speed": 5}"#, "speed is 5"),
            (r#"{"speed": "fast"}"#, "settings"),
            (
                r#"{"model": "tts-1-hd", "instructions": "x"}"#,
                "takes no instructions",
            ),
            (long.as_str(), "4097 characters"),
            (r#"{"format": "mp3"}"#, "format"),
        ] {
            let error = load(settings).unwrap_err();
            assert_eq!(error.code, tth_sdk::ErrorCode::InvalidConfig);
            assert!(error.message.contains(named), "{named}: {}", error.message);
        }
    }
}
