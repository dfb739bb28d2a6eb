//! Configuration files with any mistake that a person, an editor or a template can make.

use crate::must;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Parts of a configuration.
pub(crate) const WORDS: &[&str] = &[
    "runtime: ",
    "components: ",
    "providers: ",
    "pacing: ",
    "limits: ",
    "budgets: ",
    "instances: ",
    "primary: ",
    "fallback: [",
    "settings: ",
    "secrets: [{",
    "header: ",
    "from: env:",
    "allow: ",
    "hosts: [",
    "role: ",
    "mode: ",
    "component: there.wasm",
    "id: ",
    "emotion: ",
    "character: ",
    "voice: ",
    "\n  ",
    "\n",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!t ",
    "---\n",
    "...\n",
    "'",
    "\"",
    "|\n",
    ">-\n",
    "? ",
    "# ",
    "%YAML 1.2\n",
    "~",
    "null",
    "1e999",
    "-1",
    "9223372036854775808",
    "0x10",
    "\t",
    "\r",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    VARIABLES,
    "TTH__RUNTIME__MAX_SESSIONS=",
    "TTH__COMPONENTS__LLM=",
    "TTH__A____B=",
    "..",
];

/// What stands between a file and the variables that are laid over it, a line each.
const VARIABLES: &str = "\n# variables\n";

const PROFILE: &str = "profiles/p.yaml";
const PERSONA: &str = "personas/p.yaml";

/// A file, then maybe `# variables` and lines of `NAME=VALUE`. The file is read as a profile, and
/// once more as a persona beside a right profile.
///
/// - It is read, or refused with problems.
/// - Every problem names its file and a line that there is; or the file alone, where something is
///   missing in it, its root is no mapping or it is no text; or a variable.
/// - Reading it again says the same.
///
/// # Panics
/// When one of these is broken.
pub fn configuration(data: &[u8]) {
    let (file, variables) = parts(data);
    let directory = must(TempDir::new(), "a directory");
    let root = directory.path();
    for folder in ["profiles", "personas"] {
        must(fs::create_dir(root.join(folder)), "a folder");
    }
    write(root, "base.yaml", include_bytes!("configuration/base.yaml"));
    write(root, "there.wasm", b"");
    write(root, PROFILE, file);
    check(root, file, &variables);
    write(root, PROFILE, b"");
    write(root, PERSONA, file);
    check(root, file, &variables);
}

fn parts(data: &[u8]) -> (&[u8], String) {
    let marker = VARIABLES.as_bytes();
    let at = data.windows(marker.len()).position(|part| part == marker);
    let (file, rest) = data.split_at(at.unwrap_or(data.len()));
    let variables = rest.get(marker.len()..).unwrap_or_default();
    (file, String::from_utf8_lossy(variables).into_owned())
}

fn write(root: &Path, name: &str, content: &[u8]) {
    must(fs::write(root.join(name), content), "writing a file");
}

fn check(root: &Path, file: &[u8], variables: &str) {
    let shown = root.display().to_string();
    let assignments = variables.lines().filter_map(|line| line.split_once('='));
    let environment = || {
        let components = ("TTH__RUNTIME__COMPONENTS_DIR", shown.as_str());
        [components].into_iter().chain(assignments.clone())
    };
    let said = tth::check_config(root, "p", environment());
    let again = tth::check_config(root, "p", environment());
    assert_eq!(said, again, "the second time");
    match said {
        Ok(summary) => assert!(summary.starts_with("ok: profile p\n"), "{summary}"),
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            for problem in problems {
                assert!(is_placed(&problem, &shown, file), "{problem}");
            }
        }
    }
}

/// Whether a problem says where it is.
fn is_placed(problem: &str, root: &str, file: &[u8]) -> bool {
    if let Some(rest) = problem.strip_prefix("environment variable ") {
        return rest.starts_with("TTH__");
    }
    let name = problem
        .strip_prefix(root)
        .and_then(|rest| rest.strip_prefix('/'));
    let Some(name) = name else {
        return false;
    };
    let base = include_bytes!("configuration/base.yaml").as_slice();
    let files = [("base.yaml", base), (PROFILE, file), (PERSONA, file)];
    files.into_iter().any(|(of, content)| {
        let rest = name
            .strip_prefix(of)
            .and_then(|rest| rest.strip_prefix(':'));
        rest.is_some_and(|rest| match rest.split_once(':') {
            Some((line, _)) if line.bytes().all(|b| b.is_ascii_digit()) => line
                .parse()
                .is_ok_and(|line| (1..=lines(content)).contains(&line)),
            _ => {
                let whole = ["found ", "cannot be read: "];
                rest.contains("is missing, expected ")
                    || whole
                        .iter()
                        .any(|start| rest.trim_start().starts_with(start))
            }
        })
    })
}

/// How many lines a file has, however they end, with the one that begins after the last end.
fn lines(content: &[u8]) -> usize {
    let text = String::from_utf8_lossy(content).replace("\r\n", "\n");
    text.split(['\n', '\r']).count()
}
