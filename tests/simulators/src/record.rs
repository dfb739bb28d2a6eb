//! What a double was asked, and how its answers ended.

use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How an answer ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// When the last of it was sent, or its connection was found closed.
    pub at: Instant,
    /// Whether all of it was sent; else the client left, or a fault cut it.
    pub whole: bool,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Received {
    /// When it had come.
    pub at: Instant,
    /// The client's end of the connection that it came by.
    pub from: SocketAddr,
    /// Its path.
    pub path: String,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body; null where it has none, or one that is no JSON.
    pub body: Value,
    /// Fields of the body that the server does not know, and ignores.
    pub unknown: Vec<String>,
    /// The pieces of text that have been sent.
    pub said: usize,
    /// How its answer ended, once it has.
    pub ended: Option<Ended>,
}

impl Received {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
struct Shared {
    requests: Mutex<Vec<Received>>,
    changed: Condvar,
}

/// All requests of a double.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Arc<Shared>);

impl Record {
    fn lock(&self) -> MutexGuard<'_, Vec<Received>> {
        let requests = self.0.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.lock().clone()
    }

    /// Note a request; what is returned notes how it ends.
    pub(crate) fn begin(&self, received: Received) -> Watch {
        let mut requests = self.lock();
        requests.push(received);
        self.0.changed.notify_all();
        Watch {
            record: self.clone(),
            index: requests.len() - 1,
            whole: false,
        }
    }

    /// Wait until the requests are so; false if they are not in time.
    pub(crate) fn wait(&self, limit: Duration, so: impl Fn(&[Received]) -> bool) -> bool {
        let requests = self.lock();
        let waited = self
            .0
            .changed
            .wait_timeout_while(requests, limit, |requests| !so(requests));
        let (_requests, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }
}

/// Lives as long as an answer is being made and sent.
#[derive(Debug)]
pub(crate) struct Watch {
    record: Record,
    index: usize,
    pub(crate) whole: bool,
}

impl Watch {
    /// The fields that nobody knows.
    pub(crate) fn unknown(&self, fields: Vec<String>) {
        if let Some(request) = self.record.lock().get_mut(self.index) {
            request.unknown = fields;
        }
    }

    /// One more piece of text has been sent.
    pub(crate) fn said(&self) {
        if let Some(request) = self.record.lock().get_mut(self.index) {
            request.said += 1;
        }
        self.record.0.changed.notify_all();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let ended = Ended {
            at: Instant::now(),
            whole: self.whole,
        };
        if let Some(request) = self.record.lock().get_mut(self.index) {
            request.ended = Some(ended);
        }
        self.record.0.changed.notify_all();
    }
}
