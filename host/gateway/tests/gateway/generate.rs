//! `/v1/generate`.

use crate::double::{Server, until};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::sync::atomic::Ordering;
use tth_gateway::GatewayConfig;

#[tokio::test]
async fn a_turn_becomes_a_file() {
    let server = Server::start().await;
    let answer = server
        .post(
            "/v1/generate",
            r#"{"text":"hi","mode":"say","emotion":{"label":"joy"}}"#,
        )
        .await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("video/mp4"))
    );
    let has = |name: &[u8]| answer.body.windows(4).any(|w| w == name);
    assert!(has(b"ftyp") && has(b"avc1") && has(b"Opus") && has(b"dOps"));
    let asked = server.engine.requests.lock().unwrap()[0].clone();
    assert_eq!(asked.emotion.unwrap().label.as_deref(), Some("joy"));
}

#[tokio::test]
async fn a_turn_becomes_json() {
    let server = Server::start().await;
    let body = server
        .post("/v1/generate", r#"{"text":"hi","format":"json"}"#)
        .await
        .json();
    assert_eq!(body["text"], "Well, hello.");
    let wav = STANDARD
        .decode(body["audio"]["data"].as_str().unwrap())
        .unwrap();
    assert_eq!((&wav[..4], wav.len()), (&b"RIFF"[..], 44 + 48_000));
    assert_eq!(
        (&body["audio"]["codec"], &body["audio"]["sample_rate"]),
        (&json!("wav"), &json!(24_000))
    );
    let video = &body["video"];
    assert_eq!(
        (&video["codec"], &video["fps"], &video["width"]),
        (&json!("jpeg"), &json!(5.0), &json!(64))
    );
    assert_eq!(video["frames"].as_array().unwrap().len(), 5);
    assert_eq!(
        (&video["frames"][0]["pts_us"], &video["frames"][4]["pts_us"]),
        (&json!(0), &json!(800_000))
    );
    assert_eq!(
        (&body["timings"]["frames"], &body["report"]),
        (&json!(5), &json!([]))
    );
}

#[tokio::test]
async fn what_cannot_be_generated_is_refused() {
    let server = Server::start().await;
    let cases = [
        (json!({}), "invalid_text"),
        (json!({"text":" \t\n"}), "invalid_text"),
        (json!({"text":"x".repeat(20_001)}), "invalid_text"),
        (json!({"text":"x","format":"gif"}), "invalid_request"),
        (json!({"text":"x","fromat":"mp4"}), "invalid_request"),
        (
            json!({"text":"x","character":{"motion_gain":3}}),
            "invalid_control",
        ),
    ];
    for (body, code) in cases {
        let answer = server.post("/v1/generate", &body.to_string()).await;
        assert_eq!(
            (answer.status, answer.error().0.as_str()),
            (400, code),
            "{}",
            answer.error().1
        );
    }
    assert!(server.engine.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_turn_that_fails_is_a_bad_gateway() {
    let server = Server::start().await;
    for format in ["mp4", "json"] {
        let answer = server
            .post(
                "/v1/generate",
                &json!({"text":"fail","format":format}).to_string(),
            )
            .await;
        assert_eq!(answer.status, 502);
        assert_eq!(
            answer.error(),
            ("rate_limited".into(), "come back later".into())
        );
    }
    let answer = server.post("/v1/generate", r#"{"text":"stop"}"#).await;
    assert_eq!(
        (answer.status, answer.error().0.as_str()),
        (503, "server_shutting_down")
    );
    let answer = server.post("/v1/generate", r#"{"text":"silence"}"#).await;
    assert_eq!(
        (answer.status, answer.error().0.as_str()),
        (502, "no_media")
    );
}

#[tokio::test]
async fn there_is_an_end_to_what_is_generated() {
    let server = Server::with(GatewayConfig {
        max_generate_bytes: 10_000,
        ..GatewayConfig::default()
    })
    .await;
    for format in ["mp4", "json"] {
        let answer = server
            .post(
                "/v1/generate",
                &json!({"text":"x","format":format}).to_string(),
            )
            .await;
        assert_eq!(
            (answer.status, answer.error().0.as_str()),
            (413, "answer_too_large")
        );
    }
    assert_eq!(server.engine.listened.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_turn() {
    let server = Server::with(GatewayConfig {
        max_generates: 1,
        ..GatewayConfig::default()
    })
    .await;
    let listened = || server.engine.listened.load(Ordering::SeqCst);
    for format in ["mp4", "json"] {
        let body = json!({"text":"wait","format":format}).to_string();
        let stream = server
            .send("POST", "/v1/generate", &[], body.as_bytes())
            .await;
        until(|| listened() == 1).await;
        // One at a time was configured.
        let answer = server.post("/v1/generate", r#"{"text":"x"}"#).await;
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (429, Some("2"))
        );
        drop(stream);
        until(|| listened() == 0).await;
    }
    assert_eq!(
        server.post("/v1/generate", r#"{"text":"x"}"#).await.status,
        200
    );
}
