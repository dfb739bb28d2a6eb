//! Cuts the acoustic net in two: the first half stays an ONNX graph, the second becomes the plain
//! weights that the component's own streaming decoder reads.
//!
//! `decoder.f32`, 32-bit floats, little endian, in the order in which they are used; a linear layer
//! is its weights by panels of eight columns (for each input the eight weights), then its biases,
//! columns filled up to a whole panel:
//! entry convolution (7 x 130 inputs, 256 columns); eight blocks of 256 -> 768 and 768 -> 256;
//! head (256 inputs, 5 planes of 601 columns and 7 of nothing); then for each block the depthwise
//! convolution: 7 rows of 256 weights and 256 biases.
//!
//! Scales are multiplied in: the eight-bit weights' own, the scale and shift after each
//! normalisation (into the layer that follows) and each block's gain (into its last layer).

use super::onnx::{Field, Node, Tensor, Value, fields, message};
use anyhow::{Context, Result, bail};
use std::collections::{HashMap, HashSet};

/// What the first half is asked for.
const ASKED: [&str; 7] = [
    "/Sub_output_0",
    "/Transpose_22_output_0",
    "/Transpose_55_output_0",
    "/Cast_32_output_0",
    "/Reshape_42_output_0",
    "f0",
    "/Mul_62_output_0",
];
const BLOCKS: usize = 8;
const CHANNELS: usize = 256;
const WIDE: usize = 768;
const INPUTS: usize = 130;
const WIDTH: usize = 7;
const PLANES: usize = 5;
const BINS: usize = 601;
/// Columns of a plane in the head.
const ROW: usize = 608;
const COLUMNS: usize = 8;

/// Field numbers of `ModelProto`, `GraphProto` and `ValueInfoProto`.
const GRAPH: u64 = 7;
const NODE: u64 = 1;
const INITIALIZER: u64 = 5;
const OUTPUT: u64 = 12;
const VALUE_INFO: u64 = 13;
const VALUE_NAME: u64 = 1;

/// The two halves.
pub(super) struct Halves {
    pub(super) prosody: Vec<u8>,
    pub(super) decoder: Vec<u8>,
}

/// Cuts the net.
///
/// # Errors
/// It is not the net that this was written for.
pub(super) fn split(model: &[u8]) -> Result<Halves> {
    let mut model = fields(model).context("the acoustic net")?;
    let graph = model
        .iter_mut()
        .find(|field| field.number == GRAPH)
        .context("the acoustic net has no graph")?;
    let parts = fields(graph.bytes())?;
    let decoder = Constants::read(&parts)?.decoder()?;
    graph.value = Value::Bytes(message(&first_half(parts)?));
    Ok(Halves {
        prosody: message(&model),
        decoder: decoder.iter().flat_map(|x| x.to_le_bytes()).collect(),
    })
}

/// Only what the values asked for depend on.
fn first_half(parts: Vec<Field>) -> Result<Vec<Field>> {
    let mut nodes = Vec::new();
    for (at, field) in parts.iter().enumerate() {
        if field.number == NODE {
            nodes.push((at, Node::read(field.bytes())?));
        }
    }
    let mut wanted: HashSet<String> = ASKED.map(str::to_owned).into();
    let mut kept = HashSet::new();
    // A graph's nodes stand in the order in which they can be computed.
    for (at, node) in nodes.into_iter().rev() {
        if node.outputs.iter().any(|name| wanted.contains(name)) {
            kept.insert(at);
            wanted.extend(node.inputs);
        }
    }
    let mut half = Vec::new();
    for (at, field) in parts.into_iter().enumerate() {
        let keep = match field.number {
            NODE => kept.contains(&at),
            INITIALIZER => wanted.contains(&Tensor::read(field.bytes())?.name),
            OUTPUT | VALUE_INFO => false,
            _ => true,
        };
        if keep {
            half.push(field);
        }
    }
    half.extend(ASKED.map(output));
    Ok(half)
}

/// An output of the graph: what is not one may be optimised away, and then has no name any more.
fn output(name: &str) -> Field {
    let name = Field {
        number: VALUE_NAME,
        value: Value::Bytes(name.into()),
    };
    Field {
        number: OUTPUT,
        value: Value::Bytes(message(&[name])),
    }
}

/// The graph's constants by name.
struct Constants {
    tensors: HashMap<String, Tensor>,
}

/// A linear layer: rows of `columns` weights, one row for each input.
struct Layer {
    columns: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Constants {
    fn read(parts: &[Field]) -> Result<Self> {
        let mut tensors = HashMap::new();
        for field in parts.iter().filter(|field| field.number == INITIALIZER) {
            let tensor = Tensor::read(field.bytes())?;
            tensors.insert(tensor.name.clone(), tensor);
        }
        Ok(Constants { tensors })
    }

    /// The values of a constant that must have this shape.
    fn get(&self, name: &str, dims: &[usize]) -> Result<Vec<f32>> {
        let tensor = self
            .tensors
            .get(name)
            .with_context(|| format!("the acoustic net has no constant {name}"))?;
        if tensor.dims != dims {
            bail!("constant {name} is {:?}, not {dims:?}", tensor.dims);
        }
        tensor.values()
    }

    fn decoder(&self) -> Result<Vec<f32>> {
        let mut out = Vec::new();
        self.entry()?.pack(&mut out)?;
        for n in 0..BLOCKS {
            let part = |name: &str| format!("m.dec.{n}.{name}");
            let mut widen = self.layer(
                &format!("/dec.{n}/pw1"),
                &part("pw1.bias"),
                [CHANNELS, WIDE],
            )?;
            widen.after_scale(
                &self.get(&part("norm.weight"), &[CHANNELS])?,
                &self.get(&part("norm.bias"), &[CHANNELS])?,
            );
            widen.pack(&mut out)?;
            let mut narrow = self.layer(
                &format!("/dec.{n}/pw2"),
                &part("pw2.bias"),
                [WIDE, CHANNELS],
            )?;
            narrow.before_gain(&self.get(&part("gamma"), &[CHANNELS])?);
            narrow.pack(&mut out)?;
        }
        let mut head = self.layer("/head", "m.head.bias", [CHANNELS, PLANES * BINS])?;
        head.after_scale(
            &self.get("m.dec_norm.weight", &[CHANNELS])?,
            &self.get("m.dec_norm.bias", &[CHANNELS])?,
        );
        head.planes().pack(&mut out)?;
        for n in 0..BLOCKS {
            let weights = self.get(&format!("m.dec.{n}.dw.weight"), &[CHANNELS, 1, WIDTH])?;
            out.extend(transposed(&weights, WIDTH));
            out.extend(self.get(&format!("m.dec.{n}.dw.bias"), &[CHANNELS])?);
        }
        Ok(out)
    }

    /// The first convolution, as a linear layer over seven frames one after the other.
    fn entry(&self) -> Result<Layer> {
        let weights = self.get("m.dec_in.weight", &[CHANNELS, INPUTS, WIDTH])?;
        let by_tap = weights
            .chunks_exact(INPUTS * WIDTH)
            .flat_map(|column| transposed(column, WIDTH));
        let by_tap: Vec<f32> = by_tap.collect();
        Ok(Layer {
            columns: CHANNELS,
            weights: transposed(&by_tap, INPUTS * WIDTH),
            bias: self.get("m.dec_in.bias", &[CHANNELS])?,
        })
    }

    /// A linear layer of eight-bit weights with one scale.
    fn layer(&self, weights: &str, bias: &str, dims: [usize; 2]) -> Result<Layer> {
        let part = |part: &str| format!("{weights}/Transpose_output_0_{part}");
        let scale = self.get(&part("scale"), &[])?;
        let zero = self.get(&part("zero_point"), &[])?;
        let ([scale], [0.0]) = (scale.as_slice(), zero.as_slice()) else {
            bail!("{weights} is not quantised around zero with one scale");
        };
        let quantised = self.get(&part("quantized"), &dims)?;
        let [_, columns] = dims;
        Ok(Layer {
            columns,
            weights: quantised.into_iter().map(|w| w * scale).collect(),
            bias: self.get(bias, &[columns])?,
        })
    }
}

impl Layer {
    /// Takes in that each input is scaled and shifted first.
    fn after_scale(&mut self, scales: &[f32], shifts: &[f32]) {
        let rows = self.weights.chunks_exact_mut(self.columns);
        for ((row, scale), shift) in rows.zip(scales).zip(shifts) {
            for (weight, bias) in row.iter_mut().zip(&mut self.bias) {
                *bias += shift * *weight;
                *weight *= scale;
            }
        }
    }

    /// Takes in that each column is multiplied afterwards.
    fn before_gain(&mut self, gains: &[f32]) {
        for row in self.weights.chunks_exact_mut(self.columns) {
            row.iter_mut().zip(gains).for_each(|(w, gain)| *w *= gain);
        }
        self.bias
            .iter_mut()
            .zip(gains)
            .for_each(|(b, gain)| *b *= gain);
    }

    /// Every plane's columns filled up with nothing.
    fn planes(&self) -> Layer {
        let filled = |row: &[f32]| -> Vec<f32> {
            row.chunks(BINS)
                .flat_map(|plane| {
                    let mut plane = plane.to_vec();
                    plane.resize(ROW, 0.0);
                    plane
                })
                .collect()
        };
        Layer {
            columns: PLANES * ROW,
            weights: self.weights.chunks(self.columns).flat_map(filled).collect(),
            bias: filled(&self.bias),
        }
    }

    fn pack(&self, out: &mut Vec<f32>) -> Result<()> {
        if !self.columns.is_multiple_of(COLUMNS) || self.bias.len() != self.columns {
            bail!("a layer of {} columns", self.columns);
        }
        for panel in 0..self.columns / COLUMNS {
            let columns = panel * COLUMNS..(panel + 1) * COLUMNS;
            for row in self.weights.chunks_exact(self.columns) {
                out.extend(row.get(columns.clone()).context("a short row")?);
            }
        }
        out.extend(&self.bias);
        Ok(())
    }
}

/// Rows of `width` values as columns.
fn transposed(values: &[f32], width: usize) -> Vec<f32> {
    (0..width)
        .flat_map(|column| values.iter().skip(column).step_by(width).copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer() -> Layer {
        Layer {
            columns: 2,
            weights: vec![1.0, 2.0, 3.0, 4.0],
            bias: vec![0.5, -0.5],
        }
    }

    /// What the layer makes of an input.
    fn apply(layer: &Layer, input: [f32; 2]) -> Vec<f32> {
        let mut out = layer.bias.clone();
        for (row, x) in layer.weights.chunks(layer.columns).zip(input) {
            out.iter_mut().zip(row).for_each(|(o, w)| *o += w * x);
        }
        out
    }

    #[test]
    fn scales_before_and_gains_after_are_taken_in() {
        let mut scaled = layer();
        scaled.after_scale(&[2.0, 0.5], &[1.0, -1.0]);
        let direct = apply(&layer(), [2.0 * 7.0 + 1.0, 0.5 * 3.0 - 1.0]);
        assert_eq!(apply(&scaled, [7.0, 3.0]), direct);

        let mut gained = layer();
        gained.before_gain(&[3.0, -1.0]);
        let plain = apply(&layer(), [7.0, 3.0]);
        let [a, b] = plain.as_slice() else { panic!() };
        assert_eq!(apply(&gained, [7.0, 3.0]), [a * 3.0, -b]);
    }

    #[test]
    fn columns_come_by_panels_of_eight() {
        let rows = 3;
        let layer = Layer {
            columns: 16,
            weights: (0..rows * 16).map(|n| n as f32).collect(),
            bias: vec![-1.0; 16],
        };
        let mut out = Vec::new();
        layer.pack(&mut out).unwrap();
        let panel = |first: u8| {
            (0..rows as u8).flat_map(move |r| (0..8).map(move |c| f32::from(first + r * 16 + c)))
        };
        let expected: Vec<f32> = panel(0).chain(panel(8)).chain([-1.0; 16]).collect();
        assert_eq!(out, expected);
        assert_eq!(
            transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3),
            [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]
        );
    }

    #[test]
    fn what_is_not_asked_for_is_cut_off() {
        let bytes = |number, bytes: Vec<u8>| Field {
            number,
            value: Value::Bytes(bytes),
        };
        let text = |number, text: &str| bytes(number, text.as_bytes().to_vec());
        let node =
            |input: &str, output: &str| bytes(NODE, message(&[text(1, input), text(2, output)]));
        let parts = vec![
            node("ids", "f0"),
            node("f0", "lh"),
            bytes(OUTPUT, message(&[text(1, "lh")])),
            bytes(INITIALIZER, message(&[text(8, "head")])),
        ];
        let half = first_half(parts.clone()).unwrap();
        let expected = [parts[0].clone()];
        let expected: Vec<Field> = expected.into_iter().chain(ASKED.map(output)).collect();
        assert_eq!(half, expected);
    }
}
