//! `cargo xtask controls-table`: which provider follows which control, in `docs/controls.md`.
//!
//! The table is written from what the built components declare, as `tth plugin inspect --json` tells
//! it: this program need not know how a component is run. `--check` writes nothing and fails where the
//! document says something else.

mod declared;
mod render;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::sh::Sh;
use crate::workspace::Workspace;
use crate::{build, setup, test};
use declared::Declared;

const DOCUMENT: &str = "docs/controls.md";
const BEGIN: &str = "<!-- generated: cargo xtask controls-table -->";
const END: &str = "<!-- end -->";

/// Arguments of `cargo xtask controls-table`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if the document is not up to date.
    #[arg(long)]
    check: bool,
    /// Build nothing: take the components and the server that are there.
    #[arg(long)]
    no_build: bool,
}

/// The command `controls-table`.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    if !args.no_build {
        setup::for_build(workspace)?;
        build::components(workspace)?;
        // What the tests use: of all builds of the server the one that is there most often.
        test::build_tests(workspace)?;
    }
    let server = workspace.bin("debug", "tth");
    if args.check {
        return check(workspace, &server);
    }
    let path = workspace.root.join(DOCUMENT);
    let old = read(&path)?;
    let new = replaced(&old, &table(workspace, &server)?)?;
    if new == old {
        eprintln!("{DOCUMENT} is up to date");
        return Ok(());
    }
    fs::write(&path, new).with_context(|| format!("writing {}", path.display()))?;
    eprintln!("{DOCUMENT} written");
    Ok(())
}

/// Holds the document against what the built components declare; `server` is a built `tth`.
///
/// # Errors
/// Where they differ: the first differing line of both, and what to do.
pub(crate) fn check(workspace: &Workspace, server: &Path) -> Result<()> {
    let old = read(&workspace.root.join(DOCUMENT))?;
    let new = replaced(&old, &table(workspace, server)?)?;
    if old == new {
        return Ok(());
    }
    let differing = old.lines().zip(new.lines()).find(|(a, b)| a != b);
    let differing = differing.map_or_else(
        || "one of them is longer".to_owned(),
        |(is, should)| format!("it says\n  {is}\nwhere the components declare\n  {should}"),
    );
    bail!("{DOCUMENT} is out of date: {differing}\nrun cargo xtask controls-table");
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

/// The generated section of the document as the built components would have it.
fn table(workspace: &Workspace, server: &Path) -> Result<String> {
    let components = workspace.components();
    let dir = workspace.components_dir();
    let mut declared = Vec::new();
    for component in components {
        let file: PathBuf = dir.join(format!("{}.wasm", component.name));
        let json = Sh::new(server)
            .args(["plugin", "inspect", "--json"])
            .arg(&file)
            .dir(&workspace.root)
            .output()
            .with_context(|| format!("asking {} what it can do", component.name))?;
        let found = Declared::parse(&component.name, &json)?;
        declared.extend(found);
    }
    render::section(&declared)
}

/// The document with another generated section.
fn replaced(document: &str, section: &str) -> Result<String> {
    let parts = document.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let Some((before, after)) = parts else {
        bail!("{DOCUMENT} has no line `{BEGIN}` with a line `{END}` after it");
    };
    Ok(format!("{before}{BEGIN}\n\n{section}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let document = format!("# Title\n{BEGIN}\nold\n{END}\nlast\n");
        let expected = format!("# Title\n{BEGIN}\n\nnew\n\n{END}\nlast\n");
        let once = replaced(&document, "new\n").unwrap();
        assert_eq!(once, expected);
        assert_eq!(replaced(&once, "new\n").unwrap(), once);
    }

    #[test]
    fn a_document_without_marks_is_refused() {
        for document in [
            "# Title\n".to_owned(),
            format!("{BEGIN}\n"),
            format!("{END}\n{BEGIN}\n"),
        ] {
            let error = replaced(&document, "new").unwrap_err().to_string();
            assert!(error.contains(BEGIN), "{error}");
        }
    }
}
