//! Retries and circuit breakers over real sockets, while a provider's server goes away and comes back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tth_simulators::{Fault, Script, Simulator, Vendor};
use tth_tests::{BACK, Server, Stream, Wire};

const LIMIT: Duration = Duration::from_secs(60);
const STAND_IN: &str = "The stand-in speaks.";
const FIRST: &str = "The first one speaks.";

fn script() -> Script {
    Script {
        answer: FIRST.into(),
        ..Script::default()
    }
}

/// Scripted voice and face, a server as the mind, and the scripted mind to stand in for it.
fn start(origin: &str, more: &[(&str, &str)]) -> Server {
    let (base, hosts) = (format!("{origin}/v1"), format!("[\"{origin}\"]"));
    let mut env = vec![
        ("TTH__COMPONENTS__LLM__MODE", "self_host"),
        ("TTH__COMPONENTS__LLM__PRIMARY", "local_vllm"),
        ("TTH__COMPONENTS__LLM__FALLBACK", "[mock_llm]"),
        (
            "TTH__PROVIDERS__LOCAL_VLLM__SETTINGS__BASE_URL",
            base.as_str(),
        ),
        ("TTH__PROVIDERS__LOCAL_VLLM__ALLOW__HOSTS", hosts.as_str()),
        ("TTH__PROVIDERS__MOCK_LLM__SETTINGS__ANSWER", STAND_IN),
    ];
    env.extend(more);
    Server::start_with("mock", &env).unwrap()
}

fn open(server: &Server) -> Stream {
    let mut stream = Stream::open(server, Wire::Json, &json!({})).unwrap();
    stream.until("session_ready", LIMIT).unwrap();
    stream
}

/// What a turn was like.
#[derive(Debug)]
struct Turn {
    text: String,
    /// Who took over from whom, and why.
    switched: Vec<(String, String, String)>,
    /// How often a language model was asked.
    attempts: u64,
}

fn chat(stream: &mut Stream) -> Turn {
    stream.chat("Hello?").unwrap();
    let events = stream.until("turn_ended", LIMIT).unwrap();
    assert_eq!(events.last().unwrap()["reason"], "completed", "{events:?}");
    let mut turn = Turn {
        text: String::new(),
        switched: Vec::new(),
        attempts: 0,
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for event in &events {
        match event["type"].as_str().unwrap() {
            "text_delta" => turn.text += event["text"].as_str().unwrap(),
            "provider_switched" => turn.switched.push((
                text(&event["from"]),
                text(&event["to"]),
                text(&event["reason"]),
            )),
            "turn_metrics" => turn.attempts = event["stages"][0]["attempts"].as_u64().unwrap(),
            _ => {}
        }
    }
    turn
}

/// How `/v1/health` has the provider.
fn health(server: &Server) -> Value {
    let (_, health) = server.call("GET", "/v1/health", None).unwrap();
    let providers = health["providers"].as_array().unwrap();
    let found = providers.iter().find(|one| one["id"] == "local_vllm");
    found.unwrap().clone()
}

#[test]
fn who_keeps_failing_is_left_alone_until_it_is_well_again() {
    let double = Simulator::start(Vendor::Vllm, script()).unwrap();
    let (origin, address) = (double.origin(), double.address());
    let on = [
        ("TTH__RUNTIME__CIRCUIT__FAILURES", "3"),
        ("TTH__RUNTIME__CIRCUIT__PAUSE_S", "1"),
    ];
    let server = start(&origin, &on);
    let mut stream = open(&server);
    let turn = chat(&mut stream);
    assert_eq!((turn.text.trim(), turn.switched.len()), (FIRST, 0));
    assert_eq!(health(&server)["circuit"], "closed");

    drop(double);
    for number in 1..=3 {
        let turn = chat(&mut stream);
        assert_eq!((turn.text.trim(), turn.attempts), (STAND_IN, 2), "{turn:?}");
        let (from, to, reason) = turn.switched.last().unwrap();
        assert_eq!((from.as_str(), to.as_str()), ("local_vllm", "mock_llm"));
        assert!(reason.contains("unavailable"), "{turn:?}");
        let back = turn.switched.len() == 2 && turn.switched[0].2 == BACK;
        assert_eq!(
            back,
            number > 1,
            "each of these turns tried it first: {turn:?}"
        );
    }
    let turn = chat(&mut stream);
    assert_eq!((turn.text.trim(), turn.attempts), (STAND_IN, 1), "{turn:?}");
    assert!(turn.switched.is_empty(), "the client knows: {turn:?}");
    assert_eq!(open(&server).opened["providers"]["llm"], "mock_llm");
    let provider = health(&server);
    assert_eq!(provider["circuit"], "open");
    let detail = provider["detail"].as_str().unwrap();
    assert!(detail.contains("after 3 failures: unavailable"), "{detail}");
    let (_, metrics) = server.raw("GET", "/metrics", None).unwrap();
    let metrics = String::from_utf8(metrics).unwrap();
    assert!(metrics.contains("tth_circuits_open 1"), "{metrics}");

    let _again = Simulator::listen(Vendor::Vllm, script(), address).unwrap();
    let since = Instant::now();
    while health(&server)["circuit"] != "half_open" {
        assert!(since.elapsed() < LIMIT, "never asked: {}", health(&server));
        std::thread::sleep(Duration::from_millis(100));
    }
    let turn = chat(&mut stream);
    assert_eq!((turn.text.trim(), turn.attempts), (FIRST, 1), "{turn:?}");
    let back = ("mock_llm".into(), "local_vllm".into(), BACK.into());
    assert_eq!(turn.switched, [back]);
    assert_eq!(health(&server)["circuit"], "closed");
}

#[test]
fn who_stumbles_once_is_asked_again_and_nobody_hears_of_it() {
    let double = Simulator::start(Vendor::Vllm, script()).unwrap();
    let on = [("TTH__RUNTIME__RETRIES__ATTEMPTS", "1")];
    let server = start(&double.origin(), &on);
    let mut stream = open(&server);
    for fault in [Fault::Status(503), Fault::Cut(0), Fault::RateLimited(None)] {
        double.once(fault.clone());
        let turn = chat(&mut stream);
        assert_eq!(turn.text.trim(), FIRST, "{fault:?}");
        assert_eq!((turn.attempts, turn.switched.len()), (2, 0), "{fault:?}");
    }
    // A key that is refused will be refused again; a vendor that asks for peace has it.
    for fault in [
        Fault::Status(401),
        Fault::RateLimited(Some("7".into())),
        Fault::Status(422),
    ] {
        double.once(fault.clone());
        let turn = chat(&mut stream);
        assert_eq!(turn.text.trim(), STAND_IN, "{fault:?}");
        // Each of the two once.
        assert_eq!(turn.attempts, 2, "{fault:?}: {turn:?}");
    }
}
