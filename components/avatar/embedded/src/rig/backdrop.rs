//! The wall behind the person: one soft light, wide enough for any frame.

use super::Rig;
use crate::shape::{Scene, polygon, pt, radial};

/// Where the light falls on the wall, in design units.
const LIGHT: (f64, f64) = (190.0, 150.0);
/// How far the light reaches on a square frame.
const REACH: f64 = 430.0;

pub(super) fn draw(rig: &Rig, scene: &mut Scene) {
    let (from, to) = (rig.view.from, rig.view.to);
    let wall = polygon(&[from, pt(to.x, from.y), to, pt(from.x, to.y)]);
    let [near, middle, far] = rig.look.backdrop;
    let wider = ((to.x - from.x) / 512.0).max(1.0);
    let higher = ((to.y - from.y) / 512.0).max(1.0);
    let stops = [(0.0, near, 1.0), (0.55, middle, 1.0), (1.0, far, 1.0)];
    scene.fill(
        wall,
        radial(
            pt(LIGHT.0, LIGHT.1),
            (REACH * wider, REACH * higher),
            0.0,
            &stops,
        ),
    );
}
