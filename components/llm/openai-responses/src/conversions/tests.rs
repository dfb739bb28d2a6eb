//! Requests as they are sent, answers as they come.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use super::*;
use proptest::prelude::*;
use tth_sdk::llm::Role;
use tth_sdk::{LoadConfig, ParamValue};

fn config(settings: &str) -> Config {
    Config::load(&LoadConfig::of(settings)).unwrap()
}

fn texts(events: Vec<Event>) -> Vec<String> {
    let text = |event: Event| event.into_text().unwrap();
    events.into_iter().map(text).collect()
}

const NOTHING: Control = Control { params: Vec::new() };

#[test]
fn a_request_holds_the_conversation_and_no_more_than_was_configured() {
    let talk = [
        Message::of(Role::System, "You are Mira."),
        Message::of(Role::User, "Hello"),
        Message::of(Role::Assistant, "Hi!"),
        Message::of(Role::User, "Who are you?"),
    ];
    let item = |role: &str, part: &str, text: &str| json!({"type": "message", "role": role, "content": [{"type": part, "text": text}]});
    assert_eq!(
        request(&config("{}"), &talk, &NOTHING),
        json!({
            "model": "gpt-6-luna",
            "instructions": "You are Mira.",
            "input": [
                item("user", "input_text", "Hello"),
                item("assistant", "output_text", "Hi!"),
                item("user", "input_text", "Who are you?"),
            ],
            "stream": true,
            "stream_options": {"include_obfuscation": false},
            "store": false,
        })
    );
}

#[test]
fn settings_controls_and_extra_fields_arrive() {
    let config = config(
        r#"{"model": "m", "temperature": 0.5, "top_p": 0.9, "max_output_tokens": 80,
            "reasoning_effort": "low", "verbosity": "low", "extra": {"service_tier": "priority"}}"#,
    );
    let control = Control::of([
        ("temperature", ParamValue::from(1.25)),
        ("verbosity", "high".into()),
    ]);
    let body = request(&config, &[], &control);
    let field = |name: &str| body.get(name).cloned().unwrap_or_default();
    assert_eq!(field("model"), "m");
    assert_eq!(field("temperature"), 1.25, "the control is nearer");
    assert_eq!(field("top_p"), 0.9);
    assert_eq!(field("max_output_tokens"), 80);
    assert_eq!(field("reasoning"), json!({"effort": "low"}));
    assert_eq!(field("text"), json!({"verbosity": "high"}));
    assert_eq!(field("service_tier"), "priority");
    assert_eq!(field("instructions"), Value::Null);
}

fn stream(events: &[Value]) -> String {
    let event = |(number, event): (usize, &Value)| {
        let mut event = event.clone();
        if let Some(event) = event.as_object_mut() {
            event.insert("sequence_number".into(), number.into());
        }
        let kind = event.get("type").and_then(Value::as_str);
        format!("event: {}\ndata: {event}\n\n", kind.unwrap_or_default())
    };
    events.iter().enumerate().map(event).collect()
}

fn message(index: u32, phase: Option<&str>) -> Value {
    json!({"type": "response.output_item.added", "output_index": index,
        "item": {"type": "message", "role": "assistant", "content": [], "phase": phase}})
}

fn delta(index: u32, text: &str) -> Value {
    json!({"type": "response.output_text.delta", "item_id": format!("msg_{index}"),
        "output_index": index, "content_index": 0, "delta": text, "logprobs": []})
}

fn terminal(kind: &str, more: &Value) -> Value {
    let mut response = json!({"model": "gpt-6-luna-2026", "usage": {
        "input_tokens": 12, "input_tokens_details": {"cached_tokens": 8},
        "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 17}});
    if let (Some(response), Some(more)) = (response.as_object_mut(), more.as_object()) {
        response.extend(more.clone());
    }
    json!({"type": kind, "response": response})
}

/// An answer of a model that thinks, and says so, before it speaks.
fn whole() -> String {
    let reasoning = json!({"type": "response.output_item.added", "output_index": 0,
        "item": {"type": "reasoning", "summary": []}});
    let thought = json!({"type": "response.reasoning_summary_text.delta", "output_index": 0,
        "delta": "They greet me."});
    let refusal = json!({"type": "response.refusal.delta", "output_index": 3, "delta": "No."});
    let repeated = json!({"type": "response.output_text.done", "text": "<feel:joy> Héllo 😀."});
    stream(&[
        json!({"type": "response.created", "response": {"model": "gpt-6-luna", "usage": null}}),
        reasoning,
        thought,
        message(1, Some("commentary")),
        delta(1, "Let me think."),
        message(2, Some("final_answer")),
        delta(2, "<feel:joy> Hé"),
        delta(2, ""),
        delta(2, "llo 😀."),
        repeated,
        message(3, None),
        refusal,
        terminal("response.completed", &json!({})),
    ]) + "data: [DONE]\n\n"
}

const SAID: &str = "<feel:joy> Héllo 😀.\nNo.";

#[test]
fn an_answer_is_what_is_meant_for_the_user_and_its_usage() {
    let mut reply = Reply::new("m");
    let said = texts(reply.feed(whole().as_bytes()));
    assert_eq!(said, ["<feel:joy> Hé", "llo 😀.", "\nNo."]);
    assert!(reply.done() && reply.failure().is_none());
    let line = reply.account_line();
    assert_eq!(
        line,
        "gpt-6-luna-2026, 12 tokens in (8 cached), 5 out (2 thoughts)"
    );
    let usage = reply.end().unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (12, 5));
    assert_eq!(usage.model, "gpt-6-luna-2026");
}

proptest! {
    #[test]
    fn an_answer_is_the_same_however_it_is_cut(size in 1_usize..400) {
        let mut reply = Reply::new("m");
        let mut said = String::new();
        for piece in whole().as_bytes().chunks(size) {
            said.extend(texts(reply.feed(piece)));
        }
        prop_assert_eq!(said, SAID);
        prop_assert!(reply.done());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut reply = Reply::new("m");
        let _events = reply.feed(&bytes);
        let _end = reply.end();
    }
}

fn ended(stream: &str) -> (Vec<String>, Result<Usage, Error>) {
    let mut reply = Reply::new("m");
    let said = texts(reply.feed(stream.as_bytes()));
    let failure = reply.failure();
    (said, failure.map_or_else(|| reply.end(), Err))
}

#[test]
fn what_goes_wrong_in_the_stream_comes_after_what_was_said_before() {
    let error = |code: &str| json!({"error": {"code": code, "message": "m"}});
    let incomplete = |reason: &str| {
        let details = json!({"incomplete_details": {"reason": reason}});
        terminal("response.incomplete", &details)
    };
    for (end, code) in [
        (
            json!({"type": "error", "code": "server_error", "message": "m", "param": null}),
            ErrorCode::Unavailable,
        ),
        (
            json!({"error": {"type": "server_error", "message": "m"}}),
            ErrorCode::Unavailable,
        ),
        (
            terminal("response.failed", &error("server_error")),
            ErrorCode::Unavailable,
        ),
        (
            terminal("response.failed", &error("rate_limit_exceeded")),
            ErrorCode::RateLimited,
        ),
        (
            terminal("response.failed", &error("insufficient_quota")),
            ErrorCode::QuotaExceeded,
        ),
        (
            terminal("response.failed", &error("invalid_prompt")),
            ErrorCode::InvalidInput,
        ),
        (incomplete("content_filter"), ErrorCode::InvalidInput),
        (incomplete("steered"), ErrorCode::Unavailable),
        (delta(0, &"x".repeat(70_000)), ErrorCode::Internal),
        (
            json!({"type": "response.output_text.delta", "delta": 7}),
            ErrorCode::Internal,
        ),
        (json!({"type": "response.queued"}), ErrorCode::Unavailable),
    ] {
        let (said, error) = ended(&stream(&[delta(0, "One."), end.clone()]));
        assert_eq!(
            (said.as_slice(), error.unwrap_err().code),
            (&["One.".to_owned()][..], code),
            "{end}"
        );
    }
    let start = stream(&[delta(0, "One.")]);
    for rest in ["data: {nonsense", &format!("data: {}", "x".repeat(EVENT))] {
        let (said, error) = ended(&format!("{start}{rest}\n\n"));
        assert_eq!(
            (said.len(), error.unwrap_err().code),
            (1, ErrorCode::Internal)
        );
    }
    let asides: Vec<Value> = (0..65).map(|n| message(n, Some("commentary"))).collect();
    assert_eq!(
        ended(&stream(&asides)).1.unwrap_err().code,
        ErrorCode::Internal
    );
}

#[test]
fn an_answer_that_is_as_long_as_it_may_be_is_whole() {
    let end = terminal(
        "response.incomplete",
        &json!({"incomplete_details": {"reason": "max_output_tokens"}}),
    );
    let (said, usage) = ended(&stream(&[delta(0, "One."), end.clone()]));
    assert_eq!((said.len(), usage.unwrap().output_tokens), (1, 5));
    let thoughts_only = ended(&stream(&[end])).1.unwrap_err();
    assert_eq!(thoughts_only.code, ErrorCode::InvalidConfig);
    assert!(thoughts_only.message.contains("max_output_tokens"));
}
