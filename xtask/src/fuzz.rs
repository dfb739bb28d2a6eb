//! `cargo xtask fuzz`: what must hold whatever bytes come in, for longer than the tests try it.
//!
//! Needs nothing but this toolchain. `cargo fuzz`, which looks for new paths, wants a nightly one; how
//! to start it is said at the end.

use anyhow::Result;

use crate::sh::Sh;
use crate::workspace::Workspace;

/// The package with the targets and their driver.
const PACKAGE: &str = "tth-fuzz";

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this target; without it all, one after the other.
    target: Option<String>,
    /// How long, for each target, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// The command `fuzz`.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    Sh::cargo()
        .args(["run", "--quiet", "--package", PACKAGE, "--"])
        .args(&args.target)
        .args(["--seconds", &args.seconds.to_string()])
        .dir(&workspace.root)
        .run()?;
    let target = args.target.as_deref().unwrap_or("TARGET");
    println!("{}", with_cargo_fuzz(target));
    Ok(())
}

/// How the same target is run by cargo-fuzz. What that finds on its way goes into a folder of its own,
/// so that the corpus stays small and readable.
fn with_cargo_fuzz(target: &str) -> String {
    format!(
        "to look for new paths as well, with cargo-fuzz and a nightly toolchain:\n  \
         mkdir -p fuzz/found/{target}\n  \
         cargo +nightly fuzz run {target} fuzz/found/{target} fuzz/corpus/{target}"
    )
}
