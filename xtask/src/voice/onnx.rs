//! As much of ONNX as it takes to cut a graph in two: the protobuf wire format, nodes and tensors.
//!
//! Field numbers are those of the standard's `onnx.proto`; what is not looked at is carried along
//! as it is.

use anyhow::{Context, Result, bail};

/// A protobuf field: its number and what it holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) number: u64,
    pub(super) value: Value,
}

/// What a field holds, by wire type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(Vec<u8>),
    Fixed32([u8; 4]),
}

impl Field {
    /// The bytes of a string, a message or a packed list.
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.value {
            Value::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }
}

/// Takes a message apart.
///
/// # Errors
/// It ends too early, or holds a wire type that protobuf 3 does not have.
pub(super) fn fields(mut message: &[u8]) -> Result<Vec<Field>> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut message)?),
            1 => Value::Fixed64(take(&mut message, 8)?.try_into()?),
            2 => {
                let length = usize::try_from(varint(&mut message)?)?;
                Value::Bytes(take(&mut message, length)?.to_vec())
            }
            5 => Value::Fixed32(take(&mut message, 4)?.try_into()?),
            other => bail!("a protobuf field of wire type {other}"),
        };
        let number = key >> 3;
        fields.push(Field { number, value });
    }
    Ok(fields)
}

/// Puts a message together.
pub(super) fn message(fields: &[Field]) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields {
        let (wire, bytes): (u64, &[u8]) = match &field.value {
            Value::Varint(_) => (0, &[]),
            Value::Fixed64(bytes) => (1, bytes),
            Value::Bytes(bytes) => (2, bytes),
            Value::Fixed32(bytes) => (5, bytes),
        };
        put_varint(&mut out, field.number << 3 | wire);
        match &field.value {
            Value::Varint(n) => put_varint(&mut out, *n),
            Value::Bytes(bytes) => put_varint(&mut out, bytes.len() as u64),
            _ => {}
        }
        out.extend_from_slice(bytes);
    }
    out
}

fn varint(bytes: &mut &[u8]) -> Result<u64> {
    let mut n = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?.first().copied().unwrap_or_default();
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(n);
        }
    }
    bail!("a protobuf number has more than 64 bits")
}

fn put_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8]> {
    let (taken, rest) = bytes
        .split_at_checked(count)
        .context("a protobuf message ends too early")?;
    *bytes = rest;
    Ok(taken)
}

/// A node of the graph.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) op: String,
}

impl Node {
    /// Reads a `NodeProto`.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let mut node = Node::default();
        for field in fields(bytes)? {
            match field.number {
                1 => node.inputs.push(field.text()),
                2 => node.outputs.push(field.text()),
                4 => node.op = field.text(),
                _ => {}
            }
        }
        Ok(node)
    }
}

/// A constant.
#[derive(Debug, Default)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) dims: Vec<usize>,
    kind: u64,
    raw: Vec<u8>,
    floats: Vec<f32>,
    ints: Vec<u64>,
}

impl Tensor {
    /// Reads a `TensorProto`.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let mut tensor = Tensor::default();
        for field in fields(bytes)? {
            match (field.number, &field.value) {
                (1, value) => {
                    for dim in varints(value)? {
                        tensor.dims.push(usize::try_from(dim)?);
                    }
                }
                (2, Value::Varint(kind)) => tensor.kind = *kind,
                (4, Value::Fixed32(float)) => tensor.floats.push(f32::from_le_bytes(*float)),
                (4, Value::Bytes(packed)) => tensor.floats.extend(floats(packed)),
                (5, value) => tensor.ints.extend(varints(value)?),
                (8, _) => tensor.name = field.text(),
                (9, _) => tensor.raw = field.bytes().to_vec(),
                _ => {}
            }
        }
        Ok(tensor)
    }

    /// Its values, 32-bit floats or signed bytes, as floats.
    pub(super) fn values(&self) -> Result<Vec<f32>> {
        const FLOAT: u64 = 1;
        const INT8: u64 = 3;
        let values: Vec<f32> = match self.kind {
            FLOAT if self.raw.is_empty() => self.floats.clone(),
            FLOAT => floats(&self.raw).collect(),
            // Where there are no raw bytes, a byte is the low one of a varint.
            INT8 if self.raw.is_empty() => self.ints.iter().map(|n| signed(*n as u8)).collect(),
            INT8 => self.raw.iter().map(|byte| signed(*byte)).collect(),
            other => bail!("constant {} is of type {other}", self.name),
        };
        let wanted: usize = self.dims.iter().product();
        if values.len() != wanted {
            bail!(
                "constant {} has {} values of {wanted}",
                self.name,
                values.len()
            );
        }
        Ok(values)
    }
}

fn signed(byte: u8) -> f32 {
    f32::from(byte.cast_signed())
}

/// The numbers of a repeated field, packed or not.
fn varints(value: &Value) -> Result<Vec<u64>> {
    match value {
        Value::Varint(n) => Ok(vec![*n]),
        Value::Bytes(packed) => {
            let mut packed = packed.as_slice();
            let mut numbers = Vec::new();
            while !packed.is_empty() {
                numbers.push(varint(&mut packed)?);
            }
            Ok(numbers)
        }
        _ => bail!("a list of whole numbers holds something else"),
    }
}

fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|four| f32::from_le_bytes(*four))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive() {
        let field = |number, value| Field { number, value };
        let parts = vec![
            field(1, Value::Varint(0)),
            field(7, Value::Varint(u64::MAX)),
            field(300, Value::Bytes(b"text".to_vec())),
            field(4, Value::Fixed32([1, 2, 3, 4])),
            field(5, Value::Fixed64([1; 8])),
        ];
        let bytes = message(&parts);
        assert_eq!(fields(&bytes).unwrap(), parts);
        for cut in [1, 3, bytes.len() - 1] {
            assert!(fields(bytes.get(..cut).unwrap()).is_err(), "{cut}");
        }
    }

    #[test]
    fn tensors_are_read_packed_or_not() {
        let field = |number, value| Field { number, value };
        let tensor = message(&[
            field(1, Value::Bytes(vec![2, 1])),
            field(2, Value::Varint(1)),
            field(4, Value::Fixed32(1.5f32.to_le_bytes())),
            field(4, Value::Bytes((-2.0f32).to_le_bytes().to_vec())),
            field(8, Value::Bytes(b"w".to_vec())),
        ]);
        let tensor = Tensor::read(&tensor).unwrap();
        assert_eq!((tensor.name.as_str(), &tensor.dims), ("w", &vec![2, 1]));
        assert_eq!(tensor.values().unwrap(), [1.5, -2.0]);

        let bytes = message(&[
            field(1, Value::Varint(2)),
            field(2, Value::Varint(3)),
            field(9, Value::Bytes(vec![255, 7])),
        ]);
        assert_eq!(Tensor::read(&bytes).unwrap().values().unwrap(), [-1.0, 7.0]);
        let loose = message(&[field(2, Value::Varint(3)), field(5, Value::Bytes(vec![3]))]);
        assert_eq!(Tensor::read(&loose).unwrap().values().unwrap(), [3.0]);
        let short = message(&[field(1, Value::Varint(2)), field(2, Value::Varint(3))]);
        assert!(Tensor::read(&short).unwrap().values().is_err());
    }
}
