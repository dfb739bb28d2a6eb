//! What is sent, and when.

use super::check::{Asked, Wrong};
use super::frames;
use crate::answer::Steps;
use crate::pieces::pieces;
use crate::script::{Fault, Mishap, Script};

/// Everything that happens while an answer is sent.
pub(super) fn steps(script: &Script, answer: &str, asked: &Asked, fault: Option<&Fault>) -> Steps {
    let mut steps = Steps::default();
    steps.event(None, &frames::role(script).to_string());
    for (said, piece) in pieces(answer).iter().enumerate() {
        if let Some(mishap) = fault.and_then(|fault| fault.after(said)) {
            go_wrong(&mut steps, mishap);
            return steps;
        }
        steps.wait_ms(script.delay_ms);
        steps.event(None, &frames::text(script, piece).to_string());
        steps.said();
    }
    steps.event(None, &frames::stop(script).to_string());
    if asked.include_usage {
        let usage = frames::usage(script, answer, asked);
        steps.event(None, &usage.to_string());
    }
    steps.event(None, "[DONE]");
    steps
}

fn go_wrong(steps: &mut Steps, mishap: Mishap) {
    match mishap {
        Mishap::Stall => steps.hang(),
        Mishap::Cut => {
            // In the middle of an event, too.
            steps.write("data: {\"choices\": [{\"del");
            steps.cut();
        }
        Mishap::Malformed => {
            steps.event(None, "{\"choices\": [{");
            steps.event(None, "[DONE]");
        }
        Mishap::Error(status) => {
            let error = Wrong::of(status).body();
            steps.event(None, &error.to_string());
            steps.event(None, "[DONE]");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fault: Option<&Fault>) -> Steps {
        let asked = Asked {
            stream: true,
            include_usage: true,
            words: 3,
            said: String::new(),
            unknown: Vec::new(),
        };
        let script = Script::default();
        steps(&script, &script.answer, &asked, fault)
    }

    #[test]
    fn an_answer_ends_with_its_account_and_the_mark() {
        let steps = of(None);
        let all = String::from_utf8(steps.written().concat()).ok();
        assert!(all.is_some_and(|all| all.ends_with("data: [DONE]\n\n") && all.contains("usage")));
    }

    #[test]
    fn a_fault_comes_after_its_pieces() {
        let of = |fault| {
            let steps = of(Some(&fault));
            (steps.pieces(), steps.ends())
        };
        assert_eq!(of(Fault::Stall(2)), (2, (true, false)));
        assert_eq!(of(Fault::Cut(3)), (3, (false, true)));
        assert_eq!(of(Fault::Malformed(0)).0, 0);
        assert_eq!(of(Fault::ErrorInStream(1, 500)).0, 1);
    }
}
