//! From an utterance to phonemes, piece by piece, with the source words they stand for.

mod g2p;
mod lexicon;
pub(crate) mod normalize;
pub(crate) mod phonemes;
mod split;
mod tagger;
mod unknown;

pub(crate) use g2p::{Reader, Spoken};
pub(crate) use split::{Script, SourceWord};

/// Why the voice's files could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The ONNX file is not readable.
    #[error("a model of the embedded voice does not load: {0}")]
    Model(#[from] rten::LoadError),
    /// Another build of the model: its values are addressed by name.
    #[error("a model of the embedded voice has no value {0}")]
    Node(&'static str),
    /// The packed decoder is of another layout.
    #[error(
        "the decoder of the embedded voice has {found} bytes, but {wanted} are used: set the voice up again"
    )]
    Decoder {
        /// Bytes that there are.
        found: usize,
        /// Bytes that this build reads.
        wanted: usize,
    },
    /// An alphabet file is not readable.
    #[error("an alphabet of the embedded voice does not parse: {0}")]
    Alphabet(#[from] serde_json::Error),
}
