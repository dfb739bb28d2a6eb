//! One session over a WebSocket, and what it sees of a turn.

use crate::http::{delete, post_json};
use crate::pacing::Playout;
use crate::wire::{Event, Kind, Mode, Said};
use anyhow::{Context, Result, bail};
use futures::{SinkExt, StreamExt};
use http::HeaderValue;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

/// A connected client.
pub(crate) struct Session {
    /// Its path on the server.
    path: String,
    socket: WebSocketStream<TcpStream>,
    seq: u64,
}

/// What a client saw of one turn; times since it sent its text.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The first sound.
    pub(crate) ttfa: Option<Duration>,
    /// The first picture that is not older than the first sound.
    pub(crate) ttfv: Option<Duration>,
    /// The first sound, as the server reports it, in milliseconds.
    pub(crate) reported_ttfa_ms: Option<f64>,
    /// The first picture, as the server reports it, in milliseconds.
    pub(crate) reported_ttfv_ms: Option<f64>,
    /// How its sound came.
    pub(crate) audio: Playout,
    /// How its pictures came.
    pub(crate) video: Playout,
}

#[derive(Deserialize)]
struct Created {
    session_id: String,
    stream: Stream,
}

#[derive(Deserialize)]
struct Stream {
    url: String,
}

impl Session {
    /// A new session; `wishes` is the body of the request.
    pub(crate) async fn open(server: SocketAddr, wishes: &Value) -> Result<Self> {
        let created: Created = post_json(server, "/v1/sessions", wishes).await?;
        let mut request = format!("ws://{server}{}", created.stream.url).into_client_request()?;
        request.headers_mut().insert(
            SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static("tth.v1.cbor"),
        );
        let tcp = TcpStream::connect(server).await?;
        tcp.set_nodelay(true)?;
        let (socket, _) = client_async(request, tcp)
            .await
            .context("connecting to the session's stream")?;
        let path = format!("/v1/sessions/{}", created.session_id);
        let seq = 0;
        Ok(Session { path, socket, seq })
    }

    /// End it on the server; the connection is dropped as it is.
    pub(crate) async fn end(self, server: SocketAddr) -> Result<()> {
        let Session { path, socket, .. } = self;
        drop(socket);
        delete(server, &path).await
    }

    /// The next event, and when it was here.
    ///
    /// # Errors
    /// If the stream ends, leaves a number out, or reports a failure.
    pub(crate) async fn next(&mut self) -> Result<(Instant, Event)> {
        let (at, event) = self.any().await?;
        // A measurement with a provider that failed would be one of something else.
        if matches!(event.kind, Kind::Error | Kind::ProviderSwitched) {
            bail!("the server reports {:?}: {}", event.kind, event.said());
        }
        Ok((at, event))
    }

    /// The next event, and when it was here; failures of providers are events, too.
    ///
    /// # Errors
    /// If the stream ends or leaves a number out.
    pub(crate) async fn any(&mut self) -> Result<(Instant, Event)> {
        loop {
            let message = self.socket.next().await.context("the stream ended")??;
            let at = Instant::now();
            let frame = match message {
                Message::Binary(frame) => frame,
                Message::Close(frame) => bail!("the server closed the stream: {frame:?}"),
                _ => continue,
            };
            let event = Event::read(&frame)?;
            self.seq += 1;
            if event.seq != self.seq {
                bail!("event {} came instead of {}", event.seq, self.seq);
            }
            return Ok((at, event));
        }
    }

    /// Say something; when it was sent.
    pub(crate) async fn say(&mut self, said: &Said<'_>) -> Result<Instant> {
        let frame = said.write()?;
        let at = Instant::now();
        self.socket.send(Message::binary(frame)).await?;
        Ok(at)
    }

    /// Take whatever comes until then.
    pub(crate) async fn listen_until(&mut self, deadline: Instant) -> Result<()> {
        let deadline = tokio::time::sleep_until(deadline.into());
        tokio::pin!(deadline);
        loop {
            // Cancelling a read loses nothing: a frame is taken whole or left.
            tokio::select! {
                biased;
                () = &mut deadline => return Ok(()),
                event = self.next() => { event?; }
            }
        }
    }

    /// One whole turn.
    ///
    /// # Errors
    /// As [`Session::next`], and if the turn is not completed.
    pub(crate) async fn turn(&mut self, text: &str, mode: Mode) -> Result<Seen> {
        let sent = self.say(&Said::UserText { text, mode }).await?;
        let mut seen = Seen::default();
        let mut turn = None;
        let mut first_pts = None;
        loop {
            let (at, event) = self.next().await?;
            if event.kind == Kind::TurnStarted {
                turn = event.turn_id;
                continue;
            }
            if turn.is_none() || event.turn_id != turn {
                continue;
            }
            match event.kind {
                Kind::AudioChunk => {
                    let pts = event.pts_us.context("sound without a time")?;
                    seen.ttfa.get_or_insert(at - sent);
                    first_pts.get_or_insert(pts);
                    seen.audio.arrived(at, pts);
                }
                Kind::VideoFrame => {
                    let pts = event.pts_us.context("a picture without a time")?;
                    if first_pts.is_some_and(|first| pts >= first) {
                        seen.ttfv.get_or_insert(at - sent);
                        seen.video.arrived(at, pts);
                    }
                }
                Kind::TurnMetrics => {
                    seen.reported_ttfa_ms = event.ttfa_ms;
                    seen.reported_ttfv_ms = event.ttfv_ms;
                }
                Kind::TurnEnded if event.reason.as_deref() == Some("completed") => {
                    return Ok(seen);
                }
                Kind::TurnEnded => bail!("the turn was {}", event.reason.unwrap_or_default()),
                _ => {}
            }
        }
    }
}

/// Several sessions, opened one after the other. They speak without the persona's feeling and at
/// the voice's own rate, so that a text has a known length.
pub(crate) async fn open_many(server: SocketAddr, count: usize) -> Result<Vec<Session>> {
    let wishes = json!({
        "emotion": { "label": "neutral", "intensity": 0.0 },
        "character": { "speech_rate": 1.0 },
    });
    let mut sessions = Vec::with_capacity(count);
    for _ in 0..count {
        sessions.push(Session::open(server, &wishes).await?);
    }
    Ok(sessions)
}
