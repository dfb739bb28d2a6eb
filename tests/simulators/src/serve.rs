//! Doubles that run, on a thread of their own.

use crate::record::{Received, Record};
use crate::reply::reply;
use crate::script::{Fault, Faults, Script};
use crate::vendor::Vendor;
use anyhow::{Context, Result};
use axum::Router;
use axum::serve::ListenerExt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What the routes of a double share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) script: Script,
    pub(crate) faults: Faults,
    pub(crate) record: Record,
    /// Answers that have been made.
    turns: AtomicUsize,
}

impl Shared {
    fn new(script: Script, record: Record) -> Arc<Self> {
        Arc::new(Shared {
            script,
            faults: Faults::default(),
            record,
            turns: AtomicUsize::new(0),
        })
    }

    /// What a model answers to this.
    pub(crate) fn answer(&self, said: &str) -> String {
        if !self.script.echo {
            return self.script.answer.clone();
        }
        reply(self.turns.fetch_add(1, Ordering::Relaxed), said)
    }
}

/// A listener and its thread; both end when dropped.
#[derive(Debug)]
struct Server {
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    fn listen(routes: Router, address: SocketAddr) -> Result<Server> {
        let listener = std::net::TcpListener::bind(address)
            .with_context(|| format!("listening on {address}"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                    return;
                };
                // A piece is not held back until the one before it was acknowledged.
                let listener = listener.tap_io(|stream| {
                    let _kept = stream.set_nodelay(true);
                });
                tokio::select! {
                    _ended = axum::serve(listener, routes).into_future() => {}
                    _stopped = stopped => {}
                }
            });
            // Connections that are stalled on purpose are not waited for.
            runtime.shutdown_background();
        });
        Ok(Server {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    fn run(mut self) {
        if let Some(thread) = self.thread.take() {
            // Its own panic, if any, has been printed.
            let _ended = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _over = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// A running double of one vendor, its paths as the vendor's; it ends when dropped.
#[derive(Debug)]
pub struct Simulator {
    vendor: Vendor,
    shared: Arc<Shared>,
    server: Server,
}

impl Simulator {
    /// Start one on a free port of the loopback.
    ///
    /// # Errors
    /// If there is none.
    pub fn start(vendor: Vendor, script: Script) -> Result<Simulator> {
        Simulator::listen(vendor, script, SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Start one at an address.
    ///
    /// # Errors
    /// If it is taken.
    pub fn listen(vendor: Vendor, script: Script, address: SocketAddr) -> Result<Simulator> {
        let shared = Shared::new(script, Record::default());
        let server = Server::listen(vendor.routes(shared.clone()), address)?;
        Ok(Simulator {
            vendor,
            shared,
            server,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// What its routes stand below, e.g. "http://127.0.0.1:8000".
    pub fn origin(&self) -> String {
        format!("http://{}", self.server.address)
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

    /// What it was asked to answer: no lists, no states. A WebSocket is one of them.
    pub fn asked(&self) -> Vec<Received> {
        let mut requests = self.requests();
        requests.retain(|request| self.vendor.answers(&request.path));
        requests
    }

    /// Answers whose client left before they were whole.
    pub fn aborted(&self) -> usize {
        let left = |request: &Received| request.ended.is_some_and(|ended| !ended.whole);
        self.asked().iter().filter(|request| left(request)).count()
    }

    /// Wait until the requests are so; false if they are not in time.
    pub fn wait(&self, limit: Duration, so: impl Fn(&[Received]) -> bool) -> bool {
        self.shared.record.wait(limit, so)
    }
}

/// Several doubles on one port, each below its vendor's name.
#[derive(Debug)]
pub struct House {
    vendors: Vec<Vendor>,
    server: Server,
}

impl House {
    /// Start them at an address.
    ///
    /// # Errors
    /// If it is taken.
    pub fn listen(doubles: Vec<(Vendor, Script)>, address: SocketAddr) -> Result<House> {
        let mut routes = Router::new();
        let mut vendors = Vec::new();
        for (vendor, script) in doubles {
            let shared = Shared::new(script, Record::forgetful());
            let prefix = format!("/{}", vendor.name());
            routes = routes.nest(&prefix, vendor.routes(shared));
            vendors.push(vendor);
        }
        let server = Server::listen(routes, address)?;
        Ok(House { vendors, server })
    }

    /// Each vendor and what its routes stand below, e.g. "http://127.0.0.1:8900/openai".
    pub fn bases(&self) -> Vec<(Vendor, String)> {
        let base = |vendor: &Vendor| {
            let base = format!("http://{}/{}", self.server.address, vendor.name());
            (*vendor, base)
        };
        self.vendors.iter().map(base).collect()
    }

    /// Serve until the process ends.
    pub fn run(self) {
        self.server.run();
    }
}

#[cfg(test)]
mod tests;
