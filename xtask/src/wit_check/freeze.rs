//! Making a release of the contract, and noticing when one was touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::packages::{Packages, package_folders, wit_files};
use super::{DEPS, RELEASED, SUMS};

/// The releases' versions, sorted by name.
pub(super) fn releases(wit: &Path) -> Result<Vec<String>> {
    let dir = wit.join(RELEASED);
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(&dir).with_context(|| format!("reading {}", dir.display()))?;
    let mut versions: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    versions.sort();
    Ok(versions)
}

/// Copies the working copy, with its dependencies, to `released/<version>` and records the sums.
///
/// # Errors
/// Where the version is no version, is released already, or is no package's version.
pub(super) fn freeze(wit: &Path, version: &str) -> Result<()> {
    if version.split('.').count() != 3
        || !version.starts_with(|c: char| c.is_ascii_digit())
        || version.contains(['/', '\\'])
    {
        bail!("`{version}` is not a version such as 0.1.0");
    }
    let to = wit.join(RELEASED).join(version);
    if to.exists() {
        bail!("{version} is already released; a release is never made again");
    }
    let current = Packages::load(wit, &wit.join(DEPS))?;
    let has = |package: &super::packages::Package| {
        package
            .name
            .version
            .as_ref()
            .is_some_and(|own| own.to_string() == version)
    };
    if !current.iter().any(|(_, package)| has(package)) {
        bail!("no package of the working copy has version {version}");
    }
    copy_packages(wit, &to)?;
    if wit.join(DEPS).is_dir() {
        copy_packages(&wit.join(DEPS), &to.join(DEPS))?;
    }
    let lines: String = sums(wit)?
        .iter()
        .map(|(file, sum)| format!("{sum}  {file}\n"))
        .collect();
    fs::write(wit.join(RELEASED).join(SUMS), lines).context("writing the sums")?;
    eprintln!("released {version} to {}", to.display());
    Ok(())
}

fn copy_packages(from: &Path, to: &Path) -> Result<()> {
    for folder in package_folders(from)? {
        let target = to.join(folder.file_name().context("a folder without a name")?);
        fs::create_dir_all(&target).with_context(|| format!("creating {}", target.display()))?;
        for file in wit_files(&folder)? {
            let name = file.file_name().context("a file without a name")?;
            fs::copy(&file, target.join(name))
                .with_context(|| format!("copying {}", file.display()))?;
        }
    }
    Ok(())
}

/// What differs between the released files and their recorded sums.
pub(super) fn altered_files(wit: &Path) -> Result<Vec<String>> {
    let actual = sums(wit)?;
    let recorded = recorded_sums(wit)?;
    let note = |file: &str, what: &str| format!("wit/{RELEASED}/{file}: {what}");
    let mut found = Vec::new();
    for (file, sum) in &recorded {
        match actual.get(file) {
            None => found.push(note(file, "a released file is gone; restore it")),
            Some(now) if now != sum => {
                found.push(note(file, "a released file was edited; restore it"));
            }
            Some(_) => {}
        }
    }
    for file in actual.keys().filter(|file| !recorded.contains_key(*file)) {
        found.push(note(
            file,
            "added to a release; put it into the working copy and release that",
        ));
    }
    Ok(found)
}

/// Reads `SHA256SUMS`, as `sha256sum` writes it: file to sum.
fn recorded_sums(wit: &Path) -> Result<BTreeMap<String, String>> {
    let path = wit.join(RELEASED).join(SUMS);
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    text.lines()
        .map(|line| {
            let (sum, file) = line
                .split_once("  ")
                .with_context(|| format!("{}: not a line of sha256sum: {line}", path.display()))?;
            Ok((file.to_owned(), sum.to_owned()))
        })
        .collect()
}

/// The sums of all files of all releases as they are now.
fn sums(wit: &Path) -> Result<BTreeMap<String, String>> {
    let root = wit.join(RELEASED);
    let mut sums = BTreeMap::new();
    for release in releases(wit)? {
        for file in files_below(&root.join(&release))? {
            let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
            let sum: String = Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let relative = file.strip_prefix(&root).unwrap_or(&file);
            // The same on every platform.
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            sums.insert(parts.join("/"), sum);
        }
    }
    Ok(sums)
}

fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
