//! Opening a WebSocket. Tests have a script in place of the network.

#[cfg(not(test))]
pub(crate) use sandbox::dial;
#[cfg(test)]
pub(crate) use script::dial;

#[cfg(not(test))]
mod sandbox {
    use tth_sdk::websocket::{Error, Options, Socket};

    /// Open the connection; the host adds the credentials.
    pub(crate) async fn dial(url: &str) -> Result<Socket, Error> {
        Socket::connect(url, Options::default()).await
    }
}

#[cfg(test)]
pub(crate) mod script {
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use tth_sdk::websocket::{Error, Socket};

    std::thread_local! {
        static SOCKETS: RefCell<VecDeque<Result<Socket, Error>>> = RefCell::default();
        static DIALED: RefCell<Vec<String>> = RefCell::default();
    }

    /// What the next connections of this thread will be, in order; then nobody is there.
    pub(crate) fn sockets(sockets: impl IntoIterator<Item = Result<Socket, Error>>) {
        SOCKETS.with(|script| *script.borrow_mut() = sockets.into_iter().collect());
        DIALED.with(|dialed| dialed.borrow_mut().clear());
    }

    /// The addresses that were dialed since.
    pub(crate) fn dialed() -> Vec<String> {
        DIALED.with(|dialed| dialed.borrow().clone())
    }

    pub(crate) async fn dial(url: &str) -> Result<Socket, Error> {
        DIALED.with(|dialed| dialed.borrow_mut().push(url.to_owned()));
        let next = SOCKETS.with(|script| script.borrow_mut().pop_front());
        next.unwrap_or_else(|| Err(Error::Refused("the server cannot be reached".into())))
    }
}
