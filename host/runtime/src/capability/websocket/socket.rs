//! An open WebSocket: one task that carries messages between the two queues and the wire.
//!
//! Reading stops while the guest's queue is full, writing while the server does not take any more;
//! neither stops the other. Pings are answered here, and a server that has fallen silent is noticed.

use super::queue::{Receiver, Sender, size};
use crate::bindings::v0_1::host::tth::host::websocket::{CloseFrame, Error, Message};
use crate::limits::{EngineLimits, item};
use futures::{Sink, Stream};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, interval_at, sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WireError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame as WireClose, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message as WireMessage};

/// How a connection ended.
pub(super) type Ending = Result<Option<CloseFrame>, Error>;

/// How long the task waits for the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Between two questions whether it is still there.
    pub(super) ping: Duration,
    /// For its farewell.
    pub(super) close: Duration,
}

impl Patience {
    pub(super) fn new(limits: &EngineLimits) -> Self {
        Patience {
            ping: Duration::from_millis(limits.websocket_ping_ms.max(1)),
            close: Duration::from_millis(limits.websocket_close_ms),
        }
    }
}

/// The wire's limits: nothing is buffered beyond what is being sent.
pub(super) fn wire() -> WebSocketConfig {
    WebSocketConfig::default()
        .write_buffer_size(0)
        .max_message_size(Some(item::WEBSOCKET))
        .max_frame_size(Some(item::WEBSOCKET))
}

/// Carries messages until the connection has ended.
pub(super) struct Socket<S> {
    wire: WebSocketStream<S>,
    /// `None` once the guest has closed it, or the wire takes nothing any more.
    outgoing: Option<Receiver>,
    incoming: Sender,
    patience: Patience,
    question: Interval,
    /// Something came since the last question.
    heard: bool,
    /// Reading stood still since the last question, for want of room.
    held: bool,
    asked: bool,
    /// Since the guest's farewell or the end of the connection.
    leaving: Option<Pin<Box<Sleep>>>,
    /// Why writing failed: what the server sent before is still worth reading.
    write_failed: Option<Error>,
    /// How it ended, while the last words are still being sent.
    verdict: Option<Ending>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(super) fn new(
        wire: WebSocketStream<S>,
        outgoing: Receiver,
        incoming: Sender,
        patience: Patience,
    ) -> Self {
        let mut question = interval_at(Instant::now() + patience.ping, patience.ping);
        question.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Socket {
            wire,
            outgoing: Some(outgoing),
            incoming,
            patience,
            question,
            heard: false,
            held: false,
            asked: false,
            leaving: None,
            write_failed: None,
            verdict: None,
        }
    }

    /// Carry messages to the end.
    pub(super) async fn run(mut self) -> Ending {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Ending> {
        while self.verdict.is_none() {
            let wrote = self.write(context);
            let read = self.read(context);
            if !wrote && !read {
                break;
            }
        }
        if self.verdict.is_none() {
            self.ask(context);
        }
        let late = match &mut self.leaving {
            Some(sleep) => sleep.as_mut().poll(context).is_ready(),
            None => false,
        };
        if self.verdict.is_none() {
            return match late {
                true => Poll::Ready(Err(self.write_failed.take().unwrap_or(Error::Timeout))),
                false => Poll::Pending,
            };
        }
        // A farewell that cannot be sent changes nothing.
        let flushed = Pin::new(&mut self.wire).poll_flush(context);
        if !late {
            let _farewell = ready!(flushed);
        }
        Poll::Ready(self.verdict.take().unwrap_or(Ok(None)))
    }

    /// Send what the guest wrote; whether anything was sent.
    fn write(&mut self, context: &mut Context<'_>) -> bool {
        let mut sent = false;
        let failed = loop {
            match Pin::new(&mut self.wire).poll_ready(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => break Some(error),
                Poll::Pending => break None,
            }
            let Some(outgoing) = &mut self.outgoing else {
                break None;
            };
            let message = match outgoing.poll_next(context) {
                Poll::Pending => break None,
                Poll::Ready(Some(message)) if size(&message) > item::WEBSOCKET => {
                    let size = size(&message);
                    self.end(Err(too_large("to the server", size)), Some(CloseCode::Size));
                    return true;
                }
                Poll::Ready(Some(Message::Text(text))) => WireMessage::Text(text.into()),
                Poll::Ready(Some(Message::Binary(bytes))) => WireMessage::Binary(bytes.into()),
                Poll::Ready(None) => {
                    self.leave();
                    farewell(CloseCode::Normal)
                }
            };
            sent = true;
            if let Err(error) = Pin::new(&mut self.wire).start_send(message) {
                break Some(error);
            }
        };
        let failed = failed.or_else(|| match Pin::new(&mut self.wire).poll_flush(context) {
            Poll::Ready(Err(error)) => Some(error),
            _ => None,
        });
        if let (Some(error), None) = (failed, &self.write_failed) {
            self.write_failed = Some(explain(&error));
            self.leave();
        }
        sent
    }

    /// Hand over what came from the server; whether anything came.
    fn read(&mut self, context: &mut Context<'_>) -> bool {
        let mut came = false;
        while self.verdict.is_none() {
            // What nobody reads is thrown away: the guest may still have something to say.
            let wanted = match self.incoming.poll_room(context) {
                Poll::Ready(room) => room.is_ok(),
                Poll::Pending => {
                    self.held = true;
                    break;
                }
            };
            let message = match Pin::new(&mut self.wire).poll_next(context) {
                Poll::Pending => break,
                Poll::Ready(Some(Ok(message))) => message,
                Poll::Ready(Some(Err(error))) => {
                    self.lost(&error);
                    break;
                }
                Poll::Ready(None) => {
                    self.lost(&ProtocolError::ResetWithoutClosingHandshake.into());
                    break;
                }
            };
            (came, self.heard) = (true, true);
            let message = match message {
                WireMessage::Text(text) => Message::Text(text.as_str().to_owned()),
                WireMessage::Binary(bytes) => Message::Binary(bytes.into()),
                WireMessage::Close(frame) => {
                    let frame = frame.map(|frame| CloseFrame {
                        code: frame.code.into(),
                        reason: frame.reason.as_str().to_owned(),
                    });
                    // The answer to it is on its way already.
                    self.end(Ok(frame), None);
                    break;
                }
                // A ping is answered by the wire itself.
                WireMessage::Ping(_) | WireMessage::Pong(_) | WireMessage::Frame(_) => continue,
            };
            if wanted {
                self.incoming.push(message);
            }
        }
        came
    }

    /// Ask now and then whether the server is still there.
    fn ask(&mut self, context: &mut Context<'_>) {
        while self.question.poll_tick(context).is_ready() {
            if self.asked && !self.heard && !self.held {
                self.end(Err(Error::Timeout), None);
                return;
            }
            (self.asked, self.heard, self.held) = (self.outgoing.is_some(), false, false);
            if self.asked && Pin::new(&mut self.wire).poll_ready(context).is_ready() {
                let ping = WireMessage::Ping(Bytes::new());
                if let Err(error) = Pin::new(&mut self.wire).start_send(ping) {
                    self.write_failed.get_or_insert(explain(&error));
                    self.leave();
                }
                let _at_the_next_poll = Pin::new(&mut self.wire).poll_flush(context);
            }
        }
    }

    /// The connection can no longer be read.
    fn lost(&mut self, error: &WireError) {
        // After the guest's farewell a server may simply go.
        let left = self.outgoing.is_none() && self.write_failed.is_none();
        match error {
            WireError::Capacity(CapacityError::MessageTooLong { size, .. }) => {
                self.end(
                    Err(too_large("from the server", *size)),
                    Some(CloseCode::Size),
                );
            }
            WireError::Utf8(_) => self.end(Err(explain(error)), Some(CloseCode::Invalid)),
            WireError::Io(_) | WireError::Protocol(ProtocolError::ResetWithoutClosingHandshake)
                if left =>
            {
                self.end(Ok(None), None);
            }
            WireError::Io(_) => self.end(Err(explain(error)), None),
            _ => {
                let why = self.write_failed.take().unwrap_or_else(|| explain(error));
                self.end(Err(why), Some(CloseCode::Protocol));
            }
        }
    }

    /// Take nothing more from the guest, and wait for the server only so long.
    fn leave(&mut self) {
        self.outgoing = None;
        self.leaving
            .get_or_insert_with(|| Box::pin(sleep(self.patience.close)));
    }

    /// It is over, but for the last words.
    fn end(&mut self, verdict: Ending, last: Option<CloseCode>) {
        self.verdict = Some(verdict);
        self.leave();
        if let Some(code) = last {
            // The wire may be gone; the verdict stands.
            let _gone = Pin::new(&mut self.wire).start_send(farewell(code));
        }
    }
}

fn farewell(code: CloseCode) -> WireMessage {
    WireMessage::Close(Some(WireClose {
        code,
        reason: "".into(),
    }))
}

fn too_large(whither: &str, size: usize) -> Error {
    let most = item::WEBSOCKET;
    Error::Protocol(format!(
        "a message {whither} has {size} bytes; {most} is the most"
    ))
}

/// The wire's error in the words of the contract.
pub(super) fn explain(error: &WireError) -> Error {
    Error::Protocol(match error {
        WireError::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | WireError::ConnectionClosed
        | WireError::AlreadyClosed => "the server went away without a close frame".into(),
        WireError::Io(error) => format!("the connection broke: {error}"),
        other => other.to_string(),
    })
}
