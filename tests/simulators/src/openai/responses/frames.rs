//! The events of an answer, and the objects in them.

use super::check::Asked;
use crate::answer::Steps;
use crate::openai::refusal::kind;
use crate::openai::talk::Talk;
use crate::pieces::pieces;
use crate::script::{Fault, Mishap};
use serde_json::{Value, json};

/// What a model that thinks hard says before it answers; not for the user.
pub(super) const COMMENTARY: &str = "Commentary: I am going to answer now.";
const ID: &str = "resp_simulated";

/// Numbers the events of an answer.
#[derive(Debug, Default)]
struct Events {
    steps: Steps,
    number: u64,
}

impl Events {
    fn send(&mut self, kind: &str, mut fields: Value) {
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("type".into(), kind.into());
            fields.insert("sequence_number".into(), self.number.into());
        }
        self.number += 1;
        self.steps.event(Some(kind), &fields.to_string());
    }
}

/// How an answer ends, for its `response`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    InProgress,
    Completed,
    /// At the limit of `max_output_tokens`.
    Incomplete,
}

fn response(asked: &Asked, state: State, output: &[Value], tokens: usize) -> Value {
    let Talk { words, .. } = asked.talk;
    let (status, details) = match state {
        State::InProgress => ("in_progress", Value::Null),
        State::Completed => ("completed", Value::Null),
        State::Incomplete => ("incomplete", json!({"reason": "max_output_tokens"})),
    };
    let usage = (state != State::InProgress).then(|| {
        json!({
            "input_tokens": words, "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": tokens, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": words + tokens,
        })
    });
    json!({
        "id": ID, "object": "response", "created_at": 1_790_000_000, "status": status,
        "error": null, "incomplete_details": details, "model": asked.model, "output": output,
        "max_output_tokens": asked.most, "reasoning": {"effort": asked.effort, "summary": null},
        "usage": usage,
    })
}

fn message(index: usize, phase: &str, text: Option<&str>) -> Value {
    let content: Vec<Value> = text.map(part).into_iter().collect();
    let status = text.map_or("in_progress", |_| "completed");
    json!({
        "id": format!("msg_{index}"), "type": "message", "role": "assistant", "status": status,
        "content": content, "phase": phase,
    })
}

fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

/// The pieces that the answer may have, and whether that is all of it.
fn allowed(asked: &Asked, answer: &str) -> (Vec<String>, State) {
    let mut pieces = pieces(answer);
    let most = asked.most.and_then(|most| usize::try_from(most).ok());
    match most {
        Some(most) if most < pieces.len() => {
            pieces.truncate(most);
            (pieces, State::Incomplete)
        }
        _ => (pieces, State::Completed),
    }
}

/// The whole answer at once.
pub(super) fn whole(asked: &Asked, answer: &str) -> Value {
    let (pieces, state) = allowed(asked, answer);
    let text = pieces.concat();
    let output = [message(0, "final_answer", Some(&text))];
    response(asked, state, &output, pieces.len())
}

/// Everything that happens while an answer is streamed.
pub(super) fn steps(asked: &Asked, answer: &str, delay_ms: u64, fault: Option<&Fault>) -> Steps {
    let mut events = Events::default();
    let started = response(asked, State::InProgress, &[], 0);
    events.send("response.created", json!({"response": started}));
    events.send("response.in_progress", json!({"response": started}));
    let mut output = Vec::new();
    let effort = asked.effort.as_deref().unwrap_or("medium");
    if effort != "none" {
        let item = json!({"id": "rs_0", "type": "reasoning", "summary": []});
        let fields = json!({"output_index": 0, "item": item});
        events.send("response.output_item.added", fields.clone());
        events.send("response.output_item.done", fields);
        output.push(item);
    }
    if matches!(effort, "high" | "xhigh" | "max") {
        let index = output.len();
        open(&mut events, index, "commentary");
        events.send(
            "response.output_text.delta",
            delta(asked, index, COMMENTARY),
        );
        output.push(close(&mut events, index, "commentary", COMMENTARY));
    }
    let index = output.len();
    open(&mut events, index, "final_answer");
    let (pieces, state) = allowed(asked, answer);
    for (said, piece) in pieces.iter().enumerate() {
        if let Some(mishap) = fault.and_then(|fault| fault.after(said)) {
            go_wrong(&mut events, mishap);
            return events.steps;
        }
        events.steps.wait_ms(delay_ms);
        events.send("response.output_text.delta", delta(asked, index, piece));
        events.steps.said();
    }
    let text = pieces.concat();
    output.push(close(&mut events, index, "final_answer", &text));
    let last = match state {
        State::Incomplete => "response.incomplete",
        _ => "response.completed",
    };
    let ended = response(asked, state, &output, pieces.len());
    events.send(last, json!({"response": ended}));
    events.steps
}

fn delta(asked: &Asked, index: usize, text: &str) -> Value {
    let mut fields = json!({
        "item_id": format!("msg_{index}"), "output_index": index, "content_index": 0,
        "delta": text, "logprobs": [],
    });
    if let (true, Some(fields)) = (asked.obfuscate, fields.as_object_mut()) {
        // Of a length that says nothing of the text's.
        let padding = "k3Yq9ZtP0wLm7RxB".chars().take(16 - text.len() % 13);
        fields.insert("obfuscation".into(), padding.collect::<String>().into());
    }
    fields
}

fn open(events: &mut Events, index: usize, phase: &str) {
    let item = message(index, phase, None);
    events.send(
        "response.output_item.added",
        json!({"output_index": index, "item": item}),
    );
    let at = json!({
        "item_id": format!("msg_{index}"), "output_index": index, "content_index": 0,
        "part": part(""),
    });
    events.send("response.content_part.added", at);
}

/// Ends a message; it is returned.
fn close(events: &mut Events, index: usize, phase: &str, text: &str) -> Value {
    let id = format!("msg_{index}");
    events.send(
        "response.output_text.done",
        json!({
            "item_id": id, "output_index": index, "content_index": 0, "text": text,
            "logprobs": [],
        }),
    );
    events.send(
        "response.content_part.done",
        json!({"item_id": id, "output_index": index, "content_index": 0, "part": part(text)}),
    );
    let item = message(index, phase, Some(text));
    events.send(
        "response.output_item.done",
        json!({"output_index": index, "item": item}),
    );
    item
}

fn go_wrong(events: &mut Events, mishap: Mishap) {
    match mishap {
        Mishap::Stall => events.steps.hang(),
        Mishap::Cut => {
            // In the middle of an event, too.
            let torn = "event: response.output_text.delta\ndata: {\"type\": \"resp";
            events.steps.write(torn);
            events.steps.cut();
        }
        Mishap::Malformed => {
            let name = Some("response.output_text.delta");
            events.steps.event(name, "{\"type\": [{");
        }
        Mishap::Error(status) => {
            let (kind, code) = kind(status);
            let fields = json!({
                "code": code.unwrap_or(kind), "message": "A scripted error.", "param": null,
            });
            events.send("error", fields);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(asked: &Asked, fault: Option<&Fault>) -> (Vec<Value>, Steps) {
        let steps = steps(asked, "One two three, four five.", 0, fault);
        let text = String::from_utf8(steps.written().concat()).unwrap_or_default();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let events = data.filter_map(|data| serde_json::from_str(data).ok());
        (events.collect(), steps)
    }

    fn said(events: &[Value]) -> String {
        let deltas = events.iter().filter(|event| event["output_index"] != 1);
        deltas.filter_map(|event| event["delta"].as_str()).collect()
    }

    #[test]
    fn events_are_numbered_and_end_with_the_response() {
        let (events, _) = events(&Asked::default(), None);
        for (number, event) in events.iter().enumerate() {
            assert_eq!(event["sequence_number"], number);
            assert!(event.get("obfuscation").is_none());
        }
        let last = events.last().unwrap();
        assert_eq!(last["type"], "response.completed");
        let text = &last["response"]["output"][1]["content"][0]["text"];
        assert_eq!(text, "One two three, four five.");
    }

    #[test]
    fn a_limit_ends_an_answer_early() {
        let asked = Asked {
            most: Some(3),
            effort: Some("high".into()),
            obfuscate: true,
            ..Asked::default()
        };
        let (events, steps) = events(&asked, None);
        assert_eq!((said(&events).as_str(), steps.pieces()), ("One tw", 3));
        let last = &events.last().unwrap()["response"];
        assert_eq!(last["incomplete_details"]["reason"], "max_output_tokens");
        assert_eq!(last["output"][1]["phase"], "commentary");
        let deltas = events.iter().filter(|event| event.get("delta").is_some());
        for event in deltas {
            assert!(!event["obfuscation"].as_str().unwrap().is_empty());
        }
    }

    #[test]
    fn a_fault_comes_after_its_pieces() {
        let of = |fault| {
            let (events, steps) = events(&Asked::default(), Some(&fault));
            let last = events.last().unwrap()["type"].as_str().map(str::to_owned);
            (steps.pieces(), steps.ends(), last.unwrap_or_default())
        };
        let delta = "response.output_text.delta";
        assert_eq!(of(Fault::Stall(2)), (2, (true, false), delta.into()));
        assert_eq!(of(Fault::Cut(3)), (3, (false, true), delta.into()));
        assert_eq!(of(Fault::ErrorInStream(1, 500)).2, "error");
    }
}
