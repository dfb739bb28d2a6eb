//! An answer that comes as the body of an HTTP response, whatever its form.

use super::Event;
use crate::http::Body;
use crate::{Closed, Error, Sink};

/// What is understood of a body, piece by piece.
pub trait Answer {
    /// The events in the next bytes. What stands before a failure is still given.
    fn feed(&mut self, bytes: &[u8]) -> Vec<Event>;

    /// Why nothing more can come, if so; it is taken.
    fn failure(&mut self) -> Option<Error>;

    /// Whether the server said that nothing follows.
    fn done(&self) -> bool;
}

/// How the reading of a body ended.
#[derive(Debug)]
pub enum End {
    /// The server said that nothing follows; the body may not be over ([`Body::leave`]).
    Said,
    /// The body was over before the server said so.
    Over,
    /// What came says why nothing more can.
    Failed(Error),
    /// Nobody wants the rest.
    Unwanted,
}

/// Give out what comes until nothing more can, or the reader of `out` has left.
///
/// # Errors
/// Those of the connection.
pub async fn listen(
    body: &mut Body,
    answer: &mut impl Answer,
    out: &mut Sink<Event>,
) -> Result<End, Error> {
    while !answer.done() {
        let bytes = match out.while_open(body.next()).await {
            Ok(Ok(Some(bytes))) => bytes,
            Ok(Ok(None)) => return Ok(End::Over),
            Ok(Err(broken)) => return Err(broken),
            Err(Closed) => return Ok(End::Unwanted),
        };
        let events = answer.feed(&bytes);
        if !events.is_empty() && out.send_all(events).await.is_err() {
            return Ok(End::Unwanted);
        }
        if let Some(failure) = answer.failure() {
            return Ok(End::Failed(failure));
        }
    }
    Ok(End::Said)
}

#[cfg(all(test, not(target_family = "wasm")))]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::http::replay::{self, script};
    use crate::http::{Request, Url, send};
    use crate::{ErrorCode, error};
    use futures::executor::block_on;
    use futures::{StreamExt, future};

    /// Letters are text, a full stop is the end, an exclamation mark a failure.
    #[derive(Default)]
    struct Letters {
        done: bool,
        failed: Option<Error>,
    }

    impl Answer for Letters {
        fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            self.done |= text.contains('.');
            if text.contains('!') {
                self.failed = Some(error(ErrorCode::Internal, "!"));
            }
            let text: String = text.chars().filter(|c| c.is_alphabetic()).collect();
            (!text.is_empty())
                .then_some(Event::Text(text))
                .into_iter()
                .collect()
        }

        fn failure(&mut self) -> Option<Error> {
            self.failed.take()
        }

        fn done(&self) -> bool {
            self.done
        }
    }

    /// What is said when `wanted` events are read of this answer, and how that ended.
    fn hear(answer: replay::Answer, wanted: usize) -> (String, Result<End, Error>) {
        let heard = script([answer]);
        let request = Request::get(Url::parse("http://127.0.0.1:1").unwrap());
        let mut body = block_on(send(request)).unwrap().body;
        let (mut out, events) = Sink::channel(1);
        let mut letters = Letters::default();
        let texts = events
            .take(wanted)
            .map(|event: Event| event.into_text().unwrap());
        let call = async {
            let end = listen(&mut body, &mut letters, &mut out).await;
            drop(out);
            end
        };
        let (end, text) = block_on(future::join(call, texts.collect::<String>()));
        drop(body);
        assert_eq!(heard.open(), 0);
        (text, end)
    }

    #[test]
    fn an_answer_is_given_out_until_its_end() {
        let answer = || replay::Answer::new(200).piece("one").piece("two");
        let (text, end) = hear(answer().piece("three.").piece("four"), 9);
        assert!(matches!(end, Ok(End::Said)), "{end:?}");
        assert_eq!(text, "onetwothree", "what follows the end is not read");
        let (text, end) = hear(answer(), 9);
        assert!(matches!(end, Ok(End::Over)), "{end:?}");
        assert_eq!(text, "onetwo");
        let (text, end) = hear(answer().piece("last!").piece("never"), 9);
        assert!(matches!(end, Ok(End::Failed(_))), "{end:?}");
        assert_eq!(text, "onetwolast");
        let (text, end) = hear(answer().cut(), 9);
        assert_eq!(end.unwrap_err().code, ErrorCode::Unavailable);
        assert_eq!(text, "onetwo");
    }

    #[test]
    fn nobody_waits_for_an_answer_that_nobody_wants() {
        let silent = replay::Answer::new(200).piece("one").silence();
        let (text, end) = hear(silent, 1);
        assert!(matches!(end, Ok(End::Unwanted)), "{end:?}");
        assert_eq!(text, "one");
    }
}
