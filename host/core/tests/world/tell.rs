//! What tests of controls and hints have in common.

use super::{Script, Seen, World};
use tth_core::controls::{ControlUpdate, Emotion};
use tth_core::events::{ClientEvent, ServerEvent, TurnEnd};
use tth_core::media::Micros;

pub fn script(answer: &str) -> Script {
    Script {
        answer: answer.into(),
        llm_word_us: 500,
        ..Script::default()
    }
}

pub fn feel(label: &str) -> ClientEvent {
    ClientEvent::ControlUpdate(ControlUpdate {
        emotion: Some(Emotion {
            label: Some(label.into()),
            ..Emotion::default()
        }),
        ..ControlUpdate::default()
    })
}

pub fn texts(world: &World) -> Vec<&str> {
    world
        .given
        .iter()
        .map(|given| given.text.as_str())
        .collect()
}

pub fn tolds(world: &World) -> Vec<&str> {
    world
        .given
        .iter()
        .map(|given| given.told.as_str())
        .collect()
}

pub fn shown(world: &World) -> String {
    let deltas = world.seen.iter().filter_map(|seen| match &seen.event {
        ServerEvent::TextDelta { text } => Some(text.as_str()),
        _ => None,
    });
    deltas.collect()
}

pub fn errors(world: &World) -> usize {
    let error = |seen: &&Seen| matches!(seen.event, ServerEvent::Error { .. });
    world.seen.iter().filter(error).count()
}

pub fn ended(world: &World) -> Vec<TurnEnd> {
    let ends = world.seen.iter().filter_map(|seen| match seen.event {
        ServerEvent::TurnEnded { reason } => Some(reason),
        _ => None,
    });
    ends.collect()
}

/// Frames before `from` show the old feeling, those from it on the new one, up to `until`.
pub fn face_turns(world: &World, old: &str, new: &str, from: Micros, until: Micros) {
    let frames = world.frames();
    let near = |at: Micros| at + 1_000_000 > from && at < until;
    assert!(frames.iter().any(|(at, _)| near(*at) && *at >= from));
    for (at, drawn) in frames.iter().filter(|(at, _)| near(*at)) {
        let expected = if *at < from { old } else { new };
        assert_eq!(drawn, expected, "at {at}, which turns at {from}");
    }
}
