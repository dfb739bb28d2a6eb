//! Waiting without blocking the instance.
//!
//! In the sandbox this waits on the WASI 0.3 monotonic clock, so that every other task of the
//! instance goes on. Natively, in unit tests, nothing waits: the time asked for is only summed up,
//! so that a test can check it without being slow or depending on the machine's load.

#[cfg(target_family = "wasm")]
#[allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    clippy::all,
    reason = "generated"
)]
mod clock {
    // Only the one function of the interface that is needed.
    wit_bindgen::generate!({
        inline: "
            package tth:mock-kit;
            world clock { import wasi:clocks/monotonic-clock@0.3.0; }
            package wasi:clocks@0.3.0 {
                interface monotonic-clock {
                    /// How long, in nanoseconds.
                    type duration = u64;
                    wait-for: async func(how-long: duration);
                }
            }
        ",
        world: "tth:mock-kit/clock",
        generate_all,
    });
}

/// Wait for `ms` milliseconds; 0 returns at once.
#[cfg(target_family = "wasm")]
pub async fn wait_ms(ms: u64) {
    if ms > 0 {
        clock::wasi::clocks::monotonic_clock::wait_for(ms.saturating_mul(1_000_000)).await;
    }
}

/// Note that `ms` milliseconds would have been waited for, and let other tasks run.
#[cfg(not(target_family = "wasm"))]
pub async fn wait_ms(ms: u64) {
    if ms > 0 {
        WAITED.with(|waited| waited.set(waited.get().saturating_add(ms)));
        tth_sdk::yield_now().await;
    }
}

#[cfg(not(target_family = "wasm"))]
std::thread_local! {
    static WAITED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// The milliseconds that this thread would have waited since the last time it was asked.
#[cfg(not(target_family = "wasm"))]
pub fn take_waited_ms() -> u64 {
    WAITED.with(|waited| waited.replace(0))
}

/// Never come back, as a provider that has lost its way.
pub async fn stall() {
    // In the sandbox a task that waits for nothing at all may be called a deadlock by the runtime,
    // which is another fault than being silent.
    #[cfg(target_family = "wasm")]
    loop {
        wait_ms(60_000).await;
    }
    #[cfg(not(target_family = "wasm"))]
    std::future::pending::<()>().await;
}
