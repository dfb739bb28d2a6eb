//! A reload: who serves a session, and how, is exchanged between two turns and never within one.
//!
//! A turn ends on what it began with. Whatever stays the same, a face that is being watched above all, goes
//! on undisturbed.

use super::controls::STAGES;
use super::{Candidate, OnBreak, Output, Retries, Session};
use crate::clock::Pacing;
use crate::controls::Persona;
use crate::provider::Stage;
use std::sync::Arc;

/// What a session is served with from its next turn on.
#[derive(Clone, Debug)]
pub struct Reload {
    /// The persona that the session was opened with, as it is now; none: it is there no more.
    pub persona: Option<Persona>,
    /// Every persona it may change to.
    pub personas: Arc<Vec<Persona>>,
    /// First to last resort.
    pub llm: Vec<Candidate>,
    /// First to last resort.
    pub tts: Vec<Candidate>,
    /// First to last resort; after the last: audio only.
    pub avatar: Vec<Candidate>,
    /// When media leaves; whether in real time, and how far behind the multiples, stays as it is.
    pub pacing: Pacing,
    /// Messages of the conversation that a language model is given at most.
    pub history: usize,
    /// When a call that failed is made again.
    pub retries: Retries,
    /// What becomes of an answer that breaks off.
    pub on_break: OnBreak,
    /// Whether the control mapper is another one, so that what the last one said is worth nothing.
    pub mapper: bool,
}

impl Candidate {
    /// Whether both stand for the same provider, loaded once: what is known of one holds for the other, and
    /// so does a call that is open at it. One that was loaded again has an info of its own.
    pub fn is(&self, other: &Candidate) -> bool {
        self.id == other.id && Arc::ptr_eq(&self.info, &other.info)
    }
}

impl Session {
    pub(super) fn reload(&mut self, reload: Box<Reload>) {
        // Of two that come in one turn the later one counts.
        self.offered = Some(reload);
        if self.turn.is_none() {
            self.take_over();
        }
    }

    /// Take over what was offered. No turn may be going on: its stages are known by their places in the
    /// chains.
    pub(super) fn take_over(&mut self) {
        let Some(offered) = self.offered.take() else {
            return;
        };
        // What is opened after this is opened by its place in the new chains.
        self.out.push(Output::TakeOver);
        let Reload {
            persona,
            personas,
            llm,
            tts,
            avatar,
            pacing,
            history,
            retries,
            on_break,
            mapper,
        } = *offered;
        let Pacing {
            realtime,
            behind_us,
            ..
        } = self.config.pacing;
        self.config.pacing = Pacing {
            realtime,
            behind_us,
            ..pacing
        };
        self.config.history = history;
        self.config.retries = retries;
        self.config.on_break = on_break;
        let knew = self.known_servers();

        let before = [
            std::mem::replace(&mut self.config.llm, llm),
            std::mem::replace(&mut self.config.tts, tts),
            std::mem::replace(&mut self.config.avatar, avatar),
        ];
        for (stage, before) in STAGES.into_iter().zip(&before) {
            let place = |index: usize| {
                let served = before.get(index)?;
                self.chain(stage).iter().position(|one| one.is(served))
            };
            let served = self.layers.served(stage).and_then(place);
            self.layers.serve(stage, served);
        }
        if mapper {
            self.layers.changed();
        }
        self.refresh_persona(persona, personas);

        let [_, _, faces] = &before;
        if !same(faces, self.chain(Stage::Avatar)) {
            let place = kept(faces, self.chain(Stage::Avatar), self.face.index());
            self.move_face(place);
        }
        self.tell_exchanged(knew);
        if self.attached {
            // The face shows at once what has changed, and the next turn need not wait for it.
            self.resolve(false);
        }
    }

    /// Who speaks, as the configuration has it now; one that it has no more stays.
    fn refresh_persona(&mut self, first: Option<Persona>, all: Arc<Vec<Persona>>) {
        let id = &self.config.persona.id;
        let first = first.filter(|persona| persona.id == *id);
        let now = first.or_else(|| all.iter().find(|persona| persona.id == *id).cloned());
        self.config.personas = all;
        if let Some(persona) = now.filter(|persona| *persona != self.config.persona) {
            self.change_persona(&persona);
        }
    }
}

fn same(before: &[Candidate], after: &[Candidate]) -> bool {
    before.len() == after.len() && before.iter().zip(after).all(|(one, other)| one.is(other))
}

/// The place in the new chain of who serves, if it is to go on: it is there, and before it stand only those
/// who have failed already. Anybody else is to be tried first.
fn kept(before: &[Candidate], after: &[Candidate], index: usize) -> Option<usize> {
    let serving = before.get(index)?;
    let place = after.iter().position(|one| one.is(serving))?;
    let failed = |better: &Candidate| before.iter().take(index).any(|one| one.is(better));
    after.iter().take(place).all(failed).then_some(place)
}
