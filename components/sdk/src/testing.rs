//! What the host would hand over, for native tests: each as plain as it can be.

use crate::{CallContext, Control, LoadConfig, Param, ParamValue};

impl LoadConfig {
    /// These settings (JSON, as text or as a value), and no secrets.
    pub fn of(settings: impl std::fmt::Display) -> Self {
        LoadConfig {
            settings: settings.to_string(),
            secrets: Vec::new(),
        }
    }
}

impl CallContext {
    /// A call of that turn, in English, with a second for its first output.
    pub fn of(turn_id: &str) -> Self {
        CallContext {
            session_id: "s".into(),
            turn_id: turn_id.into(),
            language: "en".into(),
            first_output_budget_ms: 1_000,
        }
    }
}

impl Control {
    /// These parameters.
    pub fn of<'a, V: Into<ParamValue>>(params: impl IntoIterator<Item = (&'a str, V)>) -> Self {
        let param = |(name, value): (&str, V)| Param {
            name: name.into(),
            value: value.into(),
        };
        Control {
            params: params.into_iter().map(param).collect(),
        }
    }
}

impl From<f64> for ParamValue {
    fn from(number: f64) -> Self {
        ParamValue::Number(number)
    }
}

impl From<&str> for ParamValue {
    fn from(text: &str) -> Self {
        ParamValue::Text(text.into())
    }
}

impl From<bool> for ParamValue {
    fn from(flag: bool) -> Self {
        ParamValue::Flag(flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_as_they_were_given() {
        let control = Control::of([
            ("speed", ParamValue::from(1.5)),
            ("voice", "nova".into()),
            ("loud", true.into()),
        ]);
        assert_eq!(control.number("speed"), Some(1.5));
        assert_eq!(control.text("voice"), Some("nova"));
        assert_eq!(control.flag("loud"), Some(true));
        assert_eq!(control.number("voice"), None, "of its own kind only");
    }
}
