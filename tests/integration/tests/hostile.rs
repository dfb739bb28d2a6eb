//! A voice with bad manners on a server of well-behaved sessions: who hears what, and how soon.
//!
//! One component is the culprit of one session and the voice of all others, in other instances. What
//! the operator reads for each habit is tested closer to it, in the runtime.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tth_tests::{BACK, Server, Stream, Wire};

const LIMIT: Duration = Duration::from_secs(60);
/// Sessions that speak all the while.
const NEIGHBOURS: usize = 4;
/// What the fixture speaks each word in, in microseconds.
const WORD_US: u64 = 100_000;
/// What a neighbour may have to buffer at most, in milliseconds. Far above the goal, which is for
/// `cargo xtask bench` to check: this only tells a disturbance from none.
const BUFFER_MS: u64 = 500;
const LONG: &str = "My neighbour may do whatever it likes while I go on and on with what I have to \
    say to you";

fn target() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from)
}

fn folder(variable: &str, otherwise: &str) -> PathBuf {
    let folder = std::env::var_os(variable).map_or_else(|| target().join(otherwise), PathBuf::from);
    folder.canonicalize().unwrap()
}

/// All components, and the fixture beside them.
fn components() -> tempfile::TempDir {
    let all = tempfile::tempdir().unwrap();
    let link = |from: &Path, name: &str| {
        std::os::unix::fs::symlink(from, all.path().join(name)).unwrap();
    };
    for file in std::fs::read_dir(folder("TTH_COMPONENTS_DIR", "components")).unwrap() {
        let file = file.unwrap();
        link(&file.path(), file.file_name().to_str().unwrap());
    }
    let fixture = folder("TTH_FIXTURES_DIR", "fixtures").join("fixture-bad-manners.wasm");
    assert!(
        fixture.is_file(),
        "no {}: cargo xtask test",
        fixture.display()
    );
    link(&fixture, "bad-manners.wasm");
    all
}

/// A server whose voice has bad manners, with the scripted one to follow it.
fn start(components: &Path) -> Server {
    let env = [
        ("TTH__RUNTIME__COMPONENTS_DIR", components.to_str().unwrap()),
        ("TTH__PROVIDERS__BAD_MANNERS__ROLE", "tts"),
        ("TTH__PROVIDERS__BAD_MANNERS__MODE", "mock"),
        ("TTH__PROVIDERS__BAD_MANNERS__COMPONENT", "bad-manners.wasm"),
        // A debug build of the host is slow, and it is not the culprit that pays for it.
        (
            "TTH__PROVIDERS__BAD_MANNERS__LIMITS__CPU_MS_PER_TURN",
            "20000",
        ),
        ("TTH__PROVIDERS__BAD_MANNERS__LIMITS__MEMORY_MB", "256"),
        ("TTH__COMPONENTS__TTS__PRIMARY", "bad_manners"),
        ("TTH__COMPONENTS__TTS__FALLBACK", "[mock_tts]"),
    ];
    Server::start_with("mock", &env).unwrap()
}

fn open(server: &Server) -> Stream {
    let small = json!({"render": {"resolution": "256x256"}});
    let mut stream = Stream::open(server, Wire::Cbor, &small).unwrap();
    stream.until("session_ready", LIMIT).unwrap();
    stream
}

fn begin(stream: &mut Stream, text: &str) {
    let said = json!({"type": "user_text", "text": text, "mode": "say"});
    stream.send(&said).unwrap();
}

/// What one turn was like for who listens to it.
#[derive(Debug, Default)]
struct Turn {
    sound_us: u64,
    /// Media times of chunks that begin before the one before them ends.
    back: Vec<u64>,
    /// What a client would have had to buffer for a turn without a gap.
    buffer_us: u64,
    /// From `user_text` to the first sound of the voice that served in the end.
    served_ms: u128,
    switches: Vec<String>,
    ended: Value,
}

fn say(stream: &mut Stream, text: &str) -> Turn {
    let asked = Instant::now();
    begin(stream, text);
    let mut turn = Turn::default();
    let (mut start, mut end, mut waiting) = (None, 0, true);
    loop {
        let event = stream.next(LIMIT).unwrap();
        match event["type"].as_str().unwrap() {
            "audio_chunk" => {
                let now = Instant::now();
                let pts = event["pts_us"].as_u64().unwrap();
                let (first, first_pts) = *start.get_or_insert((now, pts));
                let came = u64::try_from((now - first).as_micros()).unwrap();
                let late = came.saturating_sub(pts.saturating_sub(first_pts));
                turn.buffer_us = turn.buffer_us.max(late);
                if pts < end {
                    turn.back.push(pts);
                }
                let duration = event["duration_us"].as_u64().unwrap();
                end = pts + duration;
                turn.sound_us += duration;
                if std::mem::take(&mut waiting) {
                    turn.served_ms = asked.elapsed().as_millis();
                }
            }
            // The turn before had ended with the scripted voice.
            "provider_switched" if event["reason"] == BACK => {}
            "provider_switched" => {
                assert_eq!(event["to"], "mock_tts", "{event}");
                turn.switches.push(event["reason"].as_str().unwrap().into());
                waiting = true;
            }
            "turn_ended" => {
                turn.ended = event["reason"].clone();
                return turn;
            }
            _ => {}
        }
    }
}

fn words_us(text: &str) -> u64 {
    text.split_whitespace().count() as u64 * WORD_US
}

/// Speaks until `over`; what each turn would have needed for a buffer, in milliseconds.
fn neighbour(server: &Server, over: &AtomicBool) -> Vec<u64> {
    let mut stream = open(server);
    let mut buffers = Vec::new();
    while !over.load(SeqCst) {
        let turn = say(&mut stream, LONG);
        assert_eq!(turn.ended, "completed", "{turn:?}");
        assert!(
            turn.switches.is_empty(),
            "a neighbour paid for it: {turn:?}"
        );
        assert_eq!(turn.sound_us, words_us(LONG), "a neighbour lost sound");
        assert!(turn.back.is_empty(), "{turn:?}");
        buffers.push(turn.buffer_us / 1_000);
    }
    buffers
}

/// Falls when all is said.
const LATE: &str = "trap-in-drop";

/// What becomes of a turn with a habit: the code with which its voice is replaced; none: it is not.
const HABITS: [(&str, Option<&str>); 16] = [
    ("endless-loop", Some("timeout")),
    ("memory-bomb", Some("internal")),
    ("trap-in-stream", Some("internal")),
    ("silence", Some("timeout")),
    ("blocking-sleep", Some("timeout")),
    ("shape-flood", Some("internal")),
    ("one-byte-item", Some("internal")),
    ("large-item", Some("internal")),
    ("huge-item", Some("internal")),
    ("far-future", Some("internal")),
    ("not-a-number", Some("internal")),
    ("broken-text", Some("internal")),
    ("many-streams", Some("internal")),
    ("same-time", None),
    ("log-flood", None),
    // After it has said everything: nobody has to hear it again.
    (LATE, Some("internal")),
];

/// Two of these at once at most: three crashes in a row, with no good turn between, close a provider for
/// a while.
fn culprit(server: &Server, habits: &[(&str, Option<&str>)]) {
    let mut stream = open(server);
    for (habit, code) in habits {
        let text = format!("Now misbehave {habit} please.");
        let turn = say(&mut stream, &text);
        eprintln!(
            "{habit}: served after {} ms; {:?}",
            turn.served_ms, turn.switches
        );
        assert_eq!(turn.ended, "completed", "{habit}: {turn:?}");
        assert!(turn.back.is_empty(), "{habit}: time went back: {turn:?}");
        assert!(turn.sound_us > 2 * WORD_US, "{habit}: {turn:?}");
        let codes: Vec<bool> = turn
            .switches
            .iter()
            .map(|why| code.is_some_and(|code| why.starts_with(code)))
            .collect();
        assert_eq!(
            codes,
            vec![true; usize::from(code.is_some())],
            "{habit}: {turn:?}"
        );
        if *habit == LATE {
            assert_eq!(turn.sound_us, words_us(&text), "{habit}: {turn:?}");
        }
        let next = say(&mut stream, "All is well again.");
        assert!(next.switches.is_empty(), "after {habit}: {next:?}");
        assert_eq!(next.sound_us, 4 * WORD_US, "after {habit}: {next:?}");
    }
}

/// Sound in pieces of one sample is more events than a listener can be behind with: what waits is gathered.
fn trickle(server: &Server) {
    let mut stream = open(server);
    begin(&mut stream, "Now misbehave one-sample-items please.");
    let events = stream.until("turn_ended", LIMIT).unwrap();
    assert_eq!(events.last().unwrap()["reason"], "completed");
}

/// Who never ends is in nobody's way, and can be interrupted.
fn chatterbox(server: &Server) {
    let mut stream = open(server);
    begin(&mut stream, "Now misbehave endless-stream please.");
    for _ in 0..20 {
        stream.until("audio_chunk", LIMIT).unwrap();
    }
    stream.send(&json!({"type": "interrupt"})).unwrap();
    let events = stream.until("turn_ended", LIMIT).unwrap();
    assert_eq!(events.last().unwrap()["reason"], "interrupted");
    let next = say(&mut stream, "All is well again.");
    assert_eq!((next.sound_us, next.switches.len()), (4 * WORD_US, 0));
}

#[test]
fn one_voice_with_bad_manners_disturbs_nobody() {
    let components = components();
    let mut server = start(components.path());
    let over = AtomicBool::new(false);
    let mut buffers = std::thread::scope(|scope| {
        let neighbours: Vec<_> = (0..NEIGHBOURS)
            .map(|_| scope.spawn(|| neighbour(&server, &over)))
            .collect();
        let (some, others) = HABITS.split_at(HABITS.len() / 2);
        let culprits = [
            scope.spawn(|| culprit(&server, some)),
            scope.spawn(|| culprit(&server, others)),
            scope.spawn(|| chatterbox(&server)),
            scope.spawn(|| trickle(&server)),
        ];
        let behaved: Vec<_> = culprits.into_iter().map(|one| one.join()).collect();
        over.store(true, SeqCst);
        let heard = neighbours.into_iter().flat_map(|one| one.join().unwrap());
        let heard: Vec<u64> = heard.collect();
        for one in behaved {
            one.unwrap();
        }
        heard
    });
    assert!(server.alive());
    assert!(buffers.len() > NEIGHBOURS, "they hardly spoke: {buffers:?}");
    buffers.sort_unstable();
    let p99 = buffers[(buffers.len() - 1) * 99 / 100];
    let worst = buffers[buffers.len() - 1];
    eprintln!(
        "{} turns of neighbours: buffer p99 {p99} ms, at most {worst} ms",
        buffers.len()
    );
    assert!(p99 <= BUFFER_MS, "{buffers:?}");
}
