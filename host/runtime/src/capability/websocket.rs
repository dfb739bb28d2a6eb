//! Outgoing WebSockets of guests, message by message: the host opens, secures and pings them, and
//! attaches credentials; the guest has a stream in each direction.
//!
//! Every open socket has a task of its own, so that pings are answered while the guest computes. The
//! tasks belong to the instance's store: when it goes, so do its connections.

mod connect;
mod queue;
mod socket;
mod streams;
#[cfg(test)]
mod tests;

use crate::bindings::v0_1::host::tth::host::websocket::{
    CloseFrame, Error, Host, HostWithStore, Message, Options,
};
use crate::capability::dial;
use crate::capability::egress::{Egress, Route};
use crate::limits::{EngineLimits, channel};
use http::{Request, Uri};
use queue::queue;
use rustls::ClientConfig;
use socket::{Patience, Socket};
use std::sync::Arc;
use std::time::Duration;
use streams::{Incoming, Outgoing};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;
use wasmtime::component::{Accessor, FutureReader, HasData, StreamReader};

/// What all WebSockets of a runtime share.
pub(crate) struct WebsocketClient {
    tls: Arc<ClientConfig>,
    connect: Duration,
    patience: Patience,
}

impl WebsocketClient {
    pub(crate) fn new(limits: &EngineLimits) -> Self {
        WebsocketClient {
            tls: Arc::new(dial::tls()),
            connect: Duration::from_millis(limits.websocket_connect_ms),
            patience: Patience::new(limits),
        }
    }
}

/// What one instance may do with WebSockets, and those it has open.
pub(crate) struct WebsocketGrant {
    client: Arc<WebsocketClient>,
    egress: Arc<Egress>,
    provider: Arc<str>,
    most: usize,
    slots: Arc<Semaphore>,
    /// Dropping it ends every one of them at once.
    open: JoinSet<()>,
}

/// The library prints whole requests at level trace, credentials included; see the workspace's
/// dependency on `log`.
const _: () = assert!(
    (log::STATIC_MAX_LEVEL as usize) < (log::LevelFilter::Trace as usize),
    "level trace of `log` must be compiled out"
);

/// A connection that may be opened.
struct Granted {
    provider: Arc<str>,
    request: Request<()>,
    route: Route,
    slot: OwnedSemaphorePermit,
    client: Arc<WebsocketClient>,
}

impl WebsocketGrant {
    pub(crate) fn new(
        client: Arc<WebsocketClient>,
        egress: Arc<Egress>,
        provider: Arc<str>,
        most: usize,
    ) -> Self {
        WebsocketGrant {
            client,
            egress,
            provider,
            most,
            slots: Arc::new(Semaphore::new(most)),
            open: JoinSet::new(),
        }
    }

    /// The same grant for another instance.
    pub(crate) fn fresh(&self) -> Self {
        let (client, egress) = (self.client.clone(), self.egress.clone());
        Self::new(client, egress, self.provider.clone(), self.most)
    }

    /// Judge a wish before anything is sent.
    fn judge(&mut self, url: &str, options: &Options) -> Result<Granted, Error> {
        let uri: Uri = url
            .parse()
            .map_err(|_| connect::denied("the URL does not parse".into()))?;
        let Some(route) = self.egress.websocket_route(&uri) else {
            // Neither path nor query: they may hold what is nobody's business.
            let scheme = uri.scheme_str().unwrap_or("?");
            let authority = uri.authority().map_or("?", |authority| authority.as_str());
            tracing::warn!(
                provider = %self.provider,
                "WebSocket to {scheme}://{authority} denied: not in allow.hosts",
            );
            let why = format!("{scheme}://{authority} with this path is not in allow.hosts");
            return Err(connect::denied(why));
        };
        let request = connect::request(&uri, options, &self.egress)?;
        let Ok(slot) = self.slots.clone().try_acquire_owned() else {
            let why = format!("{} WebSockets are open, the most it may have", self.most);
            return Err(Error::Refused(why));
        };
        Ok(Granted {
            provider: self.provider.clone(),
            request,
            route,
            slot,
            client: self.client.clone(),
        })
    }
}

impl Granted {
    /// Open the connection; afterwards, `slot` is held as long as it is open.
    async fn open(self) -> Result<Opened, Error> {
        let Granted {
            provider,
            request,
            route,
            slot,
            client,
        } = self;
        let at = request.uri().authority().map(ToString::to_string);
        let at = at.unwrap_or_default();
        let open = connect::open(request, route, client.connect, client.tls.clone());
        let wire = tokio::time::timeout(client.connect, open)
            .await
            .map_err(|_| Error::Timeout)??;
        let (to_socket, from_guest) = queue(channel::WEBSOCKET, channel::WEBSOCKET_BYTES);
        let (to_guest, from_socket) = queue(channel::WEBSOCKET, channel::WEBSOCKET_BYTES);
        tracing::debug!(%provider, "WebSocket to {at} open");
        let socket = Socket::new(wire, from_guest, to_guest, client.patience);
        let (tell, ended) = oneshot::channel();
        let task = async move {
            let ending = socket.run().await;
            drop(slot);
            // Not the reason, which is the server's text.
            let how = match &ending {
                Ok(Some(frame)) => format!("with code {}", frame.code),
                Ok(None) => "without a code".into(),
                Err(error) => error.to_string(),
            };
            tracing::debug!(%provider, "WebSocket to {at} closed: {how}");
            let _guest_does_not_ask = tell.send(ending);
        };
        Ok(Opened {
            task: Box::pin(task),
            to_socket,
            from_socket,
            ended,
        })
    }
}

struct Opened {
    task: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
    to_socket: queue::Sender,
    from_socket: queue::Receiver,
    ended: oneshot::Receiver<socket::Ending>,
}

/// Gives the bindings their way to an instance's [`WebsocketGrant`].
pub(crate) struct Websockets;

impl HasData for Websockets {
    type Data<'a> = &'a mut WebsocketGrant;
}

impl Host for &mut WebsocketGrant {}

type Connected = (
    StreamReader<Message>,
    FutureReader<Result<Option<CloseFrame>, Error>>,
);

impl<T: Send + 'static> HostWithStore<T> for Websockets {
    async fn connect(
        guest: &Accessor<T, Self>,
        url: String,
        options: Options,
        outgoing: StreamReader<Message>,
    ) -> wasmtime::Result<Result<Connected, Error>> {
        // Closed whatever happens, also if the guest does not wait for the connection.
        let outgoing = outgoing.guard(guest);
        let granted = match guest.with(|mut store| store.get().judge(&url, &options)) {
            Ok(granted) => granted,
            Err(error) => return Ok(Err(error)),
        };
        let opened = match granted.open().await {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(error)),
        };
        let outgoing = outgoing.into_stream();
        guest.with(|mut store| {
            let open = &mut store.get().open;
            while open.try_join_next().is_some() {}
            open.spawn(opened.task);
            outgoing.pipe(&mut store, Outgoing(opened.to_socket))?;
            let incoming = StreamReader::new(&mut store, Incoming(opened.from_socket))?;
            let ended = async move {
                let lost = || Error::Protocol("the connection was dropped".into());
                wasmtime::error::Ok(opened.ended.await.unwrap_or_else(|_| Err(lost())))
            };
            Ok(Ok((incoming, FutureReader::new(&mut store, ended)?)))
        })
    }
}
