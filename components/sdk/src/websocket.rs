//! Outgoing WebSockets: `tth:host/websocket` as [`Inputs`] to read and a [`Sink`] to write.
//!
//! ```ignore
//! let mut socket = Socket::connect("wss://api.example.com/v1/talk", Options::default()).await?;
//! socket.send(Message::Text("hello".into())).await.ok();
//! while let Some(message) = socket.next().await { /* ... */ }
//! let farewell = socket.ending().await?;
//! ```
//!
//! Natively there is no network, but a script ([`replay`]), so that an adapter can be tested whole.
//!
//! Only to hosts that the configuration grants. Credentials are headers that the host attaches by
//! itself, and pings are its business. Dropping a [`Socket`] closes the connection; until then it may
//! be kept from call to call.

#[cfg(not(target_family = "wasm"))]
pub mod replay;

#[cfg(target_family = "wasm")]
use crate::bindings::host::tth::host::websocket as wit;
pub use crate::bindings::host::tth::host::websocket::{CloseFrame, Error, Message};
use crate::vendor::Refusal;
use crate::{Closed, ErrorCode, Inputs, Sink, error, retry_after_ms};
use futures::channel::{mpsc, oneshot};
use std::time::SystemTime;
#[cfg(target_family = "wasm")]
use wit_bindgen::rt::async_support::FutureReader;

/// How a connection ended: the server's close frame, if it sent one.
pub type Ending = Result<Option<CloseFrame>, Error>;

/// What the request that opens the connection says beside its URL.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Headers; those that the host has secrets for are replaced.
    pub headers: Vec<(String, String)>,
    /// Subprotocols, the preferred one first.
    pub protocols: Vec<String>,
}

enum End {
    #[cfg(target_family = "wasm")]
    Wit(FutureReader<Ending>),
    Channel(oneshot::Receiver<Ending>),
}

/// An open connection.
pub struct Socket {
    incoming: Inputs<Message>,
    outgoing: Sink<Message>,
    end: End,
}

/// The server's side of a [`Socket::pair`].
pub struct Peer {
    /// What the socket sent.
    pub received: mpsc::Receiver<Message>,
    /// To the socket. Dropping it ends the connection.
    pub sender: mpsc::Sender<Message>,
    /// How the connection will have ended.
    pub ending: oneshot::Sender<Ending>,
}

impl Socket {
    /// Open a connection.
    ///
    /// # Errors
    /// Why there is none; `?` makes the contract's error of it, [`refusal`] tells what the server said.
    #[cfg(target_family = "wasm")]
    pub async fn connect(url: &str, options: Options) -> Result<Socket, Error> {
        let (outgoing, reader) = crate::bindings::host::wit_stream::new();
        let options = wit::Options {
            headers: options.headers,
            protocols: options.protocols,
        };
        let (incoming, end) = wit::connect(url.to_owned(), options, reader).await?;
        Ok(Socket {
            incoming: Inputs::from_wit(incoming),
            outgoing: Sink::from_wit(outgoing),
            end: End::Wit(end),
        })
    }

    /// Open the next connection of the script.
    ///
    /// # Errors
    /// What the script says, and that there is nobody once it is over.
    #[cfg(not(target_family = "wasm"))]
    pub async fn connect(url: &str, options: Options) -> Result<Socket, Error> {
        replay::connect(url, options)
    }

    /// A socket and what stands for its server, each direction with room for `capacity` messages: for
    /// native tests.
    pub fn pair(capacity: usize) -> (Socket, Peer) {
        let (outgoing, received) = Sink::channel(capacity);
        let (sender, incoming) = mpsc::channel(capacity);
        let (ending, end) = oneshot::channel();
        let socket = Socket {
            incoming: Inputs::new(incoming),
            outgoing,
            end: End::Channel(end),
        };
        let peer = Peer {
            received,
            sender,
            ending,
        };
        (socket, peer)
    }

    /// Send a message; waits until there is room for it.
    ///
    /// # Errors
    /// [`Closed`] once the connection is over; [`Socket::ending`] says why.
    pub async fn send(&mut self, message: Message) -> Result<(), Closed> {
        self.outgoing.send(message).await
    }

    /// The next message; `None` once the connection is over and all was read.
    pub async fn next(&mut self) -> Option<Message> {
        self.incoming.next().await
    }

    /// How the connection ended. Closes it first if it is still open, and drops what is still unread.
    ///
    /// # Errors
    /// What broke it.
    pub async fn ending(self) -> Ending {
        let Socket {
            mut incoming,
            outgoing,
            end,
        } = self;
        drop(outgoing);
        while incoming.next().await.is_some() {}
        ended(end).await
    }

    /// Both directions, to be used at the same time.
    pub fn split(self) -> (Sink<Message>, Incoming) {
        let incoming = Incoming {
            messages: self.incoming,
            end: self.end,
        };
        (self.outgoing, incoming)
    }
}

/// The reading half of a [`Socket`]. Dropping the writing half closes the connection.
pub struct Incoming {
    messages: Inputs<Message>,
    end: End,
}

impl Incoming {
    /// The next message; `None` once the connection is over and all was read.
    pub async fn next(&mut self) -> Option<Message> {
        self.messages.next().await
    }

    /// How the connection ended. Waits until it has, and drops what is still unread.
    ///
    /// # Errors
    /// What broke it.
    pub async fn ending(mut self) -> Ending {
        while self.messages.next().await.is_some() {}
        ended(self.end).await
    }
}

async fn ended(end: End) -> Ending {
    match end {
        #[cfg(target_family = "wasm")]
        End::Wit(future) => future.await,
        End::Channel(receiver) => receiver.await.unwrap_or(Ok(None)),
    }
}

/// What a server answered instead of opening the connection; `None` where none answered at all.
pub fn refusal(failure: &Error) -> Option<Refusal> {
    let Error::Refused(text) = failure else {
        return None;
    };
    // "429 Too Many Requests; retry-after: 3; {...}", with all but the status left out at times.
    let (status, mut body) = text.split_once("; ").unwrap_or((text, ""));
    let status = status.split_once(' ').map_or(status, |(number, _)| number);
    let status = status.parse().ok().filter(|s| (100..600).contains(s))?;
    let mut wait = None;
    if let Some(after) = body.strip_prefix("retry-after: ") {
        let (value, rest) = after.split_once("; ").unwrap_or((after, ""));
        wait = retry_after_ms(value, SystemTime::now());
        body = rest;
    }
    Some(Refusal::read(status, body.as_bytes(), wait))
}

impl From<Error> for crate::Error {
    fn from(failure: Error) -> Self {
        if let Some(refusal) = refusal(&failure) {
            return refusal.into_error("the WebSocket's server");
        }
        let (code, text) = match failure {
            Error::Denied(why) => (
                ErrorCode::InvalidConfig,
                format!("the WebSocket is not allowed: {why}"),
            ),
            Error::Refused(why) => (
                ErrorCode::Unavailable,
                format!("there is no WebSocket: {why}"),
            ),
            Error::Tls(why) => (
                ErrorCode::Unavailable,
                format!("the WebSocket cannot be secured: {why}"),
            ),
            Error::Protocol(why) => (
                ErrorCode::Unavailable,
                format!("the WebSocket broke: {why}"),
            ),
            Error::Timeout => (
                ErrorCode::Timeout,
                "the WebSocket's server did not answer in time".into(),
            ),
        };
        error(code, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use futures::{SinkExt, StreamExt};

    fn refused(text: &str) -> Error {
        Error::Refused(text.into())
    }

    #[test]
    fn a_refusal_is_read_as_the_host_writes_it() {
        let of = |text: &str| {
            refusal(&refused(text))
                .map(|r| (r.status, r.retry_after_ms, r.code.unwrap_or_default()))
        };
        let whole =
            "429 Too Many Requests; retry-after: 1.5; {\"code\": \"slow\", \"x\": \"a; b\"}";
        assert_eq!(of(whole), Some((429, Some(1_500), "slow".into())));
        assert_eq!(
            of("401 Unauthorized; {\"detail\": {\"status\": \"quota_exceeded\"}}"),
            Some((401, None, "quota_exceeded".into()))
        );
        let date = "503 Service Unavailable; retry-after: Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(of(date), Some((503, Some(0), String::new())));
        assert_eq!(of("403 Forbidden"), Some((403, None, String::new())));
        assert_eq!(of("the server cannot be reached: connection refused"), None);
        assert_eq!(of("4 WebSockets are open, the most it may have"), None);
        assert_eq!(refusal(&Error::Timeout), None);
    }

    #[test]
    fn errors_become_those_of_the_contract() {
        let code = |error: Error| crate::Error::from(error).code;
        assert_eq!(code(Error::Denied("x".into())), ErrorCode::InvalidConfig);
        assert_eq!(
            code(refused("401 Unauthorized")),
            ErrorCode::Unauthenticated
        );
        assert_eq!(
            code(refused("503 Service Unavailable")),
            ErrorCode::Unavailable
        );
        assert_eq!(code(refused("no route")), ErrorCode::Unavailable);
        assert_eq!(code(Error::Timeout), ErrorCode::Timeout);
        assert_eq!(code(Error::Tls("x".into())), ErrorCode::Unavailable);
        assert_eq!(code(Error::Protocol("x".into())), ErrorCode::Unavailable);
        let limited =
            crate::Error::from(refused("429 Too Many Requests; retry-after: 2; your key"));
        assert_eq!(
            (limited.code, limited.retry_after_ms),
            (ErrorCode::RateLimited, Some(2_000))
        );
        assert!(!limited.message.contains("key"), "{}", limited.message);
    }

    #[test]
    fn a_pair_behaves_like_a_connection() {
        block_on(async {
            let (mut socket, mut peer) = Socket::pair(4);
            socket.send(Message::Text("hi".into())).await.unwrap();
            assert!(matches!(peer.received.next().await, Some(Message::Text(t)) if t == "hi"));
            peer.sender.send(Message::Binary(vec![1])).await.unwrap();
            assert!(matches!(socket.next().await, Some(Message::Binary(b)) if b == [1]));
            drop(peer.sender);
            let frame = CloseFrame {
                code: 1000,
                reason: "bye".into(),
            };
            peer.ending.send(Ok(Some(frame))).unwrap();
            assert!(socket.next().await.is_none());
            let ending = socket.ending().await.unwrap().unwrap();
            assert_eq!((ending.code, ending.reason.as_str()), (1000, "bye"));
        });
    }
}
