//! The bytes of an answer and their timing.

use crate::record::Watch;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::Stream;
use serde_json::Value;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

/// Between two writes of one event, so that they travel apart.
const APART: Duration = Duration::from_micros(300);
/// The media type of server-sent events.
pub(crate) const EVENTS: &str = "text/event-stream; charset=utf-8";

/// JSON, all of it at once.
pub(crate) fn json(status: u16, body: &Value) -> Response {
    let mut answer = Response::new(Body::from(Bytes::from(body.to_string())));
    *answer.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// What happens next.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Write(Bytes),
    Wait(Duration),
    Said,
    Break,
    Hang,
}

/// Everything that happens while an answer is sent.
#[derive(Debug, Default)]
pub(crate) struct Steps(VecDeque<Step>);

impl Steps {
    /// One server-sent event in two writes, which cut its first long character, or else its middle.
    pub(crate) fn event(&mut self, name: Option<&str>, data: &str) {
        let name = name.map_or_else(String::new, |name| format!("event: {name}\n"));
        self.torn(format!("{name}data: {data}\n\n").into_bytes());
    }

    /// Bytes in two writes, which cut the first long character, or else the middle.
    pub(crate) fn torn(&mut self, bytes: Vec<u8>) {
        let mut first = bytes;
        let long = first.iter().position(|byte| !byte.is_ascii());
        let second = first.split_off(long.map_or(first.len() / 2, |at| at + 1));
        self.write(first);
        self.0.push_back(Step::Wait(APART));
        self.write(second);
    }

    /// Bytes in one write.
    pub(crate) fn write(&mut self, bytes: impl Into<Bytes>) {
        self.0.push_back(Step::Write(bytes.into()));
    }

    pub(crate) fn wait_ms(&mut self, ms: u64) {
        if ms > 0 {
            self.0.push_back(Step::Wait(Duration::from_millis(ms)));
        }
    }

    /// A piece of text or of sound has been written.
    pub(crate) fn said(&mut self) {
        self.0.push_back(Step::Said);
    }

    /// The connection breaks, when what was written before has left.
    pub(crate) fn cut(&mut self) {
        self.0.push_back(Step::Wait(APART));
        self.0.push_back(Step::Break);
    }

    /// Nothing more comes, and no end either.
    pub(crate) fn hang(&mut self) {
        self.0.push_back(Step::Hang);
    }

    /// The answer; `watch` notes how far it got.
    pub(crate) fn response(self, content_type: &'static str, watch: Watch) -> Response {
        let mut answer = Response::new(Body::from_stream(play(self.0, watch)));
        let kind = HeaderValue::from_static(content_type);
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
        answer
    }
}

fn play(steps: VecDeque<Step>, watch: Watch) -> impl Stream<Item = Result<Bytes, io::Error>> {
    futures::stream::unfold((steps, watch), async |(mut steps, mut watch)| {
        loop {
            match steps.pop_front() {
                Some(Step::Write(bytes)) => return Some((Ok(bytes), (steps, watch))),
                Some(Step::Wait(time)) => tokio::time::sleep(time).await,
                Some(Step::Said) => watch.said(),
                Some(Step::Break) => {
                    let broken = io::Error::other("cut on purpose");
                    return Some((Err(broken), (steps, watch)));
                }
                Some(Step::Hang) => std::future::pending().await,
                None => {
                    watch.whole = true;
                    return None;
                }
            }
        }
    })
}

#[cfg(test)]
impl Steps {
    /// How many pieces are said.
    pub(crate) fn pieces(&self) -> usize {
        self.0.iter().filter(|step| **step == Step::Said).count()
    }

    /// Whether it never ends, and whether it breaks.
    pub(crate) fn ends(&self) -> (bool, bool) {
        let last = self.0.back();
        (last == Some(&Step::Hang), last == Some(&Step::Break))
    }

    /// All writes.
    pub(crate) fn written(&self) -> Vec<&[u8]> {
        let mut written = Vec::new();
        for step in &self.0 {
            if let Step::Write(bytes) = step {
                written.push(bytes.as_ref());
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_cut_between_writes() {
        let mut steps = Steps::default();
        steps.event(None, "\"no long ones\"");
        steps.event(Some("delta"), "\"你好\"");
        let written = steps.written();
        assert_eq!(written.len(), 4);
        assert!(std::str::from_utf8(written[2]).is_err());
        let all = String::from_utf8(written.concat()).ok();
        let wanted = "data: \"no long ones\"\n\nevent: delta\ndata: \"你好\"\n\n";
        assert_eq!(all.as_deref(), Some(wanted));
    }
}
