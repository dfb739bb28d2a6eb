//! Reading a folder of WIT packages that refer to each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use wit_parser::{PackageName, Resolve, UnresolvedPackageGroup};

use super::items::{Items, items};
use super::{DEPS, RELEASED};

/// The packages of one folder, each as its items. Dependencies are resolved but not listed.
pub(super) struct Packages(BTreeMap<String, Package>);

/// One package.
pub(super) struct Package {
    /// With its version.
    pub(super) name: PackageName,
    /// Everything it says.
    pub(super) items: Items,
}

impl Packages {
    /// Reads every package folder of `dir` with those of `deps` (which need not exist).
    ///
    /// # Errors
    /// Names the file and place of what does not parse or resolve.
    pub(super) fn load(dir: &Path, deps: &Path) -> Result<Self> {
        let mut own = Vec::new();
        for folder in package_folders(dir)? {
            own.push(parse(&folder)?);
        }
        let names: Vec<PackageName> = own.iter().map(|group| group.main.name.clone()).collect();
        let dependencies = if deps.is_dir() {
            package_folders(deps)?
        } else {
            Vec::new()
        };
        let dependencies = dependencies
            .iter()
            .map(|folder| parse(folder))
            .collect::<Result<_>>()?;
        Self::resolve(own, dependencies, &names)
            .with_context(|| format!("resolving the packages of {}", dir.display()))
    }

    /// Packages from their texts, for tests.
    #[cfg(test)]
    pub(super) fn from_texts(texts: &[&str]) -> Result<Self> {
        let own: Vec<_> = texts
            .iter()
            .map(|text| {
                UnresolvedPackageGroup::parse("test.wit", text)
                    .map_err(|(map, error)| anyhow!(error.render(&map)))
            })
            .collect::<Result<_>>()?;
        let names: Vec<PackageName> = own.iter().map(|group| group.main.name.clone()).collect();
        Self::resolve(own, Vec::new(), &names)
    }

    fn resolve(
        mut groups: Vec<UnresolvedPackageGroup>,
        dependencies: Vec<UnresolvedPackageGroup>,
        names: &[PackageName],
    ) -> Result<Self> {
        groups.extend(dependencies);
        let mut resolve = Resolve::new();
        // What is marked unstable is part of a release as well.
        resolve.all_features = true;
        if let Some(first) = groups.pop()
            && let Err(error) = resolve.push_groups(first, groups)
        {
            let error = error.into();
            return Err(anyhow!(resolve.render_error(&error)));
        }
        let mut packages = BTreeMap::new();
        for name in names {
            let id = resolve
                .package_names
                .get(name)
                .context("a package was lost in resolving")?;
            let unversioned = format!("{}:{}", name.namespace, name.name);
            let package = Package {
                name: name.clone(),
                items: items(&resolve, *id),
            };
            packages.insert(unversioned, package);
        }
        Ok(Self(packages))
    }

    /// Every package with its name without version.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Package)> {
        self.0
            .iter()
            .map(|(name, package)| (name.as_str(), package))
    }

    /// A package by its name without version.
    pub(super) fn get(&self, name: &str) -> Option<&Package> {
        self.0.get(name)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

fn parse(folder: &Path) -> Result<UnresolvedPackageGroup> {
    UnresolvedPackageGroup::parse_dir(folder)
        .with_context(|| format!("reading the WIT package in {}", folder.display()))
}

/// The folders of `dir` that hold a package, sorted: those with a `.wit` file in them, without
/// `released` and `deps`.
pub(super) fn package_folders(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name() != RELEASED && entry.file_name() != DEPS)
        .map(|entry| entry.path())
        .filter(|path| wit_files(path).is_ok_and(|files| !files.is_empty()))
        .collect();
    folders.sort();
    Ok(folders)
}

/// The `.wit` files directly in `dir`, sorted.
pub(super) fn wit_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wit"))
        .collect();
    files.sort();
    Ok(files)
}
