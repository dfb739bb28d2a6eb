//! The routes over a real socket, with mock providers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::{Value, json};
use std::time::Duration;
use tth_tests::{Server, Stream, Wire};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn models_health_personas_and_metrics_tell_what_is() {
    let server = Server::start("mock").unwrap();
    let (status, models) = server.call("GET", "/v1/models", None).unwrap();
    assert_eq!(status, 200);
    let text = models.to_string();
    for id in ["mock_llm", "mock_tts", "mock_avatar", "embedded_tts"] {
        assert!(text.contains(id), "{id} in {text}");
    }
    let (status, health) = server.call("GET", "/v1/health", None).unwrap();
    assert_eq!((status, &health["status"]), (200, &json!("ok")), "{health}");
    assert!(health["uptime_ms"].is_u64() && health["version"].is_string());
    let (_, personas) = server.call("GET", "/v1/personas", None).unwrap();
    assert!(
        personas["personas"].as_array().unwrap().len() >= 4,
        "{personas}"
    );
    let (status, metrics) = server.raw("GET", "/metrics", None).unwrap();
    assert_eq!(status, 200);
    assert!(String::from_utf8(metrics).unwrap().contains("tth_sessions"));
    let (status, page) = server.raw("GET", "/", None).unwrap();
    assert_eq!(status, 200);
    assert!(String::from_utf8(page).unwrap().contains("<!doctype html>"));
}

#[test]
fn a_session_lives_and_ends() {
    let server = Server::start("mock").unwrap();
    let (status, opened) = server
        .call(
            "POST",
            "/v1/sessions",
            Some(&json!({"emotion": {"label": "joy"}})),
        )
        .unwrap();
    assert_eq!(status, 201, "{opened}");
    assert_eq!(opened["media"]["audio"]["codec"], "pcm_s16le");
    assert_eq!(opened["media"]["video"]["delivery"], "frames");
    assert_eq!(opened["providers"]["llm"], "mock_llm");
    let path = format!("/v1/sessions/{}", opened["session_id"].as_str().unwrap());
    let token = opened["stream"]["token"].as_str().unwrap();
    let with_token = format!("{path}?token={token}");
    assert_eq!(server.call("GET", &with_token, None).unwrap().0, 200);
    assert_eq!(server.raw("DELETE", &with_token, None).unwrap().0, 204);
    assert_eq!(server.call("GET", &with_token, None).unwrap().0, 404);
    assert!(
        Stream::attach(&server, Wire::Json, opened).is_err(),
        "the stream of an ended session"
    );
}

#[test]
fn wrong_requests_are_answered_in_one_form() {
    let server = Server::start("mock").unwrap();
    let cases: [(&str, &str, Value, u16); 10] = [
        ("POST", "/v1/sessions", json!({"persona_id": "nobody"}), 400),
        (
            "POST",
            "/v1/sessions",
            json!({"persona_id": "default", "character": {"persona_id": "nobody"}}),
            400,
        ),
        (
            "POST",
            "/v1/generate",
            json!({"text": "🎉🎉", "mode": "say"}),
            400,
        ),
        (
            "POST",
            "/v1/sessions",
            json!({"render": {"resolution": "0x0"}}),
            400,
        ),
        ("POST", "/v1/sessions", json!({"emotoin": {}}), 400),
        (
            "POST",
            "/v1/sessions",
            json!({"character": {"speech_rate": 9}}),
            400,
        ),
        ("POST", "/v1/generate", json!({"text": ""}), 400),
        (
            "POST",
            "/v1/generate",
            json!({"text": "x".repeat(100_000)}),
            400,
        ),
        ("GET", "/v1/nothing", Value::Null, 404),
        ("PUT", "/v1/health", Value::Null, 405),
    ];
    for (method, path, body, wanted) in cases {
        let (status, answer) = server
            .call(method, path, (!body.is_null()).then_some(&body))
            .unwrap();
        let shown = body.to_string().chars().take(60).collect::<String>();
        assert_eq!(status, wanted, "{method} {path} {shown}: {answer}");
        let error = &answer["error"];
        for field in ["code", "message", "request_id"] {
            assert!(
                error[field].as_str().is_some_and(|text| !text.is_empty()),
                "{path}: {answer}"
            );
        }
    }
}

#[test]
fn keys_guard_the_routes() {
    let server = Server::start_with("mock", &[("TTH_API_KEYS", "one,two")]).unwrap();
    assert_eq!(
        server
            .call("POST", "/v1/sessions", Some(&json!({})))
            .unwrap()
            .0,
        401
    );
    assert_eq!(server.call("GET", "/v1/models", None).unwrap().0, 401);
}

#[test]
fn fifty_sentences_are_all_said() {
    let server = Server::start("mock").unwrap();
    let sentence = |n| format!("This is sentence number {n}, and there is more to come.");
    let text: Vec<String> = (1..=50).map(sentence).collect();
    let text = text.join(" ");
    let ask = |text: &str| {
        let body = json!({"text": text, "mode": "say", "format": "json"});
        let (status, answer) = server.call("POST", "/v1/generate", Some(&body)).unwrap();
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let all = ask(&text);
    assert_eq!(all["text"], text);
    let length = |answer: &Value| answer["timings"]["audio_ms"].as_f64().unwrap();
    let one = length(&ask(&sentence(1)));
    let share = length(&all) / one;
    assert!((48.0..56.0).contains(&share), "{share} times one of them");
}

#[test]
fn generate_as_json_holds_text_sound_frames_and_timings() {
    let server = Server::start("mock").unwrap();
    let body = json!({"text": "Hello, world.", "mode": "say", "format": "json"});
    let (status, answer) = server.call("POST", "/v1/generate", Some(&body)).unwrap();
    assert_eq!(status, 200);
    assert_eq!(answer["text"], "Hello, world.");
    assert!(answer["audio"]["data"].as_str().unwrap().len() > 10_000);
    let frames = answer["video"]["frames"].as_array().unwrap().len() as f64;
    let seconds = answer["timings"]["audio_ms"].as_f64().unwrap() / 1_000.0;
    assert!(
        (frames / 25.0 - seconds).abs() < 0.15,
        "{frames} frames for {seconds} s"
    );
}

#[test]
fn the_same_events_come_by_sse() {
    use std::io::{BufRead, BufReader, Write};
    let server = Server::start("mock").unwrap();
    let (_, opened) = server.call("POST", "/v1/sessions", None).unwrap();
    let id = opened["session_id"].as_str().unwrap();
    let token = opened["stream"]["token"].as_str().unwrap();
    let mut socket = std::net::TcpStream::connect(server.address()).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    write!(
        socket,
        "GET /v1/sessions/{id}/events?token={token} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
    )
    .unwrap();
    let mut lines = BufReader::new(socket).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("200"));
    lines.find(|line| line == "event: session_ready").unwrap();
    let input = json!({"type": "user_text", "text": "Hi.", "mode": "say"});
    let path = format!("/v1/sessions/{id}/input?token={token}");
    assert_eq!(server.call("POST", &path, Some(&input)).unwrap().0, 202);
    for wanted in [
        "event: turn_started",
        "event: audio_chunk",
        "event: turn_ended",
    ] {
        assert!(lines.any(|line| line == wanted), "{wanted}");
    }
}
