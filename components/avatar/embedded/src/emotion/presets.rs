//! The faces of the labels, and the plane of valence and arousal. The combinations of movements are those of
//! the Facial Action Coding System (Ekman and Friesen) as far as the rig has them.

use super::Emotion;
use crate::weights::Weights;

const REST: Weights = Weights::REST;

/// A label's face at full strength.
pub(super) fn label(emotion: Emotion) -> Weights {
    match emotion {
        Emotion::Neutral => Weights {
            smile: 0.28,
            cheek: 0.08,
            droop: 0.10,
            brow_outer: 0.05,
            ..REST
        },
        Emotion::Joy => Weights {
            smile: 1.0,
            cheek: 0.6,
            upper_up: 0.45,
            lower_down: 0.25,
            jaw: 0.12,
            squint: 0.22,
            brow_outer: 0.25,
            blush: 0.5,
            ..REST
        },
        Emotion::Sadness => Weights {
            frown: 0.95,
            brow_inner: 0.95,
            look_y: 0.30,
            squint: 0.1,
            droop: 0.34,
            pitch: 0.08,
            roll: 0.05,
            roll_lower: 0.1,
            ..REST
        },
        Emotion::Anger => Weights {
            brow_down: 1.05,
            squint: 0.45,
            frown: 0.45,
            press: 0.6,
            sneer: 0.3,
            wide: 0.1,
            pitch: 0.06,
            ..REST
        },
        Emotion::Fear => Weights {
            wide: 0.85,
            brow_inner: 1.0,
            brow_outer: 0.3,
            stretch: 0.7,
            jaw: 0.16,
            frown: 0.35,
            lower_down: 0.4,
            lower_teeth: 0.3,
            shrug: 0.7,
            pitch: -0.03,
            ..REST
        },
        Emotion::Surprise => Weights {
            wide: 1.0,
            brow_inner: 0.7,
            brow_outer: 1.0,
            jaw: 0.55,
            funnel: 0.28,
            pitch: -0.04,
            ..REST
        },
        Emotion::Disgust => Weights {
            sneer: 1.0,
            lip_skew: 1.0,
            brow_down: 0.85,
            squint: 0.85,
            upper_up: 0.25,
            frown: 0.45,
            cheek: 0.25,
            yaw: 0.10,
            pitch: -0.03,
            roll: -0.04,
            look_x: -0.15,
            ..REST
        },
        Emotion::Calm => Weights {
            smile: 0.40,
            droop: 0.46,
            cheek: 0.14,
            brow_outer: 0.0,
            pitch: 0.02,
            ..REST
        },
        Emotion::Excited => Weights {
            smile: 0.95,
            cheek: 0.35,
            upper_up: 0.5,
            lower_down: 0.35,
            jaw: 0.34,
            wide: 0.6,
            brow_inner: 0.35,
            brow_outer: 0.85,
            blush: 0.45,
            pitch: -0.03,
            ..REST
        },
        Emotion::Tender => Weights {
            smile: 0.55,
            cheek: 0.25,
            droop: 0.28,
            brow_inner: 0.55,
            blush: 0.45,
            roll: 0.09,
            pitch: 0.03,
            squint: 0.12,
            ..REST
        },
    }
}

/// What valence and arousal (each -1 to 1) add, whatever the label.
pub(super) fn plane(valence: f64, arousal: f64) -> Weights {
    let (good, bad) = (valence.max(0.0), (-valence).max(0.0));
    let (up, down) = (arousal.max(0.0), (-arousal).max(0.0));
    Weights {
        smile: good * (0.5 + 0.15 * up),
        cheek: good * 0.3,
        blush: good * 0.2 + good * up * 0.15,
        upper_up: good * up * 0.25,
        frown: bad * 0.5,
        // Low and bad is sad, high and bad is tense.
        brow_inner: bad * down * 0.5 + bad * 0.2,
        brow_down: bad * up * 0.5,
        stretch: bad * up * 0.25,
        wide: up * 0.35,
        brow_outer: up * 0.25,
        squint: good * up * 0.1,
        droop: down * 0.5,
        pitch: down * 0.03 + bad * down * 0.02,
        ..REST
    }
}

/// The same feeling while the mouth is needed for speech.
pub(super) fn yielding(w: &Weights, activity: f64) -> Weights {
    let keep = |share: f64| 1.0 - (1.0 - share) * activity.clamp(0.0, 1.0);
    Weights {
        jaw: w.jaw * keep(0.2),
        funnel: w.funnel * keep(0.2),
        pucker: w.pucker * keep(0.2),
        press: w.press * keep(0.1),
        upper_up: w.upper_up * keep(0.45),
        lower_down: w.lower_down * keep(0.45),
        lower_teeth: w.lower_teeth * keep(0.4),
        roll_lower: w.roll_lower * keep(0.2),
        stretch: w.stretch * keep(0.5),
        lip_skew: w.lip_skew * keep(0.55),
        smile: w.smile * keep(0.72),
        frown: w.frown * keep(0.7),
        ..*w
    }
}
