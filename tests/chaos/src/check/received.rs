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
            other => Kind::Other(std::mem::discriminant(other)),
        }
    }

    fn is_media(&self) -> bool {
        matches!(self, Kind::Audio { .. } | Kind::Video { .. })
    }
}

#[derive(Debug)]
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
    seq: u64,
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
        attached: bool,
        lossless: bool,
    ) {
        let kind = Kind::of(event);
        if kind.is_media() && !attached {
            return;
        }
        // Without what it builds on no picture is worth sending.
        if !attached {
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
            may_go: picture || nothing || !attached,
            kind,
        });
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
        self.waiting.retain(|sent| {
            let stale = sent.kind.is_media() || matches!(sent.kind, Kind::Text(_) | Kind::Applied);
            sent.turn != Some(turn) || !stale
        });
    }

    /// A reader came: media that waited was for another one.
    pub fn attached(&mut self) {
        self.waiting.retain(|sent| !sent.kind.is_media());
        self.pictures_lost = true;
    }

    /// The reader fell too far behind: what waited is gone.
    pub fn cleared(&mut self) {
        self.waiting.clear();
    }

    /// A reader gets an event.
    ///
    /// # Errors
    /// If a rule is broken.
    pub fn got(&mut self, envelope: &Envelope, session: &str) -> Checked {
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
        if let ServerEvent::Video(frame) = event {
            self.builds_on(&frame.data, frame.keyframe)?;
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
