//! Files that are no components of this contract.

use crate::common::*;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use tth_runtime::{EngineLimits, ProviderSpec, Runtime, RuntimeError, RuntimeOptions};

const MB: u64 = 1_000_000;

/// A component's first bytes.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn file(&self, content: &[u8]) -> PathBuf {
        self.long(content, content.len() as u64)
    }

    /// `content`, and zeros that take no room on the disk.
    fn long(&self, content: &[u8], length: u64) -> PathBuf {
        let path = self.0.path().join("guest.wasm");
        let mut file = File::create(&path).unwrap();
        file.write_all(content).unwrap();
        file.set_len(length).unwrap();
        path
    }
}

/// The file is refused with a sentence that holds all of `says`; then another one is loaded and served.
async fn refused(runtime: &Runtime, component: PathBuf, says: &[&str]) {
    let wrong = ProviderSpec {
        id: "guest".into(),
        component,
        ..ProviderSpec::default()
    };
    let Err(error) = runtime.load_llm(wrong).await else {
        panic!("it was loaded");
    };
    let text = error.to_string();
    eprintln!("{text}");
    assert!(matches!(error, RuntimeError::Check { .. }), "{text}");
    for part in ["provider `guest`", "guest.wasm"].iter().chain(says) {
        assert!(text.contains(part), "{part:?} is missing in: {text}");
    }
    let next = runtime.load_llm(spec("fixture-trap-in-stream")).await;
    let (events, error) = drain(ask(&*next.unwrap(), "hello").await.unwrap()).await;
    assert_eq!(
        (crate::common::text(&events).as_str(), error),
        ("hello", None)
    );
}

/// A component that works, and so do its parts.
fn sound() -> Vec<u8> {
    std::fs::read(component("fixture-silent")).unwrap()
}

#[tokio::test]
async fn a_file_cut_anywhere_is_told_to_be_built_again() {
    let (runtime, folder, whole) = (runtime(), Folder::new(), sound());
    // In the head of a section, in the code, just before the end.
    for keep in [12, whole.len() / 3, whole.len() - 1] {
        let file = folder.file(&whole[..keep]);
        refused(&runtime, file, &["damaged or cut short", "build it again"]).await;
    }
}

#[tokio::test]
async fn a_core_module_is_told_how_to_become_a_component() {
    let (runtime, folder) = (runtime(), Folder::new());
    let file = folder.file(b"\0asm\x01\0\0\0");
    refused(&runtime, file, &["core module", "wasm32-wasip2"]).await;
}

#[tokio::test]
async fn a_component_of_another_contract_is_told_both_versions() {
    let (runtime, folder) = (runtime(), Folder::new());
    let mut bytes = sound();
    let (ours, theirs) = (b"tth:llm/llm@0.1.0", b"tth:llm/llm@9.9.0");
    let places: Vec<usize> = (0..bytes.len() - ours.len())
        .filter(|&at| bytes[at..].starts_with(ours))
        .collect();
    assert!(!places.is_empty(), "nothing to change");
    for at in places {
        bytes[at..at + theirs.len()].copy_from_slice(theirs);
    }
    let says = ["version 9.9.0", "speaks 0.1.0", "rebuild it"];
    refused(&runtime, folder.file(&bytes), &says).await;
}

#[tokio::test]
async fn a_file_of_200_mb_is_refused_by_its_size_alone() {
    let small = EngineLimits {
        max_component_mb: 64,
        ..EngineLimits::default()
    };
    let options = RuntimeOptions {
        limits: small,
        ..RuntimeOptions::default()
    };
    let (runtime, folder) = (Runtime::new(options).unwrap(), Folder::new());
    // All of the component is there: only the size is wrong.
    let file = folder.long(&sound(), 200 * MB);
    refused(&runtime, file, &["200000000 bytes", "67108864 is the most"]).await;
}

#[tokio::test]
async fn a_file_of_200_mb_that_may_be_so_large_is_still_looked_at_first() {
    let (runtime, folder) = (runtime(), Folder::new());
    let zeros = folder.long(&[], 200 * MB);
    refused(&runtime, zeros, &["no WebAssembly"]).await;
    let hollow = folder.long(COMPONENT, 200 * MB);
    refused(&runtime, hollow, &["damaged or cut short at byte"]).await;
    let larger = folder.long(COMPONENT, 300 * MB);
    refused(&runtime, larger, &["300000000 bytes", "is the most"]).await;
}
