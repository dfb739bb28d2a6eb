//! The vocabulary the face is drawn in: points, curves, paints and the display list.
//!
//! Everything is measured in *design units*: the face is drawn on a square of 512 units, y down, and the
//! rasteriser scales that square onto whatever frame was asked for. Nothing in here knows about faces.

mod paint;
mod path;
mod scene;

pub use paint::{Paint, Tone, fade, linear, radial, soft, solid};
pub use path::{between, ellipse, mix, polygon, ribbon, spline};
pub use scene::{Clip, Scene, Shape};
pub use vello_cpu::kurbo::{BezPath, Point};

/// The side of the design square, in design units.
pub const DESIGN: f64 = 512.0;

/// A point in design units.
pub const fn pt(x: f64, y: f64) -> Point {
    Point::new(x, y)
}
