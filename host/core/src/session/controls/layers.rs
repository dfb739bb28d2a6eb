//! What is asked for, weakest first: persona, session, hint of the language model, client.

use crate::controls::{Character, Emotion, Persona};
use crate::events::ReportLine;
use crate::media::Micros;
use crate::provider::{Control, Stage};

/// What one stage is told.
#[derive(Debug, Default)]
pub(in crate::session) struct Of {
    /// The language model's hint where this stage is in the answer.
    pub(super) hint: Option<Emotion>,
    /// The last hint that the mapper understood.
    pub(super) sure: Option<Emotion>,
    pub(super) control: Control,
    /// For which candidate of the chain the parameters are; none: something has changed since.
    pub(super) served: Option<usize>,
    /// The mapper is being asked.
    pub(super) asked: bool,
    /// What became of the controls.
    pub(super) all: Vec<ReportLine>,
    /// What of that was not told yet.
    pub(super) lines: Vec<ReportLine>,
    /// They are the answer to a change, not what a turn begins with.
    pub(super) news: bool,
}

/// The layers and what was made of them.
#[derive(Debug)]
pub(in crate::session) struct Layers {
    persona: (Emotion, Character),
    /// What the session was opened with.
    session: (Emotion, Character),
    /// What the client changed since.
    user: (Emotion, Character),
    llm: Of,
    tts: Of,
    avatar: Of,
    /// The system prompt, where the language model does not take it as a parameter.
    pub(super) prompt: Option<String>,
    /// The client is told at once, even between turns.
    pub(super) tell: bool,
    /// From which media time on what was told between turns holds.
    pub(in crate::session) from: Micros,
}

impl Layers {
    pub(in crate::session) fn new(persona: &Persona) -> Self {
        Layers {
            persona: (persona.emotion.clone(), persona.character.clone()),
            session: Default::default(),
            user: Default::default(),
            llm: Of::default(),
            tts: Of::default(),
            avatar: Of::default(),
            prompt: None,
            tell: false,
            from: 0,
        }
    }

    pub(in crate::session) fn update(
        &mut self,
        emotion: Option<&Emotion>,
        character: Option<&Character>,
    ) {
        if emotion.is_none() && character.is_none() {
            return;
        }
        if let Some(emotion) = emotion {
            self.user.0.merge(emotion);
        }
        if let Some(character) = character {
            self.user.1.merge(character);
        }
        self.changed();
    }

    /// What the session is opened with.
    pub(in crate::session) fn open(
        &mut self,
        emotion: Option<&Emotion>,
        character: Option<&Character>,
    ) {
        self.session = (
            emotion.cloned().unwrap_or_default(),
            character.cloned().unwrap_or_default(),
        );
        self.changed();
    }

    pub(in crate::session) fn persona(&mut self, persona: &Persona) {
        self.persona = (persona.emotion.clone(), persona.character.clone());
        self.changed();
    }

    /// What was made of the layers is worth nothing any more.
    pub(in crate::session) fn changed(&mut self) {
        for of in [&mut self.llm, &mut self.tts, &mut self.avatar] {
            of.served = None;
        }
    }

    /// What the language model means from where the stage is in its answer.
    pub(in crate::session) fn hint(&mut self, stage: Stage, hint: Option<Emotion>) {
        let of = self.of_mut(stage);
        if of.hint != hint {
            of.hint = hint;
            of.served = None;
        }
    }

    /// A turn begins: the hints of the last one are over.
    pub(in crate::session) fn forget_hints(&mut self) {
        for stage in super::STAGES {
            self.hint(stage, None);
            self.of_mut(stage).sure = None;
        }
    }

    pub(in crate::session) fn resolving(&self) -> bool {
        super::STAGES.into_iter().any(|stage| self.asked(stage))
    }

    pub(in crate::session) fn asked(&self, stage: Stage) -> bool {
        self.of(stage).asked
    }

    /// For which candidate of the chain a stage's parameters are; none: something has changed since.
    pub(in crate::session) fn served(&self, stage: Stage) -> Option<usize> {
        self.of(stage).served
    }

    /// The chain was exchanged: the candidate that a stage's parameters are for stands elsewhere in it.
    pub(in crate::session) fn serve(&mut self, stage: Stage, served: Option<usize>) {
        self.of_mut(stage).served = served;
    }

    pub(in crate::session) fn control(&self, stage: Stage) -> &Control {
        &self.of(stage).control
    }

    pub(super) fn of(&self, stage: Stage) -> &Of {
        match stage {
            Stage::Llm => &self.llm,
            Stage::Tts => &self.tts,
            Stage::Avatar => &self.avatar,
        }
    }

    pub(super) fn of_mut(&mut self, stage: Stage) -> &mut Of {
        match stage {
            Stage::Llm => &mut self.llm,
            Stage::Tts => &mut self.tts,
            Stage::Avatar => &mut self.avatar,
        }
    }

    /// What is asked for of a stage, weakest first.
    pub(super) fn stack(&self, stage: Stage) -> Vec<(Emotion, Character)> {
        let hint = self.of(stage).hint.clone();
        let hint = hint.map(|emotion| (emotion, Character::default()));
        let weaker = [self.persona.clone(), self.session.clone()];
        let stack = weaker.into_iter().chain(hint).chain([self.user.clone()]);
        // A layer that asks for nothing would only cost the mapper time.
        stack.filter(|layer| *layer != Default::default()).collect()
    }

    /// The lines of a stage that wait to be told.
    pub(in crate::session) fn take_lines(&mut self, stage: Stage) -> Vec<ReportLine> {
        let of = self.of_mut(stage);
        of.news = false;
        std::mem::take(&mut of.lines)
    }

    /// Lines that did not come to hold after all; newer ones that wait are stronger.
    pub(super) fn put_back(&mut self, stage: Stage, mut lines: Vec<ReportLine>) {
        let of = self.of_mut(stage);
        super::lay(&mut lines, std::mem::take(&mut of.lines));
        of.lines = lines;
    }
}
