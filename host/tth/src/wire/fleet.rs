//! The providers of a configuration, loaded; and how those of another one take their place.

use super::crew::Crew;
use super::recipe::{Recipe, Recipes};
use super::{
    HISTORY, MAPPER_ID, MAPPER_INSTANCES, active, configured, largest_memory, on_break, runtime,
};
use crate::config::Config;
use crate::environment::Environment;
use crate::sunset::{self, Day};
use anyhow::{Result, bail};
use futures::future::join;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tth_core::circuit::CircuitOptions;
use tth_core::clock::Pacing;
use tth_core::controls::Render;
use tth_core::driver::Providers;
use tth_core::hub::{HubConfig, Lifetimes};
use tth_core::outbox::OutboxLimits;
use tth_core::provider::{Avatar, Llm, Mapper, Provider, Stage, Tts};
use tth_core::session::{Candidate, Retries};
use tth_runtime::{InstanceLimits, ProviderSpec, Runtime};

/// What a running server cannot change.
struct Fixed {
    cache_dir: PathBuf,
    /// The most memory that an instance can be given, in MiB: address space for it was reserved.
    max_memory_mb: u32,
    shutdown_s: u64,
}

/// Everybody who is loaded.
struct Stock {
    mapper: (Recipe, Arc<dyn Mapper>),
    llm: Crew<dyn Llm>,
    tts: Crew<dyn Tts>,
    avatar: Crew<dyn Avatar>,
}

/// What a reload did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Ids of those who were loaded: new, or made from something else than before.
    pub(crate) loaded: Vec<String>,
    /// Ids of those who go on as they are.
    pub(crate) kept: Vec<String>,
    /// Ids of those who do not serve any more.
    pub(crate) dropped: Vec<String>,
    /// Keys whose new values a running server cannot take.
    pub(crate) restart: Vec<String>,
}

/// The runtime and everybody who was loaded with it.
pub(crate) struct Fleet {
    runtime: Runtime,
    fixed: Fixed,
    stock: Stock,
}

impl Fleet {
    /// Load the chains and the mapper.
    ///
    /// # Errors
    /// What keeps a chain or the mapper from being served: everything, not the first only.
    pub(crate) async fn load(config: &Config, environment: &Environment) -> Result<Fleet> {
        let began = Instant::now();
        let runtime = runtime(config)?;
        let fixed = Fixed {
            cache_dir: config.runtime.cache_dir.clone(),
            max_memory_mb: largest_memory(config),
            shutdown_s: config.runtime.shutdown_s,
        };
        let recipes = Recipes::read(config, environment, fixed.max_memory_mb).await;
        let stock = Stock::load(&runtime, config, &recipes, None).await?;
        tracing::info!(
            ms = millis(began),
            llm = %ids(&stock.llm),
            tts = %ids(&stock.tts),
            avatar = %ids(&stock.avatar),
            "providers loaded"
        );
        Ok(Fleet {
            runtime,
            fixed,
            stock,
        })
    }

    /// Exchange everybody whose block, component or secrets have changed. The others keep their instances.
    ///
    /// # Errors
    /// What would leave the server worse off than it is; then nothing has changed.
    pub(crate) async fn reload(
        &mut self,
        config: &Config,
        environment: &Environment,
    ) -> Result<Changes> {
        let recipes = Recipes::read(config, environment, self.fixed.max_memory_mb).await;
        let stock = Stock::load(&self.runtime, config, &recipes, Some(&self.stock)).await?;
        let before = std::mem::replace(&mut self.stock, stock);
        Ok(Changes {
            restart: self.fixed.contradicts(config),
            ..self.stock.compared(&before)
        })
    }

    /// The ports, as a hub takes them.
    pub(crate) fn providers(&self) -> Providers {
        Providers {
            llm: self.stock.llm.providers(),
            tts: self.stock.tts.providers(),
            avatar: self.stock.avatar.providers(),
            mapper: self.stock.mapper.1.clone(),
        }
    }

    /// What a hub is told, by the configuration that was loaded last.
    pub(crate) fn hub_config(&self, config: &Config) -> HubConfig {
        let settings = &config.runtime;
        let llm = self.stock.llm.candidates(config);
        let tts = self.stock.tts.candidates(config);
        let avatar = self.stock.avatar.candidates(config);
        let loaded: Vec<&Candidate> = [&llm, &tts, &avatar].into_iter().flatten().collect();
        warn_of_endings(config, &loaded);
        HubConfig {
            configured: configured(config, &loaded),
            llm,
            tts,
            avatar,
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
        }
    }
}

impl Fixed {
    /// The keys of a configuration that ask for something else.
    fn contradicts(&self, config: &Config) -> Vec<String> {
        let mut keys = Vec::new();
        if config.runtime.cache_dir != self.cache_dir {
            keys.push("runtime.cache_dir".to_owned());
        }
        if config.runtime.shutdown_s != self.shutdown_s {
            keys.push("runtime.shutdown_s".to_owned());
        }
        let larger = active(config).filter(|one| one.limits.memory_mb > self.max_memory_mb);
        keys.extend(larger.map(|one| {
            let (id, max) = (&one.id, self.max_memory_mb);
            format!("providers.{id}.limits.memory_mb (until then {max})")
        }));
        keys
    }
}

impl Stock {
    async fn load(
        runtime: &Runtime,
        config: &Config,
        recipes: &Recipes<'_>,
        before: Option<&Stock>,
    ) -> Result<Stock> {
        let mapper = load_mapper(runtime, config, recipes, before.map(|stock| &stock.mapper));
        let llm = Crew::load(
            Stage::Llm,
            config,
            recipes,
            before.map(|stock| &stock.llm),
            |spec| runtime.load_llm(spec),
        );
        let tts = Crew::load(
            Stage::Tts,
            config,
            recipes,
            before.map(|stock| &stock.tts),
            |spec| runtime.load_tts(spec),
        );
        let avatar = Crew::load(
            Stage::Avatar,
            config,
            recipes,
            before.map(|stock| &stock.avatar),
            |spec| runtime.load_avatar(spec),
        );
        let (mapper, (llm, (tts, avatar))) = join(mapper, join(llm, join(tts, avatar))).await;

        let mut failures = Vec::new();
        let mapper = kept(mapper, &mut failures);
        let llm = kept(llm, &mut failures);
        let tts = kept(tts, &mut failures);
        let avatar = kept(avatar, &mut failures);
        let (Some(mapper), Some(llm), Some(tts), Some(avatar)) = (mapper, llm, tts, avatar) else {
            bail!(failures.join("\n"));
        };
        Ok(Stock {
            mapper,
            llm,
            tts,
            avatar,
        })
    }

    fn compared(&self, before: &Stock) -> Changes {
        let mapper = Arc::ptr_eq(&self.mapper.1, &before.mapper.1);
        let all = [(MAPPER_ID, mapper)].into_iter();
        let all = all
            .chain(self.llm.compared(&before.llm))
            .chain(self.tts.compared(&before.tts))
            .chain(self.avatar.compared(&before.avatar));
        let mut changes = Changes::default();
        for (id, same) in all {
            let list = match same {
                true => &mut changes.kept,
                false => &mut changes.loaded,
            };
            list.push(id.to_owned());
        }
        let here: Vec<&str> = self.ids().collect();
        let gone = before.ids().filter(|id| !here.contains(id));
        changes.dropped = gone.map(str::to_owned).collect();
        changes
    }

    fn ids(&self) -> impl Iterator<Item = &str> {
        let ids = self.llm.ids();
        ids.chain(self.tts.ids()).chain(self.avatar.ids())
    }
}

async fn load_mapper(
    runtime: &Runtime,
    config: &Config,
    recipes: &Recipes<'_>,
    before: Option<&(Recipe, Arc<dyn Mapper>)>,
) -> Result<(Recipe, Arc<dyn Mapper>)> {
    let settings = &config.runtime;
    let spec = ProviderSpec {
        id: MAPPER_ID.into(),
        component: settings.components_dir.join(&settings.mapper.value),
        limits: InstanceLimits {
            max_instances: MAPPER_INSTANCES,
            ..InstanceLimits::default()
        },
        ..ProviderSpec::default()
    };
    let recipe = Recipe::new(&spec, recipes.digest(&spec.component));
    if let Some(same) = before.filter(|(made_by, _)| made_by.same(&recipe)) {
        return Ok(same.clone());
    }
    Ok((recipe, runtime.load_mapper(spec).await?))
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

fn ids<P: Provider + ?Sized>(crew: &Crew<P>) -> String {
    let ids: Vec<&str> = crew.ids().collect();
    ids.join(", ")
}

/// Milliseconds since then.
pub(crate) fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
