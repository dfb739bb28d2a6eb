//! The face itself: its outline, the light on it, cheeks and folds.

use super::{Rig, SIDES};
use crate::shape::{Clip, Point, Scene, radial, ribbon, solid, spline};

pub(super) fn draw(rig: &Rig, scene: &mut Scene) {
    let (skin, head, w) = (&rig.look.skin, &rig.head, &rig.w);
    let face = spline(&outline(rig), true);
    scene.set_outline(Clip::Face, face.clone());
    let tones = [
        (0.0, skin.light, 1.0),
        (0.42, skin.base, 1.0),
        (0.78, skin.shade, 1.0),
        (1.0, skin.deep, 1.0),
    ];
    scene.fill(
        face,
        radial(head.on(-26.0, -14.0), (168.0, 190.0), 0.0, &tones),
    );

    // The side away from the light, the other cheek's rim, under the chin, under the hair.
    scene.spot(
        Clip::Face,
        head.above(86.0, 40.0, -30.0),
        (52.0, 120.0),
        0.12,
        skin.fold,
        0.42,
    );
    scene.spot(
        Clip::Face,
        head.above(-96.0, 30.0, -30.0),
        (34.0, 110.0),
        -0.1,
        skin.deep,
        0.30,
    );
    scene.spot(
        Clip::Face,
        head.at(0.0, 150.0 + rig.drop, 20.0),
        (86.0, 34.0),
        0.0,
        skin.line,
        0.42,
    );
    scene.spot(
        Clip::Face,
        head.on(6.0, -112.0),
        (112.0, 46.0),
        0.1,
        skin.line,
        0.30,
    );

    let colour = (0.22 + w.blush * 0.38 + w.smile * 0.10) * rig.look.build.blush;
    let cheek = 38.0 - w.smile * 5.0 - w.cheek * 4.0;
    for side in SIDES {
        scene.spot(
            Clip::Face,
            head.on(54.0 * side, cheek),
            (33.0, 24.0),
            0.25 * side,
            skin.blush,
            colour,
        );
        let light = head.on(50.0 * side - 5.0, cheek - 14.0);
        scene.spot(
            Clip::Face,
            light,
            (20.0, 10.0),
            0.3 * side,
            skin.glow,
            0.28 + w.smile * 0.22,
        );
    }
    scene.spot(
        Clip::Face,
        head.on(-8.0, -72.0),
        (48.0, 26.0),
        0.0,
        skin.glow,
        0.40,
    );
    scene.spot(
        Clip::Face,
        head.at(-3.0, 122.0 + rig.drop, 52.0),
        (15.0, 8.0),
        0.0,
        skin.glow,
        0.26,
    );
    folds(rig, scene);
}

/// The outline of the face: cheeks fill when they rise, the chin falls with the jaw.
fn outline(rig: &Rig) -> Vec<Point> {
    let (w, build, drop) = (&rig.w, &rig.look.build, rig.drop);
    let full = w.cheek * 2.5 + w.smile * 2.5;
    let half = [
        (0.0, -138.0),
        (52.0, -128.0),
        (86.0, -84.0),
        (94.0, -36.0),
        (94.0 + full * 0.3, 4.0),
        (88.5 * (0.5 + 0.5 * build.jaw) + full, 44.0 + drop * 0.1),
        (
            72.5 * build.jaw + build.square * 2.5 + full * 0.6,
            86.0 + drop * 0.45,
        ),
        (48.0 * build.jaw + build.square * 5.0, 117.0 + drop * 0.85),
        (22.5 + build.square * 6.0, 135.0 + build.square * 1.5 + drop),
        (0.0, 139.0 + drop),
    ];
    // The chin lies nearer to the viewer than the hairline.
    let depth = |y: f64| {
        if y > 60.0 {
            ((y - 60.0) / 80.0).min(1.0) * 34.0
        } else {
            0.0
        }
    };
    let right = half.iter().map(|(x, y)| rig.head.at(*x, *y, depth(*y)));
    let left = half
        .iter()
        .rev()
        .filter(|(x, _)| *x != 0.0)
        .map(|(x, y)| rig.head.at(-x, *y, depth(*y)));
    right.chain(left).collect()
}

/// The folds from the wings of the nose past the mouth: smiling and disgust deepen them.
fn folds(rig: &Rig, scene: &mut Scene) {
    let (w, skin) = (&rig.w, &rig.look.skin);
    for side in SIDES {
        let skew = (w.lip_skew * side).max(0.0);
        let depth = (w.smile * 0.8 + w.sneer * 0.9 + skew * 0.6).min(1.3);
        if depth < 0.03 {
            continue;
        }
        let fold = [
            rig.head.on(23.0 * side, 50.0 - w.sneer * 4.0),
            rig.head.on(38.0 * side, 64.0 - skew * 5.0),
            rig.head.on(
                (45.0 + w.smile * 5.0 + skew * 3.0) * side,
                86.0 + rig.drop * 0.2 - skew * 4.0,
            ),
        ];
        let opacity = (0.18 + 0.24 * w.sneer + 0.2 * skew) * depth;
        scene.fill_in(
            Clip::Face,
            ribbon(&fold, &[0.3, 2.0 + skew, 0.3]),
            solid(skin.fold, opacity),
        );
        let plump = rig
            .head
            .on((52.0 + w.smile * 2.0) * side, 62.0 - skew * 5.0);
        scene.spot(
            Clip::Face,
            plump,
            (16.0, 14.0),
            0.0,
            skin.glow,
            0.14 * depth,
        );
    }
    // The crease between cheek and lower lid when both rise.
    let raised = (w.cheek * 0.6 + w.squint * 0.5 + w.sneer * 0.3).min(1.0);
    if raised > 0.15 {
        for side in SIDES {
            let bag = [
                rig.head.on(22.0 * side, 14.0),
                rig.head.on(40.0 * side, 21.0),
                rig.head.on(62.0 * side, 15.0),
            ];
            scene.fill_in(
                Clip::Face,
                ribbon(&bag, &[0.2, 1.6, 0.2]),
                solid(skin.fold, 0.34 * raised),
            );
        }
    }
    if w.blush > 0.6 {
        scene.spot(
            Clip::Face,
            rig.head.above(0.0, 34.0, 14.0),
            (26.0, 12.0),
            0.0,
            skin.blush,
            (w.blush - 0.6) * 0.3,
        );
    }
}
