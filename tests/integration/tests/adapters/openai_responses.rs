//! OpenAI's Responses API over the real host, against its double; and what both of OpenAI's language
//! models are tested with.

use crate::{ANSWER, LIMIT, chat, of, open, secrets, start, text};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tth_simulators::{Fault, Received, Script, Simulator, Vendor};
use tth_tests::Server;

pub(crate) const KEY: &str = "sk-simulated-that-nobody-may-see";
const ID: &str = "openai_responses";
const EFFORT: &str = "TTH__PROVIDERS__OPENAI_RESPONSES__SETTINGS__REASONING_EFFORT";
const GAP: &str = "TTH__PROVIDERS__OPENAI_RESPONSES__BUDGETS__GAP_MS";
const FIRST: &str = "TTH__PROVIDERS__OPENAI_RESPONSES__BUDGETS__FIRST_OUTPUT_MS";

pub(crate) type Env = Vec<(String, String)>;

pub(crate) fn script() -> Script {
    Script {
        answer: ANSWER.into(),
        key: Some(KEY.into()),
        ..Script::default()
    }
}

pub(crate) fn double() -> Simulator {
    Simulator::start(Vendor::OpenAi, script()).unwrap()
}

/// Scripted voice and face, and this provider, led to the double, as the mind; the scripted mind
/// stands by. `host` is what it may reach.
pub(crate) fn behind(id: &str, origin: &str, host: &str, more: &[(&str, &str)]) -> Env {
    let block = format!("TTH__PROVIDERS__{}__", id.to_uppercase());
    let own = |name: &str, value: String| (format!("{block}{name}"), value);
    let mut env = vec![
        own("SETTINGS__BASE_URL", format!("{origin}/v1")),
        own("ALLOW__HOSTS", format!("[\"{host}\"]")),
    ];
    let chain = [
        ("TTH__COMPONENTS__LLM__MODE", "api"),
        ("TTH__COMPONENTS__LLM__PRIMARY", id),
        ("TTH__COMPONENTS__LLM__FALLBACK", "[mock_llm]"),
        (
            "TTH__PROVIDERS__MOCK_LLM__SETTINGS__ANSWER",
            "The stand-in speaks.",
        ),
        ("OPENAI_API_KEY", KEY),
    ];
    let all = chain.iter().chain(more);
    env.extend(all.map(|(name, value)| ((*name).into(), (*value).into())));
    env
}

fn env(double: &Simulator, more: &[(&str, &str)]) -> Env {
    behind(ID, &double.origin(), &double.origin(), more)
}

/// A turn that the stand-in had to answer: why.
pub(crate) fn replaced(events: &[Value], id: &str) -> String {
    assert_eq!(text(events).trim(), "The stand-in speaks.");
    let switched = of(events, "provider_switched");
    assert_eq!(switched.len(), 1, "{switched:?}");
    assert_eq!(
        (&switched[0]["from"], &switched[0]["to"]),
        (&json!(id), &json!("mock_llm"))
    );
    switched[0]["reason"].as_str().unwrap().to_owned()
}

/// A turn that was answered in full and heard.
pub(crate) fn spoken(events: &[Value]) {
    assert_eq!(events.last().unwrap()["reason"], "completed");
    assert!(of(events, "provider_switched").is_empty(), "{events:?}");
    let said = text(events);
    assert_eq!(said.trim(), ANSWER.split_once("> ").unwrap().1);
    assert!(of(events, "audio_chunk").len() > 20, "it is spoken");
}

/// Whether voice and face took the feeling that the answer is tagged with.
pub(crate) fn felt(events: &[Value]) {
    let reports = of(events, "control_applied");
    for stage in ["tts", "avatar"] {
        let mut lines = reports
            .iter()
            .flat_map(|event| event["report"].as_array().unwrap());
        let joy = lines.any(|line| {
            line["stage"] == stage && line["control"] == "emotion.label" && line["value"] == "joy"
        });
        assert!(joy, "{stage}: {reports:?}");
    }
}

/// Why something was told of the language model in a turn that it began to answer.
pub(crate) fn told(events: &[Value]) -> String {
    assert!(text(events).contains("你好 😀"), "{:?}", text(events));
    let told = events.iter().find(|event| {
        let kind = &event["type"];
        event["stage"] == "llm" && (kind == "error" || kind == "provider_switched")
    });
    told.expect("something was told").to_string()
}

/// Places where somebody could look for a key.
pub(crate) fn everything(server: &Server, events: &[Value]) -> Vec<String> {
    let mut seen: Vec<String> = events.iter().map(Value::to_string).collect();
    for route in ["/v1/models", "/v1/health", "/metrics"] {
        let (_, bytes) = server.raw("GET", route, None).unwrap();
        seen.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    seen
}

pub(crate) fn keyless(seen: &[String]) {
    for place in seen {
        let at = place.find(KEY).map(|at| {
            let around = place.chars().skip(at.saturating_sub(200)).take(300);
            around.collect::<String>()
        });
        assert_eq!(at, None, "the key is seen");
    }
}

/// The items of a conversation: who said it, in which kind of part, what.
pub(crate) fn talk(input: &Value) -> Vec<(&str, &str, &str)> {
    let items = input.as_array().unwrap().iter();
    items
        .map(|item| {
            assert_eq!(item["type"], "message");
            let part = &item["content"][0];
            (
                item["role"].as_str().unwrap(),
                part["type"].as_str().unwrap(),
                part["text"].as_str().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_turn_is_asked_for_as_declared_and_spoken() {
    let double = double();
    let server = start("mock", &env(&double, &[]));
    let mut stream = open(&server, &json!({}));
    assert_eq!(stream.opened["providers"]["llm"], ID);
    let events = chat(&mut stream, "Who are you?");
    spoken(&events);
    felt(&events);
    let asked = double.asked();
    let request = &asked[0];
    let instructions = request.body["instructions"].as_str().unwrap();
    assert!(instructions.contains("<feel:"), "{instructions}");
    let content = json!([{"type": "input_text", "text": "Who are you?"}]);
    assert_eq!(
        request.body,
        json!({
            "model": "gpt-6-luna",
            "instructions": instructions,
            "input": [{"type": "message", "role": "user", "content": content}],
            "stream": true,
            "stream_options": {"include_obfuscation": false},
            "store": false,
            "max_output_tokens": 2048,
            "reasoning": {"effort": "low"},
        })
    );
    assert_eq!(request.header("accept"), Some("text/event-stream"));
    let turn = events[0]["turn_id"].as_str();
    assert_eq!(request.header("x-client-request-id"), turn);
    let bearer = format!("Bearer {KEY}");
    assert_eq!(request.header("authorization"), Some(bearer.as_str()));
    assert!(double.wait(LIMIT, |all| all.iter().all(|one| one.ended.is_some())));
    assert_eq!((asked.len(), double.aborted()), (1, 0));
}

#[test]
fn a_file_has_the_same_answer() {
    let double = double();
    let server = start("mock", &env(&double, &[]));
    let body = json!({"text": "Who are you?", "mode": "chat", "format": "json"});
    let (status, answer) = server.call("POST", "/v1/generate", Some(&body)).unwrap();
    assert_eq!(status, 200, "{answer}");
    let said = answer["text"].as_str().unwrap();
    assert_eq!(said.trim(), ANSWER.split_once("> ").unwrap().1);
    assert_eq!(double.asked().len(), 1);
}

#[test]
fn persona_feeling_history_and_settings_arrive() {
    let double = double();
    let more = [
        (
            "TTH__PROVIDERS__OPENAI_RESPONSES__SETTINGS__TEMPERATURE",
            "0.4",
        ),
        (
            "TTH__PROVIDERS__OPENAI_RESPONSES__SETTINGS__VERBOSITY",
            "low",
        ),
        (
            "TTH__PROVIDERS__OPENAI_RESPONSES__SETTINGS__EXTRA",
            "{ service_tier: priority }",
        ),
    ];
    let server = start("mock", &env(&double, &more));
    let who = json!({"persona_id": "ravi", "emotion": {"label": "sadness"}});
    let mut stream = open(&server, &who);
    chat(&mut stream, "One.");
    let angry = json!({"type": "control_update", "emotion": {"label": "anger"}});
    stream.send(&angry).unwrap();
    spoken(&chat(&mut stream, "Two."));
    let asked = double.asked();
    let (first, second) = (&asked[0], &asked[1]);
    assert_eq!(first.from, second.from, "the connection is kept");
    let prompt = |one: &Received| one.body["instructions"].as_str().unwrap().to_owned();
    assert!(prompt(first).contains("Ravi"), "{}", prompt(first));
    assert_ne!(prompt(first), prompt(second), "another mood");
    assert_eq!(first.body["temperature"], 0.4);
    assert_eq!(first.body["text"], json!({"verbosity": "low"}));
    assert_eq!(first.body["service_tier"], "priority");
    let talk = talk(&second.body["input"]);
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
fn thoughts_aloud_are_not_spoken_and_a_short_answer_is_one() {
    let double = double();
    let server = start("mock", &env(&double, &[(EFFORT, "high")]));
    spoken(&chat(&mut open(&server, &json!({})), "Think hard."));
    let short = [(
        "TTH__PROVIDERS__OPENAI_RESPONSES__SETTINGS__MAX_OUTPUT_TOKENS",
        "16",
    )];
    let server = start("mock", &env(&double, &short));
    let events = chat(&mut open(&server, &json!({})), "Be brief.");
    assert_eq!(events.last().unwrap()["reason"], "completed");
    assert!(of(&events, "provider_switched").is_empty());
    let said = text(&events);
    assert!(
        said.len() > 5 && said.len() < ANSWER.len() / 2,
        "cut at its limit: {said}"
    );
}

#[test]
fn an_interrupt_closes_the_connection_of_a_silent_server() {
    let patient = [(GAP, "50000"), (FIRST, "50000")];
    for (fault, said) in [(Fault::Stall(12), 12), (Fault::SlowHead(50_000), 0)] {
        let double = double();
        double.once(fault.clone());
        let server = start("mock", &env(&double, &patient));
        let mut stream = open(&server, &json!({}));
        stream.chat("Tell me everything.").unwrap();
        let silent = |one: &Received| one.path.ends_with("/responses") && one.said == said;
        assert!(double.wait(LIMIT, |all| all.iter().any(silent)));
        stream.send(&json!({"type": "ping"})).unwrap();
        stream.until("pong", LIMIT).unwrap();
        let since = Instant::now();
        stream.send(&json!({"type": "interrupt"})).unwrap();
        let events = stream.until("turn_ended", LIMIT).unwrap();
        assert_eq!(events.last().unwrap()["reason"], "interrupted");
        let over = |one: &Received| one.path.ends_with("/responses") && one.ended.is_some();
        assert!(double.wait(LIMIT, |all| all.iter().any(over)));
        assert_eq!(double.aborted(), 1);
        let ended = double.asked()[0].ended.unwrap().at;
        let took = ended.saturating_duration_since(since);
        eprintln!("{fault:?}: the double saw its client leave after {took:?}");
        assert!(took < Duration::from_secs(5), "{fault:?}: {took:?}");
        spoken(&chat(&mut stream, "Once more."));
    }
}

#[test]
fn what_fails_before_its_first_word_is_replaced_and_says_why() {
    let double = double();
    let server = start("mock", &env(&double, &[(FIRST, "1500")]));
    let mut stream = open(&server, &json!({}));
    for (fault, code) in [
        (Fault::Status(401), "unauthenticated"),
        (Fault::Status(403), "unauthenticated"),
        (Fault::Quota, "quota_exceeded"),
        (Fault::RateLimited(Some("7".into())), "rate_limited"),
        (Fault::RateLimited(None), "rate_limited"),
        (Fault::Status(400), "invalid_input"),
        (Fault::Status(404), "invalid_input"),
        (Fault::Status(409), "invalid_input"),
        (Fault::Status(422), "invalid_input"),
        (Fault::Status(500), "unavailable"),
        (Fault::Status(503), "unavailable"),
        (Fault::Status(504), "timeout"),
        (Fault::WebPage, "unavailable"),
        (Fault::Cut(0), "unavailable"),
        (Fault::Malformed(0), "internal"),
        (Fault::ErrorInStream(0, 500), "unavailable"),
        (Fault::ErrorInStream(0, 429), "rate_limited"),
        (Fault::ErrorInStream(0, 400), "invalid_input"),
        (Fault::Stall(0), "timeout"),
        (Fault::SlowHead(40_000), "timeout"),
    ] {
        double.once(fault.clone());
        let reason = replaced(&chat(&mut stream, "Hello?"), ID);
        assert!(reason.contains(code), "{fault:?}: {reason}");
        assert!(!reason.contains("scripted"), "not the vendor's words");
    }
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
        let asked = double.requests();
        assert!(!asked.is_empty() && asked.iter().all(has_key));
        assert!(asked.iter().all(|one| !one.body.to_string().contains(KEY)));
        let mut seen = everything(&server, &events);
        drop(server);
        let log = secrets::logged_turn(&env);
        assert!(double.requests().len() > asked.len(), "it was asked again");
        let account = if answers {
            "answered: gpt-6-luna, "
        } else {
            "refused with status 401"
        };
        assert!(log.contains("request req_simulated") && log.contains(account));
        seen.push(log);
        keyless(&seen);
    }
}

#[test]
fn a_host_that_is_not_allowed_is_never_asked() {
    let double = double();
    let server = start(
        "mock",
        &behind(ID, &double.origin(), "https://api.openai.com", &[]),
    );
    let events = chat(&mut open(&server, &json!({})), "Hello?");
    let reason = replaced(&events, ID);
    assert!(
        reason.contains("invalid_config") && reason.contains("allow.hosts"),
        "{reason}"
    );
    assert!(double.requests().is_empty(), "not even its models");
}
