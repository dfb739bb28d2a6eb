//! Server-sent events of any vendor, or of somebody in its place.

use crate::cuts;
use tth_sdk::sse::{Event, Parser, TooLong};

/// Parts of a stream.
pub(crate) const WORDS: &[&str] = &[
    "data: ",
    "data",
    "event: ",
    "id: 7",
    "retry: 1",
    ": ",
    "\n\n",
    "\r\n\r\n",
    "\r",
    "\u{feff}",
    "data: [DONE]\n\n",
    "ż😀",
    "\u{2028}",
];

/// The first byte says how long an event may be, in steps of 4 bytes; the rest is the stream.
///
/// - The events are those of the standard, read by a second, simpler reader that has all at once.
/// - They do not depend on how the stream was cut.
/// - No event is longer than its limit, but for bytes that are no UTF-8, whose sign takes three.
///
/// # Panics
/// When one of these is broken.
pub fn sse_parser(data: &[u8]) {
    let Some((&first, stream)) = data.split_first() else {
        return;
    };
    let limit = 4 * (1 + usize::from(first));
    let expected = reference(stream, limit);
    assert_eq!(parse([stream], limit), expected, "in one piece");
    assert_eq!(parse(stream.chunks(1), limit), expected, "byte by byte");
    assert_eq!(parse(cuts::bytes(stream), limit), expected, "in pieces");
    for Event { name, data } in &expected.0 {
        assert!(name.len() <= 3 * limit, "{} bytes of name", name.len());
        assert!(data.len() <= 3 * limit + 1, "{} bytes of data", data.len());
    }
}

type Outcome = (Vec<Event>, Option<TooLong>);

fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> Outcome {
    let mut parser = Parser::new(limit);
    let mut events = Vec::new();
    let mut failed = None;
    for piece in pieces {
        parser.feed(piece);
        loop {
            match parser.next_event() {
                Ok(Some(event)) => {
                    assert_eq!(failed, None, "nothing comes after a failure");
                    events.push(event);
                }
                Ok(None) => {
                    assert_eq!(failed, None, "a failure is for ever");
                    break;
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
    }
    (events, failed)
}

/// The standard's rules, line by line over the whole stream.
fn reference(stream: &[u8], limit: usize) -> Outcome {
    let mut events = Vec::new();
    let (mut name, mut data): (String, Option<String>) = Default::default();
    let mut rest = stream;
    let mut first = true;
    loop {
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
        if line.len() + data.as_ref().map_or(0, String::len) > limit && !line.is_empty() {
            return (events, Some(TooLong { limit }));
        }
        if end.is_none() {
            // What the stream ends in the middle of is no event.
            return (events, None);
        }
        let after_crlf = after.strip_prefix(b"\r\n");
        rest = after_crlf.unwrap_or(after.get(1..).unwrap_or_default());
        let line = match std::mem::take(&mut first) {
            true => line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line),
            false => line,
        };
        if line.is_empty() {
            let name = std::mem::take(&mut name);
            if let Some(data) = data.take() {
                events.push(Event { name, data });
            }
            continue;
        }
        let line = String::from_utf8_lossy(line);
        let colon = line.find(':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(':').unwrap_or(value);
        let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
        match field {
            "event" => name = value,
            "data" => {
                data = Some(match data {
                    Some(before) => before + "\n" + &value,
                    None => value,
                });
            }
            _ => {}
        }
    }
}
