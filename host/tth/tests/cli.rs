//! The binary as a user runs it: what it prints, and how it exits. No component is run here.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

const CONFIG: &str = "
runtime: { profile: p, mapper: a.wasm, components_dir: . }
components:
  llm: { mode: mock, primary: words }
  tts: { mode: mock, primary: voice }
  avatar: { mode: mock, primary: face }
providers:
  words: { role: llm, mode: mock, component: a.wasm }
  voice: { role: tts, mode: mock, component: a.wasm }
  face: { role: avatar, mode: mock, component: a.wasm }
";

/// A directory with a configuration that is right, of a component that is none.
fn world() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let at = |file: &str| directory.path().join(file);
    fs::create_dir_all(at("configs/profiles")).unwrap();
    fs::write(at("configs/base.yaml"), CONFIG).unwrap();
    fs::write(at("configs/profiles/p.yaml"), "").unwrap();
    fs::write(at("a.wasm"), "no component").unwrap();
    directory
}

fn tth(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tth"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TTH_") {
            command.env_remove(name);
        }
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn config_check_prints_a_summary_or_every_problem() {
    let world = world();
    let (code, said, _) = tth(world.path(), &["config", "check", "--profile", "p"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("ok: profile p\n"), "{said}");

    fs::write(
        world.path().join("configs/profiles/p.yaml"),
        "runtime: { max_sessions: 0 }\ncomponent: {}\n",
    )
    .unwrap();
    let (code, said, _) = tth(world.path(), &["config", "check", "--profile", "p"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        said,
        "configs/profiles/p.yaml:1: runtime.max_sessions: found 0, expected a whole number from 1 to 100000\n\
         configs/profiles/p.yaml:2: component: there is no such key, did you mean `components`? \
         Known here: runtime, components, providers\n\
         2 problems in the configuration of p\n"
    );
}

#[test]
fn the_env_file_of_the_working_directory_is_read() {
    let world = world();
    fs::write(world.path().join(".env"), "TTH__RUNTIME__MAX_SESSIONS=0\n").unwrap();
    let (code, said, _) = tth(world.path(), &["config", "check", "--profile", "p"]);
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with("environment variable TTH__RUNTIME__MAX_SESSIONS: runtime.max_sessions"),
        "{said}"
    );
    fs::write(world.path().join(".env"), "not a line\n").unwrap();
    let (code, _, said) = tth(world.path(), &["config", "check", "--profile", "p"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("line 1: expected KEY=VALUE"), "{said}");
}

#[test]
fn a_taken_port_is_said_before_anything_is_loaded() {
    let world = world();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let (code, out, said) = tth(
        world.path(),
        &["serve", "--profile", "p", "--listen", &taken],
    );
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(
        said.contains(&format!("{taken} is taken by another program")),
        "{said}"
    );
}

#[test]
fn every_provider_that_does_not_load_is_named() {
    let world = world();
    let (code, out, said) = tth(
        world.path(),
        &["serve", "--profile", "p", "--listen", "127.0.0.1:0"],
    );
    assert_eq!((code, out.as_str()), (Some(1), ""));
    for id in ["control-mapper", "words", "voice", "face"] {
        assert!(said.contains(&format!("provider `{id}`")), "{id}: {said}");
    }
}

#[test]
fn say_refuses_before_it_loads() {
    let world = world();
    for (arguments, why) in [
        (
            &["say", "hi", "--profile", "p", "--emotion", "joi"][..],
            "emotion.label is \"joi\"",
        ),
        (&["say", " ", "--profile", "p"][..], "the text is empty"),
        (
            &["say", "hi", "--profile", "p", "--out", "no/clip.mp4"][..],
            "there is no directory",
        ),
        (
            &["say", "hi", "--profile", "q"][..],
            "there is no profile \"q\"",
        ),
    ] {
        let (code, out, said) = tth(world.path(), arguments);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(
            said.contains(why) && !said.contains("loading"),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn inspecting_what_is_no_component_fails() {
    let world = world();
    let (code, _, said) = tth(world.path(), &["plugin", "inspect", "a.wasm"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("a.wasm: is no WebAssembly"), "{said}");
}

/// The configuration with another language model: one of one's own, of the same broken component.
fn with_own_server(directory: &Path) {
    let profile = "components: { llm: { mode: self_host, primary: own } }\n\
                   providers: { own: { role: llm, mode: self_host, component: a.wasm, \
                   secrets: [{ header: x-key, from: env:TTH_TEST_KEY }] } }\n";
    fs::write(directory.join("configs/profiles/p.yaml"), profile).unwrap();
}

#[test]
fn a_component_that_cannot_be_asked_for_its_models_is_a_note() {
    let world = world();
    with_own_server(world.path());
    fs::write(world.path().join(".env"), "TTH_TEST_KEY=s3cret\n").unwrap();
    let (code, said, _) = tth(world.path(), &["config", "check", "--profile", "p"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("ok: profile p\n"), "{said}");
    let note = said.lines().last().unwrap();
    assert!(
        note.starts_with(
            "note: whether a model of own will be shut down is not known: provider `own`"
        ),
        "{said}"
    );
}

#[test]
fn the_doctor_goes_on_where_a_key_is_missing_or_nothing_loads() {
    let world = world();
    with_own_server(world.path());
    let (code, said, _) = tth(world.path(), &["doctor", "--profile", "p"]);
    assert_eq!(code, Some(1), "{said}");
    let line = |id: &str| {
        let line = said.lines().find(|line| line.starts_with(id));
        line.unwrap_or_else(|| panic!("{said}")).to_owned()
    };
    assert!(line("own ").contains("TTH_TEST_KEY missing"), "{said}");
    for id in ["voice ", "face "] {
        let line = line(id);
        assert!(
            line.contains("not loaded") && line.contains("is no WebAssembly"),
            "{line}"
        );
    }
    assert!(
        said.ends_with("these primaries do not answer: own, voice, face\n"),
        "{said}"
    );

    fs::write(world.path().join(".env"), "TTH_TEST_KEY=s3cret\n").unwrap();
    let (code, said, log) = tth(world.path(), &["doctor", "--profile", "p"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("TTH_TEST_KEY ") && !said.contains("missing"),
        "{said}"
    );
    assert!(
        !said.contains("s3cret") && !log.contains("s3cret"),
        "{said}{log}"
    );
}
