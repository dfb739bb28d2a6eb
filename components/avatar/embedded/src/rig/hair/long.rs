//! Long hair with a side parting: a swoop over the forehead, two falls past the shoulders.

use super::{Rig, gloss, locks, shadowed, sheen};
use crate::shape::{Clip, Point, Scene, linear, ribbon, spline};

/// How far the tips lag behind when the head turns, in design units per radian.
const SWAY: f64 = 14.0;

pub(super) fn back(rig: &Rig, scene: &mut Scene) {
    let sway = rig.w.yaw * SWAY;
    let at = |x: f64, y: f64| rig.head.at(x, y, -46.0);
    let half = [
        (62.0, -150.0, 0.0),
        (112.0, -100.0, 0.0),
        (130.0, -20.0, 0.0),
        (134.0, 60.0, 0.3),
        (128.0, 128.0, 0.7),
        (104.0, 172.0, 1.0),
        (60.0, 176.0, 1.0),
    ];
    let right = half.iter().map(|(x, y, lag)| at(x + sway * lag, *y));
    let left = half.iter().rev().map(|(x, y, lag)| at(sway * lag - x, *y));
    let points: Vec<Point> = std::iter::once(at(0.0, -160.0))
        .chain(right)
        .chain(std::iter::once(at(sway, 150.0)))
        .chain(left)
        .collect();
    scene.fill(
        spline(&points, true),
        shadowed(rig, at(-60.0, -150.0), at(40.0, 180.0)),
    );
    let light = rig.look.hair.light;
    for (i, x) in [-118.0, -104.0, -88.0, 88.0, 104.0, 118.0]
        .into_iter()
        .enumerate()
    {
        let width = if i % 2 == 0 { 3.2 } else { 2.2 };
        let line = [
            at(x * 0.96, -30.0),
            at(x * 1.05, 50.0),
            at(x * 1.02 + sway * 0.6, 120.0),
            at(x * 0.84 + sway, 168.0),
        ];
        let [first, .., last] = line;
        let stops = [(0.0, light, 0.0), (0.5, light, 0.7), (1.0, light, 0.05)];
        scene.fill(
            ribbon(&line, &[0.2, width, width, 0.3]),
            linear(first, last, &stops),
        );
    }
}

pub(super) fn falling(rig: &Rig, scene: &mut Scene) {
    let sway = rig.w.yaw * SWAY * 0.85;
    let at = |x: f64, y: f64| rig.head.at(x, y, 0.0);
    let half = [
        (62.0, -148.0, 0.0),
        (110.0, -102.0, 0.0),
        (124.0, -20.0, 0.0),
        (126.0, 60.0, 0.3),
        (120.0, 124.0, 0.7),
        (98.0, 164.0, 1.0),
        (70.0, 150.0, 1.0),
        (60.0, 60.0, 0.0),
    ];
    let right = half.iter().map(|(x, y, lag)| at(x + sway * lag, *y));
    let left = half.iter().rev().map(|(x, y, lag)| at(sway * lag - x, *y));
    let points: Vec<Point> = std::iter::once(at(0.0, -156.0))
        .chain(right)
        .chain(left)
        .collect();
    scene.fill(
        spline(&points, true),
        shadowed(rig, at(-60.0, -150.0), at(40.0, 180.0)),
    );
}

pub(super) fn front(rig: &Rig, scene: &mut Scene) {
    let sway = rig.w.yaw * SWAY * 0.7;
    let at = |x: f64, y: f64, dz: f64| rig.head.hair(x, y, dz);
    let cap = [
        (-121.0, 10.0, -10.0),
        (-122.0, -50.0, -4.0),
        (-100.0, -116.0, -4.0),
        (-56.0, -150.0, -2.0),
        (0.0, -163.0, -2.0),
        (56.0, -152.0, -2.0),
        (102.0, -118.0, -4.0),
        (122.0, -50.0, -4.0),
        (121.0, 10.0, -10.0),
        (97.0, -20.0, 6.0),
        (80.0, -66.0, 6.0),
        (40.0, -100.0, 6.0),
        (-10.0, -116.0, 6.0),
        (-56.0, -104.0, 6.0),
        (-84.0, -62.0, 6.0),
        (-97.0, -20.0, 6.0),
    ]
    .map(|(x, y, dz)| at(x, y, dz));
    let hair = &rig.look.hair;
    let crown = [
        (0.0, hair.light, 1.0),
        (0.5, hair.base, 1.0),
        (1.0, hair.dark, 1.0),
    ];
    let cap = spline(&cap, true);
    scene.fill(
        cap.clone(),
        linear(at(-30.0, -160.0, 0.0), at(30.0, -60.0, 0.0), &crown),
    );

    // The swoop to the viewer's right of the parting, and its smaller counterpart. The last column is the lag.
    let swoop = [
        (-36.0, -142.0, 0.0, 0.0),
        (0.0, -158.0, 0.0, 0.0),
        (52.0, -150.0, 0.0, 0.0),
        (98.0, -112.0, 0.0, 0.0),
        (118.0, -48.0, 0.0, 0.0),
        (122.0, 20.0, -20.0, 0.2),
        (122.0, 86.0, -30.0, 0.6),
        (108.0, 140.0, -34.0, 1.0),
        (92.0, 166.0, -34.0, 1.0),
        (95.0, 110.0, -24.0, 0.6),
        (95.0, 50.0, -8.0, 0.0),
        (91.0, 0.0, 6.0, 0.0),
        (82.0, -38.0, 10.0, 0.0),
        (60.0, -66.0, 10.0, 0.0),
        (24.0, -92.0, 8.0, 0.0),
        (-14.0, -114.0, 6.0, 0.0),
    ]
    .map(|(x, y, dz, lag)| at(x + sway * lag, y, dz));
    let other = [
        (-36.0, -142.0, 0.0, 0.0),
        (-66.0, -140.0, 0.0, 0.0),
        (-102.0, -104.0, 0.0, 0.0),
        (-119.0, -44.0, 0.0, 0.0),
        (-123.0, 20.0, -20.0, 0.2),
        (-122.0, 86.0, -30.0, 0.6),
        (-108.0, 140.0, -34.0, 1.0),
        (-92.0, 166.0, -34.0, 1.0),
        (-95.0, 110.0, -24.0, 0.6),
        (-95.0, 52.0, -8.0, 0.0),
        (-92.0, 4.0, 6.0, 0.0),
        (-89.0, -40.0, 10.0, 0.0),
        (-78.0, -80.0, 8.0, 0.0),
        (-56.0, -116.0, 4.0, 0.0),
    ]
    .map(|(x, y, dz, lag)| at(x + sway * lag, y, dz));
    let (swoop, other) = (spline(&swoop, true), spline(&other, true));
    scene.fill(
        swoop.clone(),
        sheen(rig, at(-20.0, -150.0, 0.0), at(118.0, 120.0, -20.0)),
    );
    scene.fill(
        other.clone(),
        sheen(rig, at(-60.0, -140.0, 0.0), at(-110.0, 130.0, -20.0)),
    );
    let mut all = swoop;
    all.extend(cap.iter());
    all.extend(other.iter());
    scene.set_outline(Clip::Hair, all);
    locks(rig, scene, &LOCKS, |x, y| {
        at(x, y, if y > 40.0 { -24.0 } else { 2.0 })
    });
    gloss(
        rig,
        scene,
        &[
            (-6.0, -146.0),
            (34.0, -138.0),
            (70.0, -112.0),
            (92.0, -76.0),
        ]
        .map(|(x, y)| at(x, y, 2.0)),
        6.5,
    );
    gloss(
        rig,
        scene,
        &[(-52.0, -138.0), (-76.0, -120.0), (-94.0, -90.0)].map(|(x, y)| at(x, y, 2.0)),
        4.5,
    );
}

const LOCKS: [super::Lock; 14] = [
    (
        [
            (-30.0, -146.0),
            (20.0, -140.0),
            (72.0, -106.0),
            (98.0, -30.0),
        ],
        3.4,
        0.75,
    ),
    (
        [
            (-32.0, -144.0),
            (10.0, -130.0),
            (60.0, -96.0),
            (90.0, -36.0),
        ],
        2.2,
        0.55,
    ),
    (
        [
            (-28.0, -150.0),
            (30.0, -150.0),
            (86.0, -118.0),
            (110.0, -40.0),
        ],
        2.8,
        0.6,
    ),
    (
        [
            (-34.0, -141.0),
            (-4.0, -126.0),
            (40.0, -100.0),
            (76.0, -60.0),
        ],
        1.8,
        0.5,
    ),
    (
        [(96.0, -60.0), (112.0, 0.0), (114.0, 60.0), (104.0, 130.0)],
        2.8,
        0.5,
    ),
    (
        [(104.0, -50.0), (119.0, 10.0), (119.0, 80.0), (106.0, 144.0)],
        2.0,
        0.5,
    ),
    (
        [(92.0, -40.0), (101.0, 10.0), (103.0, 70.0), (98.0, 140.0)],
        1.6,
        0.4,
    ),
    (
        [
            (-20.0, -154.0),
            (40.0, -156.0),
            (92.0, -126.0),
            (116.0, -56.0),
        ],
        1.6,
        0.5,
    ),
    (
        [
            (-40.0, -142.0),
            (-72.0, -126.0),
            (-98.0, -84.0),
            (-104.0, -20.0),
        ],
        3.2,
        0.7,
    ),
    (
        [
            (-38.0, -143.0),
            (-64.0, -132.0),
            (-90.0, -104.0),
            (-108.0, -50.0),
        ],
        2.0,
        0.55,
    ),
    (
        [
            (-42.0, -139.0),
            (-66.0, -114.0),
            (-86.0, -70.0),
            (-94.0, -20.0),
        ],
        1.7,
        0.5,
    ),
    (
        [
            (-104.0, -40.0),
            (-114.0, 10.0),
            (-114.0, 70.0),
            (-104.0, 136.0),
        ],
        2.6,
        0.5,
    ),
    (
        [
            (-110.0, -40.0),
            (-120.0, 20.0),
            (-119.0, 90.0),
            (-106.0, 146.0),
        ],
        1.8,
        0.45,
    ),
    (
        [
            (-97.0, -20.0),
            (-102.0, 30.0),
            (-103.0, 80.0),
            (-98.0, 140.0),
        ],
        1.5,
        0.4,
    ),
];
