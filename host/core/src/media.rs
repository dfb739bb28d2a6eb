//! Media as it passes through the core: opaque bytes with a place on the session's timeline.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A position or length on a session's media timeline, in microseconds.
pub type Micros = u64;

/// Sound that comes in pieces shorter than this is gathered: each piece is an event for the client.
const CRUMB_US: Micros = 10_000;

/// Microseconds in a second.
pub const SECOND: Micros = 1_000_000;

/// How PCM is laid out: signed 16-bit little-endian, channels interleaved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioFormat {
    /// Samples a second and channel.
    pub sample_rate: u32,
    /// Channels, interleaved.
    pub channels: u8,
}

impl AudioFormat {
    /// How long `bytes` of PCM sound; 0 for a format without samples.
    pub fn duration_us(&self, bytes: usize) -> Micros {
        let per_second = u64::from(self.sample_rate) * u64::from(self.channels) * 2;
        (bytes as u64 * SECOND).checked_div(per_second).unwrap_or(0)
    }
}

/// A stretch of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioChunk {
    /// When it starts to sound.
    pub at: Micros,
    /// Its layout.
    pub format: AudioFormat,
    /// The samples.
    pub pcm: Bytes,
}

impl AudioChunk {
    /// How long it sounds.
    pub fn duration_us(&self) -> Micros {
        self.format.duration_us(self.pcm.len())
    }

    /// When it has sounded.
    pub fn end(&self) -> Micros {
        self.at + self.duration_us()
    }

    /// Whether `next` is better added to it than told apart: it sounds right behind it, but for what
    /// rounding may have lost, and this one is a crumb.
    pub fn gathers(&self, next: &AudioChunk) -> bool {
        let behind = self.format == next.format && next.at.abs_diff(self.end()) <= 1;
        behind && self.duration_us() < CRUMB_US
    }

    /// Sound for longer, with what `next` has.
    pub fn append(&mut self, next: &AudioChunk) {
        self.pcm = [&*self.pcm, &*next.pcm].concat().into();
    }

    /// Let it end at `at`, if it sounds for longer.
    pub fn cut(&mut self, at: Micros) {
        let frame = u64::from(self.format.channels) * 2;
        let frames = at.saturating_sub(self.at) * u64::from(self.format.sample_rate) / SECOND;
        // What does not fit into a usize is longer than any chunk.
        let bytes = usize::try_from(frames * frame).unwrap_or(usize::MAX);
        self.pcm.truncate(bytes);
    }
}

/// The fifteen visemes of the Oculus set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum Viseme {
    Sil,
    Pp,
    Ff,
    Th,
    Dd,
    Kk,
    Ch,
    Ss,
    Nn,
    Rr,
    Aa,
    E,
    Ih,
    Oh,
    Ou,
}

/// A mouth shape and when it is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VisemeMark {
    /// When it starts.
    pub at: Micros,
    /// How long it lasts.
    pub duration_us: u32,
    /// The shape.
    pub shape: Viseme,
    /// How strongly it is formed, 0 to 1.
    pub weight: f32,
}

/// A stretch of the spoken text, as written, and when it sounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextMark {
    /// When it starts.
    pub at: Micros,
    /// How long it lasts.
    pub duration_us: u32,
    /// The stretch itself.
    pub text: String,
}

/// How a video frame is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum VideoCodec {
    Jpeg,
    H264Annexb,
    Vp8,
    Vp9,
    Av1,
    I420,
}

impl VideoCodec {
    /// The name clients see.
    pub fn name(self) -> &'static str {
        match self {
            VideoCodec::Jpeg => "jpeg",
            VideoCodec::H264Annexb => "h264-annexb",
            VideoCodec::Vp8 => "vp8",
            VideoCodec::Vp9 => "vp9",
            VideoCodec::Av1 => "av1",
            VideoCodec::I420 => "i420",
        }
    }
}

/// One picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoFrame {
    /// When it is to be shown.
    pub at: Micros,
    /// How long it is to stay.
    pub duration_us: u32,
    /// How `data` is coded.
    pub codec: VideoCodec,
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// Decodable without any earlier frame.
    pub keyframe: bool,
    /// The coded picture.
    pub data: Bytes,
}

impl VideoFrame {
    /// When the next frame is due.
    pub fn end(&self) -> Micros {
        self.at + Micros::from(self.duration_us)
    }
}
