//! A configuration that is changed under a running server, with people in it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tth_tests::{Server, Stream, Wire, data};

const LIMIT: Duration = Duration::from_secs(60);
const RELOADED: &str = "configuration reloaded";
const REFUSED: &str = "THE CONFIGURATION WAS NOT RELOADED";
/// The line of the profile that says what the language model answers, from 1.
const ANSWER_LINE: usize = 11;

/// Configuration and components of a server, to be changed.
struct Folder(TempDir);

fn built() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let target = || std::env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from);
    std::env::var_os("TTH_COMPONENTS_DIR")
        .map_or_else(|| target().join("components"), PathBuf::from)
}

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        for part in ["components", "configs/profiles", "configs/personas"] {
            std::fs::create_dir_all(folder.path(part)).unwrap();
        }
        let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
        for file in ["base.yaml", "personas/default.yaml"] {
            let to = folder.path("configs").join(file);
            std::fs::copy(configs.join(file), to).unwrap();
        }
        for (from, to) in [
            ("control-mapper", "control-mapper"),
            ("llm-mock", "mind"),
            ("tts-mock", "voice"),
            ("avatar-mock", "face"),
        ] {
            folder.component(from, to);
        }
        folder.profile("settings: { answer: Once. }");
        folder
    }

    fn path(&self, part: &str) -> PathBuf {
        self.0.path().join(part)
    }

    /// Put a component that was built in the place of another one.
    fn component(&self, from: &str, to: &str) {
        let from = built().join(from).with_extension("wasm");
        let to = self.path("components").join(to).with_extension("wasm");
        std::fs::copy(from, to).unwrap();
    }

    /// A profile whose language model has this line in its block.
    fn profile(&self, mind: &str) {
        self.profile_with("{}", mind);
    }

    fn profile_with(&self, runtime: &str, mind: &str) {
        let text = format!(
            "runtime: {runtime}
components:
  llm: {{ mode: mock, primary: mind }}
  tts: {{ mode: mock, primary: voice }}
  avatar: {{ mode: mock, primary: face }}
providers:
  mind:
    role: llm
    mode: mock
    component: mind.wasm
    {mind}
  voice: {{ role: tts, mode: mock, component: voice.wasm }}
  face: {{ role: avatar, mode: mock, component: face.wasm }}
"
        );
        assert_eq!(text.lines().nth(ANSWER_LINE - 1).unwrap().trim(), mind);
        std::fs::write(self.path("configs/profiles/own.yaml"), text).unwrap();
    }

    fn start(&self) -> Server {
        let components = self.path("components");
        let env = [
            ("TTH__RUNTIME__PROFILE", "own"),
            ("TTH__RUNTIME__COMPONENTS_DIR", components.to_str().unwrap()),
        ];
        Server::recorded("own", &self.path("configs"), &env).unwrap()
    }
}

fn open(server: &Server) -> Stream {
    let small = json!({"render": {"resolution": "256x256"}});
    let mut stream = Stream::open(server, Wire::Cbor, &small).unwrap();
    stream.until("session_ready", LIMIT).unwrap();
    stream
}

/// What a turn wrote. The stream itself checks that no event was lost.
fn answer(stream: &mut Stream) -> String {
    stream.chat("Hello.").unwrap();
    rest(stream)
}

fn rest(stream: &mut Stream) -> String {
    let events = stream.until("turn_ended", LIMIT).unwrap();
    assert_eq!(events.last().unwrap()["reason"], "completed");
    written(&events)
}

fn written(events: &[Value]) -> String {
    let deltas = events.iter().filter(|event| event["type"] == "text_delta");
    let texts = deltas.map(|event| event["text"].as_str().unwrap());
    texts.collect()
}

/// Send SIGHUP and wait for what comes of it, which is the n-th of its kind; all that was logged.
fn reload(server: &Server, what: &str, times: usize) -> String {
    server.hang_up().unwrap();
    server.logged(what, times, LIMIT).unwrap()
}

#[test]
fn a_turn_ends_on_what_it_began_with_and_the_next_one_has_the_new() {
    let folder = Folder::new();
    folder.profile(
        "settings: { answer: Once upon a time there was a house in the woods., token_delay_ms: 100 }",
    );
    let mut server = folder.start();
    let (mut stream, mut idle) = (open(&server), open(&server));
    stream.chat("Tell me a story.").unwrap();
    let begun = stream.until("text_delta", LIMIT).unwrap();

    folder.profile("settings: { answer: The end. }");
    let log = reload(&server, RELOADED, 1);
    let line = log.lines().find(|line| line.contains(RELOADED)).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["loaded"], "mind", "{line}");
    assert_eq!(line["kept"], "control-mapper, voice, face", "{line}");
    assert_eq!(
        (&line["cause"], &line["sessions"]),
        (&json!("SIGHUP"), &json!(2))
    );
    assert!(line["ms"].is_u64(), "{line}");

    let story = written(&begun) + &rest(&mut stream);
    assert_eq!(story, "Once upon a time there was a house in the woods.");
    assert_eq!(answer(&mut stream), "The end.");
    assert_eq!(answer(&mut idle), "The end.");
    assert_eq!(answer(&mut open(&server)), "The end.");
    assert!(server.alive());
}

#[test]
fn a_configuration_that_cannot_be_used_is_refused_with_file_and_line() {
    let folder = Folder::new();
    let server = folder.start();
    let mut stream = open(&server);
    for (times, (mind, why)) in [
        ("settings: { answer: [unclosed }", "own.yaml:11"),
        (
            "setings: { answer: Twice. }",
            "own.yaml:11: providers.mind.setings",
        ),
        // Only the component itself knows that this is wrong.
        ("settings: { anser: Twice. }", "provider `mind`"),
    ]
    .into_iter()
    .enumerate()
    {
        folder.profile(mind);
        let log = reload(&server, REFUSED, times + 1);
        assert!(log.contains(why), "{mind}: no {why} in\n{log}");
        assert_eq!(answer(&mut stream), "Once.", "{mind}");
    }
    folder.profile("settings: { answer: Twice. }");
    reload(&server, RELOADED, 1);
    assert_eq!(answer(&mut stream), "Twice.");
}

/// The next picture. A face that has nothing to say always shows the same.
fn picture(stream: &mut Stream) -> Vec<u8> {
    let events = stream.until("video_frame", LIMIT).unwrap();
    data(events.last().unwrap()).unwrap()
}

#[test]
fn a_component_that_was_replaced_is_taken_and_a_broken_one_is_not() {
    let folder = Folder::new();
    let server = folder.start();
    let mut stream = open(&server);
    let old = picture(&mut stream);
    assert_eq!(picture(&mut stream), old);

    let face = folder.path("components/face.wasm");
    let whole = std::fs::read(built().join("avatar-stub.wasm")).unwrap();
    for (times, broken) in [b"no component".as_slice(), &whole[..whole.len() / 2]]
        .into_iter()
        .enumerate()
    {
        std::fs::write(&face, broken).unwrap();
        let log = reload(&server, REFUSED, times + 1);
        assert!(log.contains("face.wasm"), "{log}");
        assert!(picture(&mut stream) == old, "the old face goes on");
        assert_eq!(answer(&mut stream), "Once.");
    }

    folder.component("avatar-stub", "face");
    reload(&server, RELOADED, 1);
    // What was drawn before may still be under way.
    let mut frames = 0;
    while picture(&mut stream) == old {
        frames += 1;
        assert!(frames < 250, "still the old face");
    }
    assert_eq!(answer(&mut stream), "Once.");
    assert!(picture(&mut stream) != old);
}

#[test]
fn what_needs_a_restart_is_said_and_the_rest_applies() {
    let folder = Folder::new();
    let server = folder.start();
    let cache = folder.path("cache");
    let runtime = format!("{{ cache_dir: {}, max_sessions: 1 }}", cache.display());
    folder.profile_with(&runtime, "limits: { memory_mb: 4096 }");
    let log = reload(&server, RELOADED, 1);
    for key in ["runtime.cache_dir", "providers.mind.limits.memory_mb"] {
        let line = log.lines().find(|line| line.contains(key));
        assert!(
            line.is_some_and(|line| line.contains("needs a restart")),
            "{key}: {log}"
        );
    }
    let _one = open(&server);
    let refused = server.call("POST", "/v1/sessions", Some(&json!({})));
    assert_eq!(refused.unwrap().0, 503, "max_sessions holds already");
}

#[test]
fn a_watched_configuration_is_reloaded_without_a_signal() {
    let folder = Folder::new();
    let watch = "{ watch: true }";
    folder.profile_with(watch, "settings: { answer: Once. }");
    let server = folder.start();
    let mut stream = open(&server);
    assert_eq!(answer(&mut stream), "Once.");
    folder.profile_with(watch, "settings: { answer: Twice. }");
    let log = server.logged(RELOADED, 1, LIMIT).unwrap();
    assert!(log.contains("a file has changed"), "{log}");
    assert_eq!(answer(&mut stream), "Twice.");
    // A component, too; and nothing is reloaded over and over.
    folder.component("avatar-stub", "face");
    let log = server.logged(RELOADED, 2, LIMIT).unwrap();
    assert_eq!(log.matches(RELOADED).count(), 2, "{log}");
    assert!(log.contains("\"loaded\":\"face\""), "{log}");
}
