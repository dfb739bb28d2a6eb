//! What came out of a world: what voice, face and client were told, and what must hold of all of it.

use super::{Seen, World};
use tth_core::controls::ParamValue;
use tth_core::events::ServerEvent;
use tth_core::ids::TurnId;
use tth_core::media::Micros;
use tth_core::provider::{Control, Stage};
use tth_core::session::Stack;

/// What the layers ask for, in short: the strongest label and rate.
pub fn told(layers: &Stack) -> String {
    let label = layers
        .iter()
        .rev()
        .find_map(|(emotion, _)| emotion.label.as_deref());
    let rate = layers
        .iter()
        .rev()
        .find_map(|(_, character)| character.speech_rate);
    let rate = rate.map_or(String::new(), |rate| format!("@{rate}"));
    format!("{}{rate}", label.unwrap_or("-"))
}

/// What a control that [`told`] made says.
pub fn said(control: &Control) -> String {
    let text = control.params.iter().find_map(|(name, value)| match value {
        ParamValue::Text(text) if name == "told" => Some(text.clone()),
        _ => None,
    });
    text.unwrap_or_default()
}

impl World {
    /// The media time of the first sound of the n-th utterance that was given to a voice, from 0.
    pub fn sounded(&self, n: usize) -> Option<Micros> {
        self.seen.iter().find_map(|seen| match &seen.event {
            ServerEvent::Audio(chunk) if chunk.pcm.first() == Some(&(n as u8 + 1)) => {
                Some(chunk.at)
            }
            _ => None,
        })
    }

    /// What the client was told of a stage's controls: when, what, and from which media time.
    pub fn applied(&self, stage: Stage) -> Vec<(Micros, String, Micros)> {
        let mut told = Vec::new();
        for seen in &self.seen {
            let ServerEvent::ControlApplied {
                report,
                effective_pts_us,
            } = &seen.event
            else {
                continue;
            };
            for line in report.iter().filter(|line| line.stage == stage) {
                let Some(ParamValue::Text(text)) = &line.decision.value else {
                    continue;
                };
                told.push((seen.at, text.clone(), *effective_pts_us));
            }
        }
        told
    }

    /// When the last frame ends.
    pub fn shown(&self) -> Option<Micros> {
        self.seen.iter().rev().find_map(|seen| match &seen.event {
            ServerEvent::Video(frame) => Some(frame.end()),
            _ => None,
        })
    }

    /// Every frame: its media time and what it was drawn with.
    pub fn frames(&self) -> Vec<(Micros, String)> {
        let frames = self.seen.iter().filter_map(|seen| match &seen.event {
            ServerEvent::Video(frame) => {
                Some((frame.at, String::from_utf8(frame.data.to_vec()).unwrap()))
            }
            _ => None,
        });
        frames.collect()
    }
}

/// What must hold of everything a client ever sees.
pub fn check(seen: &[Seen]) {
    let (mut audio_end, mut video_at) = (0, 0);
    let mut turn: Option<TurnId> = None;
    let mut interrupted = None;
    let mut ended: Option<TurnId> = None;
    for Seen {
        turn: owner, event, ..
    } in seen
    {
        if let (Some(owner), Some(over)) = (owner, ended) {
            assert!(
                *owner > over,
                "an event of {over} came after its end: {event:?}"
            );
        }
        if interrupted.is_some() && *owner == interrupted {
            assert!(
                matches!(
                    event,
                    ServerEvent::Metrics(_) | ServerEvent::TurnEnded { .. }
                ),
                "after the interrupt came {event:?}"
            );
        }
        match event {
            ServerEvent::TurnStarted => {
                assert!(turn.is_none(), "a turn started inside another");
                turn = *owner;
            }
            ServerEvent::TurnEnded { .. } => {
                assert_eq!(turn.take(), *owner);
                ended = *owner;
            }
            ServerEvent::Interrupted { .. } => interrupted = *owner,
            ServerEvent::Audio(chunk) => {
                assert!(
                    chunk.at >= audio_end,
                    "audio went back to {} from {audio_end}",
                    chunk.at
                );
                audio_end = chunk.end();
            }
            ServerEvent::Video(frame) => {
                assert!(
                    frame.at >= video_at,
                    "video went back to {} from {video_at}",
                    frame.at
                );
                video_at = frame.at;
            }
            _ => {}
        }
    }
}
