//! Who may ask: API keys, session tokens, and without keys only this machine and its own pages.

use crate::app::App;
use crate::error::ApiError;
use axum::extract::{ConnectInfo, FromRequestParts, Path, Query};
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, StatusCode};
use std::net::{IpAddr, SocketAddr};
use tth_core::engine::SessionDescription;

/// Proof that the request may use the API.
pub(crate) struct Allowed;

impl FromRequestParts<App> for Allowed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        if app.config.api_keys.is_empty() {
            return from_here(parts).map(|()| Allowed);
        }
        match secrets(&parts.headers).any(|secret| is_key(app, secret)) {
            true => Ok(Allowed),
            false => Err(unauthorized(
                "send an API key: `authorization: Bearer KEY` or `x-api-key: KEY`",
            )),
        }
    }
}

/// Proof that the request may use the session that its path names.
pub(crate) struct SessionAccess(pub(crate) SessionDescription);

#[derive(serde::Deserialize)]
struct TokenQuery {
    token: Option<String>,
}

impl FromRequestParts<App> for SessionAccess {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let open = app.config.api_keys.is_empty();
        if open {
            from_here(parts)?;
        }
        let Ok(Path(id)) = Path::<String>::from_request_parts(parts, app).await else {
            return Err(ApiError::unknown_session());
        };
        // A session's name is as hard to guess as its token: telling that it is unknown tells nothing.
        let session = app
            .engine
            .describe(&id)
            .ok_or_else(ApiError::unknown_session)?;
        let query = Query::<TokenQuery>::from_request_parts(parts, app).await;
        let token = query.ok().and_then(|Query(query)| query.token);
        let mut offered = secrets(&parts.headers).chain(token.as_deref()).peekable();
        if open && offered.peek().is_none() {
            return Ok(SessionAccess(session));
        }
        match offered.any(|secret| same(secret, &session.token) || is_key(app, secret)) {
            true => Ok(SessionAccess(session)),
            false => Err(unauthorized(
                "send the session's token: `?token=` or `authorization: Bearer TOKEN`",
            )),
        }
    }
}

fn unauthorized(message: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
}

fn secrets(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            let (scheme, secret) = value.split_once(' ')?;
            scheme
                .eq_ignore_ascii_case("bearer")
                .then_some(secret.trim())
        });
    let key = headers
        .get("x-api-key")
        .and_then(|value| value.to_str().ok());
    bearer.into_iter().chain(key)
}

fn is_key(app: &App, secret: &str) -> bool {
    // Every key is compared, so that the time does not tell which one was near.
    app.config
        .api_keys
        .iter()
        .fold(false, |found, key| same(secret, key) | found)
}

/// Compares in a time that depends on the lengths only.
fn same(given: &str, right: &str) -> bool {
    let different = given
        .bytes()
        .zip(right.bytes())
        .fold(0, |all, (a, b)| std::hint::black_box(all | (a ^ b)));
    different == 0 && given.len() == right.len() && !right.is_empty()
}

/// Without API keys: the client is on this machine, called this machine by its own name (else a
/// page could reach us through a domain of its own), and if a page asks, it is ours.
fn from_here(parts: &Parts) -> Result<(), ApiError> {
    let refused = |message: &str| Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", message));
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    if !peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback()) {
        return refused(
            "no API keys are configured (TTH_API_KEYS), so only clients on this machine are served",
        );
    }
    let host = parts
        .headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(|host| host.parse().ok());
    let Some(host) = host.as_ref().filter(|host| is_loopback(host)) else {
        return refused(
            "no API keys are configured (TTH_API_KEYS), so this server answers to localhost and 127.0.0.1 only",
        );
    };
    match parts
        .headers
        .get(ORIGIN)
        .map(|origin| origin.to_str().unwrap_or_default())
    {
        None => Ok(()),
        Some(origin)
            if origin
                .split_once("://")
                .is_some_and(|(_, name)| name == host.as_str()) =>
        {
            Ok(())
        }
        Some(_) => refused(
            "no API keys are configured (TTH_API_KEYS), so pages of other origins are not served",
        ),
    }
}

fn is_loopback(host: &Authority) -> bool {
    let name = host.host().trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{is_loopback, same};

    #[test]
    fn secrets_are_compared_whole() {
        assert!(same("abc", "abc"));
        assert!(!same("ab", "abc") && !same("abcd", "abc") && !same("abd", "abc") && !same("", ""));
    }

    #[test]
    fn loopback_has_several_names() {
        for host in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:8787",
            "127.1.2.3",
            "[::1]:8787",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_loopback(&host.parse().unwrap()), "{host}");
        }
        for host in [
            "localhost.evil.example",
            "10.0.0.1",
            "[::2]:1",
            "example.com:127",
        ] {
            assert!(!is_loopback(&host.parse().unwrap()), "{host}");
        }
    }
}
