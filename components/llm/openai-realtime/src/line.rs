//! A connection, which is kept from call to call, and what was left on it.

use crate::conversions::{self, Reply, WHO};
use serde_json::Value;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};
use tth_sdk::clock::within;
use tth_sdk::websocket::{self, CloseFrame, Message, Options, Socket};
use tth_sdk::{Closed, Error, ErrorCode, error, yield_now};

/// The vendor ends a session after an hour; one that is about to end is not begun a response on.
const LONGEST: Duration = Duration::from_secs(55 * 60);
/// How long the end of a cancelled response is waited for: the call must be over within a quarter of
/// a second.
const DRAIN_MS: u64 = 150;
/// The most messages that may have come between two calls.
const LEFT_OVER: usize = 4_096;
/// The vendor no longer has the form of the interface that was asked for.
const SHAPE_GONE: u16 = 4000;

/// See the module.
pub(crate) struct Line {
    socket: Socket,
    since: Instant,
    /// A response that was told to stop and has not been heard to.
    stopping: Option<String>,
}

impl Line {
    /// Open a connection and set its session up. What the vendor says to that comes later.
    pub(crate) async fn open(url: &str) -> Result<Line, Error> {
        let socket = Socket::connect(url, Options::default()).await;
        let mut line = Line {
            socket: socket.map_err(refused)?,
            since: Instant::now(),
            stopping: None,
        };
        match line.send(&conversions::session()).await {
            Ok(()) => Ok(line),
            Err(Closed) => Err(line.farewell().await),
        }
    }

    pub(crate) async fn send(&mut self, event: &Value) -> Result<(), Closed> {
        self.socket.send(Message::Text(event.to_string())).await
    }

    /// The next message; `None` once the connection is over.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            match self.socket.next().await? {
                Message::Text(text) => return Some(text),
                // The vendor sends none.
                Message::Binary(_) => {}
            }
        }
    }

    /// Whether a call may be begun on it, after what has come since the last one was read.
    pub(crate) async fn usable(&mut self) -> bool {
        if self.since.elapsed() >= LONGEST {
            return false;
        }
        // So that the host can say what it knows.
        yield_now().await;
        for _ in 0..LEFT_OVER {
            let waiting = {
                let mut next = pin!(self.next());
                std::future::poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await
            };
            match waiting {
                Poll::Ready(None) => return false,
                Poll::Ready(Some(text)) => {
                    if self.stopping.is_some() && conversions::ended(&text) == self.stopping {
                        self.stopping = None;
                    }
                }
                Poll::Pending => return self.stopping.is_none(),
            }
        }
        false
    }

    /// Nobody wants the rest of a response: tell the vendor to stop. Whether the connection may be
    /// kept; if not, closing it stops the response as well.
    pub(crate) async fn stop(&mut self, reply: &mut Reply) -> bool {
        match within(DRAIN_MS, self.drain(reply)).await {
            Some(heard) => heard && reply.sound(),
            // It may say so until the next call, which then knows.
            None => self.stopping.is_some(),
        }
    }

    /// Read until the response is over; false if the connection is over before.
    async fn drain(&mut self, reply: &mut Reply) -> bool {
        while !reply.over() {
            // A response has no name to be told by until it has begun.
            if let (None, Some(id)) = (&self.stopping, reply.response()) {
                let id = id.to_owned();
                if self
                    .send(&conversions::cancel(reply.call(), &id))
                    .await
                    .is_err()
                {
                    return false;
                }
                self.stopping = Some(id);
            }
            let Some(text) = self.next().await else {
                return false;
            };
            let _nobody_reads = reply.feed(&text);
        }
        self.stopping = None;
        true
    }

    /// Why the connection is over.
    pub(crate) async fn farewell(self) -> Error {
        match self.socket.ending().await {
            Ok(frame) => closed(frame),
            Err(broken) => refused(broken),
        }
    }
}

fn closed(frame: Option<CloseFrame>) -> Error {
    // Not its reason, which is the vendor's text.
    match frame.map(|frame| frame.code) {
        Some(SHAPE_GONE) => error(
            ErrorCode::Unsupported,
            format!("{WHO} no longer speaks this form of its interface: close code {SHAPE_GONE}"),
        ),
        Some(code) => error(
            ErrorCode::Unavailable,
            format!("{WHO} closed the connection with code {code}"),
        ),
        None => error(
            ErrorCode::Unavailable,
            format!("{WHO} closed the connection"),
        ),
    }
}

/// Why there is no connection, or none any more.
fn refused(failure: websocket::Error) -> Error {
    match websocket::refusal(&failure) {
        Some(refusal) => refusal.into_error(WHO),
        None => failure.into(),
    }
}

#[cfg(test)]
impl Line {
    /// As if it had been opened so long ago.
    pub(crate) fn aged(mut self, age: Duration) -> Option<Self> {
        self.since = Instant::now().checked_sub(age)?;
        Some(self)
    }
}
