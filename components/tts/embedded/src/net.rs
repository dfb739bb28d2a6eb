//! Drives the first half of the acoustic net: one graph, cut at values that are addressed by name.
//!
//! 1. [`Net::encode`]: phoneme ids -> durations at normal speed, and the states behind them
//! 2. [`Net::prosody`]: states and chosen durations -> pitch, loudness and text features
//!
//! Cutting after the encoder lets the caller choose durations without paying for it twice. The
//! second half is [`crate::decoder`].
//! A frame is 12.5 ms; a slot, the unit of durations, two frames.

use crate::decoder::FEATURES;
use crate::text::LoadError;
use rten::{
    Model, ModelOptions, NodeId, OpRegistry, RunError, RunOptions, Value, ValueOrView,
    op_types as op,
};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

/// Most phoneme ids of one call: attention over the sentence makes longer ones costly.
pub(crate) const MAX_IDS: usize = 400;
/// Only what the graphs use; everything else stays out of the binary.
pub(crate) fn options() -> ModelOptions {
    let mut options = ModelOptions::with_ops(OpRegistry::with_ops(&[
        &op::Add,
        &op::ArgMax,
        &op::Cast,
        &op::Clip,
        &op::Concat,
        &op::Conv,
        &op::CumSum,
        &op::Div,
        &op::DynamicQuantizeLinear,
        &op::Erf,
        &op::Exp,
        &op::Gather,
        &op::GreaterOrEqual,
        &op::LayerNormalization,
        &op::Log,
        &op::MatMul,
        &op::MatMulInteger,
        &op::Mul,
        &op::Pow,
        &op::Range,
        &op::ReduceSum,
        &op::Relu,
        &op::Reshape,
        &op::Round,
        &op::Shape,
        &op::Slice,
        &op::Softmax,
        &op::Split,
        &op::Sub,
        &op::Tile,
        &op::Transpose,
        &op::Unsqueeze,
    ]));
    // Costs 10 ms at load and 10 MB; saves a tenth of every call of a warm instance.
    options.prepack_weights(true);
    options
}

/// In the sandbox there is one thread; natively one is taken too, for equal results.
pub(crate) fn run_options() -> Option<RunOptions> {
    #[cfg(target_family = "wasm")]
    return None;
    #[cfg(not(target_family = "wasm"))]
    {
        use std::sync::{Arc, OnceLock};
        static POOL: OnceLock<Arc<rten::ThreadPool>> = OnceLock::new();
        let pool = POOL.get_or_init(|| Arc::new(rten::ThreadPool::with_num_threads(1)));
        Some(RunOptions::default().with_thread_pool(Some(pool.clone())))
    }
}

/// Why the net gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetError {
    #[error("the voice's net failed: {0}")]
    Run(#[from] RunError),
    #[error("the voice's net gave a value of another shape")]
    Shape,
}

/// The loaded net.
pub(crate) struct Net {
    model: Model,
    ids: NodeId,
    raw_durations: NodeId,
    states: [NodeId; 2],
    durations: NodeId,
    features: NodeId,
    f0: NodeId,
    loudness: NodeId,
}

/// What the encoder made of the phonemes.
pub(crate) struct Encoded {
    /// Duration of each id at normal speed, in slots; almost whole numbers.
    pub(crate) durations: Vec<f32>,
    states: [Value; 2],
}

/// Prosody of one piece of speech, per frame.
pub(crate) struct Prosody {
    /// Pitch in Hz; about 0 where unvoiced.
    pub(crate) f0: Vec<f32>,
    /// Natural log of frame power; about -9 in silence, 8 at most.
    pub(crate) loudness: Vec<f32>,
    /// Text features, frame by frame.
    features: Vec<f32>,
}

impl Prosody {
    /// Curves without text features, for tests of what only looks at curves.
    #[cfg(test)]
    pub(crate) fn of_curves(f0: Vec<f32>, loudness: Vec<f32>) -> Self {
        Prosody::of_parts(f0, loudness, Vec::new())
    }

    /// Curves and text features, for tests of the decoder.
    #[cfg(test)]
    pub(crate) fn of_parts(f0: Vec<f32>, loudness: Vec<f32>, features: Vec<f32>) -> Self {
        Prosody {
            f0,
            loudness,
            features,
        }
    }

    /// Frames of this piece.
    pub(crate) fn frames(&self) -> usize {
        self.f0.len()
    }

    /// The text features of a frame.
    pub(crate) fn features(&self, frame: usize) -> &[f32] {
        let start = frame * FEATURES;
        self.features
            .get(start..start + FEATURES)
            .unwrap_or_default()
    }
}

impl Net {
    /// # Errors
    /// The bytes are not the pinned model.
    pub(crate) fn load(model: &'static [u8]) -> Result<Self, LoadError> {
        let model = options().load_static_slice(model)?;
        let node = |name: &'static str| model.find_node(name).ok_or(LoadError::Node(name));
        Ok(Net {
            ids: node("ids")?,
            raw_durations: node("/Sub_output_0")?,
            states: [
                node("/Transpose_22_output_0")?,
                node("/Transpose_55_output_0")?,
            ],
            durations: node("/Cast_32_output_0")?,
            features: node("/Reshape_42_output_0")?,
            f0: node("f0")?,
            loudness: node("/Mul_62_output_0")?,
            model,
        })
    }

    /// Reads phoneme ids (with the edge id 0 at both ends).
    pub(crate) fn encode(&self, ids: &[i32]) -> Result<Encoded, NetError> {
        let input = NdTensor::from_data([1, ids.len()], ids.to_vec());
        let [durations, a, b] = self.model.run_n(
            vec![(self.ids, input.view().into())],
            [self.raw_durations, self.states[0], self.states[1]],
            run_options(),
        )?;
        let durations = floats(durations)?;
        if durations.len() != ids.len() {
            return Err(NetError::Shape);
        }
        Ok(Encoded {
            durations,
            states: [a, b],
        })
    }

    /// Lays the encoded phonemes out over `durations` slots each (one per id, at least 1).
    pub(crate) fn prosody(
        &self,
        encoded: &Encoded,
        durations: &[i32],
    ) -> Result<Prosody, NetError> {
        let durations = NdTensor::from_data([durations.len()], durations.to_vec());
        let mut inputs: Vec<(NodeId, ValueOrView<'_>)> =
            vec![(self.durations, durations.view().into())];
        for (node, state) in self.states.iter().zip(&encoded.states) {
            inputs.push((*node, state.into()));
        }
        let [f0, loudness, features] = self.model.run_n(
            inputs,
            [self.f0, self.loudness, self.features],
            run_options(),
        )?;
        let (f0, loudness) = (floats(f0)?, floats(loudness)?);
        let features: NdTensor<f32, 3> = features.try_into().map_err(|_| NetError::Shape)?;
        let features = features.permuted([0, 2, 1]).to_vec();
        if loudness.len() != f0.len() || features.len() != FEATURES * f0.len() {
            return Err(NetError::Shape);
        }
        Ok(Prosody {
            f0,
            loudness,
            features,
        })
    }
}

fn floats(value: Value) -> Result<Vec<f32>, NetError> {
    let tensor: Tensor<f32> = value.try_into().map_err(|_| NetError::Shape)?;
    Ok(tensor.into_data())
}
