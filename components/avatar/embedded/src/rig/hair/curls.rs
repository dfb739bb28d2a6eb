//! A round cloud of curls: a union of tufts for the silhouette, small arcs of light for the curls.

use super::Rig;
use crate::shape::{BezPath, Clip, Scene, ellipse, fade, linear, ribbon};
use std::f64::consts::{PI, TAU};

/// Centre of the cloud in head space.
const CENTRE: (f64, f64) = (0.0, -52.0);
/// Radii of the cloud across and up.
const RADII: (f64, f64) = (136.0, 128.0);

pub(super) fn back(rig: &Rig, scene: &mut Scene) {
    let at = |x: f64, y: f64| rig.head.at(x, y, -36.0);
    let mut cloud = ellipse(at(CENTRE.0, CENTRE.1), RADII.0, RADII.1, rig.w.roll);
    // Tufts of uneven size along the rim.
    for i in 0..26 {
        let angle = f64::from(i) / 26.0 * TAU;
        let size = 21.0 + 6.0 * (f64::from(i) * 2.4).sin();
        let tuft = at(
            CENTRE.0 + angle.cos() * RADII.0 * 0.97,
            CENTRE.1 + angle.sin() * RADII.1 * 0.97,
        );
        cloud.extend(ellipse(tuft, size, size * 0.94, 0.0).iter());
    }
    let hair = &rig.look.hair;
    let stops = [
        (0.0, hair.light, 1.0),
        (0.4, hair.base, 1.0),
        (1.0, hair.dark, 1.0),
    ];
    scene.fill(cloud, linear(at(-80.0, -180.0), at(90.0, 70.0), &stops));
}

pub(super) fn front(rig: &Rig, scene: &mut Scene) {
    let at = |x: f64, y: f64, dz: f64| rig.head.hair(x, y, dz);
    let hair = &rig.look.hair;
    scene.spot(
        Clip::Face,
        rig.head.on(0.0, -92.0),
        (92.0, 26.0),
        0.0,
        rig.look.skin.line,
        0.45,
    );
    // The crown, from ear to ear, with tufts along the hairline.
    let mut crown = BezPath::new();
    for i in 0..=22 {
        let angle = PI * (1.0 + f64::from(i) / 22.0);
        let swell = 1.0 + 0.2 * (f64::from(i) * 1.9).sin();
        for (rx, ry, size) in [
            (97.0, 97.0, 15.0),
            (110.0, 116.0, 25.0),
            (116.0, 138.0, 25.0),
        ] {
            let tuft = at(angle.cos() * rx, -14.0 + angle.sin() * ry, 0.0);
            crown.extend(ellipse(tuft, size * swell, size * 0.92 * swell, 0.0).iter());
        }
    }
    for side in super::super::SIDES {
        for (x, y, size) in [(101.0, 2.0, 13.0), (108.0, -16.0, 18.0)] {
            crown.extend(ellipse(at(x * side, y, -12.0), size, size, 0.0).iter());
        }
    }
    scene.set_outline(Clip::Hair, crown.clone());
    let stops = [
        (0.0, hair.light, 1.0),
        (0.35, hair.base, 1.0),
        (1.0, hair.dark, 1.0),
    ];
    scene.fill(
        crown,
        linear(at(-70.0, -170.0, 0.0), at(90.0, 0.0, 0.0), &stops),
    );
    curls(rig, scene);
}

/// Arcs of light spread evenly by the golden angle, brighter towards the light.
fn curls(rig: &Rig, scene: &mut Scene) {
    let hair = &rig.look.hair;
    const GOLDEN: f64 = 2.399_963;
    for i in 0..64 {
        let n = f64::from(i);
        let reach = ((n + 0.5) / 64.0).sqrt();
        let (sin, cos) = (n * GOLDEN).sin_cos();
        let (x, y) = (
            CENTRE.0 + cos * reach * 142.0,
            CENTRE.1 + sin * reach * 132.0,
        );
        // Not over the face, not below the ears.
        let inside = (x / 92.0).powi(2) + ((y + 4.0) / 104.0).powi(2) < 1.0;
        if inside || y > 40.0 {
            continue;
        }
        let depth = if (x / 118.0).powi(2) + ((y + 20.0) / 140.0).powi(2) < 1.0 {
            2.0
        } else {
            -60.0
        };
        let size = 7.5 + 2.5 * (n * 1.7).sin();
        let turn = n * 1.3;
        let arc: Vec<_> = (0..5)
            .map(|k| {
                let (s, c) = (turn + f64::from(k) / 4.0 * 3.6).sin_cos();
                rig.head.hair(x + c * size, y + s * size, depth)
            })
            .collect();
        let (Some(first), Some(last)) = (arc.first(), arc.last()) else {
            continue;
        };
        let lit = (0.42 - (x + 70.0) / 600.0 - (y + 150.0) / 900.0).clamp(0.12, 0.5);
        scene.fill(
            ribbon(&arc, &[0.3, 1.6, 2.1, 1.6, 0.3]),
            fade(*first, *last, hair.strand, (lit, lit * 0.35)),
        );
    }
}
