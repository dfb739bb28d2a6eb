//! Files that somebody put where plugins are.

use crate::must;
use tth_runtime::check::CONTRACT;
use tth_runtime::{CheckError, inspect};

/// Parts of a component: its first bytes, sections, names.
pub(crate) const WORDS: &[&str] = &[
    "\0asm\r\0\u{1}\0",
    "\0asm\u{1}\0\0\0",
    "tth:llm/llm@0.1.0",
    "tth:tts/tts@0.1.0",
    "tth:avatar/avatar@0.1.0",
    "tth:control/control-mapper@0.1.0",
    "tth:host/websocket@0.1.0",
    "wasi:http/",
    "@0.1.",
    "\u{5}\u{3}\u{1}\u{1}\0",
    "\u{b}\u{17}\u{1}\0\u{11}",
    "\u{1}\u{8}\0asm\u{1}\0\0\0",
];

/// What is said of a file repeats names out of it, and says little else, in bytes.
const WORDING: usize = 400;

/// A file.
///
/// - It is read, or refused with an error whose place lies within it.
/// - What was read is a role of this contract, and names that stand in the file.
/// - Neither takes more room than the file itself.
///
/// # Panics
/// When one of these is broken.
pub fn plugin_header(data: &[u8]) {
    let found = match inspect(data) {
        Ok(found) => found,
        Err(error) => {
            let said = error.to_string();
            assert!(
                said.len() <= WORDING + 4 * data.len(),
                "{} bytes of error for {} of file",
                said.len(),
                data.len()
            );
            if let CheckError::Damaged { offset, .. } = error {
                let within = usize::try_from(offset).is_ok_and(|offset| offset <= data.len());
                assert!(within, "damaged at {offset} of {}", data.len());
            }
            return;
        }
    };
    assert_eq!(found.contract, CONTRACT);
    assert_eq!(found.size, data.len());
    assert_eq!(found.sha256.len(), 64);
    for import in &found.imports {
        let stands = data
            .windows(import.len().max(1))
            .any(|part| part == import.as_bytes());
        assert!(
            stands || import.is_empty(),
            "{import:?} is nowhere in the file"
        );
    }
    let names: usize = found.imports.iter().map(String::len).sum();
    assert!(names <= data.len(), "{names} bytes of names");
    let imports = |start: &str| found.imports.iter().any(|name| name.starts_with(start));
    assert_eq!(found.needs_http, imports("wasi:http/"));
    assert_eq!(found.needs_websocket, imports("tth:host/websocket@0.1."));
    if let Err(error) = found.loadable() {
        let unknown = matches!(&error, CheckError::UnknownImport { import } if found.imports.contains(import));
        assert!(unknown, "{error}");
    }
    assert_eq!(must(inspect(data), "what was read once"), found);
}
