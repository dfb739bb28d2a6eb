//! Between the contract and the Responses API: the request, and the stream of its answer.

use crate::config::Config;
use serde_json::{Value, json};
use tth_sdk::llm::answer::Answer;
use tth_sdk::llm::{Event, Message, Usage};
use tth_sdk::sse::Parser;
use tth_sdk::vendor::{Refusal, openai};
use tth_sdk::{Control, Error, ErrorCode, error};

/// How the vendor is called in errors.
pub(crate) const WHO: &str = "OpenAI";
/// The most bytes of one event: the last one repeats the whole answer and the instructions.
pub(crate) const EVENT: usize = 1 << 20;
/// The most pieces of an answer that are remembered as not to be spoken.
const ASIDES: usize = 64;
/// The longest name of a model that is believed.
const LONGEST_MODEL: usize = 128;

/// The body of a request.
pub(crate) fn request(config: &Config, messages: &[Message], control: &Control) -> Value {
    let (instructions, input) = openai::conversation(messages);
    let mut body = json!({
        "model": config.model,
        "input": input,
        "stream": true,
        // Random padding that hides the length of each piece from those who watch the wire, at
        // twice the bytes. What is said here is spoken aloud piece by piece anyway.
        "stream_options": {"include_obfuscation": false},
        // Nothing of a conversation is kept for later.
        "store": false,
    });
    let number = |name: &str, own: Option<f64>| control.number(name).or(own).map(Value::from);
    let word = |name: &str, own: &Option<String>| {
        let told = control.text(name).map(str::to_owned);
        told.or_else(|| own.clone()).map(Value::from)
    };
    let within = |name: &str, value: Option<Value>| value.map(|value| json!({name: value}));
    let effort = word("reasoning_effort", &config.reasoning_effort);
    let verbosity = word("verbosity", &config.verbosity);
    if let Some(body) = body.as_object_mut() {
        let fields = [
            (
                "instructions",
                (!instructions.is_empty()).then(|| Value::from(instructions)),
            ),
            ("temperature", number("temperature", config.temperature)),
            ("top_p", number("top_p", config.top_p)),
            (
                "max_output_tokens",
                config.max_output_tokens.map(Value::from),
            ),
            ("reasoning", within("effort", effort)),
            ("text", within("verbosity", verbosity)),
        ];
        for (name, value) in fields {
            body.extend(value.map(|value| (name.to_owned(), value)));
        }
        body.extend(config.extra.clone());
    }
    body
}

/// An answer as it comes.
pub(crate) struct Reply {
    parser: Parser,
    usage: Usage,
    /// Tokens of `usage` that were read from the vendor's cache, and that were thoughts.
    details: (u32, u32),
    /// Items that are thoughts aloud: only what is meant for the user is spoken.
    asides: Vec<u64>,
    /// The item that was last spoken from.
    speaking: Option<u64>,
    /// The vendor said how it ended.
    done: bool,
    failed: Option<Error>,
}

impl Reply {
    /// The answer of that model.
    pub(crate) fn new(model: &str) -> Self {
        Reply {
            parser: Parser::new(EVENT),
            usage: Usage::none(model),
            details: (0, 0),
            asides: Vec::new(),
            speaking: None,
            done: false,
            failed: None,
        }
    }

    fn fail(&mut self, code: ErrorCode, how: &str) {
        self.failed = Some(error(code, format!("{WHO}{how}")));
    }

    fn event(&mut self, data: &str) -> Option<Event> {
        let Ok(event) = serde_json::from_str::<Value>(data) else {
            self.fail(ErrorCode::Internal, " sent a malformed event");
            return None;
        };
        let kind = event.get("type").and_then(Value::as_str);
        let response = event.get("response").unwrap_or(&Value::Null);
        match kind.unwrap_or_default() {
            "response.created" => self.account(response),
            "response.output_item.added" => self.item(&event),
            // What the model refuses to say, it says.
            "response.output_text.delta" | "response.refusal.delta" => return self.text(&event),
            "response.completed" => {
                self.account(response);
                self.done = true;
            }
            "response.incomplete" => {
                self.account(response);
                self.incomplete(response);
            }
            "response.failed" => {
                self.account(response);
                self.failed = Some(Refusal::in_stream(response).into_error(WHO));
            }
            "error" => self.failed = Some(Refusal::in_stream(&event).into_error(WHO)),
            "" if event.get("error").is_some_and(Value::is_object) => {
                self.failed = Some(Refusal::in_stream(&event).into_error(WHO));
            }
            // Thoughts, and the same text again.
            _ => {}
        }
        None
    }

    fn item(&mut self, event: &Value) {
        let phase = event.get("item").and_then(|item| item.get("phase"));
        let aside = phase
            .and_then(Value::as_str)
            .is_some_and(|phase| phase != "final_answer");
        if let (true, Some(index)) = (aside, index(event)) {
            if self.asides.len() == ASIDES {
                self.fail(ErrorCode::Internal, " sent an answer of too many parts");
                return;
            }
            self.asides.push(index);
        }
    }

    fn text(&mut self, event: &Value) -> Option<Event> {
        let Some(text) = openai::delta(event) else {
            self.fail(ErrorCode::Internal, " sent a malformed piece of text");
            return None;
        };
        let item = index(event).unwrap_or_default();
        if text.is_empty() || self.asides.contains(&item) {
            return None;
        }
        // Two messages are not one sentence.
        let apart = self.speaking.is_some_and(|before| before != item);
        self.speaking = Some(item);
        let text = if apart {
            format!("\n{text}")
        } else {
            text.to_owned()
        };
        Some(Event::Text(text))
    }

    /// Model and tokens, where the response says them.
    fn account(&mut self, response: &Value) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        if let Some(model) = response.get("model").and_then(Value::as_str)
            && model.len() <= LONGEST_MODEL
            && model.chars().all(plain)
        {
            model.clone_into(&mut self.usage.model);
        }
        let Some(usage) = response.get("usage").filter(|usage| usage.is_object()) else {
            return;
        };
        self.usage.input_tokens = openai::tokens(usage, "input_tokens");
        self.usage.output_tokens = openai::tokens(usage, "output_tokens");
        let of =
            |part: &str, name: &str| usage.get(part).map_or(0, |part| openai::tokens(part, name));
        self.details = (
            of("input_tokens_details", "cached_tokens"),
            of("output_tokens_details", "reasoning_tokens"),
        );
    }

    /// The answer stops before its end.
    fn incomplete(&mut self, response: &Value) {
        let details = response.get("incomplete_details");
        let reason = details.and_then(|details| details.get("reason"));
        match reason.and_then(Value::as_str) {
            // As long as it was allowed to be.
            Some("max_output_tokens") if self.speaking.is_some() => self.done = true,
            Some("max_output_tokens") => self.fail(
                ErrorCode::InvalidConfig,
                ": max_output_tokens was used up before the first word; allow more, or think less",
            ),
            Some("content_filter") => {
                self.fail(ErrorCode::InvalidInput, " stopped at its content filter");
            }
            _ => self.fail(ErrorCode::Unavailable, " left its answer incomplete"),
        }
    }

    /// What was used as far as it is known.
    pub(crate) fn usage(self) -> Usage {
        self.usage
    }

    /// A line for the log: numbers and the model only.
    pub(crate) fn account_line(&self) -> String {
        let Usage {
            input_tokens,
            output_tokens,
            model,
        } = &self.usage;
        let (cached, thoughts) = self.details;
        format!(
            "{model}, {input_tokens} tokens in ({cached} cached), {output_tokens} out \
             ({thoughts} thoughts)"
        )
    }

    /// The body is over.
    pub(crate) fn end(self) -> Result<Usage, Error> {
        match self.done {
            true => Ok(self.usage),
            false => Err(error(
                ErrorCode::Unavailable,
                format!("{WHO} ended its answer in the middle"),
            )),
        }
    }
}

impl Answer for Reply {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        self.parser.feed(bytes);
        while !self.done && self.failed.is_none() {
            match self.parser.next_event() {
                Ok(None) => break,
                // Not theirs, but what stands between may add it.
                Ok(Some(event)) if event.data == "[DONE]" => {}
                Ok(Some(event)) => events.extend(self.event(&event.data)),
                Err(too_long) => self.fail(ErrorCode::Internal, &format!(": {too_long}")),
            }
        }
        events
    }

    fn failure(&mut self) -> Option<Error> {
        self.failed.take()
    }

    fn done(&self) -> bool {
        self.done
    }
}

/// The item of the answer that an event belongs to.
fn index(event: &Value) -> Option<u64> {
    event.get("output_index").and_then(Value::as_u64)
}

#[cfg(test)]
mod tests;
