//! A double's end of a WebSocket: what comes is noted, what goes is JSON.

use crate::record::Watch;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use serde_json::Value;
use std::time::Instant;

/// The client left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gone;

/// An open WebSocket. Dropping it breaks the connection without a word.
pub(crate) struct Socket {
    socket: WebSocket,
    /// Notes what was heard and said; set `whole` where leaving would be no loss.
    pub(crate) watch: Watch,
}

impl Socket {
    /// `watch` is the call's that asked for it.
    pub(crate) fn new(socket: WebSocket, watch: Watch) -> Self {
        Socket { socket, watch }
    }

    /// The next message, a string where it is no JSON; nothing once the client left. May be dropped
    /// while it waits.
    pub(crate) async fn hear(&mut self) -> Option<Value> {
        loop {
            let body = match self.socket.recv().await?.ok()? {
                Message::Text(text) => serde_json::from_str(&text)
                    .unwrap_or_else(|_| Value::String(text.as_str().to_owned())),
                Message::Binary(bytes) => {
                    Value::String(String::from_utf8_lossy(&bytes).into_owned())
                }
                Message::Close(_) => return None,
                Message::Ping(_) | Message::Pong(_) => continue,
            };
            self.watch.heard(body.clone());
            return Some(body);
        }
    }

    /// Send a message.
    pub(crate) async fn send(&mut self, body: &Value) -> Result<(), Gone> {
        self.send_text(body.to_string()).await
    }

    /// Send a message that is a piece of text or of sound.
    pub(crate) async fn say(&mut self, body: &Value) -> Result<(), Gone> {
        let text = body.to_string();
        // The client may have it before this end knows that it was sent.
        let at = Instant::now();
        self.send_text(text).await?;
        self.watch.said_at(at);
        Ok(())
    }

    /// Send any text, also one that is no JSON.
    pub(crate) async fn send_text(&mut self, text: String) -> Result<(), Gone> {
        let message = Message::Text(text.into());
        self.socket.send(message).await.map_err(|_| Gone)
    }

    /// End the connection in good order.
    pub(crate) async fn close(mut self, code: u16, reason: &'static str) {
        let reason = Utf8Bytes::from_static(reason);
        let farewell = Message::Close(Some(CloseFrame { code, reason }));
        self.watch.whole = true;
        if self.socket.send(farewell).await.is_ok() {
            // Its own farewell; what else it still sends nobody wants.
            while let Some(Ok(_)) = self.socket.recv().await {}
        }
    }
}
