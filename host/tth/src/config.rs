//! The configuration: `base.yaml`, under a profile, under the environment, with the personas.
//!
//! Every mistake is reported, all at once, each with its file and line, its key, what was found and
//! what would be right. Nothing is guessed: a key that is not known is a mistake.

mod check;
mod fields;
mod layers;
mod load;
mod persona;
mod problem;
mod schema;
mod sections;
mod spell;
mod tree;

pub(crate) use load::{Loaded, files, load, load_without_keys};
pub(crate) use problem::Problem;
pub(crate) use schema::{Chain, Config, Mode, Provider, Secret};
#[cfg(test)]
pub(crate) use {fields::Located, problem::Origin, problem::Place};

use crate::environment::Environment;
use std::fmt::Write as _;
use std::path::Path;

/// The problems as lines, with their number at the end.
pub(crate) fn describe(profile: &str, problems: &[Problem]) -> String {
    let mut text = String::new();
    for problem in problems {
        // Writing to a string cannot fail.
        let _infallible = writeln!(text, "{problem}");
    }
    let count = problems.len();
    let noun = if count == 1 { "problem" } else { "problems" };
    let _infallible = write!(text, "{count} {noun} in the configuration of {profile}");
    text
}

impl Config {
    /// The providers of a chain, in order.
    pub(crate) fn members<'a>(&'a self, chain: &'a Chain) -> impl Iterator<Item = &'a Provider> {
        let known = |id: &str| self.providers.iter().find(|provider| provider.id == id);
        chain.ids().filter_map(move |id| known(&id.value))
    }
}

/// The configuration in a few lines: who serves what.
pub(crate) fn summary(profile: &str, config: &Config) -> String {
    let mut text = format!("ok: profile {profile}");
    for chain in &config.chains {
        let names: Vec<String> = config
            .members(chain)
            .map(|p| format!("{} ({})", p.id, p.mode.map_or("", Mode::name)))
            .collect();
        let names = names.join(", then ");
        let _infallible = write!(text, "\n  {:<9}{names}", chain.role.name());
    }
    let personas: Vec<&str> = config.personas.iter().map(|p| p.id.as_str()).collect();
    let _infallible = write!(text, "\n  {:<9}{}", "personas", personas.join(", "));
    text
}

/// The command `config check`: a summary and the configuration, or what is wrong.
///
/// # Errors
/// Every problem, as text.
pub(crate) fn check_command(
    directory: &Path,
    profile: &str,
    environment: &Environment,
) -> Result<(String, Config), String> {
    let loaded = load(directory, profile, environment);
    let Loaded { config, warnings } = loaded.map_err(|problems| describe(profile, &problems))?;
    let mut text = summary(profile, &config);
    for warning in warnings {
        let _infallible = write!(text, "\nwarning: {warning}");
    }
    Ok((text, config))
}

#[cfg(test)]
mod tests;
