//! The whole adapter against scripted answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use super::*;
use futures::executor::block_on;
use futures::{StreamExt, future};
use tth_sdk::ErrorCode;
use tth_sdk::base64;
use tth_sdk::http::replay::{Answer, script};

fn load(settings: &str) -> CosyVoice {
    block_on(CosyVoice::load(LoadConfig::of(settings))).unwrap()
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

fn said(params: &[(&str, &str)]) -> Control {
    Control::of(params.iter().copied())
}

fn context() -> CallContext {
    CallContext {
        language: "zh".into(),
        ..CallContext::of("t")
    }
}

fn say(adapter: &CosyVoice, text: &str, control: Control) -> (Vec<Event>, Result<(), Error>) {
    let (sink, events) = Sink::channel(4);
    let inputs = Inputs::new(futures::stream::iter([Input::Utterance(text.into())]));
    let call = Tts::stream(adapter, inputs, control, context(), sink);
    let (ended, events) = block_on(future::join(call, events.collect::<Vec<_>>()));
    (events, ended)
}

fn samples(events: &[Event]) -> usize {
    let samples = |event: &Event| match event {
        Event::Audio(chunk) => {
            assert_eq!(chunk.format.sample_rate, 24_000);
            chunk.pcm.len() / 2
        }
        _ => 0,
    };
    events.iter().map(samples).sum()
}

#[test]
fn each_mode_fills_in_its_form() {
    let wav = wav::tests::silence(16_000, 1);
    let recorded = base64::encode(&wav);
    let imitating = |mode: &str| {
        format!(r#"{{"mode": "{mode}", "prompt_wav": "{recorded}", "prompt_text": "你好。"}}"#)
    };
    let control = said(&[("voice", "英文男"), ("instruct_text", "Be glad.")]);
    for (settings, path, rate, fields, file) in [
        (
            r#"{"mode": "sft"}"#.to_owned(),
            "/inference_sft",
            22_050,
            vec![("spk_id", "英文男")],
            false,
        ),
        (
            r#"{"mode": "instruct"}"#.to_owned(),
            "/inference_instruct",
            22_050,
            vec![("spk_id", "英文男"), ("instruct_text", "Be glad.")],
            false,
        ),
        (
            imitating("instruct2"),
            "/inference_instruct2",
            24_000,
            vec![("instruct_text", "Be glad.<|endofprompt|>")],
            true,
        ),
        (
            imitating("zero_shot"),
            "/inference_zero_shot",
            24_000,
            vec![("prompt_text", "你好。")],
            true,
        ),
        (
            imitating("cross_lingual"),
            "/inference_cross_lingual",
            24_000,
            vec![],
            true,
        ),
    ] {
        let adapter = load(&settings);
        let heard = script([Answer::new(200).piece(sound(rate))]);
        let (events, ended) = say(&adapter, "Hello <|endofprompt|>.", control.clone());
        ended.unwrap();
        assert_eq!(
            samples(&events),
            24_000,
            "a second of it, at the rate of the contract"
        );
        let request = heard.requests().remove(0);
        assert_eq!(request.url.path(), path);
        let kind = request
            .headers
            .iter()
            .find(|(name, _)| name == "content-type")
            .unwrap();
        assert_eq!(kind.1, "multipart/form-data; boundary=tth-form-0");
        let body = request.body.unwrap();
        let found = |part: &[u8]| body.windows(part.len()).filter(|one| *one == part).count();
        let names = found(b"; name=\"");
        assert_eq!(names, 1 + fields.len() + usize::from(file), "{path}");
        for (name, value) in [("tts_text", "Hello endofprompt.")].iter().chain(&fields) {
            let part = format!("name=\"{name}\"\r\n\r\n{value}\r\n--tth-form-0");
            assert_eq!(found(part.as_bytes()), 1, "{path}: {name}");
        }
        assert_eq!(found(&wav), usize::from(file), "{path}");
    }
}

#[test]
fn faults_have_their_codes() {
    let unfilled = r#"{"detail": [{"type": "missing", "loc": ["body", "spk_id"]}]}"#;
    for (answer, code) in [
        (Answer::new(422).piece(unfilled), ErrorCode::InvalidInput),
        (
            Answer::new(500).piece("Internal Server Error"),
            ErrorCode::Unavailable,
        ),
        // What fails after the head only ends the body.
        (Answer::new(200), ErrorCode::Unavailable),
        (
            Answer::new(200).piece(sound(22_050)).cut(),
            ErrorCode::Unavailable,
        ),
        (
            Answer::new(200)
                .header("content-type", "text/html")
                .piece("<html>"),
            ErrorCode::Unavailable,
        ),
    ] {
        let heard = script([answer]);
        let (_, ended) = say(&load("{}"), "Hello.", said(&[]));
        let error = ended.unwrap_err();
        assert_eq!(error.code, code, "{error:?}");
        assert_eq!(heard.open(), 0);
    }
}

#[test]
fn health_looks_for_the_list_of_routes() {
    let heard = script([Answer::new(200), Answer::new(502)]);
    let adapter = load("{}");
    assert_eq!(block_on(adapter.health()).readiness, Readiness::Ready);
    assert_eq!(block_on(adapter.health()).readiness, Readiness::Down);
    assert_eq!(
        block_on(adapter.health()).readiness,
        Readiness::Down,
        "nobody there"
    );
    assert_eq!(heard.requests()[0].url.path(), "/docs");
}
