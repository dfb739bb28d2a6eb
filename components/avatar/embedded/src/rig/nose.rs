//! The nose: its shadowed side, its light, wings and nostrils, and the wrinkles of disgust.

use super::{Rig, SIDES};
use crate::shape::{Clip, Point, Scene, Tone, linear, ribbon, solid, spline};

pub(super) fn draw(rig: &Rig, scene: &mut Scene) {
    let (w, skin) = (&rig.w, &rig.look.skin);
    let at = |x: f64, y: f64, dz: f64| rig.head.above(x, y, dz);
    // Sneering lifts the wings and shortens the nose; smiling and sneering widen it.
    let lift = w.sneer * 4.5;
    let wide = rig.look.build.nose * (1.0 + w.smile * 0.07 + w.sneer * 0.12);

    let shadow = [
        at(13.0, -18.0, 2.0),
        at(9.5 * wide, 8.0, 10.0),
        at(12.0 * wide, 34.0, 16.0),
    ];
    let across = [
        (0.0, skin.fold, 0.05),
        (0.6, skin.fold, 0.34),
        (1.0, skin.fold, 0.0),
    ];
    scene.fill(
        ribbon(&shadow, &[0.6, 3.6, 1.0]),
        linear(at(4.0, 0.0, 10.0), at(17.0, 4.0, 6.0), &across),
    );
    let bridge = [
        at(-2.0, -22.0, 6.0),
        at(-2.0, 10.0, 16.0),
        at(-2.0, 36.0, 26.0),
    ];
    let light = [(0.0, skin.glow, 0.14), (1.0, skin.glow, 0.34)];
    scene.fill(
        ribbon(&bridge, &[1.5, 3.0, 4.2]),
        linear(at(-2.0, -22.0, 6.0), at(-2.0, 40.0, 26.0), &light),
    );
    scene.spot(
        Clip::Face,
        at(6.0, 54.0, 20.0),
        (22.0 * wide, 11.0),
        0.0,
        skin.fold,
        0.42,
    );
    scene.spot(
        Clip::Face,
        at(0.0, 45.0 - lift * 0.4, 24.0),
        (17.0 * wide, 14.0),
        0.0,
        skin.base,
        0.55,
    );
    scene.spot(
        Clip::Face,
        at(-3.0, 41.0 - lift * 0.4, 28.0),
        (6.5, 5.5),
        0.0,
        skin.glow.mix(Tone::WHITE, 0.5),
        0.5,
    );

    for side in SIDES {
        // The raised side of the lip pulls its wing of the nose along.
        let lift = lift + (w.lip_skew * side).max(0.0) * 2.0;
        let wing = [
            at(15.5 * side * wide, 40.0 - lift, 10.0),
            at(19.0 * side * wide, 48.0 - lift, 8.0),
            at(15.0 * side * wide, 55.5 - lift, 10.0),
        ];
        scene.fill(
            ribbon(&wing, &[0.3, 1.3 + w.sneer * 0.7, 0.5]),
            solid(skin.fold, 0.52 + 0.2 * w.sneer),
        );
        let nostril = [
            at(5.0 * side, 55.5 - lift * 0.5, 18.0),
            at(9.0 * side * wide, 52.6 - lift, 16.0),
            at(13.0 * side * wide, 54.5 - lift, 13.0),
            at(9.5 * side * wide, 57.2 - lift * 0.6, 16.0),
        ];
        scene.fill(spline(&nostril, true), solid(skin.dark, 0.78));
    }
    let base = [
        at(-4.5, 58.2 - lift * 0.4, 18.0),
        at(0.0, 59.8 - lift * 0.4, 20.0),
        at(4.5, 58.2 - lift * 0.4, 18.0),
    ];
    scene.fill(ribbon(&base, &[0.2, 0.9, 0.2]), solid(skin.fold, 0.5));
    scene.spot(
        Clip::Face,
        at(0.0, 68.0, 6.0),
        (5.5, 10.0),
        0.0,
        skin.fold,
        0.17,
    );
    wrinkles(rig, scene);
}

/// Disgust: short folds that run from the inner corner of the eye over the bridge.
fn wrinkles(rig: &Rig, scene: &mut Scene) {
    let depth = (rig.w.sneer - 0.2).max(0.0);
    if depth == 0.0 {
        return;
    }
    let at = |x: f64, y: f64, dz: f64| rig.head.above(x, y, dz);
    for side in SIDES {
        for (top, opacity) in [(-14.0, 0.62), (-6.0, 0.66), (2.0, 0.5)] {
            let fold: [Point; 3] = [
                at(4.0 * side, top + 3.0, 14.0),
                at(10.0 * side, top, 9.0),
                at(17.0 * side, top + 5.0, 3.0),
            ];
            scene.fill(
                ribbon(&fold, &[0.2, 1.5, 0.2]),
                solid(rig.look.skin.fold, opacity * depth),
            );
        }
        let beside: [Point; 3] = [
            at(17.0 * side, 8.0, 3.0),
            at(22.0 * side, 20.0, 2.0),
            at(24.0 * side, 34.0, 0.0),
        ];
        scene.fill(
            ribbon(&beside, &[0.2, 1.6, 0.2]),
            solid(rig.look.skin.fold, 0.45 * depth),
        );
    }
    let across: [Point; 3] = [
        at(-6.0, -20.0, 12.0),
        at(0.0, -17.5, 14.0),
        at(6.0, -20.0, 12.0),
    ];
    scene.fill(
        ribbon(&across, &[0.2, 1.6, 0.2]),
        solid(rig.look.skin.fold, 0.6 * depth),
    );
}
