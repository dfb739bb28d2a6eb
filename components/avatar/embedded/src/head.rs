//! From the head's own space to the picture.
//!
//! Head space has its origin between the eyes: x to the viewer's right, y down, z towards the viewer. The
//! face surface is a half ellipsoid in it, so that flat features move as if they lay on a round head. The
//! head turns about the top of the neck and is seen through a weak perspective.

use crate::{
    shape::{Point, pt},
    weights::Weights,
};

/// Where the origin of head space lies on the design square when the head is at rest.
const EYE_LINE: Point = pt(256.0, 236.0);
/// The pivot in head space: the top of the neck.
const PIVOT_Y: f64 = 110.0;
const PIVOT_Z: f64 = -30.0;
/// Distance of the viewer, in design units. Smaller exaggerates the turn.
const VIEWER: f64 = 900.0;
/// How far a full breath lifts the head, in design units.
const BOB: f64 = 1.6;

/// The pose of the head in one frame.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    yaw: (f64, f64),
    pitch: (f64, f64),
    roll: (f64, f64),
    lift: f64,
}

impl Head {
    /// The pose that the weights ask for.
    pub fn new(weights: &Weights) -> Head {
        Head {
            yaw: weights.yaw.sin_cos(),
            pitch: weights.pitch.sin_cos(),
            roll: weights.roll.sin_cos(),
            lift: weights.breath * BOB,
        }
    }

    /// Where a point of head space appears.
    pub fn at(&self, x: f64, y: f64, z: f64) -> Point {
        let ((sy, cy), (sp, cp), (sr, cr)) = (self.yaw, self.pitch, self.roll);
        let (y, z) = (y - PIVOT_Y, z - PIVOT_Z);
        let (x, z) = (x * cy + z * sy, z * cy - x * sy);
        let (y, z) = (y * cp - z * sp, y * sp + z * cp);
        let (x, y) = (x * cr - y * sr, x * sr + y * cr);
        let scale = VIEWER / (VIEWER - z);
        pt(
            EYE_LINE.x + x * scale,
            EYE_LINE.y + self.lift + PIVOT_Y + y * scale,
        )
    }

    /// Where a point of the face's surface appears.
    pub fn on(&self, x: f64, y: f64) -> Point {
        self.above(x, y, 0.0)
    }

    /// Like [`Head::on`], raised by `dz` towards the viewer.
    pub fn above(&self, x: f64, y: f64, dz: f64) -> Point {
        self.at(x, y, surface(x, y) + dz)
    }

    /// Where a point of the hair appears: a larger dome about the skull, raised by `dz`.
    pub fn hair(&self, x: f64, y: f64, dz: f64) -> Point {
        let inside = 1.0 - (x / 132.0).powi(2) - ((y + 30.0) / 150.0).powi(2);
        self.at(x, y, inside.max(0.0).sqrt() * 74.0 - 10.0 + dz)
    }
}

/// Depth of the face at a point of its front.
fn surface(x: f64, y: f64) -> f64 {
    let inside = 1.0 - (x / 108.0).powi(2) - ((y + 4.0) / 165.0).powi(2);
    92.0 * inside.max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_rest_the_head_is_symmetric_and_stands_on_the_pivot() {
        let head = Head::new(&Weights::REST);
        let (left, right) = (head.on(-42.0, -5.0), head.on(42.0, -5.0));
        assert!((left.x + right.x - 512.0).abs() < 1e-9 && (left.y - right.y).abs() < 1e-9);
        assert!((head.at(0.0, PIVOT_Y, PIVOT_Z).y - (EYE_LINE.y + PIVOT_Y)).abs() < 1e-9);
    }

    #[test]
    fn the_nose_moves_further_than_the_ears_when_the_head_turns() {
        let (rest, turned) = (
            Head::new(&Weights::REST),
            Head::new(&Weights {
                yaw: 0.2,
                ..Weights::REST
            }),
        );
        let moved = |x, y, z| turned.at(x, y, z).x - rest.at(x, y, z).x;
        assert!(moved(0.0, 40.0, 100.0) > moved(100.0, 10.0, -8.0) + 10.0);
    }
}
