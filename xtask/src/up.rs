//! `cargo xtask up`: from a fresh clone to a running server.

mod simulate;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::sh::Sh;
use crate::workspace::Workspace;
use crate::{build, dotenv, setup};

const SPLIT: &str = "local_api_only_split";
const EMBEDDED: &str = "local_embedded";
const SPLIT_KEYS: [&str; 2] = ["OPENAI_API_KEY", "ELEVENLABS_API_KEY"];

const COMPONENTS_KEY: &str = "TTH__RUNTIME__COMPONENTS_DIR";

/// Arguments of `cargo xtask up`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A profile of `configs/profiles`; without it, what the keys in the environment allow.
    #[arg(long)]
    profile: Option<String>,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    /// No vendor is asked: doubles on this machine answer in their place. No key is needed.
    #[arg(long)]
    simulate: bool,
    /// How `--simulate` runs the doubles: this program, until stdin is closed.
    #[arg(long, hide = true, value_name = "PROGRAM")]
    keep_doubles: Option<PathBuf>,
}

/// The command `up`.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    if let Some(program) = &args.keep_doubles {
        return simulate::keep(program);
    }
    let variables = dotenv::missing_variables(&workspace.root)?;
    let profiles = profiles(&workspace.root);
    let (profile, why) = choose(args.profile.as_deref(), args.simulate, &profiles, |key| {
        has_key(key, &variables)
    })?;
    eprintln!("profile {profile}: {why}");

    setup::for_build(workspace)?;
    build::components(workspace)?;
    let server = build::server(workspace)?;

    let doubles = args.simulate.then(|| simulate::start(workspace));
    let doubles = doubles.transpose()?;
    eprintln!("\n  console: {}", console(args.listen));
    if doubles.is_some() {
        eprintln!("  Hosted voices and language models are SIMULATED by doubles on this machine.");
    }
    eprintln!();
    // What stands in .env the server reads itself, so that a reload reads it anew.
    let moved = moved_components(workspace).filter(|_| !variables.contains_key(COMPONENTS_KEY));
    let mut serve = Sh::new(server).envs(moved);
    if let Some(doubles) = doubles {
        // Last: neither a key nor an address of the user's own leads anywhere else.
        serve = serve.envs(doubles.variables).stdin(doubles.leash);
    }
    serve
        .args([
            "serve",
            "--profile",
            &profile,
            "--config",
            "configs",
            "--listen",
        ])
        .arg(args.listen.to_string())
        .dir(&workspace.root)
        .replace_process()
}

/// Tells the server where the components are if cargo builds to another place than `target/`, which
/// is what the configuration says.
fn moved_components(workspace: &Workspace) -> Option<(&'static str, PathBuf)> {
    let moved = workspace.target != workspace.root.join("target");
    let unset = std::env::var_os(COMPONENTS_KEY).is_none();
    (moved && unset).then(|| (COMPONENTS_KEY, workspace.components_dir()))
}

/// The profile to run and the reason in words.
///
/// # Errors
/// Where a profile was asked for that does not exist.
fn choose(
    asked: Option<&str>,
    simulate: bool,
    known: &[String],
    has_key: impl Fn(&str) -> bool,
) -> Result<(String, String)> {
    let exists = |name: &str| known.iter().any(|profile| profile == name);
    if let Some(name) = asked {
        if !exists(name) {
            bail!(
                "there is no profile `{name}` in configs/profiles; there are: {}",
                known.join(", ")
            );
        }
        return Ok((name.to_owned(), "as asked".to_owned()));
    }
    if simulate {
        let why = "with doubles in place of its vendors".to_owned();
        return Ok((SPLIT.to_owned(), why));
    }
    let missing: Vec<&str> = SPLIT_KEYS.into_iter().filter(|key| !has_key(key)).collect();
    if !missing.is_empty() {
        let why = format!(
            "no keys needed ({} not set, so not {SPLIT})",
            missing.join(" and ")
        );
        return Ok((EMBEDDED.to_owned(), why));
    }
    if !exists(SPLIT) {
        let why = format!("its keys are set, but configs/profiles/{SPLIT}.yaml does not exist");
        return Ok((EMBEDDED.to_owned(), why));
    }
    Ok((
        SPLIT.to_owned(),
        format!("{} are set", SPLIT_KEYS.join(" and ")),
    ))
}

fn has_key(key: &str, from_file: &BTreeMap<String, String>) -> bool {
    let set = |value: &str| !value.trim().is_empty();
    std::env::var(key).is_ok_and(|value| set(&value)) || from_file.get(key).is_some_and(|v| set(v))
}

/// The profiles' names, sorted.
fn profiles(root: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root.join("configs/profiles"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

/// The address a browser on this machine can open.
fn console(listen: SocketAddr) -> String {
    if listen.ip().is_unspecified() {
        return format!("http://localhost:{}/", listen.port());
    }
    format!("http://{listen}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_keys_decide_and_the_reason_is_said() {
        let both = names(&[EMBEDDED, SPLIT]);
        assert_eq!(choose(None, false, &both, |_| true).unwrap().0, SPLIT);
        let (profile, why) = choose(None, false, &both, |key| key == "OPENAI_API_KEY").unwrap();
        assert_eq!(profile, EMBEDDED);
        assert!(why.contains("ELEVENLABS_API_KEY not set"), "{why}");
        let (profile, why) = choose(None, false, &names(&[EMBEDDED]), |_| true).unwrap();
        assert_eq!(profile, EMBEDDED);
        assert!(why.contains("does not exist"), "{why}");
        let (profile, why) = choose(None, true, &both, |_| false).unwrap();
        assert_eq!(profile, SPLIT);
        assert!(why.contains("doubles"), "{why}");
    }

    #[test]
    fn an_unknown_profile_lists_the_known_ones() {
        let error = choose(Some("prod"), false, &names(&[EMBEDDED, "mock"]), |_| true).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("there are: local_embedded, mock"),
            "{error}"
        );
        assert_eq!(
            choose(Some("mock"), false, &names(&["mock"]), |_| false)
                .unwrap()
                .0,
            "mock"
        );
    }

    #[test]
    fn the_console_address_can_be_opened() {
        assert_eq!(
            console("127.0.0.1:8787".parse().unwrap()),
            "http://127.0.0.1:8787/"
        );
        assert_eq!(
            console("0.0.0.0:80".parse().unwrap()),
            "http://localhost:80/"
        );
        assert_eq!(console("[::1]:9".parse().unwrap()), "http://[::1]:9/");
    }
}
