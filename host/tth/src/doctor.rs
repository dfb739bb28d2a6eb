//! The command `doctor`: is every provider of a profile ready to serve?
//!
//! For each of the chains: whether its keys are set, how it is by its own word, and how long it takes
//! to its first output when it is really asked for something small. A round trip costs a word or two at
//! a vendor. No key is ever printed.

mod report;
mod trip;

use crate::config::{Config, Provider};
use crate::environment::Environment;
use crate::wire;
use anyhow::Result;
use futures::future::join_all;
use report::Finding;
use trip::Asked;
use tth_core::provider::Stage;
use tth_runtime::Runtime;

/// Prints what was found; false: the primary of a chain would not serve.
///
/// # Errors
/// When the engine does not start.
pub(crate) async fn doctor(
    profile: &str,
    config: &Config,
    environment: &Environment,
) -> Result<bool> {
    let runtime = &wire::runtime(config)?;
    let members: Vec<(Stage, usize, &Provider)> = config
        .chains
        .iter()
        .flat_map(|chain| {
            let members = config.members(chain).enumerate();
            members.map(|(place, provider)| (chain.role, place, provider))
        })
        .collect();
    eprintln!("loading {} providers", members.len());
    let visits = members
        .into_iter()
        .map(|(role, place, provider)| async move {
            let mut finding = Finding::new(provider, role, place);
            finding.missing = missing(provider, environment);
            let loaded = match finding.missing.is_empty() {
                true => Some(load(runtime, config, environment, provider, role).await),
                false => None,
            };
            (finding, loaded)
        });
    let mut findings = Vec::new();
    // Loaded all at once, asked one after the other: then they do not slow each other down.
    for (mut finding, loaded) in join_all(visits).await {
        match loaded {
            Some(Ok(asked)) => {
                eprintln!("asking {}", finding.provider.id);
                finding.health = Some(asked.health().await);
                let budget_ms = finding.provider.budgets.first_output_ms;
                finding.trip = Some(asked.first_output(budget_ms).await);
            }
            Some(Err(error)) => finding.unloaded = Some(error),
            None => {}
        }
        findings.push(finding);
    }
    println!("{}", report::of(profile, &findings));
    Ok(!findings
        .iter()
        .any(|finding| finding.place == 0 && finding.failed()))
}

/// The variables of its secrets that are not set.
fn missing(provider: &Provider, environment: &Environment) -> Vec<String> {
    let names = provider.secrets.iter().map(|secret| &secret.variable.value);
    names
        .filter(|name| environment.get(name).is_none())
        .cloned()
        .collect()
}

async fn load(
    runtime: &Runtime,
    config: &Config,
    environment: &Environment,
    provider: &Provider,
    role: Stage,
) -> Result<Asked> {
    let spec = wire::spec(config, environment, provider)?;
    Ok(match role {
        Stage::Llm => Asked::Llm(runtime.load_llm(spec).await?),
        Stage::Tts => Asked::Tts(runtime.load_tts(spec).await?),
        Stage::Avatar => Asked::Avatar(runtime.load_avatar(spec).await?),
    })
}
