//! Compiled components on disk, so that only the first start compiles.
//!
//! An entry's name is everything that must match: digest of the component, digest of the engine's
//! settings, digest of the entry itself. It is written beside its place and renamed into it, so a
//! name never stands for half a file; one that is damaged anyway is removed and compiled again. An
//! entry is read as a whole and not mapped: a file that changes later must not pull code from under a
//! running guest. The directory holds native code: whoever may write to it may run code as this
//! process.

use crate::check::hex;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::Path;
use wasmtime::Engine;
use wasmtime::component::Component;

/// What tells a component's content from any other: the SHA-256 of its file, in hexadecimal. Blocks.
///
/// # Errors
/// When the file cannot be read.
pub fn digest(file: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    io::copy(&mut File::open(file)?, &mut digest)?;
    Ok(hex(&digest.finalize()))
}

/// Compile `bytes`, or take what an earlier start compiled from them. Blocks for as long as that takes.
pub(crate) fn component(
    engine: &Engine,
    directory: Option<&Path>,
    bytes: &[u8],
) -> wasmtime::Result<Component> {
    let Some(directory) = directory else {
        return Component::from_binary(engine, bytes);
    };
    let key = key(engine, bytes);
    if let Some(component) = stored(engine, directory, &key) {
        return Ok(component);
    }
    let compiled = engine.precompile_component(bytes)?;
    // A full or read-only disk only costs the next start its time.
    if let Err(error) = store(directory, &key, &compiled) {
        tracing::warn!("{}: nothing can be cached: {error}", directory.display());
    }
    load(engine, &compiled)
}

fn key(engine: &Engine, bytes: &[u8]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    format!(
        "{}-{:016x}-",
        hex(&Sha256::digest(bytes)),
        settings.finish()
    )
}

fn stored(engine: &Engine, directory: &Path, key: &str) -> Option<Component> {
    for entry in std::fs::read_dir(directory).ok()?.flatten() {
        let name = entry.file_name();
        let Some(digest) = name
            .to_str()
            .and_then(|name| name.strip_prefix(key)?.strip_suffix(".cwasm"))
        else {
            continue;
        };
        let path = entry.path();
        match std::fs::read(&path) {
            Ok(content) if hex(&Sha256::digest(&content)) == digest => match load(engine, &content)
            {
                Ok(component) => return Some(component),
                Err(error) => tracing::warn!("{} does not fit: {error:#}", path.display()),
            },
            Ok(_) => tracing::warn!("{} is damaged and compiled again", path.display()),
            Err(error) => tracing::warn!("{} cannot be read: {error}", path.display()),
        }
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::warn!("{} cannot be removed: {error}", path.display());
        }
    }
    None
}

fn store(directory: &Path, key: &str, compiled: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let path = directory.join(format!("{key}{}.cwasm", hex(&Sha256::digest(compiled))));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(compiled)?;
    file.as_file().sync_data()?;
    file.persist(&path)?;
    Ok(())
}

#[allow(
    unsafe_code,
    reason = "the one audited place that turns bytes into native code"
)]
fn load(engine: &Engine, compiled: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes must be what `Engine::precompile_component` made. Callers pass either just
    // that, or bytes in memory whose digest is the one that `store` gave to their file when it wrote
    // what `precompile_component` had made. wasmtime itself refuses bytes of another version or other
    // settings.
    unsafe { Component::deserialize(engine, compiled) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// The smallest component there is.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn engine() -> Engine {
        crate::engine::start(&crate::limits::EngineLimits::default())
            .unwrap()
            .0
    }

    fn entries(directory: &Path) -> Vec<PathBuf> {
        std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    #[test]
    fn the_second_start_finds_what_the_first_compiled() {
        let (engine, directory) = (engine(), tempfile::tempdir().unwrap());
        assert!(stored(&engine, directory.path(), &key(&engine, EMPTY)).is_none());
        component(&engine, Some(directory.path()), EMPTY).unwrap();
        assert_eq!(entries(directory.path()).len(), 1);
        assert!(stored(&engine, directory.path(), &key(&engine, EMPTY)).is_some());
    }

    #[test]
    fn a_damaged_entry_is_replaced() {
        let (engine, directory) = (engine(), tempfile::tempdir().unwrap());
        component(&engine, Some(directory.path()), EMPTY).unwrap();
        let entry = entries(directory.path()).pop().unwrap();
        let mut content = std::fs::read(&entry).unwrap();
        let middle = content.len() / 2;
        content[middle] ^= 1;
        std::fs::write(&entry, &content).unwrap();
        assert!(stored(&engine, directory.path(), &key(&engine, EMPTY)).is_none());
        assert!(
            entries(directory.path()).is_empty(),
            "the damaged entry is gone"
        );
        component(&engine, Some(directory.path()), EMPTY).unwrap();
        assert!(stored(&engine, directory.path(), &key(&engine, EMPTY)).is_some());
    }

    #[test]
    fn a_file_is_known_by_its_content() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &[u8]| {
            let file = directory.path().join(name);
            std::fs::write(&file, content).unwrap();
            digest(&file).unwrap()
        };
        assert_eq!(file("a", b"abc"), hex(&Sha256::digest(b"abc")));
        assert_eq!(file("a", b"abc"), file("b", b"abc"));
        assert_ne!(file("a", b"abc"), file("a", b"abcd"));
        assert!(digest(&directory.path().join("none")).is_err());
    }

    #[test]
    fn another_content_has_another_key() {
        let engine = engine();
        assert_ne!(key(&engine, EMPTY), key(&engine, b"\0asm"));
    }
}
