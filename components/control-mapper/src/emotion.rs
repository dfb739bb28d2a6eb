//! The ten labels on the circumplex of affect.
//!
//! Valence and arousal are read off figure 4 of J. A. Russell, "A circumplex model of affect",
//! Journal of Personality and Social Psychology 39 (1980), 1161-1178, to the nearest 0.05. The
//! figure has adjectives; the one that stands for each label is named beside it. Russell has no
//! word for disgust and none for tenderness: their nearest neighbours in the figure stand in.

/// A label that clients may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label(usize);

/// A place on the circumplex: valence and arousal, each -1 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) valence: f64,
    pub(crate) arousal: f64,
}

struct Entry {
    name: &'static str,
    /// How the label is said of a way of speaking.
    adverbial: &'static str,
    at: Point,
    /// Other words for it, as providers and language models use them.
    synonyms: &'static [&'static str],
}

const fn entry(
    name: &'static str,
    adverbial: &'static str,
    at: (f64, f64),
    synonyms: &'static [&'static str],
) -> Entry {
    Entry {
        name,
        adverbial,
        at: Point {
            valence: at.0,
            arousal: at.1,
        },
        synonyms,
    }
}

const TABLE: [Entry; 10] = [
    entry(
        "neutral",
        "neutral",
        (0.0, 0.0),
        &["none", "normal", "default", "plain"],
    ),
    // happy
    entry(
        "joy",
        "joyful",
        (0.85, 0.55),
        &["happy", "happiness", "joyful", "cheerful", "glad"],
    ),
    // sad
    entry(
        "sadness",
        "sad",
        (-0.65, -0.25),
        &["sad", "sorrow", "unhappy", "melancholy"],
    ),
    // angry
    entry("anger", "angry", (-0.5, 0.6), &["angry", "mad", "furious"]),
    // afraid
    entry(
        "fear",
        "frightened",
        (-0.35, 0.65),
        &["fearful", "afraid", "scared", "anxious"],
    ),
    // astonished
    entry(
        "surprise",
        "surprised",
        (0.15, 0.9),
        &["surprised", "astonished", "amazed"],
    ),
    // annoyed
    entry(
        "disgust",
        "disgusted",
        (-0.55, 0.4),
        &["disgusted", "revolted"],
    ),
    // calm
    entry(
        "calm",
        "calm",
        (0.55, -0.3),
        &["relaxed", "serene", "peaceful", "content"],
    ),
    // excited
    entry(
        "excited",
        "excited",
        (0.6, 0.75),
        &["excitement", "enthusiastic", "thrilled"],
    ),
    // pleased
    entry(
        "tender",
        "tender",
        (0.75, 0.2),
        &["tenderness", "affectionate", "loving", "warm", "gentle"],
    ),
];

/// Weaker than this, a feeling is neutral where it can only be named.
pub(crate) const FAINT: f64 = 0.25;

/// How a word was understood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reading {
    /// It is the label, or a synonym of it.
    Known(Label),
    /// It is close enough in spelling.
    Near(Label),
}

impl Reading {
    pub(crate) fn label(self) -> Label {
        match self {
            Reading::Known(label) | Reading::Near(label) => label,
        }
    }
}

impl Label {
    pub(crate) const NEUTRAL: Label = Label(0);

    pub(crate) fn all() -> impl Iterator<Item = Label> {
        (0..TABLE.len()).map(Label)
    }

    fn entry(self) -> &'static Entry {
        TABLE.get(self.0).unwrap_or(&TABLE[0])
    }

    pub(crate) fn name(self) -> &'static str {
        self.entry().name
    }

    /// The label as an adjective for a way of speaking.
    pub(crate) fn adjective(self) -> &'static str {
        self.entry().adverbial
    }

    /// Where the label stands at full intensity.
    pub(crate) fn point(self) -> Point {
        self.entry().at
    }

    /// The label that a word names, if any.
    pub(crate) fn exactly(word: &str) -> Option<Label> {
        let word = word.trim();
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        Label::all().find(|label| is(label.name()) || label.entry().synonyms.iter().any(|s| is(s)))
    }

    /// The label that a word means: by name, else by at most two misspelt letters.
    pub(crate) fn read(word: &str) -> Option<Reading> {
        if let Some(label) = Label::exactly(word) {
            return Some(Reading::Known(label));
        }
        // A longer word is no misspelling of a label, and the distance costs time by its length.
        let word = word.trim().to_lowercase();
        if word.len() > 24 {
            return None;
        }
        let distance = |label: &Label| strsim::damerau_levenshtein(&word, label.name());
        let nearest = Label::all().min_by_key(distance)?;
        (distance(&nearest) <= 2).then_some(Reading::Near(nearest))
    }

    /// The label nearest to a place.
    pub(crate) fn nearest(to: Point) -> Label {
        if to.radius() < FAINT {
            return Label::NEUTRAL;
        }
        // A faint feeling is still that feeling: compare directions at full strength.
        let full = to.scaled(1.0 / to.radius());
        Label::all()
            .filter(|label| *label != Label::NEUTRAL)
            .min_by(|a, b| {
                a.direction()
                    .distance(full)
                    .total_cmp(&b.direction().distance(full))
            })
            .unwrap_or(Label::NEUTRAL)
    }

    fn direction(self) -> Point {
        let at = self.point();
        if at.radius() > 0.0 {
            at.scaled(1.0 / at.radius())
        } else {
            at
        }
    }
}

impl Point {
    pub(crate) fn radius(self) -> f64 {
        self.valence.hypot(self.arousal)
    }

    /// Towards neutral (below 1) or away from it; never leaves the range of the controls.
    pub(crate) fn scaled(self, by: f64) -> Point {
        Point {
            valence: (self.valence * by).clamp(-1.0, 1.0),
            arousal: (self.arousal * by).clamp(-1.0, 1.0),
        }
    }

    pub(crate) fn distance(self, other: Point) -> f64 {
        (self.valence - other.valence).hypot(self.arousal - other.arousal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_found_by_name_and_at_its_place() {
        for label in Label::all() {
            assert_eq!(Label::read(label.name()), Some(Reading::Known(label)));
            assert_eq!(Label::nearest(label.point()), label, "{}", label.name());
        }
    }

    #[test]
    fn the_same_direction_is_the_same_feeling_until_it_is_faint() {
        for label in Label::all().filter(|l| *l != Label::NEUTRAL) {
            assert_eq!(
                Label::nearest(label.point().scaled(0.5)),
                label,
                "{}",
                label.name()
            );
            assert_eq!(Label::nearest(label.point().scaled(0.2)), Label::NEUTRAL);
        }
    }

    #[test]
    fn words_are_understood_as_far_as_they_can_be() {
        for (word, label) in [
            ("Joy", "joy"),
            ("happy", "joy"),
            (" scared ", "fear"),
            ("excitd", "excited"),
            ("suprise", "surprise"),
            ("tendr", "tender"),
        ] {
            assert_eq!(
                Label::read(word).map(|r| r.label().name()),
                Some(label),
                "{word}"
            );
        }
        assert_eq!(Label::read("bewildered"), None);
        assert_eq!(Label::read(&"joy".repeat(50_000)), None);
    }
}
