//! The socket against a server at the other end of a pipe, where "nothing moves any more" can be
//! told for certain; and TLS against a server that signed for itself.

use super::connect;
use super::queue::{Receiver, Sender, queue};
use super::socket::{Ending, Patience, Socket, wire};
use crate::bindings::v0_1::host::tth::host::websocket::{Error, Message, Options};
use crate::capability::dial;
use crate::capability::egress::{Egress, HeaderSecret, Route};
use crate::limits::{EngineLimits, MIB, channel, item};
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, Uri};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as WireMessage;
use tokio_tungstenite::tungstenite::protocol::Role;

/// Bytes the pipe holds.
const PIPE: usize = 64 << 10;
const PIECE: usize = 16 << 10;

struct Pair {
    server: WebSocketStream<DuplexStream>,
    to_server: Sender,
    from_server: Receiver,
    ending: JoinHandle<Ending>,
}

async fn pair() -> Pair {
    let (near, far) = tokio::io::duplex(PIPE);
    let server = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
    let client = WebSocketStream::from_raw_socket(near, Role::Client, Some(wire())).await;
    let (to_server, from_guest) = queue(channel::WEBSOCKET, channel::WEBSOCKET_BYTES);
    let (to_guest, from_server) = queue(channel::WEBSOCKET, channel::WEBSOCKET_BYTES);
    let patience = Patience::new(&EngineLimits::default());
    let socket = Socket::new(client, from_guest, to_guest, patience);
    Pair {
        server,
        to_server,
        from_server,
        ending: tokio::spawn(socket.run()),
    }
}

/// With paused time a sleep ends only when nobody else can do anything.
async fn nothing_moves() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

async fn next(receiver: &mut Receiver) -> Option<String> {
    let message = poll_fn(|context| receiver.poll_next(context)).await?;
    Some(match message {
        Message::Text(text) => text,
        Message::Binary(bytes) => format!("{} bytes", bytes.len()),
    })
}

#[tokio::test(start_paused = true)]
async fn a_server_that_floods_is_held_back() {
    let Pair {
        mut server,
        mut from_server,
        to_server: _open,
        ..
    } = pair().await;
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let flood = tokio::spawn(async move {
        for _ in 0..1_024 {
            let piece = WireMessage::binary(vec![0; PIECE]);
            server.send(piece).await.unwrap();
            count.fetch_add(PIECE, SeqCst);
        }
        server
    });
    nothing_moves().await;
    // The queue, a message at its edge, the pipe, and what the wire has read of the next ones.
    let most = channel::WEBSOCKET_BYTES + PIECE + PIPE + (256 << 10);
    let stuck = sent.load(SeqCst);
    assert!(stuck < most && !flood.is_finished(), "{stuck} of {most}");
    for n in 0..1_024 {
        assert_eq!(
            next(&mut from_server).await.as_deref(),
            Some("16384 bytes"),
            "{n}"
        );
    }
    drop(flood.await.unwrap());
    assert_eq!(next(&mut from_server).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_floods_is_held_back_and_loses_nothing() {
    let mut pair = pair().await;
    let sent = Arc::new(AtomicUsize::new(0));
    let (count, mut to_server) = (sent.clone(), pair.to_server);
    let flood = tokio::spawn(async move {
        for n in 0..512_usize {
            let room = poll_fn(|context| to_server.poll_room(context)).await;
            room.unwrap();
            let mut piece = n.to_string();
            piece.extend(std::iter::repeat_n('.', PIECE));
            to_server.push(Message::Text(piece));
            count.fetch_add(PIECE, SeqCst);
        }
    });
    nothing_moves().await;
    let most = channel::WEBSOCKET_BYTES + PIPE + 3 * PIECE;
    let stuck = sent.load(SeqCst);
    assert!(stuck < most && !flood.is_finished(), "{stuck} of {most}");
    for n in 0..512_usize {
        let message = pair.server.next().await.unwrap().unwrap();
        let text = message.to_text().unwrap();
        assert_eq!(text.trim_end_matches('.'), n.to_string());
    }
    let last = pair.server.next().await.unwrap().unwrap();
    let WireMessage::Close(Some(frame)) = last else {
        panic!("no farewell: {last:?}");
    };
    assert_eq!(u16::from(frame.code), 1000);
    assert!(pair.server.next().await.is_none());
    let frame = pair.ending.await.unwrap().unwrap();
    assert_eq!(frame.map(|frame| frame.code), Some(1000), "it was answered");
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_though_the_guest_reads_nothing() {
    let mut pair = pair().await;
    pair.server.send(WireMessage::text("unread")).await.unwrap();
    let ping = WireMessage::Ping("are you there".into());
    pair.server.send(ping).await.unwrap();
    let answer = pair.server.next().await.unwrap().unwrap();
    assert_eq!(answer, WireMessage::Pong("are you there".into()));
    assert_eq!(next(&mut pair.from_server).await.as_deref(), Some("unread"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_pings_may_be_silent_for_long_but_no_other() {
    let mut pair = pair().await;
    let hours = tokio::time::sleep(Duration::from_secs(7_200));
    tokio::pin!(hours);
    loop {
        tokio::select! {
            () = &mut hours => break,
            message = pair.server.next() => {
                assert!(matches!(message, Some(Ok(WireMessage::Ping(_)))), "{message:?}");
            }
        }
    }
    assert!(!pair.ending.is_finished());
    // From here on nobody answers, though the pipe stays open.
    let ending = pair.ending.await.unwrap();
    assert!(matches!(ending, Err(Error::Timeout)), "{ending:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_return_the_farewell_is_left() {
    let pair = pair().await;
    drop(pair.to_server);
    let ending = pair.ending.await.unwrap();
    assert!(matches!(ending, Err(Error::Timeout)), "{ending:?}");
}

#[tokio::test(start_paused = true)]
async fn messages_beyond_the_cap_end_the_connection_on_both_sides() {
    async fn farewell(server: &mut WebSocketStream<DuplexStream>) -> u16 {
        match server.next().await {
            Some(Ok(WireMessage::Close(Some(frame)))) => frame.code.into(),
            other => panic!("no farewell: {other:?}"),
        }
    }
    let mut incoming = pair().await;
    let too_large = WireMessage::binary(vec![0; item::WEBSOCKET + 1]);
    // It is refused at its header: whether the rest can still be sent does not matter.
    let code = {
        let (mut writer, mut reader) = incoming.server.split();
        let sending = tokio::spawn(async move { writer.send(too_large).await.is_ok() });
        let code = loop {
            match reader.next().await {
                Some(Ok(WireMessage::Close(Some(frame)))) => break u16::from(frame.code),
                Some(Ok(_)) => {}
                other => panic!("no farewell: {other:?}"),
            }
        };
        sending.abort();
        code
    };
    assert_eq!(code, 1009);
    let error = incoming.ending.await.unwrap().unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("from the server") && text.contains("4194305"),
        "{text}"
    );
    assert_eq!(next(&mut incoming.from_server).await, None);

    let mut outgoing = pair().await;
    outgoing
        .to_server
        .push(Message::Text("x".repeat(item::WEBSOCKET + 1)));
    assert_eq!(farewell(&mut outgoing.server).await, 1009);
    let text = outgoing.ending.await.unwrap().unwrap_err().to_string();
    assert!(
        text.contains("to the server") && text.contains("4194305"),
        "{text}"
    );

    let mut largest = pair().await;
    largest
        .to_server
        .push(Message::Binary(vec![1; item::WEBSOCKET]));
    let whole = largest.server.next().await.unwrap().unwrap();
    assert_eq!(whole.len(), 4 * MIB);
    largest.server.send(whole).await.unwrap();
    assert_eq!(
        next(&mut largest.from_server).await.as_deref(),
        Some("4194304 bytes")
    );
}

fn egress(grant: &str) -> Egress {
    let secrets = vec![HeaderSecret {
        header: "x-key".into(),
        value: "s3cret".into(),
        host: Some("a.example".into()),
    }];
    Egress::new(&[grant.to_owned()], false, secrets).unwrap()
}

fn options(headers: &[(&str, &str)], protocols: &[&str]) -> Options {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Options {
        headers: headers.iter().map(owned).collect(),
        protocols: protocols.iter().map(|name| (*name).to_owned()).collect(),
    }
}

#[test]
fn the_request_has_the_credentials_and_not_what_the_guest_put_in_their_place() {
    let (url, egress) = (
        "wss://a.example/x?y".parse().unwrap(),
        egress("wss://a.example"),
    );
    let wish = options(&[("X-Key", "forged"), ("x-own", "mine")], &["v1", "v2"]);
    let request = connect::request(&url, &wish, &egress).unwrap();
    let all = |headers: &HeaderMap, name: &str| -> Vec<String> {
        let values = headers.get_all(name).iter();
        values
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    };
    let headers = request.headers();
    assert_eq!(all(headers, "x-key"), ["s3cret"]);
    assert_eq!(all(headers, "x-own"), ["mine"]);
    assert_eq!(all(headers, "sec-websocket-protocol"), ["v1, v2"]);
    assert_eq!(all(headers, "host"), ["a.example"]);
    assert!(!format!("{request:?}").contains("s3cret"), "not in logs");
}

#[test]
fn a_guest_has_no_say_in_the_protocol() {
    let (url, egress) = (
        "wss://a.example/".parse().unwrap(),
        egress("wss://a.example"),
    );
    let long = "x".repeat(item::WEBSOCKET_OPTIONS);
    for wish in [
        options(&[("Host", "b.example")], &[]),
        options(&[("connection", "close")], &[]),
        options(&[("Sec-WebSocket-Extensions", "permessage-deflate")], &[]),
        options(&[("x-a", "1\r\nx-b: 2")], &[]),
        options(&[("x a", "1")], &[]),
        options(&[("x-a", &long)], &[]),
        options(&[], &["a, b"]),
        options(&[], &["a\r\nx-b: 2"]),
    ] {
        let error = connect::request(&url, &wish, &egress).unwrap_err();
        assert!(matches!(error, Error::Denied(_)), "{error}");
    }
}

/// A server that sends back what it gets, with a certificate that it signed itself.
async fn secure_server() -> u16 {
    const PEM: &[u8] = include_bytes!("tests/self-signed.pem");
    let chain = vec![CertificateDer::from_pem_slice(PEM).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(PEM).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(tls) = acceptor.accept(tcp).await else {
                continue;
            };
            let mut socket = tokio_tungstenite::accept_async(tls).await.unwrap();
            while let Some(Ok(message)) = socket.next().await {
                if message.is_text() {
                    socket.send(message).await.unwrap();
                }
            }
        }
    });
    port
}

#[tokio::test]
async fn a_certificate_must_lead_to_a_root_that_browsers_trust() {
    let port = secure_server().await;
    let grant = egress(&format!("wss://127.0.0.1:{port}"));
    let url: Uri = format!("wss://127.0.0.1:{port}/").parse().unwrap();
    let open = async |tls| {
        let request = connect::request(&url, &options(&[], &[]), &grant).unwrap();
        let patience = Duration::from_secs(20);
        connect::open(request, Route::Private, patience, Arc::new(tls)).await
    };
    let Err(Error::Tls(why)) = open(dial::tls()).await else {
        panic!("it was trusted");
    };
    assert!(
        why.contains("the server's certificate cannot be trusted") && why.contains("Issuer"),
        "{why}"
    );

    // The same server, by somebody who knows it: all else about the connection is right.
    let mut roots = rustls::RootCertStore::empty();
    let own = CertificateDer::from_pem_slice(include_bytes!("tests/self-signed.pem")).unwrap();
    roots.add(own).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let Ok(mut socket) = open(tls).await else {
        panic!("it was not reached");
    };
    socket.send(WireMessage::text("safe")).await.unwrap();
    let back = socket.next().await.unwrap().unwrap();
    assert_eq!(back, WireMessage::text("safe"));
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let plain = b"HTTP/1.1 400 Bad Request\r\n\r\n";
            tokio::io::AsyncWriteExt::write_all(&mut tcp, plain)
                .await
                .unwrap();
        }
    });
    let grant = egress(&format!("wss://127.0.0.1:{port}"));
    let url: Uri = format!("wss://127.0.0.1:{port}/").parse().unwrap();
    let request = connect::request(&url, &options(&[], &[]), &grant).unwrap();
    let patience = Duration::from_secs(20);
    let opened = connect::open(request, Route::Private, patience, Arc::new(dial::tls())).await;
    assert!(matches!(opened, Err(Error::Tls(_))), "it was no TLS");
}
