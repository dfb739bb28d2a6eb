//! Who of a chain serves: the first that is not barred, and who follows one that fails.

use super::controls::STAGES;
use super::{Candidate, Output, Session};
use crate::circuit::{Barred, Verdict};
use crate::events::ServerEvent;
use crate::provider::Stage;
use std::sync::Arc;

/// Why a provider serves again that another one had stood in for.
pub(crate) const BACK: &str = "every turn begins with the first that can be used";

/// Why somebody serves that the client has not heard of.
const RELOADED: &str = "the configuration was read anew";

impl Session {
    pub(super) fn chain(&self, stage: Stage) -> &[Candidate] {
        match stage {
            Stage::Llm => &self.config.llm,
            Stage::Tts => &self.config.tts,
            Stage::Avatar => &self.config.avatar,
        }
    }

    /// The id of a stage's n-th candidate.
    pub(super) fn name(&self, stage: Stage, index: usize) -> Option<String> {
        let candidate = self.chain(stage).get(index)?;
        Some(candidate.id.clone())
    }

    /// Which candidate serves a stage, or will.
    pub(super) fn serving(&self, stage: Stage) -> usize {
        match (stage, &self.turn) {
            (Stage::Avatar, _) => self.face.index(),
            (Stage::Llm, Some(turn)) => turn.llm.index,
            (Stage::Tts, Some(turn)) => turn.tts.index,
            _ => self.first(stage),
        }
    }

    /// With whom a turn begins.
    pub(super) fn first(&self, stage: Stage) -> usize {
        self.choose(stage, &[], |_| true).unwrap_or_default()
    }

    /// The first who was not tried and fits; those who are barred come last, since nobody is to go
    /// silent because of a breaker.
    pub(super) fn choose(
        &self,
        stage: Stage,
        tried: &[usize],
        fits: impl Fn(&Candidate) -> bool,
    ) -> Option<usize> {
        let left = || {
            let all = self.chain(stage).iter().enumerate();
            all.filter(|(index, one)| !tried.contains(index) && fits(one))
        };
        let well = left().find(|(_, one)| !self.barred.contains_key(&one.id));
        well.or_else(|| left().next()).map(|(index, _)| index)
    }

    pub(super) fn bar(&mut self, barred: Arc<Barred>) {
        self.barred = barred;
        if !self.attached {
            self.forgive_face();
        }
    }

    /// A turn begins with another provider than the client knows of.
    pub(super) fn tell_first(&mut self, stage: Stage) {
        let first = self.serving(stage);
        let Some(told) = self.told_mut(stage) else {
            return;
        };
        let before = std::mem::replace(told, first);
        if before != first {
            self.tell_switched(stage, before, first);
        }
    }

    /// At the beginning of a turn: who served last, and who does now.
    pub(super) fn tell_switched(&mut self, stage: Stage, before: usize, now: usize) {
        let (Some(from), Some(to)) = (self.name(stage, before), self.name(stage, now)) else {
            return;
        };
        let barred = self.barred.get(&from);
        let reason = barred.cloned().unwrap_or_else(|| BACK.into());
        self.emit(ServerEvent::ProviderSwitched {
            stage,
            from,
            to: Some(to),
            reason,
        });
    }

    /// Another one took over in a turn.
    pub(super) fn note_switched(&mut self, stage: Stage, index: usize) {
        if let Some(told) = self.told_mut(stage) {
            *told = index;
        }
    }

    /// Who serves each stage, as far as the client knows.
    pub(super) fn known_servers(&self) -> [Option<String>; 3] {
        let [llm, tts] = self.told;
        [
            self.name(Stage::Llm, llm),
            self.name(Stage::Tts, tts),
            self.name(Stage::Avatar, self.face.index()),
        ]
    }

    /// The chains were exchanged, and these served before: the client is told who stands for those that are
    /// gone. Of anybody else it learns when a turn begins with another one.
    pub(super) fn tell_exchanged(&mut self, before: [Option<String>; 3]) {
        for (stage, from) in STAGES.into_iter().zip(before) {
            let known = |from: &String| self.chain(stage).iter().position(|one| one.id == *from);
            let place = from.as_ref().and_then(known);
            let serving = self.serving(stage);
            if let Some(told) = self.told_mut(stage) {
                *told = place.unwrap_or(serving);
            }
            let gone = match stage {
                Stage::Avatar => place != Some(serving),
                _ => place.is_none(),
            };
            let to = self.name(stage, serving);
            if let Some(from) = from.filter(|_| gone && self.attached) {
                self.emit(ServerEvent::ProviderSwitched {
                    stage,
                    from,
                    to,
                    reason: RELOADED.into(),
                });
            }
        }
    }

    fn told_mut(&mut self, stage: Stage) -> Option<&mut usize> {
        let [llm, tts] = &mut self.told;
        match stage {
            Stage::Llm => Some(llm),
            Stage::Tts => Some(tts),
            // A face knows itself whom it was last.
            Stage::Avatar => None,
        }
    }

    pub(super) fn judge(&mut self, stage: Stage, index: usize, verdict: Verdict) {
        if let Some(id) = self.name(stage, index) {
            self.out.push(Output::Judge(id, verdict));
        }
    }
}
