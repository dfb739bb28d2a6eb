//! What stands for the network outside the sandbox: connections from a script, one for each address that
//! is dialed. [`Socket::pair`] makes them.

use super::{Error, Options, Socket};
use std::cell::RefCell;
use std::collections::VecDeque;

/// What comes of an attempt to connect.
pub type Answer = Result<Socket, Error>;

#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    dialed: Vec<String>,
}

std::thread_local! {
    static SCRIPT: RefCell<Script> = RefCell::default();
}

/// From now on this thread's connections are these, in order; then nobody is there.
pub fn script(answers: impl IntoIterator<Item = Answer>) {
    let script = Script {
        answers: answers.into_iter().collect(),
        dialed: Vec::new(),
    };
    SCRIPT.with(|current| current.replace(script));
}

/// The addresses that this thread has dialed since its script began, in order.
pub fn dialed() -> Vec<String> {
    SCRIPT.with(|script| script.borrow().dialed.clone())
}

pub(super) fn connect(url: &str, _options: Options) -> Answer {
    let next = SCRIPT.with(|script| {
        let mut script = script.borrow_mut();
        script.dialed.push(url.to_owned());
        script.answers.pop_front()
    });
    next.unwrap_or_else(|| Err(Error::Refused("the server cannot be reached".into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;

    fn dial(url: &str) -> Answer {
        block_on(Socket::connect(url, Options::default()))
    }

    #[test]
    fn connections_come_in_order_and_then_nobody_is_there() {
        let (socket, peer) = Socket::pair(1);
        script([Ok(socket), Err(Error::Timeout)]);
        drop(peer);
        assert!(dial("wss://a/1").is_ok());
        assert!(matches!(dial("wss://a/2"), Err(Error::Timeout)));
        assert!(matches!(dial("wss://a/3"), Err(Error::Refused(_))));
        assert_eq!(dialed(), ["wss://a/1", "wss://a/2", "wss://a/3"]);
        script([]);
        assert!(dialed().is_empty(), "another script");
    }
}
