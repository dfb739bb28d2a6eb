//! Reading untrusted objects: every error names the field, what was found and what would be right.

use serde_json::{Map, Value, json};
use tth_core::controls::ControlError;

/// How much of a client's own text an error repeats.
const QUOTE_CHARS: usize = 60;

/// Why an input cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// For people.
    pub message: String,
    /// For programs: `{field, value, range}` of a control out of its range, else an empty object.
    pub details: Value,
}

impl Invalid {
    /// An error without details.
    pub fn new(message: impl Into<String>) -> Self {
        Invalid {
            message: message.into(),
            details: json!({}),
        }
    }

    /// A client's own text, shortened and escaped, to repeat it in an error.
    pub(crate) fn quote(text: &str) -> String {
        match text.char_indices().nth(QUOTE_CHARS) {
            Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
            None => format!("{text:?}"),
        }
    }
}

impl From<ControlError> for Invalid {
    fn from(error: ControlError) -> Self {
        let mut message = error.to_string();
        if message.chars().count() > 4 * QUOTE_CHARS + QUOTE_CHARS {
            message = format!(
                "{} is {}…, but must be {}",
                error.field,
                Invalid::quote(&error.value),
                error.range
            );
        }
        Invalid {
            message,
            details: json!({"field": error.field, "value": error.value.chars().take(QUOTE_CHARS).collect::<String>(), "range": error.range}),
        }
    }
}

/// `, did you mean "x"?` if one of `known` is near, else nothing.
pub(crate) fn nearest(unknown: &str, known: &[&str]) -> String {
    // The distance takes time by the product of the lengths; no name is that long.
    if unknown.len() > QUOTE_CHARS {
        return String::new();
    }
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .filter(|(distance, name)| *distance <= name.len().max(3) / 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| format!(", did you mean `{name}`?"))
        .unwrap_or_default()
}

/// An object whose fields are taken out one by one; what is left at the end is unknown.
pub(crate) struct Fields {
    /// What errors put before a field's name, e.g. "emotion.".
    prefix: String,
    map: Map<String, Value>,
    known: Vec<&'static str>,
}

impl Fields {
    /// The fields of an event.
    pub(crate) fn of_event(value: Value) -> Result<Self, Invalid> {
        Self::of("an event", value)
    }

    /// The fields of a request's body; no body is an empty object.
    pub(crate) fn of_body(body: &[u8]) -> Result<Self, Invalid> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Self::of("the body", Value::Object(Map::new()));
        }
        let value = serde_json::from_slice(body)
            .map_err(|error| Invalid::new(format!("the body is not JSON: {error}")))?;
        Self::of("the body", value)
    }

    fn of(what: &str, value: Value) -> Result<Self, Invalid> {
        match value {
            Value::Object(map) => Ok(Fields {
                prefix: String::new(),
                map,
                known: Vec::new(),
            }),
            other => Err(Invalid::new(format!(
                "{what} must be an object, not {}",
                kind(&other)
            ))),
        }
    }

    /// Null is as good as absent.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.map.remove(name).filter(|value| !value.is_null())
    }

    fn wrong(&self, name: &str, wanted: &str, found: &Value) -> Invalid {
        Invalid::new(format!(
            "`{}{name}` must be {wanted}, not {}",
            self.prefix,
            kind(found)
        ))
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Invalid> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, "text", &other)),
        }
    }

    /// True or false.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Invalid> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(self.wrong(name, "true or false", &other)),
        }
    }

    /// A number.
    pub(crate) fn number(&mut self, name: &'static str) -> Result<Option<f32>, Invalid> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) => Ok(Some(number as f32)),
                None => Err(self.wrong(name, "a number", &value)),
            },
        }
    }

    /// A whole number from 0; a fraction is cut off, since clients compute positions in floats.
    pub(crate) fn unsigned(&mut self, name: &'static str) -> Result<Option<u64>, Invalid> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match (value.as_u64(), value.as_f64()) {
                (Some(whole), _) => Ok(Some(whole)),
                (None, Some(number)) if (0.0..u64::MAX as f64).contains(&number) => {
                    Ok(Some(number as u64))
                }
                _ => Err(self.wrong(name, "a number from 0", &value)),
            },
        }
    }

    /// One of some names.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Invalid> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match choices.iter().find(|(choice, _)| *choice == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
                Err(Invalid::new(format!(
                    "`{}{name}` is {}, but must be one of {}{}",
                    self.prefix,
                    Invalid::quote(&text),
                    names.join(", "),
                    nearest(&text, &names),
                )))
            }
        }
    }

    /// An object within.
    pub(crate) fn object(&mut self, name: &'static str) -> Result<Option<Fields>, Invalid> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Fields {
                prefix: format!("{}{name}.", self.prefix),
                map,
                known: Vec::new(),
            })),
            Some(other) => Err(self.wrong(name, "an object", &other)),
        }
    }

    /// Fields that may be there and are not looked at.
    pub(crate) fn ignore(&mut self, names: &[&str]) {
        self.map.retain(|name, _| !names.contains(&name.as_str()));
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), Invalid> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(unknown) => Err(Invalid::new(format!(
                "there is no field {}{}; there {}",
                Invalid::quote(&format!("{}{unknown}", self.prefix)),
                nearest(unknown, &self.known),
                match self.known.as_slice() {
                    [] => "are none here".into(),
                    known => format!("are: {}", known.join(", ")),
                },
            ))),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.as_f64().is_some_and(|n| n < 0.0) => "a number below 0",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
