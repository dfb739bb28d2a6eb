//! How an utterance is to be spoken: the controls in the vendor's terms.
//!
//! A v2 model has no word for a feeling. A feeling makes such a voice less stable and gives it more
//! style, the more so the stronger it is; calm makes it steadier. A v3 or v4 model is told in a tag.

use crate::config::{Config, is_id};
use crate::messages::WHO;
use crate::model::Family;
use serde_json::{Map, Value};
use tth_sdk::{Control, Error, ParamDomain, ParamSpec, invalid_input};

/// The vendor's own stability and style where nothing else is said.
const STABILITY: f64 = 0.5;
const STYLE: f64 = 0.0;
/// What a whole feeling takes from the stability, and adds to the style.
const UNSTEADIED: f64 = 0.3;
const STYLED: f64 = 0.4;
/// What going from flat to lively takes from the stability.
const LIVELY: f64 = 0.8;
/// A feeling that is weaker than this has no tag.
const FAINT: f64 = 0.25;
/// Speeds from which a tag says so.
const SLOW: f64 = 0.9;
const QUICK: f64 = 1.1;

/// The labels, how much each stirs a voice, and its tag.
const FEELINGS: [(&str, f64, Option<&str>); 10] = [
    ("neutral", 0.0, None),
    ("joy", 0.7, Some("happy")),
    ("sadness", 0.5, Some("sad")),
    ("anger", 0.9, Some("angry")),
    ("fear", 0.8, Some("scared")),
    ("surprise", 0.8, Some("surprised")),
    ("disgust", 0.6, Some("disgusted")),
    ("calm", -0.6, Some("calm")),
    ("excited", 1.0, Some("excited")),
    ("tender", 0.3, Some("warmly")),
];

/// What the voice lets itself be told; all of it from the next utterance on.
pub(crate) fn params() -> Vec<ParamSpec> {
    let spec = |name: &str, domain, follows: &str| ParamSpec {
        name: name.into(),
        domain,
        follows: Some(follows.into()),
        live: false,
    };
    let labels = FEELINGS.iter().map(|(label, ..)| (*label).into()).collect();
    vec![
        spec(
            "speed",
            ParamDomain::Number((0.7, 1.2, 1.0)),
            "character.speech-rate",
        ),
        spec(
            "expressivity",
            ParamDomain::Number((0.0, 1.0, 0.5)),
            "character.expressivity",
        ),
        spec("emotion", ParamDomain::Choice(labels), "emotion.label"),
        spec(
            "intensity",
            ParamDomain::Number((0.0, 1.0, 1.0)),
            "emotion.intensity",
        ),
        spec("voice", ParamDomain::Text, "persona.voice"),
    ]
}

/// The manner of an utterance.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Manner {
    /// The id of the voice.
    pub(crate) voice: String,
    /// The words of the tags before the text.
    pub(crate) tags: Vec<&'static str>,
    pub(crate) stability: Option<f64>,
    pub(crate) similarity_boost: Option<f64>,
    pub(crate) style: Option<f64>,
    pub(crate) use_speaker_boost: Option<bool>,
    pub(crate) speed: Option<f64>,
}

impl Manner {
    pub(crate) fn of(control: &Control, config: &Config) -> Self {
        let named = control.text("emotion").map(str::trim);
        let feeling = FEELINGS.iter().find(|(label, ..)| named == Some(*label));
        let (_, stir, tag) = feeling.copied().unwrap_or_default();
        let intensity = control.number("intensity").unwrap_or(1.0).clamp(0.0, 1.0);
        let stirred = stir * intensity;
        let flatter = control
            .number("expressivity")
            .map_or(0.0, |lively| (0.5 - lively.clamp(0.0, 1.0)) * LIVELY);
        let pace = control.number("speed");
        let voice = control.text("voice").map(str::trim).unwrap_or_default();

        let moved = |own: Option<f64>, usual: f64, by: f64| match by == 0.0 {
            true => own,
            false => Some(plain((own.unwrap_or(usual) + by).clamp(0.0, 1.0))),
        };
        let steady = flatter - UNSTEADIED * stirred;
        let common = Manner {
            voice: if voice.is_empty() {
                config.voice.clone()
            } else {
                voice.to_owned()
            },
            stability: moved(config.stability, STABILITY, steady),
            ..Manner::default()
        };
        match config.family {
            Family::Settings => Manner {
                similarity_boost: config.similarity_boost,
                style: moved(config.style, STYLE, STYLED * stirred.max(0.0)),
                use_speaker_boost: config.use_speaker_boost,
                speed: match pace {
                    Some(pace) if pace != 1.0 => {
                        let own = config.speed.unwrap_or(1.0);
                        Some(plain((pace * own).clamp(0.7, 1.2)))
                    }
                    // The voice's own pace.
                    _ => config.speed,
                },
                ..common
            },
            Family::Tags => {
                let felt = tag.filter(|_| intensity >= FAINT);
                let paced = match pace {
                    Some(pace) if pace <= SLOW => Some("slowly"),
                    Some(pace) if pace >= QUICK => Some("quickly"),
                    _ => None,
                };
                Manner {
                    tags: felt.into_iter().chain(paced).collect(),
                    // These models know three places only: creative, natural, robust.
                    stability: common.stability.map(|value| (value * 2.0).round() / 2.0),
                    ..common
                }
            }
        }
    }

    /// Whether the voice can be one: it stands in addresses as it is.
    ///
    /// # Errors
    /// `invalid-input` if not.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match is_id(&self.voice) {
            true => Ok(()),
            false => Err(invalid_input(format!(
                "the persona's voice for {WHO} is no id of a voice: it is letters and digits"
            ))),
        }
    }

    /// The pace that the voice is asked for; 1 is its own.
    pub(crate) fn pace(&self) -> f64 {
        self.speed.unwrap_or(1.0)
    }

    /// The settings of the voice, where there is anything to set.
    pub(crate) fn settings(&self) -> Option<Value> {
        let numbers = [
            ("stability", self.stability),
            ("similarity_boost", self.similarity_boost),
            ("style", self.style),
            ("speed", self.speed),
        ];
        let mut settings: Map<String, Value> = numbers
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))))
            .collect();
        if let Some(boost) = self.use_speaker_boost {
            settings.insert("use_speaker_boost".into(), boost.into());
        }
        (!settings.is_empty()).then(|| settings.into())
    }
}

/// Without the digits that only arithmetic made.
fn plain(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde_json::json;
    use tth_sdk::LoadConfig;

    fn config(settings: &str) -> Config {
        Config::load(&LoadConfig::of(settings)).unwrap()
    }

    fn control(numbers: &[(&str, f64)], texts: &[(&str, &str)]) -> Control {
        let numbers = Control::of(numbers.iter().copied()).params;
        let texts = Control::of(texts.iter().copied()).params;
        Control {
            params: [numbers, texts].concat(),
        }
    }

    #[test]
    fn without_a_wish_the_voice_keeps_its_own_settings() {
        let config = config("{}");
        let manner = Manner::of(&control(&[], &[]), &config);
        assert_eq!((manner.settings(), manner.tags.len()), (None, 0));
        assert_eq!(manner.voice, config.voice);
        let neutral = control(&[("intensity", 1.0)], &[("emotion", "neutral")]);
        assert_eq!(Manner::of(&neutral, &config).settings(), None);
    }

    #[test]
    fn a_feeling_unsteadies_a_voice_and_calm_steadies_it() {
        let config = config(r#"{"similarity_boost": 0.8, "use_speaker_boost": false}"#);
        let of = |label: &str, intensity: f64| {
            let control = control(&[("intensity", intensity)], &[("emotion", label)]);
            Manner::of(&control, &config).settings().unwrap()
        };
        assert_eq!(
            of("excited", 1.0),
            json!({"stability": 0.2, "style": 0.4, "similarity_boost": 0.8, "use_speaker_boost": false})
        );
        assert_eq!(of("excited", 0.5)["stability"], 0.35);
        assert_eq!(of("calm", 1.0)["stability"], 0.68);
        assert_eq!(of("calm", 1.0).get("style"), None);
    }

    #[test]
    fn expressivity_and_rate_start_from_what_is_configured() {
        let config = config(r#"{"stability": 0.4, "speed": 1.1}"#);
        let of = |numbers: &[(&str, f64)]| {
            let manner = Manner::of(&control(numbers, &[]), &config);
            manner.settings().unwrap()
        };
        assert_eq!(of(&[]), json!({"stability": 0.4, "speed": 1.1}));
        assert_eq!(
            of(&[("expressivity", 1.0), ("speed", 0.9)]),
            json!({"stability": 0.0, "speed": 0.99})
        );
        assert_eq!(
            of(&[("expressivity", 0.0), ("speed", 1.2)]),
            json!({"stability": 0.8, "speed": 1.2})
        );
        assert_eq!(of(&[("expressivity", 0.5), ("speed", 1.0)]), of(&[]));
    }

    #[test]
    fn newer_models_are_told_in_tags() {
        let config = config(r#"{"model": "eleven_v3", "style": 0.5, "speed": 1.1}"#);
        let angry = control(&[("speed", 1.2)], &[("emotion", "anger")]);
        let manner = Manner::of(&angry, &config);
        assert_eq!(manner.tags, ["angry", "quickly"]);
        assert_eq!(manner.settings(), Some(json!({"stability": 0.0})));
        let faint = control(&[("intensity", 0.2), ("speed", 0.8)], &[("emotion", "joy")]);
        assert_eq!(Manner::of(&faint, &config).tags, ["slowly"]);
    }

    #[test]
    fn every_label_of_the_contract_is_declared_and_the_persona_may_name_a_voice() {
        let specs = params();
        let labels = specs.iter().find_map(|spec| match &spec.domain {
            ParamDomain::Choice(labels) => Some(labels.len()),
            _ => None,
        });
        assert_eq!(labels, Some(10));
        let manner = Manner::of(&control(&[], &[("voice", "abc")]), &config("{}"));
        assert_eq!(manner.voice, "abc");
    }
}
