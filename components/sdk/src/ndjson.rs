//! Lines of JSON out of bytes, however the network cut them.

use crate::sse::TooLong;
use std::collections::VecDeque;

/// The splitter: give it bytes with [`Lines::feed`], take lines with [`Lines::next_line`].
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    line: Vec<u8>,
    ready: VecDeque<String>,
    failed: Option<TooLong>,
}

impl Lines {
    /// A splitter for one stream, whose lines may have `limit` bytes each.
    pub fn new(limit: usize) -> Self {
        Lines {
            limit,
            line: Vec::new(),
            ready: VecDeque::new(),
            failed: None,
        }
    }

    /// The next bytes of the stream. After a failure they are ignored.
    pub fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.failed.is_some() {
                return;
            }
            match byte {
                b'\n' => self.end(),
                _ if self.line.len() < self.limit => self.line.push(byte),
                _ => self.failed = Some(TooLong { limit: self.limit }),
            }
        }
    }

    /// The stream is over: what stands after its last line end is a line too.
    pub fn end(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if !line.is_empty() {
            self.ready.push_back(line.to_owned());
        }
    }

    /// The next whole line that is not blank, `None` if more bytes are needed.
    ///
    /// # Errors
    /// [`TooLong`], for ever, once the lines before it have been taken.
    pub fn next_line(&mut self) -> Result<Option<String>, TooLong> {
        match (self.ready.pop_front(), self.failed) {
            (None, Some(failed)) => Err(failed),
            (line, _) => Ok(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::new(20);
        pieces.iter().for_each(|piece| lines.feed(piece));
        lines.end();
        std::iter::from_fn(|| lines.next_line().ok().flatten()).collect()
    }

    #[test]
    fn lines_are_whole_wherever_they_were_cut() {
        let text = "{\"a\":\"ż\"}\r\n\n  \n{\"b\":2}\n{\"c\":3}".as_bytes();
        let whole = lines(&[text]);
        assert_eq!(whole, ["{\"a\":\"ż\"}", "{\"b\":2}", "{\"c\":3}"]);
        for cut in 0..=text.len() {
            let (a, b) = text.split_at(cut);
            assert_eq!(lines(&[a, b]), whole, "cut at {cut}");
        }
    }

    #[test]
    fn too_long_a_line_is_an_error_after_those_before_it() {
        let mut lines = Lines::new(4);
        lines.feed(b"1234\n12345\n1\n");
        assert_eq!(lines.next_line(), Ok(Some("1234".to_owned())));
        assert_eq!(lines.next_line(), Err(TooLong { limit: 4 }));
        assert_eq!(lines.next_line(), Err(TooLong { limit: 4 }));
    }
}
