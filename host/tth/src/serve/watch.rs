//! Looks every two seconds whether a file that the server was started from has changed.
//!
//! A change counts when the next look finds it still the same, so that a file which is being written is not
//! read halfway. Nothing is opened: time of change and length tell.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Between two looks.
pub(super) const EVERY: Duration = Duration::from_secs(2);

/// Time of change and length of each file; none: it is not there.
pub(super) type Picture = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

/// The files as they are.
pub(super) fn picture(files: Vec<PathBuf>) -> Picture {
    let stamp = |file: &PathBuf| {
        let metadata = std::fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    let each = files.into_iter().map(|file| {
        let stamp = stamp(&file);
        (file, stamp)
    });
    each.collect()
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// What the server serves, or has refused.
    known: Picture,
    /// At the last look.
    last: Picture,
}

impl Watch {
    /// What is there now is, or is about to be, read.
    pub(super) fn settle(&mut self, now: Picture) {
        self.last.clone_from(&now);
        self.known = now;
    }

    /// Other files are looked at from now on: those that were not looked at before are known as they are.
    pub(super) fn settle_new(&mut self, now: Picture) {
        for picture in [&mut self.known, &mut self.last] {
            let before = std::mem::take(picture);
            let stamp = |(file, stamp): (&PathBuf, &Option<(SystemTime, u64)>)| {
                let stamp = before.get(file).unwrap_or(stamp);
                (file.clone(), *stamp)
            };
            *picture = now.iter().map(stamp).collect();
        }
    }

    /// Whether something has changed and stands still again; said once for each change.
    pub(super) fn look(&mut self, now: Picture) -> bool {
        let still = now == self.last;
        self.last = now;
        let changed = still && self.last != self.known;
        if changed {
            self.known.clone_from(&self.last);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64, length: u64) -> Picture {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        [(PathBuf::from("a"), Some((time, length)))].into()
    }

    #[test]
    fn a_change_counts_once_when_it_stands_still() {
        let mut watch = Watch::default();
        watch.settle(at(1, 1));
        assert!(!watch.look(at(1, 1)));
        // It is being written.
        assert!(!watch.look(at(2, 1)));
        assert!(!watch.look(at(2, 5)));
        assert!(!watch.look(at(3, 9)));
        assert!(watch.look(at(3, 9)));
        assert!(!watch.look(at(3, 9)));
    }

    #[test]
    fn what_was_read_by_another_way_is_no_change() {
        let mut watch = Watch::default();
        watch.settle(at(1, 1));
        assert!(!watch.look(at(2, 2)));
        watch.settle(at(2, 2));
        assert!(!watch.look(at(2, 2)));
    }

    #[test]
    fn what_was_changed_back_is_no_change() {
        let mut watch = Watch::default();
        watch.settle(at(1, 1));
        assert!(!watch.look(at(2, 2)));
        assert!(!watch.look(at(1, 1)));
        assert!(!watch.look(at(1, 1)));
    }

    #[test]
    fn files_that_are_looked_at_later_are_no_change_and_hide_none() {
        let mut watch = Watch::default();
        watch.settle(at(1, 1));
        let mut more = at(2, 2);
        more.extend([(PathBuf::from("b"), None)]);
        watch.settle_new(more.clone());
        // `a` was changed while the other files were chosen.
        assert!(!watch.look(more.clone()));
        assert!(watch.look(more.clone()));
        assert!(!watch.look(more));
        watch.settle_new(at(2, 2));
        assert!(!watch.look(at(2, 2)));
    }

    #[test]
    fn files_that_come_and_go_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        let seen = || picture(vec![file.clone()]);
        let none = seen();
        assert_eq!(none.get(&file), Some(&None));
        std::fs::write(&file, "abc").unwrap();
        let there = seen();
        assert_ne!(there, none);
        std::fs::write(&file, "abcd").unwrap();
        assert_ne!(seen(), there);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(seen(), none);
    }
}
