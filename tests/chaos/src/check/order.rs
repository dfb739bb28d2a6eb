//! Order of events, media time, and whose pictures are shown.

use super::{Checked, ensure};
use crate::tag::Picture;
use tth_core::events::ServerEvent;
use tth_core::ids::TurnId;
use tth_core::media::Micros;

/// What was sent so far.
#[derive(Debug)]
pub struct Order {
    session: u32,
    running: Option<TurnId>,
    last: u64,
    interrupted: bool,
    accounts: u32,
    audio_end: Micros,
    video_end: Micros,
    picture: Option<Picture>,
}

impl Order {
    pub(super) fn new(session: u32) -> Self {
        Order {
            session,
            running: None,
            last: 0,
            interrupted: false,
            accounts: 0,
            audio_end: 0,
            video_end: 0,
            picture: None,
        }
    }

    /// Media time at which the last sound ends.
    pub fn audio_end(&self) -> Micros {
        self.audio_end
    }

    /// A reader goes on whose last picture ended then, if it got any: the face draws anew from there.
    pub fn resumed(&mut self, shown: Option<Micros>) {
        self.video_end = self.video_end.min(shown.unwrap_or(0));
    }

    /// The turn that is going on.
    pub fn running(&self) -> Option<TurnId> {
        self.running
    }

    /// Turns that have begun.
    pub fn turns(&self) -> u64 {
        self.last
    }

    pub(super) fn sent(&mut self, turn: Option<TurnId>, event: &ServerEvent) -> Checked {
        const ONCE: &str = "every turn ends once";
        if let (Some(turn), false) = (turn, matches!(event, ServerEvent::TurnStarted)) {
            ensure(
                self.running == Some(turn),
                "nothing after its epoch",
                || {
                    format!(
                        "{event:.60?} of {turn} while {:?} is going on",
                        self.running
                    )
                },
            )?;
        }
        if self.interrupted && turn.is_some() {
            let account = matches!(
                event,
                ServerEvent::Metrics(_) | ServerEvent::TurnEnded { .. }
            );
            ensure(account, "nothing after the interrupt", || {
                format!("{event:.60?} of {turn:?}")
            })?;
        }
        match event {
            ServerEvent::TurnStarted => {
                ensure(self.running.is_none(), ONCE, || {
                    format!("{turn:?} began inside {:?}", self.running)
                })?;
                let next = Some(TurnId(self.last + 1));
                ensure(turn == next, ONCE, || {
                    format!("{turn:?} in place of {next:?}")
                })?;
                self.last += 1;
                (self.running, self.interrupted, self.accounts) = (turn, false, 0);
            }
            ServerEvent::Metrics(_) => self.accounts += 1,
            ServerEvent::TurnEnded { .. } => {
                ensure(self.running.is_some() && self.running == turn, ONCE, || {
                    format!("{turn:?} ended while {:?} was going on", self.running)
                })?;
                ensure(self.accounts == 1, ONCE, || {
                    format!("{turn:?} was accounted for {} times", self.accounts)
                })?;
                (self.running, self.interrupted) = (None, false);
            }
            ServerEvent::Interrupted { .. } => {
                ensure(turn.is_some(), "nothing after the interrupt", || {
                    "an interrupt of no turn".into()
                })?;
                self.interrupted = true;
            }
            ServerEvent::Audio(chunk) => {
                ensure(turn.is_some(), "nothing after its epoch", || {
                    format!("sound at {} of no turn", chunk.at)
                })?;
                ensure(chunk.at >= self.audio_end, "media time", || {
                    format!("sound at {} behind {}", chunk.at, self.audio_end)
                })?;
                self.audio_end = chunk.end();
            }
            ServerEvent::Video(frame) => {
                ensure(frame.at >= self.video_end, "media time", || {
                    format!("a frame at {} behind {}", frame.at, self.video_end)
                })?;
                self.video_end = frame.end();
                self.picture(&frame.data)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn picture(&mut self, data: &[u8]) -> Checked {
        let picture = Picture::read(data);
        let own = picture.is_some_and(|picture| picture.session == self.session);
        ensure(own, "foreign bytes", || {
            format!("session {} was shown {picture:?}", self.session)
        })?;
        ensure(picture > self.picture, "stale", || {
            format!("{picture:?} after {:?}", self.picture)
        })?;
        let given_up = picture.is_some_and(|picture| picture.place == u32::MAX);
        ensure(!given_up, "stale", || {
            "a frame of a face that was given up".into()
        })?;
        self.picture = picture;
        Ok(())
    }
}
