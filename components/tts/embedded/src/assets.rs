//! The voice's files, built into the component: no file system is needed at run time.

use crate::decoder::Aligned;

macro_rules! file {
    ($name:literal) => {
        concat!(env!("TTH_VOICE"), "/", $name)
    };
}

/// First half of the acoustic net: phonemes to prosody (ONNX).
pub(crate) static PROSODY_NET: &[u8] = include_bytes!(file!("prosody.onnx"));
/// Its second half: prosody to planes (packed).
pub(crate) static DECODER: &Aligned<[u8]> = &Aligned(*include_bytes!(file!("decoder.f32")));
/// Unknown-word net (ONNX).
pub(crate) static UNKNOWN_NET: &[u8] = include_bytes!(file!("oov.onnx"));
/// The unknown-word net's alphabets (JSON).
pub(crate) static UNKNOWN_ALPHABETS: &str = include_str!(file!("oov.json"));
/// Phoneme character to id (JSON).
pub(crate) static PHONEME_IDS: &str = include_str!(file!("vocab.json"));
/// Packed word list.
pub(crate) static WORDS: &[u8] = include_bytes!(file!("us.lex"));
/// Packed part-of-speech tagger.
pub(crate) static TAGGER: &[u8] = include_bytes!(file!("us.tag"));
/// The normaliser's tables (tab-separated).
pub(crate) static NORMAL_FORMS: &str = include_str!(file!("norm.tsv"));
