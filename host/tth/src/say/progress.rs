//! How far a turn is, on stderr: one line that changes on a terminal, plain lines elsewhere.

use std::cell::Cell;
use std::io::{IsTerminal, Write as _};
use std::time::{Duration, Instant};
use tth_core::media::{Micros, SECOND};

/// How often the line changes.
const INTERVAL: Duration = Duration::from_millis(100);

/// Where it is shown.
pub(super) struct Progress {
    terminal: bool,
    shown: Cell<Option<Instant>>,
}

impl Progress {
    /// Nothing shown yet.
    pub(super) fn new() -> Self {
        Progress {
            terminal: std::io::stderr().is_terminal(),
            shown: Cell::new(None),
        }
    }

    /// The next step begins.
    pub(super) fn step(&self, what: &str) {
        match self.terminal {
            true => self.line(&format!("{what} ...")),
            false => eprintln!("{what}"),
        }
        self.shown.set(None);
    }

    /// So much media is there.
    pub(super) fn media(&self, audio_us: Micros, frames: u64) {
        let recent = |shown: Instant| shown.elapsed() < INTERVAL;
        if self.terminal && !self.shown.get().is_some_and(recent) {
            let seconds = audio_us as f64 / SECOND as f64;
            self.line(&format!("{seconds:.1} s of speech, {frames} frames"));
            self.shown.set(Some(Instant::now()));
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        if self.terminal {
            self.line("");
        }
    }

    fn line(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        // Back to the start, erase to the end. A terminal that is gone needs no progress.
        let _gone = write!(stderr, "\r\x1b[K{text}").and_then(|()| stderr.flush());
    }
}
