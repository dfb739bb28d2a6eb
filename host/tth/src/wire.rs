//! From a configuration to a hub: loads every provider of the chains at the same time.
//!
//! A fallback that does not load is left out with a warning. A primary that does not load leaves its
//! place to the next in its chain with a loud one; a chain of which nobody loads is an error.

use crate::config::{Chain, Config, Mode, Provider, Secret};
use crate::environment::Environment;
use crate::host::TokioHost;
use crate::sunset::{self, Day};
use anyhow::{Result, anyhow, bail};
use futures::future::{join, join_all};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tth_core::circuit::CircuitOptions;
use tth_core::clock::Pacing;
use tth_core::controls::Render;
use tth_core::driver::Providers;
use tth_core::hub::{Configured, Hub, HubConfig, Lifetimes};
use tth_core::outbox::OutboxLimits;
use tth_core::provider::{Provider as Port, Stage};
use tth_core::session::{Budget, Candidate, OnBreak, Retries};
use tth_gateway::GatewayConfig;
use tth_runtime::{
    EngineLimits, HeaderSecret, InstanceLimits, ProviderSpec, Runtime, RuntimeError, RuntimeOptions,
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
pub(crate) async fn hub(config: &Config, environment: &Environment) -> Result<Hub> {
    let began = Instant::now();
    let settings = &config.runtime;
    let runtime = runtime(config)?;

    let mapper = runtime.load_mapper(ProviderSpec {
        id: MAPPER_ID.into(),
        component: settings.components_dir.join(&settings.mapper.value),
        limits: InstanceLimits {
            max_instances: MAPPER_INSTANCES,
            ..InstanceLimits::default()
        },
        ..ProviderSpec::default()
    });
    let chains = Chains {
        config,
        environment,
    };
    let stages = join(
        chains.load(Stage::Llm, |spec| runtime.load_llm(spec)),
        join(
            chains.load(Stage::Tts, |spec| runtime.load_tts(spec)),
            chains.load(Stage::Avatar, |spec| runtime.load_avatar(spec)),
        ),
    );
    let (mapper, (llm, (tts, avatar))) = join(mapper, stages).await;

    let mut failures = Vec::new();
    let mapper = kept(mapper.map_err(Into::into), &mut failures);
    let llm = kept(llm, &mut failures);
    let tts = kept(tts, &mut failures);
    let avatar = kept(avatar, &mut failures);
    let (Some(mapper), Some(llm), Some(tts), Some(avatar)) = (mapper, llm, tts, avatar) else {
        bail!(failures.join("\n"));
    };
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(ms, llm = %ids(&llm), tts = %ids(&tts), avatar = %ids(&avatar), "providers loaded");

    let (llm, llm_candidates) = unzip(llm);
    let (tts, tts_candidates) = unzip(tts);
    let (avatar, avatar_candidates) = unzip(avatar);
    let loaded = [&llm_candidates, &tts_candidates, &avatar_candidates];
    let loaded: Vec<&Candidate> = loaded.into_iter().flatten().collect();
    warn_of_endings(config, &loaded);
    let configured = configured(config, &loaded);
    let hub = HubConfig {
        llm: llm_candidates,
        tts: tts_candidates,
        avatar: avatar_candidates,
        configured,
        personas: config.personas.clone(),
        render: Render::default(),
        pacing: Pacing {
            audio_lead_us: settings.audio_lead_ms * 1_000,
            playout_us: settings.playout_ms * 1_000,
            ..Pacing::default()
        },
        outbox: OutboxLimits::default(),
        history: HISTORY,
        max_sessions: usize::try_from(settings.max_sessions).unwrap_or(usize::MAX),
        lifetimes: Lifetimes {
            idle_us: settings.session.idle_ttl_s * 1_000_000,
            idle_connected_us: settings.session.max_idle_connected_s * 1_000_000,
            most_us: settings.session.max_lifetime_s * 1_000_000,
            resume_us: settings.session.resume_s * 1_000_000,
        },
        health_us: settings.health_refresh_s * 1_000_000,
        retries: Retries {
            attempts: settings.retries.attempts,
            pause_us: settings.retries.pause_ms * 1_000,
        },
        circuit: CircuitOptions {
            failures: settings.circuit.failures,
            pause_us: settings.circuit.pause_s * 1_000_000,
        },
        on_break: on_break(config),
    };
    let providers = Providers {
        llm,
        tts,
        avatar,
        mapper,
    };
    Ok(Hub::new(hub, providers, Arc::new(TokioHost::new())))
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

/// Address space is reserved for the largest instance, so no more than what is asked for.
fn largest_memory(config: &Config) -> u32 {
    let active = |provider: &&Provider| {
        let mut ids = config.chains.iter().flat_map(Chain::ids);
        ids.any(|id| id.value == provider.id)
    };
    let asked = config.providers.iter().filter(active);
    let asked = asked.map(|provider| provider.limits.memory_mb).max();
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

fn kept<T>(result: Result<T>, failures: &mut Vec<String>) -> Option<T> {
    result
        .map_err(|error| failures.push(format!("{error:#}")))
        .ok()
}

/// Says which of the models in use are shut down, or will be.
fn warn_of_endings(config: &Config, loaded: &[&Candidate]) {
    let today = Day::today();
    for provider in &config.providers {
        let loaded = loaded.iter().find(|one| one.id == provider.id);
        if let Some(ending) =
            loaded.and_then(|loaded| sunset::ending(provider, &loaded.info, today))
        {
            tracing::warn!("{ending}");
        }
    }
}

fn unzip<P: ?Sized>(loaded: Vec<(Arc<P>, Candidate)>) -> (Vec<Arc<P>>, Vec<Candidate>) {
    loaded.into_iter().unzip()
}

fn ids<P: ?Sized>(loaded: &[(Arc<P>, Candidate)]) -> String {
    let ids: Vec<&str> = loaded.iter().map(|(_, it)| it.id.as_str()).collect();
    ids.join(", ")
}

struct Chains<'a> {
    config: &'a Config,
    environment: &'a Environment,
}

impl Chains<'_> {
    /// Everybody of a chain who loads, in order.
    async fn load<P, F>(
        &self,
        role: Stage,
        load: impl Fn(ProviderSpec) -> F,
    ) -> Result<Vec<(Arc<P>, Candidate)>>
    where
        P: Port + ?Sized,
        F: Future<Output = Result<Arc<P>, RuntimeError>>,
    {
        let chain = self.config.chains.iter().find(|chain| chain.role == role);
        let blocks: Vec<&Provider> = chain
            .into_iter()
            .flat_map(|chain| self.config.members(chain))
            .collect();
        let each = blocks.iter().map(|block| async {
            let spec = spec(self.config, self.environment, block)?;
            load(spec).await.map_err(anyhow::Error::from)
        });
        let results = join_all(each).await;

        let mut loaded = Vec::new();
        let mut failures = String::new();
        let mut primary_failed = false;
        for (index, (block, result)) in blocks.iter().zip(results).enumerate() {
            match result {
                Ok(provider) => {
                    let candidate = candidate(block, &*provider);
                    loaded.push((provider, candidate));
                }
                Err(error) => {
                    primary_failed |= index == 0;
                    // Writing to a string cannot fail.
                    let _infallible = write!(failures, "\n  {error:#}");
                    if index > 0 {
                        tracing::warn!(stage = role.name(), "fallback left out: {error:#}");
                    }
                }
            }
        }
        let Some((_, first)) = loaded.first() else {
            bail!(
                "nobody of the {} chain could be loaded:{failures}",
                role.name()
            );
        };
        if primary_failed {
            tracing::error!(
                stage = role.name(),
                serving = first.id,
                "THE PRIMARY COULD NOT BE LOADED, its fallback serves instead:{failures}"
            );
        }
        Ok(loaded)
    }
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

fn candidate<P: Port + ?Sized>(block: &Provider, provider: &P) -> Candidate {
    Candidate {
        id: block.id.clone(),
        info: Arc::new(provider.info().clone()),
        budget: Budget {
            first_output_us: block.budgets.first_output_ms * 1_000,
            gap_us: block.budgets.gap_ms * 1_000,
            total_us: block.budgets.total_ms * 1_000,
        },
    }
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
