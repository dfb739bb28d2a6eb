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

pub(crate) use load::{Loaded, load};
pub(crate) use problem::Problem;
pub(crate) use schema::{Chain, Config, Mode, Provider, Secret};

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

/// The configuration in a few lines: who serves what.
pub(crate) fn summary(profile: &str, config: &Config) -> String {
    let mut text = format!("ok: profile {profile}");
    for chain in &config.chains {
        let names: Vec<String> = chain
            .ids()
            .filter_map(|id| config.providers.iter().find(|p| p.id == id.value))
            .map(|p| format!("{} ({})", p.id, p.mode.map_or("", Mode::name)))
            .collect();
        let names = names.join(", then ");
        let _infallible = write!(text, "\n  {:<9}{names}", chain.role.name());
    }
    let personas: Vec<&str> = config.personas.iter().map(|p| p.id.as_str()).collect();
    let _infallible = write!(text, "\n  {:<9}{}", "personas", personas.join(", "));
    text
}

/// The command `config check`: prints what is wrong, or a summary; false: something is.
pub(crate) fn check_command(
    directory: &Path,
    profile: &str,
    environment: &Environment,
) -> (String, bool) {
    match load(directory, profile, environment) {
        Ok(Loaded { config, warnings }) => {
            let mut text = summary(profile, &config);
            for warning in warnings {
                let _infallible = write!(text, "\nwarning: {warning}");
            }
            (text, true)
        }
        Err(problems) => (describe(profile, &problems), false),
    }
}

#[cfg(test)]
mod tests;
