//! Tokio as the core's host: clock, timers, tasks, randomness.

use futures::FutureExt;
use futures::future::BoxFuture;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::Handle;
use tokio::time::Instant;
use tth_core::driver::Host;
use tth_core::media::Micros;

/// What counts as never: further away than any timer, near enough for every clock.
const NEVER: Duration = Duration::from_secs(365 * 24 * 3_600);

/// The host; its monotonic clock starts with it.
#[derive(Debug)]
pub(crate) struct TokioHost {
    start: Instant,
    handle: Handle,
}

impl TokioHost {
    /// A host on the tokio runtime that this is called in.
    pub(crate) fn new() -> Self {
        TokioHost {
            start: Instant::now(),
            handle: Handle::current(),
        }
    }
}

impl Host for TokioHost {
    fn now(&self) -> Micros {
        // Half a million years fit.
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn unix_ms(&self) -> u64 {
        // A clock before 1970 is wrong in any case.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn sleep_until(&self, at: Micros) -> BoxFuture<'static, ()> {
        let longest = self.start.elapsed() + NEVER;
        let at = Duration::from_micros(at).min(longest);
        tokio::time::sleep_until(self.start + at).boxed()
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.handle.spawn(task);
    }

    fn random(&self) -> u128 {
        let mut bytes = [0; 16];
        if let Err(error) = getrandom::fill(&mut bytes) {
            // Without randomness a session's token could be guessed: better no server.
            eprintln!("error: the system gives no randomness: {error}");
            std::process::abort();
        }
        u128::from_le_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn timers_go_off_by_the_hosts_own_clock() {
        let host = TokioHost::new();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(host.now(), 1_000_000);
        host.sleep_until(3_000_000).await;
        assert!(
            (3_000_000..3_002_000).contains(&host.now()),
            "{}",
            host.now()
        );
        host.sleep_until(5).await;
        let never = host.sleep_until(Micros::MAX);
        assert!(never.now_or_never().is_none());
    }

    #[tokio::test]
    async fn secrets_differ() {
        let host = TokioHost::new();
        assert_ne!(host.random(), host.random());
    }
}
