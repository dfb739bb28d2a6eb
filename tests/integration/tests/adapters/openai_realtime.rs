//! OpenAI's Realtime API over the real host, against its double.

use crate::openai_responses::{
    Env, KEY, behind, double, everything, felt, keyless, replaced, script, spoken, talk, told,
};
use crate::{LIMIT, chat, of, open, secrets, start, text};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tth_simulators::{Fault, Received, Script, Simulator, Vendor};

const ID: &str = "openai_realtime";
const GAP: &str = "TTH__PROVIDERS__OPENAI_REALTIME__BUDGETS__GAP_MS";
const FIRST: &str = "TTH__PROVIDERS__OPENAI_REALTIME__BUDGETS__FIRST_OUTPUT_MS";
/// One instance, and so one connection: what happens to it is then known.
const ONE: (&str, &str) = (
    "TTH__PROVIDERS__OPENAI_REALTIME__LIMITS__INSTANCES",
    "{ min: 1, max: 1 }",
);

fn env(double: &Simulator, more: &[(&str, &str)]) -> Env {
    let origin = double.origin();
    let host = origin.replace("http", "ws");
    behind(ID, &origin, &host, &[&[ONE], more].concat())
}

/// What came over a connection, of this type.
fn said(connection: &Received, kind: &str) -> Vec<Value> {
    let events = connection.messages.iter().map(|heard| &heard.body);
    events
        .filter(|event| event["type"] == kind)
        .cloned()
        .collect()
}

/// All that was asked for, on whichever connection.
fn asked(double: &Simulator) -> Vec<Value> {
    let connections = double.asked();
    let asked = connections
        .iter()
        .flat_map(|one| said(one, "response.create"));
    asked.collect()
}

#[test]
fn a_turn_is_asked_for_as_declared_and_spoken() {
    let double = double();
    let server = start("mock", &env(&double, &[]));
    assert!(
        double.wait(LIMIT, |all| all.iter().any(|one| !one.messages.is_empty())),
        "the connection is open before anybody asks"
    );
    let mut stream = open(&server, &json!({}));
    assert_eq!(stream.opened["providers"]["llm"], ID);
    let events = chat(&mut stream, "Who are you?");
    spoken(&events);
    felt(&events);
    let connections = double.asked();
    let connection = &connections[0];
    assert_eq!(
        connection.query("model"),
        Some("gpt-realtime-2.1-mini"),
        "{:?}",
        connection.query
    );
    let bearer = format!("Bearer {KEY}");
    assert_eq!(connection.header("authorization"), Some(bearer.as_str()));
    assert_eq!(connection.header("openai-beta"), None);
    let update = json!({
        "type": "session.update", "event_id": "set-up",
        "session": {
            "type": "realtime", "output_modalities": ["text"], "instructions": "",
            "audio": {"input": {"turn_detection": null}},
        },
    });
    assert_eq!(connection.messages[0].body, update);
    let create = &connection.messages[1].body;
    let instructions = create["response"]["instructions"].as_str().unwrap();
    assert!(instructions.contains("<feel:"), "{instructions}");
    let content = json!([{"type": "input_text", "text": "Who are you?"}]);
    assert_eq!(
        *create,
        json!({
            "type": "response.create", "event_id": "call-0",
            "response": {
                "conversation": "none",
                "instructions": instructions,
                "input": [{"type": "message", "role": "user", "content": content}],
                "output_modalities": ["text"],
                "max_output_tokens": 1024,
                "reasoning": {"effort": "low"},
                "metadata": {"tth_call": "call-0"},
            },
        })
    );
    assert_eq!(connection.messages.len(), 2);
}

#[test]
fn a_file_has_the_same_answer() {
    let double = double();
    let server = start("mock", &env(&double, &[]));
    let body = json!({"text": "Who are you?", "mode": "chat", "format": "json"});
    let (status, answer) = server.call("POST", "/v1/generate", Some(&body)).unwrap();
    assert_eq!(status, 200, "{answer}");
    assert!(answer["text"].to_string().contains("The second one came"));
    assert_eq!(asked(&double).len(), 1);
}

#[test]
fn one_connection_serves_turn_after_turn_with_persona_feeling_and_history() {
    let double = double();
    let server = start("mock", &env(&double, &[]));
    let who = json!({"persona_id": "ravi", "emotion": {"label": "sadness"}});
    let mut stream = open(&server, &who);
    chat(&mut stream, "One.");
    let angry = json!({"type": "control_update", "emotion": {"label": "anger"}});
    stream.send(&angry).unwrap();
    spoken(&chat(&mut stream, "Two."));
    let asked = asked(&double);
    assert_eq!((double.asked().len(), asked.len()), (1, 2));
    let prompt = |n: usize| asked[n]["response"]["instructions"].as_str().unwrap();
    assert!(prompt(0).contains("Ravi"), "{}", prompt(0));
    assert_ne!(prompt(0), prompt(1), "another mood");
    let talk = talk(&asked[1]["response"]["input"]);
    let kinds: Vec<_> = talk.iter().map(|(role, part, _)| (*role, *part)).collect();
    assert_eq!(
        kinds,
        [
            ("user", "input_text"),
            ("assistant", "output_text"),
            ("user", "input_text")
        ]
    );
    assert!(
        talk[1].2.contains("你好 😀") && !talk[1].2.contains("<feel"),
        "{talk:?}"
    );
}

#[test]
fn two_sessions_on_one_connection_know_nothing_of_each_other() {
    let script = Script {
        echo: true,
        ..script()
    };
    let double = Simulator::start(Vendor::OpenAi, script).unwrap();
    let server = start("mock", &env(&double, &[]));
    let mut first = open(&server, &json!({}));
    let mut second = open(&server, &json!({}));
    let turn = |stream: &mut _, said: &str, other: &str| {
        let events = chat(stream, said);
        assert!(of(&events, "provider_switched").is_empty());
        let answer = text(&events);
        assert!(answer.contains(said) && !answer.contains(other), "{answer}");
    };
    turn(&mut first, "Apples", "Pears");
    turn(&mut second, "Pears", "Apples");
    turn(&mut first, "Apples again", "Pears");
    assert_eq!(double.asked().len(), 1, "one connection");
    let asked = asked(&double);
    let has = |n: usize, word: &str| asked[n]["response"].to_string().contains(word);
    assert!(has(1, "Pears") && !has(1, "Apples"));
    assert!(has(2, "Apples") && !has(2, "Pears"));
    let aside = |one: &Value| one["response"]["conversation"] == "none";
    assert!(asked.iter().all(aside), "nothing is kept at the vendor");
}

#[test]
fn an_interrupt_is_told_to_the_vendor_and_the_connection_stays() {
    let double = double();
    double.once(Fault::Stall(12));
    let server = start("mock", &env(&double, &[(GAP, "50000")]));
    let mut stream = open(&server, &json!({}));
    stream.chat("Tell me everything.").unwrap();
    assert!(double.wait(LIMIT, |all| all.iter().any(|one| one.said == 12)));
    stream.send(&json!({"type": "ping"})).unwrap();
    stream.until("pong", LIMIT).unwrap();
    let since = Instant::now();
    stream.send(&json!({"type": "interrupt"})).unwrap();
    let events = stream.until("turn_ended", LIMIT).unwrap();
    assert_eq!(events.last().unwrap()["reason"], "interrupted");
    let cancelled = |all: &[Received]| {
        all.iter()
            .any(|one| !said(one, "response.cancel").is_empty())
    };
    assert!(double.wait(LIMIT, cancelled), "it was never cancelled");
    let connections = double.asked();
    let mut heard = connections[0].messages.iter();
    let cancel = heard.find(|one| one.body["type"] == "response.cancel");
    let cancel = cancel.unwrap();
    let took = cancel.at.saturating_duration_since(since);
    eprintln!("the double was told to stop after {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(cancel.body["response_id"], "resp_0001");
    spoken(&chat(&mut stream, "Once more."));
    assert_eq!(double.asked().len(), 1, "the same connection");
}

#[test]
fn an_interrupt_before_the_response_begins_closes_the_connection() {
    let double = double();
    let server = start("mock", &env(&double, &[(FIRST, "50000")]));
    let mut stream = open(&server, &json!({}));
    double.once(Fault::SlowHead(50_000));
    stream.chat("Tell me everything.").unwrap();
    let asked = |all: &[Received]| {
        all.iter()
            .any(|one| !said(one, "response.create").is_empty())
    };
    assert!(double.wait(LIMIT, asked));
    stream.send(&json!({"type": "interrupt"})).unwrap();
    let events = stream.until("turn_ended", LIMIT).unwrap();
    assert_eq!(events.last().unwrap()["reason"], "interrupted");
    assert!(double.wait(LIMIT, |all| all.iter().any(|one| one.ended.is_some())));
    assert_eq!(double.aborted(), 1);
    spoken(&chat(&mut stream, "Once more."));
}

#[test]
fn a_connection_that_the_vendor_dropped_is_opened_again() {
    let double = double();
    let address = double.address();
    let server = start("mock", &env(&double, &[]));
    let mut stream = open(&server, &json!({}));
    spoken(&chat(&mut stream, "Hello?"));
    drop(double);
    let again = Simulator::listen(Vendor::OpenAi, script(), address).unwrap();
    spoken(&chat(&mut stream, "Are you there?"));
    assert_eq!((again.asked().len(), asked(&again).len()), (1, 1));
}

#[test]
fn what_fails_before_its_first_word_is_replaced_and_says_why() {
    let double = double();
    let server = start("mock", &env(&double, &[(FIRST, "1500")]));
    let mut stream = open(&server, &json!({}));
    spoken(&chat(&mut stream, "Hello?"));
    for (fault, code) in [
        (Fault::Quota, "quota_exceeded"),
        (Fault::RateLimited(None), "rate_limited"),
        (Fault::Status(400), "invalid_input"),
        (Fault::Status(500), "unavailable"),
        (Fault::ErrorInStream(0, 500), "unavailable"),
        (Fault::ErrorInStream(0, 429), "rate_limited"),
        (Fault::ErrorInStream(0, 400), "invalid_input"),
        (Fault::Stall(0), "timeout"),
    ] {
        double.once(fault.clone());
        let reason = replaced(&chat(&mut stream, "Hello?"), ID);
        assert!(reason.contains(code), "{fault:?}: {reason}");
        assert!(!reason.contains("scripted"), "not the vendor's words");
    }
    assert_eq!(double.asked().len(), 1, "none of it is the connection's");
    for (fault, code) in [
        (Fault::Cut(0), "unavailable"),
        (Fault::Malformed(0), "internal"),
        (Fault::SlowHead(40_000), "timeout"),
    ] {
        double.once(fault.clone());
        let reason = replaced(&chat(&mut stream, "Hello?"), ID);
        assert!(reason.contains(code), "{fault:?}: {reason}");
        spoken(&chat(&mut stream, "And now?"));
    }
    assert!(double.asked().len() > 3, "each had another one after it");
}

#[test]
fn a_vendor_that_does_not_let_it_in_is_replaced_and_says_why() {
    let double = double();
    double.always(Some(Fault::Status(401)));
    let server = start("mock", &env(&double, &[]));
    let mut stream = open(&server, &json!({}));
    for (fault, code) in [
        (Fault::Status(401), "unauthenticated"),
        (Fault::Status(403), "unauthenticated"),
        (Fault::Quota, "quota_exceeded"),
        (Fault::RateLimited(Some("7".into())), "rate_limited"),
        (Fault::Status(400), "invalid_input"),
        (Fault::Status(404), "invalid_input"),
        (Fault::Status(500), "unavailable"),
        (Fault::Status(503), "unavailable"),
        (Fault::WebPage, "unavailable"),
    ] {
        double.always(Some(fault.clone()));
        let reason = replaced(&chat(&mut stream, "Hello?"), ID);
        assert!(reason.contains(code), "{fault:?}: {reason}");
    }
    double.always(None);
    spoken(&chat(&mut stream, "And now?"));
}

#[test]
fn what_fails_in_the_middle_keeps_what_was_said_and_tells() {
    let double = double();
    let server = start("mock", &env(&double, &[(GAP, "1500")]));
    let mut stream = open(&server, &json!({}));
    for (fault, code) in [
        (Fault::Cut(20), "unavailable"),
        (Fault::Malformed(20), "internal"),
        (Fault::ErrorInStream(20, 500), "unavailable"),
        (Fault::Stall(20), "timeout"),
    ] {
        double.once(fault.clone());
        let why = told(&chat(&mut stream, "Hello?"));
        assert!(why.contains(code), "{fault:?}: {why}");
    }
}

#[test]
fn a_key_reaches_the_vendor_and_nobody_else() {
    for (wanted, answers) in [(KEY, true), ("another", false)] {
        let key = Some(wanted.to_owned());
        let double = Simulator::start(Vendor::OpenAi, Script { key, ..script() }).unwrap();
        let env = env(&double, &[]);
        let server = start("mock", &env);
        let events = chat(&mut open(&server, &json!({})), "What is your key?");
        assert_eq!(text(&events).contains("The second one"), answers);
        let bearer = format!("Bearer {KEY}");
        let has_key = |one: &Received| one.header("authorization") == Some(bearer.as_str());
        let opened = double.requests();
        assert!(!opened.is_empty() && opened.iter().all(has_key));
        let mut messages = opened.iter().flat_map(|one| &one.messages);
        assert!(messages.all(|one| !one.body.to_string().contains(KEY)));
        let mut seen = everything(&server, &events);
        drop(server);
        let log = secrets::logged_turn(&env);
        assert!(double.requests().len() > opened.len(), "it was asked again");
        let account = log.contains("response resp_0") && log.contains("tokens in");
        assert_eq!(account, answers);
        seen.push(log);
        keyless(&seen);
    }
}

#[test]
fn a_host_that_is_not_allowed_is_never_asked() {
    let double = double();
    // Neither another host nor plain HTTP to this one.
    for host in ["wss://api.openai.com", double.origin().as_str()] {
        let server = start("mock", &behind(ID, &double.origin(), host, &[ONE]));
        let events = chat(&mut open(&server, &json!({})), "Hello?");
        let reason = replaced(&events, ID);
        assert!(
            reason.contains("invalid_config") && reason.contains("allow.hosts"),
            "{reason}"
        );
        assert!(double.requests().is_empty());
    }
}
