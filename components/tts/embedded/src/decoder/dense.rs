//! Matrix products with fixed weights.
//!
//! Six rows by eight columns at a time: that many sums, with what is read for them, fit into the
//! sixteen vector registers that the sandbox's compiler has on x86-64.

use super::vector::Vector;

/// Rows and columns of a tile.
const ROWS: usize = 6;
pub(super) const COLUMNS: usize = 8;

/// A linear layer.
pub(super) struct Dense {
    /// Inputs of a row.
    pub(super) depth: usize,
    /// By eight columns: for each input the eight weights.
    pub(super) panels: &'static [f32],
    /// One for each column; a whole number of panels.
    pub(super) bias: &'static [f32],
}

impl Dense {
    /// `out` becomes the product of the rows of `input`, which start `stride` values after each
    /// other, with the weights, plus the bias.
    pub(super) fn apply(&self, input: &[f32], stride: usize, out: &mut Vec<f32>) {
        let width = self.bias.len();
        let count = match input.len().checked_sub(self.depth) {
            Some(rest) => rest / stride + 1,
            None => 0,
        };
        out.clear();
        out.resize(count * width, 0.0);
        let mut packed = vec![[0.0; ROWS]; self.depth];
        for (tile, rows) in out.chunks_mut(ROWS * width).enumerate() {
            let first = tile * ROWS;
            for row in 0..rows.len() / width {
                let start = (first + row) * stride;
                let values = input.get(start..start + self.depth).unwrap_or_default();
                for (slot, value) in packed.iter_mut().zip(values) {
                    if let Some(slot) = slot.get_mut(row) {
                        *slot = *value;
                    }
                }
            }
            let panels = self.panels.chunks_exact(self.depth * COLUMNS);
            let biases = self.bias.as_chunks::<COLUMNS>().0;
            for (n, (panel, bias)) in panels.zip(biases).enumerate() {
                let sums = product(&packed, panel.as_chunks::<COLUMNS>().0, bias);
                for (row, sums) in rows.chunks_exact_mut(width).zip(&sums) {
                    if let Some(place) = row.get_mut(n * COLUMNS..(n + 1) * COLUMNS) {
                        place.copy_from_slice(sums);
                    }
                }
            }
        }
    }
}

/// One tile: six rows of two vectors, which stay in registers.
#[inline(never)]
fn product(
    rows: &[[f32; ROWS]],
    panel: &[[f32; COLUMNS]],
    bias: &[f32; COLUMNS],
) -> [[f32; COLUMNS]; ROWS] {
    let mut sums = [halves(bias); ROWS];
    for (values, weights) in rows.iter().zip(panel) {
        let [left, right] = halves(weights);
        for (sum, value) in sums.iter_mut().zip(values) {
            let value = Vector::splat(*value);
            let [l, r] = *sum;
            *sum = [l.plus(value, left), r.plus(value, right)];
        }
    }
    sums.map(|[left, right]| {
        let ([a, b, c, d], [e, f, g, h]) = (left.values(), right.values());
        [a, b, c, d, e, f, g, h]
    })
}

#[inline(always)]
fn halves(row: &[f32; COLUMNS]) -> [Vector; 2] {
    let [a, b, c, d, e, f, g, h] = *row;
    [Vector::load(&[a, b, c, d]), Vector::load(&[e, f, g, h])]
}
