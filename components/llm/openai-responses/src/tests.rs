//! The whole adapter against scripted answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use super::*;
use futures::executor::block_on;
use futures::{StreamExt, future};
use serde_json::{Value, json};
use tth_sdk::ErrorCode;
use tth_sdk::http::replay::{Answer, script};
use tth_sdk::llm::Role;

fn load(settings: &str) -> OpenAiResponses {
    block_on(OpenAiResponses::load(LoadConfig::of(settings))).unwrap()
}

fn stream(texts: &[&str]) -> Answer {
    let mut answer = Answer::new(200)
        .header("content-type", "text/event-stream; charset=utf-8")
        .header("x-request-id", "req_1");
    for text in texts {
        let delta = json!({"type": "response.output_text.delta", "output_index": 0, "delta": text});
        answer = answer.piece(format!("data: {delta}\n\n"));
    }
    answer
}

fn completed() -> String {
    let usage = json!({"input_tokens": 3, "output_tokens": 4});
    let response = json!({"model": "gpt-6-luna", "usage": usage});
    let event = json!({"type": "response.completed", "response": response});
    format!("data: {event}\n\n")
}

fn ask(adapter: &OpenAiResponses) -> (String, Result<Usage, Error>) {
    let hello = Message::of(Role::User, "Hello");
    let (sink, events) = Sink::channel(4);
    let control = Control { params: vec![] };
    let call = adapter.stream(vec![hello], control, CallContext::of("t-1"), sink);
    let texts = events.map(|event: Event| event.into_text().unwrap());
    let (ended, text) = block_on(future::join(call, texts.collect::<String>()));
    (text, ended)
}

#[test]
fn an_answer_is_asked_for_and_its_connection_let_go() {
    let adapter = load("{}");
    let heard = script([
        Answer::new(200).piece("{}"),
        stream(&["Hi ", "there."]).piece(completed()),
    ]);
    block_on(adapter.warmup()).unwrap();
    let (text, usage) = ask(&adapter);
    let usage = usage.unwrap();
    assert_eq!((text.as_str(), usage.input_tokens), ("Hi there.", 3));
    let requests = heard.requests();
    let urls: Vec<String> = requests.iter().map(|one| one.url.to_string()).collect();
    assert_eq!(
        urls,
        [
            "https://api.openai.com/v1/models/gpt-6-luna",
            "https://api.openai.com/v1/responses"
        ]
    );
    let asked = requests.last().unwrap();
    let header = |name: &str, value: &str| asked.headers.contains(&(name.into(), value.into()));
    assert!(header("x-client-request-id", "t-1") && header("accept", "text/event-stream"));
    let body: Value = serde_json::from_slice(asked.body.as_deref().unwrap()).unwrap();
    assert_eq!(body.get("model"), Some(&json!("gpt-6-luna")));
    assert_eq!(heard.open(), 0, "every answer was let go");
}

#[test]
fn faults_have_their_codes() {
    let page = Answer::new(200)
        .header("content-type", "text/html")
        .piece("<html>");
    let dry = r#"{"error": {"type": "insufficient_quota", "code": "insufficient_quota"}}"#;
    for (answer, said, code, wait) in [
        (Answer::new(401), "", ErrorCode::Unauthenticated, None),
        (
            Answer::new(429).header("retry-after", "3"),
            "",
            ErrorCode::RateLimited,
            Some(3_000),
        ),
        (
            Answer::new(503)
                .header("retry-after", "3")
                .header("retry-after-ms", "2500"),
            "",
            ErrorCode::Unavailable,
            Some(2_500),
        ),
        (
            Answer::new(429).piece(dry),
            "",
            ErrorCode::QuotaExceeded,
            None,
        ),
        (page, "", ErrorCode::Unavailable, None),
        (stream(&["One"]).cut(), "One", ErrorCode::Unavailable, None),
        (stream(&["One"]), "One", ErrorCode::Unavailable, None),
        (
            stream(&["One"]).piece("data: {\n\n"),
            "One",
            ErrorCode::Internal,
            None,
        ),
    ] {
        let adapter = load("{}");
        let heard = script([answer.clone()]);
        let (text, ended) = ask(&adapter);
        let error = ended.unwrap_err();
        assert_eq!(
            (text.as_str(), error.code, error.retry_after_ms),
            (said, code, wait),
            "{answer:?}"
        );
        assert_eq!(heard.open(), 0);
    }
}

#[test]
fn a_cancelled_call_lets_a_silent_server_go() {
    let adapter = load("{}");
    let heard = script([stream(&["One"]).silence()]);
    let (sink, mut events) = Sink::channel(4);
    let call = adapter.stream(
        vec![],
        Control { params: vec![] },
        CallContext::of(""),
        sink,
    );
    let user = async move {
        let first = events.next().await;
        assert!(matches!(first, Some(Event::Text(text)) if text == "One"));
    };
    let (ended, ()) = block_on(future::join(call, user));
    assert!(ended.is_ok(), "being cancelled is no failure");
    assert_eq!(heard.open(), 0);
}

#[test]
fn health_says_what_the_vendor_says() {
    let health = |answers: Vec<Answer>| {
        let heard = script(answers);
        let health = block_on(load("{}").health());
        assert_eq!(heard.open(), 0);
        health
    };
    assert_eq!(
        health(vec![Answer::new(200).piece("{}")]).readiness,
        Readiness::Ready
    );
    assert_eq!(health(vec![]).readiness, Readiness::Down);
    assert_eq!(health(vec![Answer::new(401)]).readiness, Readiness::Down);
    let unknown = health(vec![Answer::new(404)]);
    assert_eq!(unknown.readiness, Readiness::Degraded);
    assert!(unknown.detail.contains("gpt-6-luna"), "{}", unknown.detail);
}

#[test]
fn a_vendor_that_is_down_does_not_keep_the_adapter_from_loading() {
    let _nobody = script([]);
    block_on(load("{}").warmup()).unwrap();
}

#[test]
fn models_that_end_are_announced_and_none_of_them_is_offered() {
    let info = OpenAiResponses::info();
    assert_eq!(info.models.first().map(String::as_str), Some("gpt-6-luna"));
    assert!(info.features.contains(&"ends:gpt-5-mini=2026-12-11".into()));
    let ends = |model: &String| {
        let word = format!("ends:{model}=");
        info.features
            .iter()
            .any(|feature| feature.starts_with(&word))
    };
    assert!(!info.models.iter().any(ends));
}
