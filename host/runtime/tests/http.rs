//! Outgoing HTTP of a guest: only where it was granted, with credentials it never sees.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing
)]

mod common;

use common::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tth_core::provider::ErrorCode;
use tth_runtime::{HeaderSecret, ProviderSpec};

/// A server for one test: remembers what it was asked.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server {
            port: listener.local_addr().unwrap().port(),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let (connections, requests) = (server.connections.clone(), server.requests.clone());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(socket, requests.clone()));
            }
        });
        server
    }

    fn asked(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The fetching guest, aimed at `host` and `path` of this server.
    fn guest(&self, host: &str, path: &str) -> ProviderSpec {
        let mut spec = spec("fixture-http-get");
        spec.settings_json = format!(
            r#"{{"scheme": "http", "authority": "{host}:{}", "path": "{path}",
                 "headers": [["x-key", "forged"], ["x-own", "mine"]]}}"#,
            self.port
        );
        spec
    }

    fn grant(&self, host: &str) -> Vec<String> {
        vec![format!("http://{host}:{}", self.port)]
    }
}

async fn serve(mut socket: TcpStream, requests: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while socket.read_buf(&mut head).await.is_ok_and(|n| n > 0) {
        let Some(end) = head.windows(4).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let request = String::from_utf8_lossy(&head[..end]).into_owned();
        head.drain(..end + 4);
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        requests.lock().unwrap().push(request);
        if path == "/never" {
            std::future::pending::<()>().await;
        }
        let start = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n";
        socket.write_all(start.as_bytes()).await.unwrap();
        if path == "/cut" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        socket.write_all(b"2\r\nlo\r\n0\r\n\r\n").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_granted_host_is_reached_and_its_answer_streamed() {
    let (runtime, server) = (runtime(), Server::start().await);
    let mut spec = server.guest("127.0.0.1", "/ok");
    spec.allow_hosts = server.grant("127.0.0.1");
    let llm = runtime.load_llm(spec).await.unwrap();
    for _ in 0..6 {
        let (events, error) = drain(ask(&*llm, "go").await.unwrap()).await;
        assert_eq!((text(&events).as_str(), error), ("200\nhello", None));
        assert!(events.len() >= 4, "status, two pieces, usage: {events:?}");
    }
    assert_eq!(server.asked().len(), 6);
    // Not always one: a call may begin before the end of the answer before has been read.
    assert!(
        server.connections.load(Ordering::SeqCst) < 6,
        "connections are kept"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_granted_is_never_asked() {
    let (runtime, server) = (runtime(), Server::start().await);
    for grants in [
        vec![],
        vec!["http://127.0.0.1:1".to_owned()],
        vec![format!("https://127.0.0.1:{}", server.port)],
    ] {
        let mut spec = server.guest("127.0.0.1", "/ok");
        spec.allow_hosts = grants;
        let llm = runtime.load_llm(spec).await.unwrap();
        let (events, error) = drain(ask(&*llm, "go").await.unwrap()).await;
        let error = error.expect("it was denied");
        assert!(
            events.is_empty() && error.message.contains("Denied"),
            "{error}"
        );
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_attached_by_the_host_and_unknown_to_the_guest() {
    let (runtime, server) = (runtime(), Server::start().await);
    let mut spec = server.guest("127.0.0.1", "/ok");
    spec.allow_hosts = server.grant("127.0.0.1");
    spec.secrets = vec![HeaderSecret {
        header: "X-Key".into(),
        value: "s3cret".into(),
        host: None,
    }];
    assert!(!format!("{spec:?}").contains("s3cret"), "not in logs");
    let llm = runtime.load_llm(spec).await.unwrap();
    let (events, error) = drain(ask(&*llm, "go").await.unwrap()).await;
    assert_eq!((text(&events).as_str(), error), ("200\nhello", None));
    let asked = server.asked().join("\n").to_lowercase();
    assert!(
        asked.contains("x-key: s3cret") && asked.contains("x-own: mine"),
        "{asked}"
    );
    assert!(
        !asked.contains("forged"),
        "what the guest sent under that name is gone: {asked}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_granted_name_must_not_lead_to_this_machine() {
    let (runtime, server) = (runtime(), Server::start().await);
    // The system resolves this name to 127.0.0.1, as a hostile name server could any other.
    let name = "0x7f000001";
    let mut spec = server.guest(name, "/ok");
    spec.allow_hosts = server.grant(name);
    let llm = runtime.load_llm(spec.clone()).await.unwrap();
    let (_, error) = drain(ask(&*llm, "go").await.unwrap()).await;
    let error = error.expect("the address is private");
    assert!(error.message.contains("IpProhibited"), "{error}");
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);

    spec.allow_private = true;
    let llm = runtime.load_llm(spec).await.unwrap();
    let (events, error) = drain(ask(&*llm, "go").await.unwrap()).await;
    assert_eq!((text(&events).as_str(), error), ("200\nhello", None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_never_answers_does_not_hold_a_dropped_call() {
    let (runtime, server) = (runtime(), Server::start().await);
    let mut spec = server.guest("127.0.0.1", "/never");
    spec.allow_hosts = server.grant("127.0.0.1");
    spec.limits.max_instances = 1;
    spec.limits.acquire_ms = 20_000;
    let llm = runtime.load_llm(spec).await.unwrap();
    for n in 1..=2 {
        let call = ask(&*llm, "go").await.unwrap();
        eventually("the request arrives", async || server.asked().len() == n).await;
        drop(call);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_an_error_of_the_guest() {
    let (runtime, server) = (runtime(), Server::start().await);
    let mut spec = server.guest("127.0.0.1", "/ok");
    spec.settings_json = spec.settings_json.replace(&server.port.to_string(), "1");
    spec.allow_hosts = vec!["http://127.0.0.1:1".into()];
    let llm = runtime.load_llm(spec).await.unwrap();
    let (_, error) = drain(ask(&*llm, "go").await.unwrap()).await;
    let error = error.expect("nobody listens on port 1");
    assert_eq!(error.code, ErrorCode::Unavailable);
    assert!(error.message.contains("ConnectionRefused"), "{error}");
}
