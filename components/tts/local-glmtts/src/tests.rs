//! The whole adapter against scripted answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use super::*;
use futures::executor::block_on;
use futures::{StreamExt, future};
use serde_json::{Value, json};
use tth_sdk::ErrorCode;
use tth_sdk::http::replay::{Answer, Heard, script};

fn load(settings: &str) -> GlmTts {
    block_on(GlmTts::load(LoadConfig::of(settings))).unwrap()
}

fn sound(samples: usize) -> Answer {
    let sample = |n: usize| {
        if (n / 100).is_multiple_of(2) {
            5_000_i16
        } else {
            -5_000
        }
    };
    let pcm: Vec<u8> = (0..samples).flat_map(|n| sample(n).to_le_bytes()).collect();
    Answer::new(200)
        .header("content-type", "audio/L16; rate=24000; channels=1")
        .header("x-sample-rate", "24000")
        .piece(pcm)
}

fn voices(ids: &[&str]) -> Answer {
    let voices: Vec<Value> = ids
        .iter()
        .map(|id| json!({"id": id, "prompt_text": "…"}))
        .collect();
    Answer::new(200).piece(json!({ "voices": voices }).to_string())
}

fn say(adapter: &GlmTts, text: &str, voice: Option<&str>) -> (Vec<Event>, Result<(), Error>) {
    let context = CallContext {
        language: "zh".into(),
        ..CallContext::of("t-1")
    };
    let control = Control::of(voice.map(|voice| ("voice", voice)));
    let (sink, events) = Sink::channel(4);
    let inputs = Inputs::new(futures::stream::iter([Input::Utterance(text.into())]));
    let call = Tts::stream(adapter, inputs, control, context, sink);
    let (ended, events) = block_on(future::join(call, events.collect::<Vec<_>>()));
    (events, ended)
}

fn asked(heard: &Heard) -> Vec<(String, Value)> {
    let request = |request: tth_sdk::http::Request| {
        let body = request.body.unwrap_or_default();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        (request.url.path().to_owned(), body)
    };
    heard.requests().into_iter().map(request).collect()
}

fn samples(events: &[Event]) -> usize {
    let samples = |event: &Event| match event {
        Event::Audio(chunk) => chunk.pcm.len() / 2,
        _ => 0,
    };
    events.iter().map(samples).sum()
}

#[test]
fn the_first_voice_of_the_server_is_learnt_and_remembered() {
    let adapter = load(r#"{"seed": 7}"#);
    let heard = script([
        voices(&["lin", "other"]),
        sound(24_000),
        sound(12_000),
        Answer::new(404).piece(r#"{"error": {"code": "voice_not_found"}}"#),
        voices(&["new"]),
        sound(2_400),
    ]);
    block_on(adapter.warmup()).unwrap();
    for (text, length) in [
        ("你好，世界。", 24_000),
        ("再见。", 12_000),
        ("好。", 2_400),
    ] {
        let (events, ended) = say(&adapter, text, None);
        ended.unwrap();
        assert_eq!(samples(&events), length);
    }
    let asked = asked(&heard);
    assert_eq!(
        asked[1],
        (
            "/v1/tts/stream".to_owned(),
            json!({
                "text": "你好，世界。", "voice_id": "lin", "sample_rate": 24_000, "seed": 7,
                "use_phoneme": false, "use_cache": true, "request_id": "t-1-0",
            })
        )
    );
    assert_eq!(asked[2].1["request_id"], "t-1-1");
    assert_eq!(
        asked[5].1["voice_id"], "new",
        "the server was started again"
    );
}

#[test]
fn a_voice_that_was_asked_for_is_not_guessed_at() {
    let adapter = load(r#"{"voice": "mine"}"#);
    let heard = script([sound(2_400), Answer::new(404), Answer::new(404)]);
    say(&adapter, "你好。", None).1.unwrap();
    let error = say(&adapter, "你好。", Some("hers")).1.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    let voices: Vec<Value> = asked(&heard)
        .iter()
        .map(|(_, body)| body["voice_id"].clone())
        .collect();
    assert_eq!(voices, ["mine", "hers"]);
}

#[test]
fn a_long_text_is_asked_for_in_parts() {
    let adapter = load(r#"{"voice": "mine"}"#);
    let text = "这是一个很长的句子。".repeat(120);
    let heard = script(vec![sound(2_400); 3]);
    let (events, ended) = say(&adapter, &text, None);
    ended.unwrap();
    assert_eq!(samples(&events), 7_200);
    let parts: Vec<String> = asked(&heard)
        .iter()
        .map(|(_, body)| body["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(parts.concat(), text);
    assert!(parts.iter().all(|part| part.chars().count() <= 500));
}

#[test]
fn faults_have_their_codes() {
    let busy = r#"{"error": {"code": "busy", "message": "…", "retryable": true}}"#;
    let page = Answer::new(200)
        .header("content-type", "text/html")
        .piece("<html>");
    let other = Answer::new(200)
        .header("content-type", "audio/L16; rate=32000; channels=1")
        .header("x-sample-rate", "32000")
        .piece([0; 100]);
    for (answer, code, wait) in [
        (Answer::new(400), ErrorCode::InvalidInput, None),
        (
            Answer::new(429).header("retry-after", "2").piece(busy),
            ErrorCode::RateLimited,
            Some(2_000),
        ),
        (Answer::new(500), ErrorCode::Unavailable, None),
        (page, ErrorCode::Unavailable, None),
        (other, ErrorCode::Internal, None),
        (sound(0), ErrorCode::Unavailable, None),
        (sound(24_000).cut(), ErrorCode::Unavailable, None),
    ] {
        let heard = script([answer]);
        let error = say(&load(r#"{"voice": "v"}"#), "你好。", None)
            .1
            .unwrap_err();
        assert_eq!(
            (error.code, error.retry_after_ms),
            (code, wait),
            "{error:?}"
        );
        assert_eq!(heard.open(), 0);
    }
    let _voiceless = script([voices(&[])]);
    let error = say(&load("{}"), "你好。", None).1.unwrap_err();
    assert!(error.message.contains("no voice"), "{error:?}");
}

#[test]
fn health_says_what_the_server_says() {
    let health = |answers: Vec<Answer>| {
        let _heard = script(answers);
        block_on(load("{}").health())
    };
    let well = Answer::new(200).piece(r#"{"status": "ok", "model": "glm-tts"}"#);
    assert_eq!(health(vec![well]).readiness, Readiness::Ready);
    let loading = health(vec![Answer::new(503)]);
    assert_eq!(loading.readiness, Readiness::Down);
    assert!(loading.detail.contains("loading"), "{}", loading.detail);
    let odd = Answer::new(200).piece("{}");
    assert_eq!(health(vec![odd]).readiness, Readiness::Down);
    assert_eq!(health(vec![]).readiness, Readiness::Down);
}

#[test]
fn a_server_that_is_down_does_not_keep_the_adapter_from_loading() {
    let _nobody = script([]);
    block_on(load("{}").warmup()).unwrap();
}
