//! Who is asked, and what is said of them: a turn begins with those who are not barred, and whoever was
//! called in it is judged once by its end.

use super::{Checked, ensure};
use crate::plan::FACE;
use std::collections::BTreeMap;
use tth_core::provider::Stage;

const ONCE: &str = "who was called is judged once";

/// The running turn's calls.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// Who was called, and how often each was judged.
    called: BTreeMap<String, u32>,
    /// With whom language model and voice must begin, until they have.
    first: [Option<usize>; 2],
}

impl Verdicts {
    /// A turn begins; `first`: the language model and the voice that are not barred.
    ///
    /// # Errors
    /// If somebody of the last turn was not judged.
    pub fn begin(&mut self, first: [usize; 2]) -> Checked {
        self.settled()?;
        self.called.clear();
        self.first = first.map(Some);
        Ok(())
    }

    /// A candidate is called. Faces are called outside of turns, and known by themselves.
    ///
    /// # Errors
    /// If somebody else was to be asked first.
    pub fn called(&mut self, stage: Stage, index: usize, id: &str) -> Checked {
        let [llm, tts] = &mut self.first;
        let first = match stage {
            Stage::Llm => llm.take(),
            Stage::Tts => tts.take(),
            Stage::Avatar => return Ok(()),
        };
        self.called.entry(id.into()).or_default();
        ensure(
            first.is_none_or(|first| first == index),
            "who is barred is left alone",
            || format!("{} {index} is asked, not {first:?}", stage.name()),
        )
    }

    /// Somebody is judged.
    ///
    /// # Errors
    /// If that was done before, or nobody called it.
    pub fn judged(&mut self, id: &str) -> Checked {
        if id.starts_with(FACE) {
            return Ok(());
        }
        let times = self.called.get_mut(id);
        ensure(times.is_some(), ONCE, || {
            format!("{id} was not called in this turn")
        })?;
        let times = times.map_or(0, |times| {
            *times += 1;
            *times
        });
        ensure(times == 1, ONCE, || format!("{id}, {times} times"))
    }

    /// The turn is over.
    ///
    /// # Errors
    /// If somebody was not judged.
    pub fn settled(&self) -> Checked {
        let left = self.called.iter().find(|(_, times)| **times != 1);
        ensure(left.is_none(), ONCE, || format!("{left:?} times"))
    }
}
