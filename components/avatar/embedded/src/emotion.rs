//! What is felt: ten labels and the plane of valence and arousal, as one set of weights that follows changes
//! smoothly.

mod presets;

use crate::weights::Weights;

/// The labels, the standard one first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emotion {
    /// At ease, friendly.
    #[default]
    Neutral,
    /// Laughing eyes, a broad smile.
    Joy,
    /// Inner brows up, corners of the mouth down.
    Sadness,
    /// Brows down and together, lips pressed.
    Anger,
    /// Eyes wide, brows up and together, lips stretched.
    Fear,
    /// Everything up and open.
    Surprise,
    /// Nose wrinkled, one side of the upper lip raised.
    Disgust,
    /// Relaxed lids, the trace of a smile.
    Calm,
    /// Joy with eyes wide open.
    Excited,
    /// A soft smile, inner brows up, the head tilted.
    Tender,
}

impl Emotion {
    /// All labels, the standard one first.
    pub const ALL: [Emotion; 10] = [
        Emotion::Neutral,
        Emotion::Joy,
        Emotion::Sadness,
        Emotion::Anger,
        Emotion::Fear,
        Emotion::Surprise,
        Emotion::Disgust,
        Emotion::Calm,
        Emotion::Excited,
        Emotion::Tender,
    ];

    /// The word that controls use.
    pub fn name(self) -> &'static str {
        match self {
            Emotion::Neutral => "neutral",
            Emotion::Joy => "joy",
            Emotion::Sadness => "sadness",
            Emotion::Anger => "anger",
            Emotion::Fear => "fear",
            Emotion::Surprise => "surprise",
            Emotion::Disgust => "disgust",
            Emotion::Calm => "calm",
            Emotion::Excited => "excited",
            Emotion::Tender => "tender",
        }
    }

    /// The label of this word.
    pub fn named(name: &str) -> Option<Emotion> {
        Emotion::ALL
            .into_iter()
            .find(|emotion| emotion.name() == name)
    }

    /// How often the eyes blink in this feeling at full strength, against the usual.
    fn blinks(self) -> f64 {
        match self {
            Emotion::Neutral => 1.0,
            Emotion::Joy | Emotion::Anger | Emotion::Disgust => 1.35,
            Emotion::Excited | Emotion::Fear => 1.6,
            // Wide eyes stay wide.
            Emotion::Surprise | Emotion::Calm => 0.7,
            Emotion::Tender => 0.85,
            Emotion::Sadness => 0.6,
        }
    }

    /// The face of this label at full strength.
    pub fn weights(self) -> Weights {
        presets::label(self)
    }
}

/// What the controls say about feeling and temperament.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mood {
    /// The label.
    pub emotion: Emotion,
    /// How strongly the label shows, 0 to 1.
    pub intensity: f64,
    /// Unpleasant (-1) to pleasant (1).
    pub valence: f64,
    /// Drowsy (-1) to agitated (1).
    pub arousal: f64,
    /// How much the face shows at all, 0 to 1.
    pub expressivity: f64,
}

impl Default for Mood {
    fn default() -> Mood {
        Mood {
            emotion: Emotion::Neutral,
            intensity: 1.0,
            valence: 0.0,
            arousal: 0.0,
            expressivity: 0.5,
        }
    }
}

impl Mood {
    /// How much larger than usual every expression is: 0.6 to 1.3, 1 at the usual expressivity of 0.5.
    pub fn scale(&self) -> f64 {
        if self.expressivity < 0.5 {
            0.6 + 0.8 * self.expressivity
        } else {
            0.7 + 0.6 * self.expressivity
        }
    }

    /// How often the eyes blink in this mood, 1 is usual.
    pub fn blinks(&self) -> f64 {
        let label = self.emotion.blinks().powf(self.intensity.clamp(0.0, 1.0));
        label * 1.4_f64.powf(self.arousal.clamp(-1.0, 1.0))
    }

    /// The face of this mood. A label of low intensity lies between the neutral face and its own; valence
    /// and arousal move whatever results.
    pub fn weights(&self) -> Weights {
        let scale = self.scale();
        let neutral = Emotion::Neutral.weights();
        let label = neutral.toward(
            &self.emotion.weights(),
            self.intensity.clamp(0.0, 1.0) * scale,
        );
        let plane = presets::plane(self.valence.clamp(-1.0, 1.0), self.arousal.clamp(-1.0, 1.0));
        label.plus(&plane.times(scale)).limited()
    }
}

/// How quickly each of the two stages of smoothing follows, in seconds. Together they cover 90 % of a change
/// in about 200 ms, without a corner at its start.
const STAGE_S: f64 = 0.052;

/// The feeling that the face shows now, on its way to the mood.
#[derive(Clone, Copy, Debug)]
pub struct Feeling {
    near: Weights,
    shown: Weights,
}

impl Feeling {
    /// Starts out in this mood.
    pub fn new(mood: &Mood) -> Feeling {
        Feeling {
            near: mood.weights(),
            shown: mood.weights(),
        }
    }

    /// Moves on by `seconds` towards the mood, and says what the face shows while it speaks with `activity`
    /// (0 to 1): speech needs the mouth, so there the feeling steps back.
    pub fn advance(&mut self, mood: &Mood, seconds: f64, activity: f64) -> Weights {
        let share = 1.0 - (-seconds.max(0.0) / STAGE_S).exp();
        self.near = self.near.toward(&mood.weights(), share);
        self.shown = self.shown.toward(&self.near, share);
        presets::yielding(&self.shown, activity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_labels() {
        for emotion in Emotion::ALL {
            assert_eq!(Emotion::named(emotion.name()), Some(emotion));
        }
        assert_eq!(Emotion::named("bored"), None);
    }

    #[test]
    fn every_two_labels_differ_clearly() {
        for (i, a) in Emotion::ALL.iter().enumerate() {
            for b in &Emotion::ALL[i + 1..] {
                let distance = a.weights().distance(&b.weights());
                assert!(distance >= 0.2, "{a:?} and {b:?}: {distance}");
            }
        }
    }

    #[test]
    fn intensity_and_the_plane_are_continuous() {
        let half = Mood {
            emotion: Emotion::Joy,
            intensity: 0.5,
            ..Mood::default()
        }
        .weights();
        let (none, full) = (Emotion::Neutral.weights(), Emotion::Joy.weights());
        assert!(half.smile > none.smile && half.smile < full.smile);
        let mut last = Mood {
            valence: -1.0,
            arousal: -1.0,
            ..Mood::default()
        }
        .weights();
        for i in -99..=100 {
            let at = f64::from(i) / 100.0;
            let next = Mood {
                valence: at,
                arousal: at,
                ..Mood::default()
            }
            .weights();
            assert!(next.distance(&last) < 0.03, "a jump at {at}");
            last = next;
        }
        let pleasant = Mood {
            valence: 1.0,
            ..Mood::default()
        }
        .weights();
        let unpleasant = Mood {
            valence: -1.0,
            ..Mood::default()
        }
        .weights();
        assert!(pleasant.smile > 0.4 && unpleasant.frown > 0.3);
    }

    #[test]
    fn a_change_takes_about_a_fifth_of_a_second() {
        let mood = Mood {
            emotion: Emotion::Surprise,
            ..Mood::default()
        };
        let mut feeling = Feeling::new(&Mood::default());
        let goal = mood.weights().wide;
        let early = feeling.advance(&mood, 0.04, 0.0).wide;
        let mut late = early;
        for _ in 0..4 {
            late = feeling.advance(&mood, 0.04, 0.0).wide;
        }
        assert!(
            early < goal * 0.4 && late > goal * 0.85,
            "{early} {late} of {goal}"
        );
    }

    #[test]
    fn speech_has_the_mouth_to_itself() {
        let mood = Mood {
            emotion: Emotion::Surprise,
            ..Mood::default()
        };
        let mut feeling = Feeling::new(&mood);
        let (silent, speaking) = (
            feeling.advance(&mood, 0.0, 0.0),
            feeling.advance(&mood, 0.0, 1.0),
        );
        assert!(speaking.jaw < silent.jaw * 0.5);
        assert_eq!(speaking.wide, silent.wide);
    }
}
