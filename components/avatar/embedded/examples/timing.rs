//! Times each stage of a frame while the face speaks: medians, in milliseconds.
//!
//! `cargo run --release -p avatar-embedded --example timing`

use avatar_embedded::{
    animator::Animator, encode::Encoder, look::LOOKS, raster::Raster, rig, shape::Scene,
};
use std::{error::Error, time::Instant};
use tth_sdk::{VideoCodec, Viseme, VisemeMark};

const FRAMES: usize = 100;
const SOUNDS: [Viseme; 6] = [
    Viseme::Aa,
    Viseme::Pp,
    Viseme::E,
    Viseme::Ss,
    Viseme::Oh,
    Viseme::Ff,
];

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "{:>6} {:>5} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "look", "size", "move", "draw", "raster", "jpeg", "h264"
    );
    for (look, side) in LOOKS
        .iter()
        .map(|look| (look, 384))
        .chain([(&LOOKS[0], 256), (&LOOKS[0], 512)])
    {
        let mut face = Animator::new(25, 1, look);
        for (i, shape) in (0..).zip(SOUNDS.iter().cycle().take(50)) {
            face.viseme(VisemeMark {
                at: 80_000 * i,
                duration_us: 80_000,
                shape: *shape,
                weight: 1.0,
            });
        }
        let (mut raster, mut scene) = (Raster::new(side, side), Scene::default());
        let mut jpeg = Encoder::new(VideoCodec::Jpeg, side, side, 25, 85)?;
        let mut h264 = Encoder::new(VideoCodec::H264Annexb, side, side, 25, 85)?;
        let mut laps = [const { Vec::new() }; 5];
        for _ in 0..FRAMES {
            let mut last = Instant::now();
            let mut lap = || {
                std::mem::replace(&mut last, Instant::now())
                    .elapsed()
                    .as_secs_f64()
                    * 1e3
            };
            let frame = face.frame();
            let moved = lap();
            scene.clear();
            rig::draw(&frame.weights, frame.look, raster.view(), &mut scene);
            let drawn = lap();
            let pixels = raster.render(&scene);
            let painted = lap();
            jpeg.encode(pixels)?;
            let filed = lap();
            h264.encode(pixels)?;
            for (all, ms) in laps.iter_mut().zip([moved, drawn, painted, filed, lap()]) {
                all.push(ms);
            }
        }
        let [moved, drawn, painted, filed, coded] = laps.map(median);
        println!(
            "{:>6} {side:>5} {moved:>8.3} {drawn:>8.3} {painted:>8.3} {filed:>8.3} {coded:>8.3}",
            look.id
        );
    }
    Ok(())
}

fn median(mut laps: Vec<f64>) -> f64 {
    laps.sort_by(f64::total_cmp);
    laps.get(laps.len() / 2).copied().unwrap_or_default()
}
