//! The picture track: H.264 as it comes, JPEG decoded and coded again.

use super::{Mp4Error, Sample};
use rusty_h264::{Encoder, EncoderConfig, YuvFrame};
use tth_core::media::{Micros, VideoCodec, VideoFrame};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The quantiser of the house's own H.264: no visible loss on a drawn face.
const QUANTISER: u8 = 26;
/// Two seconds at 25 frames a second: a player can seek to there.
const KEYFRAME_EVERY: u32 = 50;
/// At most so long is the last picture held for the rest of the sound.
const MAX_HOLD_US: Micros = 600_000_000;

/// A picture track being made.
pub(super) struct VideoTrack {
    origin: Micros,
    size: (u16, u16),
    samples: Vec<Sample>,
    end: Micros,
    frame_us: Micros,
    own: Option<(Encoder, YuvFrame)>,
}

/// What the file needs of a track.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) size: (u16, u16),
    pub(super) frame_us: Micros,
    pub(super) samples: Vec<Sample>,
}

impl std::fmt::Debug for VideoTrack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VideoTrack")
            .field("size", &self.size)
            .field("samples", &self.samples.len())
            .finish()
    }
}

impl VideoTrack {
    /// A track of a file that starts at `origin`.
    pub(super) fn new(origin: Micros) -> Self {
        VideoTrack {
            origin,
            size: (0, 0),
            samples: Vec::new(),
            end: 0,
            frame_us: 40_000,
            own: None,
        }
    }

    /// Where the pictures end, from the file's start.
    pub(super) fn end(&self) -> Micros {
        self.end
    }

    pub(super) fn add(&mut self, frame: &VideoFrame) -> Result<(), Mp4Error> {
        let first = self.samples.is_empty();
        // The first picture is shown from the start on, even if sound came before it.
        let at = if first {
            0
        } else {
            frame.at.saturating_sub(self.origin)
        };
        let late = self.samples.last().is_some_and(|last| at <= last.at);
        if late || (!first && self.size != (frame.width, frame.height)) {
            return Ok(());
        }
        let data = match frame.codec {
            // Nothing can be seen before the first key frame, or of a stream after another one.
            VideoCodec::H264Annexb if !frame.keyframe && (first || self.own.is_some()) => {
                return Ok(());
            }
            VideoCodec::H264Annexb => {
                self.own = None;
                frame.data.to_vec()
            }
            VideoCodec::Jpeg => self.recode(frame)?,
            other => return Err(Mp4Error::Codec(other)),
        };
        self.size = (frame.width, frame.height);
        if frame.duration_us > 0 {
            self.frame_us = frame.duration_us.into();
        }
        self.end = frame.end().saturating_sub(self.origin).max(at + 1);
        let keyframe = frame.codec == VideoCodec::H264Annexb && frame.keyframe || is_idr(&data);
        self.samples.push(Sample { at, keyframe, data });
        Ok(())
    }

    /// Shows the last picture up to `end`. Only pictures that were coded here can be repeated.
    pub(super) fn hold_until(&mut self, end: Micros) -> Result<(), Mp4Error> {
        let end = end.min(self.end + MAX_HOLD_US);
        while let Some((encoder, picture)) = &mut self.own
            && self.end + self.frame_us / 2 < end
        {
            let data = code(encoder, picture)?;
            self.samples.push(Sample {
                at: self.end,
                keyframe: is_idr(&data),
                data,
            });
            self.end += self.frame_us;
        }
        Ok(())
    }

    pub(super) fn into_parts(self) -> Picture {
        Picture {
            size: self.size,
            frame_us: self.frame_us,
            samples: self.samples,
        }
    }

    fn recode(&mut self, frame: &VideoFrame) -> Result<Vec<u8>, Mp4Error> {
        let picture = decode(frame)?;
        let mut encoder = match self.own.take() {
            Some((encoder, _)) => encoder,
            None => Encoder::new(config(&picture, self.frame_us))
                .map_err(|error| Mp4Error::Video(error.to_string()))?,
        };
        let data = code(&mut encoder, &picture)?;
        self.own = Some((encoder, picture));
        Ok(data)
    }
}

fn config(picture: &YuvFrame, frame_us: Micros) -> EncoderConfig {
    let mut config = EncoderConfig::baseline(picture.width, picture.height);
    config.qp = QUANTISER;
    config.gop_size = KEYFRAME_EVERY;
    config.min_keyint = KEYFRAME_EVERY;
    config.framerate = 1_000_000.0 / frame_us.max(1) as f32;
    config
}

fn code(encoder: &mut Encoder, picture: &YuvFrame) -> Result<Vec<u8>, Mp4Error> {
    encoder
        .try_encode(picture)
        .map_err(|error| Mp4Error::Video(error.to_string()))
}

/// Whether an Annex B access unit holds an IDR slice (NAL type 5).
pub(super) fn is_idr(data: &[u8]) -> bool {
    data.windows(4)
        .any(|w| matches!(w, [0, 0, 1, nal] if nal & 0x1f == 5))
}

/// A JPEG's picture in 4:2:0, brought from JPEG's full range to video's 16..235.
fn decode(frame: &VideoFrame) -> Result<YuvFrame, Mp4Error> {
    let wrong = |error: &dyn std::fmt::Display| Mp4Error::Decode(error.to_string());
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::YCbCr)
        .set_max_width(frame.width.into())
        .set_max_height(frame.height.into());
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&frame.data[..]), options);
    let pixels = decoder.decode().map_err(|error| wrong(&error))?;
    let (width, height) = decoder
        .dimensions()
        .ok_or_else(|| wrong(&"it has no size"))?;
    if (width, height) != (frame.width.into(), frame.height.into())
        || pixels.len() != width * height * 3
    {
        return Err(wrong(&format!(
            "it is {width}x{height}, not {}x{}",
            frame.width, frame.height
        )));
    }
    if width % 2 != 0 || height % 2 != 0 || width == 0 {
        return Err(wrong(&"its width and height must be even"));
    }
    let mut picture = YuvFrame::black(width, height);
    for (luma, pixel) in picture.y.iter_mut().zip(pixels.as_chunks::<3>().0) {
        *luma = ((u32::from(pixel[0]) * 219 + 127) / 255 + 16) as u8;
    }
    let chroma = picture.u.iter_mut().zip(picture.v.iter_mut());
    let rows = pixels
        .chunks_exact(width * 6)
        .map(|pair| pair.split_at(width * 3));
    let blocks = rows.flat_map(|(upper, lower)| {
        upper
            .as_chunks::<6>()
            .0
            .iter()
            .zip(lower.as_chunks::<6>().0)
    });
    for ((u, v), (upper, lower)) in chroma.zip(blocks) {
        let ([_, u0, v0, _, u1, v1], [_, u2, v2, _, u3, v3]) = (*upper, *lower);
        (*u, *v) = (chroma_of([u0, u1, u2, u3]), chroma_of([v0, v1, v2, v3]));
    }
    Ok(picture)
}

/// The mean of four pixels, with 224/255 of its distance from the middle.
fn chroma_of(pixels: [u8; 4]) -> u8 {
    let sum: i32 = pixels.into_iter().map(i32::from).sum::<i32>() - 4 * 128;
    (128 + (sum * 224 + 510 * sum.signum()) / 1020) as u8
}
