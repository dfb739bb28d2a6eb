//! Draws a person: weights and a look in, a display list out.
//!
//! One file per part of the picture, each with a `draw` that appends its shapes; this file only knows the
//! order in which they cover each other. All of it works in design units and is a pure function.

mod backdrop;
mod body;
mod brows;
mod ears;
mod eyes;
mod garment;
mod hair;
mod mouth;
mod nose;
mod skin;
mod teeth;

use crate::{
    head::Head,
    look::Look,
    shape::{Point, Scene, pt},
    weights::{JAW_DROP, Weights},
};

/// The person's right (the viewer's left), then the left: the sign of x on either side of the face.
const SIDES: [f64; 2] = [-1.0, 1.0];

/// The part of the design plane that the frame shows; a square frame shows 0 to 512 both ways.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// The upper left corner, in design units.
    pub from: Point,
    /// The lower right corner, in design units.
    pub to: Point,
}

/// What every part needs to know.
struct Rig<'a> {
    w: Weights,
    look: &'a Look,
    head: Head,
    view: View,
    /// How far the chin has fallen, in design units.
    drop: f64,
    /// How far breath and shrugging lift the shoulders, in design units.
    lift: f64,
}

impl Rig<'_> {
    /// A point of the body, which rises with breath but does not turn.
    fn body(&self, x: f64, y: f64) -> Point {
        pt(
            256.0 + (x - 256.0) * self.look.build.shoulders,
            y - self.lift,
        )
    }
}

/// Appends a whole picture to `scene`, which must be empty.
pub fn draw(weights: &Weights, look: &Look, view: View, scene: &mut Scene) {
    let w = weights.limited();
    let rig = Rig {
        w,
        look,
        head: Head::new(&w),
        view,
        drop: w.jaw * JAW_DROP,
        lift: w.breath * 2.2 + w.shrug * 9.0,
    };
    backdrop::draw(&rig, scene);
    hair::back(&rig, scene);
    body::draw(&rig, scene);
    garment::draw(&rig, scene);
    hair::falling(&rig, scene);
    ears::draw(&rig, scene);
    skin::draw(&rig, scene);
    eyes::draw(&rig, scene);
    brows::draw(&rig, scene);
    nose::draw(&rig, scene);
    hair::beard(&rig, scene);
    mouth::draw(&rig, scene);
    hair::front(&rig, scene);
}
