//! Blend weights: the few numbers that say what the face does in one frame.
//!
//! Named after the ARKit blend shapes they resemble. 0 is at rest, 1 is the full movement, unless a field
//! says otherwise. Layers (mouth, emotion, life) each produce weights; the animator adds them and
//! [`Weights::limited`] brings the sum back into what the rig can draw.

/// The largest turn of the head to a side, in radians. Beyond it the flat features no longer sit on the head.
pub const MAX_YAW: f64 = 0.2;
const MAX_PITCH: f64 = 0.16;
const MAX_ROLL: f64 = 0.16;

macro_rules! weights {
    ($($(#[$doc:meta])* $name:ident in $low:expr, $high:expr;)*) => {
        /// What the face does in one frame.
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct Weights { $($(#[$doc])* pub $name: f64,)* }

        impl Weights {
            /// The face at rest.
            pub const REST: Weights = Weights { $($name: 0.0,)* };

            /// Combines two sets, field by field.
            pub fn zip(&self, other: &Weights, join: impl Fn(f64, f64) -> f64) -> Weights {
                Weights { $($name: join(self.$name, other.$name),)* }
            }

            /// Within the range of each field; a value that is not a number becomes 0.
            pub fn limited(&self) -> Weights {
                let limit = |value: f64, low: f64, high: f64| if value.is_finite() { value.clamp(low, high) } else { 0.0 };
                Weights { $($name: limit(self.$name, $low, $high),)* }
            }

            /// The largest difference between any two fields of the same name.
            pub fn distance(&self, other: &Weights) -> f64 {
                [$((self.$name - other.$name).abs(),)*].into_iter().fold(0.0, f64::max)
            }
        }
    };
}

weights! {
    /// The jaw falls; 1 is wide open.
    jaw in 0.0, 1.15;
    /// The lips meet although the jaw may be open.
    close in 0.0, 1.0;
    /// Lips rounded and pushed forward, open.
    funnel in 0.0, 1.2;
    /// Lips rounded and pushed forward, nearly closed.
    pucker in 0.0, 1.2;
    /// Corners of the mouth up and out.
    smile in 0.0, 1.2;
    /// Corners of the mouth down.
    frown in 0.0, 1.2;
    /// Corners of the mouth outwards.
    stretch in 0.0, 1.2;
    /// Lips pressed together.
    press in 0.0, 1.0;
    /// The upper lip rises.
    upper_up in 0.0, 1.3;
    /// The lower lip falls and shows teeth.
    lower_down in 0.0, 1.3;
    /// The lower lip rolls inwards, under the upper teeth.
    roll_lower in 0.0, 1.0;
    /// The upper lip rolls inwards.
    roll_upper in 0.0, 1.0;
    /// The tongue rises to the upper teeth.
    tongue in 0.0, 1.0;
    /// The lower teeth come into view.
    lower_teeth in 0.0, 1.0;
    /// One side of the upper lip rises: -1 the person's right, 1 the left.
    lip_skew in -1.0, 1.0;
    /// The right eye (the viewer's left) closes.
    blink_right in 0.0, 1.0;
    /// The left eye closes.
    blink_left in 0.0, 1.0;
    /// The upper lids hang; 1 is half closed.
    droop in 0.0, 1.0;
    /// The eyes open wide.
    wide in 0.0, 1.2;
    /// The lower lids rise.
    squint in 0.0, 1.1;
    /// Gaze to the viewer's left (-1) or right (1).
    look_x in -1.0, 1.0;
    /// Gaze up (-1) or down (1).
    look_y in -1.0, 1.0;
    /// Inner ends of the brows up.
    brow_inner in 0.0, 1.2;
    /// Brows down and together.
    brow_down in 0.0, 1.2;
    /// Outer ends of the brows up.
    brow_outer in 0.0, 1.3;
    /// The left brow alone up.
    brow_skew in 0.0, 1.0;
    /// The cheeks rise.
    cheek in 0.0, 1.0;
    /// The nose wrinkles and its wings rise.
    sneer in 0.0, 1.0;
    /// Colour in the cheeks.
    blush in 0.0, 1.0;
    /// The head turns to the viewer's right (positive), in radians.
    yaw in -MAX_YAW, MAX_YAW;
    /// The head nods down (positive), in radians.
    pitch in -MAX_PITCH, MAX_PITCH;
    /// The head tilts to its left (clockwise for the viewer), in radians.
    roll in -MAX_ROLL, MAX_ROLL;
    /// The chest: -1 breathed out, 1 breathed in.
    breath in -1.5, 1.5;
    /// The shoulders rise.
    shrug in 0.0, 1.0;
}

impl Weights {
    /// The sum.
    pub fn plus(&self, other: &Weights) -> Weights {
        self.zip(other, |a, b| a + b)
    }

    /// Every field times `factor`.
    pub fn times(&self, factor: f64) -> Weights {
        self.zip(self, |a, _| a * factor)
    }

    /// A fraction `t` of the way to `other`.
    pub fn toward(&self, other: &Weights, t: f64) -> Weights {
        self.zip(other, |a, b| a + (b - a) * t)
    }

    /// How far the lips are apart, in design units of the rig (about 0 when closed, 30 wide open).
    pub fn aperture(&self) -> f64 {
        let w = self.limited();
        let (upper, lower) = w.lip_gaps();
        upper + lower
    }

    /// How far the upper lip rises and the lower lip falls from where they meet, in design units.
    pub fn lip_gaps(&self) -> (f64, f64) {
        let open = (1.0 - self.close).max(0.0);
        let upper =
            self.upper_up * 6.5 + self.funnel * 4.0 + self.jaw * 1.5 + self.smile * self.jaw;
        let lower = self.jaw * JAW_DROP * 1.02 + self.lower_down * 6.0 + self.funnel * 4.5;
        (upper * open, lower * open)
    }
}

/// How far the chin falls when the jaw is fully open, in design units.
pub const JAW_DROP: f64 = 27.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_and_swallow_what_is_not_a_number() {
        let wild = Weights {
            jaw: f64::NAN,
            smile: 9.0,
            yaw: -3.0,
            breath: f64::INFINITY,
            ..Weights::REST
        };
        let tame = wild.limited();
        assert_eq!(
            (tame.jaw, tame.smile, tame.yaw, tame.breath),
            (0.0, 1.2, -MAX_YAW, 0.0)
        );
    }

    #[test]
    fn arithmetic_is_by_field() {
        let a = Weights {
            jaw: 0.2,
            smile: 0.4,
            ..Weights::REST
        };
        let b = Weights {
            jaw: 0.4,
            frown: 1.0,
            ..Weights::REST
        };
        assert_eq!(a.plus(&b).frown, 1.0);
        assert!((a.toward(&b, 0.5).jaw - 0.3).abs() < 1e-12);
        assert!((a.times(2.0).smile - 0.8).abs() < 1e-12);
        assert_eq!(a.distance(&b), 1.0);
    }

    #[test]
    fn the_aperture_grows_with_the_jaw_and_closes_with_the_lips() {
        let open = Weights {
            jaw: 0.8,
            ..Weights::REST
        };
        assert!(open.aperture() > 20.0);
        assert_eq!(Weights { close: 1.0, ..open }.aperture(), 0.0);
    }
}
