//! One number into one declared domain: exact, clamped, scaled, the nearest word, on or off.

use tth_sdk::mapper::Outcome;
use tth_sdk::{ParamDomain, ParamValue};

use crate::vocabulary::{Scale, tidy};
use crate::words;

/// What became of one wish at one parameter.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    pub(crate) outcome: Outcome,
    /// `None` exactly where the outcome is `Ignored`.
    pub(crate) value: Option<ParamValue>,
    pub(crate) reason: String,
}

impl Fit {
    pub(crate) fn applied(value: ParamValue, reason: impl Into<String>) -> Self {
        Fit {
            outcome: Outcome::Applied,
            value: Some(value),
            reason: reason.into(),
        }
    }

    pub(crate) fn downgraded(value: ParamValue, reason: impl Into<String>) -> Self {
        Fit {
            outcome: Outcome::Downgraded,
            value: Some(value),
            reason: reason.into(),
        }
    }

    pub(crate) fn ignored(reason: impl Into<String>) -> Self {
        Fit {
            outcome: Outcome::Ignored,
            value: None,
            reason: reason.into(),
        }
    }
}

/// A span this many times wider than the control's is another unit (percent, cents), not a
/// generous range of the same one.
const SAME_UNIT_SPAN: f64 = 4.0;
const CLOSE: f64 = 1e-9;

/// Fit a number of the user's scale into a domain.
pub(crate) fn number(scale: Scale, wanted: f64, domain: &ParamDomain) -> Fit {
    match domain {
        ParamDomain::Number((min, max, default)) => into_range(scale, wanted, *min, *max, *default),
        ParamDomain::Choice(choices) => into_degrees(scale, wanted, choices),
        ParamDomain::Flag => {
            let on = wanted > scale.neutral + CLOSE;
            let word = if on { "on" } else { "off" };
            let reason = format!(
                "wanted {}, it can only be on or off: {word}",
                scale.said(wanted)
            );
            Fit::downgraded(ParamValue::Flag(on), reason)
        }
        ParamDomain::Text => match words::instruction(scale.control, wanted) {
            Some(sentence) => {
                let reason = format!("wanted {}, told in words", scale.said(wanted));
                Fit::downgraded(ParamValue::Text(sentence), reason)
            }
            None => Fit::ignored("there are no words for this control"),
        },
    }
}

fn into_range(scale: Scale, wanted: f64, min: f64, max: f64, default: f64) -> Fit {
    // Written so that a NaN is refused too.
    let sound = min.is_finite() && max.is_finite() && min <= max && (min..=max).contains(&default);
    if !sound {
        return Fit::ignored("the provider declares an impossible range");
    }
    // The user's own range, even where the mapper counts otherwise.
    let own = scale.of_user();
    if [(min, own.0), (default, own.1), (max, own.2)]
        .iter()
        .all(|(theirs, users)| (theirs - users).abs() <= CLOSE)
    {
        let given = scale.to_user(wanted).clamp(min, max);
        return Fit::applied(ParamValue::Number(given), "");
    }
    if same_unit(scale, min, max, default) {
        let given = wanted.clamp(min, max);
        if (given - wanted).abs() <= CLOSE {
            return Fit::applied(ParamValue::Number(given), "");
        }
        let reason = format!(
            "wanted {}, given {}: the provider takes {} to {}",
            scale.said(wanted),
            tidy(given),
            tidy(min),
            tidy(max)
        );
        return Fit::downgraded(ParamValue::Number(given), reason);
    }
    let (low, neutral, high) = if scale.two_sided() {
        (min, default, max)
    } else {
        (min, min, max)
    };
    let deviation = scale.deviation(wanted);
    let reach = if deviation < 0.0 {
        neutral - low
    } else {
        high - neutral
    };
    let given = (neutral + deviation * reach).clamp(min, max);
    let reason = format!(
        "wanted {}, given {}: scaled into {} to {}",
        scale.said(wanted),
        tidy(given),
        tidy(min),
        tidy(max)
    );
    Fit::downgraded(ParamValue::Number(given), reason)
}

/// Whether the provider counts as the user does: both have the same neutral value and ranges of one
/// order. Else the user's range is stretched over the provider's.
fn same_unit(scale: Scale, min: f64, max: f64, default: f64) -> bool {
    let span = max - min;
    let own = scale.high - scale.low;
    if span > own * SAME_UNIT_SPAN {
        return false;
    }
    if scale.two_sided() {
        (default - scale.neutral).abs() <= CLOSE
    } else {
        min >= scale.low - CLOSE && min < scale.high
    }
}

/// Choices that say how much: bare numbers, or the degrees that speech markup uses.
fn into_degrees(scale: Scale, wanted: f64, choices: &[String]) -> Fit {
    let mut best: Option<(&String, f64, f64)> = None;
    for choice in choices {
        let degree = match choice.trim().parse::<f64>() {
            Ok(value) if value.is_finite() => (value - wanted, value),
            _ => match words::degree(choice) {
                Some(degree) => {
                    let at = if scale.two_sided() {
                        degree
                    } else {
                        (degree + 1.0) / 2.0
                    };
                    (at - scale.deviation(wanted), at)
                }
                None => continue,
            },
        };
        let off = degree.0.abs();
        if best.is_none_or(|(_, least, _)| off < least) {
            best = Some((choice, off, degree.1));
        }
    }
    match best {
        None => Fit::ignored("none of the provider's words is a degree of it"),
        Some((choice, off, _)) if off <= CLOSE => {
            Fit::applied(ParamValue::Text(choice.clone()), "")
        }
        Some((choice, _, _)) => {
            let reason = format!(
                "wanted {}, given {choice:?}: the nearest choice",
                scale.said(wanted)
            );
            Fit::downgraded(ParamValue::Text(choice.clone()), reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::{AROUSAL, EXPRESSIVITY, PITCH_SHIFT, SPEECH_RATE, VALENCE, scale};

    fn given(control: &str, wanted: f64, domain: &ParamDomain) -> (Outcome, Option<f64>) {
        let fit = number(scale(control).unwrap(), wanted, domain);
        let value = fit.value.map(|value| match value {
            ParamValue::Number(n) => n,
            other => panic!("{other:?}"),
        });
        (fit.outcome, value)
    }

    #[test]
    fn ranges() {
        use Outcome::{Applied, Downgraded, Ignored};
        let cases = [
            // The same unit: as it is, or clamped.
            (SPEECH_RATE, 1.3, (0.25, 4.0, 1.0), Applied, Some(1.3)),
            (SPEECH_RATE, 1.3, (0.7, 1.2, 1.0), Downgraded, Some(1.2)),
            (PITCH_SHIFT, -3.0, (-20.0, 20.0, 0.0), Applied, Some(-3.0)),
            (EXPRESSIVITY, 0.8, (0.0, 1.0, 0.5), Applied, Some(0.8)),
            // Another unit: neutral to default, ends to ends.
            (SPEECH_RATE, 1.0, (0.0, 100.0, 50.0), Downgraded, Some(50.0)),
            (SPEECH_RATE, 1.5, (0.0, 100.0, 50.0), Downgraded, Some(75.0)),
            (SPEECH_RATE, 0.5, (0.0, 100.0, 40.0), Downgraded, Some(0.0)),
            (
                PITCH_SHIFT,
                6.0,
                (-100.0, 100.0, 0.0),
                Downgraded,
                Some(50.0),
            ),
            (
                EXPRESSIVITY,
                0.25,
                (0.0, 100.0, 50.0),
                Downgraded,
                Some(25.0),
            ),
            (VALENCE, -0.5, (0.0, 1.0, 0.5), Downgraded, Some(0.25)),
            // Counted as the circumplex does, as the user does, and in percent.
            (AROUSAL, -0.5, (-1.0, 1.0, 0.0), Applied, Some(-0.5)),
            (AROUSAL, -0.5, (0.0, 1.0, 0.5), Applied, Some(0.25)),
            (AROUSAL, -0.5, (0.0, 100.0, 50.0), Downgraded, Some(25.0)),
            // Nothing to be had.
            (VALENCE, 0.5, (1.0, -1.0, 0.0), Ignored, None),
            (VALENCE, 0.5, (f64::NAN, 1.0, 0.0), Ignored, None),
        ];
        for (control, wanted, domain, outcome, value) in cases {
            let (got, number) = given(control, wanted, &ParamDomain::Number(domain));
            assert_eq!(
                format!("{got:?}"),
                format!("{outcome:?}"),
                "{control} {wanted} {domain:?}"
            );
            assert_eq!(number, value, "{control} {wanted} {domain:?}");
        }
    }

    #[test]
    fn reasons_say_what_the_user_wished() {
        let arousal = scale(AROUSAL).unwrap();
        let fit = number(arousal, 0.8, &ParamDomain::Number((-0.5, 0.5, 0.0)));
        assert_eq!(
            fit.reason,
            "wanted 0.9, given 0.5: the provider takes -0.5 to 0.5"
        );
        let fit = number(arousal, 0.8, &ParamDomain::Flag);
        assert_eq!(fit.reason, "wanted 0.9, it can only be on or off: on");
    }

    #[test]
    fn degrees_by_word_and_by_number() {
        let words: Vec<String> = ["medium", "x-slow", "slow", "fast", "x-fast"]
            .map(Into::into)
            .into();
        let rate = scale(SPEECH_RATE).unwrap();
        for (wanted, word, exact) in [
            (1.0, "medium", true),
            (0.6, "x-slow", false),
            (1.4, "fast", false),
            (2.0, "x-fast", true),
        ] {
            let fit = number(rate, wanted, &ParamDomain::Choice(words.clone()));
            assert!(
                matches!(&fit.value, Some(ParamValue::Text(t)) if t == word),
                "{wanted}: {fit:?}"
            );
            assert_eq!(matches!(fit.outcome, Outcome::Applied), exact, "{wanted}");
        }
        let numbers = ParamDomain::Choice(["1", "0.75", "1.5"].map(Into::into).into());
        let fit = number(rate, 1.4, &numbers);
        assert!(matches!(&fit.value, Some(ParamValue::Text(t)) if t == "1.5"));
        let colours = ParamDomain::Choice(["red", "blue"].map(Into::into).into());
        assert!(matches!(
            number(rate, 1.4, &colours).outcome,
            Outcome::Ignored
        ));
        assert!(matches!(
            number(rate, 1.4, &ParamDomain::Choice(vec![])).outcome,
            Outcome::Ignored
        ));
    }

    #[test]
    fn a_flag_is_on_above_neutral() {
        let rate = scale(SPEECH_RATE).unwrap();
        for (wanted, on) in [(0.7, false), (1.0, false), (1.1, true)] {
            let fit = number(rate, wanted, &ParamDomain::Flag);
            assert!(
                matches!(fit.value, Some(ParamValue::Flag(f)) if f == on),
                "{wanted}"
            );
        }
    }
}
