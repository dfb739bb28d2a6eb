//! What the server says to a request that it cannot serve.

use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The fields that the server knows.
const KNOWN: [&str; 37] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_completion_tokens",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
    "stop",
    "stop_token_ids",
    "include_stop_str_in_output",
    "ignore_eos",
    "min_tokens",
    "seed",
    "n",
    "logprobs",
    "top_logprobs",
    "reasoning_effort",
    "thinking_token_budget",
    "include_reasoning",
    "chat_template_kwargs",
    "response_format",
    "structured_outputs",
    "tools",
    "tool_choice",
    "priority",
    "request_id",
    "session_id",
    "cache_salt",
    "user",
    "echo",
    "add_generation_prompt",
];
/// Fields that must be numbers.
const NUMBERS: [&str; 8] = [
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "max_tokens",
    "max_completion_tokens",
    "seed",
    "presence_penalty",
];
const ROLES: [&str; 5] = ["system", "user", "assistant", "tool", "developer"];

/// A refusal.
pub(super) struct Wrong {
    status: u16,
    kind: &'static str,
    message: String,
    param: Option<String>,
}

impl Wrong {
    /// A field is missing or of a wrong form; the server has 400 for that, not 422.
    pub(super) fn invalid(param: &str, message: impl Into<String>) -> Self {
        Wrong {
            status: 400,
            kind: "Bad Request",
            message: message.into(),
            param: Some(param.to_owned()),
        }
    }

    /// A scripted one.
    pub(super) fn of(status: u16) -> Self {
        Wrong {
            status,
            kind: kind(status),
            message: format!("a scripted answer of status {status}"),
            param: None,
        }
    }

    pub(super) fn response(&self) -> Response {
        crate::answer::json(self.status, &self.body())
    }

    /// Its body.
    pub(super) fn body(&self) -> Value {
        json!({"error": {
            "message": self.message, "type": self.kind, "param": self.param, "code": self.status,
        }})
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        self.response()
    }
}

fn kind(status: u16) -> &'static str {
    match status {
        400 => "BadRequestError",
        402 => "insufficient_quota",
        404 => "NotFoundError",
        422 => "UnprocessableEntityError",
        429 => "RateLimitError",
        501 => "NotImplementedError",
        503 => "ServiceUnavailableError",
        _ => "InternalServerError",
    }
}

/// A request that can be served.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) stream: bool,
    pub(super) include_usage: bool,
    /// Words of the conversation, which stand for its tokens.
    pub(super) words: usize,
    /// What the user said last.
    pub(super) said: String,
    pub(super) unknown: Vec<String>,
}

/// Check a request as the server does.
pub(super) fn read(body: &Value, model: &str) -> Result<Asked, Wrong> {
    let fields = body
        .as_object()
        .ok_or_else(|| Wrong::invalid("body", "Input should be a valid dictionary"))?;
    let messages = fields
        .get("messages")
        .ok_or_else(|| Wrong::invalid("messages", "Field required"))?
        .as_array()
        .ok_or_else(|| Wrong::invalid("messages", "Input should be a valid list"))?;
    let (mut words, mut said) = (0, "");
    for (index, message) in messages.iter().enumerate() {
        let field = |name: &str| message.get(name).unwrap_or(&Value::Null);
        if !field("role")
            .as_str()
            .is_some_and(|role| ROLES.contains(&role))
        {
            let at = format!("messages[{index}].role");
            return Err(Wrong::invalid(&at, "Input should be a known role"));
        }
        words += match field("content") {
            Value::String(text) => {
                if field("role") == "user" {
                    said = text;
                }
                text.split_whitespace().count()
            }
            Value::Array(parts) => parts.len(),
            _ => {
                let at = format!("messages[{index}].content");
                return Err(Wrong::invalid(&at, "Field required"));
            }
        };
    }
    for name in NUMBERS {
        if fields
            .get(name)
            .is_some_and(|value| !value.is_number() && !value.is_null())
        {
            return Err(Wrong::invalid(name, "Input should be a valid number"));
        }
    }
    let flag = |value: Option<&Value>, name: &str| match value {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(Wrong::invalid(name, "Input should be a valid boolean")),
    };
    let stream = flag(fields.get("stream"), "stream")?;
    let options = fields
        .get("stream_options")
        .filter(|value| !value.is_null());
    if options.is_some() && !stream {
        let message = "Stream options can only be defined when `stream=True`.";
        return Err(Wrong::invalid("stream_options", message));
    }
    let usage = options.and_then(|options| options.get("include_usage"));
    let include_usage = flag(usage, "stream_options.include_usage")?;
    // An omitted model is the default one.
    let wanted = fields.get("model").and_then(Value::as_str).unwrap_or(model);
    if wanted != model {
        return Err(Wrong {
            status: 404,
            kind: kind(404),
            message: format!("The model `{wanted}` does not exist."),
            param: Some("model".into()),
        });
    }
    let unknown = fields.keys().filter(|name| !KNOWN.contains(&name.as_str()));
    Ok(Asked {
        stream,
        include_usage,
        words,
        said: said.to_owned(),
        unknown: unknown.cloned().collect(),
    })
}
