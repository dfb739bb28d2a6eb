//! Finding the components that tests run, and opening calls on them.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "tests fail by panicking"
)]

use futures::StreamExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tth_core::provider::{Call, CallContext, Control, LlmEvent, Message, ProviderError, Role};
use tth_runtime::{InstanceLimits, ProviderSpec, Runtime, RuntimeOptions};

/// Nothing in these tests may take this long: a hang is a failure.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Where cargo puts components built with `--target wasm32-wasip2 --profile component`.
fn built() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    );
    target.join("wasm32-wasip2/component")
}

/// A component of `name` ("tts-mock", "fixture-silent"), wherever it was put.
pub fn component(name: &str) -> PathBuf {
    let variable = if name.starts_with("fixture-") {
        "TTH_FIXTURES_DIR"
    } else {
        "TTH_COMPONENTS_DIR"
    };
    let folder = std::env::var_os(variable).map_or_else(built, PathBuf::from);
    let names = [
        format!("{name}.wasm"),
        format!("{}.wasm", name.replace('-', "_")),
    ];
    names.iter().map(|file| folder.join(file)).find(|path| path.exists()).unwrap_or_else(|| {
        panic!(
            "{name} is not in {}: cargo build -p {name} --target wasm32-wasip2 --profile component",
            folder.display()
        )
    })
}

/// A runtime with a cache that all tests share, so each component is compiled once.
pub fn runtime() -> Runtime {
    let _already_set = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_test_writer()
        .try_init();
    let cache_dir = Some(built().join("../../tmp/runtime-tests"));
    Runtime::new(RuntimeOptions {
        cache_dir,
        ..RuntimeOptions::default()
    })
    .unwrap()
}

/// The component `name` with default limits.
pub fn spec(name: &str) -> ProviderSpec {
    ProviderSpec {
        id: name.into(),
        component: component(name),
        ..ProviderSpec::default()
    }
}

/// The component `name` with limits changed by `change`.
pub fn limited(name: &str, change: impl FnOnce(&mut InstanceLimits)) -> ProviderSpec {
    let mut spec = spec(name);
    change(&mut spec.limits);
    spec
}

pub fn context() -> CallContext {
    CallContext {
        session_id: "s".into(),
        turn_id: "turn-1".into(),
        language: "en".into(),
        first_output_budget_ms: 1000,
    }
}

pub fn says(text: &str) -> Vec<Message> {
    vec![Message {
        role: Role::User,
        content: text.into(),
    }]
}

/// Start one answer to `text`.
pub async fn ask(
    llm: &dyn tth_core::provider::Llm,
    text: &str,
) -> Result<Call<std::convert::Infallible, LlmEvent>, ProviderError> {
    within(llm.open(says(text), Control::default(), context())).await
}

/// The events of a call to its end, and the error it ended with.
pub async fn drain<I, E>(call: Call<I, E>) -> (Vec<E>, Option<ProviderError>) {
    let Call { input, mut events } = call;
    drop(input);
    let mut all = Vec::new();
    while let Some(event) = within(events.next()).await {
        match event {
            Ok(event) => all.push(event),
            Err(error) => {
                assert!(
                    within(events.next()).await.is_none(),
                    "an error is the last event"
                );
                return (all, Some(error));
            }
        }
    }
    (all, None)
}

/// The text of an answer.
pub fn text(events: &[LlmEvent]) -> String {
    let texts = events.iter().filter_map(|event| match event {
        LlmEvent::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// Wait, but not for ever.
pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("nothing happened for 20 seconds")
}

/// Wait until `condition` holds.
pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
