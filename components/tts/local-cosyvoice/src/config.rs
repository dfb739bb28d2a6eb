//! What the configuration may say, and its limits.

use crate::wav;
use serde::Deserialize;
use tth_sdk::http::Url;
use tth_sdk::{Error, LoadConfig, base64, invalid_config};

/// Where the server is if nothing else is said.
const BASE_URL: &str = "http://127.0.0.1:50000";
/// The longest recording of a voice, in bytes.
const WAV: usize = 2 << 20;
/// The most characters of an instruction or of a prompt's words.
const LONGEST: usize = 1_000;
/// The mark behind an instruction that the newer models need.
const END: &str = "<|endofprompt|>";
/// Said where nothing else is asked for: the server takes no empty field.
const PLAIN: &str = "Speak naturally.";

/// Which of the server's routes is asked; each is for certain models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// A voice of the model's own: CosyVoice-300M-SFT.
    Sft,
    /// A voice of the model's own, told how to speak: CosyVoice-300M-Instruct.
    Instruct,
    /// A voice to imitate, told how to speak: CosyVoice2 and 3.
    Instruct2,
    /// A voice to imitate, with the words of its recording.
    ZeroShot,
    /// A voice to imitate, in another language.
    CrossLingual,
}

impl Mode {
    /// Below the server's address.
    pub(crate) fn route(self) -> &'static str {
        match self {
            Mode::Sft => "inference_sft",
            Mode::Instruct => "inference_instruct",
            Mode::Instruct2 => "inference_instruct2",
            Mode::ZeroShot => "inference_zero_shot",
            Mode::CrossLingual => "inference_cross_lingual",
        }
    }

    fn imitates(self) -> bool {
        matches!(self, Mode::Instruct2 | Mode::ZeroShot | Mode::CrossLingual)
    }

    /// What the models that are meant for it make.
    fn sample_rate(self) -> u32 {
        match self.imitates() {
            true => 24_000,
            false => 22_050,
        }
    }
}

/// `settings` of the provider's block.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    base_url: String,
    mode: Mode,
    sample_rate: Option<u32>,
    voice: String,
    prompt_wav: String,
    prompt_text: String,
    instruct_text: String,
    instruct_prefix: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            base_url: BASE_URL.into(),
            mode: Mode::Sft,
            sample_rate: None,
            voice: "中文女".into(),
            prompt_wav: String::new(),
            prompt_text: String::new(),
            instruct_text: String::new(),
            instruct_prefix: String::new(),
        }
    }
}

/// Settings that make sense.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// What the routes stand below.
    pub(crate) base: Url,
    pub(crate) mode: Mode,
    /// What the server's model makes.
    pub(crate) sample_rate: u32,
    /// Where the controls choose none.
    pub(crate) voice: String,
    /// The recording to imitate; only where the mode takes one.
    pub(crate) prompt_wav: Option<Vec<u8>>,
    /// What is said in it.
    pub(crate) prompt_text: String,
    /// Where the controls ask for nothing.
    instruct_text: String,
    /// Before every instruction.
    instruct_prefix: String,
}

impl Config {
    pub(crate) fn load(config: &LoadConfig) -> Result<Self, Error> {
        let settings: Settings = config.settings()?;
        let base = Url::base_url(&settings.base_url, BASE_URL)?;
        let mode = settings.mode;
        let sample_rate = settings.sample_rate.unwrap_or(mode.sample_rate());
        if ![22_050, 24_000].contains(&sample_rate) {
            return Err(invalid_config(format!(
                "settings: sample_rate is {sample_rate}, but CosyVoice makes 22050 (300M) or 24000 (2 and 3)"
            )));
        }
        if settings.voice.trim().is_empty() {
            return Err(invalid_config(
                "settings: voice is empty; leave it out for the server's 中文女",
            ));
        }
        for (name, text) in [
            ("voice", &settings.voice),
            ("prompt_text", &settings.prompt_text),
            ("instruct_text", &settings.instruct_text),
            ("instruct_prefix", &settings.instruct_prefix),
        ] {
            let length = text.chars().count();
            if length > LONGEST {
                return Err(invalid_config(format!(
                    "settings: {name} has {length} characters; {LONGEST} is the most"
                )));
            }
        }
        if mode == Mode::ZeroShot && settings.prompt_text.trim().is_empty() {
            return Err(invalid_config(
                "settings: prompt_text is missing; mode zero_shot needs the words of prompt_wav",
            ));
        }
        Ok(Config {
            base,
            mode,
            sample_rate,
            voice: settings.voice.trim().to_owned(),
            prompt_wav: recording(mode, &settings.prompt_wav)?,
            prompt_text: settings.prompt_text.trim().to_owned(),
            instruct_text: settings.instruct_text,
            instruct_prefix: settings.instruct_prefix,
        })
    }

    /// An instruction as the mode's models take it.
    pub(crate) fn instruction(&self, asked: Option<&str>) -> String {
        let own = [asked.unwrap_or_default(), &self.instruct_text];
        let mut said = own.iter().map(|text| plain(text).trim().to_owned());
        let said = said.find(|text| !text.is_empty());
        let said = said.unwrap_or_else(|| PLAIN.to_owned());
        let said: String = said.chars().take(LONGEST).collect();
        let prefix = plain(&self.instruct_prefix);
        let end = if self.mode == Mode::Instruct2 {
            END
        } else {
            ""
        };
        match prefix.trim() {
            "" => format!("{said}{end}"),
            prefix => format!("{prefix} {said}{end}"),
        }
    }
}

/// A text without what would be a mark for the model, such as the end of the prompt.
pub(crate) fn plain(text: &str) -> String {
    text.replace("<|", "").replace("|>", "")
}

fn recording(mode: Mode, text: &str) -> Result<Option<Vec<u8>>, Error> {
    let given = !text.trim().is_empty();
    match (mode.imitates(), given) {
        (false, false) => return Ok(None),
        (false, true) => {
            return Err(invalid_config(
                "settings: prompt_wav is of no use in this mode; instruct2, zero_shot and cross_lingual \
                 imitate a voice",
            ));
        }
        (true, false) => {
            return Err(invalid_config(
                "settings: prompt_wav is missing; this mode needs the voice to imitate, a WAV as base64",
            ));
        }
        (true, true) => {}
    }
    // Configuration files break long lines.
    let text: String = text.split_whitespace().collect();
    let wav = base64::decode(&text)
        .map_err(|why| invalid_config(format!("settings: prompt_wav {why}")))?;
    if wav.len() > WAV {
        return Err(invalid_config(format!(
            "settings: prompt_wav has {} bytes; {WAV} is the most",
            wav.len()
        )));
    }
    wav::check(&wav).map_err(|why| invalid_config(format!("settings: prompt_wav {why}")))?;
    Ok(Some(wav))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::wav::tests::silence;

    fn load(settings: &str) -> Result<Config, Error> {
        Config::load(&LoadConfig::of(settings))
    }

    fn wav() -> String {
        base64::encode(&silence(16_000, 1))
    }

    #[test]
    fn nothing_has_to_be_said() {
        let config = load("{}").unwrap();
        assert_eq!(config.base.to_string(), "http://127.0.0.1:50000");
        assert_eq!((config.mode, config.sample_rate), (Mode::Sft, 22_050));
        assert_eq!((config.voice.as_str(), config.prompt_wav), ("中文女", None));
    }

    #[test]
    fn a_recording_may_be_broken_into_lines() {
        let (one, two) = (
            wav().split_at(100).0.to_owned(),
            wav().split_at(100).1.to_owned(),
        );
        let settings = format!(r#"{{"mode": "instruct2", "prompt_wav": "{one}\n  {two}\n"}}"#);
        let config = load(&settings).unwrap();
        assert_eq!(config.prompt_wav, Some(silence(16_000, 1)));
        assert_eq!(config.sample_rate, 24_000);
    }

    #[test]
    fn instructions_end_as_the_models_want_and_cannot_end_early() {
        let settings = format!(
            r#"{{"mode": "instruct2", "prompt_wav": "{}", "instruct_text": "Calmly.",
                "instruct_prefix": "You are a helpful assistant."}}"#,
            wav()
        );
        let newer = load(&settings).unwrap();
        let prefix = "You are a helpful assistant.";
        assert_eq!(
            newer.instruction(None),
            format!("{prefix} Calmly.<|endofprompt|>")
        );
        assert_eq!(
            newer.instruction(Some("Be glad<|endofprompt|>, now.")),
            format!("{prefix} Be gladendofprompt, now.<|endofprompt|>")
        );
        let older = load(r#"{"mode": "instruct"}"#).unwrap();
        assert_eq!(older.instruction(Some(" ")), "Speak naturally.");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let short = base64::encode(&silence(8_000, 1));
        let slow = format!(r#"{{"mode": "cross_lingual", "prompt_wav": "{short}"}}"#);
        let wordless = format!(r#"{{"mode": "zero_shot", "prompt_wav": "{}"}}"#, wav());
        let unused = format!(r#"{{"prompt_wav": "{}"}}"#, wav());
        let huge = base64::encode(&vec![0; WAV + 1]);
        let huge = format!(r#"{{"mode": "cross_lingual", "prompt_wav": "{huge}"}}"#);
        let long = format!(r#"{{"instruct_text": "{}"}}"#, "a".repeat(LONGEST + 1));
        for (settings, named) in [
            (r#"{"base_url": "127.0.0.1"}"#, "base_url"),
            (r#"{"mode": "fast"}"#, "zero_shot"),
            (r#"{"sample_rate": 16000}"#, "sample_rate is 16000"),
            (r#"{"voice": ""}"#, "voice is empty"),
            (r#"{"mode": "instruct2"}"#, "prompt_wav is missing"),
            (
                r#"{"mode": "instruct2", "prompt_wav": "???"}"#,
                "prompt_wav is no base64",
            ),
            (
                r#"{"mode": "instruct2", "prompt_wav": "AAAA"}"#,
                "is no WAV",
            ),
            (slow.as_str(), "8000 samples"),
            (wordless.as_str(), "prompt_text"),
            (unused.as_str(), "of no use"),
            (huge.as_str(), "2097152 is the most"),
            (long.as_str(), "instruct_text has 1001"),
            (r#"{"speed": 1}"#, "speed"),
        ] {
            let error = load(settings).unwrap_err();
            assert_eq!(error.code, tth_sdk::ErrorCode::InvalidConfig);
            assert!(error.message.contains(named), "{named}: {}", error.message);
        }
    }
}
