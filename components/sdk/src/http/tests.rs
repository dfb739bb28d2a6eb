//! Requests and answers against a script.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::replay::{Answer, script};
use super::*;
use futures::executor::block_on;

fn url() -> Url {
    Url::parse("http://127.0.0.1:1/v1").unwrap()
}

#[test]
fn a_request_arrives_and_its_answer_comes_in_pieces() {
    let heard = script([Answer::new(200)
        .header("Content-Type", "text/event-stream; charset=utf-8")
        .piece("a")
        .piece("b")]);
    let request = Request::post_json(url().join("chat"), &serde_json::json!({"x": 1}));
    let mut response = block_on(send(request.header("x-own", "1"))).unwrap();
    assert!(response.is("text/event-stream") && !response.is("text/html"));
    let mut next = || block_on(response.body.next()).unwrap();
    assert_eq!(next().as_deref(), Some(&b"a"[..]));
    assert_eq!(next().as_deref(), Some(&b"b"[..]));
    assert_eq!(next(), None);
    let heard = heard.requests();
    assert_eq!(heard.len(), 1);
    let request = heard.first().unwrap();
    assert_eq!(request.url.to_string(), "http://127.0.0.1:1/v1/chat");
    assert_eq!(request.body.as_deref(), Some(&b"{\"x\":1}"[..]));
    assert!(request.headers.contains(&("x-own".into(), "1".into())));
}

#[test]
fn only_a_plain_request_id_is_repeated() {
    let of = |name: &str, id: &str| {
        let _heard = script([Answer::new(200).header(name, id)]);
        let answer = block_on(send(Request::get(url()))).unwrap();
        answer.request_id().map(str::to_owned)
    };
    assert_eq!(of("x-request-id", "req_0a-1").as_deref(), Some("req_0a-1"));
    assert_eq!(of("request-id", "a.b").as_deref(), Some("a.b"));
    assert_eq!(of("x-request-id", "<script>"), None);
    assert_eq!(of("x-request-id", ""), None);
    assert_eq!(of("x-request-id", &"a".repeat(65)), None);
}

#[test]
fn a_request_is_named_by_what_is_a_name() {
    let named = |id: &str| {
        let request = Request::get(url()).named("x-request-id", id);
        let mut headers = request.headers.into_iter();
        headers.find_map(|(name, value)| (name == "x-request-id").then_some(value))
    };
    assert_eq!(named("turn_0a-1").as_deref(), Some("turn_0a-1"));
    for id in ["", "a b", "a.b", "a\r\nx: 1", &"a".repeat(65)] {
        assert_eq!(named(id), None, "{id:?}");
    }
}

#[test]
fn an_answer_of_another_kind_is_not_taken() {
    let of = |kind: &str| {
        let _heard = script([Answer::new(200).header("content-type", kind)]);
        let answer = block_on(send(Request::get(url()))).unwrap();
        answer.fitting("the server", "sound", |answer| answer.is("audio/pcm"))
    };
    assert_eq!(of("audio/pcm").unwrap().status, 200);
    let error = of("text/html").unwrap_err();
    assert_eq!(error.code, ErrorCode::Unavailable);
    assert_eq!(
        error.message,
        "the server answered with something else than sound"
    );
}

#[test]
fn a_refusal_is_an_error_with_its_wait() {
    let answer = Answer::new(429).header("retry-after", "2").piece("{}");
    let _heard = script([answer]);
    let response = block_on(send(Request::get(url()))).unwrap();
    let error = block_on(response.success("the server")).unwrap_err();
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert_eq!(error.retry_after_ms, Some(2_000));
}

#[test]
fn a_body_that_breaks_off_or_is_too_long_is_an_error() {
    let _heard = script([
        Answer::new(200).piece("{").cut(),
        Answer::new(200).piece("12345"),
    ]);
    let broken = block_on(send(Request::get(url()))).unwrap();
    let error = block_on(broken.json(100, "the server")).unwrap_err();
    assert_eq!(error.code, ErrorCode::Unavailable);
    let mut long = block_on(send(Request::get(url()))).unwrap();
    assert!(block_on(long.body.all(4)).is_err());
}

#[test]
fn work_is_dropped_when_the_reader_leaves() {
    let (mut sink, events) = Sink::<u8>::channel(1);
    assert_eq!(block_on(sink.while_open(async { 7 })), Ok(7));
    drop(events);
    let work = std::future::pending::<u8>();
    assert_eq!(block_on(sink.while_open(work)), Err(Closed));
}
