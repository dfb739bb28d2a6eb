//! What OpenAI's models are told: items of a conversation, checked as OpenAI does.

use serde_json::{Value, json};

/// Something that a request has wrong: always a 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) code: &'static str,
    /// Where, e.g. "input[0].role".
    pub(super) param: String,
    pub(super) message: String,
}

impl Wrong {
    pub(super) fn new(code: &'static str, param: &str, message: &str) -> Self {
        Wrong {
            code,
            param: param.to_owned(),
            message: message.to_owned(),
        }
    }

    pub(super) fn unknown(param: &str) -> Self {
        let message = format!("Unknown parameter: '{param}'.");
        Wrong::new("unknown_parameter", param, &message)
    }

    pub(super) fn missing(param: &str) -> Self {
        let message = format!("Missing required parameter: '{param}'.");
        Wrong::new("missing_required_parameter", param, &message)
    }

    pub(super) fn value(param: &str, wanted: &str) -> Self {
        let message = format!("Invalid value: '{param}'. Supported values are: {wanted}.");
        Wrong::new("invalid_value", param, &message)
    }

    /// The `error` of an answer or an event.
    pub(super) fn error(&self) -> Value {
        json!({
            "message": self.message, "type": "invalid_request_error", "param": self.param,
            "code": self.code,
        })
    }
}

/// A conversation as far as a double listens to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Talk {
    /// What the user said last.
    pub(super) said: String,
    /// Words, which stand for tokens.
    pub(super) words: usize,
}

impl Talk {
    pub(super) fn hear(&mut self, text: &str) {
        self.words += text.split_whitespace().count();
    }
}

/// Whether `value` has no field but these.
pub(super) fn only(value: &Value, known: &[&str], at: &str) -> Result<(), Wrong> {
    let fields = value.as_object().into_iter().flatten();
    match fields
        .map(|(name, _)| name)
        .find(|name| !known.contains(&name.as_str()))
    {
        Some(name) if at.is_empty() => Err(Wrong::unknown(name)),
        Some(name) => Err(Wrong::unknown(&format!("{at}.{name}"))),
        None => Ok(()),
    }
}

/// Whether the value, if there is one, is one of these words.
pub(super) fn word(value: Option<&Value>, words: &[&str], at: &str) -> Result<(), Wrong> {
    let right = |value: &Value| value.as_str().is_some_and(|word| words.contains(&word));
    match value {
        Some(value) if !value.is_null() && !right(value) => {
            Err(Wrong::value(at, &format!("'{}'", words.join("', '"))))
        }
        _ => Ok(()),
    }
}

/// Metadata: at most 16 pairs of short strings.
pub(super) fn metadata(value: Option<&Value>, at: &str) -> Result<(), Wrong> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(());
    };
    let right = value.as_object().is_some_and(|pairs| {
        let short = |(name, value): (&String, &Value)| {
            name.len() <= 64 && value.as_str().is_some_and(|value| value.len() <= 512)
        };
        pairs.len() <= 16 && pairs.iter().all(short)
    });
    match right {
        true => Ok(()),
        false => Err(Wrong::value(at, "up to 16 pairs of strings")),
    }
}

/// One item of a conversation.
pub(super) fn item(item: &Value, at: &str, talk: &mut Talk) -> Result<(), Wrong> {
    only(item, &["type", "role", "content", "id", "status"], at)?;
    word(item.get("type"), &["message"], &format!("{at}.type"))?;
    let role = item.get("role").and_then(Value::as_str);
    let role = role.ok_or_else(|| Wrong::missing(&format!("{at}.role")))?;
    let wanted = match role {
        "user" | "system" | "developer" => "input_text",
        "assistant" => "output_text",
        _ => {
            let roles = "'assistant', 'system', 'developer', and 'user'";
            return Err(Wrong::value(&format!("{at}.role"), roles));
        }
    };
    let said = match item.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let mut said = String::new();
            for (index, part) in parts.iter().enumerate() {
                let at = format!("{at}.content[{index}]");
                if part.get("type").and_then(Value::as_str) != Some(wanted) {
                    return Err(Wrong::value(&format!("{at}.type"), &format!("'{wanted}'")));
                }
                let text = part.get("text").and_then(Value::as_str);
                said += text.ok_or_else(|| Wrong::missing(&format!("{at}.text")))?;
            }
            said
        }
        _ => return Err(Wrong::missing(&format!("{at}.content"))),
    };
    talk.hear(&said);
    if role == "user" {
        talk.said = said;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_heard_or_its_fault_is_named() {
        let mut talk = Talk::default();
        let part = |kind: &str| json!([{"type": kind, "text": "Hello there"}]);
        let ok = json!({"type": "message", "role": "user", "content": part("input_text")});
        assert_eq!(item(&ok, "input[0]", &mut talk), Ok(()));
        assert_eq!((talk.said.as_str(), talk.words), ("Hello there", 2));
        for (bad, code, param) in [
            (
                json!({"role": "user", "content": "x", "wibble": 1}),
                "unknown_parameter",
                "i.wibble",
            ),
            (
                json!({"content": "x"}),
                "missing_required_parameter",
                "i.role",
            ),
            (
                json!({"role": "robot", "content": "x"}),
                "invalid_value",
                "i.role",
            ),
            (
                json!({"role": "user"}),
                "missing_required_parameter",
                "i.content",
            ),
            (
                json!({"role": "assistant", "content": part("input_text")}),
                "invalid_value",
                "i.content[0].type",
            ),
        ] {
            let wrong = item(&bad, "i", &mut talk).unwrap_err();
            assert_eq!((wrong.code, wrong.param.as_str()), (code, param));
        }
    }
}
