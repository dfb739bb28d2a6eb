//! Streams that break and are resumed, sessions that end by themselves, a server that stops.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::{Value, json};
use std::time::Duration;
use tth_tests::{Server, Stream, Wire};
use tungstenite::Message;

const LIMIT: Duration = Duration::from_secs(20);

fn of<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    let wanted = events.iter().filter(|event| event["type"] == kind);
    wanted.collect()
}

/// Where sound starts and ends; none of it overlaps.
fn sound_us(events: &[Value]) -> u64 {
    let (mut end, mut sum) = (0, 0);
    for chunk in of(events, "audio_chunk") {
        let (pts, duration) = (
            chunk["pts_us"].as_u64().unwrap(),
            chunk["duration_us"].as_u64().unwrap(),
        );
        assert!(
            pts + 1 >= end,
            "sound at {pts} came twice: it had come to {end}"
        );
        end = pts + duration;
        sum += duration;
    }
    sum
}

/// Speak until some sound has come.
fn speaking(server: &Server, wire: Wire) -> (Stream, Vec<Value>) {
    let mut stream = Stream::open(server, wire, &json!({})).unwrap();
    let mut events = stream.until("session_ready", LIMIT).unwrap();
    assert_eq!(events[0]["resumed"], false);
    let text = "The sea is wide and old, and nobody has seen all of it. ".repeat(3);
    let said = json!({"type": "user_text", "text": text, "mode": "say"});
    stream.send(&said).unwrap();
    for _ in 0..10 {
        events.extend(stream.until("audio_chunk", LIMIT).unwrap());
    }
    (stream, events)
}

#[test]
fn a_turn_waits_for_its_listener_and_goes_on() {
    let server = Server::start("mock").unwrap();
    for (wire, away) in [(Wire::Json, 1_500), (Wire::Cbor, 0)] {
        let (stream, mut events) = speaking(&server, wire);
        let session = stream.session.clone();
        let lost = stream.lose();
        std::thread::sleep(Duration::from_millis(away));
        if away > 0 {
            let path = format!("/v1/sessions/{session}");
            let (_, described) = server.call("GET", &path, None).unwrap();
            assert_eq!(described["state"], "waiting");
        }
        let mut stream = lost.resume(&server).unwrap();
        let ready = stream.next(LIMIT).unwrap();
        assert_eq!(
            (&ready["type"], &ready["resumed"]),
            (&json!("session_ready"), &json!(true))
        );
        events.extend(stream.until("turn_ended", LIMIT).unwrap());
        assert_eq!(events.last().unwrap()["reason"], "completed");
        let metrics = of(&events, "turn_metrics")[0];
        let told = metrics["audio_ms"].as_f64().unwrap() * 1_000.0;
        let heard = sound_us(&events) as f64;
        assert!((told - heard).abs() < 1_000.0, "{heard} us of {told}");
        assert_eq!(of(&events, "provider_switched").len(), 0);
        assert!(of(&events, "video_frame").len() > 10);
    }
}

#[test]
fn who_comes_back_too_late_is_told_so() {
    let server = Server::start_with("mock", &[("TTH__RUNTIME__SESSION__RESUME_S", "1")]).unwrap();
    let (stream, _) = speaking(&server, Wire::Json);
    let lost = stream.lose();
    std::thread::sleep(Duration::from_millis(2_500));
    let mut stream = lost.resume(&server).unwrap();
    // What was on its way is lost, with its numbers.
    stream.seq = 0;
    let events = stream.until("session_ready", LIMIT).unwrap();
    assert_eq!(of(&events, "turn_ended")[0]["reason"], "interrupted");
    let ready = events.last().unwrap();
    assert_eq!(ready["resumed"], false);
    assert!(
        ready["resume_refused"]
            .as_str()
            .unwrap()
            .contains("lost for too long"),
        "{ready}"
    );
    stream.chat("Hello again.").unwrap();
    let ended = stream.until("turn_ended", LIMIT).unwrap().pop().unwrap();
    assert_eq!(ended["reason"], "completed");
}

#[test]
fn who_says_goodbye_stops_the_turn() {
    let server = Server::start("mock").unwrap();
    let (mut stream, _) = speaking(&server, Wire::Cbor);
    stream.send_message(Message::Close(None)).unwrap();
    let _code = stream.close_code(LIMIT);
    let mut stream = stream.lose().resume(&server).unwrap();
    stream.seq = 0;
    let events = stream.until("session_ready", LIMIT).unwrap();
    assert_eq!(of(&events, "interrupted").len(), 1);
    assert_eq!(events.last().unwrap()["resumed"], false);
}

#[test]
fn who_asks_for_nothing_is_told_before_the_session_ends() {
    let idle = ("TTH__RUNTIME__SESSION__MAX_IDLE_CONNECTED_S", "1");
    let server = Server::start_with("mock", &[idle]).unwrap();
    let mut stream = Stream::open(&server, Wire::Json, &json!({})).unwrap();
    let error = stream.until("error", LIMIT).unwrap().pop().unwrap();
    assert_eq!(
        (&error["code"], &error["retryable"]),
        (&json!("session_expired"), &json!(false))
    );
    assert_eq!(stream.close_code(LIMIT).unwrap(), Some(1000));
    let path = format!("/v1/sessions/{}", stream.session);
    assert_eq!(server.call("GET", &path, None).unwrap().0, 404);
}

#[test]
fn a_server_that_stops_lets_a_turn_be_finished() {
    let mut server = Server::start("mock").unwrap();
    let mut idle = Stream::open(&server, Wire::Json, &json!({})).unwrap();
    idle.until("session_ready", LIMIT).unwrap();
    let mut busy = Stream::open(&server, Wire::Cbor, &json!({})).unwrap();
    let said = json!({"type": "user_text", "text": "Hello there.", "mode": "say"});
    busy.send(&said).unwrap();
    busy.until("audio_chunk", LIMIT).unwrap();
    server.terminate().unwrap();
    let error = idle.until("error", LIMIT).unwrap().pop().unwrap();
    assert_eq!(error["code"], "server_shutting_down");
    assert_eq!(idle.close_code(LIMIT).unwrap(), Some(1001));
    let (status, _) = server
        .call("POST", "/v1/sessions", Some(&json!({})))
        .unwrap();
    assert_eq!(status, 503);
    let ended = busy.until("turn_ended", LIMIT).unwrap().pop().unwrap();
    assert_eq!(ended["reason"], "completed");
    let error = busy.until("error", LIMIT).unwrap().pop().unwrap();
    assert_eq!(error["code"], "server_shutting_down");
    assert_eq!(busy.close_code(LIMIT).unwrap(), Some(1001));
    assert!(server.wait(LIMIT).unwrap().success());
}

#[test]
fn a_server_that_stops_waits_no_longer_than_it_may() {
    let mut server = Server::start_with("mock", &[("TTH__RUNTIME__SHUTDOWN_S", "1")]).unwrap();
    let (mut stream, _) = speaking(&server, Wire::Json);
    server.terminate().unwrap();
    let events = stream.until("turn_ended", LIMIT).unwrap();
    assert_eq!(events.last().unwrap()["reason"], "interrupted");
    assert_eq!(of(&events, "error")[0]["code"], "server_shutting_down");
    assert_eq!(stream.close_code(LIMIT).unwrap(), Some(1001));
    assert!(server.wait(LIMIT).unwrap().success());
}
