//! The packed weights: 32-bit floats, little endian, in the order in which they are used.

use super::convolution::Depthwise;
use super::dense::{COLUMNS, Dense};
use super::{Block, CHANNELS, INPUTS, PLANES, ROW, WIDE};
use crate::text::LoadError;

/// ConvNeXt blocks.
pub(super) const BLOCKS: usize = 8;
/// Frames under a convolution.
const WIDTH: usize = 7;

/// Bytes that start where 32-bit floats may.
#[repr(C, align(16))]
pub(crate) struct Aligned<T: ?Sized>(pub(crate) T);

/// What all pieces of speech are decoded with; nothing of it is copied.
pub(crate) struct Weights {
    pub(super) entry: Dense,
    pub(super) blocks: Vec<Block>,
    pub(super) head: Dense,
}

impl Weights {
    /// # Errors
    /// The bytes are of another length.
    pub(crate) fn load(bytes: &'static Aligned<[u8]>) -> Result<Self, LoadError> {
        let mut used = 0;
        let floats: &'static [f32] = bytemuck::try_cast_slice(&bytes.0).unwrap_or_default();
        let mut take = |count: usize| {
            let part = floats.get(used..used + count).unwrap_or_default();
            used += count;
            part
        };
        let mut dense = |depth: usize, columns: usize| {
            let columns = columns.next_multiple_of(COLUMNS);
            Dense {
                depth,
                panels: take(depth * columns),
                bias: take(columns),
            }
        };
        let entry = dense(WIDTH * INPUTS, CHANNELS);
        let mut blocks = Vec::with_capacity(BLOCKS);
        for _ in 0..BLOCKS {
            let widen = dense(CHANNELS, WIDE);
            let narrow = dense(WIDE, CHANNELS);
            blocks.push((widen, narrow));
        }
        let head = dense(CHANNELS, PLANES * ROW);
        let blocks = blocks.into_iter().map(|(widen, narrow)| Block {
            depthwise: Depthwise {
                weights: take(WIDTH * CHANNELS),
                bias: take(CHANNELS),
            },
            widen,
            narrow,
        });
        let blocks = blocks.collect();
        if used * size_of::<f32>() != bytes.0.len() {
            return Err(LoadError::Decoder {
                found: bytes.0.len(),
                wanted: used * size_of::<f32>(),
            });
        }
        Ok(Weights {
            entry,
            blocks,
            head,
        })
    }
}
