//! Who of a chain is loaded: kept from before where nothing of it has changed, else loaded beside it.

use super::recipe::{Recipe, Recipes};
use crate::config::{Config, Provider};
use anyhow::{Error, Result, bail};
use futures::future::join_all;
use std::sync::Arc;
use tth_core::provider::{Provider as Port, ProviderInfo, Stage};
use tth_core::session::{Budget, Candidate};
use tth_runtime::{ProviderSpec, RuntimeError};

/// A provider that is loaded.
pub(super) struct Member<P: ?Sized> {
    recipe: Recipe,
    pub(super) provider: Arc<P>,
    /// Shared with every session: that it is still the same tells them that the provider is.
    info: Arc<ProviderInfo>,
}

impl<P: ?Sized> Clone for Member<P> {
    fn clone(&self) -> Self {
        Member {
            recipe: self.recipe.clone(),
            provider: self.provider.clone(),
            info: self.info.clone(),
        }
    }
}

/// One who could not be loaded.
struct Failure {
    place: usize,
    reason: Error,
    /// A running server would be worse off.
    needed: bool,
}

/// A chain, loaded.
pub(super) struct Crew<P: ?Sized> {
    /// In the order of the chain.
    pub(super) members: Vec<Member<P>>,
    /// The ids of those whom the chain has to do without.
    missing: Vec<String>,
}

impl<P: Port + ?Sized> Crew<P> {
    /// Load everybody of a chain, all at once, but keep those of `before` that would be the same again.
    ///
    /// At the start (without `before`) a fallback that cannot be loaded is left out with a warning, and a
    /// primary leaves its place to the next with a loud one. A running server is never made worse: there it
    /// is an error where somebody is lost who served before, or a primary that was not missing already.
    ///
    /// # Errors
    /// All reasons of those who are needed, or of everybody where nobody of the chain is left.
    pub(super) async fn load<F>(
        role: Stage,
        config: &Config,
        recipes: &Recipes<'_>,
        before: Option<&Crew<P>>,
        load: impl Fn(ProviderSpec) -> F,
    ) -> Result<Self>
    where
        F: Future<Output = Result<Arc<P>, RuntimeError>>,
    {
        let chain = config.chains.iter().find(|chain| chain.role == role);
        let blocks: Vec<&Provider> = chain
            .into_iter()
            .flat_map(|chain| config.members(chain))
            .collect();
        let each = blocks.iter().map(|block| async {
            let (spec, recipe) = recipes.of(block)?;
            if let Some(same) = before.and_then(|crew| crew.made_by(&recipe)) {
                return Ok(same.clone());
            }
            let provider = load(spec).await?;
            let info = Arc::new(provider.info().clone());
            Ok(Member {
                recipe,
                provider,
                info,
            })
        });
        let results: Vec<Result<Member<P>>> = join_all(each).await;

        let mut crew = Crew {
            members: Vec::new(),
            missing: Vec::new(),
        };
        let mut failures = Vec::new();
        for (place, (block, result)) in blocks.iter().zip(results).enumerate() {
            match result {
                Ok(member) => crew.members.push(member),
                Err(reason) => {
                    crew.missing.push(block.id.clone());
                    let needed = before.is_some_and(|before| before.needs(&block.id, place));
                    failures.push(Failure {
                        place,
                        reason,
                        needed,
                    });
                }
            }
        }
        crew.settle(role.name(), &failures)
    }

    /// Whether the chain can do with whom it has; says who is left out.
    fn settle(self, role: &str, failures: &[Failure]) -> Result<Self> {
        let reasons = |which: &dyn Fn(&&Failure) -> bool| {
            let lines = failures.iter().filter(which);
            let lines = lines.map(|failure| format!("\n  {:#}", failure.reason));
            lines.collect::<String>()
        };
        let Some(first) = self.members.first() else {
            bail!(
                "nobody of the {role} chain could be loaded:{}",
                reasons(&|_| true)
            );
        };
        let worse = reasons(&|failure| failure.needed);
        if !worse.is_empty() {
            bail!("of the {role} chain could not be loaded:{worse}");
        }
        for failure in failures {
            if failure.place > 0 {
                tracing::warn!(stage = role, "fallback left out: {:#}", failure.reason);
            } else {
                tracing::error!(
                    stage = role,
                    serving = first.provider.id(),
                    "THE PRIMARY COULD NOT BE LOADED, its fallback serves instead:{}",
                    reasons(&|_| true)
                );
            }
        }
        Ok(self)
    }

    fn made_by(&self, recipe: &Recipe) -> Option<&Member<P>> {
        self.members
            .iter()
            .find(|member| member.recipe.same(recipe))
    }

    /// Whether a server that has this crew would be worse off without a provider.
    fn needs(&self, id: &str, place: usize) -> bool {
        let serves = self.members.iter().any(|one| one.provider.id() == id);
        let missing = self.missing.iter().any(|one| one == id);
        serves || (place == 0 && !missing)
    }

    /// Whether this very provider was there before.
    fn has(&self, provider: &Arc<P>) -> bool {
        let mut members = self.members.iter();
        members.any(|member| Arc::ptr_eq(&member.provider, provider))
    }

    /// What sessions are told of its members.
    pub(super) fn candidates(&self, config: &Config) -> Vec<Candidate> {
        let candidate = |member: &Member<P>| {
            let id = member.provider.id();
            let block = config.providers.iter().find(|block| block.id == id)?;
            Some(Candidate {
                id: id.to_owned(),
                info: member.info.clone(),
                budget: Budget {
                    first_output_us: block.budgets.first_output_ms * 1_000,
                    gap_us: block.budgets.gap_ms * 1_000,
                    total_us: block.budgets.total_ms * 1_000,
                },
            })
        };
        self.members.iter().filter_map(candidate).collect()
    }

    /// Its members as the hub takes them.
    pub(super) fn providers(&self) -> Vec<Arc<P>> {
        let members = self.members.iter();
        members.map(|member| member.provider.clone()).collect()
    }

    /// Their ids.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.provider.id())
    }

    /// Ids of members by whether they were in `before` already, as the same ones.
    pub(super) fn compared<'a>(
        &'a self,
        before: &'a Crew<P>,
    ) -> impl Iterator<Item = (&'a str, bool)> {
        let members = self.members.iter();
        members.map(|member| (member.provider.id(), before.has(&member.provider)))
    }
}

#[cfg(test)]
mod tests;
