//! `tth doctor` as a user runs it, against a double that is well, wants another key, or is gone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::process::Command;
use tth_simulators::{Fault, Script, Simulator, Vendor};
use tth_tests::binary;

const KEY: &str = "d0ctor-k3y-that-nobody-may-see";

/// Its exit code, the table, and the line of each provider in it, by its id.
struct Said {
    code: Option<i32>,
    out: String,
}

impl Said {
    fn line(&self, id: &str) -> &str {
        let mut lines = self.out.lines();
        let found = lines.find(|line| line.split_whitespace().next() == Some(id));
        found.unwrap_or_else(|| panic!("no {id} in\n{}", self.out))
    }

    fn verdict(&self) -> &str {
        self.out.trim_end().lines().last().unwrap()
    }
}

fn doctor(profile: &str, env: &[(&str, &str)]) -> Said {
    let mut command = Command::new(binary().unwrap());
    command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .args(["doctor", "--profile", profile])
        .env_remove("VLLM_API_KEY")
        .envs(env.iter().copied());
    if let Some(folder) = std::env::var_os("TTH_COMPONENTS_DIR") {
        command.env("TTH__RUNTIME__COMPONENTS_DIR", folder);
    }
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    eprintln!("{out}{err}");
    assert!(!out.contains(KEY) && !err.contains(KEY), "a key is seen");
    Said {
        code: output.status.code(),
        out,
    }
}

/// Scripted voice and face; the server at `origin` as the mind, which wants a key.
fn keyed(origin: &str, key: Option<&str>) -> Said {
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
        (
            "TTH__PROVIDERS__LOCAL_VLLM__SECRETS",
            "[{ header: authorization, from: env:VLLM_API_KEY, prefix: \"Bearer \" }]",
        ),
    ];
    env.extend(key.map(|key| ("VLLM_API_KEY", key)));
    doctor("mock", &env)
}

fn double(key: &str) -> Simulator {
    let script = Script {
        key: Some(key.into()),
        ..Script::default()
    };
    Simulator::start(Vendor::Vllm, script).unwrap()
}

#[test]
fn who_is_well_is_asked_for_one_word() {
    let double = double(KEY);
    let said = keyed(&double.origin(), Some(KEY));
    assert_eq!(said.code, Some(0));
    assert_eq!(said.verdict(), "all of them answer");
    let line = said.line("local_vllm");
    for part in ["llm", "primary", "VLLM_API_KEY", "ok", " ms"] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(said.line("mock_llm").contains("fallback 1"));
    for id in ["mock_tts", "mock_avatar", "still"] {
        assert!(said.line(id).contains("none needed"), "{id}");
    }
    let asked = double.asked();
    assert_eq!(asked.len(), 1, "once");
    let messages = &asked[0].body["messages"];
    assert_eq!(messages.as_array().unwrap().len(), 1);
    assert_eq!(messages[0]["content"], "Hello.");
}

#[test]
fn a_wrong_key_is_said_to_be_refused() {
    let double = double("another");
    let said = keyed(&double.origin(), Some(KEY));
    assert_eq!(said.code, Some(1));
    assert_eq!(said.verdict(), "these primaries do not answer: local_vllm");
    let line = said.line("local_vllm");
    assert!(
        line.contains("down") && line.contains("check VLLM_API_KEY: it was refused"),
        "{line}"
    );
}

#[test]
fn a_key_that_is_not_set_is_asked_for_and_nobody_else() {
    let double = double(KEY);
    let said = keyed(&double.origin(), None);
    assert_eq!(said.code, Some(1));
    let line = said.line("local_vllm");
    assert!(
        line.contains("VLLM_API_KEY missing") && line.contains("set VLLM_API_KEY in the env"),
        "{line}"
    );
    assert!(said.line("mock_llm").contains("ok"), "the others are asked");
    assert!(double.requests().is_empty(), "not without its key");
}

#[test]
fn a_server_that_is_gone_is_looked_for() {
    // A port that was free a moment ago: nobody listens there.
    let nobody = double(KEY).origin();
    let said = keyed(&nobody, Some(KEY));
    assert_eq!(said.code, Some(1));
    let line = said.line("local_vllm");
    assert!(
        line.contains("down") && line.contains(&format!("does it run at {nobody}?")),
        "{line}"
    );
}

#[test]
fn what_the_health_does_not_see_the_round_trip_does() {
    let double = double(KEY);
    double.always(Some(Fault::Quota));
    let said = keyed(&double.origin(), Some(KEY));
    assert_eq!(said.code, Some(1));
    let line = said.line("local_vllm");
    assert!(
        line.contains(" ok ") && line.contains("failed") && line.contains("no credit is left"),
        "{line}"
    );
}

#[test]
fn a_fallback_that_fails_is_told_but_is_no_failure() {
    let nobody = double(KEY).origin();
    let block = "TTH__PROVIDERS__SECOND";
    let env = [
        (
            "TTH__COMPONENTS__LLM__FALLBACK".to_owned(),
            "[second]".to_owned(),
        ),
        (format!("{block}__ROLE"), "llm".into()),
        (format!("{block}__MODE"), "mock".into()),
        (format!("{block}__COMPONENT"), "llm-local-vllm.wasm".into()),
        (
            format!("{block}__SETTINGS__BASE_URL"),
            format!("{nobody}/v1"),
        ),
        (format!("{block}__ALLOW__HOSTS"), format!("[\"{nobody}\"]")),
    ];
    let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let said = doctor("mock", &env);
    assert_eq!(said.code, Some(0));
    assert_eq!(
        said.verdict(),
        "every primary answers; not these fallbacks: second"
    );
}

#[test]
fn the_embedded_profile_is_well() {
    let said = doctor("local_embedded", &[]);
    assert_eq!(said.code, Some(0));
    assert!(said.line("embedded_tts").contains(" ok "));
}

#[test]
fn a_broken_configuration_is_described() {
    let said = doctor("mock", &[("TTH__COMPONENTS__LLM__PRIMARY", "nobody")]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
}
