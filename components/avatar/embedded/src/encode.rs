//! Codes frames: JPEG, H.264 or plain planes.

use jpeg_encoder::{ColorType, SamplingFactor};
use rusty_h264::{Encoder as H264, EncoderConfig, YuvFrame};
use tth_sdk::VideoCodec;

/// The H.264 quantiser: 26 is clean at talking-head sizes and about 100 KB/s at 512x512.
const QP: u8 = 26;
/// Seconds between key frames, where nothing asks for one earlier.
const KEY_EVERY_S: u32 = 2;

/// What this module can make.
pub const CODECS: [VideoCodec; 3] = [VideoCodec::Jpeg, VideoCodec::H264Annexb, VideoCodec::I420];

/// Why a frame could not be coded.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// No encoder for this codec.
    #[error("cannot make {0:?}")]
    Unsupported(VideoCodec),
    /// Not a frame of this stream.
    #[error("a frame of {got} pixels instead of {expected}")]
    Size {
        /// Pixels of the stream's size.
        expected: usize,
        /// Pixels that were given.
        got: usize,
    },
    /// The JPEG encoder refused.
    #[error("JPEG: {0}")]
    Jpeg(#[from] jpeg_encoder::EncodingError),
    /// The H.264 encoder refused.
    #[error("H.264: {0}")]
    H264(String),
}

/// A coded frame.
#[derive(Clone, Debug)]
pub struct Coded {
    /// Its bytes: a JPEG file, an access unit with start codes, or the planes Y, Cb, Cr.
    pub data: Vec<u8>,
    /// Decodable without any earlier frame.
    pub keyframe: bool,
}

/// Codes the frames of one stream, all of one size.
pub struct Encoder {
    width: u16,
    height: u16,
    kind: Kind,
    planes: YuvFrame,
    /// How long the last JPEG was, to reserve memory once.
    hint: usize,
}

enum Kind {
    Jpeg { quality: u8 },
    H264(Box<H264>),
    I420,
}

impl Encoder {
    /// For frames of `width` by `height` pixels, both even. `quality` (1 to 100) is the JPEG quality.
    ///
    /// # Errors
    /// A codec that is not one of [`CODECS`], or a size that the H.264 encoder refuses.
    pub fn new(
        codec: VideoCodec,
        width: u16,
        height: u16,
        fps: u32,
        quality: u8,
    ) -> Result<Encoder, EncodeError> {
        let (w, h) = (usize::from(width), usize::from(height));
        let kind = match codec {
            VideoCodec::Jpeg => Kind::Jpeg { quality },
            VideoCodec::I420 => Kind::I420,
            VideoCodec::H264Annexb => {
                let mut config = EncoderConfig::baseline(w, h);
                config.qp = QP;
                config.framerate = fps as f32;
                config.gop_size = fps.max(1) * KEY_EVERY_S;
                config.min_keyint = config.gop_size;
                Kind::H264(Box::new(
                    H264::new(config).map_err(|e| EncodeError::H264(e.to_string()))?,
                ))
            }
            VideoCodec::Vp8 | VideoCodec::Vp9 | VideoCodec::Av1 => {
                return Err(EncodeError::Unsupported(codec));
            }
        };
        // JPEG reads the pixels themselves.
        let planes = if matches!(kind, Kind::Jpeg { .. }) {
            YuvFrame {
                width: 0,
                height: 0,
                y: Vec::new(),
                u: Vec::new(),
                v: Vec::new(),
            }
        } else {
            YuvFrame {
                width: w,
                height: h,
                y: vec![0; w * h],
                u: vec![0; w * h / 4],
                v: vec![0; w * h / 4],
            }
        };
        Ok(Encoder {
            width,
            height,
            kind,
            planes,
            hint: w * h / 6,
        })
    }

    /// Makes the next frame decodable on its own.
    pub fn request_keyframe(&mut self) {
        if let Kind::H264(encoder) = &mut self.kind {
            encoder.request_keyframe();
        }
    }

    /// Codes one frame of opaque RGBA pixels, row by row.
    ///
    /// # Errors
    /// A wrong number of pixels, or what the codec says.
    pub fn encode(&mut self, rgba: &[u8]) -> Result<Coded, EncodeError> {
        let expected = usize::from(self.width) * usize::from(self.height);
        if rgba.len() != expected * 4 {
            return Err(EncodeError::Size {
                expected,
                got: rgba.len() / 4,
            });
        }
        match &mut self.kind {
            Kind::Jpeg { quality } => {
                let mut data = Vec::with_capacity(self.hint);
                let mut encoder = jpeg_encoder::Encoder::new(&mut data, *quality);
                encoder.set_sampling_factor(SamplingFactor::F_2_2);
                encoder.encode(rgba, self.width, self.height, ColorType::Rgba)?;
                self.hint = data.len() + data.len() / 8;
                Ok(Coded {
                    data,
                    keyframe: true,
                })
            }
            Kind::H264(encoder) => {
                planes(rgba, &mut self.planes);
                let data = encoder.encode(&self.planes);
                let keyframe = has_key_unit(&data);
                Ok(Coded { data, keyframe })
            }
            Kind::I420 => {
                planes(rgba, &mut self.planes);
                let YuvFrame { y, u, v, .. } = &self.planes;
                Ok(Coded {
                    data: [y.as_slice(), u, v].concat(),
                    keyframe: true,
                })
            }
        }
    }
}

/// Whether an Annex B access unit contains an IDR slice (NAL unit type 5).
fn has_key_unit(data: &[u8]) -> bool {
    data.windows(4)
        .any(|w| matches!(w, [0, 0, 1, header] if header & 0x1F == 5))
}

/// RGBA to 4:2:0 with the studio-range matrix of ITU-R BT.601, in fixed point of 8 bits.
fn planes(rgba: &[u8], out: &mut YuvFrame) {
    let width = out.width;
    if width == 0 {
        return;
    }
    for (line, row) in rgba
        .chunks_exact(width * 4)
        .zip(out.y.chunks_exact_mut(width))
    {
        for (pixel, y) in line.chunks_exact(4).zip(row) {
            let [r, g, b] = rgb(pixel);
            *y = (((66 * r + 129 * g + 25 * b + 128) >> 8) + 16) as u8;
        }
    }
    let chroma = out
        .u
        .chunks_exact_mut(width / 2)
        .zip(out.v.chunks_exact_mut(width / 2));
    for (pair, (u_row, v_row)) in rgba.chunks_exact(width * 8).zip(chroma) {
        let (upper, lower) = pair.split_at(width * 4);
        let quads = upper.chunks_exact(8).zip(lower.chunks_exact(8));
        for ((above, below), (u, v)) in quads.zip(u_row.iter_mut().zip(v_row)) {
            let (above, below) = (above.split_at(4), below.split_at(4));
            let mut sum = [2; 3];
            for pixel in [above.0, above.1, below.0, below.1] {
                for (total, channel) in sum.iter_mut().zip(rgb(pixel)) {
                    *total += channel;
                }
            }
            let [r, g, b] = sum.map(|total| total >> 2);
            *u = (((-38 * r - 74 * g + 112 * b + 128) >> 8) + 128) as u8;
            *v = (((112 * r - 94 * g - 18 * b + 128) >> 8) + 128) as u8;
        }
    }
}

fn rgb(pixel: &[u8]) -> [i32; 3] {
    match pixel {
        [r, g, b, ..] => [i32::from(*r), i32::from(*g), i32::from(*b)],
        _ => [0; 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: usize, height: usize, shade: u8) -> Vec<u8> {
        (0..width * height)
            .flat_map(|i| [(i % width) as u8, (i / width) as u8, shade, 255])
            .collect()
    }

    #[test]
    fn planes_hold_the_colours_of_the_standard() {
        let mut encoder = Encoder::new(VideoCodec::I420, 4, 2, 25, 85).unwrap();
        let white = encoder.encode(&[255; 32]).unwrap().data;
        assert_eq!(white, [vec![235; 8], vec![128; 4]].concat());
        let red = encoder.encode(&[255, 0, 0, 255].repeat(8)).unwrap().data;
        assert_eq!((red[0], red[8], red[10]), (82, 90, 240));
    }

    #[test]
    fn h264_starts_with_a_key_frame_and_decodes_to_the_picture() {
        let (w, h) = (70usize, 66usize);
        let mut encoder = Encoder::new(VideoCodec::H264Annexb, w as u16, h as u16, 25, 85).unwrap();
        let mut decoder = rusty_h264::Decoder::new();
        let mut keys = Vec::new();
        for i in 0..60u8 {
            if i == 10 {
                encoder.request_keyframe();
            }
            let coded = encoder.encode(&picture(w, h, i)).unwrap();
            assert!(!coded.data.is_empty(), "one access unit for every frame");
            if coded.keyframe {
                keys.push(i);
            }
            let shown = decoder
                .decode(&coded.data)
                .unwrap()
                .expect("a picture for every access unit");
            assert_eq!((shown.width, shown.height), (w, h));
            let error: u64 = shown
                .y
                .iter()
                .zip(&encoder.planes.y)
                .map(|(a, b)| u64::from(a.abs_diff(*b)))
                .sum();
            assert!(error / (w * h) as u64 <= 4, "frame {i}: {error}");
        }
        assert_eq!(keys, [0, 10]);
    }

    #[test]
    fn jpeg_files_say_their_size() {
        let mut encoder = Encoder::new(VideoCodec::Jpeg, 70, 66, 25, 85).unwrap();
        let data = encoder.encode(&picture(70, 66, 9)).unwrap().data;
        assert_eq!(data[..2], [0xFF, 0xD8]);
        assert_eq!(data[data.len() - 2..], [0xFF, 0xD9]);
        let frame = data.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
        assert_eq!(data[frame + 5..frame + 9], [0, 66, 0, 70]);
        assert_eq!(data[frame + 11], 0x22, "luma sampled twice as often: 4:2:0");
    }

    #[test]
    fn other_codecs_and_other_sizes_are_refused() {
        for codec in CODECS {
            let mut encoder = Encoder::new(codec, 64, 66, 25, 85).unwrap();
            assert!(matches!(
                encoder.encode(&picture(64, 64, 0)),
                Err(EncodeError::Size {
                    expected: 4224,
                    got: 4096
                })
            ));
        }
        assert!(matches!(
            Encoder::new(VideoCodec::Av1, 64, 64, 25, 85),
            Err(EncodeError::Unsupported(_))
        ));
    }
}
