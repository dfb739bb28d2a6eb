//! Who serves, and how: exchanged as a whole when the configuration is read anew.
//!
//! New sessions take the newest. Those that are open are told, and take it over between two turns. What was
//! exchanged lives until the last turn that began with it has ended.

#[cfg(test)]
mod tests;

use super::{Configured, Entry, Hub, HubConfig, Shared};
use crate::controls::Persona;
use crate::driver::{Command, Providers};
use crate::engine::SessionRequest;
use crate::provider::{Provider, Stage};
use crate::session::Reload;
use std::sync::{Arc, PoisonError};

/// What a hub serves with. Never changed, only exchanged.
pub(super) struct Roster {
    pub(super) config: HubConfig,
    pub(super) providers: Arc<Providers>,
    pub(super) personas: Arc<Vec<Persona>>,
}

impl Roster {
    pub(super) fn new(mut config: HubConfig, providers: Providers) -> Arc<Self> {
        if config.personas.is_empty() {
            config.personas.push(Persona {
                id: "default".into(),
                ..Persona::default()
            });
        }
        Arc::new(Roster {
            personas: Arc::new(config.personas.clone()),
            providers: Arc::new(providers),
            config,
        })
    }

    /// The provider of a block, where a chain names it and it could be loaded.
    pub(super) fn provider(&self, configured: &Configured) -> Option<&dyn Provider> {
        let id = configured.id.as_str();
        match configured.role {
            Stage::Llm => find(&self.providers.llm, id).map(|provider| provider as _),
            Stage::Tts => find(&self.providers.tts, id).map(|provider| provider as _),
            Stage::Avatar => find(&self.providers.avatar, id).map(|provider| provider as _),
        }
    }

    /// Whether a block stands for the very same provider in another roster.
    pub(super) fn shares(&self, other: &Roster, configured: &Configured) -> bool {
        match (self.provider(configured), other.provider(configured)) {
            (Some(one), Some(other)) => std::ptr::addr_eq(one, other),
            _ => false,
        }
    }

    /// Who serves each stage unless somebody fails.
    fn primaries(&self) -> Vec<(Stage, String)> {
        let chains = [
            (Stage::Llm, &self.config.llm),
            (Stage::Tts, &self.config.tts),
            (Stage::Avatar, &self.config.avatar),
        ];
        let first = chains
            .into_iter()
            .filter_map(|(stage, chain)| Some((stage, chain.first()?.id.clone())));
        first.collect()
    }
}

fn find<'a, P: Provider + ?Sized>(providers: &'a [Arc<P>], id: &str) -> Option<&'a P> {
    let found = providers.iter().find(|provider| provider.id() == id);
    found.map(|provider| &**provider)
}

impl Shared {
    /// What new sessions are served with.
    pub(super) fn roster(&self) -> Arc<Roster> {
        let roster = self.roster.lock();
        roster.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tell a session what it is served with from its next turn on.
    pub(super) fn renew(&self, roster: &Roster, entry: &mut Entry) {
        let opened_with = SessionRequest {
            persona_id: Some(entry.description.persona_id.clone()),
            ..entry.request.clone()
        };
        let HubConfig {
            llm,
            tts,
            avatar,
            pacing,
            history,
            retries,
            on_break,
            ..
        } = &roster.config;
        let reload = Reload {
            persona: self.persona(roster, &opened_with).ok(),
            personas: roster.personas.clone(),
            llm: llm.clone(),
            tts: tts.clone(),
            avatar: avatar.clone(),
            pacing: *pacing,
            history: *history,
            retries: *retries,
            on_break: *on_break,
            // The session's driver knows which one it has.
            mapper: false,
        };
        entry.description.providers = roster.primaries();
        entry.description.delivery = Hub::delivery(avatar);
        if let Some(audio) = tts.first().and_then(|voice| voice.info.audio) {
            entry.description.audio = audio;
        }
        let command = Command::Reload(roster.providers.clone(), Box::new(reload));
        // Every clone of a sender has a place of its own in the queue.
        let _over_already = entry.commands.clone().try_send(command);
    }
}

impl Hub {
    /// Serve with something else from now on: new sessions at once, open ones between two turns, without
    /// anybody being disconnected. `providers` are in the order of the configuration's chains; who is in both
    /// the old and the new ones must have the same `info` in both, or else counts as another one.
    ///
    /// What is drawn by default and what may wait for a slow reader hold for sessions that are opened later.
    pub fn reload(&self, config: HubConfig, providers: Providers) {
        let shared = &self.0;
        let roster = Roster::new(config, providers);
        let before = {
            let current = shared.roster.lock();
            let mut current = current.unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, roster.clone())
        };
        shared.board.keep(&before, &roster);
        let same = |id: &str| {
            let mut all = roster.config.configured.iter();
            all.any(|one| one.id == id && roster.shares(&before, one))
        };
        shared.circuits.renew(roster.config.circuit, same);
        for entry in shared.lock().values_mut() {
            shared.renew(&roster, entry);
        }
    }
}
