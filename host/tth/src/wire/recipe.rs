//! What a provider is made of. The same recipe makes the same provider, so it need not be loaded again.

use super::spec;
use crate::config::{Config, Provider};
use crate::environment::Environment;
use anyhow::Result;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tth_runtime::ProviderSpec;

/// Everything that a provider is made of, secrets included: it is compared and never shown.
#[derive(Clone)]
pub(super) struct Recipe {
    /// Without the component's file: the same content may lie elsewhere.
    spec: ProviderSpec,
    /// Of the component; none: it cannot be read, which equals nothing.
    digest: Option<String>,
}

impl Recipe {
    pub(super) fn new(spec: &ProviderSpec, digest: Option<String>) -> Self {
        Recipe {
            spec: ProviderSpec {
                component: PathBuf::new(),
                ..spec.clone()
            },
            digest,
        }
    }

    /// Whether what is made of both is the same.
    pub(super) fn same(&self, other: &Recipe) -> bool {
        self.digest.is_some() && self.digest == other.digest && self.spec == other.spec
    }
}

/// The recipes of a configuration, with its components as they are now.
pub(super) struct Recipes<'a> {
    config: &'a Config,
    environment: &'a Environment,
    digests: HashMap<PathBuf, String>,
    /// The most memory that an instance can be given, in MiB.
    max_memory_mb: u32,
}

impl<'a> Recipes<'a> {
    /// Reads every component that is in use.
    pub(super) async fn read(
        config: &'a Config,
        environment: &'a Environment,
        max_memory_mb: u32,
    ) -> Self {
        let files = components(config);
        // A file that cannot be read is reported by whoever loads it. One that changes right after this is
        // loaded as it is then, and looks changed the next time.
        let digest = |file: PathBuf| {
            let digest = tth_runtime::digest(&file).ok()?;
            Some((file, digest))
        };
        let work = move || files.into_iter().filter_map(digest).collect();
        let digests = tokio::task::spawn_blocking(work).await.unwrap_or_default();
        Recipes {
            config,
            environment,
            digests,
            max_memory_mb,
        }
    }

    /// What the runtime is told of a provider, and its recipe.
    ///
    /// # Errors
    /// As for [`spec`].
    pub(super) fn of(&self, block: &Provider) -> Result<(ProviderSpec, Recipe)> {
        let mut spec = spec(self.config, self.environment, block)?;
        let memory = &mut spec.limits.memory_mb;
        *memory = (*memory).min(self.max_memory_mb);
        let recipe = Recipe::new(&spec, self.digest(&spec.component));
        Ok((spec, recipe))
    }

    pub(super) fn digest(&self, component: &Path) -> Option<String> {
        self.digests.get(component).cloned()
    }
}

/// The files of the components that are in use, each once.
pub(crate) fn components(config: &Config) -> Vec<PathBuf> {
    let chains = config.chains.iter();
    let blocks = chains.flat_map(|chain| config.members(chain));
    let names = blocks.filter_map(|block| block.component.as_ref());
    let names = names.chain([&config.runtime.mapper]);
    let mut files: Vec<PathBuf> = names
        .map(|name| config.runtime.components_dir.join(&name.value))
        .collect();
    files.sort();
    files.dedup();
    files
}
