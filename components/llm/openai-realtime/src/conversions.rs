//! Between the contract and the Realtime API: what is sent, and the events of one response.

use crate::config::Config;
use serde_json::{Value, json};
use tth_sdk::llm::{Event, Message, Usage};
use tth_sdk::vendor::{Refusal, openai};
use tth_sdk::{Control, Error, ErrorCode, error};

/// How the vendor is called in errors.
pub(crate) const WHO: &str = "OpenAI";
/// The name of the event that sets a session up.
const SET_UP: &str = "set-up";
/// The key of a response's metadata under which it has the name of the call that it is for.
const CALL: &str = "tth_call";
/// The longest id of a response that is believed.
const LONGEST_ID: usize = 128;

/// Sets a fresh session up: text only, nothing is listened to, no instructions of the vendor's.
pub(crate) fn session() -> Value {
    json!({
        "type": "session.update",
        "event_id": SET_UP,
        "session": {
            "type": "realtime",
            "output_modalities": ["text"],
            "instructions": "",
            "audio": {"input": {"turn_detection": null}},
        },
    })
}

/// Asks for a response that stands outside of the session's own conversation: it knows what is sent
/// with it and nothing else, and leaves nothing behind. A connection serves one call after the
/// other, and these may be of different users.
pub(crate) fn response(
    config: &Config,
    call: &str,
    messages: &[Message],
    control: &Control,
) -> Value {
    let (instructions, input) = openai::conversation(messages);
    let mut response = json!({
        "conversation": "none",
        "instructions": instructions,
        "input": input,
        "output_modalities": ["text"],
        "metadata": {CALL: call},
    });
    let told = control.text("reasoning_effort").map(str::to_owned);
    let effort = told.or_else(|| config.reasoning_effort.clone());
    if let Some(response) = response.as_object_mut() {
        let mut put = |name: &str, value: Option<Value>| {
            response.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("max_output_tokens", config.max_output_tokens.clone());
        put("reasoning", effort.map(|effort| json!({"effort": effort})));
    }
    json!({"type": "response.create", "event_id": call, "response": response})
}

/// Asks that a response stop.
pub(crate) fn cancel(call: &str, response: &str) -> Value {
    json!({
        "type": "response.cancel",
        "event_id": format!("{call}-cancel"),
        "response_id": response,
    })
}

/// The response that has ended, if this message says so.
pub(crate) fn ended(text: &str) -> Option<String> {
    let event: Value = serde_json::from_str(text).ok()?;
    let done = event.get("type").and_then(Value::as_str) == Some("response.done");
    let id = event.get("response")?.get("id")?.as_str()?;
    done.then(|| id.to_owned())
}

/// One response as it comes, among whatever else comes.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The call's name, which the vendor repeats in the response's metadata and in errors.
    call: String,
    /// The vendor's name for the response, once it has begun.
    response: Option<String>,
    usage: Usage,
    /// Tokens of `usage` that were read from the vendor's cache.
    cached: u32,
    /// The item that was last spoken from.
    speaking: Option<u64>,
    end: Option<Result<(), Error>>,
    /// What is known of the connection is right; a later response may use it.
    sound: bool,
}

impl Reply {
    /// The response to a call, from that model.
    pub(crate) fn new(call: String, model: &str) -> Self {
        Reply {
            call,
            response: None,
            usage: Usage::none(model),
            cached: 0,
            speaking: None,
            end: None,
            sound: true,
        }
    }

    /// The call's name.
    pub(crate) fn call(&self) -> &str {
        &self.call
    }

    /// The vendor's name for the response, once it has begun.
    pub(crate) fn response(&self) -> Option<&str> {
        self.response.as_deref()
    }

    /// Whether nothing more can come.
    pub(crate) fn over(&self) -> bool {
        self.end.is_some()
    }

    /// Whether the connection can serve another call, the response being over.
    pub(crate) fn sound(&self) -> bool {
        self.sound
    }

    /// The event in the next message, if it has one for this call.
    pub(crate) fn feed(&mut self, text: &str) -> Option<Event> {
        let Ok(event) = serde_json::from_str::<Value>(text) else {
            self.broken(" sent a malformed event");
            return None;
        };
        let kind = event.get("type").and_then(Value::as_str);
        match kind.unwrap_or_default() {
            "response.created" => self.created(event.get("response")?),
            "response.output_text.delta" if self.owns(event.get("response_id")) => {
                return self.text(&event);
            }
            "response.done" => {
                let response = event.get("response")?;
                if self.owns(response.get("id")) {
                    self.done(response);
                }
            }
            "error" => self.error(&event),
            // The session's own, thoughts, the same text again, and what an earlier call left.
            _ => {}
        }
        None
    }

    fn owns(&self, id: Option<&Value>) -> bool {
        self.response.is_some() && id.and_then(Value::as_str) == self.response()
    }

    fn broken(&mut self, how: &str) {
        self.sound = false;
        self.end = Some(Err(error(ErrorCode::Internal, format!("{WHO}{how}"))));
    }

    fn fail(&mut self, code: ErrorCode, how: &str) {
        self.end = Some(Err(error(code, format!("{WHO}{how}"))));
    }

    fn created(&mut self, response: &Value) {
        let call = response.get("metadata").and_then(|own| own.get(CALL));
        let other = call
            .and_then(Value::as_str)
            .is_some_and(|call| call != self.call);
        if other || self.response.is_some() {
            return;
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        match response.get("id").and_then(Value::as_str) {
            Some(id) if !id.is_empty() && id.len() <= LONGEST_ID && id.chars().all(plain) => {
                self.response = Some(id.to_owned());
            }
            _ => self.broken(" began a response without a name"),
        }
    }

    fn text(&mut self, event: &Value) -> Option<Event> {
        let Some(text) = openai::delta(event) else {
            self.broken(" sent a malformed piece of text");
            return None;
        };
        if text.is_empty() {
            return None;
        }
        let item = event.get("output_index").and_then(Value::as_u64);
        // Two messages are not one sentence.
        let apart = self.speaking.is_some() && self.speaking != item;
        self.speaking = item.or(Some(0));
        let text = if apart {
            format!("\n{text}")
        } else {
            text.to_owned()
        };
        Some(Event::Text(text))
    }

    fn done(&mut self, response: &Value) {
        if let Some(usage) = response.get("usage") {
            self.usage.input_tokens = openai::tokens(usage, "input_tokens");
            self.usage.output_tokens = openai::tokens(usage, "output_tokens");
            let details = usage.get("input_token_details").unwrap_or(&Value::Null);
            self.cached = openai::tokens(details, "cached_tokens");
        }
        let details = response.get("status_details").unwrap_or(&Value::Null);
        let reason = details.get("reason").and_then(Value::as_str);
        let status = response.get("status").and_then(Value::as_str);
        match (status.unwrap_or_default(), reason.unwrap_or_default()) {
            ("completed", _) => self.end = Some(Ok(())),
            ("failed", _) => {
                self.end = Some(Err(Refusal::in_stream(details).into_error(WHO)));
            }
            // As long as it was allowed to be.
            ("incomplete", "max_output_tokens") if self.speaking.is_some() => {
                self.end = Some(Ok(()));
            }
            ("incomplete", "max_output_tokens") => self.fail(
                ErrorCode::InvalidConfig,
                ": max_output_tokens was used up before the first word; allow more, or think less",
            ),
            ("incomplete", "content_filter") => {
                self.fail(ErrorCode::InvalidInput, " stopped at its content filter");
            }
            ("cancelled", _) => self.fail(ErrorCode::Unavailable, " cancelled its response"),
            _ => self.fail(ErrorCode::Unavailable, " left its response incomplete"),
        }
    }

    /// An error is of the event that it names; else it may be about anything, also this call.
    fn error(&mut self, event: &Value) {
        let inner = event.get("error").unwrap_or(&Value::Null);
        let of = inner.get("event_id").and_then(Value::as_str);
        let error = Refusal::in_stream(event).into_error(WHO);
        match of {
            Some(of) if of == self.call => self.end = Some(Err(error)),
            // Every response says itself what the session was set up for.
            Some(SET_UP) => println!("the session could not be set up: {}", error.message),
            // A cancel that came too late.
            Some(_) => {}
            None => {
                self.sound = false;
                self.end = Some(Err(error));
            }
        }
    }

    /// What was used as far as it is known.
    pub(crate) fn usage(self) -> Usage {
        self.usage
    }

    /// A line for the log: names and numbers only.
    pub(crate) fn account_line(&self) -> String {
        let Usage {
            input_tokens,
            output_tokens,
            model,
        } = &self.usage;
        format!(
            "response {}: {model}, {input_tokens} tokens in ({} cached), {output_tokens} out",
            self.response().unwrap_or("without a name"),
            self.cached,
        )
    }

    /// How the response ended.
    pub(crate) fn end(self) -> Result<Usage, Error> {
        let cut = || Err(error(ErrorCode::Unavailable, format!("{WHO} went away")));
        self.end.unwrap_or_else(cut).map(|()| self.usage)
    }
}

#[cfg(test)]
mod tests;
