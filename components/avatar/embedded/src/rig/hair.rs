//! The hair, by cut. Every cut paints behind the head, in front of the shoulders, and in front of the face.

mod beard;
mod bob;
mod curls;
mod long;
mod parted;
mod short;

use super::Rig;
use crate::{
    look::Cut,
    shape::{Clip, Paint, Point, Scene, linear, ribbon},
};

pub(super) use beard::draw as beard;

/// What lies behind head and neck.
pub(super) fn back(rig: &Rig, scene: &mut Scene) {
    match rig.look.hair.cut {
        Cut::Long => long::back(rig, scene),
        Cut::Bob => bob::back(rig, scene),
        Cut::Curls => curls::back(rig, scene),
        Cut::Short | Cut::Parted => short::back(rig, scene),
    }
}

/// What falls over the shoulders but behind the face.
pub(super) fn falling(rig: &Rig, scene: &mut Scene) {
    match rig.look.hair.cut {
        Cut::Long => long::falling(rig, scene),
        Cut::Bob | Cut::Curls | Cut::Short | Cut::Parted => {}
    }
}

/// What frames the face.
pub(super) fn front(rig: &Rig, scene: &mut Scene) {
    match rig.look.hair.cut {
        Cut::Long => long::front(rig, scene),
        Cut::Bob => bob::front(rig, scene),
        Cut::Curls => curls::front(rig, scene),
        Cut::Short => short::swept(rig, scene),
        Cut::Parted => parted::front(rig, scene),
    }
}

/// A lighter lock: four points, half its width, and how strongly it shows.
type Lock = ([(f64, f64); 4], f64, f64);

/// Locks catch the light in their first half and fade at both ends.
fn locks(rig: &Rig, scene: &mut Scene, locks: &[Lock], place: impl Fn(f64, f64) -> Point) {
    let hair = &rig.look.hair;
    for (points, half, strength) in locks {
        let line = points.map(|(x, y)| place(x, y));
        let [first, .., last] = line;
        let stops = [
            (0.0, hair.strand, 0.0),
            (0.38, hair.strand, *strength),
            (0.7, hair.light, strength * 0.6),
            (1.0, hair.light, 0.0),
        ];
        scene.fill_in(
            Clip::Hair,
            ribbon(&line, &[0.2, *half, half * 0.9, 0.2]),
            linear(first, last, &stops),
        );
    }
}

/// A band of gloss along a curve.
fn gloss(rig: &Rig, scene: &mut Scene, line: &[Point], half: f64) {
    let (Some(first), Some(last)) = (line.first(), line.last()) else {
        return;
    };
    let widths: Vec<f64> = (0..line.len())
        .map(|i| {
            if i == 0 || i + 1 == line.len() {
                0.5
            } else {
                half
            }
        })
        .collect();
    let (tone, strength) = rig.look.hair.gloss;
    let stops = [(0.0, tone, 0.0), (0.5, tone, strength), (1.0, tone, 0.0)];
    scene.fill_in(
        Clip::Hair,
        ribbon(line, &widths),
        linear(*first, *last, &stops),
    );
}

/// The hair's gradient from a lit end to a shadowed one.
fn sheen(rig: &Rig, from: Point, to: Point) -> Paint {
    let hair = &rig.look.hair;
    linear(
        from,
        to,
        &[
            (0.0, hair.light, 1.0),
            (0.4, hair.base, 1.0),
            (0.75, hair.dark, 1.0),
            (1.0, hair.base, 1.0),
        ],
    )
}

/// The shadowed gradient of hair that lies behind.
fn shadowed(rig: &Rig, from: Point, to: Point) -> Paint {
    let hair = &rig.look.hair;
    linear(
        from,
        to,
        &[
            (0.0, hair.base, 1.0),
            (0.5, hair.dark, 1.0),
            (1.0, hair.base, 1.0),
        ],
    )
}
