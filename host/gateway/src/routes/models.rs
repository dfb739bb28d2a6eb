//! `/v1/models`: every configured provider; `/v1/personas`: who can speak.

use crate::app::App;
use crate::auth::Allowed;
use crate::routes::json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use tth_core::controls::{Character, Emotion, Persona};
use tth_core::engine::ProviderStatus;
use tth_core::provider::{ParamDomain, ParamSpec, ProviderInfo};

/// `GET /v1/models`.
pub(crate) async fn models(State(app): State<App>, _: Allowed) -> Response {
    let models: Vec<Value> = app.engine.providers().iter().map(model).collect();
    json(StatusCode::OK, json!({ "models": models }).to_string())
}

/// `GET /v1/personas`.
pub(crate) async fn personas(State(app): State<App>, _: Allowed) -> Response {
    let personas = app.engine.personas();
    let personas = personas.iter().map(Card::of).collect();
    // Written at once: by way of a `Value`, 0.6 would become 0.6000000238418579.
    match serde_json::to_string(&Personas { personas }) {
        Ok(text) => json(StatusCode::OK, text),
        Err(_) => json(StatusCode::INTERNAL_SERVER_ERROR, "{}"),
    }
}

#[derive(Serialize)]
struct Personas<'a> {
    personas: Vec<Card<'a>>,
}

/// What a picker shows of a persona; its prompt is nobody's business.
#[derive(Serialize)]
struct Card<'a> {
    id: &'a str,
    name: &'a str,
    description: &'a str,
    look: Option<&'a str>,
    language: &'a str,
    style: &'a [String],
    emotion: &'a Emotion,
    character: &'a Character,
}

impl<'a> Card<'a> {
    fn of(persona: &'a Persona) -> Self {
        Card {
            id: &persona.id,
            name: &persona.name,
            description: &persona.description,
            look: persona.look.as_deref(),
            language: &persona.language,
            style: &persona.style,
            emotion: &persona.emotion,
            character: &persona.character,
        }
    }
}

fn model(provider: &ProviderStatus) -> Value {
    let info = provider.info.as_ref();
    json!({
        "id": provider.id,
        "role": provider.role.name(),
        "mode": provider.mode,
        "active": provider.active,
        "primary": provider.active && provider.primary,
        "fallback": provider.active && !provider.primary,
        "models": info.map_or(&[][..], |info| &info.models),
        "capabilities": info.map(capabilities),
        "controls": info.map_or_else(Vec::new, |info| info.params.iter().map(control).collect()),
    })
}

fn capabilities(info: &ProviderInfo) -> Value {
    let video: Vec<_> = info.video.iter().map(|codec| codec.name()).collect();
    let audio = info
        .audio
        .map(|audio| json!({"sample_rate": audio.sample_rate, "channels": audio.channels}));
    json!({"name": info.name, "version": info.version, "features": info.features, "audio": audio, "video": video})
}

fn control(param: &ParamSpec) -> Value {
    let (kind, min, max, default, choices) = match &param.domain {
        ParamDomain::Text => ("text", None, None, Value::Null, None),
        ParamDomain::Flag => ("flag", None, None, Value::Null, None),
        ParamDomain::Number { min, max, default } => {
            ("number", Some(min), Some(max), json!(default), None)
        }
        ParamDomain::Choice(choices) => {
            ("choice", None, None, json!(choices.first()), Some(choices))
        }
    };
    let fields = json!({
        "name": param.name, "follows": param.follows, "live": param.live,
        "type": kind, "min": min, "max": max, "default": default, "choices": choices,
    });
    match fields {
        // What a kind does not have is left out, but for the control that it may follow.
        Value::Object(map) => map
            .into_iter()
            .filter(|(name, value)| name == "follows" || !value.is_null())
            .collect(),
        other => other,
    }
}
