//! What a double says, and what goes wrong.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that goes wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status, with the body that the server has for it.
    Status(u16),
    /// Too many requests, with this `Retry-After` if there is one.
    RateLimited(Option<String>),
    /// The account has run dry (402).
    Quota,
    /// So many milliseconds pass before the head of the answer.
    SlowHead(u64),
    /// Nothing comes after so many pieces of text, and no end either.
    Stall(usize),
    /// The connection breaks after so many pieces of text.
    Cut(usize),
    /// An event that is no JSON, after so many pieces of text.
    Malformed(usize),
    /// An error of this status inside the stream, after so many pieces of text.
    ErrorInStream(usize, u16),
    /// A web page, with the status 200.
    WebPage,
}

/// How a double behaves.
#[derive(Clone, Debug)]
pub struct Script {
    /// The only model that it has.
    pub model: String,
    /// What it answers, whatever it is asked.
    pub answer: String,
    /// The key that it wants as a bearer token, if any.
    pub key: Option<String>,
    /// Time before each piece of text, in milliseconds.
    pub delay_ms: u64,
}

impl Default for Script {
    fn default() -> Self {
        Script {
            model: "simulated-7b".into(),
            answer: "<feel:joy> Zażółć, 你好 😀! I am a simulated model, and every answer of mine \
                     is this one."
                .into(),
            key: None,
            delay_ms: 0,
        }
    }
}

/// The faults that are to come.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<(VecDeque<Fault>, Option<Fault>)>);

impl Faults {
    fn lock(&self) -> MutexGuard<'_, (VecDeque<Fault>, Option<Fault>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn once(&self, fault: Fault) {
        self.lock().0.push_back(fault);
    }

    pub(crate) fn always(&self, fault: Option<Fault>) {
        self.lock().1 = fault;
    }

    /// The fault of the next answer.
    pub(crate) fn next(&self) -> Option<Fault> {
        let mut faults = self.lock();
        faults.0.pop_front().or_else(|| faults.1.clone())
    }
}
