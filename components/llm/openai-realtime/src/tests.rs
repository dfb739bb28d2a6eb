//! The whole adapter against scripted servers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use super::*;
use futures::channel::mpsc;
use futures::executor::block_on;
use futures::{SinkExt, StreamExt, future};
use serde_json::{Value, json};
use std::time::Duration;
use tth_sdk::ErrorCode;
use tth_sdk::llm::Role;
use tth_sdk::websocket::replay::{dialed, script};
use tth_sdk::websocket::{self, CloseFrame, Message as Frame, Peer, Socket};

fn load() -> OpenAiRealtime {
    block_on(OpenAiRealtime::load(LoadConfig::of("{}"))).unwrap()
}

/// A server that is there, and those after it.
fn servers<const N: usize>() -> [Peer; N] {
    let pairs: [(Socket, Peer); N] = std::array::from_fn(|_| Socket::pair(64));
    let mut peers = Vec::new();
    script(pairs.map(|(socket, peer)| {
        peers.push(peer);
        Ok(socket)
    }));
    let Ok(peers) = peers.try_into() else {
        panic!("as many as there are");
    };
    peers
}

type Call<'a> = (
    future::LocalBoxFuture<'a, Result<Usage, Error>>,
    mpsc::Receiver<Event>,
);

fn call<'a>(adapter: &'a OpenAiRealtime, text: &str) -> Call<'a> {
    let message = Message::of(Role::User, text);
    let context = CallContext::of("t-1");
    let (sink, events) = Sink::channel(4);
    let call = adapter.stream(vec![message], Control { params: vec![] }, context, sink);
    (Box::pin(call), events)
}

async fn read(events: mpsc::Receiver<Event>) -> String {
    let texts = events.map(|event: Event| event.into_text().unwrap());
    texts.collect().await
}

fn ask(
    adapter: &OpenAiRealtime,
    text: &str,
    server: impl Future<Output = ()>,
) -> (String, Result<Usage, Error>) {
    let (call, events) = call(adapter, text);
    let (ended, said, ()) = block_on(future::join3(call, read(events), server));
    (said, ended)
}

/// The next event that the server hears, after the set-up of a session.
async fn heard(peer: &mut Peer) -> Value {
    loop {
        let Some(Frame::Text(text)) = peer.received.next().await else {
            panic!("the client left");
        };
        let event: Value = serde_json::from_str(&text).unwrap();
        if event["type"] != "session.update" {
            return event;
        }
    }
}

async fn tell(peer: &mut Peer, event: Value) {
    peer.sender
        .send(Frame::Text(event.to_string()))
        .await
        .unwrap();
}

/// Begin to answer: the response to what is heard next.
async fn begin(peer: &mut Peer, id: &str, text: &str) -> Value {
    let asked = heard(peer).await;
    let metadata = &asked["response"]["metadata"];
    let response = json!({"id": id, "metadata": metadata});
    tell(
        peer,
        json!({"type": "response.created", "response": response}),
    )
    .await;
    tell(
        peer,
        json!({"type": "response.output_text.delta", "response_id": id, "output_index": 0, "delta": text}),
    )
    .await;
    asked
}

async fn done(peer: &mut Peer, id: &str, status: &str) {
    let usage = json!({"input_tokens": 2, "output_tokens": 3});
    let response = json!({"id": id, "status": status, "usage": usage});
    tell(peer, json!({"type": "response.done", "response": response})).await;
}

#[test]
fn one_connection_serves_one_call_after_the_other() {
    let adapter = load();
    let [mut peer] = servers();
    block_on(adapter.warmup()).unwrap();
    assert_eq!(
        dialed(),
        ["wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1-mini"]
    );
    for (n, word) in ["One", "Two"].into_iter().enumerate() {
        let id = format!("r-{n}");
        let (said, usage) = ask(&adapter, word, async {
            let asked = begin(&mut peer, &id, word).await;
            let input = &asked["response"]["input"];
            assert_eq!(input.as_array().unwrap().len(), 1, "and nothing of before");
            assert_eq!(input[0]["content"][0]["text"], word);
            done(&mut peer, &id, "completed").await;
        });
        assert_eq!((said.as_str(), usage.unwrap().output_tokens), (word, 3));
    }
    assert_eq!(dialed().len(), 1);
    assert_eq!(block_on(adapter.health()).readiness, Readiness::Ready);
    assert_eq!(dialed().len(), 1, "the one that is open says enough");
}

#[test]
fn a_cancelled_call_tells_the_vendor_and_leaves_nothing_for_the_next() {
    let adapter = load();
    let [mut peer] = servers();
    let (first, mut events) = call(&adapter, "Tell me everything.");
    let server = async {
        begin(&mut peer, "r-0", "One").await;
        let cancel = heard(&mut peer).await;
        assert_eq!(cancel["type"], "response.cancel");
        assert_eq!(cancel["response_id"], "r-0");
        // What was on its way already.
        tell(
            &mut peer,
            json!({"type": "response.output_text.delta", "response_id": "r-0", "delta": "late"}),
        )
        .await;
        done(&mut peer, "r-0", "cancelled").await;
    };
    let user = async {
        assert!(matches!(events.next().await, Some(Event::Text(text)) if text == "One"));
        drop(events);
    };
    let (ended, (), ()) = block_on(future::join3(first, server, user));
    assert_eq!(
        ended.unwrap().output_tokens,
        3,
        "what was used is accounted for"
    );
    let (said, _) = ask(&adapter, "And now?", async {
        begin(&mut peer, "r-1", "Two").await;
        done(&mut peer, "r-1", "completed").await;
    });
    assert_eq!((said.as_str(), dialed().len()), ("Two", 1));
}

/// A call that is cancelled after its first word, by a server that does not say that it stopped.
fn unconfirmed(adapter: &OpenAiRealtime, peer: &mut Peer) {
    let (first, mut events) = call(adapter, "Tell me everything.");
    let server = async {
        begin(peer, "r-0", "One").await;
        assert_eq!(heard(peer).await["type"], "response.cancel");
    };
    let user = async {
        events.next().await.unwrap();
        drop(events);
    };
    let (ended, (), ()) = block_on(future::join3(first, server, user));
    assert!(ended.is_ok(), "being cancelled is no failure");
}

#[test]
fn a_late_confirmation_saves_the_connection() {
    let adapter = load();
    let [mut peer] = servers();
    unconfirmed(&adapter, &mut peer);
    block_on(done(&mut peer, "r-0", "cancelled"));
    let (said, _) = ask(&adapter, "And now?", async {
        begin(&mut peer, "r-1", "Two").await;
        done(&mut peer, "r-1", "completed").await;
    });
    assert_eq!((said.as_str(), dialed().len()), ("Two", 1));
}

#[test]
fn without_one_the_next_call_has_a_connection_of_its_own() {
    let adapter = load();
    let [mut silent, mut peer] = servers();
    unconfirmed(&adapter, &mut silent);
    let (said, _) = ask(&adapter, "And now?", async {
        begin(&mut peer, "r-1", "Two").await;
        done(&mut peer, "r-1", "completed").await;
    });
    assert_eq!((said.as_str(), dialed().len()), ("Two", 2));
    let closed = block_on(silent.received.next());
    assert!(closed.is_none(), "the silent one was let go");
}

#[test]
fn a_call_that_was_never_begun_closes_the_connection() {
    let adapter = load();
    let [mut peer] = servers();
    let (first, events) = call(&adapter, "Hello?");
    let user = async {
        assert_eq!(heard(&mut peer).await["type"], "response.create");
        drop(events);
    };
    let (ended, ()) = block_on(future::join(first, user));
    assert!(ended.is_ok());
    assert!(block_on(peer.received.next()).is_none(), "closed");
}

#[test]
fn a_connection_that_died_is_replaced_once() {
    let adapter = load();
    let [gone, unnoticed, mut peer] = servers();
    block_on(adapter.warmup()).unwrap();
    drop(gone);
    block_on(adapter.warmup()).unwrap();
    assert_eq!(dialed().len(), 2, "it was seen to be gone");
    let (said, _) = ask(&adapter, "Hello?", async {
        // It breaks when it is asked.
        let mut unnoticed = unnoticed;
        assert_eq!(heard(&mut unnoticed).await["type"], "response.create");
        drop(unnoticed);
        begin(&mut peer, "r-1", "Hi").await;
        done(&mut peer, "r-1", "completed").await;
    });
    assert_eq!((said.as_str(), dialed().len()), ("Hi", 3));
}

#[test]
fn an_old_connection_is_renewed() {
    let adapter = load();
    let [_old, _new] = servers();
    let (line, kept) = block_on(adapter.0.line()).unwrap_or_else(|e| panic!("{e:?}"));
    assert!(!kept);
    adapter
        .0
        .keep(line.aged(Duration::from_secs(54 * 60)).unwrap());
    let (line, kept) = block_on(adapter.0.line()).unwrap_or_else(|e| panic!("{e:?}"));
    assert!(kept, "it has some minutes left");
    adapter
        .0
        .keep(line.aged(Duration::from_secs(56 * 60)).unwrap());
    block_on(adapter.warmup()).unwrap();
    assert_eq!(dialed().len(), 2);
}

#[test]
fn refusals_and_farewells_have_their_codes() {
    let refused = |text: &str| Err(websocket::Error::Refused(text.into()));
    for (socket, code) in [
        (
            refused("401 Unauthorized; {\"error\": {\"code\": \"invalid_api_key\"}}"),
            ErrorCode::Unauthenticated,
        ),
        (
            refused("429 Too Many Requests; {\"error\": {\"code\": \"insufficient_quota\"}}"),
            ErrorCode::QuotaExceeded,
        ),
        (
            refused("429 Too Many Requests; retry-after: 3"),
            ErrorCode::RateLimited,
        ),
        (refused("200 OK; <html>"), ErrorCode::Unavailable),
        (
            refused("the server cannot be reached"),
            ErrorCode::Unavailable,
        ),
        (Err(websocket::Error::Timeout), ErrorCode::Timeout),
        (
            Err(websocket::Error::Denied(
                "wss://x is not in allow.hosts".into(),
            )),
            ErrorCode::InvalidConfig,
        ),
    ] {
        script([socket]);
        let error = ask(&load(), "Hello?", async {}).1.unwrap_err();
        assert_eq!(error.code, code, "{}", error.message);
        script([]);
        block_on(load().warmup()).unwrap();
    }
    let frame = |code| {
        Ok(Some(CloseFrame {
            code,
            reason: "a secret".into(),
        }))
    };
    for (ending, code) in [
        (frame(4000), ErrorCode::Unsupported),
        (frame(1011), ErrorCode::Unavailable),
        (Ok(None), ErrorCode::Unavailable),
        (Err(websocket::Error::Timeout), ErrorCode::Timeout),
    ] {
        let [mut peer] = servers();
        let (said, ended) = ask(&load(), "Hello?", async {
            begin(&mut peer, "r-0", "One").await;
            peer.ending.send(ending).unwrap();
            drop(peer.sender);
        });
        let error = ended.unwrap_err();
        assert_eq!((said.as_str(), error.code), ("One", code));
        assert!(!error.message.contains("secret"));
    }
}

#[test]
fn a_failed_response_keeps_the_connection_and_a_broken_one_does_not() {
    let adapter = load();
    let [mut first, mut second] = servers();
    let failed = ask(&adapter, "One", async {
        begin(&mut first, "r-0", "x").await;
        done(&mut first, "r-0", "failed").await;
    });
    assert_eq!(failed.1.unwrap_err().code, ErrorCode::Unavailable);
    let broken = ask(&adapter, "Two", async {
        begin(&mut first, "r-1", "x").await;
        first.sender.send(Frame::Text("{".into())).await.unwrap();
    });
    assert_eq!(broken.1.unwrap_err().code, ErrorCode::Internal);
    assert_eq!(dialed().len(), 1);
    let (said, _) = ask(&adapter, "Three", async {
        begin(&mut second, "r-2", "Yes").await;
        done(&mut second, "r-2", "completed").await;
    });
    assert_eq!((said.as_str(), dialed().len()), ("Yes", 2));
}

#[test]
fn health_says_whether_it_can_be_reached() {
    script([]);
    assert_eq!(block_on(load().health()).readiness, Readiness::Down);
    let [_peer] = servers();
    assert_eq!(block_on(load().health()).readiness, Readiness::Ready);
}

#[test]
fn models_that_end_are_announced_and_none_of_them_is_offered() {
    let info = OpenAiRealtime::info();
    let default = info.models.first().map(String::as_str);
    assert_eq!(default, Some("gpt-realtime-2.1-mini"));
    let announced = |model: &str| {
        let word = format!("ends:{model}=");
        info.features
            .iter()
            .any(|feature| feature.starts_with(&word))
    };
    assert!(announced("gpt-realtime-mini"));
    assert!(!info.models.iter().any(|model| announced(model)));
}
