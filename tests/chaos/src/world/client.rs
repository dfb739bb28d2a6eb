//! The client of a world: does what the plan says, when it says so.

use super::{Phase, START, World};
use crate::act::{self, Act, Pace};
use crate::check::Checked;
use crate::plan::Plan;
use std::collections::VecDeque;
use tth_core::events::{ClientEvent, TurnMode};
use tth_core::media::Micros;
use tth_core::session::Input;

/// Between two interrupts of a burst.
const BURST_US: Micros = 100_000;
/// What a client that tells the truth has not played yet of what it got.
const BUFFERED_US: Micros = 400_000;

/// What the client still wants to do.
#[derive(Debug)]
pub(super) struct Client {
    acts: VecDeque<(Micros, Act)>,
    /// The number of its next act.
    next: u32,
    /// When it comes back.
    back_at: Option<Micros>,
    /// Interrupts that are left of a burst, and when the next one is due.
    burst: (u8, Micros),
}

impl Client {
    pub(super) fn new(plan: &Plan, now: Micros) -> Self {
        let mut at = now;
        let due = plan.acts.iter().map(|(pause, act)| {
            at += pause;
            (at, *act)
        });
        Client {
            acts: due.collect(),
            next: 0,
            back_at: Some(START),
            burst: (0, 0),
        }
    }

    /// When it does something next.
    pub(super) fn next_at(&self) -> Option<Micros> {
        let act = self.acts.front().map(|(at, _)| *at);
        let burst = (self.burst.0 > 0).then_some(self.burst.1);
        [act, burst, self.back_at].into_iter().flatten().min()
    }
}

impl World {
    /// The client does what is due.
    pub(super) fn act(&mut self) -> Checked {
        if self.client.back_at.take_if(|at| *at <= self.now).is_some() {
            let seen = self.readers.take_seen();
            return self.attach(seen);
        }
        let (left, due) = self.client.burst;
        if left > 0 && due <= self.now {
            self.client.burst = (left - 1, self.now + BURST_US);
            return self.send(ClientEvent::Interrupt);
        }
        let due = |(at, _): &mut (Micros, Act)| *at <= self.now;
        let Some((_, act)) = self.client.acts.pop_front_if(due) else {
            return Ok(());
        };
        let number = self.client.next;
        self.client.next += 1;
        self.tally.count("client", act.kind());
        self.perform(act, number)
    }

    pub(super) fn perform(&mut self, act: Act, number: u32) -> Checked {
        // Events of a client that is not there do not exist, but whoever sends them by another
        // route may be there all the same.
        match act {
            Act::Chat(words) => {
                let text = act::text(self.plan.number, number, words);
                self.send(act::speak(text, TurnMode::Chat))
            }
            Act::Say(words) => {
                let text = act::text(self.plan.number, number, words);
                self.send(act::speak(text, TurnMode::Say))
            }
            Act::Gather(pieces) => {
                for piece in 0..pieces {
                    let text = act::text(self.plan.number, number * 8 + u32::from(piece), 2);
                    self.send(ClientEvent::UserText {
                        text,
                        mode: TurnMode::Say,
                        end_turn: false,
                    })?;
                }
                self.send(ClientEvent::EndTurn)
            }
            Act::Nothing => self.send(act::speak("\u{200b} \u{202e}".into(), TurnMode::Chat)),
            Act::TooMuch => self.send(act::speak("word ".repeat(17_000), TurnMode::Chat)),
            Act::Interrupt(times) => {
                self.client.burst = (times - 1, self.now + BURST_US);
                self.send(ClientEvent::Interrupt)
            }
            Act::Control(change) => self.send(act::control(change)),
            Act::Played => {
                let position_us = self.checks.order.audio_end().saturating_sub(BUFFERED_US);
                self.send(act::played(position_us, Some(self.now)))
            }
            Act::Lie(position_us) => {
                // As likely as not it lies about the time as well.
                let client_us = (position_us % 2 == 0).then_some(position_us.rotate_left(9));
                self.send(act::played(position_us, client_us))
            }
            Act::Ping => self.send(ClientEvent::Ping),
            Act::Nonsense => self.send(ClientEvent::Rejected {
                code: "invalid_event".into(),
                message: "nonsense".into(),
            }),
            Act::Leave(away) => {
                self.client.back_at = Some(self.now + away);
                self.detach()
            }
            Act::Lose(away, unseen) => {
                self.client.back_at = Some(self.now + away);
                self.lose(unseen)
            }
            Act::Resume(unseen) => {
                let lost = self.readers.take_seen();
                let seen = lost.unwrap_or_else(|| self.checks.received.seen(unseen));
                self.attach(Some(seen))
            }
            Act::TakeOver => self.attach(None),
            Act::Reload => self.reload(number),
            Act::Others(stage, index, failures) => {
                self.roster.others(stage, index.into(), failures, self.now);
                Ok(())
            }
            Act::Read(pace) => {
                self.readers.read_at(pace, self.now);
                Ok(())
            }
            Act::Wake => self.give(Input::Tick),
        }
    }

    /// The client comes back at `at`.
    pub(super) fn client_returns(&mut self, at: Micros) {
        self.client.back_at = Some(at);
    }

    fn send(&mut self, event: ClientEvent) -> Checked {
        match &event {
            ClientEvent::Playback { position_us, .. } => {
                self.outbox.played(*position_us);
                self.readers.told();
            }
            ClientEvent::UserText { text, end_turn, .. } => {
                self.checks.history.user(text, *end_turn);
            }
            ClientEvent::EndTurn => self.checks.history.user("", true),
            _ => {}
        }
        self.give(Input::Client(event))?;
        if self.checks.history.owes_a_turn() {
            return Err(Self::broken(
                "every turn ends once",
                "what the user said began no turn",
            ));
        }
        Ok(())
    }

    /// All acts are done: from now on nothing goes wrong any more.
    pub(super) fn calm_down(&mut self) -> Checked {
        self.phase = Phase::Calm;
        self.calm_until = self.now + super::MOST_CALM_US;
        self.readers.read_at(Pace::Fast, self.now);
        // It may hear now that it was too slow.
        self.read()?;
        self.client.back_at = None;
        if !self.readers.attached() {
            self.attach(None)?;
        }
        Ok(())
    }
}
