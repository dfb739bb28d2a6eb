//! One browser at a time: the tests measure time, and several at once would measure each other.

use std::fs::File;

/// Held for the length of a test; released when dropped, also when the process dies.
#[derive(Debug)]
pub struct Exclusive {
    _file: File,
}

impl Exclusive {
    /// Waits until no other test holds the lock, in this process or another.
    ///
    /// # Errors
    /// If the lock file cannot be made or locked.
    pub fn wait() -> std::io::Result<Self> {
        let file = File::create(super::output_dir()?.join(".browser-lock"))?;
        file.lock()?;
        Ok(Exclusive { _file: file })
    }
}
