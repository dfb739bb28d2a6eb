//! Server-sent events, and input by POST.

use crate::double::{Server, until};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tth_core::engine::{Detach, Engine};
use tth_core::events::{ClientEvent, ServerEvent};
use tth_gateway::GatewayConfig;

struct Events(BufReader<TcpStream>);

impl Events {
    async fn open(server: &Server, id: &str) -> Self {
        Self::open_with(server, id, "", &[]).await
    }

    async fn open_with(server: &Server, id: &str, query: &str, headers: &[&str]) -> Self {
        let path = format!("/v1/sessions/{id}/events{query}");
        let mut lines = BufReader::new(server.send("GET", &path, headers, b"").await);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            lines.read_line(&mut head).await.unwrap();
        }
        assert!(
            head.starts_with("HTTP/1.1 200") && head.contains("content-type: text/event-stream"),
            "{head}"
        );
        Events(lines)
    }

    /// The next line with something in it that is not the chunks' length.
    async fn line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(Duration::from_secs(20), self.0.read_line(&mut line));
            if read.await.expect("nothing came").unwrap() == 0 {
                return None;
            }
            if line.contains(':') {
                return Some(line.trim_end().to_owned());
            }
        }
    }

    async fn event(&mut self) -> (String, String, Value) {
        let mut part = async |name: &str| {
            let line = self.line().await.expect("it is over");
            line.strip_prefix(name)
                .unwrap_or_else(|| panic!("{line}"))
                .to_owned()
        };
        let (id, kind, data) = (
            part("id: ").await,
            part("event: ").await,
            part("data: ").await,
        );
        (id, kind, serde_json::from_str(&data).unwrap())
    }
}

#[tokio::test]
async fn events_are_sent_and_the_end_is_told() {
    let server = Server::start().await;
    let (id, _) = server.session().await;
    let mut events = Events::open(&server, &id).await;
    assert_eq!(events.event().await.1, "session_ready");
    server.engine.emit(
        &id,
        ServerEvent::TextDelta {
            text: "two\nlines".into(),
        },
    );
    let (seq, kind, data) = events.event().await;
    assert_eq!((seq.as_str(), kind.as_str()), ("2", "text_delta"));
    assert_eq!(
        (&data["text"], &data["seq"]),
        (&json!("two\nlines"), &json!(2))
    );
    server.engine.detach(&id, Detach::Replaced);
    assert_eq!(
        events.line().await.as_deref(),
        Some(": another stream took over")
    );
    assert_eq!(events.line().await, None);
}

#[tokio::test]
async fn an_idle_stream_lives_and_one_that_was_left_ends() {
    let config = GatewayConfig {
        sse_keep_alive: Duration::from_millis(20),
        ..GatewayConfig::default()
    };
    let server = Server::with(config).await;
    let (id, _) = server.session().await;
    let mut events = Events::open(&server, &id).await;
    events.event().await;
    assert_eq!(events.line().await.as_deref(), Some(": alive"));
    assert_eq!(events.line().await.as_deref(), Some(": alive"));
    drop(events);
    until(|| !server.engine.attached(&id)).await;
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_streams_for_ever() {
    let server = Server::start().await;
    let (id, _) = server.session().await;
    let mut events = Events::open(&server, &id).await;
    events.event().await;
    let engine = server.engine.clone();
    let stop = tokio::spawn(server.stop());
    engine.close(&id);
    assert_eq!(
        events.line().await.as_deref(),
        Some(": the session was closed")
    );
    tokio::time::timeout(Duration::from_secs(10), stop)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn input_is_taken_one_by_one_or_together() {
    let server = Server::start().await;
    let (id, _) = server.session().await;
    let path = format!("/v1/sessions/{id}/input");
    let answer = server.post(&path, r#"{"type":"interrupt"}"#).await;
    assert_eq!((answer.status, answer.json()), (202, json!({})));
    let answer = server
        .post(
            &path,
            r#"[{"type":"end_turn"},{"type":"playback","position_us":5}]"#,
        )
        .await;
    assert_eq!(answer.status, 202);
    let taken = [
        ClientEvent::Interrupt,
        ClientEvent::EndTurn,
        ClientEvent::Playback {
            position_us: 5,
            client_us: None,
        },
    ];
    assert_eq!(server.engine.inputs(&id), taken);

    for (body, wanted) in [
        (
            r#"[{"type":"end_turn"},{"type":"nothing"}]"#.to_owned(),
            "event 1: there is no event type \"nothing\"",
        ),
        ("{".to_owned(), "not JSON"),
        (
            json!(vec![json!({"type":"ping"}); 101]).to_string(),
            "at most 100",
        ),
    ] {
        let answer = server.post(&path, &body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.error().1.contains(wanted), "{:?}", answer.error());
    }
    assert_eq!(
        server.engine.inputs(&id).len(),
        3,
        "nothing of what was refused was taken"
    );
    server.engine.full.store(true, Ordering::SeqCst);
    let answer = server.post(&path, r#"{"type":"ping"}"#).await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("1"))
    );
    assert_eq!(
        server
            .post("/v1/sessions/none/input", r#"{"type":"ping"}"#)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_stream_that_broke_goes_on_behind_the_last_event_id() {
    let server = Server::start().await;
    let (id, _) = server.session().await;
    let mut events = Events::open(&server, &id).await;
    assert_eq!(events.event().await.2["resumed"], false);
    for text in ["one", "two"] {
        let event = ServerEvent::TextDelta { text: text.into() };
        server.engine.emit(&id, event);
    }
    assert_eq!(events.event().await.0, "2");
    // The query is that of the first request, the header is the newer one.
    for (query, headers) in [
        ("", vec!["last-event-id: 2"]),
        ("?resume=2", vec![]),
        ("?resume=1", vec!["last-event-id: 2"]),
    ] {
        let mut events = Events::open_with(&server, &id, query, &headers).await;
        let (seq, kind, data) = events.event().await;
        assert_eq!((seq.as_str(), kind.as_str()), ("3", "session_ready"));
        assert_eq!(data["resumed"], true);
        let (seq, _, data) = events.event().await;
        assert_eq!((seq.as_str(), &data["text"]), ("4", &json!("two")));
    }
    let path = format!("/v1/sessions/{id}/events");
    let refused = server
        .request("GET", &path, &["last-event-id: abc"], b"")
        .await;
    assert_eq!(refused.status, 400);
    assert!(refused.error().1.contains("`last-event-id` must be"));
}

#[tokio::test]
async fn the_end_is_told_in_a_comment() {
    let server = Server::start().await;
    for (why, told) in [
        (Detach::Expired, ": the session has expired"),
        (Detach::ShuttingDown, ": the server is shutting down"),
    ] {
        let (id, _) = server.session().await;
        let mut events = Events::open(&server, &id).await;
        events.event().await;
        server.engine.detach(&id, why);
        assert_eq!(events.line().await.as_deref(), Some(told));
        assert_eq!(events.line().await, None);
    }
    assert_eq!(
        server.engine.left.load(Ordering::SeqCst),
        0,
        "there is no goodbye"
    );
}
