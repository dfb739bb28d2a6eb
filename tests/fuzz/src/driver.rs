//! Runs targets on stable Rust: the corpus as it is, then mutations of it.

use crate::Target;
use crate::mutate::mutate;
use std::any::Any;
use std::fmt;
use std::io;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// An input that breaks a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The target's name.
    pub target: &'static str,
    /// Where the input came from: a file of the corpus, or the seed of a mutation.
    pub source: String,
    /// The input.
    pub bytes: Vec<u8>,
    /// What the property said.
    pub message: String,
}

impl fmt::Display for Finding {
    /// With the input as the inside of a byte string, to be written into the corpus.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            target,
            source,
            bytes,
            message,
        } = self;
        write!(
            f,
            "{target}, {source}: {message}\nthe input: b\"{}\"",
            bytes.escape_ascii()
        )
    }
}

/// The folder of a target's corpus.
pub fn corpus_dir(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target)
}

/// The files of a target's corpus with their names, sorted.
///
/// # Errors
/// When the folder or one of them cannot be read.
pub fn corpus(target: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(corpus_dir(target))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.push((name, std::fs::read(entry.path())?));
    }
    files.sort();
    Ok(files)
}

/// Runs a target on every file of its corpus.
///
/// # Errors
/// The first that breaks a property.
pub fn replay(target: &Target, corpus: &[(String, Vec<u8>)]) -> Result<(), Finding> {
    corpus
        .iter()
        .try_for_each(|(name, bytes)| attempt(target, name.clone(), bytes.clone()))
}

/// Runs a target on a mutation of its corpus for each of the seeds.
///
/// # Errors
/// The first that breaks a property.
pub fn explore(
    target: &Target,
    corpus: &[(String, Vec<u8>)],
    seeds: impl IntoIterator<Item = u64>,
) -> Result<(), Finding> {
    let inputs: Vec<Vec<u8>> = corpus.iter().map(|(_, bytes)| bytes.clone()).collect();
    seeds.into_iter().try_for_each(|seed| {
        let bytes = mutate(&inputs, target.words, seed);
        attempt(target, format!("seed {seed}"), bytes)
    })
}

fn attempt(target: &Target, source: String, bytes: Vec<u8>) -> Result<(), Finding> {
    catch_unwind(|| (target.run)(&bytes)).map_err(|panic| Finding {
        target: target.name,
        source,
        message: message(panic.as_ref()),
        bytes,
    })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Breaks on every input with a zero.
    fn no_zero(bytes: &[u8]) {
        assert!(!bytes.contains(&0), "there is a zero");
    }

    const NO_ZERO: Target = Target {
        name: "no_zero",
        run: no_zero,
        words: &["\0"],
    };

    #[test]
    fn what_breaks_is_found_and_can_be_repeated() {
        let corpus = [("good".to_owned(), b"abc\"".to_vec())];
        assert_eq!(replay(&NO_ZERO, &corpus), Ok(()));
        let finding = explore(&NO_ZERO, &corpus, 0..1_000).unwrap_err();
        let seed: u64 = finding
            .source
            .strip_prefix("seed ")
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(explore(&NO_ZERO, &corpus, [seed]), Err(finding.clone()));
        let said = finding.to_string();
        assert!(
            said.starts_with(&format!("no_zero, seed {seed}: there is a zero\n")),
            "{said}"
        );
        assert!(said.contains("\\x00"), "{said}");
    }

    #[test]
    fn a_bad_file_of_the_corpus_is_named() {
        let corpus = [
            ("good".to_owned(), b"a".to_vec()),
            ("zero".to_owned(), b"a\0".to_vec()),
        ];
        assert_eq!(replay(&NO_ZERO, &corpus).unwrap_err().source, "zero");
    }
}
