//! The layers of emotion and character, what the mapper made of them for each stage, and what the
//! client is told of it.
//!
//! A change holds from another moment for each stage: for a face from its next frame, for a voice
//! from its next utterance, for a language model from its next answer. So each stage has its own
//! parameters, its own lines of the report that wait to be told, and its own place in the answer:
//! a hint reaches the voice long before the words it is for are heard, and the face with them.

mod layers;
mod report;

pub(super) use layers::Layers;
pub(super) use report::lay;

use super::turn::Turn;
use super::{Output, ResolveRequest, Session};
use crate::controls::{Decision, EMOTION_LABELS, Emotion, ParamValue};
use crate::events::ReportLine;
use crate::media::Micros;
use crate::provider::{
    AvatarInput, Control, ParamDomain, ParamSpec, ProviderError, ProviderInfo, Stage,
};
use std::sync::Arc;

/// What the mapper says for one stage.
pub type Resolved = (Control, Vec<Decision>);

pub(super) const STAGES: [Stage; 3] = [Stage::Llm, Stage::Tts, Stage::Avatar];

/// What a language model follows that makes its system prompt itself.
const PROMPT: &str = "persona.prompt";
/// The parameter that stands for the system message of any other.
const SYSTEM: &str = "system-prompt";

/// Whether the provider takes the system prompt as a parameter.
fn takes_prompt(info: &ProviderInfo) -> bool {
    info.params.iter().any(is_prompt)
}

fn is_prompt(spec: &ParamSpec) -> bool {
    spec.follows.as_deref() == Some(PROMPT) && spec.domain == ParamDomain::Text
}

impl Session {
    /// Whether a stage's parameters are to be asked for anew.
    pub(super) fn stale(&self, stage: Stage) -> bool {
        let serving = self.serving(stage);
        self.chain(stage).get(serving).is_some() && self.layers.of(stage).served != Some(serving)
    }

    /// Whether every stage's parameters are known.
    pub(super) fn resolved_all(&self) -> bool {
        !self.layers.resolving() && !STAGES.into_iter().any(|stage| self.stale(stage))
    }

    /// Ask the mapper for the stages that need it. `tell`: the user changed something and wants to
    /// see what became of it.
    pub(super) fn resolve(&mut self, tell: bool) {
        self.layers.tell |= tell;
        if self.layers.resolving() {
            // One question at a time; what changed meanwhile is asked with the next.
            return;
        }
        let mut targets = Vec::new();
        for stage in STAGES {
            let serving = self.serving(stage);
            if !self.stale(stage) {
                continue;
            }
            let Some(candidate) = self.chain(stage).get(serving) else {
                continue;
            };
            let mut info = candidate.info.clone();
            if stage == Stage::Llm && !takes_prompt(&info) {
                Arc::make_mut(&mut info).params.push(ParamSpec {
                    name: SYSTEM.into(),
                    domain: ParamDomain::Text,
                    follows: Some(PROMPT.into()),
                    live: false,
                });
            }
            targets.push((stage, info, self.layers.stack(stage)));
            let of = self.layers.of_mut(stage);
            (of.served, of.asked) = (Some(serving), true);
        }
        if targets.is_empty() {
            return;
        }
        self.out.push(Output::Resolve(Box::new(ResolveRequest {
            persona: self.config.persona.clone(),
            targets,
        })));
    }

    pub(super) fn resolved(
        &mut self,
        now: Micros,
        results: Vec<(Stage, Result<Resolved, ProviderError>)>,
    ) {
        for stage in STAGES {
            self.layers.of_mut(stage).asked = false;
        }
        for (stage, result) in results {
            // What has changed since is resolved anew, so that no half of a change is ever taken.
            if self.stale(stage) {
                continue;
            }
            match result {
                Ok((control, decisions)) => self.take_control(stage, control, decisions),
                Err(_) if self.doubt(stage) => {}
                Err(error) => {
                    if stage == Stage::Llm {
                        self.layers.prompt = None;
                    }
                    self.error(Some(stage), &error);
                }
            }
        }
        if !self.resolved_all() {
            return self.resolve(false);
        }
        self.open_face_if_wanted();
        self.start_stages(now);
        self.open_wanted(now);
        self.tell_resolved(now);
    }

    fn take_control(&mut self, stage: Stage, mut control: Control, decisions: Vec<Decision>) {
        if stage == Stage::Llm {
            self.layers.prompt = self.take_prompt(&mut control);
        }
        let (tell, begun) = (
            self.layers.tell,
            self.turn.as_ref().is_some_and(Turn::begun),
        );
        let line = |mut decision: Decision| {
            // Clients know their controls by the names they send them under.
            decision.control = decision.control.replace('-', "_");
            ReportLine { stage, decision }
        };
        let mut lines: Vec<_> = decisions.into_iter().map(line).collect();
        let of = self.layers.of_mut(stage);
        of.sure.clone_from(&of.hint);
        let changed = of.control != control;
        of.control = control;
        let before = std::mem::replace(&mut of.all, lines.clone());
        if begun && !tell {
            // Of a hint only what it changed is worth a word.
            lines.retain(|line| !before.contains(line));
            lay(&mut of.lines, lines);
        } else {
            of.lines = lines;
        }
        of.news = (tell || begun) && !of.lines.is_empty();
        // The voice is told before its next utterance, the language model with its next question.
        if changed && stage == Stage::Avatar && self.face.open() {
            let control = self.layers.of(stage).control.clone();
            self.out.push(Output::Avatar(AvatarInput::Control(control)));
        }
    }

    /// The system prompt, where the mapper was asked for it beside the provider's own parameters.
    fn take_prompt(&self, control: &mut Control) -> Option<String> {
        let candidate = self.chain(Stage::Llm).get(self.serving(Stage::Llm))?;
        if takes_prompt(&candidate.info) {
            return None;
        }
        let place = control
            .params
            .iter()
            .rposition(|(name, _)| name == SYSTEM)?;
        match control.params.remove(place) {
            (_, ParamValue::Text(prompt)) => Some(prompt),
            _ => None,
        }
    }

    /// The system message for the language model that serves: as the mapper put it, else as the
    /// persona has it; none where the model takes its prompt as a parameter.
    pub(super) fn system_message(&self) -> Option<String> {
        let info = &self.chain(Stage::Llm).get(self.serving(Stage::Llm))?.info;
        let given = |spec: &ParamSpec| {
            let params = &self.layers.of(Stage::Llm).control.params;
            is_prompt(spec) && params.iter().any(|(name, _)| *name == spec.name)
        };
        if info.params.iter().any(given) {
            return None;
        }
        let prompt = self.layers.prompt.as_ref();
        let prompt = prompt.unwrap_or(&self.config.persona.prompt);
        (!prompt.is_empty()).then(|| prompt.clone())
    }

    /// The mapper refused: if that may be for a word of the language model's that is no feeling, the
    /// hint before it holds on and nobody hears of it.
    fn doubt(&mut self, stage: Stage) -> bool {
        let of = self.layers.of_mut(stage);
        let known = |emotion: &Emotion| {
            let label = emotion.label.as_deref().unwrap_or_default();
            EMOTION_LABELS.contains(&label)
        };
        if of.hint == of.sure || of.hint.as_ref().is_none_or(known) {
            return false;
        }
        of.hint.clone_from(&of.sure);
        of.served = None;
        let hint = of.hint.clone();
        if let (Stage::Tts, Some(turn)) = (stage, &mut self.turn) {
            turn.cue_next(hint);
        }
        true
    }
}
