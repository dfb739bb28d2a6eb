//! A turn in which providers fail, as its client sees it.

use crate::client::Session;
use crate::hearing::Hearing;
use crate::wire::{Kind, Mode, Said};
use anyhow::{Context, Result};
use std::time::Duration;

/// Why a provider serves again that another one had stood in for.
const BACK: &str = "every turn begins with the first that can be used";

/// What a client saw of one turn; times since it sent its text.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// The first sound of whoever spoke last.
    pub(crate) served: Option<Duration>,
    /// Failures that another provider made good, and why.
    pub(crate) switches: Vec<(Duration, String)>,
    /// Failures that nobody made good.
    pub(crate) errors: Vec<(Duration, String)>,
    /// Its sound.
    pub(crate) heard: Hearing,
    /// How it ended: `completed`, `interrupted` or `failed`.
    pub(crate) ended: String,
}

impl Story {
    /// The next whole turn of a session.
    ///
    /// # Errors
    /// If the stream breaks. Failures of providers are part of the story.
    pub(crate) async fn of(session: &mut Session, text: &str, mode: Mode) -> Result<Story> {
        let sent = session.say(&Said::UserText { text, mode }).await?;
        let mut story = Story::default();
        let mut turn = None;
        let mut awaited = true;
        loop {
            let (at, event) = session.any().await?;
            if event.kind == Kind::TurnStarted {
                turn = event.turn_id;
                continue;
            }
            if turn.is_none() || event.turn_id != turn {
                continue;
            }
            let after = at - sent;
            match event.kind {
                Kind::AudioChunk => {
                    let pts = event.pts_us.context("sound without a time")?;
                    let duration = event.duration_us.context("sound without a length")?;
                    story.heard.arrived(at, pts, duration);
                    if std::mem::take(&mut awaited) {
                        story.served = Some(after);
                    }
                }
                // A turn that begins with the primary again, after one that another provider served.
                Kind::ProviderSwitched if event.said() == BACK => {}
                Kind::ProviderSwitched => {
                    story.switches.push((after, event.said()));
                    awaited = true;
                }
                Kind::Error => story.errors.push((after, event.said())),
                Kind::TurnEnded => {
                    story.ended = event.reason.unwrap_or_default();
                    return Ok(story);
                }
                _ => {}
            }
        }
    }

    /// It went as if nothing could fail.
    pub(crate) fn smooth(&self) -> bool {
        self.ended == "completed" && self.switches.is_empty() && self.errors.is_empty()
    }
}
