//! The pictures: one for each feeling and opening of the mouth, made when first needed and kept.

use crate::settings::Settings;
use mock_kit::picture::{flat, pad};
use std::collections::BTreeMap;
use tth_sdk::avatar::Render;
use tth_sdk::{Error, ErrorCode, error};

/// How many openings of the mouth are told apart.
pub(crate) const LEVELS: usize = 5;

/// Feelings and the colour of the picture with the mouth wide open.
pub(crate) const TINTS: [(&str, [u8; 3]); 10] = [
    ("neutral", [200, 200, 205]),
    ("joy", [250, 215, 110]),
    ("sadness", [110, 140, 200]),
    ("anger", [225, 90, 75]),
    ("fear", [160, 125, 200]),
    ("surprise", [245, 165, 205]),
    ("disgust", [135, 175, 95]),
    ("calm", [130, 200, 190]),
    ("excited", [250, 160, 80]),
    ("tender", [235, 180, 175]),
];

/// Brightness with the mouth closed, of the brightness with it wide open.
const CLOSED: f32 = 0.35;

/// The pictures of one call.
pub(crate) struct Pictures {
    width: u32,
    height: u32,
    bytes: usize,
    faces: BTreeMap<(usize, usize), Vec<u8>>,
    black: Vec<u8>,
    white: Vec<u8>,
}

impl Pictures {
    /// Make what the call will need at once.
    pub(crate) fn new(render: &Render, settings: &Settings) -> Result<Self, Error> {
        let (width, height, bytes) = (render.width, render.height, settings.frame_bytes);
        let one = |grey: u8| Ok::<_, Error>(pad(flat([grey; 3], width, height)?, bytes));
        let clapper = settings.clapper;
        let mut pictures = Pictures {
            width,
            height,
            bytes,
            faces: BTreeMap::new(),
            black: if clapper { one(0)? } else { Vec::new() },
            white: if clapper { one(255)? } else { Vec::new() },
        };
        if !clapper {
            for level in 0..LEVELS {
                pictures.make(0, level)?;
            }
        }
        Ok(pictures)
    }

    /// Width and height as frames carry them.
    pub(crate) fn size(&self) -> (u16, u16) {
        let side = |pixels| u16::try_from(pixels).unwrap_or(u16::MAX);
        (side(self.width), side(self.height))
    }

    /// The picture for a feeling (an index of [`TINTS`]) and an opening, 0 to 1.
    pub(crate) fn face(&mut self, tint: usize, opening: f32) -> Result<Vec<u8>, Error> {
        let level = (opening.clamp(0.0, 1.0) * (LEVELS - 1) as f32).round() as usize;
        if !self.faces.contains_key(&(tint, level)) {
            self.make(tint, level)?;
        }
        let lost = || error(ErrorCode::Internal, "a picture was made and not kept");
        self.faces.get(&(tint, level)).cloned().ok_or_else(lost)
    }

    /// The clapper's picture.
    pub(crate) fn clap(&self, white: bool) -> Vec<u8> {
        if white {
            self.white.clone()
        } else {
            self.black.clone()
        }
    }

    fn make(&mut self, tint: usize, level: usize) -> Result<(), Error> {
        let (_, colour) = TINTS.get(tint).unwrap_or(&TINTS[0]);
        let bright = CLOSED + (1.0 - CLOSED) * level as f32 / (LEVELS - 1) as f32;
        let colour = colour.map(|part| (f32::from(part) * bright) as u8);
        let picture = pad(flat(colour, self.width, self.height)?, self.bytes);
        self.faces.insert((tint, level), picture);
        Ok(())
    }
}
