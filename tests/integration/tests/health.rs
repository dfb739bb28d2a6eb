//! Health over real sockets, while the server of a provider goes away and comes back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tth_simulators::{Script, Simulator, Vendor};
use tth_tests::Server;

const LIMIT: Duration = Duration::from_secs(60);

fn double() -> Simulator {
    Simulator::start(Vendor::Vllm, Script::default()).unwrap()
}

/// Scripted voice and face, and a server as the mind.
fn start(origin: &str, fallback: &str, more: &[(&str, &str)]) -> Server {
    let (base, hosts) = (format!("{origin}/v1"), format!("[\"{origin}\"]"));
    let mut env = vec![
        ("TTH__COMPONENTS__LLM__MODE", "self_host"),
        ("TTH__COMPONENTS__LLM__PRIMARY", "local_vllm"),
        ("TTH__COMPONENTS__LLM__FALLBACK", fallback),
        (
            "TTH__PROVIDERS__LOCAL_VLLM__SETTINGS__BASE_URL",
            base.as_str(),
        ),
        ("TTH__PROVIDERS__LOCAL_VLLM__ALLOW__HOSTS", hosts.as_str()),
        ("TTH__RUNTIME__HEALTH__REFRESH_S", "1"),
    ];
    env.extend(more);
    Server::start_with("mock", &env).unwrap()
}

fn health(server: &Server) -> (u16, Value) {
    server.call("GET", "/v1/health", None).unwrap()
}

fn of<'a>(health: &'a Value, id: &str) -> Option<&'a Value> {
    let providers = health["providers"].as_array().unwrap();
    providers.iter().find(|provider| provider["id"] == id)
}

/// Ask until the provider is so; the answer.
fn until(server: &Server, id: &str, status: &str) -> (u16, Value) {
    let asked = Instant::now();
    loop {
        let (code, health) = health(server);
        if of(&health, id).is_some_and(|provider| provider["status"] == status) {
            return (code, health);
        }
        assert!(asked.elapsed() < LIMIT, "never {status}: {health}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_server_that_goes_down_and_comes_back_is_seen() {
    let double = double();
    let address = double.address();
    let server = start(&double.origin(), "[mock_llm]", &[]);
    let (code, all) = until(&server, "local_vllm", "ok");
    assert_eq!((code, &all["status"]), (200, &json!("ok")), "{all}");
    let mind = of(&all, "local_vllm").unwrap();
    assert_eq!(
        (&mind["role"], &mind["detail"]),
        (&json!("llm"), &json!(""))
    );
    assert!(mind["latency_ms"].as_f64().unwrap() > 0.0, "{mind}");

    drop(double);
    let (code, all) = until(&server, "local_vllm", "down");
    assert_eq!((code, &all["status"]), (200, &json!("degraded")), "{all}");
    let mind = of(&all, "local_vllm").unwrap();
    assert!(!mind["detail"].as_str().unwrap().is_empty(), "{mind}");
    assert_eq!(of(&all, "mock_llm").unwrap()["status"], "ok");

    let _again = Simulator::listen(Vendor::Vllm, Script::default(), address).unwrap();
    let (code, all) = until(&server, "local_vllm", "ok");
    assert_eq!((code, &all["status"]), (200, &json!("ok")), "{all}");
}

#[test]
fn without_anybody_who_could_answer_the_server_is_down() {
    // A port that was free a moment ago: nobody listens there.
    let nobody = double().origin();
    let server = start(&nobody, "[]", &[]);
    let (code, all) = until(&server, "local_vllm", "down");
    assert_eq!((code, &all["status"]), (503, &json!("down")), "{all}");
}

#[test]
fn nobody_is_asked_for_nothing_and_only_who_is_in_use() {
    let double = double();
    let server = start(&double.origin(), "[]", &[]);
    // It looked at the models when it was loaded.
    let before = double.requests().len();
    let (_, models) = server.call("GET", "/v1/models", None).unwrap();
    assert_eq!(double.requests().len(), before, "models are known");
    let (_, all) = until(&server, "local_vllm", "ok");
    assert!(double.requests().len() > before, "now it was asked");
    assert!(double.asked().is_empty(), "but for no answer");

    let listed = all["providers"].as_array().unwrap();
    let ids: Vec<&str> = listed
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    for id in ["local_vllm", "mock_tts", "mock_avatar", "still"] {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
    let models = models["models"].as_array().unwrap();
    let unused = models
        .iter()
        .find(|one| one["id"] == "embedded_tts")
        .unwrap();
    assert_eq!(
        (&unused["active"], &unused["primary"], &unused["fallback"]),
        (&json!(false), &json!(false), &json!(false))
    );
    assert!(models.len() > listed.len());
}

#[test]
fn a_fallback_that_could_not_be_loaded_is_down() {
    let double = double();
    let second = "TTH__PROVIDERS__SECOND";
    let block = [
        (format!("{second}__ROLE"), "llm"),
        (format!("{second}__MODE"), "self_host"),
        (format!("{second}__COMPONENT"), "llm-local-vllm.wasm"),
        (
            format!("{second}__SECRETS"),
            "[{ header: authorization, from: env:TTH_TEST_NOT_SET }]",
        ),
    ];
    let block: Vec<(&str, &str)> = block.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    let server = start(&double.origin(), "[second]", &block);
    let (code, all) = until(&server, "local_vllm", "ok");
    assert_eq!((code, &all["status"]), (200, &json!("ok")), "{all}");
    let second = of(&all, "second").unwrap();
    assert_eq!(second["status"], "down");
    assert!(
        second["detail"]
            .as_str()
            .unwrap()
            .contains("could not be loaded"),
        "{second}"
    );
    assert_eq!(second["latency_ms"], Value::Null);
}
