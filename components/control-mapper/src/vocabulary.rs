//! The user's controls: their names, ranges and neutral values.

/// The names, in the order in which decisions are reported.
pub(crate) const CONTROLS: [&str; 9] = [
    LABEL,
    INTENSITY,
    VALENCE,
    AROUSAL,
    PERSONA_ID,
    SPEECH_RATE,
    PITCH_SHIFT,
    EXPRESSIVITY,
    MOTION_GAIN,
];

pub(crate) const LABEL: &str = "emotion.label";
pub(crate) const INTENSITY: &str = "emotion.intensity";
pub(crate) const VALENCE: &str = "emotion.valence";
pub(crate) const AROUSAL: &str = "emotion.arousal";
pub(crate) const PERSONA_ID: &str = "character.persona-id";
pub(crate) const SPEECH_RATE: &str = "character.speech-rate";
pub(crate) const PITCH_SHIFT: &str = "character.pitch-shift";
pub(crate) const EXPRESSIVITY: &str = "character.expressivity";
pub(crate) const MOTION_GAIN: &str = "character.motion-gain";

/// What a parameter can follow besides the controls: the persona and the whole manner of speaking.
pub(crate) const LOOK: &str = "persona.look";
pub(crate) const VOICE: &str = "persona.voice";
pub(crate) const PROMPT: &str = "persona.prompt";
pub(crate) const STYLE: &str = "style";

/// A control that is a number, as the mapper counts it. Only arousal is counted otherwise by the
/// user: 0 to 1, where the circumplex has -1 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) control: &'static str,
    pub(crate) low: f64,
    /// Where nothing is changed. For a control that starts at nothing, `low`.
    pub(crate) neutral: f64,
    pub(crate) high: f64,
}

impl Scale {
    const fn new(control: &'static str, low: f64, neutral: f64, high: f64) -> Self {
        Scale {
            control,
            low,
            neutral,
            high,
        }
    }

    /// The user's lowest, neutral and highest number.
    pub(crate) fn of_user(&self) -> (f64, f64, f64) {
        (
            self.to_user(self.low),
            self.to_user(self.neutral),
            self.to_user(self.high),
        )
    }

    /// A number of the user's as the mapper counts it.
    pub(crate) fn read(self, given: f32) -> f64 {
        let given = f64::from(given);
        micro(match self.control {
            AROUSAL => 2.0 * given - 1.0,
            _ => given,
        })
    }

    /// A number of the mapper's as the user would have given it.
    pub(crate) fn to_user(self, value: f64) -> f64 {
        match self.control {
            AROUSAL => micro((value + 1.0) / 2.0),
            _ => value,
        }
    }

    /// The same, as people write it.
    pub(crate) fn said(&self, value: f64) -> String {
        tidy(self.to_user(value))
    }

    /// Whether the control goes both ways from its neutral value.
    pub(crate) fn two_sided(&self) -> bool {
        self.neutral > self.low
    }

    /// How far `value` is from neutral: -1 at the low end, 0 at neutral, 1 at the high end.
    pub(crate) fn deviation(&self, value: f64) -> f64 {
        let span = if value < self.neutral {
            self.neutral - self.low
        } else {
            self.high - self.neutral
        };
        if span > 0.0 {
            ((value - self.neutral) / span).clamp(-1.0, 1.0)
        } else {
            0.0
        }
    }
}

/// The ranges that users have, arousal's turned into the circumplex's.
pub(crate) const SCALES: [Scale; 7] = [
    Scale::new(INTENSITY, 0.0, 0.0, 1.0),
    Scale::new(VALENCE, -1.0, 0.0, 1.0),
    Scale::new(AROUSAL, -1.0, 0.0, 1.0),
    Scale::new(SPEECH_RATE, 0.5, 1.0, 2.0),
    Scale::new(PITCH_SHIFT, -12.0, 0.0, 12.0),
    Scale::new(EXPRESSIVITY, 0.0, 0.0, 1.0),
    Scale::new(MOTION_GAIN, 0.0, 1.0, 2.0),
];

/// The scale of a control that is a number.
pub(crate) fn scale(control: &str) -> Option<Scale> {
    SCALES.into_iter().find(|scale| scale.control == control)
}

/// A number as people write it: three decimals at most, no trailing zeros.
pub(crate) fn tidy(value: f64) -> String {
    let rounded = (value * 1000.0).round() / 1000.0;
    // Adding zero turns -0 into 0.
    (rounded + 0.0).to_string()
}

/// Six decimals: all that single precision carried, without the digits that widening to double
/// precision would invent (0.7 stays 0.7).
fn micro(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_arousal_is_counted_otherwise_by_the_user() {
        let arousal = scale(AROUSAL).unwrap();
        assert_eq!(arousal.of_user(), (0.0, 0.5, 1.0));
        for (given, value) in [(0.0, -1.0), (0.5, 0.0), (0.7, 0.4), (1.0, 1.0)] {
            assert_eq!(arousal.read(given), value);
            assert_eq!(arousal.to_user(value), micro(f64::from(given)));
        }
        for scale in SCALES.into_iter().filter(|s| s.control != AROUSAL) {
            assert_eq!(scale.of_user(), (scale.low, scale.neutral, scale.high));
            assert_eq!(scale.read(0.7), 0.7);
        }
    }
}
