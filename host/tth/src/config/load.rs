//! Reading the files: base, profile, environment and personas, with every problem of all of them.

use super::fields::Fields;
use super::problem::{Origin, Place, Problem, Problems};
use super::schema::Config;
use super::tree::{self, Node};
use super::{check, layers, persona, sections, spell};
use crate::environment::Environment;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A configuration that can be used.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// It.
    pub(crate) config: Config,
    /// What it will have to do without.
    pub(crate) warnings: Vec<Problem>,
}

/// Loads `profile` from `directory`.
///
/// # Errors
/// Every problem there is. Where a file cannot be read or is not YAML, only problems of that kind:
/// the others would follow from them.
pub(crate) fn load(
    directory: &Path,
    profile: &str,
    environment: &Environment,
) -> Result<Loaded, Vec<Problem>> {
    read_all(directory, profile, environment, Some(environment))
}

/// As [`load`], but a key that is not set is no problem.
///
/// # Errors
/// Every other problem there is.
pub(crate) fn load_without_keys(
    directory: &Path,
    profile: &str,
    environment: &Environment,
) -> Result<Loaded, Vec<Problem>> {
    read_all(directory, profile, environment, None)
}

fn read_all(
    directory: &Path,
    profile: &str,
    environment: &Environment,
    keys: Option<&Environment>,
) -> Result<Loaded, Vec<Problem>> {
    let (problems, warnings) = (Problems::default(), Problems::default());
    let base = directory.join("base.yaml");
    let base_node = read(&base, &problems);
    let profile_node = read_profile(directory, profile, &problems);
    let persona_nodes = read_personas(directory, &problems);
    let (Some(mut root), Some(over), true) = (base_node, profile_node, problems.is_empty()) else {
        return Err(problems.into_vec());
    };
    layers::lay(&mut root, over);
    for (name, value) in environment.starting_with(layers::PREFIX) {
        layers::lay_variable(&mut root, name, value, &problems);
    }

    let place = |file: &Path| Place {
        origin: Origin::File(shown(file)),
        key: String::new(),
    };
    let profile_file = profile_file(directory, profile);
    let fields = Fields::of(&root, place(&profile_file), &problems);
    let (runtime, chains, providers) = sections::read(&fields);
    fields.finish();
    let personas = persona_nodes
        .iter()
        .filter_map(|(file, node)| persona::read(Fields::of(node, place(file), &problems)))
        .collect();
    let personas = persona::sorted(personas, &problems);
    let config = Config {
        runtime,
        chains,
        providers,
        personas,
    };
    check::check(&config, profile, keys, &problems, &warnings);
    match problems.is_empty() {
        true => Ok(Loaded {
            config,
            warnings: warnings.into_vec(),
        }),
        false => Err(problems.into_vec()),
    }
}

/// The files that [`load`] reads, whether or not they are there.
pub(crate) fn files(directory: &Path, profile: &str) -> Vec<PathBuf> {
    let base = directory.join("base.yaml");
    let mut files = vec![base, profile_file(directory, profile)];
    files.extend(yaml_files(&directory.join("personas")).unwrap_or_default());
    files
}

/// The profiles there are, sorted.
fn profiles(directory: &Path) -> Vec<String> {
    let files = yaml_files(&directory.join("profiles")).unwrap_or_default();
    let name = |file: PathBuf| Some(file.file_stem()?.to_str()?.to_owned());
    files.into_iter().filter_map(name).collect()
}

fn profile_file(directory: &Path, profile: &str) -> PathBuf {
    directory.join("profiles").join(format!("{profile}.yaml"))
}

fn read_profile(directory: &Path, profile: &str, problems: &Problems) -> Option<Node> {
    let file = profile_file(directory, profile);
    let named = !profile.is_empty() && !profile.contains(['/', '\\']) && profile != "..";
    if named && file.is_file() {
        return read(&file, problems);
    }
    let place = Place {
        origin: Origin::File(shown(&directory.join("profiles"))),
        key: String::new(),
    };
    let known = profiles(directory);
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let message = format!(
        "there is no profile {profile:?}, expected {}",
        spell::one_of(profile, &known)
    );
    problems.add(&place, message);
    None
}

fn read_personas(directory: &Path, problems: &Problems) -> Vec<(PathBuf, Node)> {
    let personas = directory.join("personas");
    match yaml_files(&personas) {
        Ok(files) => files
            .into_iter()
            .filter_map(|file| {
                let node = read(&file, problems)?;
                Some((file, node))
            })
            .collect(),
        // Without any, the core's own default speaks.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            unreadable(&personas, &error, problems);
            Vec::new()
        }
    }
}

fn read(file: &Path, problems: &Problems) -> Option<Node> {
    match std::fs::read_to_string(file) {
        Ok(text) => tree::parse(&shown(file), &text, problems),
        Err(error) => {
            unreadable(file, &error, problems);
            None
        }
    }
}

fn unreadable(file: &Path, error: &io::Error, problems: &Problems) {
    let place = Place {
        origin: Origin::File(shown(file)),
        key: String::new(),
    };
    let message = match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such file, expected it below the directory given with --config".into()
        }
        _ => format!("cannot be read: {error}"),
    };
    problems.add(&place, message);
}

/// The YAML files of a directory, sorted.
fn yaml_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let file = entry?.path();
        if file
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn shown(file: &Path) -> Arc<str> {
    file.display().to_string().into()
}
