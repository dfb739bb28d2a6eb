//! What an event is written into: the common language of the two wires.

use serde_json::Value;

/// Takes one value, part by part, in order. Maps and arrays are opened, filled and ended.
pub(crate) trait Emit {
    /// Open a map.
    fn map(&mut self);
    /// Open an array.
    fn array(&mut self);
    /// End what was opened last.
    fn end(&mut self);
    /// The name of the map's next value.
    fn key(&mut self, name: &str);
    /// A text.
    fn text(&mut self, text: &str);
    /// A whole number.
    fn uint(&mut self, number: u64);
    /// A whole number below zero.
    fn int(&mut self, number: i64);
    /// A number; null if it is not finite.
    fn float(&mut self, number: f64);
    /// True or false.
    fn flag(&mut self, flag: bool);
    /// Nothing.
    fn null(&mut self);
    /// Bytes.
    fn bytes(&mut self, bytes: &[u8]);

    /// A named text.
    fn text_field(&mut self, name: &str, text: &str) {
        self.key(name);
        self.text(text);
    }

    /// A named whole number.
    fn uint_field(&mut self, name: &str, number: u64) {
        self.key(name);
        self.uint(number);
    }

    /// A text or nothing.
    fn text_or_null(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// A named time in milliseconds, rounded to the microsecond, or nothing.
    fn millis_field(&mut self, name: &str, millis: Option<f64>) {
        self.key(name);
        match millis {
            Some(millis) => self.float((millis * 1000.0).round() / 1000.0),
            None => self.null(),
        }
    }

    /// Any JSON value.
    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Bool(flag) => self.flag(*flag),
            Value::String(text) => self.text(text),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(whole), _) => self.uint(whole),
                (None, Some(below)) => self.int(below),
                (None, None) => self.float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::Array(items) => {
                self.array();
                items.iter().for_each(|item| self.value(item));
                self.end();
            }
            Value::Object(map) => {
                self.map();
                for (name, item) in map {
                    self.key(name);
                    self.value(item);
                }
                self.end();
            }
        }
    }
}
