//! The shipped profiles load; broken configurations (a folder each) say exactly what is wrong.

use super::schema::{Budgets, Limits};
use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use tth_core::provider::Stage;
use tth_core::session::OnBreak;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs")
}

/// A directory with a file for each component that any of the shipped configuration names, and
/// for those that the cases name.
fn components() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let mut names = BTreeSet::from(["mapper.wasm".to_owned(), "there.wasm".to_owned()]);
    let mut files = vec![shipped().join("base.yaml")];
    files.extend(
        profiles()
            .into_iter()
            .map(|p| shipped().join(format!("profiles/{p}.yaml"))),
    );
    for file in files {
        for line in fs::read_to_string(file).unwrap().lines() {
            if let Some((_, name)) = line
                .split_once("component: ")
                .or(line.split_once("mapper: "))
            {
                names.insert(name.trim().to_owned());
            }
        }
    }
    for name in names {
        fs::write(directory.path().join(name), b"").unwrap();
    }
    directory
}

fn profiles() -> Vec<String> {
    let entries = fs::read_dir(shipped().join("profiles")).unwrap();
    entries
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

fn with(components: &Path, extra: &[(&str, &str)]) -> Environment {
    let mut variables = vec![("TTH__RUNTIME__COMPONENTS_DIR", components.to_str().unwrap())];
    variables.extend(extra);
    // Every key any profile may ask for.
    for key in [
        "OPENAI",
        "ELEVENLABS",
        "TAVUS",
        "HEYGEN",
        "LIVEAVATAR",
        "DID",
    ] {
        variables.push((Box::leak(format!("{key}_API_KEY").into_boxed_str()), "key"));
    }
    variables.into_iter().collect()
}

fn loaded(profile: &str, extra: &[(&str, &str)]) -> Loaded {
    let components = components();
    let result = load(&shipped(), profile, &with(components.path(), extra));
    result.unwrap_or_else(|problems| panic!("{}", describe(profile, &problems)))
}

#[test]
fn every_shipped_profile_is_right() {
    let profiles = profiles();
    assert!(profiles.len() >= 2, "{profiles:?}");
    for profile in profiles {
        let Loaded { config, warnings } = loaded(&profile, &[]);
        assert!(warnings.is_empty(), "{profile}: {warnings:?}");
        assert_eq!(config.chains.len(), 3, "{profile}");
        assert!(
            config.chains.iter().all(|chain| chain.primary.is_some()),
            "{profile}"
        );
        let ids: Vec<&str> = config
            .personas
            .iter()
            .map(|persona| persona.id.as_str())
            .collect();
        assert_eq!(ids.first(), Some(&"default"), "{profile}");
        assert_eq!(ids.len(), 5, "{profile}: {ids:?}");
    }
}

#[test]
fn values_come_from_the_block_then_from_runtime() {
    let Loaded { config, .. } = loaded("local_embedded", &[]);
    let provider = |id: &str| {
        config
            .providers
            .iter()
            .find(|provider| provider.id == id)
            .unwrap()
    };
    let voice = provider("embedded_tts");
    assert_eq!(
        voice.limits,
        Limits {
            memory_mb: 512,
            cpu_ms_per_turn: 180_000,
            min: 2,
            max: 8
        }
    );
    assert_eq!(
        voice.budgets,
        Budgets {
            first_output_ms: 3_000,
            gap_ms: 3_000,
            total_ms: 60_000
        }
    );
    let still = provider("still");
    assert_eq!(
        still.limits,
        Limits {
            memory_mb: 64,
            cpu_ms_per_turn: 2_000,
            min: 0,
            max: 512
        }
    );
    assert_eq!(
        still.budgets,
        Budgets {
            first_output_ms: 2_000,
            gap_ms: 2_000,
            total_ms: 60_000
        }
    );
    assert_eq!(provider("embedded_avatar").settings, r#"{"quality":85}"#);
    let face = config
        .chains
        .iter()
        .find(|chain| chain.role == Stage::Avatar)
        .unwrap();
    let ids: Vec<&str> = face.ids().map(|id| id.value.as_str()).collect();
    assert_eq!(ids, ["embedded_avatar", "still"]);
}

#[test]
fn what_is_done_about_failures_is_the_bases_until_a_variable_says_otherwise() {
    let Loaded { config, .. } = loaded("mock", &[]);
    let (retries, circuit) = (config.runtime.retries, config.runtime.circuit);
    assert_eq!((retries.attempts, retries.pause_ms), (1, 100));
    assert_eq!((circuit.failures, circuit.pause_s), (3, 5));
    assert_eq!(config.chains[0].on_break, OnBreak::Continue);

    let variables = [
        ("TTH__RUNTIME__RETRIES__ATTEMPTS", "0"),
        ("TTH__RUNTIME__RETRIES__PAUSE_MS", "250"),
        ("TTH__RUNTIME__CIRCUIT__FAILURES", "0"),
        ("TTH__RUNTIME__CIRCUIT__PAUSE_S", "60"),
        ("TTH__COMPONENTS__LLM__ON_BREAK", "close"),
        (
            "TTH__PROVIDERS__MOCK_LLM__BUDGETS__FIRST_OUTPUT_MS",
            "90000",
        ),
        ("TTH__PROVIDERS__MOCK_TTS__BUDGETS__TOTAL_MS", "7000"),
    ];
    let Loaded { config, .. } = loaded("mock", &variables);
    let (retries, circuit) = (config.runtime.retries, config.runtime.circuit);
    assert_eq!((retries.attempts, retries.pause_ms), (0, 250));
    assert_eq!((circuit.failures, circuit.pause_s), (0, 60));
    assert_eq!(config.chains[0].on_break, OnBreak::Close);
    let total_ms = |id: &str| {
        let provider = config.providers.iter().find(|one| one.id == id);
        provider.unwrap().budgets.total_ms
    };
    assert_eq!(
        total_ms("mock_llm"),
        90_000,
        "not less than its first output"
    );
    assert_eq!(
        (total_ms("mock_tts"), total_ms("mock_avatar")),
        (7_000, 60_000)
    );
}

#[test]
fn the_environment_wins_over_the_files() {
    let Loaded { config, .. } = loaded(
        "mock",
        &[
            ("TTH__RUNTIME__MAX_SESSIONS", "64"),
            ("TTH__RUNTIME__LIMITS__MEMORY_MB", "48"),
            ("TTH__COMPONENTS__AVATAR__FALLBACK", "[]"),
            ("TTH__PROVIDERS__MOCK_LLM__SETTINGS__DELAY_MS", "250"),
        ],
    );
    assert_eq!(config.runtime.max_sessions, 64);
    let llm = config
        .providers
        .iter()
        .find(|provider| provider.id == "mock_llm")
        .unwrap();
    assert_eq!(llm.limits.memory_mb, 48);
    assert_eq!(llm.settings, r#"{"delay_ms":250}"#);
    assert!(config.chains.iter().all(|chain| chain.fallback.is_empty()));
}

#[test]
fn the_summary_says_who_serves_what() {
    let text = summary("local_embedded", &loaded("local_embedded", &[]).config);
    assert_eq!(
        text,
        "ok: profile local_embedded\n  \
         llm      persona_llm (embedded)\n  \
         tts      embedded_tts (embedded)\n  \
         avatar   embedded_avatar (embedded), then still (embedded)\n  \
         personas default, amara, lin, ravi, theo"
    );
}

/// A case is a folder: `base.yaml`, `profiles/p.yaml`, maybe `personas` and `env` (NAME=VALUE
/// lines), and `error.txt` or `warning.txt`, all that is to be said. Set TTH_UPDATE_CASES to write what is said now,
/// then read it.
#[test]
fn broken_configurations_say_exactly_what_is_wrong() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config-cases");
    let components = components();
    let (mut seen, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(cases).unwrap() {
        let case = entry.unwrap().path();
        let variables = fs::read_to_string(case.join("env")).unwrap_or_default();
        let mut environment: Vec<(&str, &str)> = variables
            .lines()
            .map(|line| line.split_once('=').unwrap())
            .collect();
        environment.push((
            "TTH__RUNTIME__COMPONENTS_DIR",
            components.path().to_str().unwrap(),
        ));
        let (file, said) = match load(&case, "p", &environment.into_iter().collect()) {
            Err(problems) => ("error.txt", describe("p", &problems)),
            Ok(loaded) => {
                let lines: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
                ("warning.txt", lines.join("\n"))
            }
        };
        let said = said
            .replace(&format!("{}/", case.display()), "")
            .replace(&format!("{}", components.path().display()), "COMPONENTS")
            + "\n";
        if std::env::var_os("TTH_UPDATE_CASES").is_some() {
            fs::write(case.join(file), &said).unwrap();
        }
        let expected = fs::read_to_string(case.join(file)).unwrap_or_default();
        if said != expected {
            wrong.push(format!(
                "{}: expected\n{expected}but it says\n{said}",
                case.display()
            ));
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 10, "only {seen} cases were found");
}
