//! The shipped profiles: what they need, and a turn of each with doubles in place of the vendors.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;
use tth_simulators::{House, Script, Vendor};
use tth_tests::{Server, Stream, Wire, binary};

const LIMIT: Duration = Duration::from_secs(60);
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const ANSWER: &str = "<feel:joy:0.9> The double says this to everybody. It has a second sentence.";
const KEY: &str = "simulated-key";
const KEYS: [&str; 2] = ["OPENAI_API_KEY", "ELEVENLABS_API_KEY"];
/// A provider, its double, and what follows in its base URL.
const LED: [(&str, Vendor, &str); 7] = [
    ("OPENAI_REALTIME", Vendor::OpenAi, "/v1"),
    ("OPENAI_RESPONSES", Vendor::OpenAi, "/v1"),
    ("OPENAI_TTS", Vendor::OpenAi, "/v1"),
    ("ELEVENLABS_STREAM", Vendor::ElevenLabs, ""),
    ("LOCAL_VLLM", Vendor::Vllm, "/v1"),
    ("LOCAL_COSYVOICE", Vendor::CosyVoice, ""),
    ("LOCAL_GLMTTS", Vendor::GlmTts, ""),
];

type Variables = Vec<(String, String)>;

fn variable(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// All doubles on one port, and what leads every provider to its own.
fn doubles() -> (House, Variables) {
    let script = |vendor: Vendor| Script {
        answer: ANSWER.into(),
        key: vendor.wants_key().then(|| KEY.to_owned()),
        ..Script::default()
    };
    let all = Vendor::ALL.map(|vendor| (vendor, script(vendor)));
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let house = House::listen(all.into(), anywhere).unwrap();
    let mut env: Variables = KEYS.map(|name| variable(name, KEY)).into();
    for (provider, vendor, path) in LED {
        let bases = house.bases();
        let (_, base) = bases.iter().find(|(other, _)| *other == vendor).unwrap();
        let host = base.split('/').nth(2).unwrap();
        let prefix = format!("TTH__PROVIDERS__{provider}__");
        env.push((
            format!("{prefix}SETTINGS__BASE_URL"),
            format!("{base}{path}"),
        ));
        env.push((
            format!("{prefix}ALLOW__HOSTS"),
            format!("[\"http://{host}\", \"ws://{host}\"]"),
        ));
    }
    (house, env)
}

/// Runs the program; without keys where `env` brings none. Its exit code, stdout and stderr.
fn tth(arguments: &[&str], env: &[(String, String)]) -> (Option<i32>, String, String) {
    let mut command = Command::new(binary().unwrap());
    command.current_dir(ROOT).args(arguments);
    // Set to nothing: that hides what a file of the developer's own may hold.
    command.envs(KEYS.map(|name| (name, "")));
    if let Some(folder) = std::env::var_os("TTH_COMPONENTS_DIR") {
        command.env("TTH__RUNTIME__COMPONENTS_DIR", folder);
    }
    let output = command.envs(env.iter().cloned()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    eprintln!("{arguments:?}\n{out}{err}");
    (output.status.code(), out, err)
}

fn start(profile: &str, env: &[(String, String)]) -> Server {
    let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    Server::start_with(profile, &env).unwrap()
}

/// A turn of a session: what opened it, and the turn's events.
fn turn(server: &Server) -> (Value, Vec<Value>) {
    let small = json!({"render": {"resolution": "256x256"}});
    let mut stream = Stream::open(server, Wire::Json, &small).unwrap();
    stream.until("session_ready", LIMIT).unwrap();
    stream.chat("Hello, who are you?").unwrap();
    let events = stream.until("turn_ended", LIMIT).unwrap();
    assert_eq!(events.last().unwrap()["reason"], "completed", "{events:?}");
    (stream.opened, events)
}

fn of<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event["type"] == kind)
        .collect()
}

fn said(events: &[Value]) -> String {
    let deltas = of(events, "text_delta");
    deltas
        .iter()
        .filter_map(|event| event["text"].as_str())
        .collect()
}

fn spoken_ms(events: &[Value]) -> u64 {
    let sound = of(events, "audio_chunk");
    let us = sound
        .iter()
        .filter_map(|chunk| chunk["duration_us"].as_u64());
    us.sum::<u64>() / 1_000
}

#[test]
fn every_profile_is_right_once_its_keys_are_set() {
    let keys = KEYS.map(|name| variable(name, "any"));
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(format!("{ROOT}/configs/profiles")).unwrap() {
        let file = entry.unwrap().path();
        let profile = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let (code, out, _) = tth(&["config", "check", "--profile", &profile], &keys);
        assert_eq!(code, Some(0), "{out}");
        assert!(
            out.starts_with(&format!("ok: profile {profile}\n")),
            "{out}"
        );
        seen.push(profile);
    }
    for profile in [
        "local_embedded",
        "local_api_only_split",
        "local_api_only_managed",
        "dev_hybrid",
        "prod_self_host",
    ] {
        assert!(seen.iter().any(|other| other == profile), "{profile}");
    }
}

#[test]
fn a_key_is_asked_for_only_where_it_is_used() {
    let check = |profile: &str| tth(&["config", "check", "--profile", profile], &[]);
    for (profile, primaries) in [
        ("local_api_only_split", 2),
        ("local_api_only_managed", 2),
        ("dev_hybrid", 1),
    ] {
        let (code, out, _) = check(profile);
        assert_eq!(code, Some(1), "{profile}: {out}");
        let missing: Vec<&str> = out
            .lines()
            .filter(|line| line.contains("is not set"))
            .collect();
        assert_eq!(missing.len(), primaries, "{profile}: {out}");
        for line in missing {
            let file = line.starts_with("configs/base.yaml:");
            let key = KEYS.iter().any(|key| line.contains(key));
            assert!(file && key && line.contains(".env"), "{line}");
        }
    }
    for profile in ["local_embedded", "prod_self_host", "self_host"] {
        let (code, out, _) = check(profile);
        assert_eq!(
            (code, out.contains("is not set")),
            (Some(0), false),
            "{out}"
        );
    }
}

#[test]
fn every_profile_of_vendors_answers_with_its_primaries() {
    let (_house, env) = doubles();
    for (profile, llm, tts) in [
        (
            "local_api_only_split",
            "openai_realtime",
            "elevenlabs_stream",
        ),
        (
            "local_api_only_managed",
            "openai_responses",
            "elevenlabs_stream",
        ),
        ("dev_hybrid", "openai_responses", "local_cosyvoice"),
        ("prod_self_host", "local_vllm", "local_cosyvoice"),
    ] {
        let server = start(profile, &env);
        let (opened, events) = turn(&server);
        let providers = &opened["providers"];
        assert_eq!(
            (&providers["llm"], &providers["tts"], &providers["avatar"]),
            (&json!(llm), &json!(tts), &json!("embedded_avatar")),
            "{profile}"
        );
        let switched = of(&events, "provider_switched");
        assert!(switched.is_empty(), "{profile}: {switched:?}");
        assert!(said(&events).contains("a second sentence"), "{profile}");
        assert!(spoken_ms(&events) > 2_000, "{profile}");
        assert!(of(&events, "video_frame").len() > 10, "{profile}");
        let (code, health) = server.call("GET", "/v1/health", None).unwrap();
        assert_eq!((code, &health["status"]), (200, &json!("ok")), "{health}");
    }
}

#[test]
fn the_doctor_finds_the_doubles_well() {
    let (_house, env) = doubles();
    let (code, out, err) = tth(&["doctor", "--profile", "local_api_only_split"], &env);
    assert_eq!(code, Some(0), "{out}");
    for id in [
        "openai_realtime",
        "openai_responses",
        "elevenlabs_stream",
        "openai_tts",
    ] {
        let line = out
            .lines()
            .find(|line| line.starts_with(&format!("{id} ")))
            .unwrap();
        assert!(line.contains("_API_KEY") && line.contains(" ms"), "{line}");
    }
    assert!(out.trim_end().ends_with("all of them answer"), "{out}");
    assert!(!out.contains(KEY) && !err.contains(KEY), "a key is seen");
}

/// Mode and primary of two roles: nothing else differs between a rented chain and one's own.
#[test]
fn two_lines_a_role_put_servers_of_ones_own_in_place() {
    let (_house, mut env) = doubles();
    let (_, own) = turn(&start("local_embedded", &env));
    assert!(!said(&own).contains("The double says"), "{}", said(&own));
    for (role, primary) in [("LLM", "local_vllm"), ("TTS", "local_cosyvoice")] {
        env.push((format!("TTH__COMPONENTS__{role}__MODE"), "self_host".into()));
        env.push((format!("TTH__COMPONENTS__{role}__PRIMARY"), primary.into()));
    }
    let (opened, events) = turn(&start("local_embedded", &env));
    assert_eq!(
        (&opened["providers"]["llm"], &opened["providers"]["tts"]),
        (&json!("local_vllm"), &json!("local_cosyvoice"))
    );
    assert!(
        said(&events).contains("The double says"),
        "{}",
        said(&events)
    );
    assert!(spoken_ms(&events) > 2_000);
    assert!(of(&events, "provider_switched").is_empty());
    let names = |events: &[Value]| -> Vec<String> {
        let mut names: Vec<String> = events.iter().map(|e| e["type"].to_string()).collect();
        names.sort();
        names.dedup();
        names
    };
    assert_eq!(names(&events), names(&own), "a client sees no difference");
}

#[test]
fn a_model_that_will_be_shut_down_is_warned_of() {
    let (_house, mut env) = doubles();
    let model = "TTH__PROVIDERS__OPENAI_RESPONSES__SETTINGS__MODEL";
    let check = ["config", "check", "--profile", "local_api_only_managed"];
    let about = |text: &str| {
        let mut lines = text.lines().filter(|line| line.contains("shut down on"));
        let found = lines.find(|line| line.contains("openai_responses"));
        found.map(str::to_owned)
    };
    let (code, out, _) = tth(&check, &env);
    assert_eq!(
        (code, about(&out)),
        (Some(0), None),
        "its own default stays"
    );

    env.push(variable(model, "gpt-4o"));
    let (code, out, _) = tth(&check, &env);
    assert_eq!(code, Some(0), "a warning is no error");
    let line = about(&out).expect("a warning");
    assert!(
        line.starts_with("warning: ") && line.contains("gpt-4o") && line.contains("2027-01-14"),
        "{line}"
    );
    // The same when it is served.
    let (_, _, err) = tth(&["say", "Hi.", "--profile", "local_api_only_managed"], &env);
    assert!(about(&err).is_some(), "{err}");
}
