//! The double of an OpenAI-compatible server, asked over its socket as any client would.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tth_simulators::{Fault, Script, Simulator, Vendor};

const LIMIT: Duration = Duration::from_secs(20);

fn start() -> Simulator {
    Simulator::start(Vendor::Vllm, Script::default()).unwrap()
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.timeout_global(Some(LIMIT)).build().new_agent()
}

/// Status and body.
fn post(simulator: &Simulator, key: Option<&str>, body: &str) -> (u16, String) {
    let url = format!("{}/v1/chat/completions", simulator.origin());
    let mut request = agent().post(url).header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let mut answer = request.send(body).unwrap();
    let text = answer.body_mut().read_to_string().unwrap_or_default();
    (answer.status().as_u16(), text)
}

fn streamed() -> Value {
    json!({
        "model": "simulated-7b", "stream": true, "stream_options": {"include_usage": true},
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
    })
}

/// The objects of a stream, without the end mark.
fn events(stream: &str) -> Vec<Value> {
    let data = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

#[test]
fn a_stream_is_a_role_the_text_its_end_and_its_account() {
    let simulator = start();
    let (status, stream) = post(&simulator, None, &streamed().to_string());
    assert_eq!(status, 200);
    assert!(stream.ends_with("data: [DONE]\n\n"));
    let events = events(&stream);
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    let said = events
        .iter()
        .filter_map(|e| e["choices"][0]["delta"]["content"].as_str());
    assert_eq!(said.collect::<String>(), Script::default().answer);
    assert_eq!(
        events[events.len() - 2]["choices"][0]["finish_reason"],
        "stop"
    );
    let last = &events[events.len() - 1];
    assert_eq!(
        (&last["choices"], &last["usage"]["prompt_tokens"]),
        (&json!([]), &json!(3))
    );
    assert!(simulator.wait(LIMIT, |all| all[0].ended.is_some_and(|ended| ended.whole)));
    let request = &simulator.asked()[0];
    assert_eq!(request.body, streamed());
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[test]
fn a_wrong_request_is_answered_as_the_server_does() {
    let simulator = start();
    for (body, status, kind, param) in [
        (json!({"stream": true}), 400, "Bad Request", "messages"),
        (json!({"messages": "hi"}), 400, "Bad Request", "messages"),
        (
            json!({"messages": [{"role": "robot", "content": "x"}]}),
            400,
            "Bad Request",
            "messages[0].role",
        ),
        (
            json!({"messages": [{"role": "user"}]}),
            400,
            "Bad Request",
            "messages[0].content",
        ),
        (
            json!({"messages": [], "temperature": "hot"}),
            400,
            "Bad Request",
            "temperature",
        ),
        (
            json!({"messages": [], "stream_options": {}}),
            400,
            "Bad Request",
            "stream_options",
        ),
        (
            json!({"messages": [], "model": "other"}),
            404,
            "NotFoundError",
            "model",
        ),
    ] {
        let (found, text) = post(&simulator, None, &body.to_string());
        let error: Value = serde_json::from_str(&text).unwrap();
        let error = &error["error"];
        assert_eq!(
            (found, &error["type"], &error["param"]),
            (status, &json!(kind), &json!(param))
        );
        assert_eq!(error["code"], status);
    }
    assert_eq!(post(&simulator, None, "{no json").0, 400);
    let unknown = json!({"messages": [], "wibble": 1, "seed": 2});
    assert_eq!(post(&simulator, None, &unknown.to_string()).0, 200);
    assert_eq!(simulator.asked().pop().unwrap().unknown, ["wibble"]);
}

#[test]
fn a_key_is_asked_for_below_v1_only() {
    let key = Some("k-1".to_owned());
    let simulator = Simulator::start(
        Vendor::Vllm,
        Script {
            key,
            ..Script::default()
        },
    )
    .unwrap();
    let body = streamed().to_string();
    for (key, status) in [(None, 401), (Some("k-2"), 401), (Some("k-1"), 200)] {
        assert_eq!(post(&simulator, key, &body).0, status, "{key:?}");
    }
    assert_eq!(
        post(&simulator, None, &body).1,
        r#"{"error":"Unauthorized"}"#
    );
    let get = |path: &str| {
        let answer = agent().get(format!("{}{path}", simulator.origin())).call();
        answer.unwrap().status().as_u16()
    };
    assert_eq!((get("/health"), get("/v1/models")), (200, 401));
}

#[test]
fn faults_come_as_they_were_ordered() {
    let simulator = start();
    let body = streamed().to_string();
    simulator.once(Fault::Status(500));
    simulator.once(Fault::RateLimited(Some("7".into())));
    simulator.once(Fault::WebPage);
    simulator.once(Fault::ErrorInStream(2, 500));
    simulator.once(Fault::Cut(3));
    assert_eq!(post(&simulator, None, &body).0, 500);
    let url = format!("{}/v1/chat/completions", simulator.origin());
    let answer = agent().post(url).send(&body).unwrap();
    assert_eq!(answer.status().as_u16(), 429);
    assert_eq!(answer.headers().get("retry-after").unwrap(), "7");
    assert!(post(&simulator, None, &body).1.contains("<title>"));
    let (status, stream) = post(&simulator, None, &body);
    assert_eq!(status, 200);
    assert_eq!(events(&stream).last().unwrap()["error"]["code"], 500);
    assert_eq!(post(&simulator, None, &body).1, "", "it broke off");
    let cut = simulator.asked().pop().unwrap();
    assert_eq!((cut.ended.unwrap().whole, cut.said), (false, 3));
    assert_eq!(
        post(&simulator, None, &body).0,
        200,
        "then all is well again"
    );
}

#[test]
fn a_client_that_leaves_a_stalled_answer_is_noticed() {
    let simulator = start();
    simulator.once(Fault::Stall(1));
    let mut socket = TcpStream::connect(simulator.address()).unwrap();
    let body = streamed().to_string();
    write!(
        socket,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    assert!(socket.read(&mut [0; 64]).unwrap() > 0);
    assert_eq!(simulator.aborted(), 0);
    drop(socket);
    let left = |all: &[tth_simulators::Received]| all[0].ended.is_some();
    assert!(simulator.wait(LIMIT, left), "the connection was closed");
    assert_eq!(simulator.aborted(), 1);
}
