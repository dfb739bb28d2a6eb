//! The settings of the scripted persona and their limits.

use mock_kit::fault::Fail;
use serde::Deserialize;
use tth_sdk::{Error, invalid_config};

/// The most words that an answer of filler may have.
const MOST_WORDS: u32 = 100_000;

/// What the configuration may say about the scripted persona.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Another seed, other turns of phrase.
    pub seed: u64,
    /// Wait before the first word.
    pub first_delay_ms: u64,
    /// Wait before each further word.
    pub token_delay_ms: u64,
    /// Always say this.
    pub answer: Option<String>,
    /// Always say so many words of filler, in sentences of ten; at most 100000.
    pub words: Option<u32>,
    /// A failure; the outputs that `after` counts are words.
    pub fail: Option<Fail>,
    /// Fall silent for good after so many words of a call.
    pub stall_after: Option<u32>,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.words {
            Some(words) if words > MOST_WORDS => Err(invalid_config(format!(
                "settings: words is {words}, but must be at most {MOST_WORDS}"
            ))),
            _ => Ok(()),
        }
    }
}
