//! From a configuration to a hub: loads every provider of the chains at the same time, and exchanges those that
//! have changed when the configuration is read anew.

mod crew;
mod fleet;
mod recipe;

pub(crate) use fleet::{Changes, Fleet, millis};
pub(crate) use recipe::components;

use crate::config::{Chain, Config, Mode, Provider, Secret};
use crate::environment::Environment;
use crate::host::TokioHost;
use anyhow::{Result, anyhow};
use std::path::Path;
use std::sync::Arc;
use tth_core::hub::{Configured, Hub};
use tth_core::provider::Stage;
use tth_core::session::{Candidate, OnBreak};
use tth_gateway::GatewayConfig;
use tth_runtime::{
    EngineLimits, HeaderSecret, InstanceLimits, ProviderSpec, Runtime, RuntimeOptions,
};

/// Messages of a conversation that a language model is given at most.
const HISTORY: usize = 40;
/// Resolving takes microseconds: more at once would only wait for cores.
const MAPPER_INSTANCES: u32 = 16;
/// The mapper's name in errors.
const MAPPER_ID: &str = "control-mapper";

/// Loads the providers and opens the hub. The runtime must be a tokio one.
///
/// # Errors
/// What keeps a chain or the mapper from being served: everything, not the first only.
pub(crate) async fn hub(config: &Config, environment: &Environment) -> Result<(Hub, Fleet)> {
    let fleet = Fleet::load(config, environment).await?;
    let hub = fleet.hub_config(config);
    let hub = Hub::new(hub, fleet.providers(), Arc::new(TokioHost::new()));
    Ok((hub, fleet))
}

/// The gateway's part: its keys come from `TTH_API_KEYS`.
pub(crate) fn gateway(environment: &Environment) -> GatewayConfig {
    let keys = environment.get("TTH_API_KEYS").unwrap_or_default();
    let keys = keys.split(',').map(str::trim).filter(|key| !key.is_empty());
    GatewayConfig {
        api_keys: keys.map(str::to_owned).collect(),
        ..GatewayConfig::default()
    }
}

/// A runtime for the providers of the chains.
///
/// # Errors
/// Where the machine does not give what they ask for.
pub(crate) fn runtime(config: &Config) -> Result<Runtime> {
    Ok(Runtime::new(RuntimeOptions {
        cache_dir: cache(&config.runtime.cache_dir),
        limits: EngineLimits {
            max_memory_mb: largest_memory(config),
            ..EngineLimits::default()
        },
    })?)
}

/// The cache's directory; none, which compiles at every start, where it cannot be made.
fn cache(directory: &Path) -> Option<std::path::PathBuf> {
    match std::fs::create_dir_all(directory) {
        Ok(()) => Some(directory.to_owned()),
        Err(error) => {
            tracing::warn!(
                "runtime.cache_dir {} cannot be made ({error}): components are compiled at every start",
                directory.display()
            );
            None
        }
    }
}

/// The providers that a chain names.
fn active(config: &Config) -> impl Iterator<Item = &Provider> {
    let named = |provider: &&Provider| {
        let mut ids = config.chains.iter().flat_map(Chain::ids);
        ids.any(|id| id.value == provider.id)
    };
    config.providers.iter().filter(named)
}

/// Address space is reserved for the largest instance, so no more than what is asked for.
fn largest_memory(config: &Config) -> u32 {
    let asked = active(config).map(|provider| provider.limits.memory_mb);
    let asked = asked.max();
    asked
        .unwrap_or_default()
        .max(InstanceLimits::default().memory_mb)
}

/// What becomes of an answer that breaks off.
fn on_break(config: &Config) -> OnBreak {
    let chain = config.chains.iter().find(|chain| chain.role == Stage::Llm);
    chain.map(|chain| chain.on_break).unwrap_or_default()
}

/// Every provider; `loaded` are those that can serve.
fn configured(config: &Config, loaded: &[&Candidate]) -> Vec<Configured> {
    let each = config.providers.iter().filter_map(|provider| {
        let role = provider.role?;
        let chain = config.chains.iter().find(|chain| chain.role == role);
        let place = chain.and_then(|chain| chain.ids().position(|id| id.value == provider.id));
        Some(Configured {
            id: provider.id.clone(),
            role,
            mode: provider.mode.map_or("", Mode::name).to_owned(),
            place,
            missing: place.is_some() && !loaded.iter().any(|one| one.id == provider.id),
        })
    });
    each.collect()
}

/// What the runtime is told of a provider.
///
/// # Errors
/// When the variable of one of its secrets is not set.
pub(crate) fn spec(
    config: &Config,
    environment: &Environment,
    provider: &Provider,
) -> Result<ProviderSpec> {
    let component = provider.component.as_ref();
    let component = component.map(|file| config.runtime.components_dir.join(&file.value));
    let secret = |secret: &Secret| {
        let name = &secret.variable.value;
        let value = environment
            .get(name)
            .ok_or_else(|| anyhow!("provider `{}`: the variable {name} is not set", provider.id))?;
        Ok(HeaderSecret {
            header: secret.header.clone(),
            value: format!("{}{value}", secret.prefix),
            host: secret.host.clone(),
        })
    };
    Ok(ProviderSpec {
        id: provider.id.clone(),
        component: component.unwrap_or_default(),
        settings_json: provider.settings.clone(),
        allow_hosts: provider
            .hosts
            .iter()
            .map(|host| host.value.clone())
            .collect(),
        allow_private: provider.private,
        secrets: provider.secrets.iter().map(secret).collect::<Result<_>>()?,
        limits: InstanceLimits {
            memory_mb: provider.limits.memory_mb,
            cpu_ms_per_turn: provider.limits.cpu_ms_per_turn,
            min_instances: provider.limits.min,
            max_instances: provider.limits.max,
            reuse: provider.reuse,
            // Who waits longer for an instance has no time left to say something.
            acquire_ms: provider.budgets.first_output_ms,
            ..InstanceLimits::default()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_a_list_and_blank_ones_do_not_count() {
        let keys = |value| gateway(&[("TTH_API_KEYS", value)].into_iter().collect()).api_keys;
        assert_eq!(keys(" a, ,b,"), ["a", "b"]);
        assert!(keys(" , ").is_empty());
        assert!(gateway(&Environment::default()).api_keys.is_empty());
    }
}
