//! The WebSocket, which outlives the calls that use it.

use crate::config::Config;
use crate::errors;
use crate::messages::{IDLE_S, close, frames, socket_url};
use crate::voicing::Job;
use std::time::{Duration, Instant};
use tth_sdk::websocket::{Incoming, Message, Options, Socket};
use tth_sdk::{Closed, Error, Sink};

/// A line that was silent for longer may be closed by the server at any moment.
const FRESH: Duration = Duration::from_secs(IDLE_S - 10);
/// The server has five contexts at most. A line with more than so many that nobody waits for is
/// replaced, since they may never end.
const RESIDUE: usize = 2;

/// An open WebSocket for one voice.
pub(crate) struct Line {
    pub(crate) voice: String,
    /// Whether a call used it before this one: then it may be dead without anybody's knowing.
    pub(crate) kept: bool,
    outgoing: Sink<Message>,
    pub(crate) incoming: Incoming,
    /// Contexts that nobody waits for any more, and of which sound may still come.
    residue: Vec<String>,
    /// Contexts so far.
    count: u64,
    /// When something was last said on it.
    used: Instant,
}

impl Line {
    /// Open one.
    ///
    /// # Errors
    /// What the server said instead.
    pub(crate) async fn open(config: &Config, voice: &str) -> Result<Line, Error> {
        let socket = Socket::connect(&socket_url(config, voice), Options::default()).await;
        let (outgoing, incoming) = socket.map_err(errors::of_upgrade)?.split();
        Ok(Line {
            voice: voice.to_owned(),
            kept: false,
            outgoing,
            incoming,
            residue: Vec::new(),
            count: 0,
            used: Instant::now(),
        })
    }

    /// Whether another call may use it.
    pub(crate) fn serves(&self, voice: &str) -> bool {
        self.voice == voice && self.residue.len() <= RESIDUE && self.used.elapsed() < FRESH
    }

    /// It is put aside for the next call.
    pub(crate) fn keep(mut self) -> Line {
        self.kept = true;
        self
    }

    /// Have a job spoken; its context.
    ///
    /// # Errors
    /// If the line is over; why is told to whoever reads it.
    pub(crate) async fn speak(&mut self, job: &Job) -> Result<String, Closed> {
        self.count += 1;
        let context = format!("u{}", self.count);
        let text = job.script.text();
        println!(
            "context {context} asked for: {} characters",
            text.chars().count()
        );
        let frames = frames(&context, &text, &job.manner);
        let frames = frames.map(Message::Text).into();
        self.used = Instant::now();
        self.outgoing.send_all(frames).await?;
        Ok(context)
    }

    /// Nobody waits for these any more.
    ///
    /// # Errors
    /// If the line is over.
    pub(crate) async fn drop_contexts(&mut self, contexts: Vec<String>) -> Result<(), Closed> {
        let frames = contexts.iter().map(|context| Message::Text(close(context)));
        let frames = frames.collect();
        self.residue.extend(contexts);
        self.outgoing.send_all(frames).await
    }

    /// Whether a context is one that nobody waits for; it is forgotten with its last message.
    pub(crate) fn is_residue(&mut self, context: &str, last: bool) -> bool {
        let place = self.residue.iter().position(|one| one == context);
        if let (Some(place), true) = (place, last) {
            self.residue.swap_remove(place);
        }
        place.is_some()
    }

    /// Whether messages without a context can only be of this call.
    pub(crate) fn is_clean(&self) -> bool {
        self.residue.is_empty()
    }
}
