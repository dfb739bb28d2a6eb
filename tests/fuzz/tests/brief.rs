//! Every target on its corpus, then on as many mutations of it as a few seconds allow. The seeds are
//! always the same: what fails here fails again. `cargo xtask fuzz` looks further.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::path::Path;
use tth_fuzz::{TARGETS, driver};

/// The corpus as it is, then so many mutations.
fn holds(name: &str, mutations: u64) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let corpus = driver::corpus(name).unwrap();
    let found = driver::replay(target, &corpus)
        .and_then(|()| driver::explore(target, &corpus, 0..mutations));
    if let Err(finding) = found {
        panic!("{finding}\nmend it, and keep the input in fuzz/corpus/{name}");
    }
}

#[test]
fn configuration() {
    holds("configuration", 500);
}

#[test]
fn event_codec() {
    holds("event_codec", 3_000);
}

#[test]
fn plugin_header() {
    holds("plugin_header", 3_000);
}

#[test]
fn sentence_buffer() {
    holds("sentence_buffer", 1_000);
}

#[test]
fn sse_parser() {
    holds("sse_parser", 3_000);
}

#[test]
fn tag_stripper() {
    holds("tag_stripper", 3_000);
}

#[test]
fn every_target_has_a_small_corpus_and_a_program_for_cargo_fuzz() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let names = |within: &str| {
        let entries = std::fs::read_dir(folder.join(within)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        names.sort();
        names
    };
    let known = TARGETS.map(|target| target.name);
    assert_eq!(names("corpus"), known);
    assert_eq!(names("fuzz_targets"), known);
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let mut bytes = 0;
    for name in known {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        let corpus = driver::corpus(name).unwrap();
        assert!(corpus.len() >= 3, "{name}: {} files", corpus.len());
        for (file, content) in &corpus {
            assert!(
                content.len() <= 4_096,
                "{name}/{file}: {} bytes",
                content.len()
            );
            bytes += content.len();
        }
    }
    assert!(bytes <= 200 * 1_024, "{bytes} bytes of corpus");
}
