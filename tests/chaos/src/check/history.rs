//! What a language model is told of the conversation must be what was heard of it.

use super::{Checked, ensure};
use crate::tag::{Word, words};
use std::collections::VecDeque;
use tth_core::events::TurnEnd;
use tth_core::provider::{Message, Role};
use tth_core::text;

/// What stands in the message that asks a language model to go on with another one's answer.
const CUT_OFF: &str = "cut off";
const RULE: &str = "history";

/// A message as it must be.
#[derive(Clone, Debug)]
enum Said {
    User(String),
    /// Exactly this.
    Assistant(String),
    /// What was heard of a turn that failed: these words, and so many more that were heard in part, if
    /// that is known.
    Heard(Option<(Vec<Word>, usize)>),
}

/// The conversation so far.
#[derive(Debug)]
pub struct History {
    most: usize,
    said: VecDeque<Said>,
    /// What the user says in pieces.
    gathered: String,
    /// What was said when the next turn began.
    begun_with: Option<String>,
    shown: String,
    heard: Option<String>,
}

impl History {
    pub(super) fn new(most: usize) -> Self {
        History {
            most: most.max(1),
            said: VecDeque::new(),
            gathered: String::new(),
            begun_with: None,
            shown: String::new(),
            heard: None,
        }
    }

    /// The user sends more text; `over`: that is all for this turn.
    pub fn user(&mut self, more: &str, over: bool) {
        if self.gathered.len() + more.len() > text::MAX_TEXT_CHARS * 4 {
            return self.gathered.clear();
        }
        if !self.gathered.is_empty() && !more.is_empty() {
            self.gathered.push(' ');
        }
        self.gathered.push_str(more);
        if over {
            self.begun_with = text::accept(&std::mem::take(&mut self.gathered)).ok();
        }
    }

    /// Whether the user's last text must begin a turn.
    pub fn owes_a_turn(&self) -> bool {
        self.begun_with.is_some()
    }

    pub(super) fn begin(&mut self) -> Checked {
        let said = self.begun_with.take();
        ensure(said.is_some(), RULE, || {
            "a turn began without a word".into()
        })?;
        self.push(Said::User(said.unwrap_or_default()));
        self.shown.clear();
        self.heard = None;
        Ok(())
    }

    pub(super) fn shown(&mut self, text: &str) {
        self.shown.push_str(text);
    }

    pub(super) fn interrupted(&mut self, heard: &str) {
        self.heard = Some(heard.into());
    }

    /// The turn is over; `heard`: the words of it that were, where that is certain.
    pub(super) fn end(&mut self, reason: TurnEnd, heard: Option<(Vec<Word>, usize)>) {
        let said = match reason {
            TurnEnd::Completed => Said::Assistant(std::mem::take(&mut self.shown)),
            TurnEnd::Interrupted => Said::Assistant(self.heard.take().unwrap_or_default()),
            TurnEnd::Failed => Said::Heard(heard),
        };
        match said {
            Said::Assistant(text) if text.trim().is_empty() => {}
            said => self.push(said),
        }
    }

    fn push(&mut self, said: Said) {
        self.said.push_back(said);
    }

    /// A language model is asked.
    ///
    /// # Errors
    /// If it is told anything else than what was said and heard.
    pub fn asked(&self, messages: &[Message]) -> Checked {
        let mut told: Vec<&Message> = messages.iter().collect();
        if told
            .first()
            .is_some_and(|message| message.role == Role::System)
        {
            told.remove(0);
        }
        self.begun(&mut told)?;
        ensure(told.len() <= self.most, RULE, || {
            format!("{} messages; {} is the most", told.len(), self.most)
        })?;
        // From the newest on: what is older than all that was told was forgotten.
        let mut said = self.said.iter().rev().peekable();
        let full = told.len() == self.most;
        for message in told.into_iter().rev() {
            // Of a turn that failed there may be nothing.
            while let (Some(Said::Heard(heard)), Role::User) = (said.peek(), message.role) {
                let none = heard.as_ref().is_none_or(|(words, _)| words.is_empty());
                ensure(none, RULE, || format!("nothing is told of {heard:?}"))?;
                said.next();
            }
            matches(said.next(), message)?;
        }
        let rest = said.filter(|said| !matches!(said, Said::Heard(_))).count();
        ensure(full || rest == 0, RULE, || {
            format!("{rest} messages are missing")
        })
    }

    /// What stands of the answer already, where another one has begun it.
    fn begun(&self, told: &mut Vec<&Message>) -> Checked {
        let [.., begun, asked] = told.as_slice() else {
            return ensure(self.shown.is_empty(), RULE, || {
                "it is not told how to go on".into()
            });
        };
        if asked.role == Role::User && asked.content.contains(CUT_OFF) {
            let same = begun.role == Role::Assistant && begun.content == self.shown;
            ensure(same, RULE, || {
                format!(
                    "it is to go on with {:?}, shown was {:?}",
                    begun.content, self.shown
                )
            })?;
            told.truncate(told.len() - 2);
            return Ok(());
        }
        ensure(self.shown.is_empty(), RULE, || {
            format!("it is not told of {:?}", self.shown)
        })
    }
}

fn matches(said: Option<&Said>, told: &Message) -> Checked {
    let same = match said {
        Some(Said::User(text)) => told.role == Role::User && told.content == *text,
        Some(Said::Assistant(text)) => told.role == Role::Assistant && told.content == *text,
        Some(Said::Heard(heard)) => {
            let words = words(&told.content);
            told.role == Role::Assistant
                && heard.as_ref().is_none_or(|(heard, more)| {
                    words.starts_with(heard) && words.len() <= heard.len() + more
                })
        }
        None => false,
    };
    ensure(same, RULE, || {
        format!("it is told {told:?}, but said was {said:?}")
    })
}
