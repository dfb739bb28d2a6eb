//! One turn as an MP4 file: H.264 and Opus, playable while it loads.
//!
//! Fed as the media comes ([`Encoder`]), so that coding overlaps with the turn. H.264 from the face
//! is taken as it is; JPEG is decoded and coded again; sound is coded as Opus. Everything here
//! blocks: an asynchronous caller gives it a thread of its own.

use thiserror::Error;
use tth_core::media::{AudioChunk, AudioFormat, Micros, VideoCodec, VideoFrame};

mod audio;
mod mux;
mod video;

use audio::AudioTrack;
use video::VideoTrack;

/// Why there is no file.
#[derive(Debug, Error)]
pub enum Mp4Error {
    /// Neither sound nor picture came.
    #[error("there was neither sound nor picture")]
    Empty,
    /// The frames are in a codec that is not put into MP4 here.
    #[error("frames in {} cannot be put into an MP4 file", .0.name())]
    Codec(VideoCodec),
    /// A JPEG frame could not be decoded.
    #[error("a frame could not be decoded: {0}")]
    Decode(String),
    /// A frame could not be coded.
    #[error("a frame could not be coded: {0}")]
    Video(String),
    /// The sound could not be coded.
    #[error("the sound could not be coded: {0}")]
    Audio(String),
    /// The file could not be put together.
    #[error("the file could not be put together: {0}")]
    Mux(String),
}

/// A coded piece of a track.
#[derive(Debug)]
struct Sample {
    /// When it is shown or sounds, from the file's start.
    at: Micros,
    keyframe: bool,
    data: Vec<u8>,
}

/// Makes one file out of media in order of its time; sound and picture may come in any mixture.
///
/// The file starts with the first media given: sound and picture of the same moment stay together.
#[derive(Debug, Default)]
pub struct Encoder {
    origin: Option<Micros>,
    audio: Option<AudioTrack>,
    video: Option<VideoTrack>,
    /// What came before the file's start was known: sound or picture, but not yet both.
    early: Vec<Media>,
}

/// How much is kept back until both sound and picture came.
const MAX_EARLY: usize = 256;

impl Encoder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// More sound.
    ///
    /// # Errors
    /// When it cannot be coded.
    pub fn audio(&mut self, chunk: &AudioChunk) -> Result<(), Mp4Error> {
        if chunk.pcm.is_empty() || chunk.format.sample_rate == 0 || chunk.format.channels == 0 {
            return Ok(());
        }
        match self.origin {
            Some(origin) => self.sound(chunk, origin),
            None => self.keep(Media::Audio(chunk.clone())),
        }
    }

    /// One more picture. What is not later than the one before it is left out, as are pictures of
    /// another size than the first.
    ///
    /// # Errors
    /// When it cannot be decoded or coded.
    pub fn video(&mut self, frame: &VideoFrame) -> Result<(), Mp4Error> {
        match self.origin {
            Some(origin) => self.picture(frame, origin),
            None => self.keep(Media::Video(frame.clone())),
        }
    }

    /// The file.
    ///
    /// # Errors
    /// When nothing was given, or it cannot be put together.
    pub fn finish(mut self) -> Result<Vec<u8>, Mp4Error> {
        self.start()?;
        // Both tracks end together: silence under the last pictures, the last picture over the rest
        // of the sound.
        let video_end = self.video.as_ref().map_or(0, VideoTrack::end);
        let audio_end = self.audio.as_ref().map_or(0, AudioTrack::end);
        if let Some(video) = &mut self.video {
            video.hold_until(audio_end)?;
        }
        let sound = match self.audio {
            Some(audio) => Some((audio.format(), audio.finish(video_end)?)),
            None => None,
        };
        mux::file(self.video.map(VideoTrack::into_parts), sound)
    }

    fn keep(&mut self, media: Media) -> Result<(), Mp4Error> {
        let other_kind =
            |kept: &Media| matches!(kept, Media::Audio(_)) != matches!(media, Media::Audio(_));
        let ready = self.early.first().is_some_and(other_kind) || self.early.len() >= MAX_EARLY;
        self.early.push(media);
        if ready { self.start() } else { Ok(()) }
    }

    /// Fixes where the file starts, and takes what waited for that.
    fn start(&mut self) -> Result<(), Mp4Error> {
        let early = std::mem::take(&mut self.early);
        let Some(origin) = early.iter().map(Media::at).min() else {
            return Ok(());
        };
        self.origin = Some(origin);
        early.iter().try_for_each(|media| match media {
            Media::Audio(chunk) => self.sound(chunk, origin),
            Media::Video(frame) => self.picture(frame, origin),
        })
    }

    fn sound(&mut self, chunk: &AudioChunk, origin: Micros) -> Result<(), Mp4Error> {
        let track = match &mut self.audio {
            Some(track) => track,
            none => none.insert(AudioTrack::new(chunk.format, origin)?),
        };
        track.add(chunk)
    }

    fn picture(&mut self, frame: &VideoFrame, origin: Micros) -> Result<(), Mp4Error> {
        self.video
            .get_or_insert_with(|| VideoTrack::new(origin))
            .add(frame)
    }
}

/// Sound or picture.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum Media {
    Audio(AudioChunk),
    Video(VideoFrame),
}

impl Media {
    fn at(&self) -> Micros {
        match self {
            Media::Audio(chunk) => chunk.at,
            Media::Video(frame) => frame.at,
        }
    }
}

/// The file of all of `media`; see [`Encoder`].
///
/// # Errors
/// See [`Mp4Error`].
pub fn encode(media: impl IntoIterator<Item = Media>) -> Result<Vec<u8>, Mp4Error> {
    let mut encoder = Encoder::new();
    for media in media {
        match media {
            Media::Audio(chunk) => encoder.audio(&chunk)?,
            Media::Video(frame) => encoder.video(&frame)?,
        }
    }
    encoder.finish()
}

/// What the coder can take: its own rates, one or two channels.
fn codable(format: AudioFormat) -> AudioFormat {
    let sample_rate = match format.sample_rate {
        rate @ (8_000 | 12_000 | 16_000 | 24_000 | 48_000) => rate,
        0..=8_000 => 8_000,
        8_001..=12_000 => 12_000,
        12_001..=16_000 => 16_000,
        16_001..=24_000 => 24_000,
        _ => 48_000,
    };
    AudioFormat {
        sample_rate,
        channels: if format.channels == 2 { 2 } else { 1 },
    }
}

#[cfg(test)]
mod tests;
