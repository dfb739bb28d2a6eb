//! The display list: shapes in painting order, and the few outlines they may be clipped to.

use super::{BezPath, Paint, Point, Tone, ellipse, soft};

/// An outline that shapes can be confined to. Each frame defines its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clip {
    /// Not clipped.
    None,
    /// The skin of the face.
    Face,
    /// Both eye openings.
    Eyes,
    /// Between the lips.
    Mouth,
    /// The front hair.
    Hair,
    /// The clothes.
    Body,
    /// The bare neck.
    Neck,
}

/// How many outlines besides [`Clip::None`] exist.
const OUTLINES: usize = 6;

/// One thing to paint.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Its outline, or the line to stroke.
    pub path: BezPath,
    /// What it is painted with.
    pub paint: Paint,
    /// The width of the line, or none for a filled outline.
    pub stroke: Option<f64>,
    /// What it is confined to.
    pub clip: Clip,
}

/// Everything in one picture, in painting order.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    shapes: Vec<Shape>,
    outlines: [BezPath; OUTLINES],
}

impl Scene {
    /// Forgets all shapes and outlines but keeps the memory.
    pub fn clear(&mut self) {
        self.shapes.clear();
        for outline in &mut self.outlines {
            outline.truncate(0);
        }
    }

    /// The shapes in painting order.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// The outline of `clip`; none for [`Clip::None`].
    pub fn outline(&self, clip: Clip) -> Option<&BezPath> {
        self.outlines.get(slot(clip)?)
    }

    /// Sets the outline that shapes with this clip are confined to.
    pub fn set_outline(&mut self, clip: Clip, path: BezPath) {
        if let Some(place) = slot(clip).and_then(|i| self.outlines.get_mut(i)) {
            *place = path;
        }
    }

    /// Fills an outline.
    pub fn fill(&mut self, path: BezPath, paint: Paint) {
        self.fill_in(Clip::None, path, paint);
    }

    /// Fills an outline within a clip.
    pub fn fill_in(&mut self, clip: Clip, path: BezPath, paint: Paint) {
        self.shapes.push(Shape {
            path,
            paint,
            stroke: None,
            clip,
        });
    }

    /// Strokes a line of `width` units with round ends, within a clip.
    pub fn line_in(&mut self, clip: Clip, path: BezPath, paint: Paint, width: f64) {
        self.shapes.push(Shape {
            path,
            paint,
            stroke: Some(width),
            clip,
        });
    }

    /// A blurred elliptic spot within a clip; invisible ones are left out.
    pub fn spot(
        &mut self,
        clip: Clip,
        centre: Point,
        radii: (f64, f64),
        turn: f64,
        tone: Tone,
        opacity: f64,
    ) {
        if opacity > 0.004 {
            self.fill_in(
                clip,
                ellipse(centre, radii.0, radii.1, turn),
                soft(centre, radii, turn, tone, opacity),
            );
        }
    }
}

fn slot(clip: Clip) -> Option<usize> {
    match clip {
        Clip::None => None,
        Clip::Face => Some(0),
        Clip::Eyes => Some(1),
        Clip::Mouth => Some(2),
        Clip::Hair => Some(3),
        Clip::Body => Some(4),
        Clip::Neck => Some(5),
    }
}
