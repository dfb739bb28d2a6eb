//! A client of the stream: one session, one WebSocket, events as JSON values.

use crate::Server;
use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use serde_json::{Value, json};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

/// Why a turn begins with a provider again that another one had stood in for.
pub const BACK: &str = "every turn begins with the first that can be used";

/// The two forms of events on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum Wire {
    Json,
    Cbor,
}

/// An open stream.
#[derive(Debug)]
pub struct Stream {
    /// The session's name.
    pub session: String,
    /// The answer that opened the session.
    pub opened: Value,
    /// The sequence number of the last event.
    pub seq: u64,
    socket: WebSocket<TcpStream>,
    wire: Wire,
}

impl Stream {
    /// Open a session and its stream.
    ///
    /// # Errors
    /// If either is refused.
    pub fn open(server: &Server, wire: Wire, request: &Value) -> Result<Stream> {
        let (status, opened) = server.call("POST", "/v1/sessions", Some(request))?;
        ensure!(status == 201, "{status}: {opened}");
        Stream::attach(server, wire, opened)
    }

    /// Open the stream of a session.
    ///
    /// # Errors
    /// If it is refused.
    pub fn attach(server: &Server, wire: Wire, opened: Value) -> Result<Stream> {
        let path = opened["stream"]["url"]
            .as_str()
            .context("the stream's url")?;
        let socket = connect(server, path, wire)?;
        let session = opened["session_id"]
            .as_str()
            .context("the session's name")?
            .to_owned();
        Ok(Stream {
            session,
            opened,
            seq: 0,
            socket,
            wire,
        })
    }

    /// Lose the connection without a goodbye.
    pub fn lose(self) -> Lost {
        Lost {
            opened: self.opened,
            seq: self.seq,
            wire: self.wire,
        }
    }

    /// Send an event.
    ///
    /// # Errors
    /// If the stream is gone.
    pub fn send(&mut self, event: &Value) -> Result<()> {
        let message = match self.wire {
            Wire::Json => Message::text(event.to_string()),
            Wire::Cbor => {
                let mut bytes = Vec::new();
                ciborium::into_writer(event, &mut bytes)?;
                Message::binary(bytes)
            }
        };
        self.send_message(message)
    }

    /// Send a message of any kind.
    ///
    /// # Errors
    /// If the stream is gone.
    pub fn send_message(&mut self, message: Message) -> Result<()> {
        Ok(self.socket.send(message)?)
    }

    /// The events until one of this type, without the news that the turn begins with a provider again that
    /// another one had stood in for: for tests that let one fail in turn after turn.
    ///
    /// # Errors
    /// As of [`Stream::until`].
    pub fn until_without_returns(&mut self, kind: &str, limit: Duration) -> Result<Vec<Value>> {
        let mut events = self.until(kind, limit)?;
        events.retain(|event| event["type"] != "provider_switched" || event["reason"] != BACK);
        Ok(events)
    }

    /// Say something in chat mode.
    ///
    /// # Errors
    /// If the stream is gone.
    pub fn chat(&mut self, text: &str) -> Result<()> {
        self.send(&json!({"type": "user_text", "text": text}))
    }

    /// The next event. Media comes as bytes in `data` (base64 in JSON is decoded by [`data`]).
    ///
    /// # Errors
    /// If none comes within `limit`, the stream is closed, or the event is out of sequence.
    pub fn next(&mut self, limit: Duration) -> Result<Value> {
        let until = Instant::now() + limit;
        loop {
            let left = until
                .saturating_duration_since(Instant::now())
                .max(Duration::from_millis(1));
            self.socket.get_ref().set_read_timeout(Some(left))?;
            let event = match self.socket.read().context("waiting for an event")? {
                Message::Text(text) if self.wire == Wire::Json => serde_json::from_str(&text)?,
                Message::Binary(bytes) if self.wire == Wire::Cbor => {
                    json_of(ciborium::from_reader(bytes.as_ref())?)
                }
                Message::Ping(_) | Message::Pong(_) => continue,
                Message::Close(frame) => bail!("closed: {frame:?}"),
                other => bail!("unexpected message: {other:?}"),
            };
            let event: Value = event;
            let seq = event["seq"].as_u64().context("seq")?;
            ensure!(
                seq == self.seq + 1 || self.seq == 0,
                "seq {seq} after {}",
                self.seq
            );
            ensure!(
                event["schema_version"] == "1.0" && event["session_id"] == self.session.as_str(),
                "{event}"
            );
            self.seq = seq;
            return Ok(event);
        }
    }

    /// Every event up to one of this type, that one included.
    ///
    /// # Errors
    /// As [`Stream::next`], `limit` being for all of them.
    pub fn until(&mut self, kind: &str, limit: Duration) -> Result<Vec<Value>> {
        let until = Instant::now() + limit;
        let mut events = Vec::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            ensure!(
                !left.is_zero(),
                "no {kind} in {limit:?}; the last events: {:?}",
                tail(&events)
            );
            let event = self.next(left).with_context(|| format!("before {kind}"))?;
            let found = event["type"] == kind;
            events.push(event);
            if found {
                return Ok(events);
            }
        }
    }

    /// How the server closes the stream.
    ///
    /// # Errors
    /// If it does not.
    pub fn close_code(&mut self, limit: Duration) -> Result<Option<u16>> {
        let until = Instant::now() + limit;
        self.socket.get_ref().set_read_timeout(Some(limit))?;
        while Instant::now() < until {
            match self.socket.read() {
                Ok(Message::Close(frame)) => return Ok(frame.map(|frame| frame.code.into())),
                Ok(_) => {}
                Err(error) => bail!("{error}"),
            }
        }
        bail!("the stream was not closed in {limit:?}")
    }
}

/// A stream whose connection is gone.
#[derive(Debug)]
pub struct Lost {
    opened: Value,
    seq: u64,
    wire: Wire,
}

impl Lost {
    /// Come back, to go on behind the last event that was seen.
    ///
    /// # Errors
    /// If the stream is refused.
    pub fn resume(self, server: &Server) -> Result<Stream> {
        let mut opened = self.opened;
        let path = opened["stream"]["url"]
            .as_str()
            .context("the stream's url")?;
        let again = format!("{path}&resume={}", self.seq);
        let first = std::mem::replace(&mut opened["stream"]["url"], again.into());
        let mut stream = Stream::attach(server, self.wire, opened)?;
        stream.opened["stream"]["url"] = first;
        stream.seq = self.seq;
        Ok(stream)
    }
}

/// Open a WebSocket.
///
/// # Errors
/// If it is refused.
fn connect(server: &Server, path: &str, wire: Wire) -> Result<WebSocket<TcpStream>> {
    let mut request = format!("ws://{}{path}", server.address()).into_client_request()?;
    let protocol = if wire == Wire::Json {
        "tth.v1.json"
    } else {
        "tth.v1.cbor"
    };
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol.parse()?);
    let tcp = TcpStream::connect(server.address())?;
    tcp.set_nodelay(true)?;
    let (socket, answer) = tungstenite::client(request, tcp)
        .map_err(|error| anyhow::anyhow!("the stream was refused: {error}"))?;
    let agreed = answer
        .headers()
        .get("sec-websocket-protocol")
        .and_then(|v| v.to_str().ok());
    ensure!(agreed == Some(protocol), "agreed on {agreed:?}");
    Ok(socket)
}

fn tail(events: &[Value]) -> Vec<String> {
    let last = events.iter().rev().take(5);
    last.map(|event| event.to_string().chars().take(200).collect())
        .collect()
}

/// CBOR as JSON, with byte strings in base64 as the JSON form has them.
fn json_of(value: ciborium::Value) -> Value {
    use ciborium::Value as Cbor;
    match value {
        Cbor::Bytes(bytes) => Value::String(base64::prelude::BASE64_STANDARD.encode(bytes)),
        Cbor::Map(entries) => {
            let entry =
                |(key, value): (Cbor, Cbor)| (key.into_text().unwrap_or_default(), json_of(value));
            Value::Object(entries.into_iter().map(entry).collect())
        }
        Cbor::Array(items) => items.into_iter().map(json_of).collect(),
        Cbor::Integer(number) => {
            let number = i128::from(number);
            u64::try_from(number)
                .map_or_else(|_| json!(i64::try_from(number).unwrap_or(0)), |n| json!(n))
        }
        Cbor::Float(number) => json!(number),
        Cbor::Bool(flag) => Value::Bool(flag),
        Cbor::Text(text) => Value::String(text),
        _ => Value::Null,
    }
}

/// The bytes of a media event.
///
/// # Errors
/// If there are none.
pub fn data(event: &Value) -> Result<Vec<u8>> {
    let text = event["data"].as_str().context("data")?;
    Ok(base64::prelude::BASE64_STANDARD.decode(text)?)
}
