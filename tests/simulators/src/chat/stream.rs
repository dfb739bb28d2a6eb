//! The bytes of an answer and their timing.

use super::check::{Asked, Wrong};
use super::frames;
use crate::record::Watch;
use crate::script::{Fault, Script};
use bytes::Bytes;
use futures::Stream;
use serde_json::Value;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

/// Between two writes of one event, so that they travel apart.
const APART: Duration = Duration::from_micros(300);

/// What happens next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Write(Bytes),
    Wait(Duration),
    /// A piece of text has been written.
    Said,
    Break,
    Hang,
}

/// Everything that happens while an answer is sent.
pub(super) fn steps(script: &Script, asked: &Asked, fault: Option<&Fault>) -> VecDeque<Step> {
    let mut steps = VecDeque::new();
    event(&mut steps, &frames::role(script).to_string());
    for (said, piece) in frames::pieces(&script.answer).iter().enumerate() {
        if go_wrong(&mut steps, said, fault) {
            return steps;
        }
        steps.push_back(Step::Wait(Duration::from_millis(script.delay_ms)));
        event(&mut steps, &frames::text(script, piece).to_string());
        steps.push_back(Step::Said);
    }
    event(&mut steps, &frames::stop(script).to_string());
    if asked.include_usage {
        event(&mut steps, &frames::usage(script, asked).to_string());
    }
    event(&mut steps, "[DONE]");
    steps
}

/// Whether the answer is over.
fn go_wrong(steps: &mut VecDeque<Step>, said: usize, fault: Option<&Fault>) -> bool {
    match fault {
        Some(Fault::Stall(after)) if *after == said => steps.push_back(Step::Hang),
        Some(Fault::Cut(after)) if *after == said => {
            // In the middle of an event, too.
            steps.push_back(Step::Write(Bytes::from_static(
                b"data: {\"choices\": [{\"del",
            )));
            steps.push_back(Step::Break);
        }
        Some(Fault::Malformed(after)) if *after == said => {
            event(steps, "{\"choices\": [{");
            event(steps, "[DONE]");
        }
        Some(Fault::ErrorInStream(after, status)) if *after == said => {
            let error: Value = Wrong::of(*status).body();
            event(steps, &error.to_string());
            event(steps, "[DONE]");
        }
        _ => return false,
    }
    true
}

/// One event in two writes, which cut its first long character, or else its middle.
fn event(steps: &mut VecDeque<Step>, data: &str) {
    let mut first = format!("data: {data}\n\n").into_bytes();
    let long = first.iter().position(|byte| !byte.is_ascii());
    let second = first.split_off(long.map_or(first.len() / 2, |at| at + 1));
    steps.push_back(Step::Write(first.into()));
    steps.push_back(Step::Wait(APART));
    steps.push_back(Step::Write(second.into()));
}

/// Do it; `watch` notes how far it got.
pub(super) fn play(
    steps: VecDeque<Step>,
    watch: Watch,
) -> impl Stream<Item = Result<Bytes, io::Error>> {
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
mod tests {
    use super::*;

    fn written(steps: &VecDeque<Step>) -> Vec<&[u8]> {
        let mut written = Vec::new();
        for step in steps {
            if let Step::Write(bytes) = step {
                written.push(bytes.as_ref());
            }
        }
        written
    }

    fn asked() -> Asked {
        Asked {
            stream: true,
            include_usage: true,
            words: 3,
            unknown: Vec::new(),
        }
    }

    #[test]
    fn characters_are_cut_between_writes() {
        let script = Script::default();
        let steps = steps(&script, &asked(), None);
        let written = written(&steps);
        assert!(
            written
                .iter()
                .any(|bytes| std::str::from_utf8(bytes).is_err()),
            "a write that ends inside a character"
        );
        let all = String::from_utf8(written.concat()).ok();
        assert!(all.is_some_and(|all| all.ends_with("data: [DONE]\n\n") && all.contains("usage")));
    }

    #[test]
    fn a_fault_comes_after_its_pieces() {
        let script = Script::default();
        let said = |fault| {
            let steps = steps(&script, &asked(), Some(&fault));
            let said = steps.iter().filter(|step| **step == Step::Said).count();
            (said, steps.into_iter().next_back())
        };
        assert_eq!(said(Fault::Stall(2)), (2, Some(Step::Hang)));
        assert_eq!(said(Fault::Cut(3)), (3, Some(Step::Break)));
        assert_eq!(said(Fault::Malformed(0)).0, 0);
        assert_eq!(said(Fault::ErrorInStream(1, 500)).0, 1);
    }
}
