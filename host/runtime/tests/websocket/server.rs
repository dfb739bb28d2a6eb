//! The server that tells the guest what to do.

use crate::common::*;
use futures::{SinkExt, StreamExt};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tth_runtime::ProviderSpec;

pub type Socket = WebSocketStream<TcpStream>;

/// A server for one test: remembers what it was asked, and hands over its sockets.
pub struct Server {
    pub port: u16,
    pub connections: Arc<AtomicUsize>,
    /// Connections that were never answered and have been left.
    pub left: Arc<AtomicUsize>,
    pub requests: Arc<Mutex<Vec<String>>>,
    sockets: mpsc::UnboundedReceiver<Socket>,
}

impl Server {
    pub async fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (opened, sockets) = mpsc::unbounded_channel();
        let server = Server {
            port: listener.local_addr().unwrap().port(),
            connections: Arc::default(),
            left: Arc::default(),
            requests: Arc::default(),
            sockets,
        };
        let (connections, left) = (server.connections.clone(), server.left.clone());
        let requests = server.requests.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                connections.fetch_add(1, SeqCst);
                let serving = serve(tcp, requests.clone(), left.clone(), opened.clone());
                tokio::spawn(serving);
            }
        });
        server
    }

    /// The obeying guest, aimed at `host` and `path` of this server.
    pub fn guest(&self, host: &str, path: &str) -> ProviderSpec {
        let mut spec = spec("fixture-websocket-echo");
        spec.settings_json = format!(
            r#"{{"url": "ws://{host}:{}{path}", "protocols": ["v1"],
                 "headers": [["x-key", "forged"], ["x-own", "mine"]]}}"#,
            self.port
        );
        spec.allow_hosts = vec![format!("ws://{host}:{}", self.port)];
        spec
    }

    pub async fn socket(&mut self) -> Socket {
        within(self.sockets.recv()).await.unwrap()
    }
}

/// "/refuse/429" answers so, "/never" not at all, all else opens.
async fn serve(
    mut tcp: TcpStream,
    requests: Arc<Mutex<Vec<String>>>,
    left: Arc<AtomicUsize>,
    opened: mpsc::UnboundedSender<Socket>,
) {
    let mut start = [0; 64];
    let seen = tcp.peek(&mut start).await.unwrap();
    if start[..seen].starts_with(b"GET /never") {
        let mut all = Vec::new();
        let _reset = tcp.read_to_end(&mut all).await;
        left.fetch_add(1, SeqCst);
        return;
    }
    #[allow(clippy::result_large_err, reason = "the library's signature")]
    let answer = |request: &Request, mut response: Response| {
        let headers: Vec<_> = request.headers().iter().collect();
        let path = request.uri().path().to_owned();
        requests.lock().unwrap().push(format!("{path} {headers:?}"));
        if let Some(status) = path.strip_prefix("/refuse/") {
            let body = r#"{"error": {"code": "because", "message": "key s3cret"}}"#;
            let mut refusal = ErrorResponse::new(Some(body.to_owned()));
            *refusal.status_mut() = status.parse().unwrap();
            let headers = refusal.headers_mut();
            headers.insert("retry-after", "7".parse().unwrap());
            return Err(refusal);
        }
        let headers = response.headers_mut();
        headers.insert("sec-websocket-protocol", "v1".parse().unwrap());
        Ok(response)
    };
    if let Ok(socket) = tokio_tungstenite::accept_hdr_async(tcp, answer).await {
        let _test_over = opened.send(socket);
    }
}

pub async fn tell(socket: &mut Socket, text: &str) {
    within(socket.send(Message::text(text))).await.unwrap();
}

pub async fn hear(socket: &mut Socket) -> Message {
    within(socket.next()).await.unwrap().unwrap()
}

/// Wait until the other side has gone, with or without a farewell.
pub async fn gone(socket: &mut Socket) {
    while let Some(Ok(_)) = within(socket.next()).await {}
}
