//! The double's responses, asked for over a socket as any client would.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use crate::{Fault, Script, Simulator, Vendor};
use serde_json::{Value, json};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);

fn start() -> Simulator {
    let script = Script {
        key: Some("k".into()),
        answer: "One two three.".into(),
        ..Script::default()
    };
    Simulator::start(Vendor::OpenAi, script).unwrap()
}

struct Answer {
    status: u16,
    text: String,
    limits: bool,
    id: bool,
}

fn post(double: &Simulator, key: &str, body: &str) -> Answer {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent = config.timeout_global(Some(LIMIT)).build().new_agent();
    let mut answer = agent
        .post(format!("{}/v1/responses", double.origin()))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .send(body)
        .unwrap();
    let has = |name: &str| answer.headers().contains_key(name);
    let (limits, id) = (
        has("x-ratelimit-remaining-tokens") && has("openai-processing-ms"),
        has("x-request-id"),
    );
    Answer {
        status: answer.status().as_u16(),
        text: answer.body_mut().read_to_string().unwrap_or_default(),
        limits,
        id,
    }
}

#[test]
fn a_stream_is_numbered_padded_and_without_an_end_mark() {
    let double = start();
    let body = json!({"model": "gpt-6-luna", "input": "Hello", "stream": true});
    let answer = post(&double, "k", &body.to_string());
    assert!(answer.status == 200 && answer.limits && answer.id);
    assert!(!answer.text.contains("[DONE]") && answer.text.contains("obfuscation"));
    let data = answer.text.lines().filter_map(|l| l.strip_prefix("data: "));
    let events: Vec<Value> = data.map(|d| serde_json::from_str(d).unwrap()).collect();
    let said: String = events.iter().filter_map(|e| e["delta"].as_str()).collect();
    assert_eq!(said, "One two three.");
    assert_eq!(events.last().unwrap()["type"], "response.completed");
    let names = answer
        .text
        .lines()
        .filter_map(|l| l.strip_prefix("event: "));
    assert!(names.eq(events.iter().map(|event| event["type"].as_str().unwrap())));
    let whole = json!({"model": "gpt-6-luna", "input": "Hello"}).to_string();
    let whole: Value = serde_json::from_str(&post(&double, "k", &whole).text).unwrap();
    assert_eq!(whole["output"][0]["content"][0]["text"], "One two three.");
}

#[test]
fn a_wrong_request_is_answered_as_openai_does() {
    let double = start();
    let with = |name: &str, value: Value| {
        let mut body = json!({"model": "gpt-6-luna", "input": "x", "stream": true});
        match value {
            Value::Null => body.as_object_mut().unwrap().remove(name),
            value => body.as_object_mut().unwrap().insert(name.into(), value),
        };
        body.to_string()
    };
    for (body, status, code, param) in [
        (with("wibble", json!(1)), 400, "unknown_parameter", "wibble"),
        (
            with("model", Value::Null),
            400,
            "missing_required_parameter",
            "model",
        ),
        (
            with("input", Value::Null),
            400,
            "missing_required_parameter",
            "input",
        ),
        (with("input", json!(7)), 400, "invalid_type", "input"),
        (
            with("temperature", json!("hot")),
            400,
            "invalid_type",
            "temperature",
        ),
        (
            with("top_p", json!(1.5)),
            400,
            "decimal_above_max_value",
            "top_p",
        ),
        (
            with("max_output_tokens", json!(15)),
            400,
            "integer_below_min_value",
            "max_output_tokens",
        ),
        (
            with("reasoning", json!({"effort": "lots"})),
            400,
            "invalid_value",
            "reasoning.effort",
        ),
        (with("stream", json!("yes")), 400, "invalid_type", "stream"),
        (
            with("model", json!("other")),
            404,
            "model_not_found",
            "model",
        ),
    ] {
        let answer = post(&double, "k", &body);
        let error: Value = serde_json::from_str(&answer.text).unwrap();
        let error = &error["error"];
        assert_eq!(
            (answer.status, &error["code"], &error["param"]),
            (status, &json!(code), &json!(param))
        );
        assert!(answer.limits && answer.id);
    }
    assert_eq!(post(&double, "k", "{no json").status, 400);
    let refused = post(&double, "other", "{}");
    assert!(refused.status == 401 && refused.text.contains("invalid_api_key"));
}

#[test]
fn faults_come_as_they_were_ordered() {
    let double = start();
    let body = json!({"model": "gpt-6-luna", "input": "x", "stream": true}).to_string();
    let status = |fault| {
        double.once(fault);
        let answer = post(&double, "k", &body);
        (answer.status, answer.text)
    };
    assert_eq!(status(Fault::Status(500)).0, 500);
    assert_eq!(status(Fault::RateLimited(None)).0, 429);
    let (code, text) = status(Fault::Quota);
    assert!(code == 429 && text.contains("insufficient_quota"));
    assert!(status(Fault::WebPage).1.contains("<title>"));
    let (_, text) = status(Fault::ErrorInStream(1, 500));
    assert!(text.contains("event: error") && !text.contains("completed"));
    assert_eq!(status(Fault::Cut(1)).1, "", "it broke off");
    assert_eq!(double.aborted(), 1);
}
