//! `/v1/generate`: one turn without a session, as an MP4 file or as JSON.
//!
//! A client that leaves cancels its turn: the handler's future is dropped, and the turn with it.

use crate::app::App;
use crate::auth::Allowed;
use crate::codec::{check_text_length, read_mode};
use crate::error::ApiError;
use crate::fields::Fields;
use crate::limit;
use crate::metrics::Inside;
use crate::mp4::{self, Mp4Error};
use crate::routes::{json, sessions};
use answer::Answer;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use futures::stream::BoxStream;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use tokio::sync::mpsc;
use tth_core::engine::GenerateRequest;
use tth_core::events::{Envelope, ServerEvent, TurnEnd, TurnMode};
use tth_core::media::VideoCodec;
use tth_core::text::speakable;

mod answer;

/// Media that may wait for the encoder, in pieces: the turn waits when it is that much ahead.
const QUEUE: usize = 32;

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Mp4,
    Json,
}

/// `POST /v1/generate`.
pub(crate) async fn generate(
    State(app): State<App>,
    _: Allowed,
    body: Body,
) -> Result<Response, ApiError> {
    let body = limit::body(&app, body).await?;
    let (request, format) = read(&body)?;
    let busy = || {
        let message = format!(
            "{} generate calls are running already: try again in 2 s",
            app.config.max_generates
        );
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, "busy", message).retry_after(2)
    };
    let _room = app
        .generates
        .clone()
        .try_acquire_owned()
        .map_err(|_| busy())?;
    let _counted = Inside::enter(&app, |metrics| &metrics.generates);
    let text = request.text.clone();
    let turn = app.engine.generate(request).await?;
    match format {
        Format::Mp4 => as_mp4(&app, turn).await,
        Format::Json => as_json(&app, turn, &text).await,
    }
}

fn read(body: &[u8]) -> Result<(GenerateRequest, Format), ApiError> {
    let mut fields = Fields::of_body(body)?;
    let text = fields.text("text")?.unwrap_or_default();
    let mode = read_mode(&mut fields)?;
    let format = fields
        .choice("format", &[("mp4", Format::Mp4), ("json", Format::Json)])?
        .unwrap_or(Format::Mp4);
    let session = sessions::read_request(&mut fields)?;
    fields.finish()?;
    if text.trim().is_empty() {
        return Err(ApiError::bad_request(
            "invalid_text",
            "`text` is needed, and not blank",
        ));
    }
    check_text_length(&text)
        .map_err(|error| ApiError::bad_request("invalid_text", error.message))?;
    if mode == TurnMode::Say && !speakable(&text) {
        return Err(ApiError::bad_request(
            "invalid_text",
            "there is nothing to speak in `text`: it needs a letter or a digit",
        ));
    }
    let codecs = match format {
        Format::Mp4 => vec![VideoCodec::H264Annexb, VideoCodec::Jpeg],
        Format::Json => vec![VideoCodec::Jpeg, VideoCodec::H264Annexb],
    };
    Ok((
        GenerateRequest {
            text,
            mode,
            session,
            codecs,
        },
        format,
    ))
}

/// Why a turn failed, out of its events.
#[derive(Default)]
struct Outcome {
    error: Option<(String, String)>,
    end: Option<TurnEnd>,
    bytes: usize,
}

impl Outcome {
    /// Takes note; an error when there is too much.
    fn note(&mut self, event: &ServerEvent, limit: usize) -> Result<(), ApiError> {
        match event {
            // The first error says why, the later ones follow from it.
            ServerEvent::Error { code, message, .. } if self.error.is_none() => {
                self.error = Some((code.clone(), message.clone()));
            }
            ServerEvent::TurnEnded { reason } => self.end = Some(*reason),
            _ => {}
        }
        self.bytes += event.media_bytes();
        if self.bytes > limit {
            let message = format!(
                "the answer is larger than {limit} bytes; ask for less text or fewer pixels"
            );
            return Err(ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "answer_too_large",
                message,
            ));
        }
        Ok(())
    }

    /// Errors that the turn survived are of no interest here.
    fn settle(self) -> Result<(), ApiError> {
        if self.end == Some(TurnEnd::Completed) {
            return Ok(());
        }
        let (code, message) = self.error.unwrap_or_else(|| {
            (
                "internal".into(),
                "the turn ended before it was complete".into(),
            )
        });
        let status = match code.as_str() {
            "server_shutting_down" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_GATEWAY,
        };
        Err(ApiError::new(status, &code, message))
    }
}

async fn as_mp4(app: &App, mut turn: BoxStream<'static, Envelope>) -> Result<Response, ApiError> {
    let (media, mut queue) = mpsc::channel(QUEUE);
    // Dropped with this future, `media` ends the thread; the file is made only when it is told that
    // the turn is complete (`None`).
    let encoder = tokio::task::spawn_blocking(move || {
        let mut encoder = mp4::Encoder::new();
        let mut complete = false;
        while let Some(event) = queue.blocking_recv() {
            match event {
                Some(ServerEvent::Audio(chunk)) => encoder.audio(&chunk)?,
                Some(ServerEvent::Video(frame)) => encoder.video(&frame)?,
                Some(_) => {}
                None => complete = true,
            }
        }
        if complete {
            encoder.finish().map(Some)
        } else {
            Ok(None)
        }
    });
    let mut outcome = Outcome::default();
    while let Some(Envelope { event, .. }) = turn.next().await {
        outcome.note(&event, app.config.max_generate_bytes)?;
        // The encoder has failed: what follows is of no use, and its error comes below.
        if event.is_media() && media.send(Some(event)).await.is_err() {
            break;
        }
    }
    let failed = media.is_closed();
    if !failed {
        outcome.settle()?;
        let _ = media.send(None).await;
    }
    drop((turn, media));
    match encoder.await {
        Ok(Ok(Some(file))) => {
            let headers = [(CONTENT_TYPE, "video/mp4"), (CACHE_CONTROL, "no-store")];
            Ok((headers, file).into_response())
        }
        Ok(Ok(None)) => Err(encoding("the file was not completed")),
        Ok(Err(Mp4Error::Empty)) => Err(ApiError::new(
            StatusCode::BAD_GATEWAY,
            "no_media",
            "the turn made neither sound nor picture",
        )),
        Ok(Err(error)) => Err(encoding(&error.to_string())),
        Err(_) => Err(encoding("the encoder broke down")),
    }
}

fn encoding(message: &str) -> ApiError {
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "encoding_failed",
        message,
    )
}

async fn as_json(
    app: &App,
    mut turn: BoxStream<'static, Envelope>,
    asked: &str,
) -> Result<Response, ApiError> {
    let mut outcome = Outcome::default();
    let mut answer = Answer::default();
    while let Some(Envelope { event, .. }) = turn.next().await {
        outcome.note(&event, app.config.max_generate_bytes)?;
        answer.take(event);
    }
    outcome.settle()?;
    // Base64 of many megabytes takes its time.
    let asked = asked.to_owned();
    match tokio::task::spawn_blocking(move || answer.render(&asked)).await {
        Ok(body) => Ok(json(StatusCode::OK, body)),
        Err(_) => Err(encoding("the answer could not be put together")),
    }
}
