//! How the stages of a world behave, and their calls.

use std::collections::VecDeque;
use tth_core::media::Micros;
use tth_core::provider::{ErrorCode, ProviderError, Stage};
use tth_core::session::{Input, OnBreak};

/// How the scripted stages behave.
#[derive(Clone, Debug)]
pub struct Script {
    /// The answer, said word by word.
    pub answer: String,
    /// Before so many words the language model says how the rest is meant.
    pub hints: Vec<(usize, &'static str, f32)>,
    /// The mapper takes so long.
    pub resolve_us: Micros,
    pub open_us: Micros,
    pub llm_word_us: Micros,
    pub tts_first_us: Micros,
    /// Real time that a second of speech takes to make.
    pub tts_speed: f64,
    pub frame_us: Micros,
    /// The n-th call (from 0) to this stage fails when opened.
    pub fail_open: Vec<(Stage, u32)>,
    /// The n-th call to this stage fails after so many events.
    pub fail_after: Vec<(Stage, u32, u32)>,
    /// The n-th call to this stage says nothing at all.
    pub silent: Vec<(Stage, u32)>,
    pub text_marks: bool,
    /// Language models can go on with what another one has begun.
    pub continues: bool,
    /// How often a provider is asked again, 100 ms later at the earliest.
    pub retries: u32,
    /// Failures in a row that open a circuit, for 5 s at first; 0: none does.
    pub failures: u32,
    pub on_break: OnBreak,
}

impl Default for Script {
    fn default() -> Self {
        Script {
            answer: "How wonderful to hear. Tell me all about it, please!".into(),
            hints: vec![],
            resolve_us: 40,
            open_us: 200,
            llm_word_us: 5_000,
            tts_first_us: 60_000,
            tts_speed: 0.08,
            frame_us: 5_000,
            fail_open: vec![],
            fail_after: vec![],
            silent: vec![],
            text_marks: true,
            continues: false,
            retries: 0,
            failures: 0,
            on_break: OnBreak::Continue,
        }
    }
}

/// A stage's call.
pub struct Slot<E> {
    pub ticket: u64,
    pub opened_at: Option<Micros>,
    pub open: bool,
    pub failing_open: bool,
    pub silent: bool,
    pub fail_after: Option<u32>,
    pub sent: u32,
    /// Ready at, item.
    pub queue: VecDeque<(Micros, E)>,
    pub done: bool,
    pub free_at: Micros,
}

impl<E> Slot<E> {
    pub fn none() -> Self {
        Slot {
            ticket: 0,
            opened_at: None,
            open: false,
            failing_open: false,
            silent: false,
            fail_after: None,
            sent: 0,
            queue: VecDeque::new(),
            done: false,
            free_at: 0,
        }
    }
}

pub fn ready<E>(slot: &Slot<E>, wanted: bool) -> Option<Micros> {
    if !slot.open || !wanted || slot.silent {
        return None;
    }
    match slot.queue.front() {
        Some((at, _)) => Some(*at),
        None => slot.done.then_some(slot.free_at),
    }
}

pub fn opened<E>(slot: &mut Slot<E>, stage: Stage) -> Box<dyn FnOnce() -> Input> {
    slot.opened_at = None;
    slot.open = !slot.failing_open;
    let ticket = slot.ticket;
    let failed = ProviderError::new(ErrorCode::Unavailable, "scripted");
    let result = if slot.failing_open {
        Err(failed)
    } else {
        Ok(())
    };
    Box::new(move || Input::Opened(stage, ticket, result))
}

pub fn take<E>(slot: &mut Slot<E>) -> (u64, Option<Result<E, ProviderError>>) {
    slot.sent += 1;
    if slot.fail_after.is_some_and(|n| slot.sent > n) {
        slot.open = false;
        return (
            slot.ticket,
            Some(Err(ProviderError::new(ErrorCode::Internal, "scripted"))),
        );
    }
    let item = slot.queue.pop_front().map(|(_, item)| Ok(item));
    slot.open = item.is_some();
    (slot.ticket, item)
}
