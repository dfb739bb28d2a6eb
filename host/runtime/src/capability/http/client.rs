//! The client: connections are kept and shared, HTTP/2 where the server has it.

use crate::capability::dial::{self, PrivateAddress, Resolver};
use crate::capability::egress::Route;
use crate::limits::EngineLimits;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error as StdError;
use std::io;
use std::time::Duration;
use wasmtime_wasi_http::{Error, WasiBody};

/// The longest waits of any request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HttpLimits {
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) between_bytes: Duration,
}

type Pooled = Client<HttpsConnector<HttpConnector<Resolver>>, WasiBody>;

/// See the module. Public and private routes never share a connection.
pub(crate) struct HttpClient {
    public: Pooled,
    private: Pooled,
    pub(crate) limits: HttpLimits,
}

impl HttpClient {
    pub(crate) fn new(limits: &EngineLimits) -> Self {
        HttpClient {
            public: pooled(Route::Public, limits),
            private: pooled(Route::Private, limits),
            limits: HttpLimits {
                connect: Duration::from_millis(limits.http_connect_ms),
                first_byte: Duration::from_millis(limits.http_first_byte_ms),
                between_bytes: Duration::from_millis(limits.http_between_bytes_ms),
            },
        }
    }

    pub(crate) async fn send(
        &self,
        route: Route,
        request: Request<WasiBody>,
    ) -> Result<Response<Incoming>, Error> {
        let client = match route {
            Route::Public => &self.public,
            Route::Private => &self.private,
        };
        client
            .request(request)
            .await
            .map_err(|error| explain(&error))
    }
}

fn pooled(route: Route, limits: &EngineLimits) -> Pooled {
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(dial::tls())
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(dial::tcp(
            route,
            Duration::from_millis(limits.http_connect_ms),
        ));
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_millis(limits.http_idle_ms))
        .pool_max_idle_per_host(limits.http_idle_per_host)
        .build(connector)
}

/// The client's error in the words of `wasi:http`.
fn explain(error: &hyper_util::client::legacy::Error) -> Error {
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = source {
        if cause.is::<PrivateAddress>() {
            return Error::DestinationIpProhibited;
        }
        if cause.is::<rustls::Error>() {
            return Error::TlsCertificateError;
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::PermissionDenied => return Error::DestinationIpProhibited,
                io::ErrorKind::ConnectionRefused => return Error::ConnectionRefused,
                io::ErrorKind::TimedOut => return Error::ConnectionTimeout,
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                    return Error::ConnectionTerminated;
                }
                _ => {}
            }
        }
        source = cause.source();
    }
    match error.is_connect() {
        true => Error::DestinationUnavailable,
        false => Error::ConnectionTerminated,
    }
}
