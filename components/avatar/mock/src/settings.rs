//! The settings of the scripted face and their limits.

use mock_kit::fault::Fail;
use serde::Deserialize;
use tth_sdk::{Error, invalid_config};

/// The largest frame that may be asked for, in bytes: eight times a good full-size JPEG.
const MOST_BYTES: usize = 2 << 20;

/// What the configuration may say about the scripted face.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Size of each frame in bytes, at most 2 MiB; a picture that needs more is sent as it is.
    pub frame_bytes: usize,
    /// The codec; only `jpeg`.
    pub codec: Codec,
    /// White while the mouth is fully open for an `aa`, else black.
    pub clapper: bool,
    /// Wait before the first frame.
    pub first_delay_ms: u64,
    /// Wait before each frame, as a face that is slow to draw.
    pub frame_delay_ms: u64,
    /// A failure; the outputs that `after` counts are frames.
    pub fail: Option<Fail>,
    /// Fall silent for good after so many frames of a call.
    pub stall_after: Option<u32>,
}

/// The codecs of the scripted face.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// Each frame stands alone.
    #[default]
    Jpeg,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            frame_bytes: 4096,
            codec: Codec::Jpeg,
            clapper: false,
            first_delay_ms: 0,
            frame_delay_ms: 0,
            fail: None,
            stall_after: None,
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.frame_bytes > MOST_BYTES {
            let wrong = format!(
                "settings: frame_bytes is {}, but must be at most {MOST_BYTES}",
                self.frame_bytes
            );
            return Err(invalid_config(wrong));
        }
        Ok(())
    }
}
