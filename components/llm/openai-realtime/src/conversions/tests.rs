//! Events as they are sent, responses as they come.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use super::*;
use proptest::prelude::*;
use tth_sdk::LoadConfig;
use tth_sdk::llm::Role;

fn config(settings: &str) -> Config {
    Config::load(&LoadConfig::of(settings)).unwrap()
}

#[test]
fn a_response_brings_all_it_may_know_and_leaves_nothing() {
    let talk = [
        Message::of(Role::System, "You are Mira."),
        Message::of(Role::User, "Hello"),
        Message::of(Role::Assistant, "Hi!"),
        Message::of(Role::User, "Who are you?"),
    ];
    let item = |role: &str, part: &str, text: &str| json!({"type": "message", "role": role, "content": [{"type": part, "text": text}]});
    assert_eq!(
        response(&config("{}"), "call-7", &talk, &Control { params: vec![] }),
        json!({
            "type": "response.create",
            "event_id": "call-7",
            "response": {
                "conversation": "none",
                "instructions": "You are Mira.",
                "input": [
                    item("user", "input_text", "Hello"),
                    item("assistant", "output_text", "Hi!"),
                    item("user", "input_text", "Who are you?"),
                ],
                "output_modalities": ["text"],
                "metadata": {"tth_call": "call-7"},
            },
        })
    );
}

#[test]
fn settings_and_controls_arrive() {
    let config = config(r#"{"max_output_tokens": "inf", "reasoning_effort": "low"}"#);
    let asked = |control: Control| {
        let mut event = response(&config, "c", &[], &control);
        event.get_mut("response").unwrap().take()
    };
    let own = asked(Control { params: vec![] });
    assert_eq!(own.get("max_output_tokens"), Some(&json!("inf")));
    assert_eq!(own.get("reasoning"), Some(&json!({"effort": "low"})));
    let told = asked(Control::of([("reasoning_effort", "high")]));
    let effort = told.get("reasoning").cloned();
    assert_eq!(effort, Some(json!({"effort": "high"})), "it is nearer");
}

fn created(id: &str, call: Option<&str>) -> Value {
    let metadata = call.map(|call| json!({"tth_call": call}));
    json!({"type": "response.created",
        "response": {"id": id, "status": "in_progress", "metadata": metadata}})
}

fn delta(id: &str, index: u32, text: &str) -> Value {
    json!({"type": "response.output_text.delta", "event_id": "e", "response_id": id,
        "item_id": "i", "output_index": index, "content_index": 0, "delta": text})
}

fn done(id: &str, status: &str, details: &Value) -> Value {
    json!({"type": "response.done", "response": {"id": id, "status": status,
        "status_details": details, "usage": {"total_tokens": 17, "input_tokens": 12,
            "output_tokens": 5, "input_token_details": {"cached_tokens": 8}}}})
}

/// What is said of these events, and how it ended.
fn hear(events: &[Value]) -> (Vec<String>, Reply) {
    let mut reply = Reply::new("c-1".into(), "m");
    let mut said = Vec::new();
    for event in events {
        let event = reply.feed(&event.to_string());
        said.extend(event.map(|event| event.into_text().unwrap()));
    }
    (said, reply)
}

#[test]
fn an_answer_is_the_text_of_its_own_response_and_its_usage() {
    let (said, reply) = hear(&[
        json!({"type": "session.created", "session": {}}),
        delta("r-0", 0, "before"),
        done("r-0", "cancelled", &Value::Null),
        created("r-9", Some("c-0")),
        created("r-1", Some("c-1")),
        json!({"type": "rate_limits.updated", "rate_limits": []}),
        delta("r-1", 0, "<feel:joy> Hé"),
        delta("r-9", 0, "another's"),
        delta("r-1", 0, "llo 😀."),
        json!({"type": "response.output_text.done", "response_id": "r-1", "text": "Héllo"}),
        delta("r-1", 1, "Bye."),
        done("r-9", "completed", &Value::Null),
        done("r-1", "completed", &Value::Null),
    ]);
    assert_eq!(said, ["<feel:joy> Hé", "llo 😀.", "\nBye."]);
    assert!(reply.over() && reply.sound());
    assert_eq!(
        reply.account_line(),
        "response r-1: m, 12 tokens in (8 cached), 5 out"
    );
    let usage = reply.end().unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (12, 5));
}

#[test]
fn a_response_is_known_also_without_its_metadata() {
    let (said, reply) = hear(&[created("r-1", None), delta("r-1", 0, "Yes.")]);
    assert_eq!((said.len(), reply.response()), (1, Some("r-1")));
}

#[test]
fn what_goes_wrong_has_its_code_and_says_whether_the_connection_is_right() {
    let failed = |code: &str| {
        let error = json!({"type": "x", "code": code, "message": "m"});
        done("r-1", "failed", &json!({"type": "failed", "error": error}))
    };
    let incomplete = |reason: &str| done("r-1", "incomplete", &json!({"reason": reason}));
    let error = |of: Option<&str>, kind: &str| json!({"type": "error", "event_id": "e", "error": {"type": kind, "code": null, "message": "m", "event_id": of}});
    for (end, code, sound) in [
        (failed("server_error"), ErrorCode::Unavailable, true),
        (failed("rate_limit_exceeded"), ErrorCode::RateLimited, true),
        (failed("insufficient_quota"), ErrorCode::QuotaExceeded, true),
        (
            done("r-1", "failed", &Value::Null),
            ErrorCode::Unavailable,
            true,
        ),
        (incomplete("content_filter"), ErrorCode::InvalidInput, true),
        (incomplete("new"), ErrorCode::Unavailable, true),
        (
            done("r-1", "cancelled", &Value::Null),
            ErrorCode::Unavailable,
            true,
        ),
        (
            error(Some("c-1"), "invalid_request_error"),
            ErrorCode::InvalidInput,
            true,
        ),
        (error(None, "server_error"), ErrorCode::Unavailable, false),
        (
            delta("r-1", 0, &"x".repeat(70_000)),
            ErrorCode::Internal,
            false,
        ),
    ] {
        let (said, reply) = hear(&[
            created("r-1", Some("c-1")),
            delta("r-1", 0, "One."),
            end.clone(),
        ]);
        assert!(reply.over() && said == ["One."], "{said:?}");
        assert_eq!(reply.sound(), sound, "{reply:?}");
        assert_eq!(reply.end().unwrap_err().code, code, "{end}");
    }
    let mut reply = Reply::new("c-1".into(), "m");
    assert!(reply.feed("{no json").is_none() && !reply.sound());
    assert_eq!(reply.end().unwrap_err().code, ErrorCode::Internal);
    for of in ["set-up", "c-0", "c-0-cancel"] {
        let (_, reply) = hear(&[error(Some(of), "invalid_request_error")]);
        assert!(!reply.over(), "{of} is another's");
    }
    let nameless = hear(&[created("", Some("c-1"))]).1;
    assert_eq!(nameless.end().unwrap_err().code, ErrorCode::Internal);
}

#[test]
fn an_answer_that_is_as_long_as_it_may_be_is_whole() {
    let end = done("r-1", "incomplete", &json!({"reason": "max_output_tokens"}));
    let start = created("r-1", Some("c-1"));
    let (_, reply) = hear(&[start.clone(), delta("r-1", 0, "One."), end.clone()]);
    assert_eq!(reply.end().unwrap().output_tokens, 5);
    let (_, thoughts_only) = hear(&[start, end]);
    let error = thoughts_only.end().unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidConfig);
    assert!(error.message.contains("max_output_tokens"));
}

#[test]
fn the_end_of_a_response_is_recognised() {
    let text = done("r-1", "cancelled", &Value::Null).to_string();
    assert_eq!(ended(&text).as_deref(), Some("r-1"));
    assert_eq!(ended(&created("r-1", None).to_string()), None);
    assert_eq!(ended("{"), None);
}

proptest! {
    #[test]
    fn no_message_makes_it_panic(
        kind in "(response\\.(created|done|output_text\\.delta)|error|x)",
        fields in prop::collection::vec(("(id|response|response_id|error|delta|status)", "[a-z{}\"]{0,6}"), 0..6),
        raw in any::<String>(),
    ) {
        let mut reply = Reply::new("c-1".into(), "m");
        let mut event = json!({"type": kind});
        for (name, value) in fields {
            let value = serde_json::from_str(&value).unwrap_or_else(|_| json!({"id": value}));
            event.as_object_mut().unwrap().insert(name, value);
        }
        let _event = reply.feed(&event.to_string());
        let _event = reply.feed(&raw);
        let _ended = ended(&raw);
        let _end = reply.end();
    }
}
