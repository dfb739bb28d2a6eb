//! What a double says, and what goes wrong.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that goes wrong with an answer. Pieces are pieces of text, or of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status, with the body that the server has for it.
    Status(u16),
    /// Too many requests, with this `Retry-After` if there is one.
    RateLimited(Option<String>),
    /// The account has run dry, as the vendor says it.
    Quota,
    /// So many milliseconds pass before the head of the answer.
    SlowHead(u64),
    /// Nothing comes after so many pieces, and no end either.
    Stall(usize),
    /// The connection breaks after so many pieces.
    Cut(usize),
    /// An event that is no JSON, after so many pieces.
    Malformed(usize),
    /// An error of this status inside the stream, after so many pieces.
    ErrorInStream(usize, u16),
    /// A web page, with the status 200.
    WebPage,
}

/// What goes wrong now, in the middle of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    Stall,
    Cut,
    Malformed,
    Error(u16),
}

impl Fault {
    /// Whether it replaces the head of an answer, or delays it.
    pub(crate) fn at_head(&self) -> bool {
        matches!(
            self,
            Fault::Status(_)
                | Fault::RateLimited(_)
                | Fault::Quota
                | Fault::SlowHead(_)
                | Fault::WebPage
        )
    }

    /// What happens once so many pieces were said.
    pub(crate) fn after(&self, said: usize) -> Option<Mishap> {
        match self {
            Fault::Stall(after) if *after == said => Some(Mishap::Stall),
            Fault::Cut(after) if *after == said => Some(Mishap::Cut),
            Fault::Malformed(after) if *after == said => Some(Mishap::Malformed),
            Fault::ErrorInStream(after, status) if *after == said => Some(Mishap::Error(*status)),
            _ => None,
        }
    }
}

/// How a double behaves.
#[derive(Clone, Debug)]
pub struct Script {
    /// The only model that it has, where it is a server that has one.
    pub model: String,
    /// What a model answers, whatever it is asked.
    pub answer: String,
    /// Instead of `answer` it quotes what it was told, each time in another way.
    pub echo: bool,
    /// The key that it wants, if any.
    pub key: Option<String>,
    /// Time before each piece of text or of sound, in milliseconds.
    pub delay_ms: u64,
}

impl Default for Script {
    fn default() -> Self {
        Script {
            model: "simulated-7b".into(),
            answer: "<feel:joy> Zażółć, 你好 😀! I am a simulated model, and every answer of mine \
                     is this one."
                .into(),
            echo: false,
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
        self.next_if(|_any| true)
    }

    /// The fault of the next answer, if it is such a one; else it is kept.
    pub(crate) fn next_if(&self, such: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut faults = self.lock();
        match faults.0.front() {
            Some(first) if such(first) => faults.0.pop_front(),
            Some(_) => None,
            None => faults.1.clone().filter(such),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_order_and_wait_for_their_place() {
        let faults = Faults::default();
        faults.once(Fault::Cut(2));
        faults.once(Fault::Quota);
        assert_eq!(faults.next_if(Fault::at_head), None, "a cut is none");
        assert_eq!(faults.next(), Some(Fault::Cut(2)));
        assert_eq!(faults.next_if(Fault::at_head), Some(Fault::Quota));
        assert_eq!(faults.next(), None);
        faults.always(Some(Fault::Stall(0)));
        assert_eq!(faults.next_if(Fault::at_head), None);
        assert_eq!(faults.next(), faults.next());
        assert_eq!(faults.next().and_then(|f| f.after(0)), Some(Mishap::Stall));
    }
}
