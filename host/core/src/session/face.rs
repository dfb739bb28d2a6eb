//! The face: one call that lasts as long as somebody watches.

use super::{Budget, Opening, Output, Session, Turn};
use crate::circuit::Verdict;
use crate::drift::{Advice, Drift};
use crate::events::ServerEvent;
use crate::media::{AudioChunk, Micros, VideoFrame};
use crate::provider::{AvatarEvent, AvatarInput, Control, ErrorCode, ProviderError, Stage};

/// After a face failed its session keeps the next one for this long, then a better one is tried again
/// when a turn begins. Two faces that take turns would be worse to look at than the second alone.
const RETRY_US: Micros = 15_000_000;

/// A face may leave time out, up to this much. Where it leaves out more its clock is wrong: its frame
/// follows the last one, or what is heard by now.
const MOST_SKIP_US: Micros = 3_000_000;

/// A frame is taken to last so long at least and at most, whatever is said of it: 240 to 1 a second.
const FRAME_US: std::ops::RangeInclusive<u32> = 4_167..=1_000_000;
/// How much else a face may send before a frame has to come: pieces of sound, or words on where it plays.
const MOST_WITHOUT_FRAME: u32 = 4_096;
/// How often a face may announce its media elsewhere in one call.
const MOST_REMOTE: u32 = 16;

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Closed,
    /// To be opened when the controls are resolved.
    Wanted,
    Opening(u64),
    Open(u64),
    /// Every candidate failed.
    Lost,
}

/// The face's call and its place on the timeline.
#[derive(Debug, Default)]
pub(super) struct Face {
    state: State,
    index: usize,
    /// Who failed since the session last started over.
    tried: Vec<usize>,
    /// Media time of the call's frame 0.
    base: Micros,
    /// How far the call's clock has turned out to be wrong.
    ahead: Micros,
    /// The frame that waits for its time.
    next: Option<VideoFrame>,
    /// End of the last frame that was sent.
    end: Micros,
    /// When the next frame must be there.
    due: Option<Micros>,
    /// What the call has sent since its last frame, and how often it has announced media elsewhere.
    without_frame: u32,
    remote: u32,
    /// It has sound of its own.
    spoke: bool,
    /// This call has shown speech.
    drew: bool,
    /// What its call was opened with.
    opened_with: Control,
    /// From when on a better face that failed may be tried again.
    retry_at: Option<Micros>,
    pub(super) drift: Drift,
}

impl Face {
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// Start over with the best face.
    fn forgive(&mut self, best: usize) {
        if !matches!(self.state, State::Opening(_) | State::Open(_)) {
            self.state = State::Closed;
            self.index = best;
        }
        self.tried.clear();
        self.retry_at = None;
    }

    pub(super) fn open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    pub(super) fn lost(&self) -> bool {
        matches!(self.state, State::Lost)
    }

    pub(super) fn end(&self) -> Micros {
        self.end
    }

    /// Of what was sent the viewer has pictures up to `end` only: the next call begins there.
    pub(super) fn shown_until(&mut self, end: Micros) {
        self.end = self.end.min(end);
    }

    /// A frame of a stopped turn is not shown, unless later ones build on it.
    pub(super) fn drop_waiting(&mut self) {
        self.next
            .take_if(|frame| frame.codec == crate::media::VideoCodec::Jpeg);
    }

    pub(super) fn hungry(&self, realtime: bool, limit: Micros) -> bool {
        self.open() && self.next.is_none() && (realtime || self.end < limit)
    }

    /// When the frame that waits is to be shown.
    pub(super) fn waiting_at(&self) -> Option<Micros> {
        self.next.as_ref().map(|frame| frame.at)
    }

    /// When the next frame must be there.
    pub(super) fn due(&self) -> Option<Micros> {
        self.due
    }
}

impl Session {
    pub(super) fn open_face_when_resolved(&mut self) {
        if self.config.codecs.is_empty()
            || self.config.avatar.is_empty()
            || self.face.state != State::Closed
        {
            return;
        }
        self.face.state = State::Wanted;
        self.open_face_if_wanted();
        self.resolve(false);
    }

    pub(super) fn open_face_if_wanted(&mut self) {
        let known = !self.layers.asked(Stage::Avatar) && !self.stale(Stage::Avatar);
        if self.face.state != State::Wanted || !self.attached || !known {
            return;
        }
        let Some(candidate) = self.chain(Stage::Avatar).get(self.face.index) else {
            return;
        };
        let context = self.context(None, candidate.budget.first_output_us);
        let opening = Opening::Avatar {
            render: self.config.render,
            codecs: self.config.codecs.clone(),
            control: self.layers.control(Stage::Avatar).clone(),
            context,
        };
        self.face.opened_with = self.layers.control(Stage::Avatar).clone();
        let ticket = self.ticket();
        self.face.state = State::Opening(ticket);
        self.out
            .push(Output::Open(ticket, self.face.index, Box::new(opening)));
    }

    pub(super) fn close_face(&mut self) {
        if matches!(self.face.state, State::Opening(_) | State::Open(_)) {
            self.out.push(Output::Close(Stage::Avatar));
        }
        if !self.face.lost() {
            self.face.state = State::Closed;
        }
        self.face.next = None;
        self.face.due = None;
    }

    pub(super) fn face_opened(
        &mut self,
        now: Micros,
        ticket: u64,
        result: Result<(), ProviderError>,
    ) {
        if self.face.state != State::Opening(ticket) {
            return;
        }
        if let Err(error) = result {
            return self.face_failed(now, &error);
        }
        self.face.state = State::Open(ticket);
        (self.face.without_frame, self.face.remote) = (0, 0);
        (self.face.spoke, self.face.drew) = (false, false);
        self.face.drift.another();
        self.face.base = self.face.end.max(self.clock.media(now));
        self.face.ahead = 0;
        self.face.due = Some(now + self.face_budget().first_output_us);
        let control = self.layers.control(Stage::Avatar);
        if *control != self.face.opened_with {
            let control = control.clone();
            self.out.push(Output::Avatar(AvatarInput::Control(control)));
        }
        if let Some(turn) = &self.turn {
            let context = self.context(Some(turn.id), self.face_budget().first_output_us);
            self.join_turn(context, self.face.base);
        }
    }

    /// Media time of the first frame that is sure to be drawn with what the face is told now. Behind the frame
    /// that waits here there is always one that it has drawn already, or is drawing.
    pub(super) fn next_drawn(&self, now: Micros) -> Micros {
        let face = &self.face;
        if !face.open() {
            return face.end.max(self.clock.media(now));
        }
        let known = face
            .next
            .as_ref()
            .map_or(face.end.max(face.base), VideoFrame::end);
        known + 1_000_000 / Micros::from(self.config.render.fps.max(1))
    }

    /// What the answer's words are meant with reaches the face when they are heard.
    pub(super) fn cue_face(&mut self, now: Micros) {
        let drawn = self.next_drawn(now);
        let Some(turn) = &mut self.turn else { return };
        if let Some(emotion) = turn.take_cues(drawn) {
            self.layers.hint(Stage::Avatar, Some(emotion));
            self.resolve(false);
        }
    }

    fn face_budget(&self) -> Budget {
        self.chain(Stage::Avatar)
            .get(self.face.index)
            .map(|c| c.budget)
            .unwrap_or_default()
    }

    pub(super) fn forgive_face(&mut self) {
        let best = self.first(Stage::Avatar);
        self.face.forgive(best);
    }

    /// A turn begins: a better face that failed a while ago, or was barred, gets another chance.
    pub(super) fn retry_face(&mut self, now: Micros) {
        let waits = self.face.retry_at.is_some_and(|at| now < at);
        let best = self.first(Stage::Avatar);
        if waits || self.config.codecs.is_empty() || best >= self.face.index {
            return;
        }
        // Of those who all failed the last one is who the client knows of.
        let before = match self.face.lost() {
            true => self.face.tried.last().copied(),
            false => Some(self.face.index),
        };
        self.close_face();
        self.forgive_face();
        self.tell_switched(Stage::Avatar, before.unwrap_or(best), best);
        self.open_face_when_resolved();
    }

    /// The chain of faces was exchanged: the one that serves stands at `place` in it, or else the best begins.
    pub(super) fn move_face(&mut self, place: Option<usize>) {
        if let Some(place) = place {
            self.face.index = place;
            // Before it stand only those who have failed.
            self.face.tried = (0..place).collect();
            // Nobody is left who is better.
            self.face.retry_at.take_if(|_| place == 0);
            return;
        }
        self.close_face();
        self.forgive_face();
        if self.attached {
            self.open_face_when_resolved();
        }
    }

    fn face_failed(&mut self, now: Micros, error: &ProviderError) {
        self.close_face();
        let failed = self.face.index;
        self.blame(Stage::Avatar, failed, error);
        self.face.tried.push(failed);
        let next = self.choose(Stage::Avatar, &self.face.tried, |_| true);
        self.face.index = next.unwrap_or_else(|| self.chain(Stage::Avatar).len());
        let from = self.name(Stage::Avatar, failed).unwrap_or_default();
        let to = self.name(Stage::Avatar, self.face.index);
        if to.is_none() {
            self.face.state = State::Lost;
        }
        if let Some(turn) = &mut self.turn {
            turn.fallbacks += 1;
        }
        self.face.retry_at = Some(now + RETRY_US);
        let reason = error.to_string();
        self.emit(ServerEvent::ProviderSwitched {
            stage: Stage::Avatar,
            from,
            to,
            reason,
        });
        self.open_face_when_resolved();
    }

    /// A turn is over that the face has shown.
    pub(super) fn judge_face(&mut self) {
        let shown = |turn: &Turn| turn.first_frame.is_some();
        if self.face.open() && self.face.drew && self.turn.as_ref().is_some_and(shown) {
            self.judge(Stage::Avatar, self.face.index, Verdict::Well);
        }
    }

    pub(super) fn avatar(
        &mut self,
        now: Micros,
        ticket: u64,
        item: Option<Result<AvatarEvent, ProviderError>>,
    ) {
        if self.face.state != State::Open(ticket) {
            return;
        }
        match item {
            None => {
                let error = ProviderError::new(ErrorCode::Unavailable, "the face ended its stream");
                self.face_failed(now, &error);
            }
            Some(Err(error)) => self.face_failed(now, &error),
            Some(Ok(AvatarEvent::Frame(frame))) => self.frame(now, frame),
            Some(Ok(AvatarEvent::Audio(chunk))) => self.face_audio(now, chunk),
            Some(Ok(AvatarEvent::Remote { kind, details })) => {
                self.face.remote += 1;
                if self.face.remote > MOST_REMOTE {
                    return self.face_babbles(now, "announces its media over and over");
                }
                self.emit(ServerEvent::RemoteMedia { kind, details });
            }
            Some(Ok(AvatarEvent::SpeakingStarted(_) | AvatarEvent::SpeakingEnded(_))) => {}
        }
        self.face.without_frame += 1;
        if self.face.next.is_some() {
            self.face.without_frame = 0;
        } else if self.face.open() && self.face.without_frame > MOST_WITHOUT_FRAME {
            self.face_babbles(now, "sends on and on, but no frame");
        }
    }

    fn face_babbles(&mut self, now: Micros, what: &str) {
        let message = format!("the face {what}");
        self.face_failed(now, &ProviderError::new(ErrorCode::Internal, message));
    }

    fn frame(&mut self, now: Micros, mut frame: VideoFrame) {
        let heard = self.clock.media(now);
        let face = &mut self.face;
        frame.duration_us = frame.duration_us.clamp(*FRAME_US.start(), *FRAME_US.end());
        let due = face.end.max(heard);
        let at = (face.base + frame.at).saturating_sub(face.ahead);
        frame.at = at.max(face.end);
        if at > due + MOST_SKIP_US {
            face.ahead += at - due;
            frame.at = due;
        }
        face.due = None;
        face.next = Some(frame);
    }

    /// Sound of a face that speaks for itself.
    fn face_audio(&mut self, now: Micros, mut chunk: AudioChunk) {
        let heard = self.clock.media(now);
        let earliest = (heard + self.config.pacing.playout_us).max(self.audio_end);
        let base = self.face.base;
        self.face.spoke = true;
        let full = |turn: &Turn| turn.voiced() && !self.has_room(turn, heard);
        if self.turn.as_ref().is_some_and(full) {
            // There is a voice, and no room for another one beside it.
            return;
        }
        if let Some(turn) = &mut self.turn {
            let due = earliest.max(turn.line.placed_end());
            let at = base + chunk.at;
            chunk.at = if at > due + MOST_SKIP_US {
                due
            } else {
                at.max(due)
            };
            turn.line.audio(chunk);
        }
    }

    /// Whether the face is asked for a frame. A file's face waits for its controls, so that they
    /// hold from the same frame however fast it draws.
    pub(super) fn face_asked(&self, heard: Micros) -> bool {
        let realtime = self.config.pacing.realtime;
        // A face that speaks in place of a voice is held back like one.
        let room = !self.face.spoke
            || (self.turn.as_ref()).is_none_or(|turn| turn.voiced() || self.has_room(turn, heard));
        self.attached
            && room
            && (realtime || !self.layers.asked(Stage::Avatar))
            && self.face.hungry(realtime, self.video_limit(heard))
    }

    /// To the face, with times as its call counts them.
    pub(super) fn tell_face(&mut self, input: AvatarInput) {
        if !self.face.open() {
            return;
        }
        let base = self.face.base;
        let input = match input {
            AvatarInput::Audio(mut chunk) => {
                chunk.at = chunk.at.saturating_sub(base);
                AvatarInput::Audio(chunk)
            }
            AvatarInput::Viseme(mut mark) => {
                mark.at = mark.at.saturating_sub(base);
                AvatarInput::Viseme(mark)
            }
            AvatarInput::Correct { at, shift_us } => AvatarInput::Correct {
                at: at.saturating_sub(base),
                shift_us,
            },
            other => other,
        };
        self.out.push(Output::Avatar(input));
    }

    /// Send the waiting frame if it is due.
    pub(super) fn show_due(&mut self, now: Micros, heard: Micros) {
        let limit = self.video_limit(heard);
        let Some(frame) = self.face.next.take_if(|frame| frame.at <= limit) else {
            self.watch_face(now);
            return;
        };
        self.face.end = frame.end();
        let speech = self.turn.as_ref().and_then(|turn| turn.first_audio_at);
        let speaking = speech.is_some_and(|start| frame.end() > start);
        let advice = match self.config.pacing.realtime {
            true => {
                let alone = frame.codec == crate::media::VideoCodec::Jpeg;
                self.face.drift.frame(&frame, heard, speaking, alone)
            }
            false => Advice::SHOW,
        };
        if let Some(shift_us) = advice.skip_us {
            self.tell_face(AvatarInput::Correct {
                at: frame.end(),
                shift_us,
            });
        }
        if !advice.show {
            self.watch_face(now);
            return;
        }
        if speaking && let Some(turn) = &mut self.turn {
            turn.frames += 1;
            turn.first_frame.get_or_insert(now);
            self.face.drew = true;
        }
        self.emit(ServerEvent::Video(frame));
        self.watch_face(now);
    }

    /// A face that is asked for a frame must give one in time.
    fn watch_face(&mut self, now: Micros) {
        if matches!(self.face.state, State::Opening(_)) {
            let first_output = self.face_budget().first_output_us;
            self.face.due.get_or_insert(now + first_output);
            return;
        }
        let heard = self.clock.media(now);
        let asked = self.face_asked(heard);
        if asked && self.face.due.is_none() {
            self.face.due = Some(now + self.face_budget().gap_us);
        } else if !asked {
            self.face.due = None;
        }
    }

    pub(super) fn face_overdue(&mut self, now: Micros) {
        if self.face.due.is_some_and(|due| due <= now) {
            let error =
                ProviderError::new(ErrorCode::Timeout, "the face gave no frame in its budget");
            self.face_failed(now, &error);
        }
    }
}
