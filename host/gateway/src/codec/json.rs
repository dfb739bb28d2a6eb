//! JSON: written on one line, media as base64; read with the depth limit of the parser (128).

use super::emit::Emit;
use crate::fields::Invalid;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::fmt::Write as _;

/// A JSON value being written.
pub(crate) struct Json {
    text: String,
    open: Vec<char>,
}

impl Json {
    /// With room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Json {
            text: String::with_capacity(bytes),
            open: Vec::with_capacity(4),
        }
    }

    /// What was written.
    pub(crate) fn into_string(self) -> String {
        self.text
    }

    /// A comma, unless this is the first of its map or array or follows its name. A text that ends
    /// in one of these characters still ends in its quote.
    fn separate(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.text.push(',');
        }
    }

    fn quoted(&mut self, text: &str) {
        self.text.push('"');
        let mut rest = text;
        while let Some(at) =
            rest.find(|c: char| c < ' ' || matches!(c, '"' | '\\' | '\u{2028}' | '\u{2029}'))
        {
            let (plain, special) = rest.split_at(at);
            self.text.push_str(plain);
            let mut chars = special.chars();
            match chars.next() {
                Some('"') => self.text.push_str("\\\""),
                Some('\\') => self.text.push_str("\\\\"),
                Some('\n') => self.text.push_str("\\n"),
                Some(other) => {
                    // Writing into a string cannot fail.
                    let _ = write!(self.text, "\\u{:04x}", u32::from(other));
                }
                None => {}
            }
            rest = chars.as_str();
        }
        self.text.push_str(rest);
        self.text.push('"');
    }
}

impl Emit for Json {
    fn map(&mut self) {
        self.separate();
        self.text.push('{');
        self.open.push('}');
    }

    fn array(&mut self) {
        self.separate();
        self.text.push('[');
        self.open.push(']');
    }

    fn end(&mut self) {
        self.text.extend(self.open.pop());
    }

    fn key(&mut self, name: &str) {
        self.separate();
        self.quoted(name);
        self.text.push(':');
    }

    fn text(&mut self, text: &str) {
        self.separate();
        self.quoted(text);
    }

    fn uint(&mut self, number: u64) {
        self.separate();
        let _ = write!(self.text, "{number}");
    }

    fn int(&mut self, number: i64) {
        self.separate();
        let _ = write!(self.text, "{number}");
    }

    fn float(&mut self, number: f64) {
        self.separate();
        if number.is_finite() {
            // `{:?}` is the shortest form that reads back the same.
            let _ = write!(self.text, "{number:?}");
        } else {
            self.text.push_str("null");
        }
    }

    fn flag(&mut self, flag: bool) {
        self.separate();
        self.text.push_str(if flag { "true" } else { "false" });
    }

    fn null(&mut self) {
        self.separate();
        self.text.push_str("null");
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.separate();
        self.text.push('"');
        STANDARD.encode_string(bytes, &mut self.text);
        self.text.push('"');
    }
}

/// A JSON value out of untrusted bytes.
pub(super) fn read(bytes: &[u8]) -> Result<Value, Invalid> {
    serde_json::from_slice(bytes)
        .map_err(|error| Invalid::new(format!("this is not JSON: {error}")))
}
