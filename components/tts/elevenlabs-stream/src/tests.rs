//! The whole adapter against scripted servers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod broken_lines;
mod over_http;

use super::*;
use futures::executor::block_on;
use futures::{SinkExt, StreamExt, future, stream};
use serde_json::{Value, json};
use tth_sdk::websocket::replay::{dialed, script};
use tth_sdk::websocket::{Message, Peer, Socket};

/// Half a second of something that is not silent, in base64: 24 000 bytes.
fn sound() -> String {
    // "ECAQ" is the bytes 0x10 0x20 0x10.
    "ECAQIBAg".repeat(4_000)
}

fn load(settings: &str) -> ElevenLabs {
    block_on(ElevenLabs::load(LoadConfig::of(settings))).unwrap()
}

fn control(params: &[(&str, f64)]) -> Control {
    Control::of(params.iter().copied())
}

fn said(texts: &[&str]) -> Vec<Input> {
    let one = |text: &&str| Input::Utterance((*text).into());
    texts.iter().map(one).collect()
}

/// A call with these inputs: its events, and how it ended.
async fn call(adapter: &ElevenLabs, inputs: Vec<Input>) -> (Vec<Event>, Result<(), Error>) {
    let (sink, events) = Sink::channel(4);
    let input = Inputs::new(stream::iter(inputs));
    let call = adapter.stream(input, control(&[]), CallContext::of("t"), sink);
    let (ended, events) = future::join(call, events.collect()).await;
    (events, ended)
}

/// The marks' text, the seconds of sound, and the utterances that ended.
fn told(events: &[Event]) -> (String, f64, Vec<u32>) {
    let (mut text, mut bytes, mut ends) = (String::new(), 0, Vec::new());
    for event in events {
        match event {
            Event::Audio(chunk) => {
                assert_eq!(chunk.at, bytes as u64 / 2 * 1_000_000 / 24_000, "no gaps");
                bytes += chunk.pcm.len();
            }
            Event::TextMark(mark) => text += &mark.text,
            Event::Viseme(_) => {}
            Event::UtteranceEnd(index) => ends.push(*index),
        }
    }
    (text, bytes as f64 / 48_000.0, ends)
}

/// The answer to a frame as the server has it: half a second for each text, and the end of it.
fn answers(frame: &Value) -> Vec<Value> {
    let context = &frame["context_id"];
    if frame["flush"] == true {
        let chars: Vec<String> = frame["text"]
            .as_str()
            .unwrap()
            .chars()
            .map(Into::into)
            .collect();
        let each = 500 / chars.len();
        let starts: Vec<usize> = (0..chars.len()).map(|n| n * each).collect();
        let durations = vec![each; chars.len()];
        let alignment =
            json!({"chars": chars, "charStartTimesMs": starts, "charDurationsMs": durations});
        vec![
            json!({"audio": sound(), "isFinal": null, "alignment": alignment, "contextId": context}),
        ]
    } else if frame["close_context"] == true {
        vec![json!({"isFinal": true, "context_id": context})]
    } else {
        vec![]
    }
}

/// Serve until the client leaves or `answers` has nothing more to say; what was heard.
async fn serve(
    mut peer: Peer,
    mut answers: impl FnMut(&Value) -> Option<Vec<Value>>,
) -> Vec<Value> {
    let mut heard = Vec::new();
    while let Some(Message::Text(text)) = peer.received.next().await {
        let frame: Value = serde_json::from_str(&text).unwrap();
        heard.push(frame.clone());
        let Some(messages) = answers(&frame) else {
            break;
        };
        for message in messages {
            let text = message
                .as_str()
                .map_or_else(|| message.to_string(), Into::into);
            if peer.sender.send(Message::Text(text)).await.is_err() {
                break;
            }
        }
    }
    heard
}

fn lines(count: usize) -> Vec<Peer> {
    let (sockets, peers): (Vec<Socket>, Vec<Peer>) = (0..count).map(|_| Socket::pair(64)).unzip();
    script(sockets.into_iter().map(Ok));
    peers
}

#[test]
fn utterances_are_spoken_one_after_the_other_over_one_line() {
    let adapter = load("{}");
    let peer = lines(1).pop().unwrap();
    let client = async {
        let texts = ["One two.", " … ", "Three, four."];
        let (events, ended) = call(&adapter, said(&texts)).await;
        ended.unwrap();
        let (text, seconds, ends) = told(&events);
        assert_eq!(text, texts.concat());
        assert_eq!((seconds, ends), (1.0, vec![0, 1, 2]));
        assert!(events.iter().any(|event| matches!(event, Event::Viseme(_))));
        let (events, ended) = call(&adapter, said(&["Five."])).await;
        ended.unwrap();
        assert_eq!(told(&events).0, "Five.");
        adapter.kept.take();
    };
    let ((), heard) = block_on(future::join(client, serve(peer, |f| Some(answers(f)))));
    assert_eq!(dialed().len(), 1, "the line is kept");
    let contexts: Vec<&str> = heard
        .iter()
        .map(|f| f["context_id"].as_str().unwrap())
        .collect();
    assert_eq!(
        contexts,
        ["u1", "u1", "u1", "u2", "u2", "u2", "u3", "u3", "u3"]
    );
    let texts = heard.iter().filter(|f| f["flush"] == true);
    let texts: Vec<&str> = texts.map(|f| f["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["One two. ", "Three, four. ", "Five. "]);
}

#[test]
fn contexts_that_are_made_at_once_are_heard_in_order() {
    let adapter = load("{}");
    let peer = lines(1).pop().unwrap();
    // The first answers only after the second.
    let mut late = Vec::new();
    let server = serve(peer, move |frame| {
        let answers = answers(frame);
        if frame["context_id"] == "u1" {
            late.extend(answers);
            return Some(vec![]);
        }
        let mut all = answers;
        if frame["close_context"] == true {
            all.append(&mut late);
        }
        Some(all)
    });
    let client = async {
        let (events, ended) = call(&adapter, said(&["First one.", "Second one."])).await;
        ended.unwrap();
        let (text, seconds, ends) = told(&events);
        assert_eq!((text.as_str(), seconds), ("First one.Second one.", 1.0));
        assert_eq!(ends, [0, 1]);
        adapter.kept.take();
    };
    block_on(future::join(client, server));
}

#[test]
fn controls_hold_from_the_next_utterance() {
    let adapter = load(r#"{"voice_id": "v"}"#);
    let peer = lines(1).pop().unwrap();
    let client = async {
        let inputs = vec![
            Input::Utterance("One.".into()),
            Input::Control(control(&[("speed", 1.1)])),
            Input::Utterance("Two.".into()),
        ];
        call(&adapter, inputs).await.1.unwrap();
        adapter.kept.take();
    };
    let ((), heard) = block_on(future::join(client, serve(peer, |f| Some(answers(f)))));
    let settings: Vec<&Value> = heard
        .iter()
        .filter(|frame| frame["text"] == " ")
        .map(|frame| &frame["voice_settings"])
        .collect();
    assert_eq!(settings, [&Value::Null, &json!({"speed": 1.1})]);
    assert!(dialed()[0].contains("/text-to-speech/v/multi-stream-input?"));
}

#[test]
fn another_voice_needs_another_line() {
    let adapter = load("{}");
    let mut peers = lines(2).into_iter();
    let (first, second) = (peers.next().unwrap(), peers.next().unwrap());
    let client = async {
        let inputs = vec![
            Input::Utterance("One.".into()),
            Input::Control(Control::of([("voice", "other")])),
            Input::Utterance("Two.".into()),
        ];
        let (events, ended) = call(&adapter, inputs).await;
        ended.unwrap();
        assert_eq!(told(&events).0, "One.Two.");
        adapter.kept.take();
    };
    let servers = future::join(
        serve(first, |f| Some(answers(f))),
        serve(second, |f| Some(answers(f))),
    );
    let ((), (one, two)) = block_on(future::join(client, servers));
    assert_eq!((one.len(), two.len()), (3, 3));
    assert!(dialed()[1].contains("/other/"));
}

#[test]
fn messages_of_nobody_disturb_nobody() {
    let adapter = load("{}");
    let peer = lines(1).pop().unwrap();
    let server = serve(peer, |frame| {
        let mut all = vec![
            json!({"audio": sound(), "contextId": "u99"}),
            json!({"error": "gone", "contextId": "u98"}),
            json!({"surprise": true}),
        ];
        all.extend(answers(frame));
        Some(all)
    });
    let client = async {
        let (events, ended) = call(&adapter, said(&["One."])).await;
        ended.unwrap();
        assert_eq!(told(&events), ("One.".to_owned(), 0.5, vec![0]));
        adapter.kept.take();
    };
    block_on(future::join(client, server));
}

#[test]
fn a_call_that_is_not_wanted_ends_its_contexts_and_leaves_the_line() {
    let adapter = load("{}");
    let peer = lines(1).pop().unwrap();
    let server = serve(peer, |frame| match frame["context_id"] == "u1" {
        // Sound without an end, until the next call: then what is left of it.
        true => Some(
            answers(frame)
                .into_iter()
                .take(usize::from(frame["flush"] == true))
                .collect(),
        ),
        false => {
            let mut all = vec![json!({"audio": sound(), "contextId": "u1"})];
            all.extend(answers(frame));
            all.push(json!({"isFinal": true, "contextId": "u1"}));
            Some(all)
        }
    });
    let client = async {
        let (sink, mut events) = Sink::channel(0);
        let input = Inputs::new(stream::iter(said(&["One."])).chain(stream::pending()));
        let unwanted = adapter.stream(input, control(&[]), CallContext::of("t"), sink);
        let user = async move { while !matches!(events.next().await, Some(Event::Audio(_))) {} };
        let (ended, ()) = future::join(unwanted, user).await;
        ended.unwrap();
        let (events, ended) = call(&adapter, said(&["Two."])).await;
        ended.unwrap();
        let (text, seconds, _) = told(&events);
        assert_eq!(
            (text.as_str(), seconds),
            ("Two.", 0.5),
            "nothing of the old"
        );
        adapter.kept.take();
    };
    let ((), heard) = block_on(future::join(client, server));
    assert_eq!(dialed().len(), 1);
    let closed = heard
        .iter()
        .filter(|f| f["context_id"] == "u1" && f["close_context"] == true);
    assert_eq!(closed.count(), 2, "once as its end, once as a farewell");
}

#[test]
fn a_server_that_is_down_does_not_keep_the_adapter_from_loading() {
    script([]);
    block_on(load("{}").warmup()).unwrap();
}

#[test]
fn a_voice_that_is_no_id_never_gets_into_an_address() {
    lines(1);
    let (sink, _events) = Sink::channel(4);
    let control = Control::of([("voice", "../../v1/user?x=")]);
    let input = Inputs::new(stream::iter(said(&["Hello."])));
    let ended = block_on(load("{}").stream(input, control, CallContext::of("t"), sink));
    assert_eq!(ended.unwrap_err().code, ErrorCode::InvalidInput);
    assert!(dialed().is_empty());
}

#[test]
fn what_is_declared_is_what_comes() {
    let info = ElevenLabs::info();
    assert_eq!(info.name, "elevenlabs-stream");
    assert_eq!(info.audio.map(|audio| audio.sample_rate), Some(24_000));
    assert_eq!(
        info.models.first().map(String::as_str),
        Some("eleven_flash_v2_5")
    );
}
