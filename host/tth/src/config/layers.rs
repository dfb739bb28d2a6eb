//! Laying configurations over each other: a later one wins, key by key.

use super::problem::{Origin, Place, Problems};
use super::tree::{Kind, Node, Value, parse};
use std::sync::Arc;

/// What every variable that sets a configuration value starts with.
pub(crate) const PREFIX: &str = "TTH__";

/// Lay `over` over `base`. Mappings are merged, anything else is replaced. A key without a value
/// leaves a mapping as it is, and brings back the default of a value.
pub(crate) fn lay(base: &mut Node, over: Node) {
    let Value::Map(entries) = &mut base.value else {
        *base = over;
        return;
    };
    match over.value {
        Value::Map(others) => {
            for (key, node) in others {
                match entries.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, old)) => lay(old, node),
                    None => entries.push((key, node)),
                }
            }
        }
        Value::Scalar(_, Kind::Null) => {}
        _ => *base = over,
    }
}

/// Lay `TTH__A__B=value` over `base` as `a.b`. Keys match in any case; what is new is lower case.
pub(crate) fn lay_variable(base: &mut Node, name: &str, value: &str, problems: &Problems) {
    let origin = Origin::Variable(Arc::from(name));
    let path: Vec<&str> = name
        .strip_prefix(PREFIX)
        .unwrap_or_default()
        .split("__")
        .collect();
    if path.iter().any(|part| part.is_empty()) {
        let place = Place {
            origin,
            key: String::new(),
        };
        problems.add(
            &place,
            "the name has an empty part, expected TTH__ and a path such as RUNTIME__MAX_SESSIONS",
        );
        return;
    }
    let mut node = base;
    for part in path {
        if !matches!(node.value, Value::Map(_)) {
            *node = Node::empty(origin.clone());
        }
        let Value::Map(entries) = &mut node.value else {
            return;
        };
        let known = entries
            .iter()
            .position(|(key, _)| key.eq_ignore_ascii_case(part));
        let index = known.unwrap_or_else(|| {
            entries.push((part.to_ascii_lowercase(), Node::empty(origin.clone())));
            entries.len() - 1
        });
        let Some((_, next)) = entries.get_mut(index) else {
            return;
        };
        node = next;
    }
    *node = written(value, &origin);
}

/// A variable's value: YAML where it is some, else just text.
fn written(value: &str, origin: &Origin) -> Node {
    let ignored = Problems::default();
    let text = || Node {
        origin: origin.clone(),
        value: Value::Scalar(value.to_owned(), Kind::Text),
    };
    if value.trim().is_empty() {
        return Node {
            origin: origin.clone(),
            value: Value::Scalar(String::new(), Kind::Null),
        };
    }
    match parse(&Arc::from(""), value, &ignored) {
        // `a: b` in a variable is more likely text than a mapping, which would be `{a: b}`.
        Some(Node {
            value: Value::Map(_),
            ..
        }) if !value.trim_start().starts_with('{') => text(),
        Some(node) => node.moved_to(origin),
        None => text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Node {
        parse(&Arc::from("f.yaml"), text, &Problems::default()).unwrap()
    }

    fn with(base: &str, name: &str, value: &str) -> String {
        let (mut node, problems) = (tree(base), Problems::default());
        lay_variable(&mut node, name, value, &problems);
        assert!(problems.is_empty(), "{problems:?}");
        node.json().to_string()
    }

    #[test]
    fn mappings_merge_and_everything_else_is_replaced() {
        let mut base = tree("{a: {x: 1, y: [1, 2], z: {k: 1}}, b: 1}");
        lay(&mut base, tree("{a: {y: [3], z: , w: 4}, b: {c: 2}}"));
        assert_eq!(
            base.json().to_string(),
            r#"{"a":{"w":4,"x":1,"y":[3],"z":{"k":1}},"b":{"c":2}}"#
        );
    }

    #[test]
    fn variables_set_numbers_lists_and_text() {
        let base = "{runtime: {max_sessions: 1}, p: {settings: {voiceId: a}}}";
        assert_eq!(
            with(base, "TTH__RUNTIME__MAX_SESSIONS", "64"),
            r#"{"p":{"settings":{"voiceId":"a"}},"runtime":{"max_sessions":64}}"#
        );
        assert_eq!(
            with("{a: {b: 1}}", "TTH__A__C__D", "[x, 2]"),
            r#"{"a":{"b":1,"c":{"d":["x",2]}}}"#
        );
        assert_eq!(
            with(base, "TTH__P__SETTINGS__VOICEID", "key: value"),
            r#"{"p":{"settings":{"voiceId":"key: value"}},"runtime":{"max_sessions":1}}"#
        );
        assert_eq!(
            with("{a: 1}", "TTH__A", "[unclosed"),
            r#"{"a":"[unclosed"}"#
        );
        assert_eq!(with("{a: 1}", "TTH__A", ""), r#"{"a":null}"#);
    }

    #[test]
    fn an_empty_part_of_a_name_is_a_problem() {
        let (mut node, problems) = (tree("{}"), Problems::default());
        lay_variable(&mut node, "TTH__A____B", "1", &problems);
        assert!(problems.into_vec()[0].to_string().contains("empty part"));
    }
}
