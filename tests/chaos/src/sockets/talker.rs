//! A client that does what a seed says.

use super::Outcome;
use super::wire::Check;
use crate::act;
use crate::rng::Rng;
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tth_tests::{Server, Stream, Wire};
use tungstenite::Message;

/// The longest that any turn may take, with all that goes wrong and a busy machine.
const LIMIT: Duration = Duration::from_secs(60);
/// What the voice may do wrong, by the word after the one that brings it on. The endless one is left
/// out: who waits for its end waits for ever.
const HABITS: [&str; 12] = [
    "trap-in-stream",
    "silence",
    "one-byte-item",
    "one-sample-items",
    "shape-flood",
    "large-item",
    "far-future",
    "same-time",
    "not-a-number",
    "broken-text",
    "log-flood",
    "trap-in-drop",
];

/// A client and what it knows.
pub struct Talker<'a> {
    server: &'a Server,
    number: u32,
    rng: Rng,
    acts: u32,
    check: Check,
    outcome: Outcome,
}

impl<'a> Talker<'a> {
    /// The client of this number.
    pub fn new(server: &'a Server, seed: u64, number: u32) -> Self {
        Talker {
            server,
            number,
            rng: Rng::new(seed, &[101, number.into()]),
            acts: 0,
            check: Check::new(number),
            outcome: Outcome::default(),
        }
    }

    /// Talk until then.
    ///
    /// # Errors
    /// If a rule is broken.
    pub fn talk(mut self, until: Instant) -> Result<Outcome> {
        let wire = if self.number.is_multiple_of(2) {
            Wire::Cbor
        } else {
            Wire::Json
        };
        let small = json!({"render": {"resolution": "256x256", "fps": 10}});
        let mut stream = Stream::open(self.server, wire, &small)?;
        while Instant::now() < until {
            self.speak(&mut stream)?;
            stream = self.then(stream, wire)?;
        }
        self.finish(&mut stream)?;
        Ok(self.outcome)
    }

    /// Say something, with or without a bad habit in it.
    fn speak(&mut self, stream: &mut Stream) -> Result<()> {
        let words = u8::try_from(self.rng.range(1..10)).unwrap_or(1);
        let mut text = act::text(self.number, self.acts, words);
        self.acts += 1;
        if self.rng.chance(30) {
            let habit = self.rng.pick(&HABITS).unwrap_or("silence");
            text = format!("{text} Now misbehave {habit} please.");
        }
        let mode = if self.rng.chance(60) { "say" } else { "chat" };
        stream.send(&json!({"type": "user_text", "text": text, "mode": mode}))
    }

    /// What happens to what was said.
    fn then(&mut self, mut stream: Stream, wire: Wire) -> Result<Stream> {
        let moment = Duration::from_millis(self.rng.range(0..900));
        match self.rng.any() % 12 {
            0..=2 => self.finish(&mut stream)?,
            3 | 4 => {
                self.listen(&mut stream, moment)?;
                stream.send(&json!({"type": "interrupt"}))?;
                self.finish(&mut stream)?;
            }
            5 => {
                for _ in 0..10 {
                    stream.send(&json!({"type": "interrupt"}))?;
                    self.listen(&mut stream, Duration::from_millis(100))?;
                }
            }
            // The next one barges in.
            6 => self.listen(&mut stream, moment)?,
            7 => {
                self.listen(&mut stream, moment)?;
                return self.drop_socket(stream, wire);
            }
            8 => {
                self.listen(&mut stream, moment)?;
                let opened = stream.opened.clone();
                // The first one is still open when the second takes over.
                let second = Stream::attach(self.server, wire, opened)?;
                self.check.reconnected();
                return Ok(second);
            }
            9 | 10 => {
                self.listen(&mut stream, moment)?;
                return self.resume(stream);
            }
            _ => {
                stream.send_message(Message::text("no event at all"))?;
                let emotion = self.rng.pick(&["joy", "anger", "no feeling"]);
                stream.send(&json!({"type": "control_update", "emotion": {"label": emotion}}))?;
                let position_us = self.rng.any() >> self.rng.range(12..50);
                stream.send(&json!({"type": "playback", "position_us": position_us}))?;
                stream.send(&json!({"type": "ping"}))?;
                self.finish(&mut stream)?;
            }
        }
        Ok(stream)
    }

    /// The network breaks in the middle, and the client comes back.
    fn drop_socket(&mut self, stream: Stream, wire: Wire) -> Result<Stream> {
        let opened = stream.opened.clone();
        drop(stream);
        self.outcome.dropped += 1;
        std::thread::sleep(Duration::from_millis(self.rng.range(0..300)));
        let again = Stream::attach(self.server, wire, opened).context("coming back")?;
        self.check.reconnected();
        Ok(again)
    }

    /// The network breaks in the middle, and the client goes on where it was: nothing is missing.
    fn resume(&mut self, stream: Stream) -> Result<Stream> {
        let lost = stream.lose();
        self.outcome.dropped += 1;
        std::thread::sleep(Duration::from_millis(self.rng.range(0..600)));
        let mut again = lost.resume(self.server).context("resuming")?;
        let ready = again.next(LIMIT)?;
        ensure!(ready["type"] == "session_ready", "greeted by {ready}");
        match ready["resumed"].as_bool() {
            Some(true) => self.outcome.resumed += 1,
            // One that is too slow is not waited for.
            _ => self.check.reconnected(),
        }
        self.take(&ready)?;
        Ok(again)
    }

    /// Take events for so long.
    fn listen(&mut self, stream: &mut Stream, span: Duration) -> Result<()> {
        let until = Instant::now() + span;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            match stream.next(left) {
                Ok(event) => self.take(&event)?,
                Err(error) if is_silence(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Take events until nothing is going on any more.
    fn finish(&mut self, stream: &mut Stream) -> Result<()> {
        let until = Instant::now() + LIMIT;
        // Whatever was asked before this has been answered when the answer to this comes.
        stream.send(&json!({"type": "ping"}))?;
        let mut answered = false;
        while !answered || self.check.busy() {
            let left = until.saturating_duration_since(Instant::now());
            ensure!(!left.is_zero(), "a turn does not end within {LIMIT:?}");
            let event = stream.next(left)?;
            answered |= event["type"] == "pong";
            self.take(&event)?;
        }
        Ok(())
    }

    fn take(&mut self, event: &Value) -> Result<()> {
        self.outcome.events += 1;
        self.check.see(event)?;
        match (event["type"].as_str(), event["reason"].as_str()) {
            (Some("turn_ended"), Some("completed")) => self.outcome.completed += 1,
            (Some("turn_ended"), Some("interrupted")) => self.outcome.interrupted += 1,
            (Some("turn_ended"), Some("failed")) => self.outcome.failed += 1,
            (Some("turn_ended"), other) => bail!("a turn ended for {other:?}"),
            (Some("provider_switched"), _) => self.outcome.switched += 1,
            _ => {}
        }
        Ok(())
    }
}

/// Whether nothing came, and nothing is wrong.
fn is_silence(error: &anyhow::Error) -> bool {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    let mut causes = error.chain();
    causes.any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        let tungstenite = match cause.downcast_ref::<tungstenite::Error>() {
            Some(tungstenite::Error::Io(error)) => Some(error),
            _ => None,
        };
        io.or(tungstenite)
            .is_some_and(|error| matches!(error.kind(), TimedOut | WouldBlock))
    })
}
