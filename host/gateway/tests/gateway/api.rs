//! Sessions, models, health, metrics, the console, and the shape of every error.

use crate::double::Server;
use serde_json::json;
use std::sync::atomic::Ordering;
use tth_core::controls::{Emotion, RenderWish};
use tth_gateway::GatewayConfig;

#[tokio::test]
async fn a_session_is_opened_described_and_closed() {
    let server = Server::start().await;
    let opened = server
        .post(
            "/v1/sessions",
            r#"{"persona_id":"ada","emotion":{"label":"joy"},"render":{"fps":30}}"#,
        )
        .await;
    assert_eq!(opened.status, 201);
    assert_eq!(
        opened.json(),
        json!({
            "session_id": "s-1",
            "stream": {
                "url": "/v1/sessions/s-1/stream?token=token-of-s-1",
                "protocols": ["tth.v1.json", "tth.v1.cbor"],
                "token": "token-of-s-1",
            },
            "media": {
                "audio": {"codec": "pcm_s16le", "sample_rate": 24000, "channels": 1},
                "video": {"delivery": "frames", "codec": "jpeg", "width": 384, "height": 384, "fps": 25},
            },
            "providers": {"llm": "llm_mock", "tts": "tts_mock", "avatar": null},
            "expires_at_ms": 1_790_000_060_000u64,
        })
    );
    let asked = server.engine.requests.lock().unwrap()[0].clone();
    assert_eq!(
        asked.emotion,
        Some(Emotion {
            label: Some("joy".into()),
            ..Emotion::default()
        })
    );
    assert_eq!(
        asked.render,
        Some(RenderWish {
            fps: Some(30),
            ..RenderWish::default()
        })
    );

    let described = server.get("/v1/sessions/s-1").await;
    assert_eq!(
        (described.status, described.json()["state"].as_str()),
        (200, Some("waiting"))
    );
    assert!(
        described.json().get("stream").is_none(),
        "the token is told once"
    );
    assert_eq!(
        server
            .request("DELETE", "/v1/sessions/s-1", &[], b"")
            .await
            .status,
        204
    );
    for method in ["GET", "DELETE"] {
        let gone = server.request(method, "/v1/sessions/s-1", &[], b"").await;
        assert_eq!(
            (gone.status, gone.error().0.as_str()),
            (404, "session_not_found")
        );
    }
}

#[tokio::test]
async fn a_session_can_be_opened_with_nothing() {
    let server = Server::start().await;
    for body in ["", "  ", "{}", r#"{"persona_id":null}"#] {
        assert_eq!(
            server.post("/v1/sessions", body).await.status,
            201,
            "{body:?}"
        );
    }
}

#[tokio::test]
async fn a_wrong_request_says_what_is_wrong() {
    let server = Server::start().await;
    let cases = [
        ("nonsense", "invalid_request", "not JSON"),
        ("[]", "invalid_request", "must be an object, not an array"),
        (
            r#"{"persona":"ada"}"#,
            "invalid_request",
            "did you mean `persona_id`?",
        ),
        (
            r#"{"persona_id":"bob"}"#,
            "unknown_persona",
            "there are: ada",
        ),
        (r#"{"persona_id":7}"#, "invalid_request", "must be text"),
        (
            r#"{"emotion":{"intensity":2}}"#,
            "invalid_control",
            "emotion.intensity is 2, but must be between 0 and 1",
        ),
        (
            r#"{"emotion":{"arousal":-0.5}}"#,
            "invalid_control",
            "emotion.arousal is -0.5, but must be between 0 and 1",
        ),
        (
            r#"{"render":{"resolution":"720x1280"}}"#,
            "invalid_control",
            "even numbers from \"256x256\" to \"1280x720\"",
        ),
    ];
    for (body, code, message) in cases {
        let answer = server.post("/v1/sessions", body).await;
        assert_eq!(answer.status, 400, "{body}");
        let error = answer.error();
        assert_eq!(error.0, code, "{body}");
        assert!(error.1.contains(message), "{body}: {}", error.1);
    }
    let control = server
        .post("/v1/sessions", r#"{"character":{"pitch_shift":13}}"#)
        .await
        .json();
    assert_eq!(
        control["error"]["details"]["field"],
        "character.pitch_shift"
    );
    assert_eq!(control["error"]["details"]["range"], "between -12 and 12");
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_same_shape() {
    let server = Server::start().await;
    for path in [
        "/nothing",
        "/v1",
        "/v1/sessions/",
        "/console/",
        "/console/../Cargo.toml",
        "/console/none.js",
    ] {
        let answer = server.get(path).await;
        assert_eq!(
            (answer.status, answer.error().0.as_str()),
            (404, "not_found"),
            "{path}"
        );
    }
    let answer = server.request("PUT", "/v1/sessions", &[], b"").await;
    assert_eq!(
        (answer.status, answer.error().0.as_str()),
        (405, "method_not_allowed")
    );
    assert_eq!(answer.header("allow"), Some("POST"));
}

#[tokio::test]
async fn a_body_has_an_end() {
    let server = Server::with(GatewayConfig {
        max_body_bytes: 1000,
        ..GatewayConfig::default()
    })
    .await;
    let answer = server
        .post(
            "/v1/generate",
            &format!("{{\"text\":\"{}\"}}", "x".repeat(2000)),
        )
        .await;
    assert_eq!(
        (answer.status, answer.error().0.as_str()),
        (413, "body_too_large")
    );
}

#[tokio::test]
async fn the_request_id_is_echoed_or_made() {
    let server = Server::start().await;
    let echoed = server
        .request("GET", "/v1/health", &["x-request-id: my-id_1.2"], b"")
        .await;
    assert_eq!(echoed.header("x-request-id"), Some("my-id_1.2"));
    let long = format!("x-request-id: {}", "x".repeat(129));
    let mut made = Vec::new();
    for header in [
        long.as_str(),
        "x-request-id: no spaces",
        "x-request-id: \"quoted\"",
        "x-other: 1",
    ] {
        let answer = server.request("GET", "/nothing", &[header], b"").await;
        answer.error();
        made.push(answer.header("x-request-id").unwrap().to_owned());
    }
    assert!(
        made.iter()
            .all(|id| id.starts_with("req-") && id.len() == 20),
        "{made:?}"
    );
    made.dedup();
    assert_eq!(made.len(), 4);
}

#[tokio::test]
async fn models_and_personas_are_listed() {
    let server = Server::start().await;
    let models = server.get("/v1/models").await.json();
    let first = &models["models"][0];
    assert_eq!(
        (&first["id"], &first["role"], &first["mode"]),
        (&json!("llm_mock"), &json!("llm"), &json!("mock"))
    );
    assert_eq!(
        (&first["active"], &first["primary"], &first["fallback"]),
        (&json!(true), &json!(true), &json!(false))
    );
    assert_eq!(
        first["controls"],
        json!([
            {"name":"rate","follows":"character.speech_rate","live":false,"type":"number","min":0.5,"max":2.0,"default":1.0},
            {"name":"style","follows":null,"live":true,"type":"choice","default":"plain","choices":["plain","warm"]},
        ])
    );
    let spare = &models["models"][2];
    assert_eq!(
        (&spare["fallback"], &spare["capabilities"], &spare["models"]),
        (&json!(true), &json!(null), &json!([]))
    );
    let unused = &models["models"][3];
    assert_eq!(
        (&unused["id"], &unused["active"], &unused["fallback"]),
        (&json!("unused"), &json!(false), &json!(false))
    );

    let personas = server.get("/v1/personas").await.json();
    assert_eq!(
        personas,
        json!({"personas": [{
            "id": "ada", "name": "Ada", "description": "", "look": null, "language": "",
            "style": ["warm"], "emotion": {"label": "calm", "intensity": 0.5},
            "character": {"speech_rate": 0.9},
        }]})
    );
}

#[tokio::test]
async fn health_is_told_by_status_too() {
    let server = Server::start().await;
    let well = server.get("/v1/health").await;
    assert_eq!(
        (well.status, well.json()["status"].as_str()),
        (200, Some("ok"))
    );
    let provider = &well.json()["providers"][1];
    assert_eq!(
        provider,
        &json!({"id":"tts_mock","role":"tts","status":"ok","detail":"","latency_ms":0.5,"circuit":"closed"})
    );
    assert_eq!(
        well.json()["providers"].as_array().unwrap().len(),
        3,
        "who is in no chain is not asked"
    );
    assert!(well.json()["uptime_ms"].is_u64() && well.json()["version"].is_string());
    server.engine.down.store(true, Ordering::SeqCst);
    let down = server.get("/v1/health").await;
    assert_eq!(
        (down.status, down.json()["status"].as_str()),
        (503, Some("down"))
    );
}

#[tokio::test]
async fn counters_are_told_to_prometheus() {
    let server = Server::start().await;
    server.session().await;
    server.get("/v1/sessions/none").await;
    server.get("/no/such/place").await;
    let answer = server.get("/metrics").await;
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    let text = String::from_utf8(answer.body).unwrap();
    for line in [
        "# TYPE tth_sessions gauge",
        "tth_sessions 1",
        r#"tth_http_requests_total{method="POST",route="/v1/sessions",status="201"} 1"#,
        r#"tth_http_requests_total{method="GET",route="/v1/sessions/{id}",status="404"} 1"#,
        r#"tth_http_requests_total{method="GET",route="unmatched",status="404"} 1"#,
        "tth_websocket_connections 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn the_console_and_its_files_are_served_safely() {
    let server = Server::start().await;
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/console/app.js", "text/javascript; charset=utf-8"),
        ("/console/style.css", "text/css; charset=utf-8"),
        ("/console/icon.svg", "image/svg+xml"),
    ] {
        let answer = server.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(kind)),
            "{path}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(
            answer
                .header("content-security-policy")
                .unwrap()
                .contains("default-src 'self'")
        );
        assert!(answer.body.len() > 50);
    }
    let document = server.get("/openapi.json").await;
    assert_eq!(
        (document.status, document.json()["openapi"].as_str()),
        (200, Some("3.1.0"))
    );
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_stops() {
    let server = Server::start().await;
    server.session().await;
    tokio::time::timeout(std::time::Duration::from_secs(10), server.stop())
        .await
        .unwrap();
}
