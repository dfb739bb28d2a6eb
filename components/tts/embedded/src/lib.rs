//! The embedded voice: English text to speech in the sandbox, without a network or a GPU.
//!
//! text ([`Voice::phonemes`]) -> net (durations, pitch, loudness, spectra) -> vocoder -> samples,
//! with visemes and word times from the net's own durations. [`Voice`] is the whole of it as
//! plain code; [`EmbeddedVoice`] makes it a provider.

mod assets;
mod decoder;
mod expression;
mod net;
mod provider;
mod speak;
mod text;
mod visemes;
mod vocoder;

pub use expression::{Emotion, Expression, Speaker};
pub use provider::EmbeddedVoice;
pub use speak::{Progress, SAMPLE_RATE, SpeakError, Utterance, Voice};
pub use text::LoadError;

// The exports' names are no symbols a native linker takes.
#[cfg(target_family = "wasm")]
tth_sdk::export_tts!(EmbeddedVoice);
