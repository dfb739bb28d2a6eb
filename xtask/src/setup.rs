//! Installing what a fresh machine lacks. Every step looks first and is silent when nothing is missing.

mod debian;
mod test_tools;
mod wasm_target;

pub(crate) use test_tools::TestTools;

use anyhow::Result;

use crate::workspace::Workspace;

/// Arguments of `cargo xtask setup`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Also what only the tests need: Chromium, its driver, ffmpeg.
    #[arg(long)]
    tests: bool,
}

/// The command `setup`.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    for_build(workspace)?;
    if args.tests {
        for_tests();
    }
    eprintln!("set-up complete");
    Ok(())
}

/// What every build needs: the components' target and the embedded voice's files.
pub(crate) fn for_build(workspace: &Workspace) -> Result<()> {
    wasm_target::ensure()?;
    crate::voice::ensure(&workspace.root)?;
    Ok(())
}

/// What only the tests need. Never fails: tests that lack a tool are skipped, loudly.
pub(crate) fn for_tests() -> TestTools {
    test_tools::ensure()
}
