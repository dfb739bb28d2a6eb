//! The looks a persona can choose from: colours, hair, clothes and the build of the face.

mod catalogue;

use crate::shape::Tone;
pub use catalogue::LOOKS;

/// The tones of a skin, from the brightest light to the darkest line.
#[derive(Clone, Copy, Debug)]
pub struct Skin {
    /// Highlights on forehead, nose and cheeks.
    pub glow: Tone,
    /// Facing the light.
    pub light: Tone,
    /// The skin's own colour.
    pub base: Tone,
    /// Turning away from the light.
    pub shade: Tone,
    /// In shadow.
    pub deep: Tone,
    /// Soft folds and hollows.
    pub fold: Tone,
    /// Fine dark lines and cast shadows.
    pub line: Tone,
    /// Nostrils and the inner corner of shadows.
    pub dark: Tone,
    /// What joy and warmth bring to the cheeks.
    pub blush: Tone,
}

/// How the hair is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Parted at the side, down to the shoulders.
    Long,
    /// Short at the sides, swept up in front.
    Short,
    /// Combed from a side parting, short at the neck.
    Parted,
    /// A round cloud of curls.
    Curls,
    /// Straight, to the jaw, with a fringe.
    Bob,
}

/// The hair's cut and tones.
#[derive(Clone, Copy, Debug)]
pub struct Hair {
    /// How it is cut.
    pub cut: Cut,
    /// In shadow.
    pub dark: Tone,
    /// Its own colour.
    pub base: Tone,
    /// Facing the light.
    pub light: Tone,
    /// Single strands in the light.
    pub strand: Tone,
    /// The gloss, and how strong it is (0 to 1).
    pub gloss: (Tone, f64),
    /// Hair on the chin and lip: 0 none, 0.4 a day's stubble, 1 a short beard.
    pub beard: f64,
}

/// What is worn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Garment {
    /// A jacket with lapels over a light top.
    Blazer,
    /// A pullover with a round neck.
    Crew,
    /// A wide, low round neck.
    Scoop,
    /// A high, folded collar.
    Turtleneck,
    /// A shirt, the top button open.
    Shirt,
}

/// The clothes and their tones.
#[derive(Clone, Copy, Debug)]
pub struct Clothes {
    /// What is worn.
    pub garment: Garment,
    /// Facing the light.
    pub light: Tone,
    /// Its own colour.
    pub base: Tone,
    /// In shadow.
    pub dark: Tone,
    /// The second piece: a shirt under a jacket, a collar.
    pub accent: Tone,
}

/// Proportions, each 1 for the average of the looks unless said otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// Width of the lower face.
    pub jaw: f64,
    /// Squareness of the chin, 0 to 1.
    pub square: f64,
    /// Width of the neck.
    pub neck: f64,
    /// Width of the shoulders.
    pub shoulders: f64,
    /// Thickness of the brows.
    pub brows: f64,
    /// How far the brows lie above their usual place, in design units.
    pub brow_lift: f64,
    /// Height of the eye opening.
    pub eyes: f64,
    /// Rise of the eye's outer corner.
    pub tilt: f64,
    /// Strength of the crease of the upper lid.
    pub crease: f64,
    /// Length and thickness of the lashes.
    pub lashes: f64,
    /// Width of the nose.
    pub nose: f64,
    /// Fullness of the lips.
    pub lips: f64,
    /// Width of the mouth.
    pub mouth: f64,
    /// How easily the cheeks colour.
    pub blush: f64,
}

/// One person.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// What configuration and personas call it.
    pub id: &'static str,
    /// The skin.
    pub skin: Skin,
    /// The hair.
    pub hair: Hair,
    /// The brows' tone.
    pub brow: Tone,
    /// The iris: rim, middle, the light at its lower edge.
    pub iris: [Tone; 3],
    /// The lips: shadow, middle, light.
    pub lip: [Tone; 3],
    /// The clothes.
    pub clothes: Clothes,
    /// The backdrop: the light behind the head, middle, corners.
    pub backdrop: [Tone; 3],
    /// Earrings, if worn.
    pub earring: Option<Tone>,
    /// Proportions.
    pub build: Build,
}

impl Look {
    /// The look with this identifier.
    pub fn named(id: &str) -> Option<&'static Look> {
        LOOKS.iter().find(|look| look.id == id)
    }

    /// The look of a persona that asks for none.
    pub fn standard() -> &'static Look {
        &LOOKS[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_found_by_their_names_and_names_are_unique() {
        for (i, look) in LOOKS.iter().enumerate() {
            assert_eq!(Look::named(look.id).map(|l| l.id), Some(look.id));
            assert!(LOOKS[..i].iter().all(|other| other.id != look.id));
        }
        assert!(LOOKS.len() >= 4);
        assert!(Look::named("nobody").is_none());
    }
}
