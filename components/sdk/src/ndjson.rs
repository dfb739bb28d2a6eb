//! Lines of JSON out of bytes, however the network cut them.

pub use crate::lines::TooLong;
use crate::lines::{Read, Splitter};

/// The splitter: give it bytes with [`Lines::feed`], take lines with [`Lines::next_line`].
#[derive(Debug)]
pub struct Lines(Splitter<String>);

impl Lines {
    /// A splitter for one stream, whose lines may have `limit` bytes each.
    pub fn new(limit: usize) -> Self {
        Lines(Splitter::new(limit))
    }

    /// The next bytes of the stream. After a failure they are ignored.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.0.feed(bytes, read);
    }

    /// The stream is over: what stands after its last line end is a line too.
    pub fn end(&mut self) {
        self.0.end_line(read);
    }

    /// The next whole line that is not blank, `None` if more bytes are needed.
    ///
    /// # Errors
    /// [`TooLong`], for ever, once the lines before it have been taken.
    pub fn next_line(&mut self) -> Result<Option<String>, TooLong> {
        self.0.next()
    }
}

fn read(line: &[u8]) -> Read<String> {
    let line = String::from_utf8_lossy(line);
    let line = line.trim();
    Read {
        item: (!line.is_empty()).then(|| line.to_owned()),
        kept: 0,
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
