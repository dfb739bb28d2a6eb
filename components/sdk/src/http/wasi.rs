//! The network in the sandbox: WASI 0.3 HTTP.

use super::{Request, Response};
use crate::{Error, ErrorCode, error};
use wasip3::http::client;
use wasip3::http::types as wasi;
use wasip3::wit_bindgen::rt::async_support::{FutureReader, StreamReader, StreamResult};
use wasip3::{wit_future, wit_stream};

/// Bytes read at a time.
const PIECE: usize = 16 << 10;

type Trailers = FutureReader<Result<Option<wasi::Trailers>, wasi::ErrorCode>>;

pub(super) struct Body {
    bytes: StreamReader<u8>,
    /// Tells, after the last byte, whether it was really the last one.
    ending: Option<Trailers>,
    failed: Option<Error>,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body")
    }
}

impl Body {
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        while self.ending.is_some() {
            let (result, piece) = self.bytes.read(Vec::with_capacity(PIECE)).await;
            if matches!(result, StreamResult::Dropped)
                && let Some(ending) = self.ending.take()
            {
                // Told after the bytes that may have come with it.
                self.failed = ending.await.err().map(|code| explain(&code));
            }
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
        self.failed.take().map_or(Ok(None), Err)
    }
}

pub(super) async fn send(request: Request) -> Result<Response, Error> {
    let response = client::send(outgoing(request)?)
        .await
        .map_err(|code| explain(&code))?;
    let status = response.get_status_code();
    let headers = response
        .get_headers()
        .copy_all()
        .into_iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(&value).into_owned();
            (name.to_ascii_lowercase(), value)
        })
        .collect();
    let (_, read) = wit_future::new(|| Ok(()));
    let (bytes, ending) = wasi::Response::consume_body(response, read);
    Ok(Response {
        status,
        headers,
        body: super::Body(Body {
            bytes,
            ending: Some(ending),
            failed: None,
        }),
    })
}

fn outgoing(request: Request) -> Result<wasi::Request, Error> {
    let wrong = |what: &str| error(ErrorCode::Internal, format!("a request's {what} is wrong"));
    let mut headers: Vec<(String, Vec<u8>)> = request
        .headers
        .into_iter()
        .map(|(name, value)| (name, value.into_bytes()))
        .collect();
    if let Some(body) = &request.body {
        // Some servers do not read bodies that come in chunks.
        let length = body.len().to_string().into_bytes();
        headers.push(("content-length".into(), length));
    }
    let headers = wasi::Fields::from_list(&headers).map_err(|_| wrong("headers"))?;
    let options = request
        .patience_ms
        .map(|ms| {
            let nanos = Some(u64::from(ms) * 1_000_000);
            let options = wasi::RequestOptions::new();
            options
                .set_connect_timeout(nanos)
                .and_then(|()| options.set_first_byte_timeout(nanos))
                .map(|()| options)
        })
        .transpose()
        .map_err(|_| wrong("patience"))?;
    let method = match request.body {
        Some(_) => wasi::Method::Post,
        None => wasi::Method::Get,
    };
    let contents = request.body.map(|body| {
        let (mut writer, reader) = wit_stream::new();
        wit_bindgen::spawn_local(async move {
            // A server that answers before it has read all of it does not want the rest.
            let _unread = writer.write_all(body).await;
        });
        reader
    });
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (outgoing, _sent) = wasi::Request::new(headers, contents, trailers, options);
    let scheme = match request.url.is_https() {
        true => wasi::Scheme::Https,
        false => wasi::Scheme::Http,
    };
    outgoing
        .set_method(&method)
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(request.url.authority())))
        .and_then(|()| outgoing.set_path_with_query(Some(request.url.path())))
        .map_err(|()| wrong("address"))?;
    Ok(outgoing)
}

/// What happened to a request, in the words of the contract.
fn explain(code: &wasi::ErrorCode) -> Error {
    use wasi::ErrorCode as Wasi;
    let (code, message) = match code {
        Wasi::HttpRequestDenied => (
            ErrorCode::InvalidConfig,
            "the request was denied: its address is not in allow.hosts".to_owned(),
        ),
        Wasi::DestinationIpProhibited => (
            ErrorCode::InvalidConfig,
            "the request was denied: the name stands for a private address, which needs \
             allow.private"
                .to_owned(),
        ),
        Wasi::ConnectionRefused => (
            ErrorCode::Unavailable,
            "the connection was refused: nothing listens there".to_owned(),
        ),
        Wasi::ConnectionTerminated | Wasi::HttpResponseIncomplete => {
            (ErrorCode::Unavailable, "the connection broke".to_owned())
        }
        Wasi::DnsTimeout
        | Wasi::ConnectionTimeout
        | Wasi::ConnectionReadTimeout
        | Wasi::ConnectionWriteTimeout
        | Wasi::HttpResponseTimeout => (
            ErrorCode::Timeout,
            "the server did not answer in time".to_owned(),
        ),
        other => {
            // The name alone: what it carries may be anything.
            let name = format!("{other:?}");
            let name = name.strip_prefix("ErrorCode::").unwrap_or(&name);
            let name = name.split(['(', ' ']).next().unwrap_or_default();
            (
                ErrorCode::Unavailable,
                format!("the request failed: {name}"),
            )
        }
    };
    error(code, message)
}
