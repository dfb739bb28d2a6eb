//! Inside the mouth. Upper teeth belong to the skull, lower teeth and tongue to the jaw; all of it is
//! confined to the opening between the lips, so that what shows follows from how the lips move.

use super::{
    Rig,
    mouth::{Lips, SEAM},
};
use crate::shape::{
    BezPath, Clip, Point, Scene, Tone, between, ellipse, fade, linear, pt, radial, solid,
};

/// How far the upper front teeth reach below the place where the lips meet.
const BITE: f64 = 2.6;
/// Steps of the arches from one side to the other.
const STEPS: i32 = 14;

pub(super) fn draw(rig: &Rig, scene: &mut Scene, lips: &Lips) {
    let head = &rig.head;
    let outline = scene.outline(Clip::Mouth).cloned().unwrap_or_default();
    let floor = SEAM + rig.drop * 1.02 + 6.0;
    let depth = [
        (0.0, Tone(0x24090C), 1.0),
        (0.6, Tone(0x4E1519), 1.0),
        (1.0, Tone(0x742829), 1.0),
    ];
    scene.fill(
        outline,
        linear(head.on(0.0, SEAM - 6.0), head.on(0.0, floor), &depth),
    );
    lower_teeth(rig, scene, lips);
    tongue(rig, scene, lips);
    upper_teeth(rig, scene, lips);
    shade(rig, scene, lips);
}

/// A row of teeth between two edges given as functions of the position across (-1 to 1).
fn row(
    rig: &Rig,
    width: f64,
    top: impl Fn(f64) -> f64,
    bottom: impl Fn(f64) -> f64,
) -> (Vec<Point>, Vec<Point>) {
    (0..=STEPS)
        .map(|i| {
            let t = 2.0 * f64::from(i) / f64::from(STEPS) - 1.0;
            (
                rig.head.above(t * width, top(t), 4.0),
                rig.head.above(t * width, bottom(t), 4.0),
            )
        })
        .unzip()
}

fn upper_teeth(rig: &Rig, scene: &mut Scene, lips: &Lips) {
    let w = &rig.w;
    let seen = (lips.gap / 4.0).min(1.0) * (1.0 - lips.round * 0.6).clamp(0.0, 1.0);
    if seen < 0.05 {
        return;
    }
    let width = (lips.half * 0.97).max(10.0);
    let bend = |t: f64| lips.corner * 0.82 * t.abs().powf(1.8);
    let edge = SEAM + BITE + rig.drop * 0.05 + w.smile * 1.6 - w.upper_up * 0.4;
    // The biting edge: the two front teeth longest, small notches between the teeth.
    let bottom = |t: f64| {
        let notch =
            (t.abs() * 4.5 * std::f64::consts::PI).cos().abs().powf(6.0) * 0.5 * (1.0 - t.abs());
        edge + bend(t) - 2.2 * t * t - 5.0 * t.abs().powf(6.0) - notch
    };
    let (top, bite) = row(rig, width, |t| SEAM - 22.0 + bend(t), bottom);
    let (from, to) = (rig.head.on(0.0, SEAM - 7.0), rig.head.on(0.0, edge));
    let enamel = [
        (0.0, Tone(0xCBC2BC), seen),
        (0.45, Tone(0xF4F0EA), seen),
        (1.0, Tone(0xFFFDF8), seen),
    ];
    scene.fill_in(Clip::Mouth, between(&top, &bite), linear(from, to, &enamel));
    let mut gaps = BezPath::new();
    for t in [-0.66, -0.45, -0.22, 0.0, 0.22, 0.45, 0.66] {
        gaps.move_to(rig.head.above(t * width, SEAM - 14.0 + bend(t), 4.0));
        gaps.line_to(rig.head.above(t * width, bottom(t) - 0.4, 4.0));
    }
    scene.line_in(Clip::Mouth, gaps, solid(Tone(0x9A8F88), 0.30 * seen), 0.8);
}

fn lower_teeth(rig: &Rig, scene: &mut Scene, lips: &Lips) {
    let w = &rig.w;
    let seen = (0.35 + w.lower_down * 0.7 + w.lower_teeth).min(1.0)
        * ((lips.gap - 2.5) / 4.0).clamp(0.0, 1.0);
    if seen < 0.05 {
        return;
    }
    let edge = SEAM + rig.drop * 1.18 + 3.4 - w.lower_teeth * 2.4;
    let width = (lips.half * 0.74).max(8.0);
    let (top, bottom) = row(
        rig,
        width,
        |t| edge + 2.6 * t * t + 3.0 * t.abs().powf(5.0),
        |_| edge + 16.0,
    );
    let enamel = [(0.0, Tone(0xEFE9E2), seen), (1.0, Tone(0xB9ADA5), seen)];
    scene.fill_in(
        Clip::Mouth,
        between(&top, &bottom),
        linear(
            rig.head.on(0.0, edge),
            rig.head.on(0.0, edge + 8.0),
            &enamel,
        ),
    );
    let mut gaps = BezPath::new();
    for t in [-0.45, -0.15, 0.15, 0.45] {
        gaps.move_to(rig.head.above(t * width, edge + 0.8, 4.0));
        gaps.line_to(rig.head.above(t * width, edge + 9.0, 4.0));
    }
    scene.line_in(Clip::Mouth, gaps, solid(Tone(0x8F847C), 0.35 * seen), 0.7);
}

fn tongue(rig: &Rig, scene: &mut Scene, lips: &Lips) {
    let w = &rig.w;
    if lips.gap < 4.0 || w.jaw * 0.8 + w.tongue * 0.7 < 0.1 {
        return;
    }
    let (rx, ry) = (lips.half * 0.64, 8.0 + w.jaw * 5.0);
    let y = SEAM + rig.drop * 0.98 + 10.0 - w.tongue * (rig.drop * 0.5 + 7.0);
    let centre = rig.head.above(0.0, y, 2.0);
    let tones = [
        (0.0, Tone(0xDC7E80), 1.0),
        (0.7, Tone(0xC2605F), 1.0),
        (1.0, Tone(0x97403F), 1.0),
    ];
    scene.fill_in(
        Clip::Mouth,
        ellipse(centre, rx, ry, 0.0),
        radial(
            pt(centre.x, centre.y - ry * 0.2),
            (rx, ry * 1.2),
            0.0,
            &tones,
        ),
    );
    scene.spot(
        Clip::Mouth,
        pt(centre.x, centre.y - ry * 0.15),
        (2.2, ry * 0.8),
        0.0,
        Tone(0x8E383D),
        0.55,
    );
    scene.spot(
        Clip::Mouth,
        pt(centre.x - rx * 0.35, centre.y - ry * 0.5),
        (rx * 0.3, ry * 0.25),
        0.0,
        Tone(0xFFD0C8),
        0.35,
    );
}

/// The lip's shadow on the teeth, and the dark corners of the mouth.
fn shade(rig: &Rig, scene: &mut Scene, lips: &Lips) {
    let dark = Tone(0x1A0506);
    let lowered: Vec<Point> = lips.upper_in.iter().map(|p| pt(p.x, p.y + 3.6)).collect();
    if let Some(from) = lips.upper_in.get(lips.upper_in.len() / 2) {
        scene.fill_in(
            Clip::Mouth,
            between(&lips.upper_in, &lowered),
            fade(*from, pt(from.x, from.y + 3.6), dark, (0.32, 0.0)),
        );
    }
    for side in super::SIDES {
        let corner = rig.head.above(
            lips.half * 0.98 * side,
            SEAM + lips.corner + rig.drop * 0.16,
            4.0,
        );
        scene.spot(
            Clip::Mouth,
            corner,
            (lips.half * 0.34, 14.0),
            0.0,
            dark,
            0.75,
        );
    }
}
