//! Server-sent events out of bytes, however the network cut them.
//!
//! The rules are those of the HTML standard: lines end with LF, CR or CRLF, a blank line ends an
//! event, `data` lines are joined, comments and a byte order mark are skipped. An event that the
//! stream ends in the middle of is none.

pub use crate::lines::TooLong;
use crate::lines::{Read, Splitter};

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// What the `event` field says; empty where there is none, which means "message".
    pub name: String,
    /// The `data` lines, joined with LF.
    pub data: String,
}

/// The parser: give it bytes with [`Parser::feed`], take events with [`Parser::next_event`].
#[derive(Debug)]
pub struct Parser {
    lines: Splitter<Event>,
    unfinished: Unfinished,
}

/// The event that is being read.
#[derive(Debug)]
struct Unfinished {
    event: Event,
    has_data: bool,
    /// No line has ended yet: a byte order mark may still come.
    at_start: bool,
}

impl Parser {
    /// A parser for one stream, whose events may have `limit` bytes each.
    pub fn new(limit: usize) -> Self {
        Parser {
            lines: Splitter::new(limit),
            unfinished: Unfinished {
                event: Event::default(),
                has_data: false,
                at_start: true,
            },
        }
    }

    /// The next bytes of the stream. After a failure they are ignored.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.lines.feed(bytes, |line| {
            let item = self.unfinished.line(line);
            let kept = self.unfinished.event.data.len();
            Read { item, kept }
        });
    }

    /// The next whole event, `None` if more bytes are needed.
    ///
    /// # Errors
    /// [`TooLong`], for ever, once the events before it have been taken.
    pub fn next_event(&mut self) -> Result<Option<Event>, TooLong> {
        self.lines.next()
    }
}

impl Unfinished {
    /// The event that this line ends.
    fn line(&mut self, mut line: &[u8]) -> Option<Event> {
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        // Whole lines only are decoded, so no character is ever cut.
        let line = String::from_utf8_lossy(line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.event.name),
            // A comment (its field is empty), `id` and `retry`, which only reconnecting needs, and
            // whatever else there may be.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(pieces: &[&[u8]], limit: usize) -> (Vec<(String, String)>, Option<TooLong>) {
        let mut parser = Parser::new(limit);
        let mut events = Vec::new();
        for piece in pieces {
            parser.feed(piece);
            loop {
                match parser.next_event() {
                    Ok(Some(event)) => events.push((event.name, event.data)),
                    Ok(None) => break,
                    Err(error) => return (events, Some(error)),
                }
            }
        }
        (events, None)
    }

    fn data(text: &str) -> Vec<String> {
        let (events, error) = parse(&[text.as_bytes()], 1_000);
        assert_eq!(error, None);
        events.into_iter().map(|(_, data)| data).collect()
    }

    #[test]
    fn the_lines_of_an_event_make_its_data() {
        assert_eq!(data("data: a\ndata:b\ndata:  c\n\n"), ["a\nb\n c"]);
        assert_eq!(data("data\n\ndata\ndata\n\n"), ["", "\n"]);
        assert_eq!(data("data: a\n"), [""; 0], "it has not ended");
        assert_eq!(data("event: x\n\ndata: b\n\n"), ["b"], "no data, no event");
    }

    #[test]
    fn every_kind_of_line_end_counts_once() {
        for end in ["\n", "\r", "\r\n"] {
            let text = "data: a|data: b||data: c||".replace('|', end);
            assert_eq!(data(&text), ["a\nb", "c"], "{end:?}");
        }
    }

    #[test]
    fn comments_unknown_fields_and_a_byte_order_mark_are_skipped() {
        assert_eq!(
            data("\u{feff}data: a\n: keep-alive\nid: 7\nretry: 1\nwhat\n\n:\n\n"),
            ["a"]
        );
        assert_eq!(
            data("data: \u{feff}a\n\n"),
            ["\u{feff}a"],
            "only at the start"
        );
    }

    #[test]
    fn an_event_has_its_name_and_the_next_one_has_not() {
        let (events, _) = parse(&[b"event: done\ndata: 1\n\ndata: 2\n\n"], 100);
        let pair = |name: &str, data: &str| (name.to_owned(), data.to_owned());
        assert_eq!(events, [pair("done", "1"), pair("", "2")]);
    }

    #[test]
    fn too_long_an_event_ends_the_stream_after_those_before_it() {
        let text = format!("data: ok\n\ndata: {}\n\ndata: late\n\n", "x".repeat(50));
        let (events, error) = parse(&[text.as_bytes()], 40);
        assert_eq!(events.len(), 1);
        assert_eq!(error, Some(TooLong { limit: 40 }));
        let many = "data: 1234567890\n".repeat(10);
        assert!(parse(&[many.as_bytes()], 40).1.is_some(), "all lines count");
    }

    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            Just("data: ".to_owned()),
            Just("data".to_owned()),
            Just("event: ".to_owned()),
            Just(":".to_owned()),
            Just("\n".to_owned()),
            Just("\r".to_owned()),
            Just("\r\n".to_owned()),
            Just("\n\n".to_owned()),
            Just("\u{feff}".to_owned()),
            Just("zażółć 😀".to_owned()),
            "[a-z :]{0,12}",
        ];
        prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn any_cut_of_the_bytes_gives_the_same_events(
            bytes in stream(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
            limit in 5_usize..200,
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                pieces.push(bytes.get(from..cut).unwrap());
                from = cut;
            }
            prop_assert_eq!(parse(&pieces, limit), parse(&[&bytes], limit));
        }

        #[test]
        fn what_was_written_is_read(texts in prop::collection::vec("[^\r\n]{0,30}", 1..8)) {
            let text: String = texts.iter().map(|text| format!("data: {text}\n\n")).collect();
            prop_assert_eq!(data(&text), texts);
        }
    }
}
