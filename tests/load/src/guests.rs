//! A folder with all components and with the guests that misbehave, as a server may be given one.

use crate::server::{Start, components, fixtures};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The folder; removed when it is dropped.
pub(crate) struct Guests(TempDir);

impl Guests {
    /// Links to what was built.
    ///
    /// # Errors
    /// Where it was not built.
    pub(crate) fn new() -> Result<Guests> {
        let folder = tempfile::tempdir()?;
        for from in [components(), fixtures()] {
            let files = std::fs::read_dir(&from).with_context(|| {
                format!(
                    "{}: build components and fixtures first, or set TTH_COMPONENTS_DIR and \
                     TTH_FIXTURES_DIR",
                    from.display()
                )
            })?;
            for file in files {
                let file = file?;
                link(&file.path(), &folder.path().join(file.file_name()))?;
            }
        }
        ensure!(
            folder.path().join("fixture-bad-manners.wasm").exists(),
            "the fixtures are not built"
        );
        Ok(Guests(folder))
    }

    /// Where a file of that name is, or would be.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Let a server take its components from here.
    pub(crate) fn serve(&self, start: Start) -> Start {
        start.set("RUNTIME__COMPONENTS_DIR", &self.0.path().to_string_lossy())
    }
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> Result<()> {
    std::os::unix::fs::symlink(std::path::absolute(from)?, to)?;
    Ok(())
}

#[cfg(not(unix))]
fn link(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(from, to)?;
    Ok(())
}
