//! What one value demands of another: chains of providers that exist and fit, files that are there,
//! secrets that are set.

use super::fields::Located;
use super::problem::Problems;
use super::schema::{Chain, Config, Mode, Provider};
use super::spell;
use crate::environment::Environment;
use std::path::Path;

/// Checks all of it; `warnings` are what the server runs without. Without an environment nobody asks
/// for keys.
pub(crate) fn check(
    config: &Config,
    profile: &str,
    environment: Option<&Environment>,
    problems: &Problems,
    warnings: &Problems,
) {
    if let Some(given) = &config.runtime.profile
        && given.value != profile
    {
        let expected = format!("{profile:?}, the name of the profile's file");
        problems.expected(&given.place, format!("{:?}", given.value), expected);
    }
    file_exists(config, &config.runtime.mapper, problems);
    let mut checked: Vec<&str> = Vec::new();
    for chain in &config.chains {
        check_chain(chain, config, problems);
        for (index, id) in chain.ids().enumerate() {
            let found = config.providers.iter().find(|p| p.id == id.value);
            let Some(provider) = found.filter(|p| !checked.contains(&p.id.as_str())) else {
                continue;
            };
            checked.push(&provider.id);
            if let Some(component) = &provider.component {
                file_exists(config, component, problems);
            }
            // The chain can do without a fallback, and says so; not without its primary.
            let severity = if index == 0 { problems } else { warnings };
            if let Some(environment) = environment {
                check_secrets(provider, environment, severity);
            }
        }
    }
}

fn check_chain(chain: &Chain, config: &Config, problems: &Problems) {
    let role = chain.role.name();
    for (index, id) in chain.ids().enumerate() {
        let shown = format!("{:?}", id.value);
        if chain
            .ids()
            .take(index)
            .any(|earlier| earlier.value == id.value)
        {
            let expected = "each provider only once in a chain";
            problems.expected(&id.place, format!("{shown} again"), expected);
            continue;
        }
        let Some(provider) = config.providers.iter().find(|p| p.id == id.value) else {
            let known: Vec<&str> = config
                .providers
                .iter()
                .filter(|provider| provider.role == Some(chain.role))
                .map(|provider| provider.id.as_str())
                .collect();
            let expected = format!(
                "the id of a provider of role {role}: {}",
                spell::one_of(&id.value, &known)
            );
            problems.expected(&id.place, shown, expected);
            continue;
        };
        if let Some(actual) = provider.role.filter(|actual| *actual != chain.role) {
            let found = format!("{shown}, whose role is {}", actual.name());
            problems.expected(&id.place, found, format!("a provider of role {role}"));
            continue;
        }
        let (Some(mode), Some(actual)) = (&chain.mode, provider.mode) else {
            continue;
        };
        let found = || format!("{shown}, whose mode is {}", actual.name());
        if index == 0 && actual != mode.value {
            let expected = format!("a provider of this role's mode, {}", mode.value.name());
            problems.expected(&id.place, found(), expected);
        }
        if index > 0 && ![mode.value, Mode::Embedded, Mode::Mock].contains(&actual) {
            let own = mode.value.name();
            let expected = format!("a fallback of this role's mode, {own}, or embedded or mock");
            problems.expected(&id.place, found(), expected);
        }
    }
}

fn file_exists(config: &Config, component: &Located<String>, problems: &Problems) {
    let name = Path::new(&component.value);
    let path = config.runtime.components_dir.join(name);
    if name.components().count() != 1 || name.file_name().is_none() {
        let expected = "the name of a file in runtime.components_dir";
        problems.expected(&component.place, format!("{:?}", component.value), expected);
    } else if !path.is_file() {
        let found = format!("{:?}, but there is no {}", component.value, path.display());
        let expected = "a component that is built (`cargo xtask build --components`), \
                        or another runtime.components_dir";
        problems.expected(&component.place, found, expected);
    }
}

fn check_secrets(provider: &Provider, environment: &Environment, problems: &Problems) {
    for secret in &provider.secrets {
        let name = &secret.variable.value;
        if environment.get(name).is_none() {
            let message = format!(
                "the variable {name} is not set, expected the key of {} there or in .env",
                provider.id
            );
            problems.add(&secret.variable.place, message);
        }
    }
}
