//! The stream over a real socket, with mock providers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::{Value, json};
use std::time::Duration;
use tth_tests::{Server, Stream, Wire, data};
use tungstenite::Message;

const LIMIT: Duration = Duration::from_secs(20);

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| event["type"].as_str())
        .collect()
}

fn of<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event["type"] == kind)
        .collect()
}

#[test]
fn a_turn_in_both_forms() {
    let server = Server::start("mock").unwrap();
    for wire in [Wire::Json, Wire::Cbor] {
        let mut stream = Stream::open(&server, wire, &json!({})).unwrap();
        stream.until("session_ready", LIMIT).unwrap();
        stream.chat("I just got wonderful news!").unwrap();
        let events = stream.until("turn_ended", LIMIT).unwrap();
        let turn: Vec<_> = events
            .iter()
            .filter(|event| !event["turn_id"].is_null())
            .cloned()
            .collect();
        assert_eq!(turn[0]["type"], "turn_started");
        assert!(kinds(&turn).contains(&"text_delta"));
        let end = &turn[turn.len() - 2..];
        assert_eq!(kinds(end), ["turn_metrics", "turn_ended"]);
        assert_eq!(end[1]["reason"], "completed");
        let metrics = &end[0];
        for field in ["ttft_ms", "ttfa_ms", "ttfv_ms", "total_ms", "audio_ms"] {
            assert!(metrics[field].as_f64().unwrap() > 0.0, "{field}: {metrics}");
        }
        assert_eq!(metrics["stages"].as_array().unwrap().len(), 3);

        let audio = of(&turn, "audio_chunk");
        let mut end = 0;
        for chunk in &audio {
            let pts = chunk["pts_us"].as_u64().unwrap();
            assert!(pts >= end, "audio went back");
            end = pts + chunk["duration_us"].as_u64().unwrap();
            let bytes = data(chunk).unwrap();
            assert_eq!(chunk["codec"], "pcm_s16le");
            let rate = chunk["sample_rate"].as_u64().unwrap();
            let samples = chunk["duration_us"].as_u64().unwrap() * rate / 1_000_000;
            assert!(
                samples.abs_diff(bytes.len() as u64 / 2) <= 1,
                "{samples} samples in {} bytes",
                bytes.len()
            );
        }
        let frames = of(&turn, "video_frame");
        assert!(frames.len() > 10);
        let pts: Vec<_> = frames
            .iter()
            .map(|frame| frame["pts_us"].as_u64().unwrap())
            .collect();
        assert!(pts.is_sorted());
        assert!(
            frames
                .iter()
                .all(|frame| data(frame).unwrap().starts_with(&[0xff, 0xd8]))
        );
    }
}

#[test]
fn an_interrupt_is_the_last_word_of_its_turn() {
    let server = Server::start("mock").unwrap();
    let mut stream = Stream::open(&server, Wire::Cbor, &json!({})).unwrap();
    stream
        .chat("Tell me a very long story about the sea, please.")
        .unwrap();
    stream.until("audio_chunk", LIMIT).unwrap();
    std::thread::sleep(Duration::from_millis(700));
    stream.send(&json!({"type": "interrupt"})).unwrap();
    let before = stream.until("interrupted", LIMIT).unwrap();
    let turn = before.last().unwrap()["turn_id"].clone();
    assert!(
        !before.last().unwrap()["text_heard"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    stream.chat("And now something else.").unwrap();
    let after = stream.until("turn_started", LIMIT).unwrap();
    let late: Vec<_> = after
        .iter()
        .filter(|event| event["turn_id"] == turn)
        .cloned()
        .collect();
    assert_eq!(kinds(&late), ["turn_metrics", "turn_ended"]);
    assert_eq!(late[1]["reason"], "interrupted");
    stream.until("turn_ended", LIMIT).unwrap();
}

#[test]
fn wrong_input_is_answered_and_the_session_goes_on() {
    let server = Server::start("mock").unwrap();
    let mut stream = Stream::open(&server, Wire::Json, &json!({})).unwrap();
    stream.until("session_ready", LIMIT).unwrap();
    let wrong = [
        "{",
        "[]",
        "null",
        r#"{"type": "user_txt", "text": "hi"}"#,
        r#"{"type": "user_text"}"#,
        r#"{"type": "user_text", "text": 7}"#,
        r#"{"type": "user_text", "text": "hi", "mode": "sing"}"#,
        r#"{"type": "playback", "position_us": -1}"#,
        r#"{"type": "control_update", "emotion": {"intensity": 7}}"#,
        r#"{"type": "control_update", "character": {"persona_id": "nobody"}}"#,
        r#"{"type": "control_update", "render": {"resolution": "0x0"}}"#,
        r#"{"type": "user_text", "text": ""}"#,
        r#"{"type": "user_text", "text": "\u0000\u202e  "}"#,
    ];
    for text in wrong {
        stream.send_message(Message::text(text)).unwrap();
        let error = stream.until("error", LIMIT).unwrap().pop().unwrap();
        assert!(
            error["message"].as_str().unwrap().len() > 10,
            "{text}: {error}"
        );
    }
    stream
        .send_message(Message::text(format!(
            r#"{{"type":"user_text","text":"{}"}}"#,
            "x".repeat(100_000)
        )))
        .unwrap();
    let error = stream.until("error", LIMIT).unwrap().pop().unwrap();
    assert!(
        error["message"].as_str().unwrap().contains("20000"),
        "{error}"
    );
    stream.send(&json!({"type": "ping"})).unwrap();
    stream.until("pong", LIMIT).unwrap();
    stream.chat("Still there?").unwrap();
    let ended = stream.until("turn_ended", LIMIT).unwrap().pop().unwrap();
    assert_eq!(ended["reason"], "completed");
}

#[test]
fn strange_but_legal_text_is_spoken_or_passed_over() {
    let server = Server::start("mock").unwrap();
    let mut stream = Stream::open(&server, Wire::Json, &json!({})).unwrap();
    let fifty = "This is one of fifty sentences. ".repeat(50);
    for text in [
        "😀🎉👩‍👩‍👧",
        "你好。今天天气很好！",
        "مرحبا بالعالم",
        "a\u{0}b\u{7}c",
        fifty.as_str(),
    ] {
        stream
            .send(&json!({"type": "user_text", "text": text, "mode": "say"}))
            .unwrap();
        stream.until("turn_started", LIMIT).unwrap();
        if text.len() > 1_000 {
            stream.until("audio_chunk", LIMIT).unwrap();
            stream.send(&json!({"type": "interrupt"})).unwrap();
        }
        let ended = stream.until("turn_ended", LIMIT).unwrap().pop().unwrap();
        assert_ne!(ended["reason"], "failed", "{text}");
    }
}

#[test]
fn a_second_stream_takes_over_and_a_lost_one_comes_back() {
    let mut server = Server::start("mock").unwrap();
    let mut first = Stream::open(&server, Wire::Json, &json!({})).unwrap();
    first.until("session_ready", LIMIT).unwrap();
    let mut second = Stream::attach(&server, Wire::Cbor, first.opened.clone()).unwrap();
    assert_eq!(first.close_code(LIMIT).unwrap(), Some(4001));
    second.until("session_ready", LIMIT).unwrap();
    second.chat("Hello there.").unwrap();
    second.until("audio_chunk", LIMIT).unwrap();
    let opened = second.opened.clone();
    drop(second);
    let mut third = Stream::attach(&server, Wire::Json, opened).unwrap();
    third.until("session_ready", LIMIT).unwrap();
    third.chat("Hello again.").unwrap();
    let events = third.until("turn_ended", LIMIT).unwrap();
    let reason = |events: &[Value]| events.last().unwrap()["reason"].clone();
    let last = if reason(&events) == "interrupted" {
        third.until("turn_ended", LIMIT).unwrap()
    } else {
        events
    };
    assert_eq!(reason(&last), "completed");
    assert!(server.alive());
}

#[test]
fn one_who_does_not_read_disturbs_nobody() {
    let server = Server::start("mock").unwrap();
    let mut stuck = Stream::open(&server, Wire::Json, &json!({})).unwrap();
    stuck.chat("Tell me a very long story, please.").unwrap();
    let mut other = Stream::open(&server, Wire::Cbor, &json!({})).unwrap();
    for _ in 0..2 {
        other.chat("Hello.").unwrap();
        let ended = other.until("turn_ended", LIMIT).unwrap().pop().unwrap();
        assert_eq!(ended["reason"], "completed");
    }
}

#[test]
fn controls_reach_every_stage_and_are_reported() {
    let server = Server::start("mock").unwrap();
    let mut stream = Stream::open(&server, Wire::Json, &json!({})).unwrap();
    stream.until("session_ready", LIMIT).unwrap();
    let update = json!({"type": "control_update", "emotion": {"label": "joy", "intensity": 0.8}, "character": {"speech_rate": 1.2}});
    stream.send(&update).unwrap();
    let told = stream
        .until("control_applied", LIMIT)
        .unwrap()
        .pop()
        .unwrap();
    let report = told["report"].as_array().unwrap();
    for stage in ["tts", "avatar"] {
        let line = report
            .iter()
            .find(|line| line["stage"] == stage && line["control"] == "emotion.label");
        assert_eq!(line.unwrap()["outcome"], "applied", "{told}");
    }
    assert!(told["effective_pts_us"].is_u64());
    let rate = report
        .iter()
        .find(|line| line["stage"] == "tts" && line["control"] == "character.speech_rate");
    assert!(rate.is_some(), "{told}");
}
