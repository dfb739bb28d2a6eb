//! To a client.

use crate::must;
use ciborium::Value as Item;
use serde_json::{Map, Value};
use tth_core::events::{Envelope, ServerEvent};
use tth_core::ids::{SessionId, TurnId};
use tth_core::provider::Stage;
use tth_gateway::codec::{Wire, encode, encode_json, event_type};

/// Details with more brackets may be nested deeper than the reader of this test goes.
const BRACKETS: usize = 100;

pub(super) fn check(text: &str) {
    let own = || text.to_owned();
    let events = [
        ServerEvent::TextDelta { text: own() },
        ServerEvent::Interrupted {
            text_heard: own(),
            position_us: 7,
        },
        ServerEvent::ProviderSwitched {
            stage: Stage::Llm,
            from: own(),
            to: Some(own()),
            reason: own(),
        },
        ServerEvent::Error {
            code: own(),
            message: own(),
            retryable: true,
            stage: Some(Stage::Tts),
        },
    ];
    for event in events {
        let read = both(event);
        let texts = read.values().filter(|value| value.as_str() == Some(text));
        assert!(texts.count() >= 1, "the text is another");
    }
    if text
        .bytes()
        .filter(|byte| matches!(byte, b'[' | b'{'))
        .count()
        <= BRACKETS
    {
        let read = both(ServerEvent::RemoteMedia {
            kind: "livekit".into(),
            details: own(),
        });
        assert_eq!(read.get("kind"), Some(&"livekit".into()));
    }
}

/// The event's fields, which both wires agree on.
fn both(event: ServerEvent) -> Map<String, Value> {
    let kind = event_type(&event);
    let envelope = Envelope {
        seq: 5,
        timestamp_ms: u64::MAX,
        session_id: SessionId::new("s-1"),
        turn_id: Some(TurnId(3)),
        event,
    };
    let json = encode_json(&envelope);
    assert!(!json.contains(['\n', '\r']), "one line: {json}");
    let json: Value = must(serde_json::from_str(&json), &json);
    let bytes = encode(Wire::Cbor, &envelope);
    let mut rest = bytes.as_slice();
    let item: Item = must(ciborium::from_reader(&mut rest), "one item");
    assert!(rest.is_empty(), "{} bytes follow the item", rest.len());
    assert!(alike(&json, &item), "JSON has {json}, CBOR {item:?}");
    let map = must(json.as_object().ok_or("no map"), "an event").clone();
    assert_eq!(map.get("type"), Some(&kind.into()));
    assert_eq!(map.get("session_id"), Some(&"s-1".into()));
    assert_eq!(map.get("turn_id"), Some(&"turn-3".into()));
    assert_eq!(map.get("seq"), Some(&5.into()));
    assert_eq!(map.get("timestamp_ms"), Some(&u64::MAX.into()));
    map
}

fn alike(json: &Value, item: &Item) -> bool {
    match (json, item) {
        (Value::Null, Item::Null) => true,
        (Value::Bool(a), Item::Bool(b)) => a == b,
        (Value::String(a), Item::Text(b)) => a == b,
        (Value::Number(a), Item::Integer(b)) => {
            let whole = a.as_u64().map(i128::from).or(a.as_i64().map(i128::from));
            whole == Some(i128::from(*b))
        }
        // The reader of this test may be off by the last bit; see serde_json's `float_roundtrip`.
        (Value::Number(a), Item::Float(b)) => a.as_f64().is_some_and(|a| {
            (a - b).abs() <= a.abs().max(b.abs()) * 4.0 * f64::EPSILON + f64::MIN_POSITIVE
        }),
        (Value::Array(a), Item::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Value::Object(a), Item::Map(b)) => {
            let same = |(name, item): &(Item, Item)| {
                let value = name.as_text().and_then(|name| a.get(name));
                value.is_some_and(|value| alike(value, item))
            };
            a.len() == b.len() && b.iter().all(same)
        }
        _ => false,
    }
}
