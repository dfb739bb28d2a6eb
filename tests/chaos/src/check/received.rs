//! What readers get is what was sent: in order, numbered without a gap, and whole but for what may
//! be dropped.

use super::{Checked, ensure};
use crate::tag::Picture;
use std::collections::{BTreeSet, VecDeque};
use tth_core::events::{Envelope, ServerEvent};
use tth_core::ids::TurnId;
use tth_core::media::{Micros, VideoCodec};

const RULE: &str = "what is received was sent";

/// What was sent, as far as it has to be known again.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Audio {
        at: Micros,
        bytes: usize,
    },
    Video {
        picture: Option<Picture>,
        jpeg: bool,
    },
    Text(String),
    Applied,
    /// What a reader that resumes gets anew.
    Greeting,
    Other(std::mem::Discriminant<ServerEvent>),
}

impl Kind {
    fn of(event: &ServerEvent) -> Kind {
        match event {
            ServerEvent::Audio(chunk) => Kind::Audio {
                at: chunk.at,
                bytes: chunk.pcm.len(),
            },
            ServerEvent::Video(frame) => Kind::Video {
                picture: Picture::read(&frame.data),
                jpeg: frame.codec == VideoCodec::Jpeg,
            },
            ServerEvent::TextDelta { text } => Kind::Text(text.clone()),
            ServerEvent::ControlApplied { .. } => Kind::Applied,
            ServerEvent::SessionReady { .. } | ServerEvent::RemoteMedia { .. } => Kind::Greeting,
            other => Kind::Other(std::mem::discriminant(other)),
        }
    }

    /// Whether a reader that resumes gets it again.
    fn comes_again(&self) -> bool {
        match self {
            Kind::Video { .. } | Kind::Greeting => false,
            Kind::Audio { .. } | Kind::Text(_) | Kind::Applied | Kind::Other(_) => true,
        }
    }

    fn is_media(&self) -> bool {
        matches!(self, Kind::Audio { .. } | Kind::Video { .. })
    }
}

/// Whether somebody takes what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attendance {
    /// Media are dropped.
    Nobody,
    /// A reader that was lost will want to have it, but for pictures.
    Awaited,
    /// All of it is read.
    Reading,
}

#[derive(Clone, Debug)]
struct Sent {
    turn: Option<TurnId>,
    kind: Kind,
    /// It may be dropped without a trace.
    may_go: bool,
}

/// What was sent and has not arrived.
#[derive(Debug, Default)]
pub struct Received {
    waiting: VecDeque<Sent>,
    /// What has arrived at readers since the last one came: its number, and when.
    arrived: VecDeque<(u64, Micros, Sent)>,
    seq: u64,
    /// The number of each picture that arrived since the last reader that came afresh, and when it ends.
    pictures: Vec<(u64, Micros)>,
    /// A reader has come that goes on where it was, and has not been greeted.
    greets: bool,
    /// Turns that were interrupted.
    fenced: BTreeSet<TurnId>,
    picture: Option<Picture>,
    pictures_lost: bool,
}

impl Received {
    /// The session sends an event to a queue that somebody reads, or not.
    pub fn sent(
        &mut self,
        turn: Option<TurnId>,
        event: &ServerEvent,
        attendance: Attendance,
        lossless: bool,
    ) {
        let kind = Kind::of(event);
        let taken = match attendance {
            Attendance::Nobody => !kind.is_media(),
            Attendance::Awaited => !matches!(kind, Kind::Video { .. }),
            Attendance::Reading => true,
        };
        if !taken {
            return;
        }
        if self.greets && matches!(event, ServerEvent::SessionReady { .. }) {
            return self.greet(turn, kind);
        }
        let nobody = attendance == Attendance::Nobody;
        if nobody {
            // Where too much waits for nobody, all of it goes.
            self.waiting.iter_mut().for_each(|sent| sent.may_go = true);
        }
        let picture = match event {
            ServerEvent::Video(frame) => !frame.keyframe || !lossless,
            _ => false,
        };
        // Sound of no length may have become part of the one before it.
        let nothing = matches!(kind, Kind::Audio { bytes: 0, .. });
        self.waiting.push_back(Sent {
            turn,
            may_go: picture || nothing || nobody,
            kind,
        });
    }

    /// It is greeted before anything else, and the face begins anew for it.
    fn greet(&mut self, turn: Option<TurnId>, kind: Kind) {
        self.greets = false;
        let pictures = |sent: &Sent| matches!(sent.kind, Kind::Video { .. });
        self.waiting.retain(|sent| !pictures(sent));
        let may_go = false;
        self.waiting.push_front(Sent { turn, kind, may_go });
    }

    /// The turn was interrupted: what waits of it must not arrive any more.
    pub fn fence(&mut self, turn: Option<TurnId>) {
        let Some(turn) = turn else { return };
        self.fenced.insert(turn);
        for sent in &mut self.waiting {
            // Pictures that others build on belong to nobody from now on.
            if sent.turn == Some(turn) && matches!(sent.kind, Kind::Video { jpeg: false, .. }) {
                sent.turn = None;
            }
        }
        let stays = |sent: &Sent| {
            let stale = sent.kind.is_media() || matches!(sent.kind, Kind::Text(_) | Kind::Applied);
            sent.turn != Some(turn) || !stale
        };
        self.waiting.retain(stays);
        self.arrived.retain(|(_, _, sent)| stays(sent));
    }

    /// A reader came: media that waited was for another one. Where that one was `lost`, more of what was
    /// for it may be gone.
    pub fn attached(&mut self, lost: bool) {
        self.waiting.retain(|sent| !sent.kind.is_media());
        if lost {
            self.waiting.iter_mut().for_each(|sent| sent.may_go = true);
        }
        self.arrived.clear();
        self.pictures.clear();
        self.greets = false;
        self.pictures_lost = true;
    }

    /// The last number that a reader saw of which so many events never arrived.
    pub fn seen(&self, unseen: u8) -> u64 {
        let all = self.arrived.len();
        let last = all.saturating_sub(unseen.into()).checked_sub(1);
        let last = last.and_then(|at| self.arrived.get(at));
        match (last, self.arrived.front()) {
            (Some((seq, ..)), _) => *seq,
            // All that it got has not arrived.
            (None, Some((seq, ..))) => seq - 1,
            (None, None) => self.seq,
        }
    }

    /// Whether all that followed that number left at `since` or later, and none of it to another reader.
    pub fn kept(&self, seq: u64, since: Micros) -> bool {
        let followed = self.arrived.iter().find(|(of, ..)| *of > seq);
        match followed {
            Some((of, at, _)) => *of == seq + 1 && *at >= since,
            None => seq == self.seq,
        }
    }

    /// A reader goes on behind that number: what followed it is sent again, but for pictures and greetings.
    /// How many events that are.
    pub fn resumed(&mut self, seq: u64) -> usize {
        let mut again = 0;
        while let Some((_, _, sent)) = self.arrived.pop_back_if(|(of, ..)| *of > seq) {
            if sent.kind.comes_again() {
                self.waiting.push_front(sent);
                again += 1;
            }
        }
        // Whoever says that it saw that will not say later that it did not.
        self.arrived.clear();
        self.pictures.retain(|(of, _)| *of <= seq);
        self.seq = seq;
        self.greets = true;
        self.pictures_lost = true;
        again
    }

    /// When the last picture ends that the reader has got.
    pub fn shown(&self) -> Option<Micros> {
        self.pictures.last().map(|(_, end)| *end)
    }

    /// Media time of the first sound that waits.
    pub fn first_sound(&self) -> Option<Micros> {
        self.waiting.iter().find_map(|sent| match sent.kind {
            Kind::Audio { at, .. } => Some(at),
            _ => None,
        })
    }

    /// The reader fell too far behind: what waited is gone.
    pub fn cleared(&mut self) {
        self.waiting.clear();
    }

    /// A reader gets an event.
    ///
    /// # Errors
    /// If a rule is broken.
    pub fn got(&mut self, now: Micros, envelope: &Envelope, session: &str) -> Checked {
        let Envelope {
            seq,
            turn_id: turn,
            event,
            session_id,
            ..
        } = envelope;
        ensure(*seq == self.seq + 1, "sequence without gaps", || {
            format!("{seq} after {}", self.seq)
        })?;
        self.seq = *seq;
        ensure(session_id.as_str() == session, "foreign bytes", || {
            format!("{session} got an event of {session_id}")
        })?;
        let late = turn.is_some_and(|turn| self.fenced.contains(&turn))
            && (event.is_media() || matches!(event, ServerEvent::TextDelta { .. }));
        ensure(!late, "nothing after the interrupt", || {
            format!("{event:.60?} of {turn:?} left after its interrupt")
        })?;
        self.find(*turn, Kind::of(event))?;
        let sent = Sent {
            turn: *turn,
            kind: Kind::of(event),
            may_go: matches!(event, ServerEvent::Audio(chunk) if chunk.pcm.is_empty()),
        };
        self.arrived.push_back((*seq, now, sent));
        if let ServerEvent::Video(frame) = event {
            self.builds_on(&frame.data, frame.keyframe)?;
            self.pictures.push((*seq, frame.end()));
        }
        Ok(())
    }

    /// Take what was sent up to the event from what waits.
    fn find(&mut self, turn: Option<TurnId>, kind: Kind) -> Checked {
        while let Some(sent) = self.waiting.pop_front() {
            let same = match (&sent.kind, &kind) {
                (
                    Kind::Audio { at, bytes },
                    Kind::Audio {
                        at: got,
                        bytes: all,
                    },
                ) if at == got => {
                    return self.gathered(all - bytes);
                }
                (sent, got) => sent == got,
            };
            if same && sent.turn == turn {
                return Ok(());
            }
            ensure(sent.may_go, RULE, || {
                format!("{sent:?} was lost before {kind:?} of {turn:?}")
            })?;
        }
        ensure(false, RULE, || {
            format!("{kind:?} of {turn:?} was never sent")
        })
    }

    /// Crumbs of sound may arrive as one, where what was sent between them was dropped.
    fn gathered(&mut self, mut rest: usize) -> Checked {
        while rest > 0 {
            let next = self.waiting.pop_front();
            match next.as_ref().map(|sent| (&sent.kind, sent.may_go)) {
                Some((Kind::Audio { bytes, .. }, _)) if *bytes <= rest => rest -= bytes,
                Some((_, true)) => {}
                _ => {
                    return ensure(false, RULE, || {
                        format!("{rest} bytes of sound in place of {next:?}")
                    });
                }
            }
        }
        Ok(())
    }

    /// A picture that builds on others comes right behind them.
    fn builds_on(&mut self, data: &[u8], keyframe: bool) -> Checked {
        let picture = Picture::read(data);
        let follows = match (self.picture, picture) {
            // A face that begins without a key frame is to blame itself.
            (Some(last), Some(next)) if last.call != next.call => next.place == 0,
            (Some(last), Some(next)) => last.place + 1 == next.place,
            _ => false,
        };
        ensure(
            keyframe || (follows && !self.pictures_lost),
            "pictures can be decoded",
            || format!("{picture:?} after {:?}", self.picture),
        )?;
        (self.picture, self.pictures_lost) = (picture, false);
        Ok(())
    }

    /// Somebody has read all there was.
    ///
    /// # Errors
    /// If something was lost.
    pub fn drained(&mut self) -> Checked {
        let lost = self.waiting.iter().find(|sent| !sent.may_go);
        ensure(lost.is_none(), RULE, || format!("{lost:?} never arrived"))?;
        self.waiting.clear();
        Ok(())
    }
}
