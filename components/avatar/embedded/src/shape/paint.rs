//! Colours, and what a shape can be filled with.

use super::{Point, pt};
use vello_cpu::kurbo::Affine;
use vello_cpu::peniko::{Color, ColorStop, Gradient};

/// An opaque sRGB colour, `0xRRGGBB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone(pub u32);

impl Tone {
    /// White, for catch-lights.
    pub const WHITE: Tone = Tone(0xFF_FFFF);

    fn channels(self) -> [u8; 3] {
        let [_, r, g, b] = self.0.to_be_bytes();
        [r, g, b]
    }

    /// The colour with an opacity of 0 to 1.
    pub fn alpha(self, opacity: f64) -> Color {
        let [r, g, b] = self.channels();
        Color::from_rgba8(r, g, b, (opacity.clamp(0.0, 1.0) * 255.0).round() as u8)
    }

    /// The colour a fraction `t` of the way to `other`, channel by channel.
    pub fn mix(self, other: Tone, t: f64) -> Tone {
        let (a, b) = (self.channels(), other.channels());
        let channel = |x: u8, y: u8| {
            (f64::from(x) + (f64::from(y) - f64::from(x)) * t.clamp(0.0, 1.0)).round() as u8
        };
        let ([ar, ag, ab], [br, bg, bb]) = (a, b);
        Tone(u32::from_be_bytes([
            0,
            channel(ar, br),
            channel(ag, bg),
            channel(ab, bb),
        ]))
    }
}

/// What a shape is filled with.
#[derive(Clone, Debug)]
pub enum Paint {
    /// One colour.
    Solid(Color),
    /// A gradient and the transform from its own space into design units.
    Gradient(Gradient, Affine),
}

/// A flat colour with an opacity of 0 to 1.
pub fn solid(tone: Tone, opacity: f64) -> Paint {
    Paint::Solid(tone.alpha(opacity))
}

/// A gradient from `from` to `to`; a stop is (position 0 to 1, tone, opacity).
pub fn linear(from: Point, to: Point, stops: &[(f64, Tone, f64)]) -> Paint {
    Paint::Gradient(
        Gradient::new_linear(from, to).with_stops(colours(stops).as_slice()),
        Affine::IDENTITY,
    )
}

/// A gradient from `from` to `to` in which one tone changes its opacity.
pub fn fade(from: Point, to: Point, tone: Tone, opacity: (f64, f64)) -> Paint {
    linear(from, to, &[(0.0, tone, opacity.0), (1.0, tone, opacity.1)])
}

/// A gradient from the centre of an ellipse to its rim.
pub fn radial(centre: Point, radii: (f64, f64), turn: f64, stops: &[(f64, Tone, f64)]) -> Paint {
    let place = Affine::translate(centre.to_vec2())
        * Affine::rotate(turn)
        * Affine::scale_non_uniform(radii.0.max(1e-3), radii.1.max(1e-3));
    Paint::Gradient(
        Gradient::new_radial(pt(0.0, 0.0), 1.0).with_stops(colours(stops).as_slice()),
        place,
    )
}

/// A blurred spot: opaque in the middle, gone at the rim, without a visible edge.
pub fn soft(centre: Point, radii: (f64, f64), turn: f64, tone: Tone, opacity: f64) -> Paint {
    let stop = |at: f64, share: f64| (at, tone, opacity * share);
    radial(
        centre,
        radii,
        turn,
        &[
            stop(0.0, 1.0),
            stop(0.35, 0.72),
            stop(0.7, 0.22),
            stop(1.0, 0.0),
        ],
    )
}

fn colours(stops: &[(f64, Tone, f64)]) -> Vec<ColorStop> {
    stops
        .iter()
        .map(|(at, tone, opacity)| ColorStop::from((*at as f32, tone.alpha(*opacity))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_mix_by_channel() {
        assert_eq!(Tone(0x00_0000).mix(Tone(0xFF_8040), 0.5), Tone(0x80_4020));
        assert_eq!(Tone(0x12_3456).mix(Tone(0xFF_FFFF), 0.0), Tone(0x12_3456));
    }
}
