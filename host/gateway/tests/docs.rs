//! The documents say what the code does: their examples are read, and their shapes compared, here.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, helpers of tests too"
)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tth_core::controls::{Decision, Outcome};
use tth_core::events::{
    Envelope, ReportLine, Resumption, ServerEvent, StageMetrics, TurnEnd, TurnMetrics,
};
use tth_core::ids::SessionId;
use tth_core::media::{AudioChunk, AudioFormat, VideoCodec, VideoFrame};
use tth_core::provider::Stage;
use tth_gateway::codec::{Wire, decode, decode_value, encode_json, event_type};

const STREAM: &str = include_str!("../../../docs/stream.md");
const CONTROLS: &str = include_str!("../../../docs/controls.md");
const PLUGINS: &str = include_str!("../../../PLUGINS.md");
const README: &str = include_str!("../../../README.md");
const BEEP: &str = include_str!("../../../tests/fixtures/beep/src/lib.rs");

/// The fenced blocks of one language.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    document
        .split(&fence)
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect()
}

fn examples(document: &str) -> Vec<(&str, Value)> {
    let parse = |text| {
        let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        (text, value)
    };
    blocks(document, "json").into_iter().map(parse).collect()
}

/// The events among the examples: those that clients send, and those that they get.
fn events(document: &str) -> (Vec<(&str, Value)>, Vec<Value>) {
    let events = examples(document);
    let events = events
        .into_iter()
        .filter(|(_, value)| value["type"].is_string());
    let (out, inbound): (Vec<_>, Vec<_>) = events.partition(|(_, value)| value["seq"].is_u64());
    (inbound, out.into_iter().map(|(_, value)| value).collect())
}

fn kinds<'a>(values: impl IntoIterator<Item = &'a Value>) -> BTreeSet<&'a str> {
    values
        .into_iter()
        .filter_map(|value| value["type"].as_str())
        .collect()
}

/// Every path of names in a value; what an array holds is "[]".
fn shape(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let path = format!("{path}.{name}");
                shape(value, &path, paths);
                paths.insert(path);
            }
        }
        Value::Array(items) => {
            items
                .iter()
                .for_each(|item| shape(item, &format!("{path}[]"), paths));
        }
        _ => {}
    }
}

fn shape_of(value: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    shape(value, "", &mut paths);
    paths
}

/// One event of every kind that the examples show, with every optional part that they show.
fn every_event() -> Vec<ServerEvent> {
    let stage = |stage| StageMetrics {
        stage,
        provider: "p".into(),
        first_output_ms: None,
        total_ms: None,
        attempts: 1,
    };
    let decision = Decision {
        control: "character.speech-rate".into(),
        outcome: Outcome::Applied,
        param: None,
        value: None,
        reason: String::new(),
    };
    let format = AudioFormat {
        sample_rate: 24_000,
        channels: 1,
    };
    let frame = VideoFrame {
        at: 0,
        duration_us: 40_000,
        codec: VideoCodec::Jpeg,
        width: 384,
        height: 384,
        keyframe: true,
        data: vec![0].into(),
    };
    vec![
        ServerEvent::SessionReady {
            providers: vec![],
            resumption: Resumption::Refused("r".into()),
        },
        ServerEvent::TurnStarted,
        ServerEvent::TextDelta { text: "t".into() },
        ServerEvent::Audio(AudioChunk {
            at: 0,
            format,
            pcm: vec![0; 4].into(),
        }),
        ServerEvent::Video(frame),
        ServerEvent::RemoteMedia {
            kind: "livekit".into(),
            details: r#"{"url": "u", "token": "t"}"#.into(),
        },
        ServerEvent::ControlApplied {
            report: vec![ReportLine {
                stage: Stage::Tts,
                decision,
            }],
            effective_pts_us: 0,
        },
        ServerEvent::ProviderSwitched {
            stage: Stage::Tts,
            from: "a".into(),
            to: None,
            reason: "r".into(),
        },
        ServerEvent::Interrupted {
            text_heard: "t".into(),
            position_us: 0,
        },
        ServerEvent::Metrics(TurnMetrics {
            stages: vec![stage(Stage::Llm)],
            ..TurnMetrics::default()
        }),
        ServerEvent::TurnEnded {
            reason: TurnEnd::Completed,
        },
        ServerEvent::Error {
            code: "c".into(),
            message: "m".into(),
            retryable: true,
            stage: Some(Stage::Tts),
        },
        ServerEvent::Pong,
    ]
}

#[test]
fn every_inbound_example_is_an_event_and_every_event_has_an_example() {
    let (inbound, _) = events(STREAM);
    let (also, _) = events(CONTROLS);
    for (text, _) in inbound.iter().chain(&also) {
        decode(Wire::Json, text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
    // The codec itself lists what there is, where it is asked for what there is not.
    let error = decode_value(serde_json::json!({"type": "no such event"})).unwrap_err();
    let known: BTreeSet<&str> = error
        .message
        .rsplit_once("there are: ")
        .unwrap()
        .1
        .split(", ")
        .collect();
    assert_eq!(kinds(inbound.iter().map(|(_, value)| value)), known);
}

#[test]
fn every_outbound_example_has_exactly_the_fields_that_are_sent() {
    let (_, outbound) = events(STREAM);
    let mut shown: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for example in &outbound {
        let kind = example["type"].as_str().unwrap();
        assert!(
            shown.insert(kind, shape_of(example)).is_none(),
            "two examples of {kind}"
        );
    }
    let mut sent: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for event in every_event() {
        let kind = event_type(&event);
        let envelope = Envelope {
            seq: 1,
            timestamp_ms: 1,
            session_id: SessionId::new("s"),
            turn_id: None,
            event,
        };
        let value = serde_json::from_str(&encode_json(&envelope)).unwrap();
        sent.insert(kind, shape_of(&value));
    }
    assert_eq!(shown, sent);
}

#[test]
fn the_report_line_of_the_controls_has_the_fields_that_are_sent() {
    let (_, outbound) = events(STREAM);
    let applied = outbound
        .iter()
        .find(|event| event["type"] == "control_applied")
        .unwrap();
    let examples = examples(CONTROLS);
    let line = examples
        .iter()
        .find(|(_, value)| value["control"].is_string())
        .unwrap();
    assert_eq!(shape_of(&line.1), shape_of(&applied["report"][0]));
}

#[test]
fn the_example_provider_is_the_one_that_is_built_and_tested() {
    let shown = blocks(PLUGINS, "rust");
    assert_eq!(
        shown.first().copied(),
        Some(BEEP),
        "copy tests/fixtures/beep/src/lib.rs into PLUGINS.md"
    );
}

#[test]
fn links_within_the_repository_lead_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (document, folder) in [
        (README, ""),
        (PLUGINS, ""),
        (STREAM, "docs"),
        (CONTROLS, "docs"),
    ] {
        for rest in document.split("](").skip(1) {
            let target = rest.split_once(')').unwrap().0;
            let file = target.split('#').next().unwrap_or_default();
            if target.contains("://") || file.is_empty() {
                continue;
            }
            assert!(root.join(folder).join(file).exists(), "{folder}: {target}");
        }
    }
}
