//! What the session waits for: which stages it wants to hear from, and when it wants to be woken.

use super::Session;
use super::turn::Turn;
use crate::media::Micros;

/// Which stages the session wants to hear from now, and when it wants to be woken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the definition")]
pub struct Wants {
    pub llm: bool,
    pub tts: bool,
    pub avatar: bool,
    pub wake_at: Option<Micros>,
}

impl Session {
    /// What the session waits for.
    pub fn wants(&self, now: Micros) -> Wants {
        if self.paused() {
            return Wants {
                wake_at: self.presence_due(),
                ..Wants::default()
            };
        }
        let turn = self.turn.as_ref();
        let heard = self.clock.media(now);
        // Without real time nothing waits for its time; only providers can be overdue.
        let pacing = self.config.pacing;
        let realtime = pacing.realtime;
        let paced = |media: Micros| {
            let real = realtime.then(|| self.clock.real(media)).flatten();
            real.map(|at| pacing.together(at))
        };
        let mut wake_at = self.face.due();
        let mut wake = |at: Option<Micros>| wake_at = [wake_at, at].into_iter().flatten().min();
        wake(self.presence_due());
        // Speech lets frames out earlier, but then its audio is what wakes the session.
        let idle_lead = pacing.idle_lead_us;
        wake(
            self.face
                .waiting_at()
                .and_then(|at| paced(at.saturating_sub(idle_lead))),
        );
        if let Some(turn) = turn {
            let lead = pacing.audio_lead_us;
            wake(
                turn.line
                    .next_at()
                    .and_then(|at| paced(at.saturating_sub(lead))),
            );
            wake(self.next_utterance_at(turn).and_then(paced));
            wake(turn.llm.wake_at());
            wake(turn.tts.wake_at());
            if turn.sound_done() {
                wake(paced(turn.line.placed_end()));
            }
        }
        Wants {
            llm: turn.is_some_and(|turn| turn.llm.listening()),
            tts: turn.is_some_and(|turn| turn.tts.listening() && self.has_room(turn, heard)),
            avatar: self.face_asked(heard),
            wake_at,
        }
    }

    pub(super) fn has_room(&self, turn: &Turn, heard: Micros) -> bool {
        let pacing = self.config.pacing;
        !pacing.realtime || turn.line.placed_end() < heard + pacing.audio_lead_us + pacing.ready_us
    }

    /// Video may leave up to here.
    pub(super) fn video_limit(&self, heard: Micros) -> Micros {
        let spoken = self.turn.as_ref().map_or(0, |turn| turn.line.sent_end());
        let pacing = self.config.pacing;
        if pacing.realtime {
            // What was sent lies far ahead where a client resumes far behind it.
            let most = heard + 2 * pacing.audio_lead_us;
            spoken.min(most).max(heard + pacing.idle_lead_us)
        } else {
            spoken
        }
    }
}
