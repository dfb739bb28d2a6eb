//! Short ways to say layers, parameters and targets.

use control_mapper::ControlMapper;
use tth_sdk::mapper::{Character, Decision, Emotion, Mapper, Persona};
use tth_sdk::{Control, Error, ParamDomain, ParamSpec, ProviderInfo};

/// The controls that are numbers, with the user's ranges.
pub(crate) const NUMBERS: [(&str, f64, f64); 7] = [
    ("emotion.intensity", 0.0, 1.0),
    ("emotion.valence", -1.0, 1.0),
    ("emotion.arousal", 0.0, 1.0),
    ("character.speech-rate", 0.5, 2.0),
    ("character.pitch-shift", -12.0, 12.0),
    ("character.expressivity", 0.0, 1.0),
    ("character.motion-gain", 0.0, 2.0),
];

pub(crate) type Layer = (Emotion, Character);

pub(crate) fn blank() -> Layer {
    (
        Emotion {
            label: None,
            intensity: None,
            valence: None,
            arousal: None,
        },
        Character {
            persona_id: None,
            speech_rate: None,
            pitch_shift: None,
            expressivity: None,
            motion_gain: None,
        },
    )
}

pub(crate) fn with(control: &str, value: f64) -> Layer {
    let (mut emotion, mut character) = blank();
    let value = Some(value as f32);
    match control {
        "emotion.intensity" => emotion.intensity = value,
        "emotion.valence" => emotion.valence = value,
        "emotion.arousal" => emotion.arousal = value,
        "character.speech-rate" => character.speech_rate = value,
        "character.pitch-shift" => character.pitch_shift = value,
        "character.expressivity" => character.expressivity = value,
        "character.motion-gain" => character.motion_gain = value,
        other => panic!("{other} is no number"),
    }
    (emotion, character)
}

pub(crate) fn feeling(label: &str, intensity: Option<f32>) -> Layer {
    let (mut emotion, character) = blank();
    (emotion.label, emotion.intensity) = (Some(label.into()), intensity);
    (emotion, character)
}

pub(crate) fn persona() -> Persona {
    Persona {
        id: "ada".into(),
        name: "Ada".into(),
        description: "a guide".into(),
        prompt: "You are Ada, a guide.".into(),
        language: "en".into(),
        look: Some("dawn".into()),
        voices: vec![("tts-x".into(), "alto".into())],
        style: vec!["warm".into()],
    }
}

pub(crate) fn param(name: &str, domain: ParamDomain, follows: &str) -> ParamSpec {
    ParamSpec {
        name: name.into(),
        domain,
        follows: Some(follows.into()),
        live: true,
    }
}

pub(crate) fn choice(words: &[&str]) -> ParamDomain {
    ParamDomain::Choice(words.iter().map(|word| (*word).into()).collect())
}

pub(crate) fn target(params: Vec<ParamSpec>) -> ProviderInfo {
    ProviderInfo {
        name: "tts-x".into(),
        version: "1".into(),
        models: vec![],
        params,
        audio: None,
        video: vec![],
        features: vec![],
    }
}

pub(crate) fn resolve(
    layers: &[Layer],
    params: Vec<ParamSpec>,
) -> Result<(Control, Vec<Decision>), Error> {
    ControlMapper::resolve(persona(), layers.to_vec(), target(params))
}

/// The one decision on `control` and the parameters that came with it.
pub(crate) fn one(layers: &[Layer], params: Vec<ParamSpec>, control: &str) -> (Control, Decision) {
    let (given, decisions) = resolve(layers, params).unwrap();
    let mut found: Vec<Decision> = decisions
        .into_iter()
        .filter(|d| d.control == control)
        .collect();
    assert_eq!(found.len(), 1, "{control}: {found:?}");
    (given, found.remove(0))
}

pub(crate) fn text(control: &Control, name: &str) -> String {
    control
        .text(name)
        .unwrap_or_else(|| panic!("no {name} in {control:?}"))
        .to_owned()
}
