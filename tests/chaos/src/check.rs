//! What must hold, whatever goes wrong. Each checker looks at one side of a world and says at once
//! when a rule is broken.
//!
//! | rule | who |
//! |---|---|
//! | every turn starts once and ends once; nothing of it comes after its interrupt or its end | [`order`] |
//! | media time never goes back; pictures come from the face that serves | [`order`] |
//! | every word is heard once and whole, in order, without a gap; `text_heard` is what was heard | [`words`] |
//! | a language model is told what was heard, no more and no less | [`history`] |
//! | what readers get is what was sent, numbered without a gap, less what may be dropped | [`received`] |
//! | a turn begins with who is not barred; who was called in it is judged once | [`verdicts`] |
//! | queues within bounds, calls given up, nobody waits longer than a budget | [`bounds`] |

pub mod bounds;
pub mod history;
pub mod order;
pub mod received;
pub mod verdicts;
pub mod words;

use crate::tag::{Author, Ledger, words as tags};
use bounds::Bounds;
use history::History;
use order::Order;
use received::Received;
use tth_core::events::{ServerEvent, TurnEnd};
use tth_core::ids::TurnId;
use tth_core::media::Micros;
use verdicts::Verdicts;
use words::Words;

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: &'static str,
    /// How.
    pub detail: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}

/// What a checker says.
pub type Checked = Result<(), Violation>;

/// Says that a rule is broken unless `holds`.
///
/// # Errors
/// If it does not.
pub fn ensure(holds: bool, rule: &'static str, detail: impl FnOnce() -> String) -> Checked {
    match holds {
        true => Ok(()),
        false => Err(Violation {
            rule,
            detail: detail(),
        }),
    }
}

/// All checkers of a world.
#[derive(Debug)]
pub struct Checks {
    session: u32,
    /// Order of events and media.
    pub order: Order,
    /// The words of the running turn.
    pub words: Words,
    /// The conversation.
    pub history: History,
    /// What readers get.
    pub received: Received,
    /// Who is asked, and what is said of them.
    pub verdicts: Verdicts,
    /// Queues, calls and budgets.
    pub bounds: Bounds,
    /// How the last turn ended.
    pub last_end: Option<TurnEnd>,
}

impl Checks {
    /// For a session of this number, whose language models get `history` messages at most.
    pub fn new(session: u32, history: usize, bounds: Bounds) -> Self {
        Checks {
            session,
            order: Order::new(session),
            words: Words::default(),
            history: History::new(history),
            received: Received::default(),
            verdicts: Verdicts::default(),
            bounds,
            last_end: None,
        }
    }

    /// The session sends an event.
    ///
    /// # Errors
    /// If a rule is broken.
    pub fn sent(
        &mut self,
        now: Micros,
        turn: Option<TurnId>,
        event: &ServerEvent,
        ledger: &Ledger,
    ) -> Checked {
        self.order.sent(turn, event)?;
        self.bounds.sent(now, event);
        match event {
            ServerEvent::TurnStarted => {
                self.words.begin(turn);
                self.history.begin()?;
            }
            ServerEvent::TextDelta { text } => {
                self.own_text(text)?;
                self.words.shown(text);
                self.history.shown(text);
            }
            ServerEvent::Audio(chunk) => self.words.sound(turn, chunk, ledger)?,
            ServerEvent::Error {
                stage: Some(stage), ..
            } => self.words.failed(*stage),
            ServerEvent::Interrupted {
                text_heard,
                position_us,
            } => {
                self.words.interrupted(text_heard, *position_us, ledger)?;
                self.history.interrupted(text_heard);
                self.received.fence(turn);
            }
            ServerEvent::TurnEnded { reason } => {
                self.last_end = Some(*reason);
                let heard = self.words.end(*reason, ledger)?;
                self.history.end(*reason, heard);
            }
            _ => {}
        }
        Ok(())
    }

    /// Text that reaches the client must be its own session's, and of no call that was given up.
    fn own_text(&self, text: &str) -> Checked {
        for word in tags(text) {
            let own = word.session == self.session && word.author != Author::Stale;
            ensure(own, "foreign bytes", || {
                format!("session {} was shown {word}", self.session)
            })?;
        }
        Ok(())
    }
}
