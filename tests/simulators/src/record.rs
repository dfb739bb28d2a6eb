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

/// A message that came over a WebSocket.
#[derive(Clone, Debug)]
pub struct Heard {
    /// When it had come.
    pub at: Instant,
    /// What it says; a string where it is no JSON.
    pub body: Value,
}

/// A request, or a WebSocket's connection.
#[derive(Clone, Debug)]
pub struct Received {
    /// When it had come.
    pub at: Instant,
    /// The client's end of the connection that it came by.
    pub from: SocketAddr,
    /// Its path.
    pub path: String,
    /// Its query, in order.
    pub query: Vec<(String, String)>,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body; null where it has none, or one that is no JSON.
    pub body: Value,
    /// Fields of the body that the server does not know, and ignores.
    pub unknown: Vec<String>,
    /// The messages that came after it, where it opened a WebSocket.
    pub messages: Vec<Heard>,
    /// The pieces of text or of sound that have been sent.
    pub said: usize,
    /// When each of them was sent.
    pub said_at: Vec<Instant>,
    /// How its answer ended, once it has.
    pub ended: Option<Ended>,
}

impl Received {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first value of that name in the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
struct Shared {
    requests: Mutex<Vec<Received>>,
    changed: Condvar,
    /// Nobody will ask.
    forgets: bool,
}

/// All requests of a double.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Arc<Shared>);

impl Record {
    /// One that notes nothing, for doubles that nobody asks: they may run for days.
    pub(crate) fn forgetful() -> Self {
        Record(Arc::new(Shared {
            forgets: true,
            ..Shared::default()
        }))
    }

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
        let index = requests.len();
        if !self.0.forgets {
            requests.push(received);
            self.0.changed.notify_all();
        }
        Watch {
            record: self.clone(),
            index,
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
    fn note(&self, what: impl FnOnce(&mut Received)) {
        if let Some(request) = self.record.lock().get_mut(self.index) {
            what(request);
        }
        self.record.0.changed.notify_all();
    }

    /// The fields that nobody knows.
    pub(crate) fn unknown(&self, fields: Vec<String>) {
        self.note(|request| request.unknown = fields);
    }

    /// What a body says that is no JSON.
    pub(crate) fn body(&self, body: Value) {
        self.note(|request| request.body = body);
    }

    /// A message came over the WebSocket.
    pub(crate) fn heard(&self, body: Value) {
        let at = Instant::now();
        self.note(|request| request.messages.push(Heard { at, body }));
    }

    /// One more piece of text or of sound has been sent.
    pub(crate) fn said(&self) {
        self.said_at(Instant::now());
    }

    /// One more piece has been sent, at this time.
    pub(crate) fn said_at(&self, at: Instant) {
        self.note(|request| {
            request.said += 1;
            request.said_at.push(at);
        });
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let ended = Ended {
            at: Instant::now(),
            whole: self.whole,
        };
        self.note(|request| request.ended = Some(ended));
    }
}
