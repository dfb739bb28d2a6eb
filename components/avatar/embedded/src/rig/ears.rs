//! The ears, where the hair leaves them bare, and what hangs on them.

use super::{Rig, SIDES};
use crate::{
    look::Cut,
    shape::{Clip, Scene, ellipse, linear, mix, pt, ribbon, solid, spline},
};

pub(super) fn draw(rig: &Rig, scene: &mut Scene) {
    if matches!(rig.look.hair.cut, Cut::Long | Cut::Bob) {
        return;
    }
    let skin = &rig.look.skin;
    for side in SIDES {
        let at = |x: f64, y: f64| rig.head.at(side * x, y, -6.0);
        let rim = [
            at(86.0, -14.0),
            at(94.0, -26.0),
            at(104.0, -25.0),
            at(110.0, -11.0),
            at(107.0, 10.0),
            at(101.0, 28.0),
            at(95.0, 41.0),
            at(87.0, 40.0),
        ];
        let (inner, outer) = if side < 0.0 {
            (skin.shade, skin.base)
        } else {
            (skin.deep, skin.shade)
        };
        scene.fill(
            spline(&rim, true),
            linear(
                at(86.0, 0.0),
                at(110.0, 6.0),
                &[(0.0, inner, 1.0), (1.0, outer, 1.0)],
            ),
        );
        let bowl = [
            at(91.0, -8.0),
            at(97.0, -17.0),
            at(103.0, -10.0),
            at(101.0, 8.0),
            at(95.0, 22.0),
            at(91.0, 12.0),
        ];
        scene.fill(spline(&bowl, true), solid(skin.fold, 0.45));
        let ridge = [
            at(93.0, 10.0),
            at(97.0, 0.0),
            at(98.0, -8.0),
            at(94.0, -12.0),
        ];
        scene.fill(
            ribbon(&ridge, &[0.4, 1.5, 1.4, 0.3]),
            solid(skin.light, 0.5),
        );
        let helix = [
            at(96.0, -22.0),
            at(105.0, -19.0),
            at(107.0, -4.0),
            at(103.0, 14.0),
        ];
        scene.fill(
            ribbon(&helix, &[0.3, 1.4, 1.4, 0.3]),
            solid(skin.light, 0.45),
        );
        if let Some(tone) = rig.look.earring {
            // Hoops hang straight down whatever the head does.
            let lobe = mix(at(95.0, 39.0), at(90.0, 39.0), 0.4);
            let hoop = pt(lobe.x + rig.w.roll * 8.0, lobe.y + 15.0);
            scene.line_in(
                Clip::None,
                ellipse(hoop, 11.5, 14.0, 0.0),
                solid(tone.mix(skin.dark, 0.35), 1.0),
                3.6,
            );
            scene.line_in(
                Clip::None,
                ellipse(hoop, 11.5, 14.0, 0.0),
                solid(tone, 1.0),
                2.0,
            );
            scene.fill(
                ellipse(pt(hoop.x - 9.0, hoop.y - 5.0), 1.5, 2.4, 0.4),
                solid(crate::shape::Tone::WHITE, 0.8),
            );
        }
    }
}
