//! Who listens: readers that come, resume, get lost and leave; and how a session ends.
//!
//! While nobody listens media time stands still, no stage is heard and no budget runs: what is being
//! said waits for its listener.

use super::{Output, Session};
use crate::engine::Detach;
use crate::events::{ClientEvent, Resumption, ServerEvent};
use crate::media::Micros;
use crate::provider::Stage;

/// Why a session ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// Nothing was asked of it for too long.
    Idle,
    /// It has lived for as long as a session may.
    Aged,
    /// The server is shutting down.
    ShuttingDown,
}

impl Farewell {
    /// How the reader's stream ends.
    pub fn detach(self) -> Detach {
        match self {
            Farewell::Idle | Farewell::Aged => Detach::Expired,
            Farewell::ShuttingDown => Detach::ShuttingDown,
        }
    }

    fn event(self) -> ServerEvent {
        let (code, message) = match self {
            Farewell::Idle => (
                "session_expired",
                "nothing was asked of this session for too long: open a new one",
            ),
            Farewell::Aged => (
                "session_expired",
                "this session has lived for as long as one may: open a new one",
            ),
            Farewell::ShuttingDown => (
                "server_shutting_down",
                "the server is shutting down: open a new session in a moment",
            ),
        };
        ServerEvent::Error {
            code: code.into(),
            message: message.into(),
            retryable: self == Farewell::ShuttingDown,
            stage: None,
        }
    }
}

/// What a session knows of its listener, beside whether there is one.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// Until when a reader that was lost may come back.
    awaited: Option<Micros>,
    /// Why the session ends, and until when a turn may be finished.
    ending: Option<(Farewell, Micros)>,
    over: bool,
}

impl Session {
    /// Why the session is over, if it has ended by itself.
    pub fn over(&self) -> Option<Farewell> {
        let (why, _) = self.presence.ending.filter(|_| self.presence.over)?;
        Some(why)
    }

    /// Whether everything waits for a listener.
    pub(super) fn paused(&self) -> bool {
        self.config.pacing.realtime && !self.attached
    }

    /// When the session must look at its listener again.
    pub(super) fn presence_due(&self) -> Option<Micros> {
        let until = self.presence.ending.map(|(_, until)| until);
        let awaited = self.presence.awaited;
        [awaited, until].into_iter().flatten().min()
    }

    /// A reader has come that gets what comes from now on.
    pub(super) fn attach(&mut self, now: Micros, resumption: Resumption) {
        self.give_up(now);
        let again = self.begin_to_listen(now);
        self.clock.jump(now, self.face.end().max(self.audio_end));
        self.greet(resumption);
        if again {
            // The new reader has none of the frames that later ones may build on.
            self.close_face();
        }
        self.open_face_when_resolved();
    }

    /// A reader goes on where it was: `unheard` is the media time of the first sound that it has not
    /// got, `shown` the end of the last picture that it has got, if it has got any.
    pub(super) fn resume(&mut self, now: Micros, unheard: Option<Micros>, shown: Option<Micros>) {
        let again = self.begin_to_listen(now);
        self.presence.awaited = None;
        self.forget_played();
        let playout = self.config.pacing.playout_us;
        let heard = self.clock.media(now);
        let sent = self.turn.as_ref().map_or(0, |turn| turn.line.sent_end());
        // The next sound it gets is due one buffer after it. What was sent and got has been played
        // meanwhile, unless the reader was gone for a moment only.
        match unheard.map(|at| at.saturating_sub(playout)) {
            Some(due) if !again || due < heard => {
                self.clock.set(now, due);
                // Controls that were to hold from a later time on hold by now.
                self.layers.from = self.layers.from.min(due);
            }
            None if !again => self.clock.jump(now, sent.saturating_sub(playout)),
            _ => {}
        }
        self.greet(Resumption::Resumed);
        if again {
            self.close_face();
        }
        self.face
            .shown_until(shown.unwrap_or_else(|| self.clock.media(now)));
        self.open_face_when_resolved();
    }

    /// True: somebody had been listening all the time.
    fn begin_to_listen(&mut self, now: Micros) -> bool {
        let again = std::mem::replace(&mut self.attached, true);
        if self.config.pacing.realtime {
            self.clock.start(now);
            if !again {
                self.go_on_with_turn(now);
            }
        }
        again
    }

    fn greet(&mut self, resumption: Resumption) {
        self.forgive_face();
        self.told = [self.serving(Stage::Llm), self.serving(Stage::Tts)];
        let providers = self.providers();
        let ready = ServerEvent::SessionReady {
            providers,
            resumption,
        };
        self.out.push(Output::Emit(None, ready));
    }

    /// The reader was lost, and may come back until then.
    pub(super) fn lost(&mut self, now: Micros, until: Micros) {
        if !self.config.pacing.realtime {
            return self.detach(now);
        }
        if !std::mem::replace(&mut self.attached, false) {
            // One that came back was lost again before it was noticed.
            self.presence.awaited = self.presence.awaited.map(|_| until);
            return;
        }
        self.presence.awaited = Some(until);
        self.hold_turn(now);
        self.close_face();
        self.clock.stop(now);
    }

    /// The reader has left for good.
    pub(super) fn detach(&mut self, now: Micros) {
        self.give_up(now);
        if !std::mem::replace(&mut self.attached, false) {
            return;
        }
        self.interrupt(now);
        self.close_face();
        self.clock.stop(now);
    }

    /// A reader that was lost is not awaited any longer: what it was listening to stops.
    fn give_up(&mut self, now: Micros) {
        if self.presence.awaited.take().is_some() {
            self.interrupt(now);
            self.out.push(Output::GiveUp);
        }
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Micros) {
        if self.presence.awaited.is_some_and(|until| until <= now) {
            self.give_up(now);
        }
        if !self.paused() {
            self.overdue(now);
        }
    }

    /// The session is to end: at once between turns, else when the turn is over, at `until` at the
    /// latest.
    pub(super) fn end(&mut self, why: Farewell, until: Micros) {
        let until = self
            .presence
            .ending
            .map_or(until, |(_, before)| before.min(until));
        self.presence.ending = Some((why, until));
    }

    /// Whether the client asks for a turn that will not be; it is told why.
    pub(super) fn too_late(&mut self, event: &ClientEvent) -> bool {
        let turn = matches!(event, ClientEvent::UserText { .. } | ClientEvent::EndTurn);
        let Some((why, _)) = self.presence.ending.filter(|_| turn) else {
            return false;
        };
        self.emit(why.event());
        true
    }

    /// End the session if it is to end and nothing is left to wait for.
    pub(super) fn end_if_due(&mut self, now: Micros) {
        let Some((why, until)) = self.presence.ending.filter(|_| !self.presence.over) else {
            return;
        };
        if self.turn.is_some() && !self.paused() && now < until {
            return;
        }
        self.presence.over = true;
        // Before the turn's own end, which is the last that is read of a turn without a session.
        self.emit(why.event());
        self.interrupt(now);
    }
}
