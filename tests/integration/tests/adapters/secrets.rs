//! Keys that only their server sees.

use crate::provider::{KEY, Provider};
use crate::{open, start};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Seek};
use std::process::{Command, Stdio};
use tth_simulators::{Received, Script};
use tth_tests::{Server, binary};

/// A turn by a server whose log is kept; the log.
fn logged_turn(env: &[(String, String)]) -> String {
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

/// Places where somebody could look for a key.
fn everything(server: &Server, events: &[Value]) -> Vec<String> {
    let mut seen: Vec<String> = events.iter().map(Value::to_string).collect();
    for route in ["/v1/models", "/v1/health", "/metrics"] {
        let (_, bytes) = server.raw("GET", route, None).unwrap();
        seen.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    seen
}

fn keyless(seen: &[String]) {
    for place in seen {
        let at = place.find(KEY).map(|at| {
            let around = place.chars().skip(at.saturating_sub(200)).take(300);
            around.collect::<String>()
        });
        assert_eq!(at, None, "the key is seen");
    }
}

/// The key reaches the double in that header, behind that prefix, and is seen nowhere else: neither where
/// it is the right one nor where it is not. What was logged then, and then.
pub(crate) fn a_key_reaches_nobody_else(
    provider: &Provider,
    header: &str,
    prefix: &str,
) -> [String; 2] {
    [KEY, "another"].map(|wanted| {
        let double = provider.double_with(Script {
            key: Some(wanted.to_owned()),
            ..provider.script()
        });
        let env = provider.env(&double, &[]);
        let server = start("mock", &env);
        let events = provider.turn(&mut open(&server, &json!({})), "What is your key?");
        if wanted == KEY {
            provider.did_it(&events);
        } else {
            let reason = provider.replaced(&events);
            assert!(reason.contains("unauthenticated"), "{reason}");
        }
        let sent = format!("{prefix}{KEY}");
        let has_key = |one: &Received| one.header(header) == Some(sent.as_str());
        let asked = double.requests();
        assert!(!asked.is_empty() && asked.iter().all(has_key));
        let heard = asked.iter().flat_map(|one| &one.messages);
        let mut bodies = asked
            .iter()
            .map(|one| &one.body)
            .chain(heard.map(|one| &one.body));
        assert!(bodies.all(|body| !body.to_string().contains(KEY)));
        let mut seen = everything(&server, &events);
        drop(server);
        let log = logged_turn(&env);
        assert!(
            log.contains("TRACE") && log.contains(provider.id),
            "it does log: {log}"
        );
        assert!(double.requests().len() > asked.len(), "it was asked again");
        seen.push(log.clone());
        keyless(&seen);
        log
    })
}
