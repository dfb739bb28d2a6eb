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

async fn ask(method: Method, address: SocketAddr, path: &str, body: String) -> Result<Bytes> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let what = format!("{method} {path}");
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"))
        .header(CONTENT_TYPE, "application/json")
        .body(Full::from(body))?;
    let answer = client.request(request).await.context(what.clone())?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        let said: String = String::from_utf8_lossy(&body).chars().take(500).collect();
        bail!("{what}: {status}: {said}");
    }
    Ok(body)
}

/// Remove what is there.
pub(crate) async fn delete(address: SocketAddr, path: &str) -> Result<()> {
    ask(Method::DELETE, address, path, String::new()).await?;
    Ok(())
}

/// A JSON answer.
pub(crate) async fn get_json(address: SocketAddr, path: &str) -> Result<Value> {
    let body = ask(Method::GET, address, path, String::new()).await?;
    serde_json::from_slice(&body).with_context(|| format!("the answer of GET {path}"))
}

/// The value of one of the server's metrics that has no labels.
pub(crate) async fn metric(address: SocketAddr, name: &str) -> Result<f64> {
    let page = ask(Method::GET, address, "/metrics", String::new()).await?;
    value(&String::from_utf8_lossy(&page), name)
        .with_context(|| format!("there is no metric {name}"))
}

fn value(page: &str, name: &str) -> Option<f64> {
    let of = |line: &str| line.strip_prefix(name)?.trim().parse().ok();
    page.lines().find_map(of)
}

/// Post a JSON body; the answer is JSON.
pub(crate) async fn post_json<T: DeserializeOwned>(
    address: SocketAddr,
    path: &str,
    body: &Value,
) -> Result<T> {
    let body = ask(Method::POST, address, path, body.to_string()).await?;
    serde_json::from_slice(&body).with_context(|| format!("the answer of POST {path}"))
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn a_metric_is_found_by_its_whole_name() {
        let page = "# TYPE tth_sessions gauge\ntth_sessions_busy 3\ntth_sessions 7\n";
        assert_eq!(value(page, "tth_sessions"), Some(7.0));
        assert_eq!(value(page, "tth_session"), None);
    }
}
