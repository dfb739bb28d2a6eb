//! Programs that only the tests drive: a browser with its driver, and ffmpeg.
//!
//! Installed on Debian; elsewhere, or where that fails, a loud note, and the tests that need the
//! program skip. Where the program is there, the tests are told to insist on it, so that a skipped
//! test never passes for a run one.

use super::debian;
use crate::sh::find_program;

/// Debian package and the program it brings.
const PROGRAMS: [(&str, &str); 3] = [
    ("chromium", "chromium"),
    ("chromium-driver", "chromedriver"),
    ("ffmpeg", "ffmpeg"),
];

/// Which tools the tests can count on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TestTools {
    /// Chromium and its driver.
    pub(crate) browser: bool,
    /// ffmpeg (and ffprobe, which the same package brings).
    pub(crate) ffmpeg: bool,
}

impl TestTools {
    fn found() -> Self {
        let has = |program| find_program(program).is_some();
        Self {
            browser: has("chromium") && has("chromedriver"),
            ffmpeg: has("ffmpeg"),
        }
    }

    /// What the tests read: with `TTH_REQUIRE_*` a missing tool fails the test that needs it.
    pub(crate) fn env(self) -> Vec<(&'static str, &'static str)> {
        [
            ("TTH_REQUIRE_BROWSER", self.browser),
            ("TTH_REQUIRE_FFMPEG", self.ffmpeg),
        ]
        .into_iter()
        .filter_map(|(name, there)| there.then_some((name, "1")))
        .collect()
    }
}

/// Installs what is missing if it can; says what will be skipped if it cannot.
pub(super) fn ensure() -> TestTools {
    let missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(_, program)| find_program(program).is_none())
        .map(|(package, _)| *package)
        .collect();
    if missing.is_empty() {
        return TestTools::found();
    }
    let outcome = if debian::is_debian() {
        debian::install(&missing).map_err(|error| format!("{error:#}"))
    } else {
        Err("this set-up installs them on Debian only".to_owned())
    };
    let tools = TestTools::found();
    if let Err(reason) = outcome {
        let rule = "!".repeat(72);
        eprintln!(
            "{rule}\n!! Not installed: {} ({reason})",
            missing.join(", ")
        );
        if !tools.browser {
            eprintln!("!! SKIPPED: every test in a browser (needs chromium and chromedriver)");
        }
        if !tools.ffmpeg {
            eprintln!("!! SKIPPED: decoding of generated clips (needs ffmpeg)");
        }
        eprintln!("{rule}");
    }
    tools
}

#[cfg(test)]
mod tests {
    use super::TestTools;

    #[test]
    fn tests_are_only_told_to_insist_on_what_is_there() {
        let tools = TestTools {
            browser: true,
            ffmpeg: false,
        };
        assert_eq!(tools.env(), [("TTH_REQUIRE_BROWSER", "1")]);
        assert!(
            TestTools {
                browser: false,
                ffmpeg: false
            }
            .env()
            .is_empty()
        );
    }
}
