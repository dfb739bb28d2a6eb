//! From a client.

use crate::must;
use serde_json::{Value, json};
use tth_core::controls::{Character, ControlUpdate, EMOTION_LABELS, Emotion, RenderWish};
use tth_core::events::{ClientEvent, TurnMode};
use tth_gateway::codec::{MAX_TEXT_CHARS, Wire, decode, decode_value};

/// The longest refusal, in bytes.
const REFUSAL: usize = 2_000;

/// Up to this depth both wires read everything.
const DEPTH: usize = 16;

pub(super) fn check(data: &[u8]) {
    for wire in Wire::ALL {
        match decode(wire, data) {
            Ok(event) => understood(&event),
            Err(error) => {
                let length = error.message.len() + error.details.to_string().len();
                assert!(length <= REFUSAL, "{length} bytes of refusal");
            }
        }
    }
    if let Ok(value) = serde_json::from_slice::<Value>(data)
        && depth(&value) <= DEPTH
    {
        let other = decode(Wire::Cbor, &cbor(&value));
        assert_eq!(other, decode_value(value), "CBOR and JSON");
    }
}

fn understood(event: &ClientEvent) {
    in_range(event);
    let value = written(event);
    let read = decode(Wire::Json, value.to_string().as_bytes());
    assert_eq!(read.as_ref(), Ok(event), "written as JSON");
    let read = decode(Wire::Cbor, &cbor(&value));
    assert_eq!(read.as_ref(), Ok(event), "written as CBOR");
}

/// The ranges as clients are told them.
fn in_range(event: &ClientEvent) {
    let refused = matches!(event, ClientEvent::Rejected { .. });
    assert!(!refused, "only the gateway says that an event was refused");
    match event {
        ClientEvent::UserText { text, end_turn, .. } => {
            assert!(text.chars().count() <= MAX_TEXT_CHARS, "too long");
            assert!(!end_turn || !text.trim().is_empty(), "blank");
        }
        ClientEvent::ControlUpdate(ControlUpdate {
            emotion,
            character,
            render,
        }) => {
            let parts = [emotion.is_some(), character.is_some(), render.is_some()];
            assert!(parts.contains(&true), "an update of nothing");
            emotion.iter().for_each(emotion_in_range);
            character.iter().for_each(character_in_range);
            render.iter().for_each(render_in_range);
        }
        ClientEvent::EndTurn
        | ClientEvent::Interrupt
        | ClientEvent::Playback { .. }
        | ClientEvent::Ping
        | ClientEvent::Rejected { .. } => {}
    }
}

fn emotion_in_range(emotion: &Emotion) {
    let known = |label: &String| EMOTION_LABELS.contains(&label.as_str());
    assert!(emotion.label.as_ref().is_none_or(known), "{emotion:?}");
    within(emotion.intensity, 0.0, 1.0);
    within(emotion.valence, -1.0, 1.0);
    within(emotion.arousal, 0.0, 1.0);
}

fn character_in_range(character: &Character) {
    within(character.speech_rate, 0.5, 2.0);
    within(character.pitch_shift, -12.0, 12.0);
    within(character.expressivity, 0.0, 1.0);
    within(character.motion_gain, 0.0, 2.0);
}

fn render_in_range(wish: &RenderWish) {
    assert!(
        wish.fps.is_none_or(|fps| (1..=60).contains(&fps)),
        "{wish:?}"
    );
    if let Some(text) = &wish.resolution {
        let size = text.split_once('x').map(|(w, h)| (w.parse(), h.parse()));
        let right = matches!(size, Some((Ok(width), Ok(height)))
            if (256..=1280_u32).contains(&width) && (256..=720_u32).contains(&height)
                && width % 2 == 0 && height % 2 == 0);
        assert!(right, "{wish:?}");
    }
}

fn within(value: Option<f32>, low: f32, high: f32) {
    assert!(
        value.is_none_or(|value| value >= low && value <= high),
        "{value:?}"
    );
}

/// The event as a client would write it.
fn written(event: &ClientEvent) -> Value {
    match event {
        ClientEvent::UserText {
            text,
            mode,
            end_turn,
        } => {
            let mode = match mode {
                TurnMode::Chat => "chat",
                TurnMode::Say => "say",
            };
            json!({"type": "user_text", "text": text, "mode": mode, "end_turn": end_turn})
        }
        ClientEvent::EndTurn => json!({"type": "end_turn"}),
        ClientEvent::Interrupt => json!({"type": "interrupt"}),
        ClientEvent::ControlUpdate(ControlUpdate {
            emotion,
            character,
            render,
        }) => json!({
            "type": "control_update", "emotion": emotion, "character": character, "render": render,
        }),
        ClientEvent::Playback {
            position_us,
            client_us,
        } => {
            json!({"type": "playback", "position_us": position_us, "client_us": client_us})
        }
        ClientEvent::Ping | ClientEvent::Rejected { .. } => json!({"type": "ping"}),
    }
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    must(ciborium::into_writer(value, &mut bytes), "writing CBOR");
    bytes
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
