//! The lips: four curves that follow the weights, and the skin around them.
#![allow(clippy::indexing_slicing)] // Numeric kernel: all lip curves have the same fixed number of points.

use super::{Rig, SIDES, teeth};
use crate::shape::{Clip, Point, Scene, Tone, between, linear, pt, ribbon, solid};

/// Pieces of a lip curve from corner to corner.
const PIECES: usize = 20;
/// Where the closed lips meet, below the eye line.
pub(super) const SEAM: f64 = 89.0;

/// The lips of one frame, in head space before projection where not said otherwise.
pub(super) struct Lips {
    /// Half the width of the mouth.
    pub half: f64,
    /// How round the lips are, 0 to 1.2.
    pub round: f64,
    /// How far the corners lie below the middle; negative in a smile.
    pub corner: f64,
    /// How far the lips are apart in the middle.
    pub gap: f64,
    /// The edge of the upper lip towards the opening, projected, corner to corner.
    pub upper_in: Vec<Point>,
    /// The edge of the lower lip towards the opening, projected.
    pub lower_in: Vec<Point>,
    upper_out: Vec<Point>,
    lower_out: Vec<Point>,
    lower_full: f64,
    /// The lowest point of the lower lip.
    foot: f64,
}

pub(super) fn draw(rig: &Rig, scene: &mut Scene) {
    let lips = lips(rig);
    around(rig, scene, &lips);
    if lips.gap > 0.6 {
        scene.set_outline(Clip::Mouth, between(&lips.upper_in, &lips.lower_in));
        teeth::draw(rig, scene, &lips);
    }
    paint(rig, scene, &lips);
}

fn lips(rig: &Rig) -> Lips {
    let (w, build) = (&rig.w, &rig.look.build);
    let round = (w.pucker + w.funnel * 0.75).min(1.2);
    let half = (28.0 + w.smile * 12.0 + w.stretch * 6.0 - w.press * 1.5 - w.frown - w.jaw * 2.0)
        * build.mouth
        - round * 12.5;
    let middle = SEAM + rig.drop * 0.16 - w.smile * 1.5 + w.frown;
    let corner = -w.smile * 14.0 + w.frown * 8.5 + rig.drop * 0.30;
    let (gap_upper, gap_lower) = w.lip_gaps();
    let thin = |rolled: f64| (1.0 - w.press * 0.45) * (1.0 - rolled);
    let flat = w.smile * 1.6 + w.stretch * 1.2;
    let upper_full = ((8.4 + round * 2.2) * build.lips - flat - w.jaw * 0.8).max(2.0)
        * thin(w.roll_upper * 0.75);
    let lower_full =
        ((11.6 + round * 2.8) * build.lips - flat - w.jaw).max(3.0) * thin(w.roll_lower * 0.8);
    let sharpness = 1.7 + round * 1.1;
    let place = |x: f64, y: f64| rig.head.above(x, y, round * 8.0 + 4.0);

    let curve = || Vec::with_capacity(PIECES + 1);
    let mut lips = Lips {
        half,
        round,
        corner,
        gap: gap_upper + gap_lower,
        upper_in: curve(),
        lower_in: curve(),
        upper_out: curve(),
        lower_out: curve(),
        lower_full,
        foot: 0.0,
    };
    for i in 0..=PIECES {
        let t = 2.0 * i as f64 / PIECES as f64 - 1.0;
        let x = t * half;
        let arch = (1.0 - t.abs().powf(sharpness)).max(0.0);
        let body = (1.0 - t.abs().powf(2.6)).max(0.0).sqrt();
        // One-sided raise: strongest between the middle and the corner of that side.
        let toward = t * w.lip_skew.signum();
        let raise = w.lip_skew.abs() * (-((toward - 0.45) * 2.4).powi(2)).exp();
        let base = middle + corner * t.abs().powf(1.8) - raise * 3.0;
        let hill = |centre: f64, sharp: f64| (-((t.abs() - centre) * sharp).powi(2)).exp();
        let bow = (hill(0.0, 3.4) * 2.6 - hill(0.30, 4.2) * 1.3) * (1.0 - round * 0.5);
        let seam = (hill(0.0, 3.0) * 1.2 - hill(0.42, 4.0) * 0.9) * 0.8;
        let upper = base - gap_upper * arch - raise * 5.0 * (1.0 - w.close) * arch.sqrt() + seam;
        let lower =
            (base + gap_lower * arch.powf(0.85 - round * 0.2) + seam + raise * 1.5).max(upper);
        let top = upper - upper_full * body.powf(0.9) * (1.0 - 0.12 * t.abs()) + bow * body;
        let bottom = lower + lower_full * body.powf(1.15);
        lips.upper_in.push(place(x, upper));
        lips.lower_in.push(place(x, lower));
        lips.upper_out.push(place(x, top));
        lips.lower_out.push(place(x, bottom));
        lips.foot = if i == PIECES / 2 { bottom } else { lips.foot };
    }
    lips.gap = lips.gap.max(if w.close < 0.5 {
        w.lip_skew.abs() * 4.0
    } else {
        0.0
    });
    lips
}

/// The shadow under the lower lip, and the corners' hollows.
fn around(rig: &Rig, scene: &mut Scene, lips: &Lips) {
    let fold = rig.look.skin.fold;
    scene.spot(
        Clip::Face,
        rig.head.on(0.0, lips.foot + 6.0),
        (22.0, 7.0),
        0.0,
        fold,
        0.42,
    );
    let level = SEAM + rig.drop * 0.16 - rig.w.smile * 1.5 + rig.w.frown + lips.corner;
    for side in SIDES {
        let dimple = rig.head.on((lips.half + 4.0) * side, level + 0.5);
        scene.spot(
            Clip::Face,
            dimple,
            (9.0, 8.0),
            0.0,
            fold,
            0.22 + rig.w.smile * 0.14,
        );
    }
    // A mouth pulled down bunches the chin.
    let bunched = (rig.w.frown * 0.8 + rig.w.sneer * 0.3 - 0.3).max(0.0);
    scene.spot(
        Clip::Face,
        rig.head.on(0.0, 112.0 + rig.drop),
        (16.0, 6.0),
        0.0,
        fold,
        0.34 * bunched,
    );
}

fn paint(rig: &Rig, scene: &mut Scene, lips: &Lips) {
    let [dark, middle, light] = rig.look.lip;
    let m = PIECES / 2;
    let (top, top_in) = (lips.upper_out[m], lips.upper_in[m]);
    let (foot_in, foot) = (lips.lower_in[m], lips.lower_out[m]);
    let inner = dark.mix(Tone(0x4A1014), 0.4);
    let stops = [(0.0, middle, 0.95), (0.6, dark, 1.0), (1.0, inner, 1.0)];
    let upper = linear(pt(top.x, top.y - 2.0), pt(top_in.x, top_in.y + 1.0), &stops);
    scene.fill(between(&lips.upper_out, &lips.upper_in), upper);
    let stops = [
        (0.0, dark, 1.0),
        (0.35, middle, 1.0),
        (0.75, middle, 1.0),
        (1.0, dark, 0.92),
    ];
    scene.fill(
        between(&lips.lower_in, &lips.lower_out),
        linear(foot_in, foot, &stops),
    );
    let shine = light.mix(Tone::WHITE, 0.45);
    if lips.lower_full > 4.0 {
        let spot = pt(foot_in.x - 3.0, foot_in.y + lips.lower_full * 0.42);
        scene.spot(
            Clip::None,
            spot,
            (12.0 - lips.round * 3.0, 3.2),
            0.0,
            shine,
            0.7,
        );
    }
    scene.spot(
        Clip::None,
        pt(top.x - 2.0, top.y + 1.0),
        (7.0, 1.8),
        0.0,
        shine,
        0.38,
    );
    if lips.gap < 2.5 {
        let half: Vec<f64> = (0..=PIECES)
            .map(|i| 0.35 + 0.9 * (1.0 - (2.0 * i as f64 / PIECES as f64 - 1.0).powi(2)))
            .collect();
        scene.fill(
            ribbon(&lips.upper_in, &half),
            solid(dark.mix(Tone(0x2A0608), 0.62), 0.85),
        );
    }
}
