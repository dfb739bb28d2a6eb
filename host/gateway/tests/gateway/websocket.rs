//! The stream over WebSocket.

use crate::double::{Server, until};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tth_core::engine::{Detach, Engine};
use tth_core::events::{ClientEvent, ServerEvent, TurnMode};
use tth_core::media::{AudioChunk, AudioFormat, VideoCodec, VideoFrame};
use tth_gateway::GatewayConfig;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(
    server: &Server,
    path: &str,
    protocol: Option<&str>,
) -> Result<(Socket, Option<String>), u16> {
    let mut request = format!("ws://{}{path}", server.address)
        .into_client_request()
        .unwrap();
    if let Some(protocol) = protocol {
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, answer)) => {
            let chosen = answer.headers().get("sec-websocket-protocol");
            Ok((socket, chosen.map(|name| name.to_str().unwrap().to_owned())))
        }
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// A session and its stream, past `session_ready`.
async fn open(server: &Server) -> (String, Socket) {
    let (id, path) = server.session().await;
    let (mut socket, _) = connect(server, &path, None).await.unwrap();
    assert_eq!(event(&mut socket).await["type"], "session_ready");
    (id, socket)
}

async fn next(socket: &mut Socket) -> Message {
    let wait = tokio::time::timeout(Duration::from_secs(20), socket.next());
    wait.await
        .expect("nothing came")
        .expect("it is over")
        .expect("it broke")
}

async fn event(socket: &mut Socket) -> Value {
    match next(socket).await {
        Message::Text(text) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn close_code(socket: &mut Socket) -> u16 {
    loop {
        match next(socket).await {
            Message::Close(frame) => return frame.unwrap().code.into(),
            Message::Text(_) | Message::Binary(_) | Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn say(socket: &mut Socket, value: Value) {
    socket.send(Message::text(value.to_string())).await.unwrap();
}

#[tokio::test]
async fn events_go_both_ways() {
    let server = Server::start().await;
    let (id, mut socket) = open(&server).await;
    say(
        &mut socket,
        json!({"type":"user_text","text":"hi","mode":"say"}),
    )
    .await;
    say(&mut socket, json!({"type":"ping"})).await;
    let pong = event(&mut socket).await;
    assert_eq!(
        (&pong["type"], &pong["seq"], &pong["session_id"]),
        (&json!("pong"), &json!(2), &json!(id))
    );
    let text = ClientEvent::UserText {
        text: "hi".into(),
        mode: TurnMode::Say,
        end_turn: true,
    };
    assert_eq!(server.engine.inputs(&id), [text, ClientEvent::Ping]);
    server.engine.emit(
        &id,
        ServerEvent::TextDelta {
            text: "hello".into(),
        },
    );
    assert_eq!(event(&mut socket).await["text"], "hello");
    socket.close(None).await.unwrap();
    until(|| !server.engine.attached(&id)).await;
}

#[tokio::test]
async fn the_subprotocol_is_chosen() {
    let server = Server::start().await;
    let (id, path) = server.session().await;
    let (_, chosen) = connect(&server, &path, None).await.unwrap();
    assert_eq!(chosen, None);
    let (_, chosen) = connect(&server, &path, Some("other, tth.v1.json"))
        .await
        .unwrap();
    assert_eq!(chosen.as_deref(), Some("tth.v1.json"));
    assert_eq!(
        connect(&server, &path, Some("tth.v9.xml")).await.err(),
        Some(400)
    );

    let (mut socket, chosen) = connect(&server, &path, Some("tth.v1.cbor")).await.unwrap();
    assert_eq!(chosen.as_deref(), Some("tth.v1.cbor"));
    let frame = VideoFrame {
        at: 40_000,
        duration_us: 40_000,
        codec: VideoCodec::Jpeg,
        width: 8,
        height: 8,
        keyframe: true,
        data: vec![7; 70_000].into(),
    };
    server.engine.emit(&id, ServerEvent::Video(frame));
    let mut ping = Vec::new();
    ciborium::ser::into_writer(&json!({"type":"ping"}), &mut ping).unwrap();
    socket.send(Message::binary(ping)).await.unwrap();
    let mut kinds = Vec::new();
    while kinds.last().map(String::as_str) != Some("pong") {
        let Message::Binary(bytes) = next(&mut socket).await else {
            panic!("not binary")
        };
        let item: ciborium::Value = ciborium::de::from_reader(&bytes[..]).unwrap();
        let field = |name: &str| {
            item.as_map()
                .unwrap()
                .iter()
                .find(|(k, _)| k.as_text() == Some(name))
                .map(|(_, v)| v)
        };
        if let Some(data) = field("data") {
            assert_eq!(data.as_bytes().unwrap().len(), 70_000);
        }
        kinds.push(field("type").unwrap().as_text().unwrap().to_owned());
    }
    assert_eq!(kinds, ["session_ready", "video_frame", "pong"]);
    // Text is for JSON.
    socket
        .send(Message::text(r#"{"type":"ping"}"#))
        .await
        .unwrap();
    let Message::Binary(bytes) = next(&mut socket).await else {
        panic!("not binary")
    };
    assert!(String::from_utf8_lossy(&bytes).contains("invalid_event"));
}

#[tokio::test]
async fn what_cannot_be_opened_is_refused_before_the_upgrade() {
    let server = Server::start().await;
    let (id, path) = server.session().await;
    assert_eq!(
        connect(&server, "/v1/sessions/none/stream", None)
            .await
            .err(),
        Some(404)
    );
    assert_eq!(
        connect(
            &server,
            &format!("/v1/sessions/{id}/stream?token=wrong"),
            None
        )
        .await
        .err(),
        Some(401)
    );
    let plain = server.get(&path).await;
    assert_eq!(
        (plain.status, plain.error().0.as_str()),
        (426, "upgrade_required")
    );
    assert!(!server.engine.attached(&id));
}

#[tokio::test]
async fn a_wrong_event_is_answered_and_the_session_goes_on() {
    let server = Server::start().await;
    let (_, mut socket) = open(&server).await;
    let wrong = [
        (Message::text("nonsense"), "not JSON"),
        (
            Message::text(r#"{"type":"user_tex"}"#),
            "did you mean `user_text`?",
        ),
        (
            Message::text(r#"{"type":"control_update","emotion":{"valence":-2}}"#),
            "emotion.valence is -2, but must be between -1 and 1",
        ),
        (Message::binary(vec![0xa0]), "takes text frames only"),
        (
            Message::text(json!({"type":"user_text","text":"x".repeat(100_000)}).to_string()),
            "100000 characters",
        ),
    ];
    for (message, wanted) in wrong {
        socket.send(message).await.unwrap();
        let error = event(&mut socket).await;
        assert_eq!(
            (&error["type"], &error["code"], &error["retryable"]),
            (&json!("error"), &json!("invalid_event"), &json!(false))
        );
        assert!(
            error["message"].as_str().unwrap().contains(wanted),
            "{error}"
        );
    }
    say(&mut socket, json!({"type":"ping"})).await;
    let pong = event(&mut socket).await;
    assert_eq!((&pong["type"], &pong["seq"]), (&json!("pong"), &json!(7)));
}

#[tokio::test]
async fn a_frame_that_is_too_large_closes_the_stream() {
    let server = Server::start().await;
    for bytes in [300_000, 3_000_000] {
        let (id, mut socket) = open(&server).await;
        // The second is cut off in the middle: then the rest of it may not be taken any more.
        let _ = socket.send(Message::text("x".repeat(bytes))).await;
        let error = event(&mut socket).await;
        assert_eq!(
            (&error["type"], &error["code"]),
            (&json!("error"), &json!("frame_too_large")),
            "{bytes}"
        );
        assert_eq!(close_code(&mut socket).await, 1009);
        until(|| !server.engine.attached(&id)).await;
    }
}

#[tokio::test]
async fn too_many_events_close_the_stream() {
    let server = Server::with(GatewayConfig {
        events_per_second: 1,
        event_burst: 5,
        ..GatewayConfig::default()
    })
    .await;
    let (_, mut socket) = open(&server).await;
    for _ in 0..8 {
        let _ = socket.send(Message::text(r#"{"type":"ping"}"#)).await;
    }
    let mut kinds = Vec::new();
    while kinds.len() < 6 {
        kinds.push(
            event(&mut socket).await["type"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(kinds, ["pong", "pong", "pong", "pong", "pong", "error"]);
    assert_eq!(close_code(&mut socket).await, 1008);

    let (_, mut socket) = open(&server).await;
    server.engine.full.store(true, Ordering::SeqCst);
    say(&mut socket, json!({"type":"ping"})).await;
    assert_eq!(close_code(&mut socket).await, 1008);
}

#[tokio::test]
async fn the_end_has_a_code() {
    let server = Server::start().await;
    let (id, mut first) = open(&server).await;
    let path = format!("/v1/sessions/{id}/stream");
    let (mut second, _) = connect(&server, &path, None).await.unwrap();
    assert_eq!(close_code(&mut first).await, 4001);
    assert_eq!(event(&mut second).await["type"], "session_ready");
    server.engine.detach(&id, Detach::TooSlow);
    assert_eq!(close_code(&mut second).await, 1008);
    let (mut third, _) = connect(&server, &path, None).await.unwrap();
    assert_eq!(event(&mut third).await["type"], "session_ready");
    assert!(server.engine.close(&id));
    assert_eq!(close_code(&mut third).await, 1000);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_let_go() {
    let config = GatewayConfig {
        write_timeout: Duration::from_millis(200),
        ..GatewayConfig::default()
    };
    let server = Server::with(config).await;
    let (id, socket) = open(&server).await;
    let (other, mut well) = open(&server).await;
    // More than the socket's buffers hold.
    for n in 0..200u64 {
        let format = AudioFormat {
            sample_rate: 24_000,
            channels: 1,
        };
        let chunk = AudioChunk {
            at: n,
            format,
            pcm: vec![0; 200_000].into(),
        };
        server.engine.emit(&id, ServerEvent::Audio(chunk));
    }
    until(|| !server.engine.attached(&id)).await;
    drop(socket);
    // Nobody else noticed.
    say(&mut well, json!({"type":"ping"})).await;
    assert_eq!(event(&mut well).await["type"], "pong");
    assert!(server.engine.attached(&other));
}

#[tokio::test]
async fn a_client_that_vanishes_is_noticed() {
    let config = GatewayConfig {
        ping_interval: Duration::from_millis(20),
        silence_timeout: Duration::from_millis(300),
        ..GatewayConfig::default()
    };
    let server = Server::with(config).await;
    let (id, mut socket) = open(&server).await;
    // A client that reads answers pings, and stays.
    let reading = tokio::time::timeout(Duration::from_millis(700), async {
        while let Some(Ok(message)) = socket.next().await {
            assert_eq!(message, Message::Ping(Bytes::new()));
        }
    });
    assert!(reading.await.is_err(), "it was let go");
    assert!(server.engine.attached(&id));
    // One that does not, goes; the connection itself is still open.
    until(|| !server.engine.attached(&id)).await;
    drop(socket);
}

/// The fields of an event of either wire.
fn fields(message: &Message) -> Value {
    match message {
        Message::Text(text) => serde_json::from_str(text).unwrap(),
        Message::Binary(bytes) => {
            let item: ciborium::Value = ciborium::de::from_reader(&bytes[..]).unwrap();
            item.deserialized().unwrap()
        }
        other => panic!("{other:?}"),
    }
}

fn words(text: &str) -> ServerEvent {
    ServerEvent::TextDelta { text: text.into() }
}

#[tokio::test]
async fn a_stream_that_broke_goes_on_behind_the_last_event_that_was_seen() {
    for protocol in ["tth.v1.json", "tth.v1.cbor"] {
        let server = Server::start().await;
        let (id, path) = server.session().await;
        let (mut socket, _) = connect(&server, &path, Some(protocol)).await.unwrap();
        assert_eq!(fields(&next(&mut socket).await)["resumed"], false);
        for text in ["one", "two", "three"] {
            server.engine.emit(&id, words(text));
        }
        let seen = fields(&next(&mut socket).await);
        assert_eq!((&seen["text"], &seen["seq"]), (&json!("one"), &json!(2)));
        // The connection breaks: nobody says goodbye.
        drop(socket);
        until(|| !server.engine.attached(&id)).await;
        assert_eq!(server.engine.left.load(Ordering::SeqCst), 0);

        let (mut socket, _) = connect(&server, &format!("{path}&resume=2"), Some(protocol))
            .await
            .unwrap();
        let mut got = Vec::new();
        for _ in 0..3 {
            got.push(fields(&next(&mut socket).await));
        }
        let numbers: Vec<_> = got.iter().map(|event| event["seq"].as_u64()).collect();
        assert_eq!(numbers, [Some(3), Some(4), Some(5)]);
        assert_eq!(
            (&got[0]["type"], &got[0]["resumed"]),
            (&json!("session_ready"), &json!(true))
        );
        assert_eq!(
            (&got[1]["text"], &got[2]["text"]),
            (&json!("two"), &json!("three"))
        );
    }
}

#[tokio::test]
async fn what_cannot_be_resumed_is_refused_with_a_reason() {
    let server = Server::start().await;
    let (id, path) = server.session().await;
    for wrong in ["", "x", "-1", "+1", "1.5", "99999999999999999999999"] {
        let refused = server.get(&format!("{path}&resume={wrong}")).await;
        let (code, message) = refused.error();
        assert_eq!(
            (refused.status, code.as_str()),
            (400, "invalid_resume"),
            "{wrong}"
        );
        assert!(message.contains("`resume` must be the `seq`"), "{message}");
    }
    assert!(!server.engine.attached(&id));
    let (mut socket, _) = connect(&server, &format!("{path}&resume=7"), None)
        .await
        .unwrap();
    let ready = event(&mut socket).await;
    assert_eq!(
        (&ready["resumed"], &ready["seq"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(ready["resume_refused"], "nobody has seen that");
}

#[tokio::test]
async fn a_goodbye_is_told_from_a_loss() {
    use tokio_tungstenite::tungstenite::protocol::CloseFrame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
    for (code, goodbye) in [
        (None, true),
        (Some(1000), true),
        (Some(1001), true),
        (Some(1011), false),
        (Some(4000), false),
    ] {
        let server = Server::start().await;
        let (id, mut socket) = open(&server).await;
        let frame = code.map(|code| CloseFrame {
            code: CloseCode::from(code),
            reason: "".into(),
        });
        socket.close(frame).await.unwrap();
        until(|| !server.engine.attached(&id)).await;
        let left = server.engine.left.load(Ordering::SeqCst);
        assert_eq!(left == 1, goodbye, "{code:?}");
    }
}

#[tokio::test]
async fn a_session_that_ends_by_itself_says_why() {
    let server = Server::start().await;
    for (why, code) in [(Detach::Expired, 1000), (Detach::ShuttingDown, 1001)] {
        let (id, mut socket) = open(&server).await;
        server.engine.detach(&id, why);
        assert_eq!(close_code(&mut socket).await, code);
    }
}
