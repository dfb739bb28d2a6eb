//! How sessions are listened to, and how they end: readers, expiry, shutting down.

#[cfg(test)]
mod tests;

use super::{Entry, Hub, Shared, Status};
use crate::driver::{Command, Host};
use crate::engine::{Detach, Reader};
use crate::events::Envelope;
use crate::ids::SessionId;
use crate::media::Micros;
use crate::outbox::{Outbox, Parting};
use crate::session::Farewell;
use futures::channel::{mpsc, oneshot};
use futures::future::{BoxFuture, select};
use futures::{FutureExt, future};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A session that has reached its age may finish its turn within this.
const LAST_WORDS_US: Micros = 10_000_000;
/// What sessions get beyond the bound of a shutdown to end their turns.
const MARGIN_US: Micros = 500_000;

/// How long sessions live, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// One that nobody is connected to ends after this long.
    pub idle_us: Micros,
    /// One that somebody is connected to ends when nothing was asked of it for this long; 0: never.
    pub idle_connected_us: Micros,
    /// Any ends when it is this old; 0: never.
    pub most_us: Micros,
    /// A stream that was lost is waited for so long; 0: not at all.
    pub resume_us: Micros,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Lifetimes {
            idle_us: 300_000_000,
            idle_connected_us: 1_800_000_000,
            most_us: 0,
            resume_us: 30_000_000,
        }
    }
}

impl Lifetimes {
    /// When a session ends if nothing happens, and why.
    pub(super) fn end(&self, status: &Status, attached: bool) -> Option<(Micros, Farewell)> {
        let read = |time: &std::sync::atomic::AtomicU64| time.load(Ordering::Relaxed);
        let idle = if !attached {
            // Whoever may still resume finds it.
            let awaited = self.idle_us.max(self.resume_us);
            Some(read(&status.touched).saturating_add(awaited))
        } else if status.busy.load(Ordering::Relaxed) || self.idle_connected_us == 0 {
            None
        } else {
            Some(read(&status.used).saturating_add(self.idle_connected_us))
        };
        let aged = (self.most_us > 0).then(|| status.opened.saturating_add(self.most_us));
        let idle = idle.map(|at| (at, Farewell::Idle));
        let aged = aged.map(|at| (at, Farewell::Aged));
        [idle, aged].into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}

/// Every session that runs, whether or not a client keeps it.
#[derive(Default)]
pub(super) struct Running(Mutex<Tasks>);

#[derive(Default)]
struct Tasks {
    commands: HashMap<SessionId, mpsc::Sender<Command>>,
    /// Who waits until there is none.
    emptied: Vec<oneshot::Sender<()>>,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, Tasks> {
        // Whole between any two statements, as the map of sessions.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, id: SessionId, commands: mpsc::Sender<Command>) {
        self.lock().commands.insert(id, commands);
    }

    fn end(&self, id: &SessionId) {
        let mut tasks = self.lock();
        tasks.commands.remove(id);
        if tasks.commands.is_empty() {
            for waiting in tasks.emptied.drain(..) {
                let _gone = waiting.send(());
            }
        }
    }

    /// Tell all of them; done when none is left.
    fn tell(&self, command: impl Fn() -> Command) -> oneshot::Receiver<()> {
        let (done, emptied) = oneshot::channel();
        let mut tasks = self.lock();
        for commands in tasks.commands.values() {
            send(commands, command());
        }
        match tasks.commands.is_empty() {
            true => drop(done.send(())),
            false => tasks.emptied.push(done),
        }
        emptied
    }
}

/// A command that must arrive, however full the queue: every clone of a sender has a place of its own.
fn send(commands: &mpsc::Sender<Command>, command: Command) {
    let _over_already = commands.clone().try_send(command);
}

impl Hub {
    /// Open no more sessions, and end those there are in good order: turns may be finished for `bound`
    /// microseconds, then they are stopped. Clients are told why. Done when all have ended.
    pub async fn drain(&self, bound: Micros) {
        let shared = &self.0;
        shared.closing.store(true, Ordering::SeqCst);
        let until = shared.host.now().saturating_add(bound);
        let ended = shared
            .running
            .tell(|| Command::End(Farewell::ShuttingDown, until));
        let patience = shared.host.sleep_until(until.saturating_add(MARGIN_US));
        select(ended, patience).await;
        self.shut_down();
    }

    /// Open no more sessions, and end those there are at once.
    pub fn shut_down(&self) {
        self.0.closing.store(true, Ordering::SeqCst);
        for (_, entry) in self.0.lock().drain() {
            entry.end();
        }
        drop(self.0.running.tell(|| Command::Close));
    }

    pub(super) fn read(&self, id: &str, resume: Option<u64>) -> Option<Box<dyn Reader>> {
        let sessions = self.0.lock();
        let entry = sessions.get(id)?;
        let ticket = entry.outbox.attach(resume);
        let now = self.0.host.now();
        entry.status.touched.store(now, Ordering::Relaxed);
        entry.status.used.store(now, Ordering::Relaxed);
        send(&entry.commands, Command::Attached);
        Some(Box::new(HubReader {
            outbox: entry.outbox.clone(),
            ticket,
            host: self.0.host.clone(),
            commands: entry.commands.clone(),
            status: entry.status.clone(),
            resume_us: self.0.roster().config.lifetimes.resume_us,
            left: false,
        }))
    }
}

impl Entry {
    /// End it at once.
    pub(super) fn end(&self) {
        send(&self.commands, Command::Close);
        self.outbox.close(Detach::SessionClosed);
    }
}

impl Shared {
    /// End the sessions whose time has come, and drop what nobody will ask for again.
    pub(super) fn sweep(&self) {
        let now = self.host.now();
        let lifetimes = self.roster().config.lifetimes;
        for entry in self.lock().values() {
            entry.outbox.trim(now);
            let end = lifetimes.end(&entry.status, entry.outbox.attached());
            if let Some((_, why)) = end.filter(|(at, _)| *at <= now)
                && !entry.status.ending.swap(true, Ordering::Relaxed)
            {
                send(&entry.commands, Command::End(why, now + LAST_WORDS_US));
            }
        }
    }

    /// A session's task is over.
    pub(super) fn ended(&self, id: &SessionId) {
        self.lock().remove(id.as_str());
        self.running.end(id);
    }
}

/// Takes what one session sends.
pub(super) struct HubReader {
    pub(super) outbox: Outbox,
    pub(super) ticket: u64,
    pub(super) host: Arc<dyn Host>,
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) status: Arc<Status>,
    /// How long the session waits for it if it gets lost, in microseconds.
    pub(super) resume_us: Micros,
    pub(super) left: bool,
}

impl Reader for HubReader {
    fn next(&mut self) -> BoxFuture<'_, Result<Envelope, Detach>> {
        future::poll_fn(|context| {
            let (now, unix_ms) = (self.host.now(), self.host.unix_ms());
            self.outbox.poll_next(self.ticket, now, unix_ms, context)
        })
        .boxed()
    }

    fn leave(mut self: Box<Self>) {
        self.left = true;
    }
}

impl Drop for HubReader {
    fn drop(&mut self) {
        let now = self.host.now();
        let command = match self.outbox.detach(self.ticket, self.left) {
            Parting::Replaced => return,
            Parting::Left => Command::Detached,
            Parting::Lost => Command::Lost(now.saturating_add(self.resume_us)),
        };
        self.status.touched.store(now, Ordering::Relaxed);
        send(&self.commands, command);
    }
}
