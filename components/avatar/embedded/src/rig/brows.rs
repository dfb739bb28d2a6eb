//! The brows, and the lines that they press into the forehead.

use super::{Rig, SIDES};
use crate::shape::{Scene, linear, mix, pt, ribbon, solid};

pub(super) fn draw(rig: &Rig, scene: &mut Scene) {
    for side in SIDES {
        brow(rig, scene, side);
    }
    frown_lines(rig, scene);
    forehead_lines(rig, scene);
}

fn brow(rig: &Rig, scene: &mut Scene, side: f64) {
    let (w, build, tone) = (&rig.w, &rig.look.build, rig.look.brow);
    let alone = if side > 0.0 { w.brow_skew } else { 0.0 };
    let inner = -w.brow_inner * 11.0 + w.brow_down * 10.5 - build.brow_lift;
    let middle = -w.brow_outer * 7.0 - w.brow_inner * 3.0 + w.brow_down * 4.5
        - alone * 9.0
        - w.wide * 3.0
        - build.brow_lift;
    let outer =
        -w.brow_outer * 8.0 - alone * 9.0 + w.brow_down * 1.5 + w.brow_inner * w.frown * 3.0
            - build.brow_lift;
    // A frown also draws the brows together.
    let near = w.brow_down * 5.0;
    let at = |x: f64, y: f64| rig.head.on(x * side, y);
    let line = [
        at(19.0 - near, -32.0 + inner),
        at(31.0 - near * 0.6, -37.5 + inner * 0.65 + middle * 0.35),
        at(48.0, -41.5 + middle),
        at(63.0, -38.0 + middle * 0.5 + outer * 0.5),
        at(75.0, -29.0 + outer),
    ];
    let [first, second, third, fourth, last] = line;
    let half = [2.7, 4.0, 3.7, 2.5, 0.35].map(|h| h * build.brows);
    scene.fill(
        ribbon(&line, &half),
        linear(
            first,
            last,
            &[(0.0, tone, 0.55), (0.25, tone, 0.92), (1.0, tone, 0.95)],
        ),
    );
    // Single hairs break the edge of the inner half.
    let roots = [
        first,
        mix(first, second, 0.66),
        mix(second, third, 0.33),
        third,
        mix(third, fourth, 0.5),
        mix(fourth, last, 0.2),
    ];
    for root in roots {
        let hair = [
            pt(root.x, root.y + 2.5),
            pt(root.x + 3.0 * side, root.y - 1.0),
            pt(root.x + 6.5 * side, root.y - 3.6),
        ];
        scene.fill(
            ribbon(&hair, &[0.5, 0.7, 0.1].map(|h| h * build.brows)),
            solid(tone, 0.7),
        );
    }
}

/// Two upright lines between the brows.
fn frown_lines(rig: &Rig, scene: &mut Scene) {
    let depth = rig.w.brow_down - 0.25;
    if depth > 0.0 {
        for side in SIDES {
            let line = [
                rig.head.on(6.0 * side, -40.0),
                rig.head.on(7.5 * side, -30.0),
                rig.head.on(6.0 * side, -20.0),
            ];
            scene.fill(
                ribbon(&line, &[0.2, 1.4, 0.2]),
                solid(rig.look.skin.fold, depth * 0.6),
            );
        }
    }
}

/// Lines across the forehead when the brows are high.
fn forehead_lines(rig: &Rig, scene: &mut Scene) {
    let w = &rig.w;
    let height = (w.brow_inner + w.brow_outer + w.wide - 0.7).clamp(0.0, 1.0);
    if height > 0.0 {
        for y in [-72.0, -60.0] {
            let line = [(-42.0, 2.0), (-16.0, -1.5), (16.0, -1.5), (42.0, 2.0)]
                .map(|(x, dy)| rig.head.on(x, y + dy));
            scene.fill(
                ribbon(&line, &[0.2, 1.1, 1.1, 0.2]),
                solid(rig.look.skin.fold, height * 0.28),
            );
        }
    }
}
