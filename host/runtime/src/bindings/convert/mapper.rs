//! The control mapper's question and answer.

use super::super::v0_1::mapper::exports::tth::control::control_mapper as wit;
use super::super::v0_1::types::tth::types::{controls, media, provider};
use super::{Bad, codec_out, entries, text, value_in};
use crate::limits::item;
use tth_core::controls::{Character, Decision, Emotion, Outcome, Persona};
use tth_core::provider::{Control, ParamDomain, ParamSpec, ProviderInfo};

pub(crate) fn persona(p: Persona) -> wit::Persona {
    wit::Persona {
        id: p.id,
        name: p.name,
        description: p.description,
        prompt: p.prompt,
        language: p.language,
        look: p.look,
        voices: p.voice.into_iter().collect(),
        style: p.style,
    }
}

pub(crate) fn layers(layers: Vec<(Emotion, Character)>) -> Vec<(wit::Emotion, wit::Character)> {
    let one = |(e, c): (Emotion, Character)| {
        let emotion = wit::Emotion {
            label: e.label,
            intensity: e.intensity,
            valence: e.valence,
            arousal: e.arousal,
        };
        let character = wit::Character {
            persona_id: c.persona_id,
            speech_rate: c.speech_rate,
            pitch_shift: c.pitch_shift,
            expressivity: c.expressivity,
            motion_gain: c.motion_gain,
        };
        (emotion, character)
    };
    layers.into_iter().map(one).collect()
}

pub(crate) fn target(i: ProviderInfo) -> provider::ProviderInfo {
    provider::ProviderInfo {
        name: i.name,
        version: i.version,
        models: i.models,
        params: i.params.into_iter().map(spec).collect(),
        audio: i.audio.map(|f| media::AudioFormat {
            sample_rate: f.sample_rate,
            channels: f.channels,
        }),
        video: i.video.into_iter().map(codec_out).collect(),
        features: i.features,
    }
}

fn spec(p: ParamSpec) -> controls::ParamSpec {
    let domain = match p.domain {
        ParamDomain::Text => controls::ParamDomain::Text,
        ParamDomain::Flag => controls::ParamDomain::Flag,
        ParamDomain::Number { min, max, default } => {
            controls::ParamDomain::Number((min, max, default))
        }
        ParamDomain::Choice(words) => controls::ParamDomain::Choice(words),
    };
    controls::ParamSpec {
        name: p.name,
        domain,
        follows: p.follows,
        live: p.live,
    }
}

pub(crate) fn decisions(
    (control, decisions): (controls::Control, Vec<wit::Decision>),
) -> Result<(Control, Vec<Decision>), Bad> {
    let params = entries("parameters", control.params)?
        .into_iter()
        .map(|p| {
            Ok((
                text("a parameter name", p.name, item::NAME)?,
                value_in(p.value)?,
            ))
        })
        .collect::<Result<_, Bad>>()?;
    let decisions = entries("decisions", decisions)?
        .into_iter()
        .map(decision)
        .collect::<Result<_, Bad>>()?;
    Ok((Control { params }, decisions))
}

fn decision(d: wit::Decision) -> Result<Decision, Bad> {
    Ok(Decision {
        control: text("a control", d.control, item::NAME)?,
        outcome: match d.outcome {
            wit::Outcome::Applied => Outcome::Applied,
            wit::Outcome::Downgraded => Outcome::Downgraded,
            wit::Outcome::Ignored => Outcome::Ignored,
        },
        param: d
            .param
            .map(|name| text("a parameter name", name, item::NAME))
            .transpose()?,
        value: d.value.map(value_in).transpose()?,
        reason: text("a reason", d.reason, item::NAME)?,
    })
}
