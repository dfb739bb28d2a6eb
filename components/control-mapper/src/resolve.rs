//! One target: its parameters from the wishes, and one decision for each wish.
//!
//! A wish goes to the parameters that follow it. Where there are none, a feeling takes the next best
//! way: a label as a place on the circumplex, a place as the nearest label, and whatever is left
//! into the instruction in words, if the provider takes one. What a parameter already carries is
//! not said a second time in words.

use tth_sdk::mapper::{Decision, Outcome, Persona};
use tth_sdk::{Control, Param, ParamDomain, ParamSpec, ParamValue, ProviderInfo};

use crate::emotion::{FAINT, Label, Reading};
use crate::fit::{self, Fit};
use crate::layers::Wishes;
use crate::persona;
use crate::vocabulary::{
    AROUSAL, CONTROLS, EXPRESSIVITY, INTENSITY, LABEL, LOOK, PERSONA_ID, PITCH_SHIFT, PROMPT,
    SPEECH_RATE, STYLE, VALENCE, VOICE, scale,
};
use crate::words;

/// The controls that an instruction on the manner of speaking can say.
const SAID_IN_STYLE: [&str; 7] = [
    LABEL,
    INTENSITY,
    VALENCE,
    AROUSAL,
    SPEECH_RATE,
    PITCH_SHIFT,
    EXPRESSIVITY,
];
/// The controls that the prompt of a language model says.
const SAID_IN_PROMPT: [&str; 4] = [LABEL, INTENSITY, VALENCE, AROUSAL];

/// A parameter and what was made of a wish for it.
struct Placed<'a> {
    spec: &'a ParamSpec,
    fit: Fit,
}

struct Target<'a> {
    info: &'a ProviderInfo,
    wishes: &'a Wishes,
    placed: Vec<Placed<'a>>,
}

/// The parameters of one provider and the decision on each control that was set.
pub(crate) fn resolve(
    persona: &Persona,
    wishes: &Wishes,
    info: &ProviderInfo,
) -> (Control, Vec<Decision>) {
    let mut target = Target {
        info,
        wishes,
        placed: Vec::new(),
    };
    for spec in &info.params {
        if let Some(fit) = target.fit(spec, persona) {
            target.placed.push(Placed { spec, fit });
        }
    }
    let decisions = CONTROLS
        .into_iter()
        .filter(|control| wishes.is_set(control))
        .map(|control| target.decide(control))
        .collect();
    let params = target
        .placed
        .into_iter()
        .filter_map(|Placed { spec, fit }| {
            Some(Param {
                name: spec.name.clone(),
                value: fit.value?,
            })
        })
        .collect();
    (Control { params }, decisions)
}

impl<'a> Target<'a> {
    fn follows(&self, control: &str) -> bool {
        self.info
            .params
            .iter()
            .any(|spec| spec.follows.as_deref() == Some(control))
    }

    fn has_place(&self) -> bool {
        self.follows(VALENCE) || self.follows(AROUSAL)
    }

    /// What one parameter is set to; `None` where no wish reaches it.
    fn fit(&self, spec: &ParamSpec, persona: &Persona) -> Option<Fit> {
        let control = spec.follows.as_deref()?;
        match control {
            LABEL => Some(self.fit_label(self.label()?, &spec.domain)),
            LOOK | VOICE => persona::fit(spec, persona, self.wishes, &self.info.name),
            PROMPT | STYLE => persona::fit(spec, persona, &self.unsaid(), &self.info.name),
            PERSONA_ID => Some(match (&spec.domain, self.wishes.persona_id.clone()?) {
                (ParamDomain::Text, id) => Fit::applied(ParamValue::Text(id), ""),
                (ParamDomain::Choice(choices), id) if choices.contains(&id) => {
                    Fit::applied(ParamValue::Text(id), "")
                }
                _ => Fit::ignored("the provider does not know this persona"),
            }),
            _ => Some(fit::number(
                scale(control)?,
                self.number(control)?,
                &spec.domain,
            )),
        }
    }

    /// The label to give: the one that was wished, or the nearest to the place that was wished if
    /// the provider cannot be told the place itself.
    fn label(&self) -> Option<Label> {
        if let Some(label) = self.wishes.current_label() {
            return Some(label);
        }
        if self.has_place() {
            None
        } else {
            self.wishes.point().map(Label::nearest)
        }
    }

    /// The number to give for a control, wished or derived from another wish.
    fn number(&self, control: &str) -> Option<f64> {
        if let Some(wished) = self.wishes.number(control) {
            return Some(wished);
        }
        // A provider that takes both is told the label; the place would say the feeling twice.
        let label_is_told = self.follows(LABEL) && self.wishes.current_label().is_some();
        match control {
            VALENCE if !label_is_told => Some(self.wishes.point()?.valence),
            AROUSAL if !label_is_told => Some(self.wishes.point()?.arousal),
            // A place that becomes a label keeps its strength.
            INTENSITY if self.wishes.current_label().is_none() && self.follows(LABEL) => {
                self.label()?;
                Some(self.wishes.point()?.radius().min(1.0))
            }
            _ => None,
        }
    }

    fn fit_label(&self, label: Label, domain: &ParamDomain) -> Fit {
        let faint = !self.follows(INTENSITY)
            && label != Label::NEUTRAL
            && self
                .wishes
                .intensity
                .is_some_and(|intensity| intensity < FAINT);
        let given = if faint { Label::NEUTRAL } else { label };
        let mut fit = match domain {
            ParamDomain::Choice(choices) => choose_label(given, choices),
            ParamDomain::Text => Fit::applied(
                ParamValue::Text(words::label_sentence(label, self.wishes.intensity)),
                "told in words",
            ),
            ParamDomain::Flag => Fit::downgraded(
                ParamValue::Flag(given != Label::NEUTRAL),
                "it can only be on or off",
            ),
            ParamDomain::Number(_) => Fit::ignored("a feeling's name is no number"),
        };
        if fit.value.is_none() || matches!(domain, ParamDomain::Text) {
            return fit;
        }
        if faint {
            fit.outcome = Outcome::Downgraded;
            fit.reason = format!("{} is too faint to be named: neutral", label.name());
        } else if let Some((Reading::Near(read), word)) = &self.wishes.label
            && *read == label
        {
            fit.outcome = Outcome::Downgraded;
            fit.reason = format!("wanted {word:?}, read as {}", label.name());
        }
        fit
    }

    /// The wishes that no parameter carries, to be said in words.
    fn unsaid(&self) -> Wishes {
        let mut unsaid = self.wishes.clone();
        if self.follows(LABEL) || self.has_place() {
            unsaid.label = None;
            (unsaid.valence, unsaid.arousal) = (None, None);
        }
        for (control, wish) in [
            (SPEECH_RATE, &mut unsaid.speech_rate),
            (PITCH_SHIFT, &mut unsaid.pitch_shift),
            (EXPRESSIVITY, &mut unsaid.expressivity),
        ] {
            if self.follows(control) {
                *wish = None;
            }
        }
        unsaid
    }

    /// What became of one control.
    fn decide(&self, control: &'static str) -> Decision {
        if control == PERSONA_ID {
            return self.decide_persona();
        }
        if control == LABEL && self.wishes.label_replaced {
            return ignored(
                control,
                "a stronger layer moved the feeling without naming it",
            );
        }
        if [VALENCE, AROUSAL].contains(&control) && self.wishes.number(control).is_none() {
            return ignored(control, "a stronger layer named another feeling");
        }
        if let Some(decision) = self.direct(control) {
            return decision;
        }
        self.by_feeling(control)
            .or_else(|| self.by_words(control))
            .unwrap_or_else(|| {
                ignored(
                    control,
                    &format!("{} has nothing that follows it", self.info.name),
                )
            })
    }

    /// By the parameters that follow the control: the best of them is reported.
    fn direct(&self, control: &'static str) -> Option<Decision> {
        let mut followers: Vec<&Placed> = self.placed_for(control).collect();
        followers.sort_by_key(|placed| rank(placed.fit.outcome));
        let (best, others) = followers.split_first()?;
        let mut decision = report(control, best, best.fit.outcome, best.fit.reason.clone());
        let others: Vec<&str> = others
            .iter()
            .filter(|placed| placed.fit.value.is_some())
            .map(|placed| placed.spec.name.as_str())
            .collect();
        if !others.is_empty() {
            let gap = if decision.reason.is_empty() { "" } else { "; " };
            decision.reason = format!("{}{gap}also by {}", decision.reason, others.join(", "));
        }
        Some(decision)
    }

    /// A feeling by the other way of saying it.
    fn by_feeling(&self, control: &'static str) -> Option<Decision> {
        match control {
            LABEL => {
                let place = self.first_set(&[VALENCE, AROUSAL])?;
                let at = self.wishes.point()?;
                let said = |control, value| scale(control).map(|scale| scale.said(value));
                let (v, a) = (said(VALENCE, at.valence)?, said(AROUSAL, at.arousal)?);
                let reason = format!("told as a place: valence {v}, arousal {a}");
                Some(report(control, place, Outcome::Downgraded, reason))
            }
            INTENSITY => {
                if let Some(label) = self.first_set(&[LABEL]) {
                    let reason = match label.spec.domain {
                        ParamDomain::Text => "told in words with the label".to_owned(),
                        _ => format!("nothing follows it: below {FAINT} the label becomes neutral"),
                    };
                    return Some(report(control, label, Outcome::Downgraded, reason));
                }
                // A place that was given is not scaled.
                self.wishes.label.as_ref()?;
                let place = self.first_set(&[VALENCE, AROUSAL])?;
                Some(report(
                    control,
                    place,
                    Outcome::Downgraded,
                    "by a place nearer to neutral".into(),
                ))
            }
            VALENCE | AROUSAL => {
                let label = self.first_set(&[LABEL])?;
                Some(report(
                    control,
                    label,
                    Outcome::Downgraded,
                    "told as the nearest label".into(),
                ))
            }
            _ => None,
        }
    }

    fn by_words(&self, control: &'static str) -> Option<Decision> {
        let told = |follows: &str, says: &[&str]| {
            says.contains(&control)
                .then(|| self.first_set(&[follows]))
                .flatten()
        };
        let placed = told(STYLE, &SAID_IN_STYLE).or_else(|| told(PROMPT, &SAID_IN_PROMPT))?;
        Some(report(
            control,
            placed,
            Outcome::Downgraded,
            "told in words".into(),
        ))
    }

    fn decide_persona(&self) -> Decision {
        let parts: Vec<&Placed> = [PERSONA_ID, PROMPT, LOOK, VOICE, STYLE]
            .into_iter()
            .flat_map(|follows| self.placed_for(follows))
            .collect();
        let failed: Vec<String> = parts
            .iter()
            .filter(|placed| !matches!(placed.fit.outcome, Outcome::Applied))
            .map(|placed| format!("{}: {}", placed.spec.name, placed.fit.reason))
            .collect();
        match parts.iter().find(|placed| placed.fit.value.is_some()) {
            None if failed.is_empty() => ignored(
                PERSONA_ID,
                &format!("{} takes nothing from a persona", self.info.name),
            ),
            None => ignored(PERSONA_ID, &failed.join("; ")),
            Some(first) if failed.is_empty() => {
                report(PERSONA_ID, first, Outcome::Applied, String::new())
            }
            Some(first) => report(PERSONA_ID, first, Outcome::Downgraded, failed.join("; ")),
        }
    }

    fn placed_for<'s>(&'s self, control: &'s str) -> impl Iterator<Item = &'s Placed<'a>> + 's {
        self.placed
            .iter()
            .filter(move |placed| placed.spec.follows.as_deref() == Some(control))
    }

    /// The first parameter that follows one of the controls and was set.
    fn first_set(&self, controls: &[&str]) -> Option<&Placed<'a>> {
        let follows = |placed: &&Placed, control: &str| {
            placed.fit.value.is_some() && placed.spec.follows.as_deref() == Some(control)
        };
        controls
            .iter()
            .find_map(|control| self.placed.iter().find(|placed| follows(placed, control)))
    }
}

/// The provider's word for a label, or the choice that stands nearest to it on the circumplex.
fn choose_label(label: Label, choices: &[String]) -> Fit {
    let known = || {
        choices
            .iter()
            .filter_map(|choice| Some((choice, Label::exactly(choice)?)))
    };
    let same = |(choice, _): &(&String, Label)| choice.eq_ignore_ascii_case(label.name());
    if let Some((choice, _)) = known().find(same) {
        return Fit::applied(ParamValue::Text(choice.clone()), "");
    }
    if let Some((choice, _)) = known().find(|(_, means)| *means == label) {
        let reason = format!("its word for {}", label.name());
        return Fit::applied(ParamValue::Text(choice.clone()), reason);
    }
    let off = |means: Label| means.point().distance(label.point());
    match known().min_by(|a, b| off(a.1).total_cmp(&off(b.1))) {
        Some((choice, _)) => {
            let reason = format!(
                "wanted {}, given {choice:?}: the nearest feeling",
                label.name()
            );
            Fit::downgraded(ParamValue::Text(choice.clone()), reason)
        }
        None => Fit::ignored("none of the provider's words is a feeling"),
    }
}

fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Applied => 0,
        Outcome::Downgraded => 1,
        Outcome::Ignored => 2,
    }
}

fn report(control: &str, by: &Placed, outcome: Outcome, reason: String) -> Decision {
    // A prompt is long and may be the operator's secret: it is named, not shown.
    let shown = by.spec.follows.as_deref() != Some(PROMPT);
    Decision {
        control: control.into(),
        outcome,
        param: by.fit.value.as_ref().map(|_| by.spec.name.clone()),
        value: by.fit.value.clone().filter(|_| shown),
        reason,
    }
}

fn ignored(control: &str, reason: &str) -> Decision {
    Decision {
        control: control.into(),
        outcome: Outcome::Ignored,
        param: None,
        value: None,
        reason: reason.into(),
    }
}
