//! `GET /v1/sessions/{id}/events`: outbound events as server-sent events.

use crate::app::App;
use crate::auth::SessionAccess;
use crate::codec::{encode_json, event_type};
use crate::error::ApiError;
use crate::metrics::{Inside, count};
use crate::stream::resume::Resume;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream::poll_fn;
use http::HeaderName;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use std::convert::Infallible;
use tokio::sync::mpsc;
use tth_core::engine::{Detach, Reader};
use tth_core::events::Envelope;

/// The stream; it ends with the session, or when another stream takes over. One that is gone always
/// counts as lost: there is no way to say goodbye.
pub(crate) async fn connect(
    State(app): State<App>,
    SessionAccess(session): SessionAccess,
    Resume(resume): Resume,
) -> Result<Response, ApiError> {
    let reader = app
        .engine
        .attach(session.id.as_str(), resume)
        .ok_or_else(ApiError::unknown_session)?;
    let (events, mut taken) = mpsc::channel::<Bytes>(1);
    tokio::spawn(feed(app, reader, events));
    let body = Body::from_stream(poll_fn(move |cx| {
        taken
            .poll_recv(cx)
            .map(|bytes| bytes.map(Ok::<_, Infallible>))
    }));
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
        // Proxies that collect answers would hold events back.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, body).into_response())
}

/// From the session to the connection, until one of them ends.
async fn feed(app: App, mut reader: Box<dyn Reader>, events: mpsc::Sender<Bytes>) {
    let _counted = Inside::enter(&app, |metrics| &metrics.event_streams);
    loop {
        let mut next = reader.next();
        let text = loop {
            tokio::select! {
                () = events.closed() => return,
                event = &mut next => break event,
                () = tokio::time::sleep(app.config.sse_keep_alive) => {
                    if !send(&app, &events, Bytes::from_static(b": alive\n\n")).await {
                        return;
                    }
                }
            }
        };
        let (text, last) = match text {
            Ok(envelope) => (frame(&envelope), false),
            Err(Detach::SessionClosed) => (": the session was closed\n\n".into(), true),
            Err(Detach::Expired) => (": the session has expired\n\n".into(), true),
            Err(Detach::ShuttingDown) => (": the server is shutting down\n\n".into(), true),
            Err(Detach::Replaced) => (": another stream took over\n\n".into(), true),
            Err(Detach::TooSlow) => (": this stream was too slow\n\n".into(), true),
        };
        if !send(&app, &events, text.into()).await || last {
            return;
        }
    }
}

/// JSON on one line needs one `data:`.
fn frame(envelope: &Envelope) -> String {
    let (seq, kind, data) = (
        envelope.seq,
        event_type(&envelope.event),
        encode_json(envelope),
    );
    format!("id: {seq}\nevent: {kind}\ndata: {data}\n\n")
}

/// Whether the connection took it in time.
async fn send(app: &App, events: &mpsc::Sender<Bytes>, bytes: Bytes) -> bool {
    match tokio::time::timeout(app.config.write_timeout, events.send(bytes)).await {
        Ok(result) => result.is_ok(),
        Err(_) => {
            count(&app.metrics.write_timeouts);
            false
        }
    }
}
