//! Lines that die, fail, or never open.

use super::*;
use tth_sdk::clock::wait_ms;
use tth_sdk::websocket::{self, CloseFrame};

#[test]
fn a_line_that_died_between_two_calls_is_replaced_once() {
    let adapter = load("{}");
    let mut peers = lines(2).into_iter();
    let (dead, peer) = (peers.next().unwrap(), peers.next().unwrap());
    let client = async {
        adapter.warmup().await.unwrap();
        drop(dead);
        let (events, ended) = call(&adapter, said(&["Hello."])).await;
        ended.unwrap();
        assert_eq!(told(&events).0, "Hello.");
        adapter.kept.take();
    };
    block_on(future::join(client, serve(peer, |f| Some(answers(f)))));
    assert_eq!(dialed().len(), 2);

    // Twice is too often, and nobody is there a third time.
    let adapter = load("{}");
    let peers = lines(2);
    let client = async {
        adapter.warmup().await.unwrap();
        drop(peers);
        let (_, ended) = call(&adapter, said(&["Hello."])).await;
        assert_eq!(ended.unwrap_err().code, ErrorCode::Unavailable);
    };
    block_on(client);
    assert_eq!(dialed().len(), 2);
}

#[test]
fn a_line_that_timed_out_between_two_calls_is_replaced() {
    let farewell = json!({"error": "input_timeout_exceeded", "code": 1008});
    // The server may say so before or after it was asked.
    for early in [true, false] {
        let adapter = load("{}");
        let mut peers = lines(2).into_iter();
        let (mut idle, peer) = (peers.next().unwrap(), peers.next().unwrap());
        let client = async {
            adapter.warmup().await.unwrap();
            if early {
                let farewell = Message::Text(farewell.to_string());
                idle.sender.send(farewell).await.unwrap();
            }
            let call = call(&adapter, said(&["Hello."]));
            let server = serve(idle, |_| Some(vec![farewell.clone()]));
            let ((events, ended), _) = future::join(call, server).await;
            ended.unwrap();
            assert_eq!(told(&events).0, "Hello.");
            adapter.kept.take();
        };
        block_on(future::join(client, serve(peer, |f| Some(answers(f)))));
        assert_eq!(dialed().len(), 2);
    }
}

/// How a call ends whose server does this to its text.
fn failed(answer: Option<Value>, farewell: Option<CloseFrame>) -> (f64, Error) {
    let adapter = load("{}");
    let mut peer = lines(1).pop().unwrap();
    let (ending, _) = futures::channel::oneshot::channel();
    let ending = std::mem::replace(&mut peer.ending, ending);
    match farewell {
        Some(farewell) => ending.send(Ok(Some(farewell))).unwrap(),
        None => drop(ending),
    }
    let server = serve(peer, move |frame| match frame["flush"] == true {
        true => answer
            .clone()
            .map(|answer| vec![answers(frame).remove(0), answer]),
        false => Some(vec![]),
    });
    let client = call(&adapter, said(&["Hello there."]));
    let ((events, ended), _) = block_on(future::join(client, async {
        server.await;
    }));
    assert!(
        adapter.kept.take().is_none(),
        "a line that failed is let go"
    );
    (told(&events).1, ended.unwrap_err())
}

#[test]
fn faults_have_their_codes() {
    for (answer, code) in [
        (
            json!({"message": "m", "error": "quota_exceeded", "code": 1008}),
            ErrorCode::QuotaExceeded,
        ),
        (
            json!({"error": "too_many_concurrent_requests", "contextId": "u1"}),
            ErrorCode::RateLimited,
        ),
        (json!("{nonsense"), ErrorCode::Internal),
        (
            json!({"audio": "*", "contextId": "u1"}),
            ErrorCode::Internal,
        ),
    ] {
        let (seconds, error) = failed(Some(answer.clone()), None);
        assert_eq!(error.code, code, "{answer}: {}", error.message);
        // What came before it was sent on.
        assert!(seconds > 0.2, "{answer}: {seconds}");
    }
    let frame = |code: u16, reason: &str| {
        Some(CloseFrame {
            code,
            reason: reason.into(),
        })
    };
    for (farewell, code) in [
        (None, ErrorCode::Unavailable),
        (frame(1011, ""), ErrorCode::Unavailable),
        (frame(1008, "invalid_api_key"), ErrorCode::Unauthenticated),
    ] {
        let (_, error) = failed(None, farewell);
        assert_eq!(error.code, code, "{}", error.message);
    }
}

#[test]
fn a_line_that_is_refused_says_why() {
    let refused =
        "429 Too Many Requests; retry-after: 2; {\"detail\": {\"status\": \"system_busy\"}}";
    script([Err(websocket::Error::Refused(refused.into()))]);
    let (_, ended) = block_on(call(&load("{}"), said(&["Hello."])));
    let error = ended.unwrap_err();
    assert_eq!(
        (error.code, error.retry_after_ms),
        (ErrorCode::RateLimited, Some(2_000))
    );
}

#[test]
fn a_silent_line_is_not_kept() {
    let adapter = load("{}");
    let peer = lines(1).pop().unwrap();
    let client = async {
        let (sink, events) = Sink::channel(4);
        let input = Inputs::new(stream::iter(said(&["One."])).chain(stream::pending()));
        let unwanted = adapter.stream(input, control(&[]), CallContext::of("t"), sink);
        let user = async move {
            wait_ms(20).await;
            drop(events);
        };
        let (ended, ()) = future::join(unwanted, user).await;
        ended.unwrap();
        assert!(adapter.kept.take().is_none());
    };
    let ((), heard) = block_on(future::join(client, serve(peer, |_| Some(vec![]))));
    assert_eq!(heard.len(), 4, "its context is closed all the same");
}

#[test]
fn sound_that_cannot_be_held_ends_the_call() {
    let adapter = load("{}");
    let peer = lines(1).pop().unwrap();
    // The first utterance never ends, and the second has no end of sound.
    let server = serve(peer, |frame| {
        let second = frame["context_id"] == "u2" && frame["flush"] == true;
        let piece = json!({"audio": sound(), "contextId": "u2"});
        Some(vec![piece; if second { 400 } else { 0 }])
    });
    let client = async {
        let (events, ended) = call(&adapter, said(&["One.", "Two."])).await;
        assert_eq!(ended.unwrap_err().code, ErrorCode::Internal);
        assert!(events.is_empty(), "the first had its turn");
    };
    block_on(future::join(client, server));
}
