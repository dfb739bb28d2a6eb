//! Results: one line for a reader, one for `cargo xtask bench`.

use serde::Serialize;

/// What `cargo xtask bench` recognises a result by.
const MARK: &str = "tth-bench: ";

/// Prints results as they come.
pub(crate) struct Report;

/// What a value has to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// Nothing: it explains another value.
    None,
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    value: f64,
    unit: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
}

impl Report {
    /// A value with its unit, and what it has to reach.
    pub(crate) fn result(&self, name: &str, value: f64, unit: &str, target: Target) {
        println!("{}", readable(name, value, unit, target));
        println!("{MARK}{}", line(name, value, unit, target));
    }

    /// What a reader needs to know beside the values.
    pub(crate) fn note(&self, text: &str) {
        println!("{text}");
    }
}

fn readable(name: &str, value: f64, unit: &str, target: Target) -> String {
    let verdict = |holds: bool| if holds { "ok" } else { "MISSED" };
    let target = match target {
        Target::None => String::new(),
        Target::AtMost(limit) => format!("  (<= {limit}: {})", verdict(value <= limit)),
        Target::AtLeast(limit) => format!("  (>= {limit}: {})", verdict(value >= limit)),
    };
    format!("{name}: {value:.3} {unit}{target}")
}

fn line(name: &str, value: f64, unit: &str, target: Target) -> String {
    let (at_most, at_least) = match target {
        Target::None => (None, None),
        Target::AtMost(limit) => (Some(limit), None),
        Target::AtLeast(limit) => (None, Some(limit)),
    };
    let row = Row {
        name,
        value,
        unit,
        at_most,
        at_least,
    };
    // Text and numbers always have a JSON form; the reader would refuse an empty line.
    serde_json::to_string(&row).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_line_is_what_the_reader_takes() {
        assert_eq!(
            line("ttfa", 1.5, "ms", Target::AtMost(2.0)),
            r#"{"name":"ttfa","value":1.5,"unit":"ms","at_most":2.0}"#
        );
        assert_eq!(
            line("speed", 4.0, "x", Target::AtLeast(3.0)),
            r#"{"name":"speed","value":4.0,"unit":"x","at_least":3.0}"#
        );
        assert_eq!(
            line("rss", 4.0, "MB", Target::None),
            r#"{"name":"rss","value":4.0,"unit":"MB"}"#
        );
    }

    #[test]
    fn a_missed_target_shows() {
        assert!(readable("a", 3.0, "ms", Target::AtMost(2.0)).ends_with("MISSED)"));
        assert!(readable("a", 2.0, "ms", Target::AtMost(2.0)).ends_with("ok)"));
        assert!(readable("a", 2.0, "x", Target::AtLeast(3.0)).ends_with("MISSED)"));
    }
}
