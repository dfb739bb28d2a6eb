//! Outgoing HTTP of guests: one pooled client for all of them, behind each provider's own grants.

mod body;
mod client;

use crate::capability::egress::Egress;
use body::GuardedBody;
pub(crate) use client::HttpClient;
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// What one instance may do on the network.
pub(crate) struct HttpGrant {
    client: Arc<HttpClient>,
    egress: Arc<Egress>,
    provider: Arc<str>,
    requests: usize,
    slots: Arc<Semaphore>,
}

impl HttpGrant {
    pub(crate) fn new(
        client: Arc<HttpClient>,
        egress: Arc<Egress>,
        provider: Arc<str>,
        requests: usize,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(requests));
        HttpGrant {
            client,
            egress,
            provider,
            requests,
            slots,
        }
    }

    /// The same grant for another instance.
    pub(crate) fn fresh(&self) -> Self {
        HttpGrant {
            client: self.client.clone(),
            egress: self.egress.clone(),
            provider: self.provider.clone(),
            requests: self.requests,
            slots: Arc::new(Semaphore::new(self.requests)),
        }
    }
}

/// A wish of the guest, but never beyond the host's limit.
fn within(wish: Option<Duration>, limit: Duration) -> Duration {
    wish.map_or(limit, |wish| wish.min(limit))
}

type Sent = Result<
    (
        http::Response<WasiBody>,
        Box<dyn Future<Output = Result<(), Error>> + Send>,
    ),
    Error,
>;

impl WasiHttpHooks for HttpGrant {
    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let Some(route) = self.egress.route(request.uri()) else {
            let uri = request.uri();
            // Neither path nor query: they may hold what is nobody's business.
            tracing::warn!(
                provider = %self.provider,
                "request to {}://{} denied: not in allow.hosts",
                uri.scheme_str().unwrap_or("?"),
                uri.authority().map_or("?", |authority| authority.as_str()),
            );
            return Box::new(async { Err(Error::HttpRequestDenied) });
        };
        let Ok(slot) = self.slots.clone().try_acquire_owned() else {
            return Box::new(async { Err(Error::ConnectionLimitReached) });
        };
        let uri = request.uri().clone();
        self.egress.attach(&uri, request.headers_mut());
        let client = self.client.clone();
        Box::new(async move {
            let options = options.unwrap_or_default();
            let first = within(options.first_byte_timeout, client.limits.first_byte)
                + within(options.connect_timeout, client.limits.connect);
            let gap = within(options.between_bytes_timeout, client.limits.between_bytes);
            let response = match tokio::time::timeout(first, client.send(route, request)).await {
                Ok(response) => response?,
                Err(_) => return Err(Error::ConnectionReadTimeout),
            };
            let response = response.map(|body| GuardedBody::new(body, gap, slot).boxed_unsync());
            // The client drives its connections itself: nothing is left to be polled.
            let io: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(async { Ok(()) });
            Ok((response, io))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_can_shorten_its_patience_but_not_lengthen_it() {
        let second = Duration::from_secs(1);
        assert_eq!(within(None, second), second);
        assert_eq!(within(Some(second * 9), second), second);
        assert_eq!(within(Some(second / 4), second), second / 4);
    }
}
