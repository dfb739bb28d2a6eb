//! What all streams of lines share: bytes in, whole lines out, and a limit to how long they may be.

use std::collections::VecDeque;

/// An item of the stream, or a line of it, is longer than the reader allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// The most bytes an item may have.
    pub limit: usize,
}

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an event of the stream is over {} bytes", self.limit)
    }
}

impl std::error::Error for TooLong {}

/// What a line gives.
pub(crate) struct Read<T> {
    /// The item that it completes.
    pub(crate) item: Option<T>,
    /// Bytes of an item that further lines belong to; they count to its length.
    pub(crate) kept: usize,
}

/// Items of type `T` that are made of lines. Lines end with LF, CR or CRLF.
#[derive(Debug)]
pub(crate) struct Splitter<T> {
    limit: usize,
    line: Vec<u8>,
    kept: usize,
    /// The last byte was CR: an LF that follows belongs to it.
    after_cr: bool,
    ready: VecDeque<T>,
    failed: Option<TooLong>,
}

impl<T> Splitter<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Splitter {
            limit,
            line: Vec::new(),
            kept: 0,
            after_cr: false,
            ready: VecDeque::new(),
            failed: None,
        }
    }

    /// The next bytes of the stream; `read` is given each whole line. After a failure they are
    /// ignored.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut read: impl FnMut(&[u8]) -> Read<T>) {
        for &byte in bytes {
            if self.failed.is_some() {
                return;
            }
            let crlf = byte == b'\n' && self.after_cr;
            self.after_cr = byte == b'\r';
            match byte {
                _ if crlf => {}
                b'\n' | b'\r' => self.end_line(&mut read),
                _ if self.line.len() + self.kept < self.limit => self.line.push(byte),
                _ => self.failed = Some(TooLong { limit: self.limit }),
            }
        }
    }

    /// What was fed since the last line end is a line.
    pub(crate) fn end_line(&mut self, mut read: impl FnMut(&[u8]) -> Read<T>) {
        let read = read(&self.line);
        self.line.clear();
        self.kept = read.kept;
        self.ready.extend(read.item);
    }

    /// The next item, `None` if more bytes are needed.
    ///
    /// # Errors
    /// [`TooLong`], for ever, once the items before it have been taken.
    pub(crate) fn next(&mut self) -> Result<Option<T>, TooLong> {
        match (self.ready.pop_front(), self.failed) {
            (None, Some(failed)) => Err(failed),
            (item, _) => Ok(item),
        }
    }
}
