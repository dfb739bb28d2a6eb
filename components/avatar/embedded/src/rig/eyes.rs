//! The eyes: sockets, lids, iris, catch-lights, lashes.
#![allow(clippy::indexing_slicing)] // Numeric kernel: the lid curves have a fixed number of points.

use super::{Rig, SIDES};
use crate::shape::{
    BezPath, Clip, Point, Scene, Tone, between, ellipse, fade, linear, polygon, pt, radial, ribbon,
    solid, spline,
};
use std::f64::consts::{PI, TAU};

/// Pieces of a lid curve from the inner to the outer corner.
const PIECES: usize = 12;
/// Half the width of an eye opening.
const HALF: f64 = 27.5;
/// The eye's middle lies this far from the middle of the face.
const SPACING: f64 = 42.5;
const IRIS: f64 = 15.2;
/// Lashes and the line they make, nearly black for every look.
const LASH: Tone = Tone(0x1D110F);

/// The two edges of one eye opening, from the inner to the outer corner.
struct Lids {
    side: f64,
    upper: Vec<Point>,
    lower: Vec<Point>,
    /// How far this eye is closed, 0 to 1.
    shut: f64,
}

pub(super) fn draw(rig: &Rig, scene: &mut Scene) {
    let (head, skin, w) = (&rig.head, &rig.look.skin, &rig.w);
    for side in SIDES {
        scene.spot(
            Clip::None,
            head.on(42.0 * side, -12.0),
            (36.0, 22.0),
            -0.06 * side,
            skin.fold,
            0.28,
        );
        scene.spot(
            Clip::None,
            head.on(24.0 * side, -6.0),
            (12.0, 20.0),
            0.0,
            skin.fold,
            0.22,
        );
        scene.spot(
            Clip::None,
            head.on(42.0 * side, 20.0),
            (26.0, 8.0),
            0.08 * side,
            skin.fold,
            0.20 + w.squint * 0.15,
        );
    }
    let eyes = SIDES.map(|side| lids(rig, side));
    let mut openings = BezPath::new();
    for eye in &eyes {
        openings.extend(between(&eye.upper, &eye.lower).iter());
    }
    scene.set_outline(Clip::Eyes, openings.clone());
    let white = [
        (0.0, Tone(0xC9C4C8), 1.0),
        (0.35, Tone(0xF4F2F2), 1.0),
        (1.0, Tone(0xFBFAF8), 1.0),
    ];
    scene.fill(
        openings,
        linear(head.at(0.0, -14.0, 80.0), head.at(0.0, 14.0, 80.0), &white),
    );
    for eye in eyes.iter().filter(|eye| eye.shut < 0.93) {
        ball(rig, scene, eye);
    }
    for eye in &eyes {
        lashes(rig, scene, eye);
        skin_around(rig, scene, eye);
    }
}

fn lids(rig: &Rig, side: f64) -> Lids {
    let (w, build) = (&rig.w, &rig.look.build);
    let blink = if side < 0.0 {
        w.blink_right
    } else {
        w.blink_left
    };
    let shut = 1.0 - (1.0 - blink) * (1.0 - w.droop * 0.45);
    let squint = (w.squint * 0.9 + w.smile * 0.26 + w.cheek * 0.28).min(1.0);
    let up = (15.6 * build.eyes + w.wide * 6.0 - squint * 3.2 - w.look_y.max(0.0) * 3.0)
        * (1.0 - shut)
        - 3.2 * blink;
    let down =
        (10.0 * build.eyes + w.wide * 1.8 - squint * 5.2) * (1.0 - blink * 0.62) - blink * 0.2;
    let mut eye = Lids {
        side,
        upper: Vec::with_capacity(PIECES + 1),
        lower: Vec::with_capacity(PIECES + 1),
        shut,
    };
    for i in 0..=PIECES {
        // -1 at the inner corner, 1 at the outer one.
        let t = 2.0 * i as f64 / PIECES as f64 - 1.0;
        let arch = (1.0 - t.abs().powf(2.3)).max(0.0).powf(0.82);
        let base = 1.2 - 3.0 * t * build.tilt + blink * 3.0 * (1.0 - t * t);
        // Grief lets the outer half of the lid hang, anger pulls the inner half down.
        let hang = w.brow_inner * w.frown * 3.5 * (t + 0.2).max(0.0);
        let pulled = w.brow_down * 2.2 * (1.0 - t) * 0.5;
        let x = (SPACING + t * HALF) * side;
        eye.upper.push(
            rig.head
                .on(x, base - arch * up * (1.0 - 0.10 * t) + hang + pulled),
        );
        eye.lower.push(
            rig.head
                .on(x, base + arch * down * (1.0 + 0.08 * t) + hang * 0.6),
        );
    }
    eye
}

/// The eyeball: iris, its spokes, pupil, lights, and the shadow of the lid.
fn ball(rig: &Rig, scene: &mut Scene, eye: &Lids) {
    let (w, side) = (&rig.w, eye.side);
    let [rim, middle, light] = rig.look.iris;
    let centre = rig
        .head
        .above(42.0 * side + w.look_x * 9.0, -2.0 + w.look_y * 6.5, -1.0);
    let beside = |dx: f64, dy: f64| pt(centre.x + dx, centre.y + dy);
    scene.spot(
        Clip::Eyes,
        rig.head.on(20.0 * side, 2.0),
        (7.0, 6.0),
        0.0,
        Tone(0xE58A7C),
        0.55,
    );
    let disc = [
        (0.0, middle, 1.0),
        (0.55, middle, 1.0),
        (0.86, rim, 1.0),
        (1.0, rim.mix(Tone(0), 0.5), 1.0),
    ];
    scene.fill_in(
        Clip::Eyes,
        ellipse(centre, IRIS, IRIS, 0.0),
        radial(centre, (IRIS, IRIS), 0.0, &disc),
    );
    let glow = beside(0.0, 5.0);
    scene.fill_in(
        Clip::Eyes,
        ellipse(glow, 9.5, 6.6, 0.0),
        radial(
            glow,
            (9.5, 6.6),
            0.0,
            &[(0.0, light, 0.95), (1.0, light, 0.0)],
        ),
    );
    let mut spokes = BezPath::new();
    for i in 0..14 {
        let (sin, cos) = (f64::from(i) / 14.0 * TAU).sin_cos();
        spokes.move_to(beside(cos * 6.6, sin * 6.6));
        spokes.line_to(beside(cos * 12.4, sin * 12.4));
    }
    scene.line_in(Clip::Eyes, spokes, solid(light, 0.22), 0.9);
    let pupil = 6.2 + w.wide * 0.8 + w.blush * 0.4;
    scene.fill_in(
        Clip::Eyes,
        ellipse(centre, pupil, pupil, 0.0),
        solid(Tone(0x07090A), 1.0),
    );
    scene.fill_in(
        Clip::Eyes,
        ellipse(beside(-5.2, -5.6), 4.1, 4.5, 0.0),
        solid(Tone::WHITE, 0.96),
    );
    scene.fill_in(
        Clip::Eyes,
        ellipse(beside(4.6, 5.0), 1.7, 1.6, 0.0),
        solid(Tone::WHITE, 0.65),
    );
    let lower = eye.upper.iter().rev().map(|p| pt(p.x, p.y + 7.0));
    let shadow: Vec<Point> = eye.upper.iter().copied().chain(lower).collect();
    let from = eye.upper[PIECES / 2];
    scene.fill_in(
        Clip::Eyes,
        polygon(&shadow),
        fade(from, pt(from.x, from.y + 7.5), LASH, (0.5, 0.0)),
    );
}

/// The upper lid's lashes: a ribbon that thickens outwards, a wing, single lashes.
fn lashes(rig: &Rig, scene: &mut Scene, eye: &Lids) {
    let (side, shut, long) = (eye.side, eye.shut, rig.look.build.lashes);
    let tip = eye.upper[PIECES];
    let mut line: Vec<Point> = eye.upper.iter().step_by(2).copied().collect();
    let wing = 2.0 + 3.5 * long;
    line.push(pt(
        tip.x + wing * side,
        tip.y - (4.2 - shut * 7.0) * wing / 5.5,
    ));
    let last = (line.len() - 1) as f64;
    let weight = 0.55 + 0.45 * long;
    let half: Vec<f64> = (0..line.len())
        .map(|i| {
            let t = i as f64 / last;
            let end = ((t - 0.86).max(0.0) / 0.14).powi(2) * 0.92;
            (0.5 + 2.3 * (t * 1.12).min(1.0).powf(0.8) * (1.0 - end)) * weight
        })
        .collect();
    scene.fill(ribbon(&line, &half), solid(LASH, 0.97));
    if long > 0.6 {
        for j in 0..4 {
            let root = eye.upper[PIECES - 1 - j * 2];
            let reach = |k: f64| (k - j as f64 * 0.9, k - j as f64 * 0.4);
            let (dx, dy) = (
                reach(5.0).0 * side * long,
                -reach(5.0).1 * (1.0 - shut * 1.9) * long,
            );
            let lash = [
                root,
                pt(root.x + dx * 0.5, root.y + dy * 0.7),
                pt(root.x + dx, root.y + dy),
            ];
            scene.fill(ribbon(&lash, &[1.1, 0.8, 0.15]), solid(LASH, 0.9));
        }
    }
}

/// The crease above the eye and the edge of the lower lid.
fn skin_around(rig: &Rig, scene: &mut Scene, eye: &Lids) {
    let (w, skin, build) = (&rig.w, &rig.look.skin, &rig.look.build);
    let gap = 6.0 - w.wide - w.squint * 2.5 + eye.shut * 5.0;
    let crease: Vec<Point> = eye
        .upper
        .iter()
        .skip(1)
        .step_by(2)
        .map(|p| pt(p.x, p.y - gap))
        .collect();
    let last = (crease.len() - 1) as f64;
    let half: Vec<f64> = (0..crease.len())
        .map(|i| 0.25 + 1.1 * (i as f64 / last * PI).sin())
        .collect();
    scene.fill(
        ribbon(&crease, &half),
        solid(skin.line, 0.60 * build.crease),
    );
    scene.line_in(
        Clip::None,
        spline(&eye.lower[2..PIECES], false),
        solid(skin.line, 0.5),
        1.1,
    );
    let wet: Vec<Point> = eye.lower[3..PIECES - 1]
        .iter()
        .map(|p| pt(p.x, p.y + 1.4))
        .collect();
    scene.line_in(Clip::None, spline(&wet, false), solid(skin.glow, 0.42), 1.0);
}
