//! CBOR (RFC 8949): written with definite lengths and shortest heads; read with a depth limit.

use super::emit::Emit;
use crate::fields::Invalid;
use ciborium::Value as Item;
use serde_json::{Map, Number, Value};

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;

/// Deeper nesting is refused: no event needs more than four levels.
const MAX_DEPTH: usize = 32;

/// A CBOR item being written.
pub(crate) struct Cbor {
    bytes: Vec<u8>,
    open: Vec<Open>,
}

/// A map or array whose length is not known yet.
struct Open {
    /// Where its head is.
    at: usize,
    major: u8,
    /// Entries so far.
    count: u64,
}

impl Cbor {
    /// With room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Cbor {
            bytes: Vec::with_capacity(bytes),
            open: Vec::with_capacity(4),
        }
    }

    /// What was written.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Counts a value of an array; of a map its keys are counted.
    fn item(&mut self) {
        if let Some(open) = self.open.last_mut()
            && open.major == ARRAY
        {
            open.count += 1;
        }
    }

    fn open(&mut self, major: u8) {
        self.item();
        self.open.push(Open {
            at: self.bytes.len(),
            major,
            count: 0,
        });
        self.bytes.push(major << 5);
    }

    fn string(&mut self, major: u8, bytes: &[u8]) {
        let (head, length) = head(major, bytes.len() as u64);
        self.bytes.extend(head.iter().take(length));
        self.bytes.extend_from_slice(bytes);
    }

    fn number(&mut self, major: u8, argument: u64) {
        self.item();
        let (head, length) = head(major, argument);
        self.bytes.extend(head.iter().take(length));
    }
}

/// The shortest head, and how many of its bytes count.
fn head(major: u8, argument: u64) -> ([u8; 9], usize) {
    let wide = argument.to_be_bytes();
    let (info, length) = match argument {
        0..24 => (argument as u8, 0),
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    let mut head = [0; 9];
    for (to, from) in head
        .iter_mut()
        .zip(std::iter::once(major << 5 | info).chain(wide.into_iter().skip(8 - length)))
    {
        *to = from;
    }
    (head, 1 + length)
}

impl Emit for Cbor {
    fn map(&mut self) {
        self.open(MAP);
    }

    fn array(&mut self) {
        self.open(ARRAY);
    }

    fn end(&mut self) {
        if let Some(Open { at, major, count }) = self.open.pop() {
            // One byte was left for the head; more than 23 entries are rare and small.
            let (head, length) = head(major, count);
            self.bytes.splice(at..=at, head.into_iter().take(length));
        }
    }

    fn key(&mut self, name: &str) {
        if let Some(open) = self.open.last_mut() {
            open.count += 1;
        }
        self.string(TEXT, name.as_bytes());
    }

    fn text(&mut self, text: &str) {
        self.item();
        self.string(TEXT, text.as_bytes());
    }

    fn uint(&mut self, number: u64) {
        self.number(UNSIGNED, number);
    }

    fn int(&mut self, number: i64) {
        match u64::try_from(number) {
            Ok(number) => self.number(UNSIGNED, number),
            Err(_) => self.number(NEGATIVE, !number as u64),
        }
    }

    fn float(&mut self, number: f64) {
        if !number.is_finite() {
            return self.null();
        }
        self.item();
        self.bytes.push(0xfb);
        self.bytes.extend_from_slice(&number.to_be_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.item();
        self.bytes.push(if flag { 0xf5 } else { 0xf4 });
    }

    fn null(&mut self) {
        self.item();
        self.bytes.push(0xf6);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.item();
        self.string(BYTES, bytes);
    }
}

/// A CBOR item out of untrusted bytes, as far as JSON could have said the same.
pub(super) fn read(bytes: &[u8]) -> Result<Value, Invalid> {
    let mut rest = bytes;
    let item: Item = ciborium::de::from_reader_with_recursion_limit(&mut rest, MAX_DEPTH)
        .map_err(|_| Invalid::new("this is not a CBOR item, or one that is nested too deeply"))?;
    if !rest.is_empty() {
        return Err(Invalid::new(format!(
            "{} bytes follow the CBOR item",
            rest.len()
        )));
    }
    plain(item)
}

fn plain(item: Item) -> Result<Value, Invalid> {
    Ok(match item {
        Item::Null => Value::Null,
        Item::Bool(flag) => Value::Bool(flag),
        Item::Text(text) => Value::String(text),
        Item::Integer(number) => {
            let number = i128::from(number);
            let whole = u64::try_from(number)
                .map(Number::from)
                .or_else(|_| i64::try_from(number).map(Number::from));
            Value::Number(
                whole.map_err(|_| Invalid::new(format!("the number {number} is too large")))?,
            )
        }
        Item::Float(number) => Value::Number(
            Number::from_f64(number)
                .ok_or_else(|| Invalid::new(format!("{number} is not a finite number")))?,
        ),
        Item::Array(items) => Value::Array(items.into_iter().map(plain).collect::<Result<_, _>>()?),
        Item::Map(entries) => {
            let mut map = Map::new();
            for (name, value) in entries {
                let Item::Text(name) = name else {
                    return Err(Invalid::new("the names of a map's fields must be text"));
                };
                map.insert(name, plain(value)?);
            }
            Value::Object(map)
        }
        Item::Bytes(_) => return Err(Invalid::new("no inbound event has a field of bytes")),
        _ => return Err(Invalid::new("CBOR tags are not understood")),
    })
}
