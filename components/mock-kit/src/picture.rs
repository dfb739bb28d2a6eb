//! JPEG pictures: made from pixels, brought to an exact size, measured.

use jpeg_encoder::{
    ColorType, Encoder, EncodingError, ImageBuffer, JpegColorType, SamplingFactor, rgb_to_ycbcr,
};
use tth_sdk::{Error, ErrorCode, error};

/// The longest payload of one JPEG segment; its two length bytes count themselves.
const MAX_SEGMENT: usize = 65_535 - 2;
/// A comment segment without payload: marker and length.
const EMPTY_COMMENT: usize = 4;

/// Encode 8-bit RGB pixels, rows from the top, 4:2:0.
///
/// # Errors
/// `internal` where `rgb` is not `width * height * 3` bytes long.
pub fn jpeg(rgb: &[u8], width: u32, height: u32, quality: u8) -> Result<Vec<u8>, Error> {
    let (width, height) = (side(width)?, side(height)?);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    // These are encoded once and sent often.
    encoder.set_optimized_huffman_tables(true);
    encoder
        .encode(rgb, width, height, ColorType::Rgb)
        .map_err(unencoded)?;
    Ok(bytes)
}

fn side(pixels: u32) -> Result<u16, Error> {
    let fault = format!("encoding a picture: {pixels} pixels");
    u16::try_from(pixels).map_err(|_| error(ErrorCode::Internal, fault))
}

fn unencoded(cause: EncodingError) -> Error {
    error(ErrorCode::Internal, format!("encoding a picture: {cause}"))
}

/// A picture of one colour. It is made row by row, with the standard Huffman tables: neither its
/// pixels nor its coefficients are ever kept as a whole, and an instance never gives memory back.
///
/// # Errors
/// As [`jpeg`].
pub fn flat([red, green, blue]: [u8; 3], width: u32, height: u32) -> Result<Vec<u8>, Error> {
    let (luma, cb, cr) = rgb_to_ycbcr(red, green, blue);
    let picture = Flat {
        width: side(width)?,
        height: side(height)?,
        colour: [luma, cb, cr],
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 80);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.encode_image(picture).map_err(unencoded)?;
    Ok(bytes)
}

struct Flat {
    width: u16,
    height: u16,
    /// Y, Cb, Cr.
    colour: [u8; 3],
}

impl ImageBuffer for Flat {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, _y: u16, buffers: &mut [Vec<u8>; 4]) {
        for (buffer, value) in buffers.iter_mut().zip(self.colour) {
            buffer.resize(buffer.len() + usize::from(self.width), value);
        }
    }
}

/// Make a JPEG exactly `size` bytes long with comment segments; one that is longer stays as it is.
pub fn pad(jpeg: Vec<u8>, size: usize) -> Vec<u8> {
    let Some((start, rest)) = jpeg.split_at_checked(2) else {
        return jpeg;
    };
    let mut missing = size.saturating_sub(jpeg.len());
    let mut padded = Vec::with_capacity(jpeg.len() + missing);
    padded.extend_from_slice(start);
    while missing >= EMPTY_COMMENT {
        let payload = (missing - EMPTY_COMMENT).min(MAX_SEGMENT);
        let length = u16::try_from(payload + 2).unwrap_or(u16::MAX);
        padded.extend_from_slice(&[0xFF, 0xFE]);
        padded.extend_from_slice(&length.to_be_bytes());
        padded.resize(padded.len() + payload, b' ');
        missing -= EMPTY_COMMENT + payload;
    }
    // Any marker may be preceded by fill bytes (ITU T.81, B.1.1.2).
    padded.resize(padded.len() + missing, 0xFF);
    padded.extend_from_slice(rest);
    padded
}

/// Width and height of a JPEG, read from its frame header; `None` where it is no JPEG.
pub fn size(jpeg: &[u8]) -> Option<(u16, u16)> {
    let mut rest = jpeg.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        rest = rest.strip_prefix(&[0xFF])?;
        while let [0xFF, tail @ ..] = rest {
            rest = tail;
        }
        let (&marker, segment) = rest.split_first()?;
        let [high, low, body @ ..] = segment else {
            return None;
        };
        // SOF0 to SOF15, without DHT, JPG and DAC, which share the range.
        if (0xC0..=0xCF).contains(&marker) && ![0xC4, 0xC8, 0xCC].contains(&marker) {
            let [_precision, h1, h0, w1, w0, ..] = body else {
                return None;
            };
            return Some((
                u16::from_be_bytes([*w1, *w0]),
                u16::from_be_bytes([*h1, *h0]),
            ));
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        rest = segment.get(length..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pads_to_the_byte_and_stays_readable() {
        let picture = flat([10, 200, 90], 96, 64).unwrap();
        for extra in [0, 1, 3, 4, 5, 1_000, 65_537, 65_538, 65_539, 140_001] {
            let padded = pad(picture.clone(), picture.len() + extra);
            assert_eq!(padded.len(), picture.len() + extra);
            assert_eq!(size(&padded), Some((96, 64)), "{extra}");
        }
    }

    #[test]
    fn never_cuts_a_picture() {
        let picture = flat([0, 0, 0], 64, 64).unwrap();
        assert_eq!(pad(picture.clone(), 10), picture);
    }

    #[test]
    fn a_live_size_fits_into_four_kilobytes() {
        assert!(flat([127, 127, 127], 384, 384).unwrap().len() < 4096);
    }

    #[test]
    fn knows_what_is_no_picture() {
        let picture = flat([1, 2, 3], 64, 64).unwrap();
        for wrong in [
            &b""[..],
            b"GIF89a",
            &[0xFF, 0xD8],
            &[0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF],
            &picture[..20],
        ] {
            assert_eq!(size(wrong), None);
        }
    }

    #[test]
    fn refuses_pixels_that_do_not_fill_the_picture() {
        assert_eq!(
            jpeg(&[0; 12], 64, 64, 80).unwrap_err().code,
            ErrorCode::Internal
        );
    }
}
