//! What cargo knows of this workspace: where things are, which packages are components.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::sh::Sh;

/// The target every sandboxed component is built for.
pub(crate) const WASM_TARGET: &str = "wasm32-wasip2";

/// The workspace as `cargo metadata` describes it.
#[derive(Deserialize)]
pub(crate) struct Workspace {
    /// The repository's root.
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    /// Where cargo builds to; `CARGO_TARGET_DIR` and `build.target-dir` are honoured.
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
    packages: Vec<Package>,
}

/// One workspace member.
#[derive(Deserialize)]
pub(crate) struct Package {
    /// The package's name; for a component `<role>-<name>`.
    pub(crate) name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    #[serde(rename = "kind")]
    kinds: Vec<String>,
}

impl Package {
    /// The file name cargo gives the package's `cdylib`, if it has one.
    pub(crate) fn wasm_file(&self) -> Option<String> {
        let target = self.targets.iter().find(|target| target.is("cdylib"))?;
        Some(format!("{}.wasm", target.name.replace('-', "_")))
    }

    fn target_names(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.targets
            .iter()
            .filter(move |target| target.is(kind))
            .map(|target| target.name.as_str())
    }
}

impl Target {
    fn is(&self, kind: &str) -> bool {
        self.kinds.iter().any(|own| own == kind)
    }
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn load() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let json = Sh::cargo()
            .args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--manifest-path",
            ])
            .arg(manifest)
            .output()?;
        Self::parse(&json)
    }

    fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).context("reading `cargo metadata`")
    }

    /// The providers and the control mapper: packages below `components/` with a `cdylib`.
    pub(crate) fn components(&self) -> Vec<&Package> {
        self.wasm_packages("components")
    }

    /// The guests the tests load: packages below `tests/fixtures/` with a `cdylib`.
    pub(crate) fn fixtures(&self) -> Vec<&Package> {
        self.wasm_packages("tests/fixtures")
    }

    /// Every benchmark as (package, bench target).
    pub(crate) fn benches(&self) -> Vec<(&str, &str)> {
        self.named("bench")
    }

    /// The package that has the executable `name`, if any.
    pub(crate) fn package_of_bin(&self, name: &str) -> Option<&str> {
        self.named("bin")
            .into_iter()
            .find(|(_, bin)| *bin == name)
            .map(|(package, _)| package)
    }

    /// Where the built components are put.
    pub(crate) fn components_dir(&self) -> PathBuf {
        self.target.join("components")
    }

    /// Where the built test guests are put.
    pub(crate) fn fixtures_dir(&self) -> PathBuf {
        self.target.join("fixtures")
    }

    /// An executable of a cargo profile's output folder.
    pub(crate) fn bin(&self, profile_dir: &str, name: &str) -> PathBuf {
        self.target
            .join(profile_dir)
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    fn wasm_packages(&self, below: &str) -> Vec<&Package> {
        let below = self.root.join(below);
        let mut found: Vec<_> = self
            .packages
            .iter()
            .filter(|package| {
                package.manifest_path.starts_with(&below) && package.wasm_file().is_some()
            })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    fn named(&self, kind: &'static str) -> Vec<(&str, &str)> {
        self.packages
            .iter()
            .flat_map(|package| {
                package
                    .target_names(kind)
                    .map(move |name| (package.name.as_str(), name))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{
      "workspace_root": "/r", "target_directory": "/t",
      "packages": [
        {"name": "tth-sdk", "manifest_path": "/r/components/sdk/Cargo.toml",
         "targets": [{"name": "tth_sdk", "kind": ["lib"]}]},
        {"name": "tts-mock", "manifest_path": "/r/components/tts/mock/Cargo.toml",
         "targets": [{"name": "tts_mock", "kind": ["cdylib", "rlib"]}]},
        {"name": "guest-trap", "manifest_path": "/r/tests/fixtures/trap/Cargo.toml",
         "targets": [{"name": "guest-trap", "kind": ["cdylib"]}]},
        {"name": "tth-tests", "manifest_path": "/r/tests/integration/Cargo.toml",
         "targets": [{"name": "turn", "kind": ["bench"]}, {"name": "tth-load", "kind": ["bin"]}]}
      ]}"#;

    #[test]
    fn only_cdylibs_in_their_folder_are_components() {
        let workspace = Workspace::parse(METADATA).unwrap();
        let names = |packages: Vec<&Package>| -> Vec<_> {
            packages
                .into_iter()
                .map(|p| (p.name.clone(), p.wasm_file()))
                .collect()
        };
        let expected = |name: &str, file: &str| vec![(name.to_owned(), Some(file.to_owned()))];
        assert_eq!(
            names(workspace.components()),
            expected("tts-mock", "tts_mock.wasm")
        );
        assert_eq!(
            names(workspace.fixtures()),
            expected("guest-trap", "guest_trap.wasm")
        );
    }

    #[test]
    fn benches_and_programs_are_found_by_kind() {
        let workspace = Workspace::parse(METADATA).unwrap();
        assert_eq!(workspace.benches(), [("tth-tests", "turn")]);
        assert_eq!(workspace.package_of_bin("tth-load"), Some("tth-tests"));
        assert_eq!(workspace.package_of_bin("tth"), None);
    }
}
