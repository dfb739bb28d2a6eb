//! Reaching a server, for every protocol alike: names to addresses that may be reached, TCP, and TLS
//! against the roots that browsers trust.

use crate::capability::egress::{Route, is_public};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use rustls::ClientConfig;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Names to addresses, by the system's resolver; for public routes only to public ones.
#[derive(Clone)]
pub(crate) struct Resolver {
    route: Route,
}

/// A name that is granted, but stands for an address that is not.
#[derive(Debug, thiserror::Error)]
#[error("the name stands for private addresses only")]
pub(crate) struct PrivateAddress;

impl tower_service::Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let route = self.route;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found
                .filter(|at| route == Route::Private || is_public(at.ip()))
                .collect();
            match allowed.is_empty() {
                true => Err(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    PrivateAddress,
                )),
                false => Ok(allowed.into_iter()),
            }
        })
    }
}

/// Opens TCP connections of `route`, each within `patience`.
pub(crate) fn tcp(route: Route, patience: Duration) -> HttpConnector<Resolver> {
    let mut tcp = HttpConnector::new_with_resolver(Resolver { route });
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(patience));
    tcp
}

/// How servers must prove who they are.
pub(crate) fn tls() -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap_or_else(|_| ClientConfig::builder());
    hyper_rustls::ConfigBuilderExt::with_webpki_roots(builder).with_no_client_auth()
}
