//! Where things are, and what to do when something is missing.

use std::path::{Path, PathBuf};

/// The root of the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// `target/test-output`, made if missing: screenshots and logs.
///
/// # Errors
/// If the directory cannot be made.
pub fn output_dir() -> std::io::Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace().join("target"), PathBuf::from);
    let dir = target.join("test-output");
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// A program the tests need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Debian's `chromium`.
    Chromium,
    /// Debian's `chromium-driver`.
    Chromedriver,
    /// The server under test.
    Tth,
}

impl Need {
    /// Where it is, if it is there. `TTH_BIN` overrides the place of the server.
    #[must_use]
    pub fn find(self) -> Option<PathBuf> {
        match self {
            Need::Chromium => in_path("chromium"),
            Need::Chromedriver => in_path("chromedriver"),
            Need::Tth => match std::env::var_os("TTH_BIN") {
                Some(path) => Some(PathBuf::from(path)).filter(|path| path.is_file()),
                None => ["target/debug/tth", "target/release/tth"]
                    .iter()
                    .map(|path| workspace().join(path))
                    .filter(|path| path.is_file())
                    // The newer of the two is what was built last.
                    .max_by_key(|path| path.metadata().and_then(|meta| meta.modified()).ok()),
            },
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Need::Chromium => "chromium is missing: apt-get install chromium",
            Need::Chromedriver => "chromedriver is missing: apt-get install chromium-driver",
            Need::Tth => "the server is missing: cargo build -p tth, or set TTH_BIN",
        }
    }

    /// Whether all of `needs` are there. If not: a loud note, and false.
    ///
    /// # Errors
    /// If something is missing although `TTH_REQUIRE_BROWSER` is set.
    pub fn all(test: &str, needs: &[Need]) -> anyhow::Result<bool> {
        let missing: Vec<_> = needs
            .iter()
            .filter(|need| need.find().is_none())
            .map(|need| need.advice())
            .collect();
        if missing.is_empty() {
            return Ok(true);
        }
        let note = missing.join("; ");
        if std::env::var_os("TTH_REQUIRE_BROWSER").is_some() {
            anyhow::bail!("{test}: {note}");
        }
        eprintln!(
            "\n!!! SKIPPED {test}: {note}\n!!! (set TTH_REQUIRE_BROWSER=1 to make this an error)\n"
        );
        Ok(false)
    }
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}
