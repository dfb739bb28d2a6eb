//! `cargo xtask wit-check`: a released contract never changes.
//!
//! `wit/<package>/*.wit` is the working copy, `wit/released/<version>/<package>/*.wit` what was
//! released, `deps` in either the packages of others they need. Two rules:
//! 1. a package whose version equals a released one says exactly the same;
//! 2. a released file keeps its content, by `wit/released/SHA256SUMS`.
//!
//! `--freeze VERSION` makes a release of the working copy.

mod compare;
mod freeze;
mod items;
mod packages;
mod render;

use std::path::Path;

use anyhow::{Result, bail};

use packages::Packages;

const RELEASED: &str = "released";
const DEPS: &str = "deps";
const SUMS: &str = "SHA256SUMS";

/// Arguments of `cargo xtask wit-check`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Freeze the working copy as this release, e.g. 0.1.0.
    #[arg(long, value_name = "VERSION")]
    freeze: Option<String>,
}

/// The command `wit-check`; `wit` is the contract's folder.
pub(crate) fn run(wit: &Path, args: &Args) -> Result<()> {
    if let Some(version) = &args.freeze {
        // First: what was released before must hold, or the new release hides the damage.
        check(wit)?;
        freeze::freeze(wit, version)?;
    }
    check(wit)
}

/// Checks both rules.
///
/// # Errors
/// Lists every difference: the item, its frozen form, its form now, and what to do.
pub(crate) fn check(wit: &Path) -> Result<()> {
    let mut problems = freeze::altered_files(wit)?;
    let current = Packages::load(wit, &wit.join(DEPS))?;
    let releases = freeze::releases(wit)?;
    for release in &releases {
        let dir = wit.join(RELEASED).join(release);
        // A release brings its own dependencies; the working copy's may have moved on.
        let own_deps = dir.join(DEPS);
        let deps = if own_deps.is_dir() {
            own_deps
        } else {
            wit.join(DEPS)
        };
        problems.extend(compare::differences(
            release,
            &Packages::load(&dir, &deps)?,
            &current,
        ));
    }
    if !problems.is_empty() {
        bail!(
            "the released contract was changed, {} difference(s):\n\n{}\n",
            problems.len(),
            problems.join("\n\n")
        );
    }
    eprintln!(
        "contract: {} package(s), {} release(s) unchanged",
        current.count(),
        releases.len()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::sh::Scratch;

    const TYPES: &str =
        "package tth:types@0.1.0; interface media { record size { w: u16, h: u16 } }";
    const LLM: &str = "package tth:llm@0.1.0;
        interface llm { use tth:types/media@0.1.0.{size}; ask: async func(text: string) -> size; }
        world provider { export llm; }";

    fn contract(purpose: &str) -> Scratch {
        let scratch = Scratch::new(purpose).unwrap();
        write(&scratch, "types", TYPES);
        write(&scratch, "llm", LLM);
        scratch
    }

    fn write(scratch: &Scratch, package: &str, text: &str) {
        let dir = scratch.path().join(package);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("all.wit"), text).unwrap();
    }

    fn freeze(scratch: &Scratch, version: &str) -> Result<()> {
        run(
            scratch.path(),
            &Args {
                freeze: Some(version.to_owned()),
            },
        )
    }

    #[test]
    fn a_release_guards_its_version_until_the_version_is_raised() {
        let scratch = contract("wit-guard");
        check(scratch.path()).unwrap();
        freeze(&scratch, "0.1.0").unwrap();
        check(scratch.path()).unwrap();

        write(&scratch, "types", &TYPES.replace("h: u16", "h: u32"));
        let error = check(scratch.path()).unwrap_err().to_string();
        for part in [
            "tth:types@0.1.0/media.size",
            "frozen: record { w: u16, h: u16 }",
            "now:    record { w: u16, h: u32 }",
            "1 difference(s)",
        ] {
            assert!(error.contains(part), "{part} is not in:\n{error}");
        }

        write(
            &scratch,
            "types",
            &TYPES.replace("h: u16", "h: u32").replace("0.1.0", "0.2.0"),
        );
        write(&scratch, "llm", &LLM.replace("0.1.0", "0.2.0"));
        check(scratch.path()).unwrap();
        freeze(&scratch, "0.2.0").unwrap();
        check(scratch.path()).unwrap();
    }

    #[test]
    fn a_released_file_can_be_neither_edited_nor_removed_nor_added() {
        let scratch = contract("wit-files");
        freeze(&scratch, "0.1.0").unwrap();
        let file = scratch.path().join("released/0.1.0/llm/all.wit");
        fs::write(&file, format!("{LLM}\n// only a comment")).unwrap();
        let error = check(scratch.path()).unwrap_err().to_string();
        assert!(
            error.contains("0.1.0/llm/all.wit: a released file was edited"),
            "{error}"
        );

        fs::write(&file, LLM).unwrap();
        let stray = scratch.path().join("released/0.1.0/llm/more.wit");
        fs::write(&stray, "interface more {}").unwrap();
        let error = check(scratch.path()).unwrap_err().to_string();
        assert!(
            error.contains("0.1.0/llm/more.wit: added to a release"),
            "{error}"
        );

        fs::remove_file(&stray).unwrap();
        fs::remove_file(&file).unwrap();
        let error = check(scratch.path()).unwrap_err().to_string();
        assert!(
            error.contains("0.1.0/llm/all.wit: a released file is gone"),
            "{error}"
        );
    }

    #[test]
    fn freezing_needs_a_new_version_that_some_package_has() {
        let scratch = contract("wit-freeze");
        let error = freeze(&scratch, "0.9.0").unwrap_err().to_string();
        assert!(
            error.contains("no package of the working copy has version 0.9.0"),
            "{error}"
        );
        assert!(
            freeze(&scratch, "../x")
                .unwrap_err()
                .to_string()
                .contains("not a version")
        );
        freeze(&scratch, "0.1.0").unwrap();
        assert!(
            freeze(&scratch, "0.1.0")
                .unwrap_err()
                .to_string()
                .contains("already released")
        );
    }

    #[test]
    fn a_syntax_error_names_its_place() {
        let scratch = contract("wit-syntax");
        write(
            &scratch,
            "types",
            "package tth:types@0.1.0;\ninterface media { record }",
        );
        let error = format!("{:#}", check(scratch.path()).unwrap_err());
        assert!(error.contains("all.wit:2"), "{error}");
    }
}
