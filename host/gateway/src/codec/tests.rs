//! What goes out is the same on both wires; what comes in is read, or refused with a reason.

use super::{Wire, decode, encode, encode_json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value as Item;
use proptest::prelude::*;
use serde_json::{Value, json};
use tth_core::controls::{
    Character, ControlUpdate, Decision, Emotion, LatencyMode, Outcome, ParamValue, RenderWish,
};
use tth_core::events::{
    ClientEvent, DriftMetrics, Envelope, ReportLine, Resumption, ServerEvent, StageMetrics,
    TurnEnd, TurnMetrics, TurnMode,
};
use tth_core::ids::{SessionId, TurnId};
use tth_core::media::{AudioChunk, AudioFormat, VideoCodec, VideoFrame};
use tth_core::provider::Stage;

fn envelope(event: ServerEvent) -> Envelope {
    Envelope {
        seq: 7,
        timestamp_ms: 1_790_000_000_123,
        session_id: SessionId::new("s-1"),
        turn_id: Some(TurnId(3)),
        event,
    }
}

/// One event of every kind, and of every shape that a kind can have.
fn every_event() -> Vec<ServerEvent> {
    let metrics = TurnMetrics {
        ttft_ms: Some(12.34567),
        ttfv_ms: None,
        total_ms: 1500.0,
        drift_ms: DriftMetrics {
            mean: -1.5,
            p95: 8.0,
            max: f64::NAN,
        },
        stages: vec![StageMetrics {
            stage: Stage::Tts,
            provider: "mock".into(),
            first_output_ms: Some(1.0),
            total_ms: None,
            attempts: 2,
        }],
        ..TurnMetrics::default()
    };
    let line = |value| ReportLine {
        stage: Stage::Avatar,
        decision: Decision {
            control: "emotion.label".into(),
            outcome: Outcome::Downgraded,
            param: value,
            value: None,
            reason: "near".into(),
        },
    };
    let mut lines: Vec<_> = (0..30).map(|n| line(Some(format!("p{n}")))).collect();
    lines[0].decision.value = Some(ParamValue::Flag(true));
    lines[1].decision.value = Some(ParamValue::Number(0.25));
    lines[2].decision.value = Some(ParamValue::Text("x".into()));
    lines[3].decision.param = None;
    vec![
        ServerEvent::SessionReady {
            providers: vec![(Stage::Llm, "a".into()), (Stage::Avatar, "b".into())],
            resumption: Resumption::Refused("too late".into()),
        },
        ServerEvent::TurnStarted,
        ServerEvent::TextDelta {
            text: "\"q\" \\ \n\t\u{0}\u{7f}\u{2028} ü 😀 ends:{[,".into(),
        },
        ServerEvent::Audio(AudioChunk {
            at: 123_456,
            format: AudioFormat {
                sample_rate: 24_000,
                channels: 1,
            },
            pcm: (0..960).map(|n| n as u8).collect::<Vec<_>>().into(),
        }),
        ServerEvent::Video(VideoFrame {
            at: u64::MAX,
            duration_us: 40_000,
            codec: VideoCodec::H264Annexb,
            width: 384,
            height: 400,
            keyframe: false,
            data: vec![0, 255].into(),
        }),
        ServerEvent::RemoteMedia {
            kind: "livekit".into(),
            details: r#"{"url":"wss://x","seq":-1,"kind":"no","n":-5,"f":0.5,"deep":[{"a":null}]}"#
                .into(),
        },
        ServerEvent::RemoteMedia {
            kind: "other".into(),
            details: "no json".into(),
        },
        ServerEvent::ControlApplied {
            report: lines,
            effective_pts_us: 5,
        },
        ServerEvent::ProviderSwitched {
            stage: Stage::Llm,
            from: "a".into(),
            to: None,
            reason: "r".into(),
        },
        ServerEvent::Interrupted {
            text_heard: "so far".into(),
            position_us: 9,
        },
        ServerEvent::Metrics(metrics),
        ServerEvent::TurnEnded {
            reason: TurnEnd::Interrupted,
        },
        ServerEvent::Error {
            code: "c".into(),
            message: "m".into(),
            retryable: true,
            stage: Some(Stage::Tts),
        },
        ServerEvent::Error {
            code: "c".into(),
            message: "m".into(),
            retryable: false,
            stage: None,
        },
        ServerEvent::Pong,
    ]
}

/// A CBOR item as JSON would have it.
fn as_json(item: Item) -> Value {
    match item {
        Item::Bytes(bytes) => Value::String(STANDARD.encode(bytes)),
        Item::Map(entries) => entries
            .into_iter()
            .map(|(k, v)| (k.into_text().unwrap(), as_json(v)))
            .collect(),
        Item::Array(items) => items.into_iter().map(as_json).collect(),
        other => other.deserialized().unwrap(),
    }
}

fn both(event: ServerEvent) -> (Value, Value) {
    let envelope = envelope(event);
    let text = encode_json(&envelope);
    assert!(
        !text.contains('\n') && !text.contains('\r'),
        "one line: {text}"
    );
    let bytes = encode(Wire::Cbor, &envelope);
    let item: Item = ciborium::de::from_reader(&bytes[..]).unwrap();
    let mut again = Vec::new();
    ciborium::ser::into_writer(&item, &mut again).unwrap();
    assert_eq!(
        again.len(),
        bytes.len() - shorter_floats(&item),
        "heads are as short as they can be"
    );
    (serde_json::from_str(&text).unwrap(), as_json(item))
}

/// Bytes that ciborium saves by writing floats shorter than we do.
fn shorter_floats(item: &Item) -> usize {
    match item {
        Item::Float(number) if f64::from(*number as f32) != *number => 0,
        Item::Float(number) => {
            let mut bytes = Vec::new();
            ciborium::ser::into_writer(number, &mut bytes).unwrap();
            9 - bytes.len()
        }
        Item::Map(entries) => entries.iter().map(|(_, v)| shorter_floats(v)).sum(),
        Item::Array(items) => items.iter().map(shorter_floats).sum(),
        _ => 0,
    }
}

#[test]
fn both_wires_carry_the_same() {
    for event in every_event() {
        let (json, cbor) = both(event);
        assert_eq!(json, cbor);
        assert_eq!(json["schema_version"], "1.0");
        assert_eq!(
            (&json["seq"], &json["turn_id"], &json["session_id"]),
            (&json!(7), &json!("turn-3"), &json!("s-1"))
        );
        assert_eq!(json["timestamp_ms"], 1_790_000_000_123u64);
    }
}

#[test]
fn the_forms_are_those_of_the_api() {
    let of = |event| both(event).0;
    let events = every_event();
    let ready = of(events[0].clone());
    assert_eq!(
        (&ready["type"], &ready["providers"]),
        (
            &json!("session_ready"),
            &json!({"llm":"a","tts":null,"avatar":"b"})
        )
    );
    let audio = of(events[3].clone());
    assert_eq!(
        (&audio["pts_us"], &audio["duration_us"], &audio["codec"]),
        (&json!(123_456), &json!(20_000), &json!("pcm_s16le"))
    );
    assert_eq!(
        STANDARD
            .decode(audio["data"].as_str().unwrap())
            .unwrap()
            .len(),
        960
    );
    let video = of(events[4].clone());
    assert_eq!(
        (&video["codec"], &video["keyframe"], &video["height"]),
        (&json!("h264-annexb"), &json!(false), &json!(400))
    );
    let remote = of(events[5].clone());
    assert_eq!(
        (&remote["kind"], &remote["url"], &remote["n"]),
        (&json!("livekit"), &json!("wss://x"), &json!(-5))
    );
    assert_eq!(of(events[6].clone())["details"], "no json");
    let report = of(events[7].clone());
    assert_eq!(report["report"][3]["param"], Value::Null);
    assert_eq!(
        report["report"][1],
        json!({"control":"emotion.label","stage":"avatar","outcome":"downgraded","param":"p1","value":0.25,"reason":"near"})
    );
    let metrics = of(events[10].clone());
    assert_eq!(metrics["ttft_ms"], 12.346);
    assert_eq!(metrics["ttfv_ms"], Value::Null);
    assert_eq!(
        metrics["drift_ms"],
        json!({"mean": -1.5, "p95": 8.0, "max": null})
    );
    assert_eq!(metrics["stages"][0]["attempts"], 2);
    assert!(of(events[13].clone()).get("stage").is_none());
    let outside = Envelope {
        turn_id: None,
        ..envelope(ServerEvent::Pong)
    };
    assert!(encode_json(&outside).contains(r#""turn_id":null"#));
}

fn read(value: Value) -> Result<ClientEvent, String> {
    let mut cbor = Vec::new();
    ciborium::ser::into_writer(&value, &mut cbor).unwrap();
    let (from_json, from_cbor) = (
        decode(Wire::Json, value.to_string().as_bytes()),
        decode(Wire::Cbor, &cbor),
    );
    assert_eq!(from_json, from_cbor);
    from_json.map_err(|error| error.message)
}

#[test]
fn inbound_events_are_read() {
    let text = |text: &str, mode, end_turn| ClientEvent::UserText {
        text: text.into(),
        mode,
        end_turn,
    };
    assert_eq!(
        read(json!({"type":"user_text","text":"hi"})),
        Ok(text("hi", TurnMode::Chat, true))
    );
    assert_eq!(
        read(
            json!({"type":"user_text","text":" ","mode":"say","end_turn":false,"seq":4,"session_id":"x"})
        ),
        Ok(text(" ", TurnMode::Say, false))
    );
    assert_eq!(read(json!({"type":"end_turn"})), Ok(ClientEvent::EndTurn));
    assert_eq!(
        read(json!({"type":"interrupt"})),
        Ok(ClientEvent::Interrupt)
    );
    assert_eq!(
        read(json!({"type":"ping","turn_id":null})),
        Ok(ClientEvent::Ping)
    );
    assert_eq!(
        read(json!({"type":"playback","position_us":1.5e6})),
        Ok(ClientEvent::Playback {
            position_us: 1_500_000,
            client_us: None,
        })
    );
    assert_eq!(
        read(json!({"type":"playback","position_us":7,"client_us":12_345_678})),
        Ok(ClientEvent::Playback {
            position_us: 7,
            client_us: Some(12_345_678),
        })
    );
    let update = read(
        json!({"type":"control_update","emotion":{"label":"joy","intensity":1},
        "character":{"pitch_shift":-3.5},"render":{"fps":30,"resolution":"512x512","latency_mode":"balanced"}}),
    );
    assert_eq!(
        update,
        Ok(ClientEvent::ControlUpdate(ControlUpdate {
            emotion: Some(Emotion {
                label: Some("joy".into()),
                intensity: Some(1.0),
                ..Emotion::default()
            }),
            character: Some(Character {
                pitch_shift: Some(-3.5),
                ..Character::default()
            }),
            render: Some(RenderWish {
                fps: Some(30),
                resolution: Some("512x512".into()),
                latency_mode: Some(LatencyMode::Balanced)
            }),
        }))
    );
}

#[test]
fn what_is_wrong_is_said() {
    let cases = [
        (json!([]), "must be an object, not an array"),
        (json!({}), "no `type`"),
        (json!({"type":5}), "`type` must be text, not a number"),
        (
            json!({"type":"user_txt","text":"x"}),
            "did you mean `user_text`?",
        ),
        (json!({"type":"zzzzzzzz"}), "there are: user_text, end_turn"),
        (json!({"type":"user_text"}), "needs `text`"),
        (json!({"type":"user_text","text":" \n"}), "blank"),
        (
            json!({"type":"user_text","text":"x","mdoe":"say"}),
            "did you mean `mode`?",
        ),
        (
            json!({"type":"user_text","text":"x","mode":"sing"}),
            "one of chat, say",
        ),
        (
            json!({"type":"user_text","text":"x".repeat(20_001)}),
            "20001 characters, but may have at most 20000",
        ),
        (json!({"type":"interrupt","now":true}), "no field \"now\""),
        (
            json!({"type":"playback","position_us":-1}),
            "`position_us` must be a number from 0, not a number below 0",
        ),
        (
            json!({"type":"playback","position_us":1,"client_us":"now"}),
            "`client_us` must be a number from 0",
        ),
        (json!({"type":"control_update"}), "needs `emotion`"),
        (
            json!({"type":"control_update","emotion":{"intensity":1.5}}),
            "emotion.intensity is 1.5, but must be between 0 and 1",
        ),
        (
            json!({"type":"control_update","emotion":{"intensity":1e300}}),
            "must be between 0 and 1",
        ),
        (
            json!({"type":"control_update","emotion":{"label":"joyful"}}),
            "must be one of neutral, joy",
        ),
        (
            json!({"type":"control_update","emotion":{"intensty":1}}),
            "\"emotion.intensty\", did you mean `intensity`?",
        ),
        (
            json!({"type":"control_update","emotion":"joy"}),
            "`emotion` must be an object, not text",
        ),
        (
            json!({"type":"control_update","character":{"speech_rate":"fast"}}),
            "`character.speech_rate` must be a number, not text",
        ),
        (
            json!({"type":"control_update","render":{"fps":0}}),
            "render.fps is 0, but must be between 1 and 60",
        ),
        (
            json!({"type":"control_update","render":{"resolution":"0x0"}}),
            "render.resolution is \"0x0\", but must be \"WIDTHxHEIGHT\", even numbers from \"256x256\"",
        ),
        (
            json!({"type":"control_update","emotion":{"arousal":-1}}),
            "emotion.arousal is -1, but must be between 0 and 1",
        ),
    ];
    for (event, wanted) in cases {
        let message = read(event.clone()).expect_err(&event.to_string());
        assert!(message.contains(wanted), "{event}: {message}");
        assert!(
            message.len() < 600,
            "an error never repeats a long input: {message}"
        );
    }
    let long = json!({"type":"control_update","emotion":{"label":"x".repeat(100_000)}});
    assert!(read(long).unwrap_err().len() < 600);
    let strange = [
        &b"\xff"[..],
        b"",
        b"{",
        b"\xa1\x01\x02",
        b"\xc0\x61x",
        b"\xa1\x64type\x44ping",
        b"\xf6\xf6",
        b"\xfb\x7f\xf8\0\0\0\0\0\0",
    ];
    for bytes in strange {
        assert!(
            decode(Wire::Cbor, bytes).is_err() && decode(Wire::Json, bytes).is_err(),
            "{bytes:?}"
        );
    }
    // Nesting that would exhaust the stack of a careless reader.
    assert!(decode(Wire::Cbor, &[0x81; 100_000]).is_err());
    assert!(decode(Wire::Json, "[".repeat(100_000).as_bytes()).is_err());
    // A length that would exhaust the memory of a careless reader.
    assert!(
        decode(
            Wire::Cbor,
            &[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
        )
        .is_err()
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 32, 30, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..30).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..30)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for wire in Wire::ALL {
            if let Err(error) = decode(wire, &bytes) {
                prop_assert!(!error.message.is_empty());
            }
        }
    }

    #[test]
    fn any_object_reads_the_same_from_both_wires(mut value in any_json(), kind in 0..7usize) {
        if let (Value::Object(map), Some(kind)) = (&mut value, super::INBOUND.get(kind)) {
            map.insert("type".into(), json!(kind));
        }
        let _ = read(value);
    }

    #[test]
    fn any_text_and_media_survive(
        text in any::<String>(), pcm in prop::collection::vec(any::<u8>(), 0..2000),
        at in any::<u64>(), details in any_json(),
    ) {
        for event in [
            ServerEvent::TextDelta { text: text.clone() },
            ServerEvent::Audio(AudioChunk {
                at, format: AudioFormat { sample_rate: 48_000, channels: 2 }, pcm: pcm.clone().into(),
            }),
            ServerEvent::RemoteMedia { kind: text.clone(), details: details.to_string() },
        ] {
            let is_text = matches!(event, ServerEvent::TextDelta { .. });
            let (json, cbor) = both(event);
            prop_assert_eq!(&json, &cbor);
            if is_text {
                prop_assert_eq!(&json["text"], &Value::String(text.clone()));
            } else if let Some(data) = json.get("data").and_then(Value::as_str) && json["type"] == "audio_chunk" {
                prop_assert_eq!(STANDARD.decode(data).unwrap(), pcm.clone());
                prop_assert_eq!(json["pts_us"].as_u64(), Some(at));
            }
        }
    }
}
