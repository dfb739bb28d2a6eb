//! YAML as a tree in which every value knows its line.
//!
//! The part of YAML that configuration needs: mappings with text keys, lists, scalars of the core
//! schema. Anchors, aliases, tags and further documents are refused with a reason, as are keys that
//! are given twice.

use super::problem::{Origin, Place, Problems};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};
use std::sync::Arc;

/// Deeper nesting is a mistake, and would cost stack.
const MAX_DEPTH: usize = 32;

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Where.
    pub(crate) origin: Origin,
    /// What.
    pub(crate) value: Value,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// One value: its text as written, and what that means.
    Scalar(String, Kind),
    /// Values in order.
    List(Vec<Node>),
    /// Keys in the order of the file.
    Map(Vec<(String, Node)>),
}

/// What a scalar is by YAML's core schema.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Null,
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text,
}

impl Node {
    /// An empty mapping.
    pub(crate) fn empty(origin: Origin) -> Node {
        let value = Value::Map(Vec::new());
        Node { origin, value }
    }

    /// Whether nothing was written.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(_, Kind::Null))
    }

    /// The value as people name it in an error.
    pub(crate) fn shown(&self) -> String {
        match &self.value {
            Value::Scalar(_, Kind::Null) => "nothing".into(),
            Value::Scalar(text, Kind::Text) => format!("{text:?}"),
            Value::Scalar(text, _) => text.clone(),
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a mapping".into(),
        }
    }

    /// The value as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        match &self.value {
            Value::Scalar(_, Kind::Null) => serde_json::Value::Null,
            Value::Scalar(_, Kind::Flag(flag)) => (*flag).into(),
            Value::Scalar(_, Kind::Whole(number)) => (*number).into(),
            Value::Scalar(_, Kind::Number(number)) => (*number).into(),
            Value::Scalar(text, Kind::Text) => text.clone().into(),
            Value::List(nodes) => nodes.iter().map(Node::json).collect(),
            Value::Map(entries) => entries
                .iter()
                .map(|(key, node)| (key.clone(), node.json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    /// The same value, written in a variable.
    pub(crate) fn moved_to(mut self, origin: &Origin) -> Node {
        self.origin = origin.clone();
        self.value = match self.value {
            Value::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, node)| (key, node.moved_to(origin)))
                    .collect(),
            ),
            Value::List(nodes) => Value::List(
                nodes
                    .into_iter()
                    .map(|node| node.moved_to(origin))
                    .collect(),
            ),
            scalar => scalar,
        };
        self
    }
}

/// The tree of a file; what cannot be read is a problem, and nothing comes back.
pub(crate) fn parse(file: &Arc<str>, text: &str, problems: &Problems) -> Option<Node> {
    let whole = Place {
        origin: Origin::File(file.clone()),
        key: String::new(),
    };
    let mut builder = Builder {
        events: Parser::new_from_str(text),
        file,
        last_line: text.replace("\r\n", "\n").split(['\n', '\r']).count(),
        problems,
        sound: true,
    };
    let node = match builder.document(&whole) {
        Ok(node) => node,
        Err(Broken) => return None,
    };
    let empty = || Node::empty(Origin::Line(file.clone(), 1));
    builder.sound.then(|| node.unwrap_or_else(empty))
}

/// The rest of a file makes no sense; the problem has been added.
struct Broken;

struct Builder<'a> {
    events: Parser<'a, StrInput<'a>>,
    file: &'a Arc<str>,
    /// How many lines the file has.
    last_line: usize,
    problems: &'a Problems,
    /// No problem so far.
    sound: bool,
}

impl<'a> Builder<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Broken> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let at = error.marker();
                let message = format!(
                    "this is not YAML: {} (column {})",
                    error.info(),
                    at.col() + 1
                );
                Err(self.broken(at.line(), &message))
            }
            None => Err(self.broken(1, "the file ends in the middle")),
        }
    }

    fn line(&self, line: usize) -> Origin {
        // The parser places the end of a file without a last line end one line behind it.
        Origin::Line(self.file.clone(), line.clamp(1, self.last_line.max(1)))
    }

    fn wrong(&mut self, line: usize, key: &str, message: &str) {
        let place = Place {
            origin: self.line(line),
            key: key.to_owned(),
        };
        self.problems.add(&place, message);
        self.sound = false;
    }

    fn broken(&mut self, line: usize, message: &str) -> Broken {
        self.wrong(line, "", message);
        Broken
    }

    /// The first document's root; none: the file says nothing.
    fn document(&mut self, whole: &Place) -> Result<Option<Node>, Broken> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root.filter(|node: &Node| !node.is_null())),
                Event::DocumentStart(_) if root.is_some() => {
                    let message = "a second document starts here, expected one document per file";
                    return Err(self.broken(span.start.line(), message));
                }
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
                event => root = Some(self.node(event, span, whole, 0)?),
            }
        }
    }

    fn node(
        &mut self,
        event: Event<'a>,
        span: Span,
        above: &Place,
        depth: usize,
    ) -> Result<Node, Broken> {
        let line = span.start.line();
        if depth > MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} deep");
            return Err(self.broken(line, &message));
        }
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(anchor, tag)
            | Event::MappingStart(anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        if anchor != 0 {
            let message = "anchors (&name) are not supported, write the value out at each place";
            self.wrong(line, &above.key, message);
        }
        if tag {
            self.wrong(line, &above.key, "tags (!name) are not supported");
        }
        let value = match event {
            Event::Scalar(text, style, ..) => {
                let kind = match style {
                    ScalarStyle::Plain => plain(&text),
                    _ => Kind::Text,
                };
                Value::Scalar(text.into_owned(), kind)
            }
            Event::SequenceStart(..) => Value::List(self.list(above, depth)?),
            Event::MappingStart(..) => Value::Map(self.map(above, depth)?),
            _ => {
                let message =
                    "aliases (*name) are not supported, write the value out at each place";
                return Err(self.broken(line, message));
            }
        };
        let origin = self.line(line);
        Ok(Node { origin, value })
    }

    fn list(&mut self, above: &Place, depth: usize) -> Result<Vec<Node>, Broken> {
        let mut nodes = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(nodes),
                (event, span) => nodes.push(self.node(event, span, above, depth + 1)?),
            }
        }
    }

    fn map(&mut self, above: &Place, depth: usize) -> Result<Vec<(String, Node)>, Broken> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        loop {
            let (key, line) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(entries),
                (Event::Scalar(key, ..), span) => (key.into_owned(), span.start.line()),
                (_, span) => {
                    let message = "found a key that is no text, expected `key: value`";
                    return Err(self.broken(span.start.line(), message));
                }
            };
            let (event, span) = self.next()?;
            let place = above.below(&key, self.line(line));
            let mut node = self.node(event, span, &place, depth + 1)?;
            // A block starts below its key; people look for the key.
            node.origin = self.line(line);
            match entries.iter().find(|(known, _)| *known == key) {
                Some((_, first)) => {
                    let message = format!(
                        "this key is given twice, the first time at {}",
                        first.origin
                    );
                    self.wrong(line, &place.key, &message);
                }
                None => entries.push((key, node)),
            }
        }
    }
}

/// What an unquoted scalar is.
fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" => return Kind::Flag(true),
        "false" | "False" | "FALSE" => return Kind::Flag(false),
        _ => {}
    }
    if let Ok(number) = text.parse() {
        return Kind::Whole(number);
    }
    // `inf` and `nan` are numbers to Rust, but words in YAML.
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
        && text.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    match text.parse() {
        Ok(number) if numeric => Kind::Number(number),
        _ => Kind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, Vec<String>> {
        let problems = Problems::default();
        let node = parse(&Arc::from("f.yaml"), text, &problems);
        node.ok_or_else(|| {
            problems
                .into_vec()
                .iter()
                .map(ToString::to_string)
                .collect()
        })
    }

    #[test]
    fn scalars_are_what_the_core_schema_says() {
        let node =
            read("{a: 1, b: -2.5, c: true, d: '1', e: ~, f: 1e3, g: nan, h: 1.2.3}").unwrap();
        let json = node.json();
        assert_eq!(
            json.to_string(),
            r#"{"a":1,"b":-2.5,"c":true,"d":"1","e":null,"f":1000.0,"g":"nan","h":"1.2.3"}"#
        );
    }

    #[test]
    fn every_value_knows_its_line() {
        let node = read("# note\na:\n  b: 1\n  c:\n    - x\n    - y\n").unwrap();
        let Value::Map(top) = &node.value else {
            panic!("{node:?}")
        };
        let Value::Map(below) = &top[0].1.value else {
            panic!("{node:?}")
        };
        let lines: Vec<String> = below
            .iter()
            .map(|(_, node)| node.origin.to_string())
            .collect();
        assert_eq!(lines, ["f.yaml:3", "f.yaml:4"]);
        let Value::List(items) = &below[1].1.value else {
            panic!("{node:?}")
        };
        assert_eq!(items[1].origin.to_string(), "f.yaml:6");
    }

    #[test]
    fn an_empty_file_says_nothing() {
        assert_eq!(read("").unwrap().json().to_string(), "{}");
        assert_eq!(read("# only a note\n").unwrap().json().to_string(), "{}");
    }

    #[test]
    fn what_is_refused_says_why_and_where() {
        for (text, message) in [
            (
                "a: 1\nb: 2\na: 3",
                "f.yaml:3: a: this key is given twice, the first time at f.yaml:1",
            ),
            ("a: &x 1\n", "f.yaml:1: a: anchors"),
            ("a: !x 1\n", "f.yaml:1: a: tags"),
            ("a: 1\n---\nb: 2", "f.yaml:2: a second document"),
            ("a: [1, 2\nb: 3", "f.yaml:2: this is not YAML"),
            ("a: {b", "f.yaml:1: this is not YAML"),
        ] {
            let problems = read(text).unwrap_err();
            assert!(problems[0].starts_with(message), "{problems:?}");
        }
    }

    #[test]
    fn endless_nesting_is_refused() {
        let problems = read(&"[".repeat(50)).unwrap_err();
        assert!(problems[0].contains("nested more than"), "{problems:?}");
    }
}
