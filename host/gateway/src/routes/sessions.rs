//! `/v1/sessions`: open, describe, close.

use crate::app::App;
use crate::auth::Allowed;
use crate::codec::{Emit, Json, PCM, Wire, write_providers};
use crate::controls::{read_character, read_emotion, read_render};
use crate::error::ApiError;
use crate::fields::{Fields, Invalid};
use crate::limit;
use crate::routes::json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use tth_core::engine::{Delivery, SessionDescription, SessionRequest, SessionState};

/// `POST /v1/sessions`.
pub(crate) async fn create(
    State(app): State<App>,
    _: Allowed,
    body: Body,
) -> Result<Response, ApiError> {
    let body = limit::body(&app, body).await?;
    let mut fields = Fields::of_body(&body)?;
    let request = read_request(&mut fields)?;
    fields.finish()?;
    let session = app.engine.open(request).await?;

    let mut out = Json::with_capacity(1024);
    out.map();
    out.text_field("session_id", session.id.as_str());
    out.key("stream");
    out.map();
    out.text_field(
        "url",
        &format!("/v1/sessions/{}/stream?token={}", session.id, session.token),
    );
    out.key("protocols");
    out.array();
    Wire::ALL.iter().for_each(|wire| out.text(wire.protocol()));
    out.end();
    out.text_field("token", &session.token);
    out.end();
    write_description(&mut out, &session);
    out.end();
    Ok(json(StatusCode::CREATED, out.into_string()))
}

/// `GET /v1/sessions/{id}`.
pub(crate) async fn describe(
    State(app): State<App>,
    _: Allowed,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let session = app
        .engine
        .describe(&id)
        .ok_or_else(ApiError::unknown_session)?;
    let mut out = Json::with_capacity(1024);
    out.map();
    out.text_field("session_id", session.id.as_str());
    let state = match session.state {
        SessionState::Waiting => "waiting",
        SessionState::Idle => "idle",
        SessionState::Busy => "busy",
    };
    out.text_field("state", state);
    out.text_field("persona_id", &session.persona_id);
    out.uint_field("turns", session.turns);
    write_description(&mut out, &session);
    out.end();
    Ok(json(StatusCode::OK, out.into_string()))
}

/// `DELETE /v1/sessions/{id}`.
pub(crate) async fn close(
    State(app): State<App>,
    _: Allowed,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    if app.engine.close(&id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::unknown_session())
    }
}

/// What a session is opened with; `/v1/generate` takes the same.
pub(crate) fn read_request(fields: &mut Fields) -> Result<SessionRequest, Invalid> {
    Ok(SessionRequest {
        persona_id: fields.text("persona_id")?,
        voice: fields.text("voice")?,
        avatar: fields.text("avatar")?,
        language: fields.text("language")?,
        emotion: read_emotion(fields)?,
        character: read_character(fields)?,
        render: read_render(fields)?,
    })
}

/// `media`, `providers` and `expires_at_ms`.
fn write_description(out: &mut impl Emit, session: &SessionDescription) {
    out.key("media");
    out.map();
    out.key("audio");
    out.map();
    out.text_field("codec", PCM);
    out.uint_field("sample_rate", session.audio.sample_rate.into());
    out.uint_field("channels", session.audio.channels.into());
    out.end();
    out.key("video");
    out.map();
    let delivery = match session.delivery {
        Delivery::Frames => "frames",
        Delivery::Livekit => "livekit",
        Delivery::Webrtc => "webrtc",
        Delivery::None => "none",
    };
    out.text_field("delivery", delivery);
    out.text_field("codec", session.codec.name());
    out.uint_field("width", session.render.width.into());
    out.uint_field("height", session.render.height.into());
    out.uint_field("fps", session.render.fps.into());
    out.end();
    out.end();
    out.key("providers");
    write_providers(out, &session.providers);
    out.uint_field("expires_at_ms", session.expires_at_ms);
}
