//! Loading: files that are no providers, settings that are wrong, and the cache.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing
)]

mod common;

use common::*;
use std::path::Path;
use tth_runtime::{
    CheckError, ComponentRole, ProviderSpec, Runtime, RuntimeError, RuntimeOptions, inspect,
};

async fn refused(spec: ProviderSpec) -> RuntimeError {
    match runtime().load_llm(spec).await {
        Ok(_) => panic!("it was loaded"),
        Err(error) => error,
    }
}

fn file(directory: &Path, content: &[u8]) -> ProviderSpec {
    let path = directory.join("x.wasm");
    std::fs::write(&path, content).unwrap();
    ProviderSpec {
        id: "p".into(),
        component: path,
        ..ProviderSpec::default()
    }
}

#[tokio::test]
async fn a_wrong_file_is_named_with_what_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let whole = std::fs::read(component("fixture-silent")).unwrap();
    let cases: [(&[u8], &str); 5] = [
        (b"#!/bin/sh\n", "no WebAssembly"),
        (b"", "no WebAssembly"),
        (b"\0asm\x01\0\0\0", "core module"),
        (&whole[..whole.len() / 2], "cut short"),
        (b"\0asm\x0d\0\x01\0", "exports no interface"),
    ];
    for (content, expected) in cases {
        let text = refused(file(directory.path(), content)).await.to_string();
        assert!(
            text.contains(expected) && text.contains("`p`") && text.contains("x.wasm"),
            "{text}"
        );
    }
    let missing = ProviderSpec {
        component: "/nowhere/x.wasm".into(),
        id: "p".into(),
        ..ProviderSpec::default()
    };
    assert!(matches!(refused(missing).await, RuntimeError::Read { .. }));
}

#[tokio::test]
async fn a_role_must_be_the_configured_one() {
    let error = runtime()
        .load_tts(spec("fixture-silent"))
        .await
        .err()
        .expect("it is no voice");
    assert!(
        matches!(
            error,
            RuntimeError::WrongRole {
                found: "llm",
                wanted: "tts",
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn wrong_configuration_is_told_before_anything_runs() {
    let with = |change: fn(&mut ProviderSpec)| {
        let mut spec = spec("fixture-silent");
        change(&mut spec);
        spec
    };
    for (spec, expected) in [
        (with(|s| s.settings_json = "[1]".into()), "JSON object"),
        (
            with(|s| s.allow_hosts = vec!["example.com".into()]),
            "example.com",
        ),
        (with(|s| s.limits.memory_mb = 0), "memory_mb"),
    ] {
        let text = refused(spec).await.to_string();
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_guest_itself_comes_through() {
    // Its settings have no address.
    let error = refused(spec("fixture-http-get")).await;
    let text = error.to_string();
    assert!(
        matches!(error, RuntimeError::Load { .. }) && text.contains("scheme"),
        "{text}"
    );
}

#[tokio::test]
async fn damage_to_the_cache_is_repaired() {
    let directory = tempfile::tempdir().unwrap();
    let load = async || {
        let options = RuntimeOptions {
            cache_dir: Some(directory.path().to_owned()),
            ..RuntimeOptions::default()
        };
        Runtime::new(options)
            .unwrap()
            .load_llm(spec("fixture-silent"))
            .await
            .map(|_| ())
    };
    let entry = || {
        let mut all: Vec<_> = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(all.len(), 1, "{all:?}");
        all.pop().unwrap()
    };
    load().await.unwrap();
    let written = std::fs::metadata(entry()).unwrap().modified().unwrap();
    load().await.unwrap();
    assert_eq!(
        std::fs::metadata(entry()).unwrap().modified().unwrap(),
        written,
        "it was not compiled again"
    );

    let mut content = std::fs::read(entry()).unwrap();
    content.truncate(content.len() / 2);
    std::fs::write(entry(), &content).unwrap();
    load().await.unwrap();
    assert!(
        std::fs::metadata(entry()).unwrap().len() > content.len() as u64,
        "it was compiled again"
    );
}

#[test]
fn inspection_tells_what_a_component_needs() {
    let of = |name| inspect(&std::fs::read(component(name)).unwrap()).unwrap();
    let http = of("fixture-http-get");
    assert_eq!(
        (http.role, http.contract.as_str()),
        (ComponentRole::Llm, "0.1.0")
    );
    assert!(http.needs_http && !http.needs_websocket && http.loadable().is_ok());
    let silent = of("fixture-silent");
    assert!(!silent.needs_http, "{:?}", silent.imports);
    assert_eq!(inspect(b"\0asm\x01\0\0\0"), Err(CheckError::CoreModule));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_component_can_do_is_known_without_loading_it() {
    let runtime = runtime();
    let mut wrong = spec("llm-local-vllm");
    wrong.settings_json = r#"{"base_url": 7}"#.into();
    assert!(
        runtime.load_llm(wrong.clone()).await.is_err(),
        "it does not load with these settings"
    );
    let described = within(runtime.describe(wrong.clone(), ComponentRole::Llm)).await;
    let info = described.unwrap().unwrap();
    assert_eq!(info.name, "local-vllm");
    assert!(info.params.iter().any(|param| param.name == "temperature"));

    let other = within(runtime.describe(wrong, ComponentRole::Tts)).await;
    assert!(matches!(other, Err(RuntimeError::WrongRole { .. })));
    let mapper = within(runtime.describe(spec("control-mapper"), ComponentRole::Mapper)).await;
    assert!(mapper.unwrap().is_none());
}
