//! Guests that misbehave: each ends its own call with an error that names it, and nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing
)]

mod common;

use common::*;
use std::time::Instant;
use tth_core::provider::{ErrorCode, LlmEvent};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_is_the_last_event_and_the_next_call_works() {
    let runtime = runtime();
    let llm = runtime
        .load_llm(spec("fixture-trap-in-stream"))
        .await
        .unwrap();

    let (events, error) = drain(ask(&*llm, "boom").await.unwrap()).await;
    assert_eq!(text(&events), "before");
    let error = error.expect("a trap is an error");
    assert_eq!(error.code, ErrorCode::Internal);
    assert!(error.message.contains("fixture-trap-in-stream"), "{error}");
    assert!(
        error.message.contains("the fixture was told to"),
        "the panic's message: {error}"
    );

    let (events, error) = drain(ask(&*llm, "hello").await.unwrap()).await;
    assert_eq!((text(&events).as_str(), error), ("hello", None));
    let usage = LlmEvent::Usage {
        input_tokens: 1,
        output_tokens: 1,
        model: "echo".into(),
    };
    assert_eq!(events.last(), Some(&usage), "usage comes last");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_disturbs_nobody_else() {
    let runtime = runtime();
    let llm = runtime
        .load_llm(spec("fixture-trap-in-stream"))
        .await
        .unwrap();
    let one = |n: u32| {
        let llm = llm.clone();
        async move {
            let text = if n.is_multiple_of(4) { "boom" } else { "hello" };
            let (events, error) = drain(ask(&*llm, text).await.unwrap()).await;
            (n, common::text(&events), error.is_some())
        }
    };
    for (n, said, failed) in futures::future::join_all((0..32).map(one)).await {
        let expected = if n.is_multiple_of(4) {
            ("before", true)
        } else {
            ("hello", false)
        };
        assert_eq!((said.as_str(), failed), expected, "call {n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_loop_is_stopped_by_its_cpu_budget() {
    let runtime = runtime();
    let limits = limited("fixture-endless-loop", |limits| {
        limits.cpu_ms_per_turn = 100
    });
    let llm = runtime.load_llm(limits).await.unwrap();
    let (events, error) = drain(ask(&*llm, "go").await.unwrap()).await;
    assert_eq!(text(&events), "once");
    let error = error.expect("a loop is an error");
    assert_eq!(error.code, ErrorCode::Timeout);
    assert!(error.message.contains("100 ms of CPU"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_loop_is_dropped_long_before_its_budget() {
    let runtime = runtime();
    let limits = limited("fixture-endless-loop", |limits| {
        limits.cpu_ms_per_turn = 3_600_000;
        limits.max_instances = 1;
        limits.acquire_ms = 20_000;
    });
    let llm = runtime.load_llm(limits).await.unwrap();
    let mut call = ask(&*llm, "go").await.unwrap();
    let first = within(futures::StreamExt::next(&mut call.events)).await;
    assert_eq!(first, Some(Ok(LlmEvent::Text("once".into()))));
    drop(call);
    // With only one instance, this opens once the first one is gone.
    ask(&*llm, "go").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_limited_and_the_error_says_so() {
    let runtime = runtime();
    let limits = limited("fixture-memory-bomb", |limits| limits.memory_mb = 16);
    let llm = runtime.load_llm(limits).await.unwrap();
    let (events, error) = drain(ask(&*llm, "go").await.unwrap()).await;
    let pieces = text(&events).split_whitespace().count();
    assert!((4..16).contains(&pieces), "it got {pieces} MiB");
    let error = error.expect("running out of memory is an error");
    assert!(error.message.contains("16 MiB of memory"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_guest_is_dropped_when_its_call_is() {
    let runtime = runtime();
    let limits = limited("fixture-silent", |limits| {
        limits.max_instances = 1;
        limits.acquire_ms = 20_000;
    });
    let llm = runtime.load_llm(limits).await.unwrap();
    let start = Instant::now();
    for _ in 0..3 {
        // Each call finds the only instance held by the one before, until that one is dropped.
        drop(ask(&*llm, "hello").await.unwrap());
    }
    assert!(start.elapsed() < PATIENCE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_provider_says_so_in_time() {
    let runtime = runtime();
    let limits = limited("fixture-silent", |limits| {
        limits.max_instances = 1;
        limits.acquire_ms = 30;
    });
    let llm = runtime.load_llm(limits).await.unwrap();
    let held = ask(&*llm, "hello").await.unwrap();
    let error = ask(&*llm, "hello").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unavailable);
    assert!(
        error.message.contains("busy") && error.message.contains('1'),
        "{error}"
    );
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abandoned_open_gives_the_instance_back() {
    let runtime = runtime();
    let limits = limited("fixture-silent", |limits| {
        limits.max_instances = 2;
        limits.acquire_ms = 20_000;
    });
    let llm = runtime.load_llm(limits).await.unwrap();
    for _ in 0..6 {
        let open = llm.open(says("hello"), Default::default(), context());
        // Whether it opens in that time or not, it is dropped.
        let _either = tokio::time::timeout(std::time::Duration::from_micros(50), open).await;
    }
    ask(&*llm, "hello").await.unwrap();
}
