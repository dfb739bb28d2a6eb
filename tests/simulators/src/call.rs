//! A request up to the head of its answer: noted, let in or refused.

use crate::record::{Received, Watch};
use crate::script::Fault;
use crate::serve::Shared;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Query, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest request.
const LONGEST: usize = 16 << 20;

/// A request that has come whole, and is noted. Dropping it notes that its client left.
pub(crate) struct Call {
    pub(crate) shared: Arc<Shared>,
    /// Notes how the answer goes.
    pub(crate) watch: Watch,
    /// Below the double's own prefix.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    /// The body as it came.
    pub(crate) bytes: Bytes,
    /// The body, if it is JSON.
    pub(crate) body: Option<Value>,
}

/// How a key is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    /// `Authorization: Bearer …`
    Bearer,
    /// The value of this header (in lower case).
    Header(&'static str),
}

/// Why a request is refused, whatever it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Its key is missing, or another.
    Key,
    /// The script wants this status.
    Status(u16),
    Quota,
    /// `Retry-After` is added to whatever the vendor says.
    RateLimited,
}

/// How a vendor refuses: status, headers and body.
pub(crate) type Manners = fn(&Refused) -> Response;

/// An answer that was given at once: nothing else follows.
pub(crate) struct Over(Box<Response>);

impl IntoResponse for Over {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl FromRequest<Arc<Shared>> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let from = ConnectInfo::<SocketAddr>::from_request_parts(&mut parts, shared).await;
        let ConnectInfo(from) = from.map_err(IntoResponse::into_response)?;
        let Ok(bytes) = axum::body::to_bytes(body, LONGEST).await else {
            return Err(StatusCode::PAYLOAD_TOO_LARGE.into_response());
        };
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let query = query.map_or_else(|_| Vec::new(), |Query(query)| query);
        let path = parts.uri.path().to_owned();
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = parts.headers.iter();
        let watch = shared.record.begin(Received {
            at: Instant::now(),
            from,
            path: path.clone(),
            query: query.clone(),
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
            body: body.clone().unwrap_or_default(),
            unknown: Vec::new(),
            messages: Vec::new(),
            said: 0,
            said_at: Vec::new(),
            ended: None,
        });
        Ok(Call {
            shared: shared.clone(),
            watch,
            path,
            query,
            headers: parts.headers,
            bytes,
            body,
        })
    }
}

impl Call {
    /// Answer with this and nothing else.
    pub(crate) fn over(&mut self, answer: impl IntoResponse) -> Over {
        self.watch.whole = true;
        Over(Box::new(answer.into_response()))
    }

    /// Refuse whoever has not the double's key, if it has one.
    pub(crate) fn key(&mut self, key: Key, manners: Manners) -> Result<(), Over> {
        let Some(wanted) = self.shared.script.key.as_deref() else {
            return Ok(());
        };
        let (name, wanted) = match key {
            Key::Bearer => ("authorization", format!("Bearer {wanted}")),
            Key::Header(name) => (name, wanted.to_owned()),
        };
        let given = self.headers.get(name);
        match given.is_some_and(|given| given.as_bytes() == wanted.as_bytes()) {
            true => Ok(()),
            false => Err(self.over(manners(&Refused::Key))),
        }
    }

    /// Do what goes wrong at the head of this answer; what goes wrong after it is returned.
    pub(crate) async fn fault(&mut self, manners: Manners) -> Result<Option<Fault>, Over> {
        let fault = self.shared.faults.next();
        self.head(fault, manners).await
    }

    /// Do what goes wrong with a handshake; what goes wrong in an answer waits for that.
    pub(crate) async fn handshake(&mut self, manners: Manners) -> Result<(), Over> {
        let fault = self.shared.faults.next_if(Fault::at_head);
        self.head(fault, manners).await.map(|_none| ())
    }

    async fn head(
        &mut self,
        fault: Option<Fault>,
        manners: Manners,
    ) -> Result<Option<Fault>, Over> {
        match &fault {
            Some(Fault::Status(status)) => {
                return Err(self.over(manners(&Refused::Status(*status))));
            }
            Some(Fault::Quota) => return Err(self.over(manners(&Refused::Quota))),
            Some(Fault::RateLimited(wait)) => {
                let mut answer = manners(&Refused::RateLimited);
                let wait = wait.as_deref().map(HeaderValue::from_str);
                if let Some(Ok(wait)) = wait {
                    answer.headers_mut().insert(header::RETRY_AFTER, wait);
                }
                return Err(self.over(answer));
            }
            Some(Fault::WebPage) => {
                let page = Html("<!doctype html><title>Welcome</title>");
                return Err(self.over(page));
            }
            Some(Fault::SlowHead(ms)) => tokio::time::sleep(Duration::from_millis(*ms)).await,
            _ => {}
        }
        Ok(fault)
    }
}
