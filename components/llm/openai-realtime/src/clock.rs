//! Waiting no longer than so long.

use futures::future::{Either, select};

/// What comes of some work, if it is done within that time; else it is dropped.
pub(crate) async fn within<T>(ms: u64, work: impl Future<Output = T>) -> Option<T> {
    let late = wait_ms(ms);
    futures::pin_mut!(work, late);
    match select(work, late).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

#[cfg(target_family = "wasm")]
async fn wait_ms(ms: u64) {
    wasip3::clocks::monotonic_clock::wait_for(ms * 1_000_000).await;
}

/// In native tests a millisecond is a turn of the other tasks.
#[cfg(not(target_family = "wasm"))]
async fn wait_ms(ms: u64) {
    for _ in 0..ms {
        tth_sdk::yield_now().await;
    }
}
