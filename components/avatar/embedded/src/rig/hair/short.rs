//! Short cuts, close at the sides: what they share, and the one that is swept up in front.

use super::{Lock, Rig, gloss, locks};
use crate::shape::{Clip, Point, Scene, fade, linear, spline};

/// The temples: hair too short to have a shape of its own, fading towards the cheek.
pub(super) fn temples(rig: &Rig, scene: &mut Scene) {
    let hair = &rig.look.hair;
    for side in super::super::SIDES {
        // As deep as the edge of the face, so that the two turn together.
        let at = |x: f64, y: f64, z: f64| rig.head.at(x * side, y, z);
        let patch = [
            at(72.0, -108.0, 14.0),
            at(99.0, -88.0, 0.0),
            at(103.0, -40.0, -4.0),
            at(99.0, -8.0, -6.0),
            at(94.0, 18.0, -4.0),
            at(87.0, 8.0, 8.0),
            at(86.0, -28.0, 12.0),
            at(76.0, -66.0, 22.0),
        ];
        let stops = [
            (0.0, hair.base, 1.0),
            (0.5, hair.dark, 0.92),
            (1.0, hair.dark, 0.0),
        ];
        scene.fill(
            spline(&patch, true),
            linear(at(94.0, -84.0, 0.0), at(91.0, 16.0, 0.0), &stops),
        );
    }
}

/// The skull behind the face, so that nothing shines through beside the temples when the head turns.
pub(super) fn back(rig: &Rig, scene: &mut Scene) {
    let at = |x: f64, y: f64| rig.head.at(x, y, -4.0);
    let half = [
        (60.0, -148.0),
        (92.0, -108.0),
        (99.0, -60.0),
        (97.0, -20.0),
        (86.0, 10.0),
    ];
    let right = half.iter().map(|(x, y)| at(*x, *y));
    let left = half.iter().rev().map(|(x, y)| at(-x, *y));
    let points: Vec<Point> = std::iter::once(at(0.0, -158.0))
        .chain(right)
        .chain(left)
        .collect();
    scene.fill(
        spline(&points, true),
        crate::shape::solid(rig.look.hair.dark, 1.0),
    );
}

/// The mass of hair, its light, its locks.
pub(super) fn mass(rig: &Rig, scene: &mut Scene, outline: &[(f64, f64, f64)], strands: &[Lock]) {
    let at = |x: f64, y: f64, dz: f64| rig.head.hair(x, y, dz);
    let points: Vec<Point> = outline.iter().map(|(x, y, dz)| at(*x, *y, *dz)).collect();
    let path = spline(&points, true);
    let hair = &rig.look.hair;
    scene.spot(
        Clip::Face,
        rig.head.on(4.0, -92.0),
        (90.0, 20.0),
        0.0,
        rig.look.skin.line,
        0.4,
    );
    let fall = [
        (0.0, hair.light, 1.0),
        (0.5, hair.base, 1.0),
        (1.0, hair.dark, 1.0),
    ];
    scene.fill(
        path.clone(),
        linear(at(-40.0, -172.0, 0.0), at(40.0, -80.0, 0.0), &fall),
    );
    scene.set_outline(Clip::Hair, path);
    // The far side lies in shadow.
    let (from, to) = (at(112.0, -90.0, 0.0), at(60.0, -100.0, 0.0));
    let side = spline(
        &[
            at(60.0, -176.0, 0.0),
            at(120.0, -140.0, 0.0),
            at(118.0, -40.0, 0.0),
            at(84.0, -60.0, 0.0),
        ],
        true,
    );
    scene.fill_in(Clip::Hair, side, fade(from, to, hair.dark, (0.7, 0.0)));
    locks(rig, scene, strands, |x, y| at(x, y, 3.0));
}

/// Swept up and back from the forehead.
pub(super) fn swept(rig: &Rig, scene: &mut Scene) {
    temples(rig, scene);
    let outline = [
        (-93.0, -38.0, 4.0),
        (-102.0, -64.0, -4.0),
        (-103.0, -104.0, -4.0),
        (-84.0, -142.0, -2.0),
        (-52.0, -164.0, 0.0),
        (-12.0, -176.0, 0.0),
        (34.0, -175.0, 0.0),
        (72.0, -158.0, -2.0),
        (98.0, -122.0, -4.0),
        (104.0, -70.0, -4.0),
        (93.0, -38.0, 4.0),
        (88.0, -62.0, 8.0),
        (76.0, -86.0, 10.0),
        (50.0, -96.0, 10.0),
        (26.0, -91.0, 12.0),
        (2.0, -99.0, 12.0),
        (-24.0, -95.0, 12.0),
        (-50.0, -98.0, 10.0),
        (-76.0, -86.0, 10.0),
        (-88.0, -62.0, 8.0),
    ];
    let strands: [Lock; 13] = [
        (
            [
                (-60.0, -96.0),
                (-62.0, -122.0),
                (-46.0, -150.0),
                (-16.0, -168.0),
            ],
            3.0,
            0.55,
        ),
        (
            [
                (-44.0, -98.0),
                (-44.0, -124.0),
                (-26.0, -152.0),
                (6.0, -170.0),
            ],
            2.4,
            0.6,
        ),
        (
            [
                (-26.0, -96.0),
                (-24.0, -124.0),
                (-6.0, -150.0),
                (26.0, -168.0),
            ],
            3.0,
            0.65,
        ),
        (
            [
                (-8.0, -98.0),
                (-4.0, -124.0),
                (14.0, -150.0),
                (46.0, -164.0),
            ],
            2.4,
            0.55,
        ),
        (
            [
                (10.0, -97.0),
                (16.0, -122.0),
                (36.0, -146.0),
                (64.0, -156.0),
            ],
            2.8,
            0.6,
        ),
        (
            [
                (30.0, -94.0),
                (38.0, -118.0),
                (56.0, -138.0),
                (80.0, -146.0),
            ],
            2.2,
            0.5,
        ),
        (
            [
                (50.0, -97.0),
                (58.0, -116.0),
                (74.0, -130.0),
                (92.0, -130.0),
            ],
            2.2,
            0.45,
        ),
        (
            [
                (-78.0, -88.0),
                (-82.0, -114.0),
                (-70.0, -140.0),
                (-46.0, -158.0),
            ],
            2.4,
            0.5,
        ),
        (
            [
                (-88.0, -66.0),
                (-94.0, -94.0),
                (-86.0, -124.0),
                (-66.0, -148.0),
            ],
            2.2,
            0.4,
        ),
        (
            [
                (70.0, -90.0),
                (80.0, -108.0),
                (92.0, -114.0),
                (100.0, -106.0),
            ],
            1.8,
            0.35,
        ),
        (
            [
                (-34.0, -100.0),
                (-36.0, -128.0),
                (-20.0, -156.0),
                (10.0, -173.0),
            ],
            1.3,
            0.5,
        ),
        (
            [
                (-16.0, -100.0),
                (-14.0, -128.0),
                (4.0, -154.0),
                (36.0, -170.0),
            ],
            1.3,
            0.5,
        ),
        (
            [(2.0, -101.0), (8.0, -126.0), (26.0, -150.0), (56.0, -162.0)],
            1.3,
            0.5,
        ),
    ];
    mass(rig, scene, &outline, &strands);
    gloss(
        rig,
        scene,
        &[
            (-74.0, -124.0),
            (-44.0, -140.0),
            (-4.0, -147.0),
            (36.0, -142.0),
        ]
        .map(|(x, y)| rig.head.hair(x, y, 4.0)),
        6.0,
    );
}
