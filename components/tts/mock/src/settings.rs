//! The settings of the scripted voice and their limits.

use mock_kit::fault::Fail;
use serde::Deserialize;
use tth_sdk::{Error, invalid_config};

/// The sample rate that is declared, and the default one, in hertz.
pub(crate) const SAMPLE_RATE: u32 = 24_000;

/// What the configuration may say about the scripted voice.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Sound in each chunk, in milliseconds: 5 to 1000.
    pub chunk_ms: u32,
    /// Samples a second: 8000 to 48000.
    pub sample_rate: u32,
    /// How long a letter sounds at speech rate 1, in milliseconds: 1 to 1000.
    pub ms_per_char: f64,
    /// Pitch of the tone, in hertz: 40 to 1000.
    pub voice_hz: f64,
    /// Wait before a call does anything.
    pub first_delay_ms: u64,
    /// Wait before each chunk but the call's first.
    pub chunk_delay_ms: u64,
    /// Six seconds of silence with a beep and an `aa` at each whole second, whatever the text.
    pub clapper: bool,
    /// A failure; the outputs that `after` counts are chunks of sound.
    pub fail: Option<Fail>,
    /// Fall silent for good after so many chunks of a call.
    pub stall_after: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            chunk_ms: 20,
            sample_rate: SAMPLE_RATE,
            ms_per_char: 60.0,
            voice_hz: 150.0,
            first_delay_ms: 0,
            chunk_delay_ms: 0,
            clapper: false,
            fail: None,
            stall_after: None,
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let limits = [
            ("chunk_ms", f64::from(self.chunk_ms), 5.0, 1000.0),
            ("sample_rate", f64::from(self.sample_rate), 8000.0, 48_000.0),
            ("ms_per_char", self.ms_per_char, 1.0, 1000.0),
            ("voice_hz", self.voice_hz, 40.0, 1000.0),
        ];
        for (name, value, low, high) in limits {
            if !(low..=high).contains(&value) {
                let wrong =
                    format!("settings: {name} is {value}, but must be between {low} and {high}");
                return Err(invalid_config(wrong));
            }
        }
        Ok(())
    }

    /// Samples in a full chunk.
    pub(crate) fn chunk_samples(&self) -> usize {
        (self.sample_rate as usize * self.chunk_ms as usize / 1000).max(1)
    }
}
