//! What the host does for guests beyond computing: each capability in a file of its own.

pub(crate) mod dial;
pub(crate) mod egress;
pub(crate) mod http;
pub(crate) mod websocket;

use http::HttpGrant;
use websocket::WebsocketGrant;

/// Everything one instance may do on the network.
pub(crate) struct Grants {
    pub(crate) http: HttpGrant,
    pub(crate) websocket: WebsocketGrant,
}

impl Grants {
    /// The same grants for another instance.
    pub(crate) fn fresh(&self) -> Self {
        Grants {
            http: self.http.fresh(),
            websocket: self.websocket.fresh(),
        }
    }
}
