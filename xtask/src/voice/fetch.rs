//! Gets the wheel through pip, the index's ordinary client, so that a user's proxy, mirror and
//! certificate settings hold.

use anyhow::{Result, anyhow, bail};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENT: &str = "hibari-tts==0.2.1";
const WHEEL: &str = "hibari_tts-0.2.1-py3-none-any.whl";
const BY_HAND: &str = "or fetch the wheel elsewhere and set TTH_VOICE_WHEEL to its path";

/// Downloads the voice's wheel into `dir` and returns its path.
///
/// # Errors
/// No Python 3, no pip, or pip could not get the package; each says what to do about it.
pub(super) fn download(dir: &Path) -> Result<PathBuf> {
    let mut seen = Vec::new();
    for python in ["python3", "python"] {
        match run(python, dir) {
            Ok(()) => {
                let wheel = dir.join(WHEEL);
                if wheel.is_file() {
                    return Ok(wheel);
                }
                bail!("pip reported success, but {WHEEL} is not there");
            }
            Err(Failure::NoPython) => seen.push(format!("`{python}` is not installed")),
            Err(Failure::NoPip) => seen.push(format!("`{python}` has no pip")),
            // pip works and said no: another interpreter's pip would hear the same.
            Err(Failure::Pip(text)) => bail!(
                "pip could not download {REQUIREMENT} (the embedded voice):\n{text}\n\
                 Check the network, proxy or index settings of pip, {BY_HAND}"
            ),
        }
    }
    Err(anyhow!(
        "the embedded voice is fetched with pip, but {}. Install Python 3 with pip \
         (Debian: `apt install python3 python3-pip`), {BY_HAND}",
        seen.join(" and ")
    ))
}

enum Failure {
    NoPython,
    NoPip,
    Pip(String),
}

fn run(python: &str, dir: &Path) -> Result<(), Failure> {
    let out = Command::new(python)
        .args([
            "-m",
            "pip",
            "download",
            REQUIREMENT,
            "--no-deps",
            "--only-binary=:all:",
        ])
        .args(["--disable-pip-version-check", "--quiet", "-d"])
        .arg(dir)
        .output()
        .map_err(|e| match e.kind() {
            ErrorKind::NotFound => Failure::NoPython,
            _ => Failure::Pip(e.to_string()),
        })?;
    if out.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&out.stderr).trim().to_owned();
    if text.contains("No module named pip") {
        return Err(Failure::NoPip);
    }
    // Windows and some systems answer `python3` with a stub that asks to install it.
    if text.is_empty() || text.contains("Python was not found") {
        return Err(Failure::NoPython);
    }
    Err(Failure::Pip(text))
}
