//! `/v1/models`: every configured provider; `/v1/personas`: who can speak.

use crate::app::App;
use crate::auth::Allowed;
use crate::routes::json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use tth_core::engine::ProviderStatus;
use tth_core::provider::{ParamDomain, ParamSpec, ProviderInfo};

/// `GET /v1/models`.
pub(crate) async fn models(State(app): State<App>, _: Allowed) -> Response {
    let models: Vec<Value> = app.engine.providers().await.iter().map(model).collect();
    json(StatusCode::OK, json!({ "models": models }).to_string())
}

/// `GET /v1/personas`.
pub(crate) async fn personas(State(app): State<App>, _: Allowed) -> Response {
    let personas: Vec<Value> = app
        .engine
        .personas()
        .into_iter()
        .map(|p| {
            json!({
                "id": p.id, "name": p.name, "description": p.description, "look": p.look,
                "language": p.language, "style": p.style,
                "emotion": p.emotion, "character": p.character,
            })
        })
        .collect();
    json(StatusCode::OK, json!({ "personas": personas }).to_string())
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
