//! Adapters to vendors, over the real host against doubles of their servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod cosyvoice;
mod elevenlabs;
mod faults;
mod glmtts;
mod handover;
mod openai_realtime;
mod openai_responses;
mod openai_tts;
mod secrets;
mod voices;

use serde_json::{Value, json};
use std::time::Duration;
use tth_simulators::{Received, Script, Simulator, Vendor};
use tth_tests::{Server, Stream, Wire};

const LIMIT: Duration = Duration::from_secs(60);
/// Two sentences, so that the first is spoken while the second is written.
const ANSWER: &str = "<feel:joy:0.9> Zażółć, 你好 😀, said the first sentence to everybody who could \
    hear it. The second one came after it.";

fn double() -> Simulator {
    let answer = ANSWER.to_owned();
    Simulator::start(
        Vendor::Vllm,
        Script {
            answer,
            ..Script::default()
        },
    )
    .unwrap()
}

/// The variables that lead the configured provider to a double.
fn lead(origin: &str) -> Vec<(String, String)> {
    let block = "TTH__PROVIDERS__LOCAL_VLLM__";
    vec![
        (format!("{block}SETTINGS__BASE_URL"), format!("{origin}/v1")),
        (format!("{block}ALLOW__HOSTS"), format!("[\"{origin}\"]")),
    ]
}

/// Scripted voice and face, and the double as the mind; the scripted mind stands by.
fn behind_mocks(origin: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut env = lead(origin);
    let chain = [
        ("TTH__COMPONENTS__LLM__MODE", "self_host"),
        ("TTH__COMPONENTS__LLM__PRIMARY", "local_vllm"),
        ("TTH__COMPONENTS__LLM__FALLBACK", "[mock_llm]"),
        (
            "TTH__PROVIDERS__MOCK_LLM__SETTINGS__ANSWER",
            "The stand-in speaks.",
        ),
    ];
    env.extend(
        chain
            .iter()
            .chain(more)
            .map(|(name, value)| ((*name).into(), (*value).into())),
    );
    env
}

fn start(profile: &str, env: &[(String, String)]) -> Server {
    let env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    Server::start_with(profile, &env).unwrap()
}

fn open(server: &Server, request: &Value) -> Stream {
    let mut stream = Stream::open(server, Wire::Json, request).unwrap();
    stream.until("session_ready", LIMIT).unwrap();
    stream
}

/// A turn in chat mode: all its events.
fn chat(stream: &mut Stream, text: &str) -> Vec<Value> {
    stream.chat(text).unwrap();
    stream.until_without_returns("turn_ended", LIMIT).unwrap()
}

fn of<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event["type"] == kind)
        .collect()
}

fn text(events: &[Value]) -> String {
    let deltas = of(events, "text_delta");
    deltas
        .iter()
        .filter_map(|event| event["text"].as_str())
        .collect()
}

fn system(request: &Received) -> &str {
    let first = &request.body["messages"][0];
    assert_eq!(first["role"], "system", "{first}");
    first["content"].as_str().unwrap()
}

#[test]
fn a_turn_through_a_server_is_written_felt_and_spoken() {
    let double = double();
    let server = start("mock", &behind_mocks(&double.origin(), &[]));
    let mut stream = open(&server, &json!({}));
    assert_eq!(stream.opened["providers"]["llm"], "local_vllm");
    let events = chat(&mut stream, "Who are you?");
    assert_eq!(events.last().unwrap()["reason"], "completed");
    let said = text(&events);
    assert_eq!(
        said.trim(),
        ANSWER.split_once("> ").unwrap().1,
        "without the tag"
    );
    assert!(of(&events, "audio_chunk").len() > 20, "it is spoken");
    assert!(of(&events, "provider_switched").is_empty());
    let felt = |stage: &str| {
        let reports = of(&events, "control_applied");
        let mut lines = reports
            .iter()
            .flat_map(|event| event["report"].as_array().unwrap());
        lines.any(|line| {
            line["stage"] == stage && line["control"] == "emotion.label" && line["value"] == "joy"
        })
    };
    assert!(
        felt("tts") && felt("avatar"),
        "{:?}",
        of(&events, "control_applied")
    );

    let request = &double.asked()[0];
    assert!(
        system(request).contains("<feel:"),
        "the model is told of tags"
    );
    let messages = request.body["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(
        messages[1],
        json!({"role": "user", "content": "Who are you?"})
    );
    let keys: Vec<&str> = request
        .body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "max_tokens",
            "messages",
            "model",
            "stream",
            "stream_options"
        ]
    );
    assert_eq!(
        request.body["model"], "simulated-7b",
        "the first that the server has"
    );
    assert!(request.unknown.is_empty() && request.header("authorization").is_none());
    assert_eq!(request.header("accept"), Some("text/event-stream"));
    assert_eq!(
        request.header("x-request-id"),
        events[0]["turn_id"].as_str()
    );
    assert!(double.wait(LIMIT, |all| all.iter().all(|one| one.ended.is_some())));
    assert_eq!(double.aborted(), 0);
}

#[test]
fn persona_feeling_history_and_settings_arrive_in_the_request() {
    let double = double();
    let more = [
        ("TTH__PROVIDERS__LOCAL_VLLM__SETTINGS__TEMPERATURE", "0.4"),
        (
            "TTH__PROVIDERS__LOCAL_VLLM__SETTINGS__EXTRA",
            "{ top_k: 20, wibble: 1 }",
        ),
    ];
    let server = start("mock", &behind_mocks(&double.origin(), &more));
    let mut stream = open(
        &server,
        &json!({"persona_id": "ravi", "emotion": {"label": "sadness"}}),
    );
    chat(&mut stream, "One.");
    let angry = json!({"type": "control_update", "emotion": {"label": "anger"}});
    stream.send(&angry).unwrap();
    chat(&mut stream, "Two.");
    let asked = double.asked();
    let (first, second) = (&asked[0], &asked[1]);
    assert_eq!(first.from, second.from, "the connection is kept");
    assert!(system(first).contains("Ravi"), "{}", system(first));
    assert_ne!(
        system(first),
        system(second),
        "another mood, another prompt"
    );
    assert_eq!(first.body["temperature"], 0.4);
    assert_eq!(
        (&first.body["top_k"], &first.unknown),
        (&json!(20), &vec!["wibble".to_owned()])
    );
    let talk: Vec<(&str, &str)> = second.body["messages"].as_array().unwrap()[1..]
        .iter()
        .map(|one| {
            (
                one["role"].as_str().unwrap(),
                one["content"].as_str().unwrap(),
            )
        })
        .collect();
    let roles: Vec<&str> = talk.iter().map(|(role, _)| *role).collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
    assert!(
        talk[1].1.contains("你好 😀") && !talk[1].1.contains("<feel"),
        "{talk:?}"
    );
}

#[test]
fn a_file_has_the_same_answer() {
    let double = double();
    let server = start("mock", &behind_mocks(&double.origin(), &[]));
    let body = json!({"text": "Who are you?", "mode": "chat", "format": "json"});
    let (status, answer) = server.call("POST", "/v1/generate", Some(&body)).unwrap();
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["text"].as_str().map(str::trim),
        Some(ANSWER.split_once("> ").unwrap().1)
    );
}

/// What any client does, whoever answers: the text, and how many milliseconds were spoken.
fn client(server: &Server) -> (String, u64) {
    let mut stream = open(server, &json!({"render": {"resolution": "256x256"}}));
    let events = chat(&mut stream, "Hello, who are you?");
    assert_eq!(events.last().unwrap()["reason"], "completed");
    let sound = of(&events, "audio_chunk");
    let us: u64 = sound
        .iter()
        .filter_map(|chunk| chunk["duration_us"].as_u64())
        .sum();
    (text(&events), us / 1_000)
}

#[test]
fn two_variables_put_a_server_in_place_of_the_embedded_mind() {
    let double = double();
    let flip: [(String, String); 2] = [
        ("TTH__COMPONENTS__LLM__MODE".into(), "self_host".into()),
        ("TTH__COMPONENTS__LLM__PRIMARY".into(), "local_vllm".into()),
    ];
    let where_it_is = lead(&double.origin());
    let (own, ms) = client(&start("local_embedded", &where_it_is));
    assert!(
        !own.is_empty() && ms > 500 && double.requests().is_empty(),
        "{own}"
    );

    let flipped: Vec<_> = where_it_is.into_iter().chain(flip).collect();
    let (served, ms) = client(&start("local_embedded", &flipped));
    assert!(served.contains("The second one came after it."), "{served}");
    assert!(ms > 2_000 && double.asked().len() == 1, "{ms} ms");
}

#[test]
fn the_profile_self_host_answers_also_while_its_server_is_down() {
    // A port that was free a moment ago: nobody listens there.
    let nobody = double().origin();
    let server = start("self_host", &lead(&nobody));
    let mut stream = open(&server, &json!({"render": {"resolution": "256x256"}}));
    let events = chat(&mut stream, "Hello, who are you?");
    assert!(!text(&events).is_empty());
    let switched = of(&events, "provider_switched");
    assert_eq!(switched[0]["to"], "persona_llm");
    assert!(
        switched[0]["reason"].to_string().contains("unavailable"),
        "{switched:?}"
    );
}
