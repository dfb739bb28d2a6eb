//! Where a provider may send requests, and which credentials go along.
//!
//! A request is judged by its parsed scheme, host, port and path against the grants of the
//! configuration, never by text. A name that is granted must also resolve to a public address, unless
//! private ones are allowed: else a foreign name server could point it at this machine. An address
//! that is granted as such was chosen by the operator and needs no second look.

#[cfg(test)]
mod tests;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use thiserror::Error;

/// A credential that the host attaches to a provider's requests. The provider never sees it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HeaderSecret {
    /// The header's name, e.g. "authorization".
    pub header: String,
    /// Its value, e.g. "Bearer ...".
    pub value: String,
    /// The host it goes to; `None`: every granted one.
    pub host: Option<String>,
}

impl std::fmt::Debug for HeaderSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A secret never reaches a log.
        f.debug_struct("HeaderSecret")
            .field("header", &self.header)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// What is wrong with a grant or a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EgressError {
    /// A grant does not parse.
    #[error(
        "allow.hosts: {text:?} {reason}; write scheme://host[:port][/path], e.g. \"https://api.example.com\""
    )]
    Grant {
        /// As configured.
        text: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A secret's header cannot be sent.
    #[error("secrets: {header:?} {reason}")]
    Secret {
        /// As configured.
        header: String,
        /// What is wrong.
        reason: &'static str,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    scheme: &'static str,
    host: String,
    port: u16,
    /// Without a slash at its end; empty for all paths.
    path: String,
}

impl Grant {
    fn parse(text: &str) -> Result<Self, EgressError> {
        let wrong = |reason| EgressError::Grant {
            text: text.to_owned(),
            reason,
        };
        let uri: Uri = text.trim().parse().map_err(|_| wrong("is no URL"))?;
        let scheme = match uri.scheme_str() {
            Some("https") => "https",
            Some("http") => "http",
            Some("wss") => "wss",
            Some("ws") => "ws",
            Some(_) => return Err(wrong("has a scheme other than https, http, wss and ws")),
            None => return Err(wrong("has no scheme")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("holds credentials; give them as secrets"));
        }
        if authority.host().contains('*') {
            return Err(wrong("holds a wildcard; name each host"));
        }
        if uri.query().is_some() {
            return Err(wrong("holds a query"));
        }
        let port = authority.port_u16().unwrap_or(default_port(scheme));
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Grant {
            scheme,
            host: normal(authority.host()),
            port,
            path,
        })
    }

    fn covers(&self, scheme: &str, host: &str, port: u16, path: &str) -> bool {
        let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
        self.scheme == scheme
            && self.host == host
            && self.port == port
            && (self.path.is_empty() || path.strip_prefix(&self.path).is_some_and(below))
    }
}

/// The port that a URL of `scheme` means if it names none.
pub(crate) fn default_port(scheme: &str) -> u16 {
    if matches!(scheme, "https" | "wss") {
        443
    } else {
        80
    }
}

/// Host names are compared in lower case, without a dot at the end and brackets around.
fn normal(host: &str) -> String {
    host.trim_end_matches('.')
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_ascii_lowercase()
}

/// Dots that a server would resolve lead out of a granted path.
fn climbs(path: &str) -> bool {
    path.to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/")
        .replace('\\', "/")
        .split('/')
        .any(|segment| segment == "." || segment == "..")
}

/// A request that may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Its name must resolve to a public address.
    Public,
    /// Any address will do.
    Private,
}

/// Everything one provider is granted.
#[derive(Debug, Default)]
pub(crate) struct Egress {
    grants: Vec<Grant>,
    allow_private: bool,
    secrets: Vec<(HeaderName, HeaderValue, Option<String>)>,
}

impl Egress {
    pub(crate) fn new(
        hosts: &[String],
        allow_private: bool,
        secrets: Vec<HeaderSecret>,
    ) -> Result<Self, EgressError> {
        let grants = hosts
            .iter()
            .map(|text| Grant::parse(text))
            .collect::<Result<_, _>>()?;
        let secrets = secrets
            .into_iter()
            .map(|secret| {
                let wrong = |reason| EgressError::Secret {
                    header: secret.header.clone(),
                    reason,
                };
                let name = HeaderName::from_bytes(secret.header.as_bytes())
                    .map_err(|_| wrong("is no name of a header"))?;
                let mut value = HeaderValue::from_str(secret.value.trim())
                    .map_err(|_| wrong("has a value that no header can have"))?;
                if value.is_empty() {
                    return Err(wrong("has no value; is its environment variable set?"));
                }
                value.set_sensitive(true);
                Ok((name, value, secret.host.as_deref().map(normal)))
            })
            .collect::<Result<_, _>>()?;
        Ok(Egress {
            grants,
            allow_private,
            secrets,
        })
    }

    /// Judge a request; `None` if it may not be sent.
    pub(crate) fn route(&self, uri: &Uri) -> Option<Route> {
        self.judge(uri, &["https", "http"])
    }

    /// Judge a WebSocket; `None` if it may not be opened. A grant of HTTP is none of WebSockets.
    pub(crate) fn websocket_route(&self, uri: &Uri) -> Option<Route> {
        self.judge(uri, &["wss", "ws"])
    }

    fn judge(&self, uri: &Uri, schemes: &[&'static str]) -> Option<Route> {
        let authority = uri.authority()?;
        // "user@host" is a way to make one host look like another.
        if authority.as_str().contains('@') || climbs(uri.path()) {
            return None;
        }
        let given = uri.scheme_str()?;
        let scheme = *schemes.iter().find(|s| given.eq_ignore_ascii_case(s))?;
        let host = normal(authority.host());
        let port = authority.port_u16().unwrap_or(default_port(scheme));
        self.grants
            .iter()
            .find(|grant| grant.covers(scheme, &host, port, uri.path()))?;
        let by_operator = host == "localhost" || host.parse::<IpAddr>().is_ok();
        Some(if self.allow_private || by_operator {
            Route::Private
        } else {
            Route::Public
        })
    }

    /// Put the credentials for `uri` in place of whatever the guest sent under their names.
    pub(crate) fn attach(&self, uri: &Uri, headers: &mut HeaderMap) {
        let host = uri.host().map(normal).unwrap_or_default();
        for (name, value, only) in &self.secrets {
            headers.remove(name);
            if only.as_ref().is_none_or(|only| *only == host) {
                headers.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Whether an address belongs to the public internet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let benchmark = a == 198 && (18..20).contains(&b);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || shared
        || benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, .., y, z] = address.segments();
    // Addresses that stand for an IPv4 address are as public as that one.
    let embedded = {
        let ([p, q], [r, s]) = (y.to_be_bytes(), z.to_be_bytes());
        Ipv4Addr::new(p, q, r, s)
    };
    if let Some(v4) = address.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    if (a, b, c, d) == (0x64, 0xff9b, 0, 0) || (a, b, c, d) == (0, 0, 0, 0) {
        return is_public_v4(embedded);
    }
    let unique_local = a & 0xfe00 == 0xfc00;
    let link_local = a & 0xffc0 == 0xfe80;
    let six_to_four = a == 0x2002;
    !(address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || unique_local
        || link_local
        || six_to_four)
}
