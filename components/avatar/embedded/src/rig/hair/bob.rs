//! A straight bob to the jaw with a fringe.

use super::{Rig, gloss, locks, shadowed, sheen};
use crate::shape::{Clip, Point, Scene, linear, spline};

const SWAY: f64 = 10.0;

pub(super) fn back(rig: &Rig, scene: &mut Scene) {
    let sway = rig.w.yaw * SWAY;
    let at = |x: f64, y: f64| rig.head.at(x, y, -40.0);
    let half = [
        (64.0, -152.0, 0.0),
        (112.0, -104.0, 0.0),
        (126.0, -20.0, 0.0),
        (130.0, 60.0, 0.4),
        (122.0, 118.0, 0.9),
        (80.0, 134.0, 1.0),
    ];
    let right = half.iter().map(|(x, y, lag)| at(x + sway * lag, *y));
    let left = half.iter().rev().map(|(x, y, lag)| at(sway * lag - x, *y));
    let points: Vec<Point> = std::iter::once(at(0.0, -162.0))
        .chain(right)
        .chain(left)
        .collect();
    scene.fill(
        spline(&points, true),
        shadowed(rig, at(-60.0, -150.0), at(40.0, 140.0)),
    );
}

pub(super) fn front(rig: &Rig, scene: &mut Scene) {
    let sway = rig.w.yaw * SWAY * 0.8;
    let at = |x: f64, y: f64, dz: f64| rig.head.hair(x, y, dz);
    let mut all = crate::shape::BezPath::new();
    for side in super::super::SIDES {
        let panel = [
            (40.0, -150.0, 0.0, 0.0),
            (96.0, -116.0, -2.0, 0.0),
            (118.0, -50.0, -6.0, 0.0),
            (124.0, 20.0, -16.0, 0.2),
            (124.0, 80.0, -22.0, 0.6),
            (114.0, 124.0, -24.0, 1.0),
            (82.0, 128.0, -16.0, 1.0),
            (84.0, 112.0, -10.0, 0.8),
            (92.0, 60.0, -4.0, 0.3),
            (91.0, 0.0, 4.0, 0.0),
            (86.0, -44.0, 8.0, 0.0),
            (70.0, -80.0, 8.0, 0.0),
        ]
        .map(|(x, y, dz, lag)| at(x * side + sway * lag, y, dz));
        let panel = spline(&panel, true);
        scene.fill(
            panel.clone(),
            sheen(
                rig,
                at(60.0 * side, -150.0, 0.0),
                at(110.0 * side, 120.0, -20.0),
            ),
        );
        all.extend(panel.iter());
    }
    let fringe = [
        (-96.0, -20.0, 2.0),
        (-108.0, -70.0, 0.0),
        (-88.0, -122.0, 0.0),
        (-48.0, -152.0, 0.0),
        (0.0, -163.0, 0.0),
        (48.0, -152.0, 0.0),
        (88.0, -122.0, 0.0),
        (108.0, -70.0, 0.0),
        (96.0, -20.0, 2.0),
        (88.0, -38.0, 8.0),
        (72.0, -50.0, 10.0),
        (44.0, -55.0, 10.0),
        (14.0, -56.5, 10.0),
        (-18.0, -56.5, 10.0),
        (-46.0, -55.0, 10.0),
        (-72.0, -50.0, 10.0),
        (-88.0, -38.0, 8.0),
    ]
    .map(|(x, y, dz)| at(x, y, dz));
    let fringe = spline(&fringe, true);
    let hair = &rig.look.hair;
    let fall = [
        (0.0, hair.light, 1.0),
        (0.45, hair.base, 1.0),
        (1.0, hair.dark, 1.0),
    ];
    scene.spot(
        Clip::Face,
        rig.head.on(0.0, -50.0),
        (84.0, 16.0),
        0.0,
        rig.look.skin.line,
        0.35,
    );
    scene.fill(
        fringe.clone(),
        linear(at(-10.0, -160.0, 0.0), at(6.0, -58.0, 0.0), &fall),
    );
    all.extend(fringe.iter());
    scene.set_outline(Clip::Hair, all);
    locks(rig, scene, &LOCKS, |x, y| {
        at(x, y, if y > 40.0 { -16.0 } else { 2.0 })
    });
    for side in super::super::SIDES {
        let tips = [
            (
                [(92.0, -60.0), (112.0, 0.0), (114.0, 60.0), (104.0, 118.0)],
                2.6,
                0.5,
            ),
            (
                [(100.0, -60.0), (118.0, 10.0), (119.0, 70.0), (112.0, 122.0)],
                1.8,
                0.45,
            ),
            (
                [(90.0, -30.0), (98.0, 20.0), (100.0, 70.0), (92.0, 122.0)],
                1.6,
                0.4,
            ),
        ];
        locks(rig, scene, &tips, |x, y| {
            at(x * side + sway * (y / 120.0).max(0.0), y, -14.0)
        });
    }
    let ring = [
        (-92.0, -98.0),
        (-58.0, -118.0),
        (-16.0, -126.0),
        (28.0, -124.0),
        (66.0, -113.0),
        (94.0, -94.0),
    ];
    gloss(rig, scene, &ring.map(|(x, y)| at(x, y, 4.0)), 7.0);
}

const LOCKS: [super::Lock; 9] = [
    (
        [
            (-12.0, -160.0),
            (-34.0, -130.0),
            (-46.0, -90.0),
            (-48.0, -58.0),
        ],
        2.2,
        0.5,
    ),
    (
        [
            (-18.0, -158.0),
            (-52.0, -130.0),
            (-70.0, -90.0),
            (-72.0, -54.0),
        ],
        2.0,
        0.5,
    ),
    (
        [
            (-8.0, -160.0),
            (-18.0, -130.0),
            (-24.0, -90.0),
            (-26.0, -58.0),
        ],
        1.8,
        0.4,
    ),
    (
        [(-2.0, -161.0), (-2.0, -130.0), (-4.0, -90.0), (-4.0, -58.0)],
        2.2,
        0.45,
    ),
    (
        [(4.0, -160.0), (14.0, -130.0), (20.0, -90.0), (20.0, -58.0)],
        1.8,
        0.4,
    ),
    (
        [(10.0, -160.0), (32.0, -130.0), (42.0, -90.0), (44.0, -58.0)],
        2.2,
        0.5,
    ),
    (
        [(16.0, -158.0), (50.0, -130.0), (68.0, -90.0), (70.0, -54.0)],
        2.0,
        0.5,
    ),
    (
        [(22.0, -156.0), (66.0, -130.0), (86.0, -90.0), (90.0, -44.0)],
        1.8,
        0.4,
    ),
    (
        [
            (-24.0, -156.0),
            (-66.0, -130.0),
            (-86.0, -90.0),
            (-90.0, -44.0),
        ],
        1.8,
        0.4,
    ),
];
