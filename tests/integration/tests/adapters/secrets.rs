//! Keys that only their server sees, and servers that nobody allowed.

use crate::{ANSWER, behind_mocks, chat, double, of, open, start, text};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Seek};
use std::process::{Command, Stdio};
use tth_simulators::{Received, Script, Simulator, Vendor};
use tth_tests::binary;

const KEY: &str = "vllm-k3y-that-nobody-may-see";

/// The same turn by a server whose log is kept; the log.
pub(crate) fn logged_turn(env: &[(String, String)]) -> String {
    let mut log = tempfile::tempfile().unwrap();
    let mut command = Command::new(binary().unwrap());
    command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .args(["serve", "--listen", "127.0.0.1:0", "--profile", "mock"])
        .envs(env.iter().cloned())
        // Everything that anybody would ever say.
        .env("TTH_LOG", "trace,wasmtime_wasi_http=trace,hyper_util=trace")
        .stdout(Stdio::piped())
        .stderr(log.try_clone().unwrap());
    if let Some(folder) = std::env::var_os("TTH_COMPONENTS_DIR") {
        command.env("TTH__RUNTIME__COMPONENTS_DIR", folder);
    }
    let mut server = command.spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| {
        let line = line.unwrap();
        Some(line.strip_prefix("listening on ")?.trim().to_owned())
    });
    let body = json!({"text": "What is your key?", "mode": "chat", "format": "json"});
    let answer = ureq::post(format!("{}/v1/generate", address.unwrap()))
        .header("content-type", "application/json")
        .send(body.to_string());
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(answer.unwrap().status().as_u16(), 200);
    let mut text = String::new();
    log.rewind().unwrap();
    log.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_key_reaches_the_server_and_nobody_else() {
    let script = |key: &str| Script {
        key: Some(key.to_owned()),
        answer: ANSWER.into(),
        ..Script::default()
    };
    let secret = [
        (
            "TTH__PROVIDERS__LOCAL_VLLM__SECRETS",
            "[{ header: authorization, from: env:VLLM_API_KEY, prefix: \"Bearer \" }]",
        ),
        ("VLLM_API_KEY", KEY),
    ];
    for (wanted, answers) in [(KEY, true), ("another", false)] {
        let double = Simulator::start(Vendor::Vllm, script(wanted)).unwrap();
        let env = behind_mocks(&double.origin(), &secret);
        let server = start("mock", &env);
        let mut stream = open(&server, &json!({}));
        let events = chat(&mut stream, "What is your key?");
        assert_eq!(text(&events).contains("The second one"), answers);
        let bearer = format!("Bearer {KEY}");
        let has_key = |one: &Received| one.header("authorization") == Some(bearer.as_str());
        let asked = double.requests();
        assert!(!asked.is_empty() && asked.iter().all(has_key));
        assert!(asked.iter().all(|one| !one.body.to_string().contains(KEY)));
        let mut seen = events.iter().map(Value::to_string).collect::<Vec<_>>();
        for route in ["/v1/models", "/v1/health", "/metrics"] {
            let (_, bytes) = server.raw("GET", route, None).unwrap();
            seen.push(String::from_utf8_lossy(&bytes).into_owned());
        }
        drop(server);
        let log = logged_turn(&env);
        assert!(
            log.contains("TRACE") && log.contains("local_vllm"),
            "it does log: {log}"
        );
        assert!(double.requests().len() > asked.len(), "it was asked again");
        seen.push(log);
        for place in seen {
            let at = place.find(KEY).map(|at| {
                place
                    .chars()
                    .skip(at.saturating_sub(200))
                    .take(300)
                    .collect::<String>()
            });
            assert_eq!(at, None, "the key is seen");
        }
    }
}

#[test]
fn a_host_that_is_not_allowed_is_never_asked() {
    let double = double();
    let mut env = behind_mocks(&double.origin(), &[]);
    env.retain(|(name, _)| !name.ends_with("ALLOW__HOSTS"));
    let server = start("mock", &env);
    let mut stream = open(&server, &json!({}));
    let events = chat(&mut stream, "Hello?");
    assert_eq!(text(&events).trim(), "The stand-in speaks.");
    let reason = of(&events, "provider_switched")[0]["reason"].to_string();
    assert!(
        reason.contains("invalid_config") && reason.contains("allow.hosts"),
        "{reason}"
    );
    assert!(double.requests().is_empty(), "not even its models");
}
