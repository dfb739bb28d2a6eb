//! The standard library of the components' target, in the active toolchain.
//!
//! In this order: it is there; `rustup target add`; on Debian, built (half a minute) from the
//! packages rust-src and wasi-libc of trixie-backports, where that suite has the source of exactly
//! this rustc.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::debian;
use crate::sh::{Scratch, Sh};
use crate::workspace::WASM_TARGET;

/// rustup retries for minutes where its server cannot be reached.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);
const SUITE: &str = "trixie-backports";
const LIBC_FILES: [&str; 3] = ["libc.a", "crt1-command.o", "crt1-reactor.o"];

/// Installs the target if it is missing.
///
/// # Errors
/// Says what each way of installing it ran into.
pub(super) fn ensure() -> Result<()> {
    let sysroot = Sh::new("rustc").args(["--print", "sysroot"]).output()?;
    let lib = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(WASM_TARGET)
        .join("lib");
    if is_installed(&lib) {
        return Ok(());
    }
    eprintln!("installing the Rust target {WASM_TARGET}");
    let rustup = Sh::new("rustup")
        .args(["target", "add", WASM_TARGET])
        .run_within(RUSTUP_LIMIT);
    match rustup {
        Ok(()) if is_installed(&lib) => return Ok(()),
        Ok(()) => eprintln!("rustup added the target to another toolchain than the active one"),
        Err(error) => eprintln!("rustup could not: {error:#}"),
    }
    if !debian::is_debian() {
        bail!(
            "cannot install {WASM_TARGET}: run `rustup target add {WASM_TARGET}` where the Rust \
             release server can be reached"
        );
    }
    from_debian(&lib).with_context(|| {
        format!(
            "cannot install {WASM_TARGET}: rustup could not, and neither could Debian's packages; run \
             `rustup target add {WASM_TARGET}` where the Rust release server can be reached"
        )
    })
}

fn is_installed(lib: &Path) -> bool {
    let has_std = fs::read_dir(lib).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libstd") && name.ends_with(".rlib")
        })
    });
    has_std && lib.join("self-contained/libc.a").is_file()
}

/// Builds the library from Debian's packages and copies it to `lib`.
fn from_debian(lib: &Path) -> Result<()> {
    let version = rustc_version()?;
    let scratch = Scratch::new("wasm-target")?;
    let work = scratch.path();
    let apt = Apt::new(work)?;
    apt.get().arg("update").run()?;
    let listed = apt.cache().args(["madison", "rust-src"]).output()?;
    let source = source_version(&listed, &version)
        .with_context(|| format!("{SUITE} has no rust-src {version}"))?;
    let wanted = [format!("rust-src={source}"), "wasi-libc".to_owned()];
    apt.get().arg("download").args(wanted).dir(work).run()?;
    for (package, to) in [("rust-src_", "src"), ("wasi-libc_", "libc")] {
        let file = only_entry(work, package)?;
        Sh::new("dpkg")
            .arg("-x")
            .arg(file)
            .arg(work.join(to))
            .run()?;
    }
    let library = only_entry(&work.join("src/usr/src"), "rustc-")?.join("library");
    let built = work.join("target");
    // The flags under which rustc's own bootstrap builds a distributed standard library. Run from
    // the scratch directory: this repository's cargo configuration must not apply.
    Sh::cargo()
        .args([
            "build",
            "--quiet",
            "--release",
            "--target",
            WASM_TARGET,
            "--manifest-path",
        ])
        .arg(library.join("sysroot/Cargo.toml"))
        .args(["--features", "panic-unwind backtrace"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env(
            "RUSTFLAGS",
            "-Zforce-unstable-if-unmarked -Cembed-bitcode=yes",
        )
        .env("CARGO_TARGET_DIR", &built)
        .dir(work)
        .run()?;
    let libc = work.join("libc/usr/lib").join(WASM_TARGET);
    install(&built.join(WASM_TARGET).join("release/deps"), &libc, lib)
        .with_context(|| format!("writing to the toolchain's folder {}", lib.display()))?;
    eprintln!("installed {WASM_TARGET} for rustc {version}");
    Ok(())
}

fn install(rlibs: &Path, libc: &Path, lib: &Path) -> Result<()> {
    let own = lib.join("self-contained");
    fs::create_dir_all(&own)?;
    for entry in fs::read_dir(rlibs)?.flatten() {
        if entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "rlib")
        {
            fs::copy(entry.path(), lib.join(entry.file_name()))?;
        }
    }
    for file in LIBC_FILES {
        fs::copy(libc.join(file), own.join(file)).with_context(|| format!("copying {file}"))?;
    }
    Ok(())
}

fn rustc_version() -> Result<String> {
    let text = Sh::new("rustc").arg("--version").output()?;
    Ok(text
        .split_whitespace()
        .nth(1)
        .context("reading `rustc --version`")?
        .to_owned())
}

/// The one entry of `dir` whose name starts with `prefix`.
fn only_entry(dir: &Path, prefix: &str) -> Result<PathBuf> {
    fs::read_dir(dir)
        .with_context(|| format!("reading {}", dir.display()))?
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .with_context(|| format!("nothing called {prefix}* in {}", dir.display()))
}

/// The Debian version of exactly this rustc's source in `apt-cache madison`'s table.
fn source_version(madison: &str, rustc: &str) -> Option<String> {
    let prefix = format!("{rustc}+");
    madison
        .lines()
        .filter_map(|line| line.split('|').nth(1))
        .map(str::trim)
        .find(|version| version.starts_with(&prefix))
        .map(str::to_owned)
}

/// apt with one suite and its own lists: the machine's configuration stays as it is.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    fn new(work: &Path) -> Result<Self> {
        let mirror = debian::mirror()?;
        let (list, lists) = (work.join("sources.list"), work.join("lists"));
        fs::create_dir_all(lists.join("partial"))?;
        let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
        fs::write(
            &list,
            format!("deb [signed-by={keyring}] {mirror} {SUITE} main\n"),
        )?;
        let options = [
            format!("Dir::Etc::SourceList={}", list.display()),
            "Dir::Etc::SourceParts=/dev/null".to_owned(),
            format!("Dir::State::Lists={}", lists.display()),
            "Dir::Cache::pkgcache=".to_owned(),
            "Dir::Cache::srcpkgcache=".to_owned(),
            "APT::Sandbox::User=root".to_owned(),
        ];
        Ok(Self {
            options: options
                .into_iter()
                .flat_map(|o| ["-o".to_owned(), o])
                .collect(),
        })
    }

    fn get(&self) -> Sh {
        Sh::new("apt-get").arg("-qq").args(&self.options)
    }

    fn cache(&self) -> Sh {
        Sh::new("apt-cache").args(&self.options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_source_of_exactly_this_rustc_will_do() {
        let madison = " rust-src | 1.95.0+dfsg1-1~bpo13+1 | http://deb/debian trixie-backports/main\n \
                       rust-src | 1.85.0+dfsg3-1 | http://deb/debian trixie/main\n";
        assert_eq!(
            source_version(madison, "1.95.0").as_deref(),
            Some("1.95.0+dfsg1-1~bpo13+1")
        );
        assert_eq!(
            source_version(madison, "1.85.0").as_deref(),
            Some("1.85.0+dfsg3-1")
        );
        assert_eq!(source_version(madison, "1.9"), None);
        assert_eq!(source_version("", "1.95.0"), None);
    }

    #[test]
    fn a_half_copied_target_counts_as_missing() {
        let scratch = Scratch::new("target-check").unwrap();
        let lib = scratch.path();
        assert!(!is_installed(lib));
        fs::write(lib.join("libstd-1.rlib"), "").unwrap();
        assert!(!is_installed(lib));
        fs::create_dir(lib.join("self-contained")).unwrap();
        fs::write(lib.join("self-contained/libc.a"), "").unwrap();
        assert!(is_installed(lib));
    }
}
