//! Opening the WebSocket, and waiting. Natively both are scripted, so that a call can be tested whole.

use tth_sdk::websocket::{Error, Socket};

#[cfg(target_family = "wasm")]
pub(crate) async fn open(url: &str) -> Result<Socket, Error> {
    Socket::connect(url, tth_sdk::websocket::Options::default()).await
}

#[cfg(target_family = "wasm")]
pub(crate) async fn wait_ms(ms: u64) {
    wasip3::clocks::monotonic_clock::wait_for(ms * 1_000_000).await;
}

#[cfg(not(target_family = "wasm"))]
pub(crate) use script::{open, wait_ms};

#[cfg(not(target_family = "wasm"))]
pub(crate) mod script {
    use super::{Error, Socket};
    use std::cell::RefCell;
    use std::collections::VecDeque;

    type Answer = Result<Socket, Error>;

    std::thread_local! {
        static ANSWERS: RefCell<VecDeque<Answer>> = const { RefCell::new(VecDeque::new()) };
        static ASKED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    /// From now on this thread's connections are these; then nobody is there.
    #[cfg(test)]
    pub(crate) fn script(answers: impl IntoIterator<Item = Answer>) {
        ANSWERS.with(|current| current.replace(answers.into_iter().collect()));
        ASKED.with(|asked| asked.take());
    }

    /// The addresses that were asked for.
    #[cfg(test)]
    pub(crate) fn asked() -> Vec<String> {
        ASKED.with(|asked| asked.borrow().clone())
    }

    pub(crate) async fn open(url: &str) -> Answer {
        ASKED.with(|asked| asked.borrow_mut().push(url.to_owned()));
        let next = ANSWERS.with(|answers| answers.borrow_mut().pop_front());
        next.unwrap_or_else(|| Err(Error::Refused("the connection was refused".into())))
    }

    /// Time does not pass here; other tasks have their turn.
    pub(crate) async fn wait_ms(ms: u64) {
        for _ in 0..ms {
            tth_sdk::yield_now().await;
        }
    }
}
