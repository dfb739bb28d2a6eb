//! The layers of emotion and character, and what the mapper made of them.

use super::turn::Turn;
use super::{Output, ResolveRequest, Session};
use crate::controls::{Character, Decision, Emotion, Persona};
use crate::events::{ReportLine, ServerEvent};
use crate::media::Micros;
use crate::provider::{AvatarInput, Control, ProviderError, Stage, TtsInput};

/// What the mapper says for one stage.
pub type Resolved = (Control, Vec<Decision>);

/// The layers, weakest first: persona, session, and the language model's hint for this turn.
#[derive(Debug)]
pub(super) struct Layers {
    persona: (Emotion, Character),
    hint: Option<Emotion>,
    user: (Emotion, Character),
    llm: Control,
    tts: Control,
    avatar: Control,
    /// What the parameters above were resolved from is still so.
    fresh: bool,
    resolving: bool,
    /// Resolve once more when the answer is there: something changed meanwhile.
    again: bool,
    /// The client is told at once, even between turns.
    tell_now: bool,
    report: Vec<ReportLine>,
}

impl Layers {
    pub(super) fn new(persona: &Persona) -> Self {
        Layers {
            persona: (persona.emotion.clone(), persona.character.clone()),
            hint: None,
            user: Default::default(),
            llm: Control::default(),
            tts: Control::default(),
            avatar: Control::default(),
            fresh: false,
            resolving: false,
            again: false,
            tell_now: false,
            report: Vec::new(),
        }
    }

    pub(super) fn update(&mut self, emotion: Option<&Emotion>, character: Option<&Character>) {
        if let Some(emotion) = emotion {
            self.user.0.merge(emotion);
        }
        if let Some(character) = character {
            self.user.1.merge(character);
        }
        self.fresh = false;
    }

    pub(super) fn persona(&mut self, persona: &Persona) {
        self.persona = (persona.emotion.clone(), persona.character.clone());
        self.fresh = false;
    }

    pub(super) fn hint(&mut self, hint: Option<Emotion>) {
        if self.hint != hint {
            self.hint = hint;
            self.fresh = false;
        }
    }

    pub(super) fn resolving(&self) -> bool {
        self.resolving
    }

    pub(super) fn fresh(&self) -> bool {
        self.fresh
    }

    pub(super) fn control(&self, stage: Stage) -> Control {
        match stage {
            Stage::Llm => self.llm.clone(),
            Stage::Tts => self.tts.clone(),
            Stage::Avatar => self.avatar.clone(),
        }
    }

    fn note(&mut self, stage: Stage, decisions: Vec<Decision>) {
        self.report
            .extend(decisions.into_iter().map(|mut decision| {
                // Clients know their controls by the names they send them under.
                decision.control = decision.control.replace('-', "_");
                ReportLine { stage, decision }
            }));
    }

    fn stack(&self) -> Vec<(Emotion, Character)> {
        let hint = self
            .hint
            .clone()
            .map(|emotion| (emotion, Character::default()));
        [Some(self.persona.clone()), hint, Some(self.user.clone())]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl Session {
    /// Ask the mapper anew. `tell_now`: the user changed something and wants to see what became of it.
    pub(super) fn resolve(&mut self, tell_now: bool) {
        self.layers.tell_now |= tell_now;
        if std::mem::replace(&mut self.layers.resolving, true) {
            self.layers.again = true;
            return;
        }
        self.layers.fresh = true;
        let target = |stage| {
            let serving = match (stage, &self.turn) {
                (Stage::Avatar, _) => self.face.index(),
                (Stage::Llm, Some(turn)) => turn.llm.index,
                (Stage::Tts, Some(turn)) => turn.tts.index,
                _ => 0,
            };
            self.chain(stage)
                .get(serving)
                .map(|candidate| (stage, candidate.info.clone()))
        };
        let targets = [Stage::Llm, Stage::Tts, Stage::Avatar]
            .into_iter()
            .filter_map(target);
        let request = ResolveRequest {
            persona: self.config.persona.clone(),
            layers: self.layers.stack(),
            targets: targets.collect(),
        };
        self.out.push(Output::Resolve(Box::new(request)));
    }

    pub(super) fn resolved(
        &mut self,
        now: Micros,
        results: Vec<(Stage, Result<Resolved, ProviderError>)>,
    ) {
        self.layers.resolving = false;
        if std::mem::take(&mut self.layers.again) {
            return self.resolve(false);
        }
        self.layers.report.clear();
        for (stage, result) in results {
            match result {
                Ok((control, decisions)) => {
                    // Nobody wants to hear what a stage made of it that has no part in the turn.
                    if !(stage == Stage::Llm && self.turn.as_ref().is_some_and(Turn::says)) {
                        self.layers.note(stage, decisions);
                    }
                    self.take_control(stage, control);
                }
                Err(error) => self.error(Some(stage), &error),
            }
        }
        self.open_face_if_wanted();
        self.start_stages(now);
        if std::mem::take(&mut self.layers.tell_now) {
            let from = self.face.end().max(self.clock.media(now));
            self.tell_report(from);
        }
    }

    fn take_control(&mut self, stage: Stage, control: Control) {
        let kept = match stage {
            Stage::Llm => &mut self.layers.llm,
            Stage::Tts => &mut self.layers.tts,
            Stage::Avatar => &mut self.layers.avatar,
        };
        if *kept == control {
            return;
        }
        kept.clone_from(&control);
        match stage {
            Stage::Avatar if self.face.open() => {
                self.out.push(Output::Avatar(AvatarInput::Control(control)));
            }
            Stage::Tts if self.turn.as_ref().is_some_and(|turn| turn.tts.fed()) => {
                self.out.push(Output::Tts(TtsInput::Control(control)));
            }
            _ => {}
        }
    }

    /// Tell the client what became of the controls, if it has not been told.
    pub(super) fn tell_report(&mut self, effective_pts_us: Micros) {
        let report = std::mem::take(&mut self.layers.report);
        if !report.is_empty() {
            self.emit(ServerEvent::ControlApplied {
                report,
                effective_pts_us,
            });
        }
    }
}
