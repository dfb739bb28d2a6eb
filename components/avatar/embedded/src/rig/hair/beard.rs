//! Hair on chin and lip, from a shadow of stubble to a short beard.

use super::Rig;
use crate::shape::{BezPath, Clip, Scene, between, linear, ribbon, solid, spline};

pub(in crate::rig) fn draw(rig: &Rig, scene: &mut Scene) {
    let strength = rig.look.hair.beard;
    if strength <= 0.0 {
        return;
    }
    let (head, hair, drop, w) = (&rig.head, &rig.look.hair, rig.drop, &rig.w);
    // Stubble is a soft shadow along jaw and lip; it lies under every beard too.
    let tone = hair.base.mix(rig.look.skin.line, 0.35);
    let shadow = 0.34 * strength.min(1.0) + 0.06;
    for side in super::super::SIDES {
        scene.spot(
            Clip::Face,
            head.on(66.0 * side, 84.0 + drop * 0.4),
            (26.0, 46.0),
            -0.35 * side,
            tone,
            shadow,
        );
        scene.spot(
            Clip::Face,
            head.on(40.0 * side, 116.0 + drop * 0.8),
            (38.0, 26.0),
            -0.3 * side,
            tone,
            shadow,
        );
        scene.spot(
            Clip::Face,
            head.on(14.0 * side, 74.0),
            (24.0, 9.0),
            0.1 * side,
            tone,
            shadow * 0.8,
        );
    }
    scene.spot(
        Clip::Face,
        head.on(0.0, 124.0 + drop),
        (44.0, 24.0),
        0.0,
        tone,
        shadow,
    );
    if strength < 0.7 {
        return;
    }
    // The beard: along the jaw from sideburn to sideburn, open around the mouth.
    let outer = [
        (104.0, -4.0),
        (106.0, 44.0),
        (94.0, 96.0),
        (62.0, 134.0),
        (26.0, 152.0),
    ];
    let inner = [
        (87.0, -4.0),
        (79.0, 42.0),
        (62.0, 76.0),
        (46.0, 101.0),
        (20.0, 112.0),
    ];
    let line = |half: &[(f64, f64); 5], bottom: f64| {
        let place = |x: f64, y: f64| {
            head.at(
                x,
                y + drop * ((y - 30.0) / 90.0).clamp(0.0, 1.0),
                if y > 60.0 { 40.0 } else { 12.0 },
            )
        };
        let left = half.iter().map(move |(x, y)| place(-x, *y));
        let right = half.iter().rev().map(move |(x, y)| place(*x, *y));
        left.chain(std::iter::once(place(0.0, bottom)))
            .chain(right)
            .collect::<Vec<_>>()
    };
    let shade = |from: f64, to: f64| {
        linear(
            head.on(-70.0, from),
            head.on(50.0, to),
            &[
                (0.0, hair.light, 0.86),
                (0.5, hair.base, 0.9),
                (1.0, hair.dark, 0.92),
            ],
        )
    };
    scene.fill_in(
        Clip::Face,
        between(&line(&outer, 158.0), &line(&inner, 115.0)),
        shade(60.0, 130.0),
    );
    let chin = [
        (-10.0, 108.0),
        (0.0, 106.5),
        (10.0, 108.0),
        (13.0, 120.0),
        (0.0, 124.0),
        (-13.0, 120.0),
    ]
    .map(|(x, y)| head.on(x, y + drop));
    scene.fill_in(Clip::Face, spline(&chin, true), solid(hair.base, 0.7));
    // The moustache follows the corners of the mouth, and joins the beard beside them.
    let wide = w.smile * 8.0 + w.stretch * 4.0 - (w.pucker + w.funnel).min(1.0) * 7.0;
    let raised = w.upper_up * 3.0 + w.smile * 2.0 + w.sneer * 2.0;
    let corner = -w.smile * 8.0 + w.frown * 5.0 + drop * 0.35;
    let mut lip = BezPath::new();
    for side in super::super::SIDES {
        let at = |x: f64, y: f64| head.above(x * side, y, 5.0);
        let half = [
            at(1.0, 72.0 - raised),
            at(14.0, 73.0 - raised),
            at(29.0 + wide * 0.6, 82.0 + corner * 0.4),
            at(38.0 + wide, 96.0 + corner),
            at(42.0 + wide * 0.8, 110.0 + drop * 0.6),
        ];
        lip.extend(ribbon(&half, &[2.4, 4.0, 4.2, 3.8, 3.0]).iter());
    }
    scene.fill_in(Clip::Face, lip, solid(hair.base, 0.84));
}
