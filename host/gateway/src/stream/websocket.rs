//! `WS /v1/sessions/{id}/stream`: events both ways, as JSON or CBOR.

use crate::app::App;
use crate::auth::SessionAccess;
use crate::codec::{Wire, decode, encode};
use crate::error::ApiError;
use crate::limit::Rate;
use crate::metrics::{Inside, count};
use crate::stream::resume::Resume;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures::stream::{SplitSink, SplitStream};
use futures::{FutureExt, SinkExt, StreamExt};
use http::StatusCode;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, timeout};
use tth_core::engine::{Detach, InputError, Reader};
use tth_core::events::{ClientEvent, Envelope, ServerEvent};

const NORMAL: u16 = 1000;
const GOING_AWAY: u16 = 1001;
/// Stands for a close without a code.
const NO_STATUS: u16 = 1005;
const POLICY: u16 = 1008;
const TOO_BIG: u16 = 1009;
/// Another stream took over.
const REPLACED: u16 = 4001;

const TOO_LARGE_EVENT: &str = "frame_too_large";
const TOO_MANY_EVENTS: &str = "too_many_events";

/// A frame that is too large, but not this many times, is read to its end, so that it can be
/// answered properly; a larger one is cut off.
const READ_OVER: usize = 8;
/// Read at once. The whole of it is zeroed at every look for input, of which there is one for each
/// event that leaves, and every connection keeps it; inbound events are small.
const READ_BUFFER: usize = 4 << 10;
/// Events gathered before they leave in one write: in bytes, beside the last one, and in number.
const WRITE_BUFFER: usize = 16 << 10;
const WRITE_EVENTS: usize = 32;
/// How long the error that explains a close may take to leave.
const EXPLAIN: Duration = Duration::from_secs(2);
/// How long the other side may take to close.
const GOODBYE: Duration = Duration::from_secs(1);

type Sink = SplitSink<WebSocket, Message>;
type Source = SplitStream<WebSocket>;

/// The upgrade. A stream that is opened a second time takes over from the first, which is closed
/// with 4001: a client whose connection was lost unnoticed gets back in at once, and may resume.
pub(crate) async fn connect(
    State(app): State<App>,
    SessionAccess(session): SessionAccess,
    Resume(resume): Resume,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|error| {
        ApiError::new(
            StatusCode::UPGRADE_REQUIRED,
            "upgrade_required",
            format!("this is a WebSocket: {error}"),
        )
    })?;
    let hard_limit = app.config.max_frame_bytes.saturating_mul(READ_OVER);
    let upgrade = upgrade
        .max_frame_size(hard_limit)
        .max_message_size(hard_limit)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .protocols(Wire::ALL.map(Wire::protocol));
    let chosen = upgrade
        .selected_protocol()
        .and_then(|name| name.to_str().ok());
    let wire = Wire::ALL
        .into_iter()
        .find(|wire| Some(wire.protocol()) == chosen);
    if wire.is_none() && upgrade.requested_protocols().next().is_some() {
        let message =
            "none of the offered subprotocols is known; there are: tth.v1.json, tth.v1.cbor";
        return Err(ApiError::bad_request("unknown_subprotocol", message));
    }
    let id = session.id.as_str().to_owned();
    Ok(upgrade.on_upgrade(move |socket| async move {
        // Attached only now: an upgrade that fails takes nothing over.
        let reader = app.engine.attach(&id, resume);
        let connection = Connection {
            app,
            id,
            wire: wire.unwrap_or(Wire::Json),
            closing: OnceLock::new(),
        };
        connection.run(socket, reader).await;
    }))
}

struct Connection {
    app: App,
    id: String,
    wire: Wire,
    /// The error after whose delivery the stream is closed.
    closing: OnceLock<&'static str>,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It is to be closed so.
    Close(u16, &'static str),
    /// After an error with this code was delivered, it is to be closed so.
    Explain(&'static str, u16),
    /// The client said goodbye.
    Left,
    /// It is gone already.
    Gone,
}

impl Connection {
    async fn run(&self, socket: WebSocket, reader: Option<Box<dyn Reader>>) {
        let _counted = Inside::enter(&self.app, |metrics| &metrics.websockets);
        let (mut sink, mut source) = socket.split();
        let end = match reader {
            Some(reader) => self.talk(&mut sink, &mut source, reader).await,
            None => End::Close(NORMAL, "session closed"),
        };
        if let End::Close(code, reason) | End::Explain(reason, code) = end {
            let close = Message::Close(Some(CloseFrame {
                code,
                reason: reason.into(),
            }));
            if matches!(timeout(GOODBYE, sink.send(close)).await, Ok(Ok(()))) {
                // Until the other side has closed too: else what is under way to it may be lost.
                let _ = timeout(GOODBYE, async {
                    while let Some(Ok(_)) = source.next().await {}
                })
                .await;
            }
        }
    }

    async fn talk(&self, sink: &mut Sink, source: &mut Source, mut reader: Box<dyn Reader>) -> End {
        let end = self.both_ways(sink, source, &mut *reader).await;
        if let End::Left = end {
            reader.leave();
        }
        end
    }

    async fn both_ways(
        &self,
        sink: &mut Sink,
        source: &mut Source,
        reader: &mut dyn Reader,
    ) -> End {
        let outbound = self.outbound(sink, reader);
        tokio::pin!(outbound);
        let end = tokio::select! {
            end = &mut outbound => return end,
            end = self.inbound(source) => end,
        };
        if let End::Explain(error, _) = end {
            let _ = self.closing.set(error);
            match timeout(EXPLAIN, outbound).await {
                Ok(End::Close(..)) | Err(_) => {}
                Ok(gone) => return gone,
            }
        }
        end
    }

    /// Events to the client. What is there already leaves in one write; nothing waits for more.
    async fn outbound(&self, sink: &mut Sink, reader: &mut dyn Reader) -> End {
        let mut pings = tokio::time::interval(self.app.config.ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick is at once, and needs no ping.
        pings.tick().await;
        let mut gathered = 0;
        loop {
            let ready = (gathered < WRITE_EVENTS)
                .then(|| reader.next().now_or_never())
                .flatten();
            let next = match ready {
                Some(next) => next,
                None => {
                    gathered = 0;
                    if let Err(end) = self.written(sink.flush()).await {
                        return end;
                    }
                    let mut next = reader.next();
                    loop {
                        tokio::select! {
                            next = &mut next => break next,
                            _ = pings.tick() => {
                                let ping = Message::Ping(bytes::Bytes::new());
                                if let Err(end) = self.written(sink.send(ping)).await {
                                    return end;
                                }
                            }
                        }
                    }
                }
            };
            let envelope = match next {
                Ok(envelope) => envelope,
                Err(Detach::SessionClosed) => return End::Close(NORMAL, "session closed"),
                Err(Detach::Expired) => return End::Close(NORMAL, "session expired"),
                Err(Detach::ShuttingDown) => {
                    return End::Close(GOING_AWAY, "server shutting down");
                }
                Err(Detach::Replaced) => return End::Close(REPLACED, "replaced"),
                Err(Detach::TooSlow) => return End::Close(POLICY, "too slow"),
            };
            if let Err(end) = self.written(sink.feed(self.message(&envelope))).await {
                return end;
            }
            gathered += 1;
            if let (ServerEvent::Error { code, .. }, Some(closing)) =
                (&envelope.event, self.closing.get())
                && code == closing
            {
                return End::Close(NORMAL, "explained");
            }
        }
    }

    fn message(&self, envelope: &Envelope) -> Message {
        match self.wire {
            Wire::Json => Message::Text(crate::codec::encode_json(envelope).into()),
            Wire::Cbor => Message::Binary(encode(self.wire, envelope).into()),
        }
    }

    /// A step of writing, within its time.
    async fn written(
        &self,
        step: impl Future<Output = Result<(), axum::Error>>,
    ) -> Result<(), End> {
        match timeout(self.app.config.write_timeout, step).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => {
                count(&self.app.metrics.write_timeouts);
                Err(End::Gone)
            }
        }
    }

    /// Events from the client; its text and binary frames, and its pings, count against its rate.
    async fn inbound(&self, source: &mut Source) -> End {
        let config = &self.app.config;
        let mut rate = Rate::new(config.events_per_second, config.event_burst, Instant::now());
        loop {
            let message = match timeout(config.silence_timeout, source.next()).await {
                Ok(Some(Ok(message))) => message,
                Ok(Some(Err(error))) if is_too_large(&error) => return self.too_large(),
                Ok(Some(Err(_)) | None) | Err(_) => return End::Gone,
            };
            let bytes = match &message {
                Message::Close(frame) => return parting(frame.as_ref()),
                Message::Pong(_) => continue,
                Message::Text(text) => text.as_bytes(),
                Message::Binary(bytes) | Message::Ping(bytes) => bytes,
            };
            if bytes.len() > config.max_frame_bytes {
                return self.too_large();
            }
            if !rate.take(Instant::now()) {
                let message = format!("more than {} events a second", config.events_per_second);
                return self.reject(TOO_MANY_EVENTS, message, POLICY);
            }
            let event = match (&message, self.wire) {
                (Message::Ping(_), _) => continue,
                (Message::Text(_), Wire::Json) | (Message::Binary(_), Wire::Cbor) => {
                    decode(self.wire, bytes)
                }
                (_, Wire::Json) => Err(crate::fields::Invalid::new(
                    "tth.v1.json takes text frames only",
                )),
                (_, Wire::Cbor) => Err(crate::fields::Invalid::new(
                    "tth.v1.cbor takes binary frames only",
                )),
            };
            let event = match event {
                Ok(event) => {
                    count(&self.app.metrics.events_in);
                    event
                }
                Err(error) => {
                    count(&self.app.metrics.events_rejected);
                    ClientEvent::Rejected {
                        code: "invalid_event".into(),
                        message: error.message,
                    }
                }
            };
            match self.app.engine.input(&self.id, event) {
                Ok(()) => {}
                Err(InputError::TooMany) => return End::Close(POLICY, TOO_MANY_EVENTS),
                // The other half is about to hear so, and why.
                Err(InputError::UnknownSession) => {}
            }
        }
    }

    fn too_large(&self) -> End {
        let message = format!(
            "a frame is larger than {} bytes",
            self.app.config.max_frame_bytes
        );
        self.reject(TOO_LARGE_EVENT, message, TOO_BIG)
    }

    /// Tells why the stream will be closed. The engine says it, because it counts the events.
    fn reject(&self, code: &'static str, message: String, close: u16) -> End {
        count(&self.app.metrics.events_rejected);
        match self.app.engine.input(
            &self.id,
            ClientEvent::Rejected {
                code: code.into(),
                message,
            },
        ) {
            Ok(()) => End::Explain(code, close),
            Err(_) => End::Close(close, code),
        }
    }
}

/// What a client means that closes the stream. One that found its connection dead, or broke down, says
/// so with another code than those of a goodbye, and comes back.
fn parting(frame: Option<&CloseFrame>) -> End {
    match frame.map(|frame| frame.code) {
        None | Some(NORMAL | GOING_AWAY | NO_STATUS) => End::Left,
        Some(_) => End::Gone,
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<tungstenite::Error>());
    matches!(source, Some(tungstenite::Error::Capacity(_)))
}
