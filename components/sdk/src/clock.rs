//! Waiting, without keeping the instance's other tasks from going on.
//!
//! In the sandbox this is WASI's clock. Natively time does not pass: a millisecond is one turn of the
//! other tasks, so that a test neither waits nor depends on how busy the machine is.

use futures::future::{Either, select};

/// Wait for so many milliseconds.
pub async fn wait_ms(ms: u64) {
    #[cfg(target_family = "wasm")]
    wasip3::clocks::monotonic_clock::wait_for(ms.saturating_mul(1_000_000)).await;
    #[cfg(not(target_family = "wasm"))]
    for _ in 0..ms {
        crate::yield_now().await;
    }
}

/// What comes of some work, if it is done within so many milliseconds; else the work is dropped.
pub async fn within<T>(ms: u64, work: impl Future<Output = T>) -> Option<T> {
    let late = wait_ms(ms);
    futures::pin_mut!(work, late);
    match select(work, late).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;
    use futures::executor::block_on;

    #[test]
    fn work_has_its_time_and_no_more() {
        let turns = |turns: u64| async move {
            wait_ms(turns).await;
            turns
        };
        assert_eq!(block_on(within(10, turns(9))), Some(9));
        assert_eq!(block_on(within(10, turns(11))), None);
        assert_eq!(
            block_on(within(0, turns(0))),
            Some(0),
            "what is done is taken"
        );
    }

    #[test]
    fn work_that_is_too_late_is_dropped() {
        let alive = std::rc::Rc::new(());
        let held = alive.clone();
        let endless = async move {
            let _held = held;
            std::future::pending::<()>().await;
        };
        assert_eq!(block_on(within(3, endless)), None);
        assert_eq!(std::rc::Rc::strong_count(&alive), 1);
    }
}
