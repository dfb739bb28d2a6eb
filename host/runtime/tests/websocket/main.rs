//! Outgoing WebSockets of a guest: only where they were granted, with credentials it never sees,
//! bounded both ways, and gone when the call is.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(unreachable_pub, reason = "modules of a test")]

#[path = "../common/mod.rs"]
mod common;
mod server;

use common::*;
use futures::SinkExt;
use server::{Server, gone, hear, tell};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tth_core::provider::{ErrorCode, ProviderError};
use tth_runtime::{ComponentRole, HeaderSecret, ProviderSpec, inspect};

/// How the guest's attempt to connect failed.
async fn failure(spec: ProviderSpec) -> ProviderError {
    let llm = runtime().load_llm(spec).await.unwrap();
    let (events, error) = drain(ask(&*llm, "go").await.unwrap()).await;
    assert!(events.is_empty(), "{events:?}");
    error.expect("it failed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_and_bytes_go_both_ways_in_order() {
    let (runtime, mut server) = (runtime(), Server::start().await);
    let llm = runtime
        .load_llm(server.guest("127.0.0.1", "/talk"))
        .await
        .unwrap();
    // More than once: a clean end leaves the instance as it was.
    for _ in 0..3 {
        let call = ask(&*llm, "go").await.unwrap();
        let mut socket = server.socket().await;
        tell(&mut socket, "hello").await;
        let bytes = Message::binary(vec![1, 2, 3]);
        within(socket.send(bytes)).await.unwrap();
        tell(&mut socket, "say back").await;
        assert_eq!(hear(&mut socket).await, Message::text("back"));
        tell(&mut socket, "bytes 5").await;
        assert_eq!(hear(&mut socket).await, Message::binary(vec![7; 5]));
        tell(&mut socket, "flood 300").await;
        for n in 0..300 {
            assert_eq!(hear(&mut socket).await, Message::text(n.to_string()));
        }
        let farewell = CloseFrame {
            code: 4000.into(),
            reason: "enough".into(),
        };
        within(socket.close(Some(farewell))).await.unwrap();
        gone(&mut socket).await;
        let (events, error) = drain(call).await;
        let expected = "hello\n3 bytes, sum 6\nclosed 4000 enough\n";
        assert_eq!((text(&events).as_str(), error), (expected, None));
    }
    assert_eq!(server.connections.load(SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_granted_is_never_connected_to() {
    let server = Server::start().await;
    let port = server.port;
    for grants in [
        vec![],
        vec!["ws://127.0.0.1:1".to_owned()],
        vec![format!("wss://127.0.0.1:{port}")],
        vec![format!("http://127.0.0.1:{port}")],
        vec![format!("ws://localhost:{port}")],
        vec![format!("ws://127.0.0.1:{port}/v2")],
    ] {
        let mut spec = server.guest("127.0.0.1", "/v1/talk");
        spec.allow_hosts = grants;
        let error = failure(spec).await;
        assert_eq!(error.code, ErrorCode::InvalidConfig, "{error}");
        assert!(error.message.contains("not in allow.hosts"), "{error}");
    }
    let mut spec = server.guest("127.0.0.1", "/v1/talk");
    spec.limits.websockets = 0;
    let error = failure(spec).await;
    assert!(error.message.contains("the most it may have"), "{error}");
    assert_eq!(server.connections.load(SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_granted_name_must_not_lead_to_this_machine() {
    let (runtime, mut server) = (runtime(), Server::start().await);
    // The system resolves this name to 127.0.0.1, as a hostile name server could any other.
    let mut spec = server.guest("0x7f000001", "/talk");
    let error = failure(spec.clone()).await;
    assert_eq!(error.code, ErrorCode::InvalidConfig);
    assert!(error.message.contains("private addresses"), "{error}");
    assert_eq!(server.connections.load(SeqCst), 0);

    spec.allow_private = true;
    let llm = runtime.load_llm(spec).await.unwrap();
    let call = ask(&*llm, "go").await.unwrap();
    within(server.socket().await.close(None)).await.unwrap();
    let (events, error) = drain(call).await;
    assert_eq!((text(&events).as_str(), error), ("closed\n", None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_attached_by_the_host_and_unknown_to_the_guest() {
    let (runtime, mut server) = (runtime(), Server::start().await);
    let mut spec = server.guest("127.0.0.1", "/talk");
    spec.secrets = vec![HeaderSecret {
        header: "X-Key".into(),
        value: "s3cret".into(),
        host: None,
    }];
    // The guest refuses to load if it is given any.
    let llm = runtime.load_llm(spec.clone()).await.unwrap();
    let call = ask(&*llm, "go").await.unwrap();
    within(server.socket().await.close(None)).await.unwrap();
    assert_eq!(drain(call).await.1, None);
    let asked = server.requests.lock().unwrap().join("\n");
    assert!(
        asked.contains("s3cret") && asked.contains("mine") && !asked.contains("forged"),
        "{asked}"
    );

    spec.settings_json = spec.settings_json.replace("/talk", "/refuse/401");
    let error = failure(spec).await;
    assert!(!error.message.contains("s3cret"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_upgrade_says_why() {
    let server = Server::start().await;
    for (status, code, wait) in [
        (401, ErrorCode::Unauthenticated, None),
        (403, ErrorCode::Unauthenticated, None),
        (402, ErrorCode::QuotaExceeded, None),
        (429, ErrorCode::RateLimited, Some(7_000)),
        (503, ErrorCode::Unavailable, Some(7_000)),
    ] {
        let error = failure(server.guest("127.0.0.1", &format!("/refuse/{status}"))).await;
        assert_eq!((error.code, error.retry_after_ms), (code, wait), "{error}");
        let status = status.to_string();
        assert!(error.message.contains(&status), "{error}");
        assert!(error.message.contains("because"), "{error}");
    }
    let mut nobody = server.guest("127.0.0.1", "/talk");
    nobody.settings_json = nobody.settings_json.replace(&server.port.to_string(), "1");
    nobody.allow_hosts = vec!["ws://127.0.0.1:1".into()];
    let error = failure(nobody).await;
    assert_eq!(error.code, ErrorCode::Unavailable);
    assert!(error.message.contains("cannot be reached"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_vanishes_is_an_error_of_the_guest() {
    let (runtime, mut server) = (runtime(), Server::start().await);
    let spec = server.guest("127.0.0.1", "/talk");
    let llm = runtime.load_llm(spec).await.unwrap();
    let call = ask(&*llm, "go").await.unwrap();
    let mut socket = server.socket().await;
    tell(&mut socket, "before").await;
    drop(socket);
    let (events, error) = drain(call).await;
    assert_eq!(text(&events), "before\n", "what came is not lost");
    let error = error.expect("it was no farewell");
    assert_eq!(error.code, ErrorCode::Unavailable);
    assert!(error.message.contains("without a close frame"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_large_ends_the_connection_and_not_the_instance() {
    let (runtime, mut server) = (runtime(), Server::start().await);
    let mut spec = server.guest("127.0.0.1", "/talk");
    spec.limits.max_instances = 1;
    let llm = runtime.load_llm(spec).await.unwrap();
    for size in [4 << 20, (4 << 20) + 1] {
        let call = ask(&*llm, "go").await.unwrap();
        let mut socket = server.socket().await;
        tell(&mut socket, &format!("text {size}")).await;
        let (close, error) = match hear(&mut socket).await {
            Message::Text(text) => {
                assert_eq!(text.len(), size);
                within(socket.close(None)).await.unwrap();
                (1000, drain(call).await.1)
            }
            Message::Close(Some(frame)) => (frame.code.into(), drain(call).await.1),
            other => panic!("{other:?}"),
        };
        match size == 4 << 20 {
            true => assert_eq!((close, error), (1000, None)),
            false => {
                let error = error.expect("it is too large");
                assert_eq!(close, 1009);
                assert!(error.message.contains("4194304 is the most"), "{error}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_does_not_read_holds_its_server_back() {
    const PIECE: usize = 32 << 10;
    const PIECES: usize = 2_048;
    let (runtime, mut server) = (runtime(), Server::start().await);
    let mut spec = server.guest("127.0.0.1", "/talk");
    spec.limits.cpu_ms_per_turn = 60_000;
    let llm = runtime.load_llm(spec).await.unwrap();
    // Nobody takes the events of this call for now, so the guest waits, and its server with it.
    let call = ask(&*llm, "go").await.unwrap();
    let mut socket = server.socket().await;
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let flood = tokio::spawn(async move {
        for n in 0..PIECES {
            let piece = format!("{n:.<PIECE$}");
            socket.send(Message::text(piece)).await.unwrap();
            count.fetch_add(PIECE, SeqCst);
        }
        socket.close(None).await.unwrap();
        gone(&mut socket).await;
    });
    let (mut last, mut same) = (0, 0);
    eventually("the server is stuck", async || {
        let now = sent.load(SeqCst);
        same = if now == last { same + 1 } else { 0 };
        last = now;
        now > 0 && same >= 60
    })
    .await;
    // Most of it lies in the buffers of the kernel, which take some megabytes on loopback.
    assert!(last < PIECE * PIECES / 2, "{last} bytes were taken");
    assert!(!flood.is_finished());

    let (events, error) = drain(call).await;
    assert_eq!(error, None);
    let all = text(&events);
    let mut lines = all.lines();
    for n in 0..PIECES {
        let line = lines.next().unwrap();
        assert_eq!(
            (line.len(), line.trim_end_matches('.')),
            (PIECE, &*n.to_string())
        );
    }
    assert_eq!(lines.collect::<Vec<_>>(), ["closed"]);
    within(flood).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pings_are_answered_while_the_guest_is_busy_and_a_dropped_call_hangs_up() {
    let (runtime, mut server) = (runtime(), Server::start().await);
    let mut spec = server.guest("127.0.0.1", "/talk");
    spec.limits.max_instances = 1;
    spec.limits.acquire_ms = 20_000;
    let llm = runtime.load_llm(spec).await.unwrap();
    for _ in 0..2 {
        let call = ask(&*llm, "go").await.unwrap();
        let mut socket = server.socket().await;
        // From here on the guest does nothing at all.
        tell(&mut socket, "hold").await;
        within(socket.send(Message::Ping("well?".into())))
            .await
            .unwrap();
        assert_eq!(hear(&mut socket).await, Message::Pong("well?".into()));
        drop(call);
        gone(&mut socket).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_while_it_connects_hangs_up_too() {
    let (runtime, server) = (runtime(), Server::start().await);
    let spec = server.guest("127.0.0.1", "/never");
    let llm = runtime.load_llm(spec).await.unwrap();
    let call = ask(&*llm, "go").await.unwrap();
    let connections = &server.connections;
    eventually("it connects", async || connections.load(SeqCst) == 1).await;
    drop(call);
    eventually("it hangs up", async || server.left.load(SeqCst) == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_leaves_says_farewell() {
    let (runtime, mut server) = (runtime(), Server::start().await);
    let spec = server.guest("127.0.0.1", "/talk");
    let llm = runtime.load_llm(spec).await.unwrap();
    let call = ask(&*llm, "go").await.unwrap();
    let mut socket = server.socket().await;
    tell(&mut socket, "leave").await;
    let Message::Close(Some(frame)) = hear(&mut socket).await else {
        panic!("no farewell");
    };
    assert_eq!(u16::from(frame.code), 1000);
    gone(&mut socket).await;
    let (events, error) = drain(call).await;
    assert_eq!((text(&events).as_str(), error), ("", None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_can_be_kept_from_call_to_call() {
    let (runtime, mut server) = (runtime(), Server::start().await);
    let mut spec = server.guest("127.0.0.1", "/talk");
    spec.limits.max_instances = 1;
    let llm = runtime.load_llm(spec).await.unwrap();
    let call = ask(&*llm, "go").await.unwrap();
    let mut socket = server.socket().await;
    for n in 1..=3 {
        tell(&mut socket, &format!("call {n}")).await;
        tell(&mut socket, "keep").await;
    }
    let (events, error) = drain(call).await;
    assert_eq!((text(&events).as_str(), error), ("call 1\n", None));
    for n in 2..=3 {
        // Between calls the host alone answers.
        within(socket.send(Message::Ping("idle?".into())))
            .await
            .unwrap();
        assert_eq!(hear(&mut socket).await, Message::Pong("idle?".into()));
        let (events, error) = drain(ask(&*llm, "go").await.unwrap()).await;
        assert_eq!((text(&events), error), (format!("call {n}\n"), None));
    }
    assert_eq!(server.connections.load(SeqCst), 1);
    // With the provider its connections go.
    drop(llm);
    gone(&mut socket).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_never_answers_is_given_up() {
    let server = Server::start().await;
    let runtime = tth_runtime::Runtime::new(tth_runtime::RuntimeOptions {
        limits: tth_runtime::EngineLimits {
            websocket_connect_ms: 50,
            ..Default::default()
        },
        ..Default::default()
    })
    .unwrap();
    let spec = server.guest("127.0.0.1", "/never");
    let llm = runtime.load_llm(spec).await.unwrap();
    let (_, error) = drain(ask(&*llm, "go").await.unwrap()).await;
    assert_eq!(error.map(|error| error.code), Some(ErrorCode::Timeout));
    let left = async || server.left.load(SeqCst) == 1;
    eventually("the host hangs up", left).await;
}

#[test]
fn inspection_tells_that_it_needs_websockets_and_this_host_has_them() {
    let bytes = std::fs::read(component("fixture-websocket-echo")).unwrap();
    let found = inspect(&bytes).unwrap();
    assert_eq!(found.role, ComponentRole::Llm);
    assert!(found.needs_websocket && !found.needs_http);
    assert_eq!(found.loadable(), Ok(()));
    let silent = std::fs::read(component("fixture-silent")).unwrap();
    let silent = inspect(&silent).unwrap();
    assert!(!silent.needs_websocket, "{:?}", silent.imports);
}
