//! A double that runs, on a thread of its own.

use crate::chat;
use crate::record::{Received, Record};
use crate::script::{Fault, Faults, Script};
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What the routes of a double share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) script: Script,
    pub(crate) faults: Faults,
    pub(crate) record: Record,
}

/// A running double; it ends when dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Simulator {
    /// Start one on a free port of the loopback.
    ///
    /// # Errors
    /// If there is none.
    pub fn start(script: Script) -> Result<Simulator> {
        Simulator::listen(script, SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Start one at an address.
    ///
    /// # Errors
    /// If it is taken.
    pub fn listen(script: Script, address: SocketAddr) -> Result<Simulator> {
        let listener = std::net::TcpListener::bind(address)
            .with_context(|| format!("listening on {address}"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            script,
            faults: Faults::default(),
            record: Record::default(),
        });
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let routes = chat::routes(shared.clone());
        let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                    return;
                };
                tokio::select! {
                    _ended = axum::serve(listener, routes).into_future() => {}
                    _stopped = stopped => {}
                }
            });
            // Connections that are stalled on purpose are not waited for.
            runtime.shutdown_background();
        });
        Ok(Simulator {
            address,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its routes stand below, e.g. "http://127.0.0.1:8000".
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next answer goes wrong so.
    pub fn once(&self, fault: Fault) {
        self.shared.faults.once(fault);
    }

    /// Every answer goes wrong so, or none any more.
    pub fn always(&self, fault: Option<Fault>) {
        self.shared.faults.always(fault);
    }

    /// Everything it was asked, in order.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.record.all()
    }

    /// What it was asked to answer as a model.
    pub fn chats(&self) -> Vec<Received> {
        let mut requests = self.requests();
        requests.retain(|request| request.path == chat::ROUTE);
        requests
    }

    /// Answers whose client left before they were whole.
    pub fn aborted(&self) -> usize {
        let left = |request: &Received| request.ended.is_some_and(|ended| !ended.whole);
        self.chats().iter().filter(|request| left(request)).count()
    }

    /// Wait until the requests are so; false if they are not in time.
    pub fn wait(&self, limit: Duration, so: impl Fn(&[Received]) -> bool) -> bool {
        self.shared.record.wait(limit, so)
    }

    /// Serve until the process ends.
    pub fn run(mut self) {
        if let Some(thread) = self.thread.take() {
            // Its own panic, if any, has been printed.
            let _ended = thread.join();
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _over = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}
