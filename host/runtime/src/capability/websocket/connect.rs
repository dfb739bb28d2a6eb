//! Opening a WebSocket: address, TCP, TLS, upgrade, each failure in the words of the contract.

use super::socket;
use crate::bindings::v0_1::host::tth::host::websocket::{Error, Options};
use crate::capability::dial::{self, PrivateAddress};
use crate::capability::egress::{Egress, Route, default_port};
use crate::limits::item;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_PROTOCOL};
use http::{Request, Response, Uri};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Error as WireError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tower_service::Service;

/// What belongs to the protocol: a guest has no say in it.
const OWN: [&str; 5] = [
    "host",
    "connection",
    "upgrade",
    "content-length",
    "transfer-encoding",
];
const OWN_PREFIX: &str = "sec-websocket-";

/// Characters of a refusal's body that the guest gets: vendors say there what is wrong.
const EXCERPT: usize = 2_048;

/// Bytes on their way to a server, whether in the clear or not.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// The request that opens the connection, credentials included.
pub(super) fn request(url: &Uri, options: &Options, egress: &Egress) -> Result<Request<()>, Error> {
    let size: usize = options
        .headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .chain(options.protocols.iter().map(String::len))
        .sum();
    if size > item::WEBSOCKET_OPTIONS {
        let most = item::WEBSOCKET_OPTIONS;
        return Err(denied(format!(
            "headers and protocols have {size} bytes; {most} is the most"
        )));
    }
    let mut request = url
        .clone()
        .into_client_request()
        .map_err(|error| denied(format!("the URL cannot be asked for: {error}")))?;
    let mut headers = http::HeaderMap::new();
    for (name, value) in &options.headers {
        let parsed = HeaderName::from_bytes(name.as_bytes());
        let (Ok(key), Ok(value)) = (parsed, HeaderValue::from_str(value)) else {
            return Err(denied(format!("{name:?} is no header that can be sent")));
        };
        if OWN.contains(&key.as_str()) || key.as_str().starts_with(OWN_PREFIX) {
            return Err(denied(format!("the header {name:?} is the host's own")));
        }
        headers.append(key, value);
    }
    if !options.protocols.is_empty() {
        let token = |text: &String| HeaderName::from_bytes(text.as_bytes()).is_ok();
        let joined = options.protocols.join(", ");
        match HeaderValue::from_str(&joined) {
            Ok(value) if options.protocols.iter().all(token) => {
                headers.insert(SEC_WEBSOCKET_PROTOCOL, value);
            }
            _ => return Err(denied(format!("{joined:?} are no names of protocols"))),
        }
    }
    egress.attach(url, &mut headers);
    let all = request.headers_mut();
    for (name, value) in &headers {
        all.append(name, value.clone());
    }
    Ok(request)
}

/// Open the connection that `request` asks for.
pub(super) async fn open(
    request: Request<()>,
    route: Route,
    patience: Duration,
    tls: Arc<ClientConfig>,
) -> Result<WebSocketStream<Box<dyn Bytes>>, Error> {
    let url = request.uri().clone();
    let host = url.host().unwrap_or_default().to_owned();
    let scheme = url.scheme_str().unwrap_or_default().to_ascii_lowercase();
    let port = url.port_u16().unwrap_or(default_port(&scheme));
    // The port is written out: the connector knows none of these schemes.
    let at = Uri::builder()
        .scheme("http")
        .authority(format!("{host}:{port}"))
        .path_and_query("/")
        .build()
        .map_err(|_| denied("the URL names no host".into()))?;
    let tcp = dial::tcp(route, patience).call(at).await;
    let tcp = tcp.map_err(|error| unreachable(&error))?.into_inner();
    let stream: Box<dyn Bytes> = match scheme.as_str() {
        "wss" => {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            let name = ServerName::try_from(bare.to_owned())
                .map_err(|_| Error::Tls(format!("{bare:?} is no name that TLS could check")))?;
            let secured = TlsConnector::from(tls).connect(name, tcp).await;
            Box::new(secured.map_err(|error| insecure(&error))?)
        }
        _ => Box::new(tcp),
    };
    match client_async_with_config(request, stream, Some(socket::wire())).await {
        Ok((socket, _)) => Ok(socket),
        Err(WireError::Http(answer)) => Err(refused(&answer)),
        Err(error) => Err(socket::explain(&error)),
    }
}

pub(super) fn denied(why: String) -> Error {
    Error::Denied(why)
}

/// Why there is no TCP connection.
fn unreachable(error: &(dyn StdError + 'static)) -> Error {
    let mut source = Some(error);
    while let Some(cause) = source {
        if cause.is::<PrivateAddress>() {
            return denied(PrivateAddress.to_string());
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            match io.kind() {
                // The kind that the resolver gives; the kernel refuses likewise, by its own rules.
                io::ErrorKind::PermissionDenied => return denied(PrivateAddress.to_string()),
                io::ErrorKind::TimedOut => return Error::Timeout,
                _ => return Error::Refused(format!("the server cannot be reached: {io}")),
            }
        }
        source = cause.source();
    }
    Error::Refused(format!("the server cannot be reached: {error}"))
}

/// Why there is no TLS.
fn insecure(error: &io::Error) -> Error {
    let inner = error.get_ref().and_then(|e| e.downcast_ref());
    Error::Tls(match inner {
        Some(rustls::Error::InvalidCertificate(why)) => {
            format!("the server's certificate cannot be trusted: {why}")
        }
        Some(other) => other.to_string(),
        None => format!("the server ended the handshake: {error}"),
    })
}

/// "429 Too Many Requests; retry-after: 3; {...}": what the server answered instead of an upgrade.
fn refused(answer: &Response<Option<Vec<u8>>>) -> Error {
    let mut text = answer.status().to_string();
    if let Some(Ok(wait)) = answer.headers().get(RETRY_AFTER).map(HeaderValue::to_str) {
        text.push_str("; retry-after: ");
        text.push_str(wait);
    }
    let body = answer.body().as_deref().unwrap_or_default();
    let excerpt: String = String::from_utf8_lossy(body)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(EXCERPT)
        .collect();
    if !excerpt.is_empty() {
        text.push_str("; ");
        text.push_str(&excerpt);
    }
    Error::Refused(text)
}
