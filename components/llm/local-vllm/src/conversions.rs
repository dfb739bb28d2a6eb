//! Between the contract and chat completions: the request, and the stream of its answer.

use crate::config::Config;
use serde_json::{Value, json};
use tth_sdk::llm::answer::Answer;
use tth_sdk::llm::{Event, Message, Role, Usage};
use tth_sdk::sse::Parser;
use tth_sdk::vendor::{Refusal, openai};
use tth_sdk::{Control, Error, ErrorCode, error};

/// How the server is called in errors.
pub(crate) const WHO: &str = "the language model's server";
/// The most bytes of one event: a delta in it is always below the contract's limit for a text.
const EVENT: usize = 60 << 10;

/// The body of a request.
pub(crate) fn request(
    config: &Config,
    model: &str,
    messages: &[Message],
    control: &Control,
) -> Value {
    let messages: Vec<Value> = messages.iter().map(message).collect();
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    let sampled = |name: &str, own: Option<f64>| control.number(name).or(own);
    if let Some(body) = body.as_object_mut() {
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        let temperature = sampled("temperature", config.temperature);
        put("temperature", temperature.map(Value::from));
        put("top_p", sampled("top_p", config.top_p).map(Value::from));
        put("max_tokens", config.max_tokens.map(Value::from));
        body.extend(config.extra.clone());
    }
    body
}

fn message(message: &Message) -> Value {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    json!({"role": role, "content": message.content})
}

/// The names in the answer of `/models`.
pub(crate) fn models(list: &Value) -> Vec<String> {
    let entries = list.get("data").and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.get("id")?.as_str()?.to_owned()))
        .collect()
}

/// An answer as it comes.
pub(crate) struct Reply {
    parser: Parser,
    usage: Usage,
    /// The server said why the text is over.
    finished: bool,
    /// The server said that nothing follows.
    done: bool,
    failed: Option<Error>,
}

impl Reply {
    /// The answer of that model.
    pub(crate) fn new(model: &str) -> Self {
        Reply {
            parser: Parser::new(EVENT),
            usage: Usage::none(model),
            finished: false,
            done: false,
            failed: None,
        }
    }

    fn chunk(&mut self, data: &str) -> Option<Event> {
        let Ok(chunk) = serde_json::from_str::<Value>(data) else {
            let message = format!("{WHO} sent a malformed event");
            self.failed = Some(error(ErrorCode::Internal, message));
            return None;
        };
        let object = chunk.get("object").and_then(Value::as_str);
        if chunk.get("error").is_some_and(|error| !error.is_null()) || object == Some("error") {
            self.failed = Some(Refusal::in_stream(&chunk).into_error(WHO));
            return None;
        }
        if let Some(model) = chunk.get("model").and_then(Value::as_str) {
            model.clone_into(&mut self.usage.model);
        }
        if let Some(usage) = chunk.get("usage").filter(|usage| usage.is_object()) {
            self.usage.input_tokens = openai::tokens(usage, "prompt_tokens");
            self.usage.output_tokens = openai::tokens(usage, "completion_tokens");
        }
        let choice = chunk.get("choices")?.get(0)?;
        self.finished |= choice.get("finish_reason").is_some_and(Value::is_string);
        // `reasoning` beside it is what the model thinks, not what it says.
        let text = choice.get("delta")?.get("content")?.as_str()?;
        (!text.is_empty()).then(|| Event::Text(text.to_owned()))
    }

    /// A line for the log: the model's name as the server lists it, and numbers.
    pub(crate) fn account_line(&self) -> String {
        let Usage {
            input_tokens,
            output_tokens,
            model,
        } = &self.usage;
        format!("{model}, {input_tokens} tokens in, {output_tokens} out")
    }

    /// What was used as far as it is known.
    pub(crate) fn usage(self) -> Usage {
        self.usage
    }

    /// The body is over.
    pub(crate) fn end(self) -> Result<Usage, Error> {
        match self.done || self.finished {
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
                Ok(Some(event)) if event.data == "[DONE]" => self.done = true,
                Ok(Some(event)) => events.extend(self.chunk(&event.data)),
                Err(too_long) => {
                    self.failed = Some(error(ErrorCode::Internal, format!("{WHO}: {too_long}")));
                }
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

#[cfg(test)]
mod tests;
