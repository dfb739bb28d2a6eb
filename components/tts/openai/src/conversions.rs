//! Between the contract and the endpoint: the request, and what its answer must be.

use crate::config::{Config, LONGEST_INSTRUCTIONS, instructed, speaks};
use serde_json::{Value, json};
use tth_sdk::Control;

/// How the server is called in errors.
pub(crate) const WHO: &str = "the voice's server";

/// How an utterance is to be spoken.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Manner {
    pub(crate) speed: f64,
    pub(crate) voice: String,
    pub(crate) instructions: String,
}

impl Manner {
    /// As the controls ask, else as it is configured.
    pub(crate) fn of(config: &Config, control: &Control) -> Self {
        let voice = control
            .text("voice")
            .filter(|voice| speaks(&config.model, voice))
            .unwrap_or(&config.voice);
        let asked = control.text("instructions").unwrap_or_default().trim();
        let instructions = match instructed(&config.model) {
            false => String::new(),
            true => [config.instructions.as_str(), asked]
                .join(" ")
                .trim()
                .to_owned(),
        };
        Manner {
            speed: control
                .number("speed")
                .unwrap_or(config.speed)
                .clamp(0.25, 4.0),
            voice: voice.to_owned(),
            instructions: instructions.chars().take(LONGEST_INSTRUCTIONS).collect(),
        }
    }
}

/// The body of a request.
pub(crate) fn request(model: &str, text: &str, manner: &Manner) -> Value {
    let voice = match manner.voice.starts_with("voice_") {
        true => json!({"id": manner.voice}),
        false => json!(manner.voice),
    };
    let mut body = json!({
        "model": model,
        "input": text,
        "voice": voice,
        // As it is made: no header to skip, nothing to decode.
        "response_format": "pcm",
        "stream_format": "audio",
        "speed": manner.speed,
    });
    if let Some(body) = body.as_object_mut()
        && !manner.instructions.is_empty()
    {
        body.insert("instructions".into(), json!(manner.instructions));
    }
    body
}

/// Whether a body of this type can be sound. The vendor calls raw PCM by more than one name.
pub(crate) fn is_sound(content_type: Option<&str>) -> bool {
    let kind = content_type.unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    kind.starts_with("audio/") || kind == "application/octet-stream"
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use tth_sdk::{LoadConfig, ParamValue};

    fn config(settings: &str) -> Config {
        Config::load(&LoadConfig::of(settings)).unwrap()
    }

    #[test]
    fn controls_are_stronger_than_settings_and_instructions_add_up() {
        let config =
            config(r#"{"speed": 0.9, "voice": "nova", "instructions": " Like a friend. "}"#);
        let body = |control: &Control| request(&config.model, "Hi.", &Manner::of(&config, control));
        assert_eq!(
            body(&Control { params: vec![] }),
            json!({
                "model": "gpt-4o-mini-tts", "input": "Hi.", "voice": "nova", "speed": 0.9,
                "response_format": "pcm", "stream_format": "audio",
                "instructions": "Like a friend.",
            })
        );
        let all = [
            ("speed", ParamValue::from(1.5)),
            ("voice", "cedar".into()),
            ("instructions", "Speak in this manner: joyful.".into()),
        ];
        let told = body(&Control::of(all));
        assert_eq!(
            (&told["speed"], &told["voice"]),
            (&json!(1.5), &json!("cedar"))
        );
        assert_eq!(
            told["instructions"],
            "Like a friend. Speak in this manner: joyful."
        );
    }

    #[test]
    fn an_older_model_is_told_only_what_it_knows() {
        let config = config(r#"{"model": "tts-1"}"#);
        let all = [("voice", "marin"), ("instructions", "Softly.")];
        let body = request(
            &config.model,
            "Hi.",
            &Manner::of(&config, &Control::of(all)),
        );
        assert_eq!(body["voice"], "coral");
        assert!(body.get("instructions").is_none());
    }

    #[test]
    fn a_voice_of_ones_own_goes_by_its_id_and_long_instructions_are_cut() {
        let config = config(r#"{"voice": "voice_ab"}"#);
        let long = [("instructions", ParamValue::Text("ż".repeat(5_000)))];
        let body = request(
            &config.model,
            "Hi.",
            &Manner::of(&config, &Control::of(long)),
        );
        assert_eq!(body["voice"], json!({"id": "voice_ab"}));
        assert_eq!(
            body["instructions"].as_str().unwrap().chars().count(),
            4_096
        );
    }

    #[test]
    fn sound_is_told_from_pages() {
        for (kind, sound) in [
            (Some("audio/pcm"), true),
            (Some("Application/Octet-Stream; x=1"), true),
            (Some("text/html"), false),
            (Some("application/json"), false),
            (None, false),
        ] {
            assert_eq!(is_sound(kind), sound, "{kind:?}");
        }
    }
}
