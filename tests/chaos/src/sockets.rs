//! Chaos over real sockets: a server whose providers fail as a seed has it, and clients that talk,
//! interrupt, drop their sockets in mid-turn, resume, take over and send nonsense, all at once, while the
//! configuration is read anew again and again.
//!
//! It takes real time, so it sees less than the worlds on fake time; but it sees the gateway, the
//! runtime and the guests. What the clients get is held against the rules that can be checked from
//! outside ([`wire`]). In the end the server has to be well, and to serve a clean turn.

#![allow(
    clippy::indexing_slicing,
    reason = "a field that a JSON value does not have is null, which is what a check wants to see"
)]

pub mod server;
pub mod talker;
pub mod wire;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use talker::Talker;
use tth_tests::{Server, Stream, Wire};

/// How long a server may take to be well again: a provider that crashed is left alone for a while.
const RECOVERY: Duration = Duration::from_secs(60);
/// Between two reloads of the configuration.
const RELOAD_EVERY: Duration = Duration::from_millis(1_500);
/// What the server logs of each, and of one that cannot be used.
const RELOADED: &str = "configuration reloaded";
const REFUSED: &str = "THE CONFIGURATION WAS NOT RELOADED";
/// A turn that nothing goes wrong with.
const CLEAN: &str = "All is well again.";
/// What the fixture speaks each of its words in, in microseconds.
const WORD_US: u64 = 100_000;

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where everything random comes from, but for real time.
    pub seed: u64,
    /// Clients that are there all the time.
    pub sessions: u32,
    /// For how long.
    pub duration: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Turns that ended, by how.
    pub completed: u64,
    /// See [`Outcome::completed`].
    pub interrupted: u64,
    /// See [`Outcome::completed`].
    pub failed: u64,
    /// Sockets that were dropped.
    pub dropped: u64,
    /// Those of them that were resumed where they broke.
    pub resumed: u64,
    /// Times that the configuration was read anew.
    pub reloads: usize,
    /// Times that it could not be used.
    pub refused: usize,
    /// Providers that were replaced.
    pub switched: u64,
    /// Events that were looked at.
    pub events: u64,
    /// Resident memory once everybody had talked for a while, and in the end, in MB; none where the
    /// system does not tell.
    pub resident_mb: Option<(f64, f64)>,
}

impl Outcome {
    fn add(&mut self, other: &Outcome) {
        self.completed += other.completed;
        self.interrupted += other.interrupted;
        self.failed += other.failed;
        self.dropped += other.dropped;
        self.resumed += other.resumed;
        self.switched += other.switched;
        self.events += other.events;
    }
}

/// Let it happen.
///
/// # Errors
/// If a rule is broken, with the session and what broke it; or the server is not well in the end.
pub fn run(options: Options) -> Result<Outcome> {
    let components = server::components()?;
    let mut config = server::Config::copy()?;
    let mut server = server::start(components.path(), &config, options.seed)?;
    let begun = Instant::now();
    let until = begun + options.duration;
    let mut outcome = Outcome::default();
    let warm = std::thread::scope(|scope| {
        let talkers: Vec<_> = (0..options.sessions)
            .map(|number| {
                let server = &server;
                scope.spawn(move || Talker::new(server, options.seed, number).talk(until))
            })
            .collect();
        std::thread::sleep(options.duration / 3);
        let warm = resident_mb(server.pid());
        while Instant::now() + RELOAD_EVERY < until {
            config.change(&server)?;
            std::thread::sleep(RELOAD_EVERY);
        }
        for (number, talker) in talkers.into_iter().enumerate() {
            let talked = talker.join();
            let talked = talked.map_err(|_| anyhow::anyhow!("client {number} panicked"))?;
            outcome.add(&talked.with_context(|| format!("session {number}"))?);
        }
        anyhow::Ok(warm)
    })?;
    ensure!(server.alive(), "the server died");
    (outcome.reloads, outcome.refused) = config.changes();
    server.logged(RELOADED, outcome.reloads, RECOVERY)?;
    server.logged(REFUSED, outcome.refused, RECOVERY)?;
    clean_turn(&server)?;
    well(&server)?;
    outcome.resident_mb = warm.zip(resident_mb(server.pid()));
    Ok(outcome)
}

/// A new session gets a turn that is whole.
fn clean_turn(server: &Server) -> Result<()> {
    let mut stream = Stream::open(server, Wire::Cbor, &json!({}))?;
    stream.send(&json!({"type": "user_text", "text": CLEAN, "mode": "say"}))?;
    let events = stream.until("turn_ended", RECOVERY)?;
    let reason = events.last().map(|event| event["reason"].clone());
    ensure!(
        reason == Some(json!("completed")),
        "the last turn: {reason:?}"
    );
    let sound = events.iter().filter(|event| event["type"] == "audio_chunk");
    let sound_us: u64 = sound
        .filter_map(|event| event["duration_us"].as_u64())
        .sum();
    let words = CLEAN.split_whitespace().count() as u64;
    ensure!(
        sound_us >= words * WORD_US / 2,
        "{sound_us} us of sound in the last turn"
    );
    Ok(())
}

/// The server is well, at the latest after a while: providers that always fail may be avoided, but all
/// others are well, and the whole serves.
fn well(server: &Server) -> Result<()> {
    let until = Instant::now() + RECOVERY;
    loop {
        let (status, health) = server.call("GET", "/v1/health", None)?;
        let providers = health["providers"].as_array().context("no providers")?;
        let faulty = |id: &str| id.starts_with(server::FAULTY);
        let good = |provider: &Value| {
            provider["id"].as_str().is_some_and(faulty) || provider["status"] == "ok"
        };
        if status == 200 && health["status"] != "down" && providers.iter().all(good) {
            return Ok(());
        }
        ensure!(Instant::now() < until, "not well again: {status} {health}");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Memory that is resident, in MB (a million bytes).
fn resident_mb(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
