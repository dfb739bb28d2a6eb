//! What a component is, before it is compiled: contract version and role from the names of its
//! exports, needs from the names of its imports.
//!
//! Nothing is executed or compiled here, and whatever bytes come in, the answer is an [`Inspection`]
//! or a [`CheckError`] that says what was found and what to do.

use crate::limits::MIB;
use sha2::{Digest, Sha256};
use thiserror::Error;
use wasmparser::{Encoding, Parser, Payload};

/// The contract version that this host speaks.
pub const CONTRACT: &str = "0.1.0";

/// The interface of WebSockets, before its version.
const WEBSOCKET: &str = "tth:host/websocket@0.1.";

/// What a component can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum ComponentRole {
    Llm,
    Tts,
    Avatar,
    Mapper,
}

impl ComponentRole {
    /// Every role with the interface that makes it.
    const ALL: [(ComponentRole, &'static str); 4] = [
        (ComponentRole::Llm, "tth:llm/llm"),
        (ComponentRole::Tts, "tth:tts/tts"),
        (ComponentRole::Avatar, "tth:avatar/avatar"),
        (ComponentRole::Mapper, "tth:control/control-mapper"),
    ];

    /// The name that configuration uses.
    pub fn name(self) -> &'static str {
        match self {
            ComponentRole::Llm => "llm",
            ComponentRole::Tts => "tts",
            ComponentRole::Avatar => "avatar",
            ComponentRole::Mapper => "control-mapper",
        }
    }
}

/// What a component says about itself without being run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What it is.
    pub role: ComponentRole,
    /// The contract version it was built against.
    pub contract: String,
    /// Every interface it imports, with version.
    pub imports: Vec<String>,
    /// It makes HTTP requests: hosts would have to be granted.
    pub needs_http: bool,
    /// It opens WebSockets: hosts would have to be granted.
    pub needs_websocket: bool,
    /// Bytes.
    pub size: usize,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// Why a file cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum CheckError {
    #[error("is no WebAssembly: it starts with {start:?}; give the .wasm that the build wrote")]
    NotWasm { start: Vec<u8> },
    #[error(
        "is a core module, not a component; build it for wasm32-wasip2, or wrap it with `wasm-tools component new`"
    )]
    CoreModule,
    #[error("is damaged or cut short at byte {offset}: {reason}; build it again")]
    Damaged { offset: u64, reason: String },
    #[error(
        "has {size} bytes; {limit} is the most this host takes; build it for release, without debug information"
    )]
    TooLarge { size: usize, limit: usize },
    #[error(
        "exports no interface of the tth contract (its exports: {exports}); export one with the SDK's export macros"
    )]
    NoRole { exports: String },
    #[error("exports several roles ({roles}); make one component of each")]
    SeveralRoles { roles: String },
    #[error(
        "is built against version {found} of {interface}, but this host speaks {CONTRACT}; rebuild it against {CONTRACT}"
    )]
    WrongVersion { interface: String, found: String },
    #[error(
        "imports {import}, which this host does not offer; it offers WASI 0.2 and 0.3 with outgoing HTTP, and tth:host/websocket"
    )]
    UnknownImport { import: String },
}

/// Find out what `bytes` are.
///
/// # Errors
/// What keeps them from being a provider of this contract. Imports are not judged; see
/// [`Inspection::loadable`].
pub fn inspect(bytes: &[u8]) -> Result<Inspection, CheckError> {
    if !bytes.starts_with(b"\0asm") {
        return Err(CheckError::NotWasm {
            start: bytes.iter().copied().take(8).collect(),
        });
    }
    let (imports, exports) = names(bytes)?;
    let mut found = Vec::new();
    for (role, interface) in ComponentRole::ALL {
        for export in &exports {
            match export.split_once('@') {
                Some((name, version)) if name == interface => {
                    found.push((role, interface, version))
                }
                None if export == interface => found.push((role, interface, "none")),
                _ => {}
            }
        }
    }
    let (role, contract) = match found.as_slice() {
        [(role, _, version)] if compatible(version) => (*role, (*version).to_owned()),
        [(_, interface, version)] => {
            return Err(CheckError::WrongVersion {
                interface: (*interface).to_owned(),
                found: (*version).to_owned(),
            });
        }
        [] => {
            let exports = if exports.is_empty() {
                "none".into()
            } else {
                exports.join(", ")
            };
            return Err(CheckError::NoRole { exports });
        }
        several => {
            let roles: Vec<_> = several.iter().map(|(role, ..)| role.name()).collect();
            return Err(CheckError::SeveralRoles {
                roles: roles.join(", "),
            });
        }
    };
    let imports_any = |prefix: &str| imports.iter().any(|import| import.starts_with(prefix));
    Ok(Inspection {
        role,
        contract,
        needs_http: imports_any("wasi:http/"),
        needs_websocket: imports_any(WEBSOCKET),
        imports,
        size: bytes.len(),
        sha256: hex(&Sha256::digest(bytes)),
    })
}

impl Inspection {
    /// Whether this host offers everything the component imports.
    ///
    /// # Errors
    /// The first import that is not offered.
    pub fn loadable(&self) -> Result<(), CheckError> {
        for import in &self.imports {
            let offered = ["wasi:", "tth:types/", WEBSOCKET];
            if !offered.iter().any(|name| import.starts_with(name)) {
                return Err(CheckError::UnknownImport {
                    import: import.clone(),
                });
            }
        }
        Ok(())
    }
}

/// Reject what is too large to look at.
pub(crate) fn size(bytes: usize, max_component_mb: u32) -> Result<(), CheckError> {
    let limit = max_component_mb as usize * MIB;
    match bytes > limit {
        true => Err(CheckError::TooLarge { size: bytes, limit }),
        false => Ok(()),
    }
}

/// Within a release 0.1.x only additions happen, so an older patch version still fits.
fn compatible(version: &str) -> bool {
    version
        .strip_prefix("0.1.")
        .is_some_and(|patch| patch == "0")
}

/// The names that the outermost component imports and exports.
fn names(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), CheckError> {
    let damaged = |error: wasmparser::BinaryReaderError| CheckError::Damaged {
        offset: error.offset() as u64,
        reason: error.message().to_owned(),
    };
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(damaged)? {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } if depth == 0 => {
                return Err(CheckError::CoreModule);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import.map_err(damaged)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export.map_err(damaged)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component that exports an empty instance by each of `names`.
    fn component(names: &[&str]) -> Vec<u8> {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        for (n, name) in (0u8..).zip(names) {
            // Instance section: one instance from no exports.
            bytes.extend([5, 3, 1, 1, 0]);
            let len = u8::try_from(name.len()).unwrap();
            // Export section: one name for the instance, without a type.
            bytes.extend([11, len + 6, 1, 0, len]);
            bytes.extend(name.as_bytes());
            bytes.extend([5, 2 * n, 0]);
        }
        bytes
    }

    #[test]
    fn role_and_version_are_read_from_the_exports() {
        let found = inspect(&component(&["tth:tts/tts@0.1.0"])).unwrap();
        assert_eq!(
            (found.role, found.contract.as_str()),
            (ComponentRole::Tts, "0.1.0")
        );
        assert!(found.imports.is_empty() && found.loadable().is_ok());
        assert_eq!(found.sha256.len(), 64);
    }

    #[test]
    fn another_version_names_both() {
        let error = inspect(&component(&["tth:llm/llm@0.9.0"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("0.9.0") && text.contains("0.1.0"), "{text}");
    }

    #[test]
    fn no_role_and_two_roles_are_told_apart() {
        assert!(matches!(
            inspect(&component(&["a:b/c@1.0.0"])),
            Err(CheckError::NoRole { .. })
        ));
        let two = component(&["tth:llm/llm@0.1.0", "tth:tts/tts@0.1.0"]);
        assert!(matches!(
            inspect(&two),
            Err(CheckError::SeveralRoles { .. })
        ));
    }

    #[test]
    fn other_files_are_named_for_what_they_are() {
        assert!(matches!(
            inspect(b"<!doctype html>"),
            Err(CheckError::NotWasm { .. })
        ));
        assert!(matches!(inspect(b""), Err(CheckError::NotWasm { .. })));
        assert_eq!(inspect(b"\0asm\x01\0\0\0"), Err(CheckError::CoreModule));
        let whole = component(&["tth:tts/tts@0.1.0"]);
        let cut = whole.get(..whole.len() - 3).unwrap();
        assert!(matches!(inspect(cut), Err(CheckError::Damaged { .. })));
        assert!(matches!(size(3 * MIB, 2), Err(CheckError::TooLarge { .. })));
    }

    #[test]
    fn no_prefix_of_a_component_panics() {
        let whole = component(&["tth:tts/tts@0.1.0", "a:b/c@1.0.0"]);
        for end in 0..whole.len() {
            let _any_answer = inspect(whole.get(..end).unwrap());
        }
    }

    #[test]
    fn unknown_and_unavailable_imports_are_told() {
        let mut found = inspect(&component(&["tth:tts/tts@0.1.0"])).unwrap();
        found.imports = vec![
            "wasi:http/client@0.3.0".into(),
            "tth:types/media@0.1.0".into(),
        ];
        assert_eq!(found.loadable(), Ok(()));
        found.imports.push("tth:host/websocket@0.1.0".into());
        assert_eq!(found.loadable(), Ok(()));
        for unknown in [
            "acme:db/sql@1.0.0",
            "tth:host/websocket@0.2.0",
            "tth:host/x@0.1.0",
        ] {
            found.imports = vec![unknown.into()];
            let error = found.loadable().unwrap_err();
            assert!(matches!(error, CheckError::UnknownImport { .. }), "{error}");
        }
    }
}
