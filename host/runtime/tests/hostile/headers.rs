//! Requests that a guest tries to smuggle inside of another one's headers.

use crate::common::*;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tth_core::provider::ErrorCode;
use tth_runtime::ProviderSpec;

/// Everything that reached the server, byte by byte.
type Heard = Arc<Mutex<Vec<u8>>>;

async fn answer(mut socket: TcpStream, heard: Heard) {
    let mut bytes = [0; 4096];
    while let Ok(n @ 1..) = socket.read(&mut bytes).await {
        heard.lock().unwrap().extend(&bytes[..n]);
        let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        if socket.write_all(ok).await.is_err() {
            return;
        }
    }
}

/// A server, its port, and what it hears.
async fn server() -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, heard) = (listener.local_addr().unwrap().port(), Heard::default());
    let log = heard.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket, log.clone()));
        }
    });
    (port, heard)
}

/// A guest that fetches `path` with one header of its own.
fn guest(port: u16, path: &str, header: (&str, &str)) -> ProviderSpec {
    let mut spec = spec("fixture-http-get");
    let settings = serde_json::json!({
        "scheme": "http", "authority": format!("127.0.0.1:{port}"), "path": path,
        "headers": [header],
    });
    spec.settings_json = settings.to_string();
    spec.allow_hosts = vec![format!("http://127.0.0.1:{port}/v1")];
    spec
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_second_request_hides_in_a_header() {
    let (runtime, (port, heard)) = (runtime(), server().await);
    for (path, header) in [
        ("/v1", ("x-a", "b\r\n\r\nGET /secret HTTP/1.1\r\nhost: c")),
        ("/v1", ("x-a", "b\r\nx-key: forged")),
        ("/v1", ("x-a", "b\nx-key: forged")),
        ("/v1", ("x-a\r\nx-key", "forged")),
        ("/v1", ("x-a: b\r\nx-key", "forged")),
        // What frames a message is the host's to say.
        ("/v1", ("host", "forged.example")),
        ("/v1", ("transfer-encoding", "chunked, forged")),
        ("/v1", ("connection", "forged")),
        ("/v1 HTTP/1.1\r\nx-key: forged\r\n", ("x-a", "b")),
        ("/v1/../secret", ("x-a", "b")),
        ("/v1/%2e%2e/secret", ("x-a", "b")),
        ("/v1x/secret", ("x-a", "b")),
    ] {
        let llm = runtime.load_llm(guest(port, path, header)).await.unwrap();
        let (events, error) = drain(ask(&*llm, "go").await.unwrap()).await;
        let error = error.unwrap_or_else(|| panic!("{path:?} {header:?} was sent: {events:?}"));
        eprintln!("{path:?} {header:?}: {}", error.message);
        assert_eq!(error.code, ErrorCode::Unavailable, "{error}");
    }
    // Nothing is on its way any more once an honest request has been answered.
    let honest = guest(port, "/v1", ("x-a", "b"));
    let llm = runtime.load_llm(honest).await.unwrap();
    let (events, error) = drain(ask(&*llm, "go").await.unwrap()).await;
    assert_eq!((text(&events).as_str(), error), ("200\nhello", None));
    tokio::time::sleep(Duration::from_millis(20)).await;
    let heard = String::from_utf8_lossy(&heard.lock().unwrap()).to_lowercase();
    assert!(
        !heard.contains("forged") && !heard.contains("secret"),
        "{heard}"
    );
    assert_eq!(heard.matches("get ").count(), 1, "{heard}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_length_that_lies_never_splits_a_request() {
    let (runtime, (port, heard)) = (runtime(), server().await);
    for value in ["7", "-1", "7, 8", "+0"] {
        let llm = runtime.load_llm(guest(port, "/v1", ("content-length", value)));
        // Sent or refused: what matters is what the server takes for requests.
        let _either = drain(ask(&*llm.await.unwrap(), "go").await.unwrap()).await;
    }
    let honest = guest(port, "/v1", ("x-a", "last"));
    let llm = runtime.load_llm(honest).await.unwrap();
    let (events, error) = drain(ask(&*llm, "go").await.unwrap()).await;
    assert_eq!((text(&events).as_str(), error), ("200\nhello", None));
    let heard = String::from_utf8_lossy(&heard.lock().unwrap()).to_lowercase();
    for lie in [
        "content-length: 7",
        "content-length: -1",
        "content-length: +0",
    ] {
        assert!(!heard.contains(lie), "{heard}");
    }
}
