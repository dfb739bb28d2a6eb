//! The whole adapter against scripted answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use super::*;
use futures::executor::block_on;
use futures::{StreamExt, future};
use serde_json::Value;
use tth_sdk::ErrorCode;
use tth_sdk::http::replay::{Answer, Heard, script};

fn load(settings: &str) -> OpenAi {
    block_on(OpenAi::load(LoadConfig::of(settings))).unwrap()
}

/// A buzz of so many samples.
fn sound(samples: usize) -> Vec<u8> {
    let sample = |n: usize| {
        if (n / 100).is_multiple_of(2) {
            5_000_i16
        } else {
            -5_000
        }
    };
    (0..samples).flat_map(|n| sample(n).to_le_bytes()).collect()
}

fn answer(pieces: &[&[u8]]) -> Answer {
    let head = Answer::new(200).header("content-type", "audio/pcm");
    pieces
        .iter()
        .fold(head, |answer, piece| answer.piece(piece))
}

fn say(adapter: &OpenAi, inputs: Vec<Input>) -> (Vec<Event>, Result<(), Error>) {
    let (sink, events) = Sink::channel(4);
    let inputs = Inputs::new(futures::stream::iter(inputs));
    let call = Tts::stream(
        adapter,
        inputs,
        Control { params: vec![] },
        CallContext::of("t"),
        sink,
    );
    let (ended, events) = block_on(future::join(call, events.collect::<Vec<_>>()));
    (events, ended)
}

fn utterance(text: &str) -> Input {
    Input::Utterance(text.into())
}

fn pcm(events: &[Event]) -> Vec<u8> {
    let bytes = |event: &Event| match event {
        Event::Audio(chunk) => chunk.pcm.clone(),
        _ => vec![],
    };
    events.iter().flat_map(bytes).collect()
}

fn bodies(heard: &Heard) -> Vec<Value> {
    let body = |request: &Request| serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
    heard.requests().iter().map(body).collect()
}

#[test]
fn utterances_are_asked_one_by_one_and_their_sound_is_given_whole() {
    let adapter = load("{}");
    let (one, two) = (sound(24_000), sound(12_000));
    let (head, tail) = one.split_at(10_001);
    let heard = script([answer(&[head, tail]), answer(&[&two])]);
    let faster = Input::Control(Control::of([("speed", 2.0)]));
    let (events, ended) = say(
        &adapter,
        vec![
            utterance("The first one."),
            faster,
            utterance("And the second."),
        ],
    );
    ended.unwrap();
    assert_eq!(pcm(&events), [one, two].concat());
    let bodies = bodies(&heard);
    let told: Vec<_> = bodies
        .iter()
        .map(|body| (&body["input"], &body["speed"]))
        .collect();
    assert_eq!(
        told,
        [
            (&"The first one.".into(), &1.0.into()),
            (&"And the second.".into(), &2.0.into())
        ]
    );
    assert_eq!(
        heard.requests()[0].url.to_string(),
        "https://api.openai.com/v1/audio/speech"
    );
    let ends: Vec<u32> = events
        .iter()
        .filter_map(|event| match event {
            Event::UtteranceEnd(index) => Some(*index),
            _ => None,
        })
        .collect();
    assert_eq!((ends, heard.open()), (vec![0, 1], 0));
    let words: String = events
        .iter()
        .filter_map(|event| match event {
            Event::TextMark(mark) => Some(mark.text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(words, "The first one.And the second.");
    let moving =
        |event: &&Event| matches!(event, Event::Viseme(mark) if mark.shape != tth_sdk::Viseme::Sil);
    assert!(events.iter().filter(moving).count() > 10);
}

#[test]
fn too_long_an_utterance_is_asked_for_in_parts() {
    let adapter = load("{}");
    let sentence = "A sentence that is said very often. ";
    let text = sentence.repeat(300);
    let part = sound(2_401);
    let heard = script(vec![answer(&[&part, &[7]]); 3]);
    let (events, ended) = say(&adapter, vec![utterance(&text)]);
    ended.unwrap();
    let bodies = bodies(&heard);
    let inputs: Vec<&str> = bodies
        .iter()
        .map(|body| body["input"].as_str().unwrap())
        .collect();
    assert_eq!(inputs.concat(), text);
    assert!(inputs.len() == 3 && inputs.iter().all(|input| input.chars().count() <= 4_096));
    assert_eq!(
        pcm(&events),
        part.repeat(3),
        "half a sample at a part's end is dropped"
    );
}

#[test]
fn faults_have_their_codes() {
    let page = Answer::new(200)
        .header("content-type", "text/html")
        .piece("<html>");
    let dry = r#"{"error": {"type": "insufficient_quota", "code": "insufficient_quota"}}"#;
    let second = sound(24_000);
    let endless = vec![second.as_slice(); 40];
    for (answer, seconds, code) in [
        (Answer::new(401), 0, ErrorCode::Unauthenticated),
        (
            Answer::new(429).header("retry-after", "3"),
            0,
            ErrorCode::RateLimited,
        ),
        (Answer::new(429).piece(dry), 0, ErrorCode::QuotaExceeded),
        (Answer::new(400), 0, ErrorCode::InvalidInput),
        (Answer::new(500), 0, ErrorCode::Unavailable),
        (page, 0, ErrorCode::Unavailable),
        (answer(&[]), 0, ErrorCode::Unavailable),
        (answer(&[&[1]]), 0, ErrorCode::Unavailable),
        (answer(&[&second]).cut(), 1, ErrorCode::Unavailable),
        (answer(&endless), 33, ErrorCode::Internal),
    ] {
        let heard = script([answer]);
        let (events, ended) = say(&load("{}"), vec![utterance("Hi.")]);
        let error = ended.unwrap_err();
        assert_eq!(error.code, code, "{error:?}");
        let heard_seconds = pcm(&events).len().div_ceil(48_000);
        assert!(
            heard_seconds.abs_diff(seconds) <= 3,
            "{heard_seconds} s: {error:?}"
        );
        assert_eq!(heard.open(), 0);
        let ended = events
            .iter()
            .any(|event| matches!(event, Event::UtteranceEnd(_)));
        assert!(!ended, "it is not told as spoken");
    }
}

#[test]
fn a_cancelled_call_lets_a_silent_server_go() {
    let heard = script([answer(&[&sound(24_000)]).silence()]);
    let adapter = load("{}");
    let (sink, mut events) = Sink::channel(4);
    let inputs = Inputs::new(futures::stream::iter([utterance("Hello there.")]));
    let call = Tts::stream(
        &adapter,
        inputs,
        Control { params: vec![] },
        CallContext::of("t"),
        sink,
    );
    let user = async move {
        assert!(events.next().await.is_some());
    };
    let (ended, ()) = block_on(future::join(call, user));
    assert!(ended.is_ok(), "being cancelled is no failure");
    assert_eq!(heard.open(), 0);
}

#[test]
fn health_says_whether_it_is_there_and_takes_the_key() {
    let health = |answers: Vec<Answer>| {
        let heard = script(answers);
        let health = block_on(load("{}").health());
        assert!(heard.requests()[0].body.is_none(), "nothing is spoken");
        health.readiness
    };
    assert_eq!(health(vec![Answer::new(200).piece("{}")]), Readiness::Ready);
    assert_eq!(health(vec![Answer::new(404)]), Readiness::Ready);
    assert_eq!(health(vec![Answer::new(401)]), Readiness::Down);
    assert_eq!(health(vec![Answer::new(503)]), Readiness::Down);
    assert_eq!(health(vec![]), Readiness::Down);
}

#[test]
fn the_end_of_every_model_is_announced() {
    let info = OpenAi::info();
    for model in &info.models {
        let word = format!("ends:{model}=2027-01-06");
        assert!(info.features.contains(&word), "{word}");
    }
    assert_eq!(info.models[0], "gpt-4o-mini-tts");
}
