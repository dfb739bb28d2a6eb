//! A wrapper around a session that breaks one rule on purpose: what the checkers are worth shows in
//! whether they notice.

use crate::plan::FACE;
use crate::tag::{Author, Word};
use tth_core::events::{Envelope, ServerEvent};
use tth_core::media::AudioChunk;
use tth_core::provider::{Role, Stage, TtsInput};
use tth_core::session::{Opening, Output};

/// How a session is made to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum Trick {
    EndsNot,
    EndsTwice,
    /// A word after the interrupt.
    SpeaksOn,
    /// What waits of an interrupted turn is not dropped.
    FencesNot,
    SoundGoesBack,
    PictureGoesBack,
    /// Sound of another session.
    ForeignSound,
    /// Text of another session.
    ForeignText,
    LosesSound,
    RepeatsSound,
    /// The language model is told more than was heard.
    InventsHistory,
    /// More was heard than could be.
    HearsTooMuch,
    /// Calls are not given up.
    ClosesNot,
    /// The voice is not given an utterance.
    LosesUtterance,
    /// An event is lost on the way to the reader.
    LosesEvent,
    /// Voices are not opened.
    OpensNot,
    /// Nobody hears how it went with a provider.
    JudgesNot,
    JudgesTwice,
    /// The second of a chain is asked first.
    AsksSecond,
}

/// All of them.
pub const TRICKS: [Trick; 19] = [
    Trick::EndsNot,
    Trick::EndsTwice,
    Trick::SpeaksOn,
    Trick::FencesNot,
    Trick::SoundGoesBack,
    Trick::PictureGoesBack,
    Trick::ForeignSound,
    Trick::ForeignText,
    Trick::LosesSound,
    Trick::RepeatsSound,
    Trick::InventsHistory,
    Trick::HearsTooMuch,
    Trick::ClosesNot,
    Trick::LosesUtterance,
    Trick::LosesEvent,
    Trick::OpensNot,
    Trick::JudgesNot,
    Trick::JudgesTwice,
    Trick::AsksSecond,
];

/// A number in samples that no session of the first fourteen has.
const FOREIGN: u16 = u16::MAX;

/// Plays a trick once.
#[derive(Clone, Debug)]
pub struct Sabotage {
    trick: Trick,
    /// Opportunities that are let pass first.
    patience: u32,
    played: bool,
}

impl Sabotage {
    /// Plays the trick at the opportunity after `patience` others.
    pub fn new(trick: Trick, patience: u32) -> Self {
        Sabotage {
            trick,
            patience,
            played: false,
        }
    }

    fn now(&mut self, opportunity: bool) -> bool {
        if !opportunity || self.played {
            return false;
        }
        self.played = self.patience == 0;
        self.patience = self.patience.saturating_sub(1);
        self.played
    }

    /// Whether the event is lost on its way.
    pub fn loses(&mut self, envelope: &mut Envelope) -> bool {
        let opportunity = self.trick == Trick::LosesEvent;
        self.now(opportunity && !envelope.event.is_media())
    }

    /// Do something to what a session wants done.
    pub fn tamper(&mut self, outputs: &mut Vec<Output>) {
        if self.played {
            return;
        }
        let all = std::mem::take(outputs);
        for output in all {
            self.pass(output, outputs);
        }
    }

    fn pass(&mut self, mut output: Output, out: &mut Vec<Output>) {
        let lost = match (self.trick, &output) {
            (Trick::EndsNot, Output::Emit(_, ServerEvent::TurnEnded { .. }))
            | (Trick::FencesNot, Output::Fence(_))
            | (Trick::LosesSound, Output::Emit(_, ServerEvent::Audio(_)))
            | (Trick::ClosesNot, Output::Close(Stage::Llm | Stage::Tts))
            | (Trick::LosesUtterance, Output::Tts(TtsInput::Utterance(_))) => true,
            (Trick::JudgesNot, Output::Judge(id, _)) => !id.starts_with(FACE),
            (Trick::OpensNot, Output::Open(_, _, opening)) => opening.stage() == Stage::Tts,
            _ => false,
        };
        if self.now(lost) {
            return;
        }
        let again = self.again(&output);
        self.change(&mut output);
        out.push(output);
        out.extend(again);
    }

    /// What follows an output that should not.
    fn again(&mut self, output: &Output) -> Option<Output> {
        if let (Trick::JudgesTwice, Output::Judge(id, verdict)) = (self.trick, output)
            && self.now(!id.starts_with(FACE))
        {
            return Some(Output::Judge(id.clone(), verdict.clone()));
        }
        let Output::Emit(turn, event) = output else {
            return None;
        };
        let more = match (self.trick, event) {
            (Trick::EndsTwice, ServerEvent::TurnEnded { .. }) => event.clone(),
            (Trick::SpeaksOn, ServerEvent::Interrupted { .. }) => ServerEvent::TextDelta {
                text: "more".into(),
            },
            (Trick::RepeatsSound, ServerEvent::Audio(chunk)) => ServerEvent::Audio(AudioChunk {
                at: chunk.end(),
                ..chunk.clone()
            }),
            _ => return None,
        };
        self.now(true).then_some(Output::Emit(*turn, more))
    }

    fn change(&mut self, output: &mut Output) {
        match (self.trick, output) {
            (Trick::SoundGoesBack, Output::Emit(_, ServerEvent::Audio(chunk)))
                if self.now(chunk.at > 100_000) =>
            {
                chunk.at -= 100_000;
            }
            (Trick::PictureGoesBack, Output::Emit(_, ServerEvent::Video(frame)))
                if self.now(frame.at > 300_000) =>
            {
                frame.at -= 300_000;
            }
            (Trick::ForeignSound, Output::Emit(_, ServerEvent::Audio(chunk))) if self.now(true) => {
                chunk.pcm = FOREIGN.to_le_bytes().repeat(chunk.pcm.len() / 2).into();
            }
            (Trick::ForeignText, Output::Emit(_, ServerEvent::TextDelta { text }))
                if self.now(true) =>
            {
                let word = Word {
                    author: Author::Model,
                    session: 14,
                    call: 0,
                    place: 0,
                };
                *text = format!(" {word} {text}");
            }
            (Trick::HearsTooMuch, Output::Emit(_, ServerEvent::Interrupted { text_heard, .. }))
                if self.now(true) =>
            {
                text_heard.push_str(" w0x0x99z");
            }
            (Trick::AsksSecond, Output::Open(_, index, opening))
                if self.now(opening.stage() == Stage::Tts && *index == 0) =>
            {
                *index = 1;
            }
            (Trick::InventsHistory, Output::Open(_, _, opening)) => self.invent(opening),
            _ => {}
        }
    }

    fn invent(&mut self, opening: &mut Opening) {
        let Opening::Llm { messages, .. } = opening else {
            return;
        };
        let said = messages
            .iter_mut()
            .find(|told| told.role == Role::Assistant);
        if let Some(said) = said
            && self.now(true)
        {
            said.content.push_str(" and more");
        }
    }
}
