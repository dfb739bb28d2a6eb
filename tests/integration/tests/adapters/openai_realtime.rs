//! OpenAI's Realtime API over the real host, against its double.

use crate::provider::{FIRST, KEY, PATIENT, Provider, Role, code};
use crate::{LIMIT, chat, minds, of, open, secrets, text};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tth_simulators::{Fault, Received, Script, Simulator, Vendor};

pub(crate) const MIND: Provider = Provider {
    role: Role::Llm,
    id: "openai_realtime",
    mode: "api",
    vendor: Vendor::OpenAi,
    below: "/v1",
    schemes: &["ws"],
    key: Some("OPENAI_API_KEY"),
    // One instance, and so one connection: what happens to it is then known.
    block: &[("LIMITS__INSTANCES", "{ min: 1, max: 1 }")],
};

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
    let double = MIND.double();
    let server = MIND.server(&double, &[]);
    assert!(
        double.wait(LIMIT, |all| all.iter().any(|one| !one.messages.is_empty())),
        "the connection is open before anybody asks"
    );
    let mut stream = open(&server, &json!({}));
    assert_eq!(stream.opened["providers"]["llm"], MIND.id);
    let events = chat(&mut stream, "Who are you?");
    MIND.did_it(&events);
    minds::is_felt(&events);
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
    let double = minds::a_file_has_the_same_answer(&MIND);
    assert_eq!(asked(&double).len(), 1);
}

#[test]
fn one_connection_serves_turn_after_turn_with_persona_feeling_and_history() {
    let double = MIND.double();
    let server = MIND.server(&double, &[]);
    let who = json!({"persona_id": "ravi", "emotion": {"label": "sadness"}});
    let mut stream = open(&server, &who);
    chat(&mut stream, "One.");
    let angry = json!({"type": "control_update", "emotion": {"label": "anger"}});
    stream.send(&angry).unwrap();
    MIND.did_it(&chat(&mut stream, "Two."));
    let asked = asked(&double);
    assert_eq!((double.asked().len(), asked.len()), (1, 2));
    let prompt = |n: usize| asked[n]["response"]["instructions"].as_str().unwrap();
    assert!(prompt(0).contains("Ravi"), "{}", prompt(0));
    assert_ne!(prompt(0), prompt(1), "another mood");
    minds::is_a_second_question(&asked[1]["response"]["input"]);
}

#[test]
fn two_sessions_on_one_connection_know_nothing_of_each_other() {
    let double = MIND.double_with(Script {
        echo: true,
        ..MIND.script()
    });
    let server = MIND.server(&double, &[]);
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
    let double = MIND.double();
    double.once(Fault::Stall(12));
    let server = MIND.server(&double, &PATIENT);
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
    MIND.did_it(&chat(&mut stream, "Once more."));
    assert_eq!(double.asked().len(), 1, "the same connection");
}

#[test]
fn an_interrupt_before_the_response_begins_closes_the_connection() {
    let double = MIND.double();
    let server = MIND.server(&double, &PATIENT);
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
    MIND.did_it(&chat(&mut stream, "Once more."));
}

#[test]
fn a_connection_that_the_vendor_dropped_is_opened_again() {
    let double = MIND.double();
    let address = double.address();
    let server = MIND.server(&double, &[]);
    let mut stream = open(&server, &json!({}));
    MIND.did_it(&chat(&mut stream, "Hello?"));
    drop(double);
    let again = Simulator::listen(MIND.vendor, MIND.script(), address).unwrap();
    MIND.did_it(&chat(&mut stream, "Are you there?"));
    assert_eq!((again.asked().len(), asked(&again).len()), (1, 1));
}

#[test]
fn what_fails_before_its_first_word_is_replaced_and_says_why() {
    let double = MIND.double();
    let server = MIND.server(&double, &[FIRST]);
    let mut stream = open(&server, &json!({}));
    MIND.did_it(&chat(&mut stream, "Hello?"));
    for fault in [
        Fault::Quota,
        Fault::RateLimited(None),
        Fault::Status(400),
        Fault::Status(500),
        Fault::ErrorInStream(0, 500),
        Fault::ErrorInStream(0, 429),
        Fault::ErrorInStream(0, 400),
        Fault::Stall(0),
    ] {
        double.once(fault.clone());
        let reason = MIND.replaced(&chat(&mut stream, "Hello?"));
        assert!(reason.contains(code(&fault)), "{fault:?}: {reason}");
    }
    assert_eq!(double.asked().len(), 1, "none of it is the connection's");
    for fault in [Fault::Cut(0), Fault::Malformed(0), Fault::SlowHead(40_000)] {
        double.once(fault.clone());
        let reason = MIND.replaced(&chat(&mut stream, "Hello?"));
        assert!(reason.contains(code(&fault)), "{fault:?}: {reason}");
        MIND.did_it(&chat(&mut stream, "And now?"));
    }
    assert!(double.asked().len() > 3, "each had another one after it");
}

#[test]
fn a_vendor_that_does_not_let_it_in_is_replaced_and_says_why() {
    let double = MIND.double();
    double.always(Some(Fault::Status(401)));
    let server = MIND.server(&double, &[]);
    let mut stream = open(&server, &json!({}));
    for fault in [
        Fault::Status(401),
        Fault::Status(403),
        Fault::Quota,
        Fault::RateLimited(Some("7".into())),
        Fault::Status(400),
        Fault::Status(404),
        Fault::Status(500),
        Fault::Status(503),
        Fault::WebPage,
    ] {
        double.always(Some(fault.clone()));
        let reason = MIND.replaced(&chat(&mut stream, "Hello?"));
        assert!(reason.contains(code(&fault)), "{fault:?}: {reason}");
    }
    double.always(None);
    MIND.did_it(&chat(&mut stream, "And now?"));
}

#[test]
fn what_fails_in_the_middle_keeps_what_was_said_and_tells() {
    MIND.what_fails_late_is_told("Hello?", &minds::late());
}

#[test]
fn a_key_reaches_the_vendor_and_nobody_else() {
    let logs = secrets::a_key_reaches_nobody_else(&MIND, "authorization", "Bearer ");
    let account = |log: &String| log.contains("response resp_0") && log.contains("tokens in");
    assert_eq!(logs.each_ref().map(account), [true, false]);
}

#[test]
fn a_host_that_is_not_allowed_is_never_asked() {
    // Neither another host nor plain HTTP to this one.
    for schemes in [&[][..], &["http"]] {
        Provider { schemes, ..MIND }.is_not_let_out();
    }
}
