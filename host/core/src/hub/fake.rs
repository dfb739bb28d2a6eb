//! Time and tasks for tests of the hub: a clock that only the test moves.

use crate::driver::Host;
use crate::media::Micros;
use futures::FutureExt;
use futures::channel::oneshot;
use futures::executor::LocalPool;
use futures::future::{self, BoxFuture};
use futures::task::LocalSpawnExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
pub(super) struct Clock {
    now: AtomicU64,
    names: AtomicU64,
    sleepers: Mutex<Vec<(Micros, oneshot::Sender<()>)>>,
    tasks: Mutex<Vec<BoxFuture<'static, ()>>>,
}

impl Host for Clock {
    fn now(&self) -> Micros {
        self.now.load(Ordering::SeqCst)
    }

    fn unix_ms(&self) -> u64 {
        self.now() / 1_000
    }

    fn sleep_until(&self, at: Micros) -> BoxFuture<'static, ()> {
        if at <= self.now() {
            return future::ready(()).boxed();
        }
        let (wake, woken) = oneshot::channel();
        self.sleepers.lock().unwrap().push((at, wake));
        woken.map(|_| ()).boxed()
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.tasks.lock().unwrap().push(task);
    }

    fn random(&self) -> u128 {
        self.names.fetch_add(1, Ordering::SeqCst).into()
    }
}

impl Clock {
    /// Run everything that can run now.
    pub(super) fn settle(&self, pool: &mut LocalPool) {
        loop {
            let tasks: Vec<_> = self.tasks.lock().unwrap().drain(..).collect();
            let none = tasks.is_empty();
            for task in tasks {
                pool.spawner().spawn_local(task).unwrap();
            }
            pool.run_until_stalled();
            if none && self.tasks.lock().unwrap().is_empty() {
                return;
            }
        }
    }

    /// Let time pass, `step` at once.
    pub(super) fn pass(&self, pool: &mut LocalPool, us: Micros, step: Micros) {
        let end = self.now() + us;
        while self.now() < end {
            let now = (self.now() + step).min(end);
            self.now.store(now, Ordering::SeqCst);
            let mut sleepers = self.sleepers.lock().unwrap();
            let due = sleepers.extract_if(.., |(at, _)| *at <= now);
            let due: Vec<_> = due.collect();
            drop(sleepers);
            for (_, wake) in due {
                let _gone = wake.send(());
            }
            self.settle(pool);
        }
    }
}
