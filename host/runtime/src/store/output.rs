//! What a guest prints: logged at debug level, cut in length and rate, never an error to the guest.

use crate::limits::output::{LINE, LINES_PER_SECOND};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// The last line of stderr, to explain a trap.
#[derive(Clone, Default)]
pub(crate) struct LastWords(Arc<Mutex<String>>);

impl LastWords {
    /// The line; empty if there was none.
    pub(crate) fn get(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, line: &str) {
        let mut words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        words.clear();
        words.push_str(line);
    }
}

struct Lines {
    provider: Arc<str>,
    stream: &'static str,
    line: Vec<u8>,
    window: Instant,
    in_window: u32,
    advice: bool,
    last: LastWords,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                _ if self.line.len() < LINE => self.line.push(byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        let text = String::from_utf8_lossy(&self.line);
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        self.line.clear();
        if text.is_empty() {
            return;
        }
        // The first line of a panic says where, the next ones why; what follows is advice.
        let mut said = self.last.get();
        if text.starts_with("note:") {
            self.advice = true;
        } else if said.contains("panicked at") && !self.advice {
            said.push(' ');
            said.push_str(text.trim_start());
            said.truncate(said.floor_char_boundary(LINE));
            self.last.set(&said);
        } else {
            self.advice = false;
            self.last.set(&text);
        }
        let now = Instant::now();
        if now.duration_since(self.window) >= Duration::from_secs(1) {
            (self.window, self.in_window) = (now, 0);
        }
        self.in_window += 1;
        if self.in_window <= LINES_PER_SECOND {
            tracing::debug!(provider = %self.provider, stream = self.stream, "{text}");
        }
    }
}

/// One of the two output streams of a guest.
#[derive(Clone)]
pub(crate) struct GuestOutput(Arc<Mutex<Lines>>);

impl GuestOutput {
    pub(crate) fn new(provider: Arc<str>, stream: &'static str, last: LastWords) -> Self {
        let lines = Lines {
            provider,
            stream,
            line: Vec::new(),
            window: Instant::now(),
            in_window: 0,
            advice: false,
            last,
        };
        GuestOutput(Arc::new(Mutex::new(lines)))
    }
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for GuestOutput {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(last: &LastWords) -> Lines {
        Lines {
            provider: "p".into(),
            stream: "stderr",
            line: Vec::new(),
            window: Instant::now(),
            in_window: 0,
            advice: false,
            last: last.clone(),
        }
    }

    #[test]
    fn the_last_words_of_a_panic_are_place_and_reason() {
        let last = LastWords::default();
        let mut lines = lines(&last);
        lines.take(
            b"hello\nthread 'x' panicked at src/a.rs:1:2:\n\n  bo\x1bom\nnote: run with ...\n",
        );
        assert_eq!(last.get(), "thread 'x' panicked at src/a.rs:1:2: boom");
    }

    #[test]
    fn endless_lines_are_cut() {
        let last = LastWords::default();
        let mut lines = lines(&last);
        lines.take(&vec![b'x'; 100_000]);
        lines.take(b"\n");
        assert_eq!(last.get().len(), LINE);
    }
}
