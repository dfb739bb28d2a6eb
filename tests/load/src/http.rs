//! JSON over HTTP: one request, one answer.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, Request, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::SocketAddr;

/// Post a JSON body; the answer's body.
pub(crate) async fn post(address: SocketAddr, path: &str, body: &Value) -> Result<Bytes> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("http://{address}{path}"))
        .header(CONTENT_TYPE, "application/json")
        .body(Full::from(body.to_string()))?;
    let answer = client
        .request(request)
        .await
        .with_context(|| format!("POST {path}"))?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        let said: String = String::from_utf8_lossy(&body).chars().take(500).collect();
        bail!("POST {path}: {status}: {said}");
    }
    Ok(body)
}

/// The same, read as JSON.
pub(crate) async fn post_json<T: DeserializeOwned>(
    address: SocketAddr,
    path: &str,
    body: &Value,
) -> Result<T> {
    let body = post(address, path, body).await?;
    serde_json::from_slice(&body).with_context(|| format!("the answer of POST {path}"))
}
