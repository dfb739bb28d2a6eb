//! Outgoing HTTP of an adapter: a request, and an answer whose body comes in pieces.
//!
//! In the sandbox this is WASI's HTTP: the host decides where it may go and adds the credentials.
//! Natively there is no network, but a script ([`replay`]), so that an adapter can be tested whole.

#[cfg(not(target_family = "wasm"))]
pub mod replay;
mod url;
#[cfg(target_family = "wasm")]
mod wasi;

#[cfg(not(target_family = "wasm"))]
use replay as transport;
#[cfg(target_family = "wasm")]
use wasi as transport;

use crate::clock::{wait_ms, within};
use crate::vendor::Refusal;
use crate::{Closed, Error, ErrorCode, Sink, error, retry_after_ms};
use std::time::SystemTime;
pub use url::Url;

/// How often a call that waits looks whether anybody still wants it.
const LOOK_MS: u64 = 20;
/// How long the end of a body that was read is waited for.
const LEAVE_MS: u64 = 20;
/// The longest name of a request that is repeated.
const LONGEST_ID: usize = 64;
/// The most of a refusal's body that is read.
const REFUSAL: usize = 16 << 10;

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where it goes.
    pub url: Url,
    /// Names in lower case. Credentials do not belong here: the host adds them.
    pub headers: Vec<(String, String)>,
    /// A POST if there is one, else a GET.
    pub body: Option<Vec<u8>>,
    /// The longest wait, for the connection and again for the head of the answer, if that is less
    /// than the host's own.
    pub patience_ms: Option<u32>,
}

impl Request {
    /// Fetch an address.
    pub fn get(url: Url) -> Self {
        Request {
            url,
            headers: vec![("accept".into(), "application/json".into())],
            body: None,
            patience_ms: None,
        }
    }

    /// Send JSON to an address.
    pub fn post_json(url: Url, body: &serde_json::Value) -> Self {
        Request {
            headers: vec![("content-type".into(), "application/json".into())],
            body: Some(body.to_string().into_bytes()),
            ..Request::get(url)
        }
    }

    /// With a header, in place of one of that name.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(found, _)| found != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With a name for it in a header, by which an operator finds it in the server's log; without if
    /// that is more than a name.
    #[must_use]
    pub fn named(self, header: &str, id: &str) -> Self {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        match !id.is_empty() && id.len() <= LONGEST_ID && id.chars().all(plain) {
            true => self.header(header, id),
            false => self,
        }
    }

    /// With less patience.
    #[must_use]
    pub fn patience_ms(mut self, ms: u32) -> Self {
        self.patience_ms = Some(ms);
        self
    }
}

/// An answer whose head has come.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// What follows. Dropping it closes the connection.
    pub body: Body,
}

impl Response {
    /// The first header of that name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the body's media type is this one, whatever its parameters.
    pub fn is(&self, media_type: &str) -> bool {
        let found = self.header("content-type").unwrap_or_default();
        let found = found.split(';').next().unwrap_or_default().trim();
        found.eq_ignore_ascii_case(media_type)
    }

    /// The name that the server gave the request, by which its operators find it; none if it is more
    /// than a name.
    pub fn request_id(&self) -> Option<&str> {
        let id = self
            .header("x-request-id")
            .or_else(|| self.header("request-id"))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name = !id.is_empty() && id.len() <= LONGEST_ID && id.chars().all(plain);
        name.then_some(id)
    }

    /// This answer if its status says success, else the server's refusal.
    ///
    /// # Errors
    /// The contract's error for the status, the body and `Retry-After`; it begins with `who`.
    pub async fn success(self, who: &str) -> Result<Response, Error> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        Err(self.refusal().await.into_error(who))
    }

    /// This answer if `fits` finds that it can be what was asked for, which `what` says in words.
    ///
    /// # Errors
    /// `unavailable` if it cannot, as the page of something that stands between; it begins with `who`.
    pub fn fitting(
        self,
        who: &str,
        what: &str,
        fits: impl FnOnce(&Response) -> bool,
    ) -> Result<Response, Error> {
        match fits(&self) {
            true => Ok(self),
            false => Err(error(
                ErrorCode::Unavailable,
                format!("{who} answered with something else than {what}"),
            )),
        }
    }

    /// What the server said when it refused; the log gets the request's name.
    pub async fn refusal(mut self) -> Refusal {
        if let Some(id) = self.request_id() {
            println!("request {id} was refused with status {}", self.status);
        }
        let wait = self
            .header("retry-after")
            .and_then(|value| retry_after_ms(value, SystemTime::now()));
        // The status says enough where the rest does not come.
        let body = self.body.all(REFUSAL).await.unwrap_or_default();
        Refusal::read(self.status, &body, wait)
    }

    /// The whole body as JSON.
    ///
    /// # Errors
    /// If it breaks off, is longer than `limit` bytes, or is no JSON.
    pub async fn json(mut self, limit: usize, who: &str) -> Result<serde_json::Value, Error> {
        let body = self.body.all(limit).await?;
        serde_json::from_slice(&body).map_err(|e| {
            let place = format!("line {}, column {}", e.line(), e.column());
            error(
                ErrorCode::Internal,
                format!("{who} sent what is no JSON ({place})"),
            )
        })
    }
}

/// A body as it comes.
#[derive(Debug)]
pub struct Body(transport::Body);

impl Body {
    /// The next bytes, `None` at the end.
    ///
    /// # Errors
    /// `unavailable` or `timeout` if the connection broke or fell silent.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.0.next().await
    }

    /// Everything that matters was read: wait a moment for the end, so that the connection can be
    /// used again.
    pub async fn leave(mut self) {
        let rest = async { while let Ok(Some(_)) = self.next().await {} };
        within(LEAVE_MS, rest).await;
    }

    /// All of it.
    ///
    /// # Errors
    /// As for [`Body::next`], and if it is longer than `limit` bytes.
    pub async fn all(&mut self, limit: usize) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(piece) = self.next().await? {
            if all.len() + piece.len() > limit {
                let message = format!("an answer is over {limit} bytes");
                return Err(error(ErrorCode::Internal, message));
            }
            all.extend(piece);
        }
        Ok(all)
    }
}

/// Send a request and wait for the head of its answer. Dropping the future gives the request up.
///
/// # Errors
/// `invalid-config` if the host does not let it through, `unavailable` or `timeout` if there is
/// nobody there.
pub async fn send(request: Request) -> Result<Response, Error> {
    transport::send(request).await
}

impl<E: 'static> Sink<E> {
    /// Work on something as long as the reader of this stream is there.
    ///
    /// A guest notices only when it writes that its reader has left. This looks every 20 ms, so that a
    /// call that waits for a vendor gives its request up at once when it is cancelled.
    ///
    /// # Errors
    /// [`Closed`] once the reader is gone; the work is dropped.
    pub async fn while_open<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Closed> {
        let look = async {
            loop {
                wait_ms(LOOK_MS).await;
                if self.probe().await.is_err() {
                    return;
                }
            }
        };
        futures::pin_mut!(work, look);
        match futures::future::select(work, look).await {
            futures::future::Either::Left((done, _)) => Ok(done),
            futures::future::Either::Right(_) => Err(Closed),
        }
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests;
