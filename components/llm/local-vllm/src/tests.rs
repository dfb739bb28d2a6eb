//! The whole adapter against scripted answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use super::*;
use futures::executor::block_on;
use futures::{StreamExt, future};
use serde_json::{Value, json};
use tth_sdk::ErrorCode;
use tth_sdk::http::replay::{Answer, Heard, script};
use tth_sdk::llm::Role;

fn load(settings: &str) -> LocalVllm {
    block_on(LocalVllm::load(LoadConfig::of(settings))).unwrap()
}

fn stream(texts: &[&str]) -> Answer {
    let mut answer = Answer::new(200).header("content-type", "text/event-stream");
    for text in texts {
        let chunk = json!({"choices": [{"delta": {"content": text}}]});
        answer = answer.piece(format!("data: {chunk}\n\n"));
    }
    answer
}

fn models(id: &str) -> Answer {
    Answer::new(200).piece(json!({"data": [{"id": id}]}).to_string())
}

fn ask(adapter: &LocalVllm) -> (String, Result<Usage, Error>) {
    let context = CallContext::of("t-1");
    let hello = Message::of(Role::User, "Hello");
    let (sink, events) = Sink::channel(4);
    let control = Control { params: vec![] };
    let call = adapter.stream(vec![hello], control, context, sink);
    let texts = events.map(|event: Event| event.into_text().unwrap());
    let (ended, text) = block_on(future::join(call, texts.collect::<String>()));
    (text, ended)
}

fn asked(heard: &Heard) -> Vec<(String, Value)> {
    let request = |request: tth_sdk::http::Request| {
        let body = request.body.unwrap_or_default();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        (request.url.path().to_owned(), body)
    };
    heard.requests().into_iter().map(request).collect()
}

#[test]
fn the_first_model_of_the_server_is_asked_and_remembered() {
    let adapter = load("{}");
    let heard = script([
        models("qwen"),
        stream(&["Hi ", "there."]).piece("data: [DONE]\n\n"),
        stream(&["Again."]).piece("data: [DONE]\n\n"),
    ]);
    block_on(adapter.warmup()).unwrap();
    assert_eq!(ask(&adapter).0, "Hi there.");
    let (text, ended) = ask(&adapter);
    assert_eq!(
        (text.as_str(), ended.unwrap().model.as_str()),
        ("Again.", "qwen")
    );
    let asked = asked(&heard);
    let paths: Vec<&str> = asked.iter().map(|(path, _)| path.as_str()).collect();
    let chat = "/v1/chat/completions";
    assert_eq!(paths, ["/v1/models", chat, chat]);
    assert!(
        asked
            .iter()
            .skip(1)
            .all(|(_, body)| body.get("model") == Some(&json!("qwen")))
    );
    let patience: Vec<_> = heard.requests().iter().map(|one| one.patience_ms).collect();
    assert_eq!(
        patience,
        [Some(1_000), None, None],
        "the start is not held up"
    );
    let headers = heard.requests().pop().unwrap().headers;
    assert!(headers.contains(&("x-request-id".into(), "t-1".into())));
    assert_eq!(heard.open(), 0, "every answer was let go");
}

#[test]
fn a_server_that_changed_its_model_is_asked_again() {
    let adapter = load("{}");
    let heard = script([
        models("old"),
        Answer::new(404).piece(r#"{"error": {"type": "NotFoundError", "code": 404}}"#),
        models("new"),
        stream(&["Yes."]).piece("data: [DONE]\n\n"),
    ]);
    block_on(adapter.warmup()).unwrap();
    assert_eq!(ask(&adapter).0, "Yes.");
    assert_eq!(heard.requests().len(), 4);

    let fixed = load(r#"{"model": "mine"}"#);
    let heard = script([Answer::new(404), stream(&["No."])]);
    assert_eq!(ask(&fixed).1.unwrap_err().code, ErrorCode::InvalidInput);
    assert_eq!(
        heard.requests().len(),
        1,
        "what was configured is not guessed at"
    );
}

#[test]
fn faults_have_their_codes() {
    let page = Answer::new(200)
        .header("content-type", "text/html")
        .piece("<html>");
    for (answer, said, code) in [
        (
            Answer::new(401).piece(r#"{"error":"Unauthorized"}"#),
            "",
            ErrorCode::Unauthenticated,
        ),
        (
            Answer::new(429).header("retry-after", "3"),
            "",
            ErrorCode::RateLimited,
        ),
        (Answer::new(500), "", ErrorCode::Unavailable),
        (page, "", ErrorCode::Unavailable),
        (stream(&["One"]).cut(), "One", ErrorCode::Unavailable),
        (stream(&["One"]), "One", ErrorCode::Unavailable),
        (
            stream(&["One"]).piece("data: {\n\n"),
            "One",
            ErrorCode::Internal,
        ),
    ] {
        let adapter = load(r#"{"model": "m"}"#);
        let heard = script([answer.clone()]);
        let (text, ended) = ask(&adapter);
        let error = ended.unwrap_err();
        assert_eq!((text.as_str(), error.code), (said, code), "{answer:?}");
        assert_eq!(heard.open(), 0);
    }
    let _nobody = script([]);
    assert_eq!(ask(&load("{}")).1.unwrap_err().code, ErrorCode::Unavailable);
}

#[test]
fn a_cancelled_call_lets_a_silent_server_go() {
    let adapter = load(r#"{"model": "m"}"#);
    let heard = script([stream(&["One"]).silence()]);
    let context = CallContext::of("");
    let (sink, mut events) = Sink::channel(4);
    let call = adapter.stream(vec![], Control { params: vec![] }, context, sink);
    let user = async move {
        let first = events.next().await;
        assert!(matches!(first, Some(Event::Text(text)) if text == "One"));
    };
    let (ended, ()) = block_on(future::join(call, user));
    assert!(ended.is_ok(), "being cancelled is no failure");
    assert_eq!(heard.open(), 0);
}

#[test]
fn health_says_what_the_server_says() {
    let health = |adapter: &LocalVllm, answers: Vec<Answer>| {
        let _heard = script(answers);
        block_on(adapter.health())
    };
    let any = load("{}");
    assert_eq!(health(&any, vec![models("a")]).readiness, Readiness::Ready);
    assert_eq!(health(&any, vec![]).readiness, Readiness::Down);
    assert_eq!(
        health(&any, vec![Answer::new(401)]).readiness,
        Readiness::Down
    );
    let empty = Answer::new(200).piece(r#"{"data": []}"#);
    assert_eq!(health(&any, vec![empty]).readiness, Readiness::Degraded);
    let mine = load(r#"{"model": "mine"}"#);
    assert_eq!(
        health(&mine, vec![models("mine:latest")]).readiness,
        Readiness::Ready
    );
    let other = health(&mine, vec![models("other")]);
    assert_eq!(other.readiness, Readiness::Degraded);
    assert!(other.detail.contains("mine"), "{}", other.detail);
}

#[test]
fn a_server_that_is_down_does_not_keep_the_adapter_from_loading() {
    let _nobody = script([]);
    block_on(load("{}").warmup()).unwrap();
}
