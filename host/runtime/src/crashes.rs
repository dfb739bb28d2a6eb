//! Crashes in a row: each doubles the pause before the next instance, and too many refuse calls.

use std::time::Duration;
use tokio::time::Instant;

/// Crashes in a row from which on a call is refused instead of trying yet another instance.
const TOLERATED: u32 = 3;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Crashes {
    in_a_row: u32,
    not_before: Option<Instant>,
}

impl Crashes {
    /// One more; `first_pause_ms` is the pause after the first.
    pub(crate) fn count(&mut self, first_pause_ms: u64) {
        let factor = (1u64 << self.in_a_row.min(7)).min(100);
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.not_before = Some(Instant::now() + Duration::from_millis(first_pause_ms * factor));
    }

    /// A call ended well.
    pub(crate) fn forgive(&mut self) {
        *self = Crashes::default();
    }

    /// How long to wait before the next instance; none where nothing has crashed.
    pub(crate) fn pause(&self) -> Option<Duration> {
        self.not_before
            .map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Why no instance is started for a call now, and how long that holds.
    pub(crate) fn refusal(&self) -> Option<(String, Duration)> {
        let left = self.pause().filter(|left| !left.is_zero())?;
        (self.in_a_row >= TOLERATED).then(|| {
            let text = format!(
                "is being restarted after {} crashes in a row",
                self.in_a_row
            );
            (text, left)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_in_a_row_refuse_until_one_call_ends_well() {
        let mut crashes = Crashes::default();
        for _ in 0..TOLERATED {
            assert!(crashes.refusal().is_none());
            crashes.count(60_000);
        }
        let (why, left) = crashes.refusal().unwrap();
        assert!(why.contains("3 crashes"), "{why}");
        // 60 s, doubled twice.
        assert!(left > Duration::from_secs(200), "{left:?}");
        crashes.forgive();
        assert!(crashes.refusal().is_none() && crashes.pause().is_none());
    }
}
