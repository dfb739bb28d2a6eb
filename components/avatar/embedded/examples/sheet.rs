//! Draws a contact sheet for the eye: every look, every emotion, every viseme.
//!
//! `cargo run -p avatar-embedded --example sheet -- OUT.png [looks|emotions|visemes|frame] [SIZE] [LOOK]`

use avatar_embedded::{
    emotion::Emotion,
    look::{LOOKS, Look},
    mouth::Mouth,
    raster::Raster,
    rig,
    shape::Scene,
    weights::Weights,
};
use std::{error::Error, fs::File};
use tth_sdk::{Viseme, VisemeMark};

const VISEMES: [Viseme; 15] = [
    Viseme::Sil,
    Viseme::Pp,
    Viseme::Ff,
    Viseme::Th,
    Viseme::Dd,
    Viseme::Kk,
    Viseme::Ch,
    Viseme::Ss,
    Viseme::Nn,
    Viseme::Rr,
    Viseme::Aa,
    Viseme::E,
    Viseme::Ih,
    Viseme::Oh,
    Viseme::Ou,
];

/// A viseme in the middle of its sound, on the neutral face.
fn speaking(shape: Viseme) -> Weights {
    let mut mouth = Mouth::default();
    mouth.push(VisemeMark {
        at: 100_000,
        duration_us: 120_000,
        shape,
        weight: 1.0,
    });
    mouth
        .pose(140_000)
        .weights
        .plus(&Emotion::Neutral.weights())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("the first argument is the file to write")?;
    let what = arguments.next().unwrap_or_else(|| "looks".into());
    let size: u16 = arguments.next().map_or(Ok(320), |size| size.parse())?;
    let look = arguments
        .next()
        .and_then(|id| Look::named(&id))
        .unwrap_or(Look::standard());

    let turned = |emotion: Emotion, yaw: f64| Weights {
        yaw,
        ..emotion.weights()
    };
    let (columns, cells): (usize, Vec<(&Look, Weights)>) = match what.as_str() {
        "emotions" => (
            5,
            Emotion::ALL
                .iter()
                .map(|emotion| (look, emotion.weights()))
                .collect(),
        ),
        "visemes" => (
            5,
            VISEMES
                .iter()
                .map(|shape| (look, speaking(*shape)))
                .collect(),
        ),
        "frame" => (
            2,
            vec![
                (look, Emotion::Neutral.weights()),
                (look, Emotion::Joy.weights()),
            ],
        ),
        _ => {
            let poses = [
                turned(Emotion::Neutral, 0.0),
                turned(Emotion::Joy, 0.12),
                Weights {
                    yaw: -0.18,
                    ..speaking(Viseme::Aa)
                },
                Weights {
                    blink_left: 1.0,
                    blink_right: 1.0,
                    ..turned(Emotion::Tender, 0.18)
                },
            ];
            (
                poses.len(),
                LOOKS
                    .iter()
                    .flat_map(|look| poses.map(|pose| (look, pose)))
                    .collect(),
            )
        }
    };

    let side = usize::from(size);
    let rows = cells.len().div_ceil(columns);
    let mut sheet = vec![255u8; columns * rows * side * side * 4];
    let (mut raster, mut scene) = (Raster::new(size, size), Scene::default());
    for (i, (look, weights)) in cells.iter().enumerate() {
        scene.clear();
        rig::draw(weights, look, raster.view(), &mut scene);
        let corner = (i / columns * side * columns + i % columns) * side;
        for (y, line) in raster.render(&scene).chunks_exact(side * 4).enumerate() {
            let from = (corner + y * columns * side) * 4;
            if let Some(place) = sheet.get_mut(from..from + side * 4) {
                place.copy_from_slice(line);
            }
        }
    }
    let mut encoder = png::Encoder::new(
        File::create(path)?,
        (columns * side) as u32,
        (rows * side) as u32,
    );
    encoder.set_color(png::ColorType::Rgba);
    encoder.write_header()?.write_image_data(&sheet)?;
    Ok(())
}
