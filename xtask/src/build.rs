//! Building: every component for the sandbox, and the release server.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::setup;
use crate::sh::Sh;
use crate::workspace::{Package, WASM_TARGET, Workspace};

/// The first eight bytes of a component: `\0asm`, then version 13 of layer 1. A core module has
/// layer 0 and version 1.
const COMPONENT_HEADER: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];

/// Arguments of `cargo xtask build`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Build the components only, not the server.
    #[arg(long)]
    components: bool,
}

/// The command `build`.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    setup::for_build(workspace)?;
    components(workspace)?;
    if !args.components {
        server(workspace)?;
    }
    Ok(())
}

/// Builds every component and puts it at `<target>/components/<role>-<name>.wasm`.
pub(crate) fn components(workspace: &Workspace) -> Result<()> {
    wasm(
        workspace,
        &workspace.components(),
        &workspace.components_dir(),
    )
}

/// Builds the tests' guests and puts them at `<target>/fixtures/<name>.wasm`.
pub(crate) fn fixtures(workspace: &Workspace) -> Result<()> {
    wasm(workspace, &workspace.fixtures(), &workspace.fixtures_dir())
}

/// Builds `tth` for release and returns where it is.
pub(crate) fn server(workspace: &Workspace) -> Result<PathBuf> {
    Sh::cargo()
        .args(["build", "--release", "--package", "tth"])
        .dir(&workspace.root)
        .run()?;
    let binary = workspace.bin("release", "tth");
    if !binary.is_file() {
        bail!("cargo built no {}", binary.display());
    }
    Ok(binary)
}

fn wasm(workspace: &Workspace, packages: &[&Package], to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("creating {}", to.display()))?;
    let from = workspace.target.join(WASM_TARGET).join("component");
    for package in packages {
        // `--crate-type`: with the `rlib` that tests and other crates link beside the `cdylib`,
        // cargo leaves out the profile's link-time optimisation without a word.
        Sh::cargo()
            .args([
                "rustc",
                "--target",
                WASM_TARGET,
                "--profile",
                "component",
                "--lib",
            ])
            .args(["--crate-type", "cdylib", "--package", &package.name])
            .dir(&workspace.root)
            .run()?;
        let file = package
            .wasm_file()
            .with_context(|| format!("{} has no cdylib", package.name))?;
        let out = to.join(format!("{}.wasm", package.name));
        let size = install(&from.join(file), &out)
            .with_context(|| format!("installing the component {}", package.name))?;
        eprintln!("  {:>9.1} KiB  {}", size as f64 / 1024.0, out.display());
    }
    Ok(())
}

/// Copies a component if its content changed; returns its size in bytes.
///
/// # Errors
/// Where the file is missing or is not a component.
fn install(from: &Path, to: &Path) -> Result<u64> {
    let bytes = fs::read(from).with_context(|| format!("reading {}", from.display()))?;
    if !bytes.starts_with(&COMPONENT_HEADER) {
        bail!("{} is not a WebAssembly component", from.display());
    }
    if fs::read(to).is_ok_and(|old| old == bytes) {
        return Ok(bytes.len() as u64);
    }
    // By rename: a server that is reading the old file keeps it whole.
    let fresh = to.with_extension("wasm.new");
    fs::write(&fresh, &bytes).with_context(|| format!("writing {}", fresh.display()))?;
    fs::rename(&fresh, to).with_context(|| format!("writing {}", to.display()))?;
    Ok(bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sh::Scratch;

    #[test]
    fn only_components_are_installed() {
        let scratch = Scratch::new("install").unwrap();
        let (from, to) = (scratch.path().join("a.wasm"), scratch.path().join("b.wasm"));
        assert!(install(&from, &to).is_err(), "a missing file");
        fs::write(&from, b"\0asm\x01\0\0\0").unwrap();
        let error = install(&from, &to).unwrap_err().to_string();
        assert!(error.contains("is not a WebAssembly component"), "{error}");
        assert!(!to.exists());
        fs::write(&from, [&COMPONENT_HEADER[..], b"body"].concat()).unwrap();
        assert_eq!(install(&from, &to).unwrap(), 12);
        assert_eq!(fs::read(&to).unwrap(), fs::read(&from).unwrap());
        let first = fs::metadata(&to).unwrap().modified().unwrap();
        install(&from, &to).unwrap();
        assert_eq!(
            fs::metadata(&to).unwrap().modified().unwrap(),
            first,
            "unchanged: not rewritten"
        );
    }
}
