//! A response that is being made: what is sent, and when.

use super::check::Asked;
use crate::openai::refusal::kind;
use crate::pieces::pieces;
use crate::script::{Fault, Mishap};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// What happens next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Send(Value),
    /// A piece of text.
    Say(Value),
    Wait(Duration),
    /// What is no JSON.
    Garble,
    /// The connection breaks.
    Cut,
    /// Nothing more comes.
    Hang,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) id: String,
    /// Outside of the session's own conversation.
    pub(super) aside: bool,
    metadata: Value,
    words: usize,
    said: usize,
    steps: VecDeque<Step>,
    /// When the next step is due; never, where it hangs.
    pub(super) due: Option<Instant>,
}

impl Run {
    /// The response with this number, which answers so.
    pub(super) fn new(
        number: usize,
        asked: Asked,
        answer: &str,
        delay_ms: u64,
        fault: Option<&Fault>,
    ) -> Self {
        let mut run = Run {
            id: format!("resp_{number:04}"),
            aside: asked.aside,
            metadata: asked.metadata.clone(),
            words: asked.talk.words,
            said: 0,
            steps: VecDeque::new(),
            due: Some(Instant::now()),
        };
        run.plan(&asked, answer, Duration::from_millis(delay_ms), fault);
        run
    }

    fn plan(&mut self, asked: &Asked, answer: &str, delay: Duration, fault: Option<&Fault>) {
        if let Some(Fault::SlowHead(ms)) = fault {
            self.steps.push_back(Step::Wait(Duration::from_millis(*ms)));
        }
        let begun = self.response("in_progress", &Value::Null, None);
        self.send(json!({"type": "response.created", "response": begun}));
        let limits = json!([
            {"name": "requests", "limit": 10_000, "remaining": 9_999, "reset_seconds": 0.006},
            {"name": "tokens", "limit": 2_000_000, "remaining": 1_999_000, "reset_seconds": 0.03},
        ]);
        self.send(json!({"type": "rate_limits.updated", "rate_limits": limits}));
        let failed = match fault {
            Some(Fault::Status(status)) => Some(kind(*status)),
            Some(Fault::Quota) => Some(("insufficient_quota", Some("insufficient_quota"))),
            Some(Fault::RateLimited(_)) => Some(kind(429)),
            _ => None,
        };
        if let Some(failed) = failed {
            return self.fail(failed);
        }
        if fault == Some(&Fault::WebPage) {
            return self.steps.push_back(Step::Garble);
        }
        let id = self.id.clone();
        let item = self.item(None);
        self.send(json!({
            "type": "response.output_item.added", "response_id": id, "output_index": 0,
            "item": item,
        }));
        if !self.aside {
            self.send(json!({"type": "conversation.item.added", "item": item}));
        }
        let at = |mut event: Value| {
            if let Some(event) = event.as_object_mut() {
                let own = json!({
                    "response_id": id, "item_id": format!("item_{id}"), "output_index": 0,
                    "content_index": 0,
                });
                event.extend(own.as_object().cloned().unwrap_or_default());
            }
            event
        };
        let part = json!({"type": "text", "text": ""});
        self.send(at(
            json!({"type": "response.content_part.added", "part": part}),
        ));
        let mut pieces = pieces(answer);
        let most = asked.most.and_then(|most| usize::try_from(most).ok());
        let short = most.filter(|most| *most < pieces.len());
        pieces.truncate(short.unwrap_or(pieces.len()));
        for (said, piece) in pieces.iter().enumerate() {
            if let Some(mishap) = fault.and_then(|fault| fault.after(said)) {
                return self.go_wrong(mishap);
            }
            if !delay.is_zero() {
                self.steps.push_back(Step::Wait(delay));
            }
            let delta = at(json!({"type": "response.output_text.delta", "delta": piece}));
            self.steps.push_back(Step::Say(delta));
        }
        let text = pieces.concat();
        self.send(at(
            json!({"type": "response.output_text.done", "text": text}),
        ));
        let part = json!({"type": "text", "text": text});
        self.send(at(
            json!({"type": "response.content_part.done", "part": part}),
        ));
        let item = self.item(Some(&text));
        self.send(json!({
            "type": "response.output_item.done", "response_id": id, "output_index": 0,
            "item": item,
        }));
        if !self.aside {
            self.send(json!({"type": "conversation.item.done", "item": item}));
        }
        let (status, details) = match short {
            None => ("completed", Value::Null),
            Some(_) => (
                "incomplete",
                json!({"type": "incomplete", "reason": "max_output_tokens"}),
            ),
        };
        self.said = pieces.len();
        let ended = self.response(status, &details, Some(item));
        self.said = 0;
        self.send(json!({"type": "response.done", "response": ended}));
    }

    fn send(&mut self, event: Value) {
        self.steps.push_back(Step::Send(event));
    }

    fn fail(&mut self, (kind, code): (&str, Option<&str>)) {
        let error = json!({"type": kind, "code": code, "message": "A scripted failure."});
        let details = json!({"type": "failed", "error": error});
        let ended = self.response("failed", &details, None);
        self.send(json!({"type": "response.done", "response": ended}));
    }

    fn go_wrong(&mut self, mishap: Mishap) {
        match mishap {
            Mishap::Stall => self.steps.push_back(Step::Hang),
            Mishap::Cut => self.steps.push_back(Step::Cut),
            Mishap::Malformed => self.steps.push_back(Step::Garble),
            Mishap::Error(status) => self.fail(kind(status)),
        }
    }

    fn item(&self, text: Option<&str>) -> Value {
        let part = |text: &str| json!({"type": "output_text", "text": text});
        let content: Vec<Value> = text.map(part).into_iter().collect();
        let status = text.map_or("in_progress", |_| "completed");
        json!({
            "id": format!("item_{}", self.id), "object": "realtime.item", "type": "message",
            "role": "assistant", "status": status, "content": content,
        })
    }

    fn response(&self, status: &str, details: &Value, item: Option<Value>) -> Value {
        let output: Vec<Value> = item.into_iter().collect();
        let conversation = (!self.aside).then_some("conv_simulated");
        let usage = (status != "in_progress").then(|| {
            json!({
                "total_tokens": self.words + self.said, "input_tokens": self.words,
                "output_tokens": self.said,
                "input_token_details": {"text_tokens": self.words, "cached_tokens": 0},
                "output_token_details": {"text_tokens": self.said, "audio_tokens": 0},
            })
        });
        json!({
            "id": self.id, "object": "realtime.response", "status": status,
            "status_details": details, "output": output, "conversation_id": conversation,
            "output_modalities": ["text"], "max_output_tokens": "inf", "metadata": self.metadata,
            "usage": usage,
        })
    }

    /// The next step; `None` once it is over.
    pub(super) fn next(&mut self) -> Option<Step> {
        let step = self.steps.pop_front()?;
        match &step {
            Step::Wait(time) => self.due = Some(Instant::now() + *time),
            Step::Hang => self.due = None,
            Step::Say(_) => self.said += 1,
            _ => {}
        }
        Some(step)
    }

    /// Whether nothing is left to do.
    pub(super) fn over(&self) -> bool {
        self.steps.is_empty() && self.due.is_some()
    }

    /// Its last event, where the client cancelled it.
    pub(super) fn cancelled(&self) -> Value {
        let details = json!({"type": "cancelled", "reason": "client_cancelled"});
        let ended = self.response("cancelled", &details, None);
        json!({"type": "response.done", "response": ended})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(asked: Asked, fault: Option<&Fault>) -> Vec<Step> {
        let mut run = Run::new(1, asked, "One two three, four.", 0, fault);
        std::iter::from_fn(|| run.next()).collect()
    }

    fn kinds(steps: &[Step]) -> Vec<String> {
        let kind = |step: &Step| match step {
            Step::Send(event) | Step::Say(event) => event["type"].as_str().map(str::to_owned),
            other => Some(format!("{other:?}")),
        };
        let mut kinds: Vec<String> = steps.iter().filter_map(kind).collect();
        kinds.dedup();
        kinds
    }

    #[test]
    fn a_response_has_all_its_events() {
        let own = kinds(&steps(Asked::default(), None));
        let short = |kind: &String| kind.trim_start_matches("response.").to_owned();
        let own: Vec<String> = own.iter().map(short).collect();
        assert_eq!(
            own,
            [
                "created",
                "rate_limits.updated",
                "output_item.added",
                "conversation.item.added",
                "content_part.added",
                "output_text.delta",
                "output_text.done",
                "content_part.done",
                "output_item.done",
                "conversation.item.done",
                "done",
            ]
        );
        let aside = Asked {
            aside: true,
            ..Asked::default()
        };
        assert_eq!(kinds(&steps(aside, None)).len(), own.len() - 2);
    }

    #[test]
    fn a_fault_comes_after_its_pieces() {
        let of = |fault| {
            let steps = steps(Asked::default(), Some(&fault));
            let said = steps.iter().filter(|step| matches!(step, Step::Say(_)));
            (said.count(), kinds(&steps).pop().unwrap_or_default())
        };
        assert_eq!(of(Fault::Stall(2)), (2, "Hang".into()));
        assert_eq!(of(Fault::Cut(3)), (3, "Cut".into()));
        assert_eq!(of(Fault::Malformed(0)), (0, "Garble".into()));
        assert_eq!(
            of(Fault::ErrorInStream(1, 500)),
            (1, "response.done".into())
        );
        assert_eq!(of(Fault::Quota), (0, "response.done".into()));
    }

    #[test]
    fn a_limit_ends_it_early() {
        let asked = Asked {
            most: Some(2),
            ..Asked::default()
        };
        let steps = steps(asked, None);
        let Some(Step::Send(done)) = steps.last() else {
            panic!("{steps:?}");
        };
        let response = &done["response"];
        assert_eq!(response["status_details"]["reason"], "max_output_tokens");
        assert_eq!(response["output"][0]["content"][0]["text"], "One");
        assert_eq!(response["usage"]["output_tokens"], 2);
    }
}
