//! What a face that is opened in mid-turn must know of the sound that was placed before: a viewer that
//! came back, another size of the picture and a face that took over all open one.

use crate::media::Micros;
use crate::provider::{AvatarInput, CallContext};
use crate::session::Session;
use std::collections::VecDeque;

/// Sound is remembered until this long after it was heard: who comes back may hear it again. A connection
/// that broke is noticed by most clients before that.
const KEPT_US: Micros = 10_000_000;

/// Sound and mouth shapes that the face was told, with media times.
#[derive(Debug, Default)]
pub(in crate::session) struct Lips(VecDeque<AvatarInput>);

impl Lips {
    fn note(&mut self, input: &AvatarInput, heard: Micros) {
        if end(input).is_none() {
            return;
        }
        let old = |told: &mut AvatarInput| end(told).is_some_and(|end| end + KEPT_US < heard);
        while self.0.pop_front_if(old).is_some() {}
        self.0.push_back(input.clone());
    }

    fn from(&self, base: Micros) -> Vec<AvatarInput> {
        let ahead = self
            .0
            .iter()
            .filter(|told| end(told).is_some_and(|end| end > base));
        ahead.cloned().collect()
    }
}

/// When it is over, if it has a time.
fn end(input: &AvatarInput) -> Option<Micros> {
    match input {
        AvatarInput::Audio(chunk) => Some(chunk.end()),
        // No longer than what is kept: one shape must not keep all that follows it.
        AvatarInput::Viseme(mark) => Some(mark.at + Micros::from(mark.duration_us).min(KEPT_US)),
        _ => None,
    }
}

impl Session {
    /// The face speaks along; one that is opened later can, too.
    pub(super) fn show_speech(&mut self, now: Micros, input: AvatarInput) {
        let heard = self.clock.media(now);
        // A file's face is opened once.
        if self.config.pacing.realtime
            && let Some(turn) = &mut self.turn
        {
            turn.lips.note(&input, heard);
        }
        self.tell_face(input);
    }

    /// A face that has just been opened is told of the turn that is going on.
    pub(in crate::session) fn join_turn(&mut self, context: CallContext, base: Micros) {
        let Some(turn) = &self.turn else { return };
        let (ahead, spoken) = (turn.lips.from(base), turn.sound_done());
        self.tell_face(AvatarInput::TurnStart(context));
        ahead.into_iter().for_each(|told| self.tell_face(told));
        if spoken {
            self.tell_face(AvatarInput::TurnEnd);
        }
    }
}
