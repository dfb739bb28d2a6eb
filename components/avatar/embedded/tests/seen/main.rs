//! What a viewer sees of the face, and can measure.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Helpers of tests fail like tests.

mod face;
mod feelings;

use avatar_embedded::{look::Look, raster::Raster, rig, shape::Scene, weights::Weights};

fn picture(weights: &Weights, look: &Look, width: u16, height: u16) -> Vec<u8> {
    let (mut raster, mut scene) = (Raster::new(width, height), Scene::default());
    rig::draw(weights, look, raster.view(), &mut scene);
    raster.render(&scene).to_vec()
}

/// Whether a viewer can tell two pixels apart, in any channel.
fn visibly(a: &[u8], b: &[u8]) -> bool {
    a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > 16)
}
