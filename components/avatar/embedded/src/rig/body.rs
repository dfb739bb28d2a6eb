//! Neck and collarbones: everything of the body that the clothes leave bare.

use super::{Rig, SIDES};
use crate::shape::{Clip, Scene, linear, pt, ribbon, solid, spline};

pub(super) fn draw(rig: &Rig, scene: &mut Scene) {
    let skin = &rig.look.skin;
    let width = rig.look.build.neck;
    // The neck's upper end follows the head, its lower end stays on the shoulders.
    let turn = rig.w.yaw * 6.0;
    let top = |x: f64, y: f64, follow: f64| pt(256.0 + (x - 256.0) * width + turn * follow, y);
    let low = |x: f64, y: f64| pt(256.0 + (x - 256.0) * width, y - rig.lift);
    let base = |x: f64, y: f64| pt(x, y - rig.lift);
    let neck = [
        top(226.0, 326.0, 1.6),
        top(212.0, 372.0, 0.5),
        low(196.0, 404.0),
        base(160.0, 428.0),
        base(176.0, 490.0),
        low(256.0, 520.0),
        base(336.0, 490.0),
        base(352.0, 428.0),
        low(316.0, 404.0),
        top(300.0, 372.0, 0.5),
        top(286.0, 326.0, 1.6),
    ];
    let across = [
        (0.0, skin.base, 1.0),
        (0.5, skin.shade, 1.0),
        (1.0, skin.deep, 1.0),
    ];
    let neck = spline(&neck, true);
    scene.set_outline(Clip::Neck, neck.clone());
    scene.fill(neck, linear(pt(196.0, 390.0), pt(330.0, 420.0), &across));

    // The shadow that the chin casts: it moves with the head and grows as the jaw falls.
    let cast = turn + rig.w.yaw * 20.0;
    let shadow = [
        top(208.0, 328.0, 1.0),
        top(211.0, 362.0, 1.0),
        pt(236.0 + cast, 396.0 + rig.drop * 0.8),
        pt(282.0 + cast, 394.0 + rig.drop * 0.8),
        top(304.0, 360.0, 1.0),
        top(304.0, 328.0, 1.0),
    ];
    let fading = [
        (0.0, skin.line, 0.85),
        (0.55, skin.line, 0.5),
        (1.0, skin.line, 0.0),
    ];
    scene.fill_in(
        Clip::Neck,
        spline(&shadow, true),
        linear(pt(256.0, 345.0), pt(256.0, 402.0 + rig.drop), &fading),
    );

    for side in SIDES {
        let tendon = [
            low(256.0 + side * 33.0, 386.0),
            low(256.0 + side * 21.0, 418.0),
            low(256.0 + side * 6.5, 444.0),
        ];
        scene.fill(ribbon(&tendon, &[0.4, 2.2, 0.4]), solid(skin.deep, 0.32));
        let bone = [
            low(256.0 + side * 10.0, 452.0),
            low(256.0 + side * 44.0, 446.0),
            low(256.0 + side * 84.0, 438.0),
        ];
        scene.fill(ribbon(&bone, &[0.8, 2.6, 0.5]), solid(skin.deep, 0.34));
        let light = bone.map(|p| pt(p.x, p.y - 4.0));
        scene.fill(ribbon(&light, &[0.4, 2.0, 0.4]), solid(skin.light, 0.22));
    }
    scene.spot(
        Clip::None,
        low(256.0, 452.0),
        (14.0, 11.0),
        0.0,
        skin.fold,
        0.22,
    );
}
