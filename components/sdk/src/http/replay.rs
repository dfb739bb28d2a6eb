//! What stands for the network outside the sandbox: answers from a script, one for each request.

use super::{Request, Response};
use crate::{Error, ErrorCode, error};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// A scripted answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: VecDeque<Vec<u8>>,
    end: End,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    Whole,
    Cut,
    Silence,
}

impl Answer {
    /// An answer of that status, with an empty body.
    pub fn new(status: u16) -> Self {
        Answer {
            status,
            ..Answer::default()
        }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let header = (name.to_ascii_lowercase(), value.to_owned());
        self.headers.push(header);
        self
    }

    /// With one more piece of body.
    #[must_use]
    pub fn piece(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.pieces.push_back(bytes.as_ref().to_vec());
        self
    }

    /// The connection breaks after the last piece.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.end = End::Cut;
        self
    }

    /// Nothing more comes after the last piece, and no end either.
    #[must_use]
    pub fn silence(mut self) -> Self {
        self.end = End::Silence;
        self
    }
}

#[derive(Debug, Default)]
struct Script {
    answers: VecDeque<Answer>,
    requests: Vec<Request>,
    /// Bodies that are being read.
    open: usize,
}

/// What the script of this thread was asked.
#[derive(Clone, Debug)]
pub struct Heard(Rc<RefCell<Script>>);

impl Heard {
    /// The requests, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.0.borrow().requests.clone()
    }

    /// Answers that somebody still holds.
    pub fn open(&self) -> usize {
        self.0.borrow().open
    }
}

std::thread_local! {
    static SCRIPT: RefCell<Rc<RefCell<Script>>> = RefCell::default();
}

/// From now on this thread's requests are answered so, in order; then nobody is there.
pub fn script(answers: impl IntoIterator<Item = Answer>) -> Heard {
    let script = Rc::new(RefCell::new(Script {
        answers: answers.into_iter().collect(),
        ..Script::default()
    }));
    SCRIPT.with(|current| current.replace(script.clone()));
    Heard(script)
}

#[derive(Debug)]
pub(super) struct Body {
    answer: Answer,
    script: Rc<RefCell<Script>>,
}

impl Body {
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match (self.answer.pieces.pop_front(), self.answer.end) {
            (Some(piece), _) => Ok(Some(piece)),
            (None, End::Whole) => Ok(None),
            (None, End::Cut) => Err(error(ErrorCode::Unavailable, "the connection broke")),
            (None, End::Silence) => std::future::pending().await,
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.script.borrow_mut().open -= 1;
    }
}

pub(super) async fn send(request: Request) -> Result<Response, Error> {
    let script = SCRIPT.with(|current| current.borrow().clone());
    let answer = {
        let mut script = script.borrow_mut();
        script.requests.push(request);
        let answer = script.answers.pop_front();
        script.open += usize::from(answer.is_some());
        answer
    };
    let nobody = || error(ErrorCode::Unavailable, "the connection was refused");
    let answer = answer.ok_or_else(nobody)?;
    Ok(Response {
        status: answer.status,
        headers: answer.headers.clone(),
        body: super::Body(Body { answer, script }),
    })
}
