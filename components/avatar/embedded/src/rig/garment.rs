//! The clothes. Every garment is the same torso with a different neckline and its own trimmings.

use super::{Rig, SIDES};
use crate::{
    look::Garment,
    shape::{BezPath, Clip, Point, Scene, Tone, linear, ribbon, solid, spline},
};

pub(super) fn draw(rig: &Rig, scene: &mut Scene) {
    match rig.look.clothes.garment {
        Garment::Blazer => blazer(rig, scene),
        Garment::Crew => crew(rig, scene),
        Garment::Scoop => scoop(rig, scene),
        Garment::Turtleneck => turtleneck(rig, scene),
        Garment::Shirt => shirt(rig, scene),
    }
}

/// The shoulders' outline with the given right half of a neckline, from the shoulder to the middle.
fn torso(rig: &Rig, neckline: &[(f64, f64)]) -> BezPath {
    const SHOULDER: [(f64, f64); 5] = [
        (-268.0, 548.0),
        (-248.0, 492.0),
        (-196.0, 452.0),
        (-128.0, 429.0),
        (-76.0, 409.0),
    ];
    // A wide neckline begins further out on the shoulder.
    let wide = neckline.first().map_or(0.0, |(x, _)| *x) + 10.0;
    let half: Vec<(f64, f64)> = SHOULDER
        .into_iter()
        .filter(|(x, _)| x.abs() > wide)
        .chain(neckline.iter().map(|(x, y)| (-x, *y)))
        .collect();
    let left = half.iter().map(|(x, y)| rig.body(256.0 + x, *y));
    let right = half
        .iter()
        .rev()
        .filter(|(x, _)| *x != 0.0)
        .map(|(x, y)| rig.body(256.0 - x, *y));
    let points: Vec<Point> = left.chain(right).collect();
    let mut path = spline(&points, false);
    // Down to the lower edge of the tallest frame.
    let below = rig.view.to.y.max(548.0) + 40.0;
    path.line_to(rig.body(532.0, below));
    path.line_to(rig.body(-20.0, below));
    path.close_path();
    path
}

/// Fills the torso and gives it the light of the room.
fn cloth(rig: &Rig, scene: &mut Scene, outline: BezPath) {
    let clothes = &rig.look.clothes;
    let across = [
        (0.0, clothes.light, 1.0),
        (0.5, clothes.base, 1.0),
        (1.0, clothes.dark, 1.0),
    ];
    scene.set_outline(Clip::Body, outline.clone());
    scene.fill(
        outline,
        linear(rig.body(90.0, 420.0), rig.body(420.0, 545.0), &across),
    );
    let lit = clothes.light.mix(Tone::WHITE, 0.35);
    scene.spot(
        Clip::Body,
        rig.body(92.0, 464.0),
        (90.0, 40.0),
        -0.35,
        lit,
        0.26,
    );
    scene.spot(
        Clip::Body,
        rig.body(436.0, 492.0),
        (90.0, 52.0),
        0.35,
        clothes.dark.mix(Tone(0), 0.4),
        0.30,
    );
}

/// A band of cloth along a neckline: shadow on the skin, the band, its inner edge.
fn band(rig: &Rig, scene: &mut Scene, neckline: &[(f64, f64)], width: f64, tone: Tone) {
    let line: Vec<Point> = SIDES
        .iter()
        .flat_map(|side| {
            let half: Vec<Point> = neckline
                .iter()
                .map(|(x, y)| rig.body(256.0 + side * x, *y))
                .collect();
            if *side < 0.0 {
                half
            } else {
                half.into_iter().rev().skip(1).collect()
            }
        })
        .collect();
    let above: Vec<Point> = line
        .iter()
        .map(|p| Point::new(p.x, p.y - width * 0.9))
        .collect();
    let even = |half: f64| vec![half; line.len()];
    scene.fill_in(
        Clip::Neck,
        ribbon(&above, &even(width * 0.55)),
        solid(rig.look.skin.line, 0.28),
    );
    scene.fill(ribbon(&line, &even(width)), solid(tone, 1.0));
    let edge: Vec<Point> = line.iter().map(|p| Point::new(p.x, p.y + width)).collect();
    scene.fill(
        ribbon(&edge, &even(0.8)),
        solid(rig.look.clothes.dark, 0.55),
    );
}

fn crew(rig: &Rig, scene: &mut Scene) {
    let line = [(58.0, 402.0), (50.0, 424.0), (30.0, 442.0), (0.0, 449.0)];
    cloth(rig, scene, torso(rig, &line));
    band(rig, scene, &line, 7.0, rig.look.clothes.accent);
}

fn scoop(rig: &Rig, scene: &mut Scene) {
    let line = [(88.0, 414.0), (78.0, 446.0), (48.0, 474.0), (0.0, 486.0)];
    cloth(rig, scene, torso(rig, &line));
    band(rig, scene, &line, 3.6, rig.look.clothes.accent);
}

fn turtleneck(rig: &Rig, scene: &mut Scene) {
    cloth(
        rig,
        scene,
        torso(rig, &[(58.0, 400.0), (52.0, 396.0), (0.0, 402.0)]),
    );
    let clothes = &rig.look.clothes;
    let collar = [
        (-50.0, 372.0),
        (-58.0, 396.0),
        (-66.0, 416.0),
        (-40.0, 434.0),
        (0.0, 441.0),
        (40.0, 434.0),
        (66.0, 416.0),
        (58.0, 396.0),
        (50.0, 372.0),
        (26.0, 382.0),
        (0.0, 386.0),
        (-26.0, 382.0),
    ]
    .map(|(x, y)| rig.body(256.0 + x, y));
    let across = [
        (0.0, clothes.light, 1.0),
        (0.5, clothes.accent, 1.0),
        (1.0, clothes.dark, 1.0),
    ];
    scene.fill(
        spline(&collar, true),
        linear(rig.body(196.0, 400.0), rig.body(324.0, 412.0), &across),
    );
    let rim = [
        (-50.0, 373.0),
        (-26.0, 383.0),
        (0.0, 387.0),
        (26.0, 383.0),
        (50.0, 373.0),
    ]
    .map(|(x, y)| rig.body(256.0 + x, y));
    scene.fill(
        ribbon(&rim, &[1.0, 2.2, 2.4, 2.2, 1.0]),
        solid(clothes.light, 0.5),
    );
    let crease = [
        (-62.0, 408.0),
        (-34.0, 422.0),
        (0.0, 427.0),
        (34.0, 422.0),
        (62.0, 408.0),
    ]
    .map(|(x, y)| rig.body(256.0 + x, y));
    scene.fill(
        ribbon(&crease, &[0.4, 2.0, 2.4, 2.0, 0.4]),
        solid(clothes.dark, 0.6),
    );
}

fn shirt(rig: &Rig, scene: &mut Scene) {
    let clothes = &rig.look.clothes;
    cloth(
        rig,
        scene,
        torso(
            rig,
            &[(60.0, 402.0), (40.0, 430.0), (18.0, 464.0), (0.0, 486.0)],
        ),
    );
    for side in SIDES {
        let at = |x: f64, y: f64| rig.body(256.0 + side * x, y);
        let under = [
            at(56.0, 398.0),
            at(88.0, 424.0),
            at(64.0, 474.0),
            at(28.0, 462.0),
        ];
        scene.fill(
            spline(&under, true),
            solid(clothes.dark.mix(Tone(0x203040), 0.4), 0.35),
        );
        let leaf = [
            at(54.0, 384.0),
            at(70.0, 402.0),
            at(84.0, 424.0),
            at(58.0, 466.0),
            at(34.0, 452.0),
            at(14.0, 476.0),
            at(30.0, 432.0),
        ];
        let tones = if side < 0.0 {
            (clothes.accent, clothes.base)
        } else {
            (clothes.base, clothes.dark)
        };
        let mut path = BezPath::new();
        for (i, p) in leaf.iter().enumerate() {
            if i == 0 {
                path.move_to(*p)
            } else {
                path.line_to(*p)
            }
        }
        path.close_path();
        scene.fill(
            path,
            linear(
                at(70.0, 390.0),
                at(30.0, 470.0),
                &[(0.0, tones.0, 1.0), (1.0, tones.1, 1.0)],
            ),
        );
        scene.fill(
            ribbon(
                &[at(54.0, 386.0), at(34.0, 430.0), at(12.0, 478.0)],
                &[0.4, 1.0, 0.3],
            ),
            solid(clothes.dark, 0.7),
        );
    }
    let placket = [
        rig.body(256.0, 486.0),
        rig.body(257.0, 540.0),
        rig.body(257.0, rig.view.to.y + 20.0),
    ];
    scene.fill_in(
        Clip::Body,
        ribbon(&placket, &[0.6, 0.9, 0.9]),
        solid(clothes.dark, 0.8),
    );
    scene.fill_in(
        Clip::Body,
        crate::shape::ellipse(rig.body(263.0, 504.0), 2.6, 2.6, 0.0),
        solid(clothes.dark, 0.9),
    );
}

fn blazer(rig: &Rig, scene: &mut Scene) {
    let clothes = &rig.look.clothes;
    let top = [
        (196.0, 412.0),
        (214.0, 456.0),
        (256.0, 474.0),
        (298.0, 456.0),
        (316.0, 412.0),
        (338.0, 560.0),
        (174.0, 560.0),
    ]
    .map(|(x, y)| rig.body(x, y));
    let shaded = clothes.accent.mix(Tone(0x5A6C88), 0.35);
    scene.fill(
        spline(&top, true),
        linear(
            rig.body(256.0, 440.0),
            rig.body(256.0, 530.0),
            &[(0.0, clothes.accent, 1.0), (1.0, shaded, 1.0)],
        ),
    );
    cloth(
        rig,
        scene,
        torso(
            rig,
            &[(52.0, 396.0), (40.0, 440.0), (16.0, 486.0), (0.0, 514.0)],
        ),
    );
    // Where the jacket closes; seen in portrait frames only.
    let closing = [
        (256.0, 516.0),
        (252.0, 600.0),
        (252.0, rig.view.to.y + 20.0),
    ];
    let closing = closing.map(|(x, y)| rig.body(x, y));
    let seam = solid(Tone(0x0E1622), 0.45);
    scene.fill_in(Clip::Body, ribbon(&closing, &[0.8, 1.2, 1.2]), seam);
    for side in SIDES {
        let at = |x: f64, y: f64| rig.body(256.0 + side * x, y);
        let lapel = [
            at(52.0, 394.0),
            at(78.0, 418.0),
            at(87.0, 460.0),
            at(60.0, 466.0),
            at(66.0, 486.0),
            at(8.0, 540.0),
            at(2.0, 518.0),
            at(38.0, 442.0),
        ];
        let (from, to) = if side < 0.0 {
            (clothes.light.mix(Tone::WHITE, 0.10), clothes.base)
        } else {
            (clothes.light, clothes.dark)
        };
        scene.fill(
            spline(&lapel, true),
            linear(
                at(80.0, 420.0),
                at(20.0, 520.0),
                &[(0.0, from, 1.0), (1.0, to, 1.0)],
            ),
        );
        let edge = [
            at(52.0, 394.0),
            at(39.0, 440.0),
            at(14.0, 488.0),
            at(1.0, 518.0),
        ];
        scene.fill(
            ribbon(&edge, &[0.4, 1.4, 1.4, 0.6]),
            solid(Tone(0x0E1622), 0.40),
        );
        let notch = [at(87.0, 458.0), at(72.0, 464.0), at(59.0, 467.0)];
        scene.fill(
            ribbon(&notch, &[0.3, 1.0, 0.4]),
            solid(Tone(0x0E1622), 0.45),
        );
    }
}
