//! Files that are no components of this contract, made from one that is.

use crate::guests::Guests;
use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::Write;

/// The component that is spoilt: a voice.
const SOUND: &str = "fixture-bad-manners.wasm";
const MB: u64 = 1_000_000;

/// What is wrong with the file.
#[derive(Clone, Copy)]
pub(super) enum Spoil {
    /// It speaks another version of the contract.
    Version,
    /// It ends in the middle.
    Truncated,
    /// It is a module, not a component.
    CoreModule,
    /// It is 200 MB long, the most of it zeros.
    Large,
    /// It is larger than any component may be.
    TooLarge,
}

/// Put it where the server looks for its components, as `spoilt.wasm`.
pub(super) fn write(how: Spoil, guests: &Guests) -> Result<()> {
    let sound = std::fs::read(guests.path(SOUND))?;
    let (content, length) = match how {
        Spoil::Version => (other_version(sound)?, None),
        Spoil::Truncated => {
            let half = sound.len() / 2;
            (sound.into_iter().take(half).collect(), None)
        }
        Spoil::CoreModule => (b"\0asm\x01\0\0\0".to_vec(), None),
        Spoil::Large => (sound, Some(200 * MB)),
        Spoil::TooLarge => (sound, Some(300 * MB)),
    };
    let mut file = File::create(guests.path("spoilt.wasm"))?;
    file.write_all(&content)?;
    if let Some(length) = length {
        // Zeros that take no room on the disk.
        file.set_len(length)?;
    }
    Ok(())
}

fn other_version(mut bytes: Vec<u8>) -> Result<Vec<u8>> {
    let (ours, theirs) = (b"tth:tts/tts@0.1.0", b"tth:tts/tts@9.9.0");
    let windows = bytes.windows(ours.len()).enumerate();
    let places: Vec<usize> = windows
        .filter(|(_, window)| window == ours)
        .map(|(at, _)| at)
        .collect();
    ensure!(!places.is_empty(), "the component names no contract");
    for at in places {
        let place = bytes.get_mut(at..at + theirs.len());
        place.context("beyond its end")?.copy_from_slice(theirs);
    }
    Ok(bytes)
}
