//! What goes wrong at the server, and what is not wanted any more.

use crate::{LIMIT, behind_mocks, chat, double, of, open, start, text};
use serde_json::json;
use std::time::{Duration, Instant};
use tth_simulators::{Fault, Received, Simulator};

/// Waits until the double saw the one answer end; how long after `since`.
fn left(double: &Simulator, since: Instant) -> Duration {
    let over = |all: &[Received]| {
        let mut chats = all
            .iter()
            .filter(|one| one.path.ends_with("/chat/completions"));
        chats.any(|one| one.ended.is_some())
    };
    assert!(double.wait(LIMIT, over), "its connection was never closed");
    assert_eq!(double.aborted(), 1);
    let ended = double.asked()[0].ended.unwrap();
    ended
        .at
        .checked_duration_since(since)
        .expect("not before it was asked to")
}

#[test]
fn an_interrupt_closes_the_connection_of_a_silent_server() {
    // Without the interrupt it would stay open for as long as the budget.
    let patient = [
        ("TTH__PROVIDERS__LOCAL_VLLM__BUDGETS__GAP_MS", "50000"),
        (
            "TTH__PROVIDERS__LOCAL_VLLM__BUDGETS__FIRST_OUTPUT_MS",
            "50000",
        ),
    ];
    for (fault, said) in [(Fault::Stall(12), 12), (Fault::SlowHead(50_000), 0)] {
        let double = double();
        double.once(fault.clone());
        let server = start("mock", &behind_mocks(&double.origin(), &patient));
        let mut stream = open(&server, &json!({}));
        stream.chat("Tell me everything.").unwrap();
        let silent = |one: &Received| one.path.ends_with("/completions") && one.said == said;
        assert!(double.wait(LIMIT, |all| all.iter().any(silent)));
        // By then the adapter, too, has nothing to do but to wait.
        stream.send(&json!({"type": "ping"})).unwrap();
        stream.until("pong", LIMIT).unwrap();
        let since = Instant::now();
        stream.send(&json!({"type": "interrupt"})).unwrap();
        let events = stream.until("turn_ended", LIMIT).unwrap();
        assert_eq!(events.last().unwrap()["reason"], "interrupted");
        let took = left(&double, since);
        eprintln!("{fault:?}: the double saw its client leave after {took:?}");
        assert!(took < Duration::from_secs(5), "{fault:?}: {took:?}");
        let again = chat(&mut stream, "Once more.");
        assert!(
            text(&again).contains("The second one"),
            "and the next turn works"
        );
    }
}

#[test]
fn what_fails_before_its_first_word_is_replaced_and_says_why() {
    let double = double();
    let short = [(
        "TTH__PROVIDERS__LOCAL_VLLM__BUDGETS__FIRST_OUTPUT_MS",
        "1500",
    )];
    let server = start("mock", &behind_mocks(&double.origin(), &short));
    let mut stream = open(&server, &json!({}));
    for (fault, code) in [
        (Fault::Status(401), "unauthenticated"),
        (Fault::Status(403), "unauthenticated"),
        (Fault::Quota, "quota_exceeded"),
        (Fault::RateLimited(Some("7".into())), "rate_limited"),
        (Fault::RateLimited(None), "rate_limited"),
        (Fault::Status(400), "invalid_input"),
        (Fault::Status(422), "invalid_input"),
        (Fault::Status(500), "unavailable"),
        (Fault::Status(501), "unsupported"),
        (Fault::Status(503), "unavailable"),
        (Fault::Status(504), "timeout"),
        (Fault::WebPage, "unavailable"),
        (Fault::Cut(0), "unavailable"),
        (Fault::Malformed(0), "internal"),
        (Fault::ErrorInStream(0, 500), "unavailable"),
        (Fault::ErrorInStream(0, 400), "invalid_input"),
        (Fault::Stall(0), "timeout"),
        (Fault::SlowHead(40_000), "timeout"),
    ] {
        double.once(fault.clone());
        let events = chat(&mut stream, "Hello?");
        assert_eq!(text(&events).trim(), "The stand-in speaks.", "{fault:?}");
        let switched = of(&events, "provider_switched");
        assert_eq!(switched.len(), 1, "{fault:?}: {switched:?}");
        assert_eq!(
            (&switched[0]["from"], &switched[0]["to"]),
            (&json!("local_vllm"), &json!("mock_llm"))
        );
        let reason = switched[0]["reason"].as_str().unwrap();
        assert!(reason.contains(code), "{fault:?}: {reason}");
        assert_eq!(events.last().unwrap()["reason"], "completed");
    }
    let events = chat(&mut stream, "And now?");
    assert!(
        text(&events).contains("The second one"),
        "all is well again"
    );
}

#[test]
fn what_fails_in_the_middle_keeps_what_was_said_and_tells() {
    let double = double();
    let short = [("TTH__PROVIDERS__LOCAL_VLLM__BUDGETS__GAP_MS", "1500")];
    let server = start("mock", &behind_mocks(&double.origin(), &short));
    let mut stream = open(&server, &json!({}));
    for (fault, code) in [
        (Fault::Cut(20), "unavailable"),
        (Fault::Malformed(20), "internal"),
        (Fault::ErrorInStream(20, 500), "unavailable"),
        (Fault::Stall(20), "timeout"),
    ] {
        double.once(fault.clone());
        let events = chat(&mut stream, "Hello?");
        assert!(
            text(&events).contains("你好 😀"),
            "{fault:?}: {:?}",
            text(&events)
        );
        let told = events.iter().find(|event| {
            let kind = &event["type"];
            event["stage"] == "llm" && (kind == "error" || kind == "provider_switched")
        });
        let told = told
            .unwrap_or_else(|| panic!("{fault:?}: nothing was told"))
            .to_string();
        assert!(told.contains(code), "{fault:?}: {told}");
    }
}
