//! How the providers of the chains are.
//!
//! They are asked in the background, all at once, and what they said is kept: no turn and no request
//! waits for a vendor. While somebody wants to know, a round begins every `health_us`; when nobody has
//! asked for a while the rounds end, since every one of them may cost a request at a vendor. Whoever
//! asks first after that waits for the answers, a second at most.

#[cfg(test)]
pub(super) mod tests;

use super::reload::Roster;
use super::{Configured, Shared};
use crate::driver::Host;
use crate::media::Micros;
use crate::provider::{Health, Readiness};
use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::{Either, join_all, select};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// A provider that takes longer to say how it is counts as degraded.
const ANSWER_US: Micros = 5_000_000;
/// What a request waits at most where nothing recent is known.
const PATIENCE_US: Micros = 1_000_000;
/// So many rounds after the last request nobody is asked any more.
const ROUNDS: Micros = 4;

/// What a provider said last.
#[derive(Clone, Debug)]
struct Heard {
    health: Health,
    latency_ms: f64,
}

#[derive(Debug, Default)]
struct State {
    heard: HashMap<String, Heard>,
    /// When somebody last wanted to know.
    wanted: Option<Micros>,
    /// When the last round was over.
    known: Option<Micros>,
    /// Who waits for the round that is under way; none: there is no such round.
    waiting: Option<Vec<oneshot::Sender<()>>>,
}

/// What all of them said last.
#[derive(Debug, Default)]
pub(super) struct Board(Mutex<State>);

impl Board {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Whole between any two statements, as the map of sessions.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Others serve from now on: forget what those said who do not serve any more.
    pub(super) fn keep(&self, before: &Roster, after: &Roster) {
        let configured = after.config.configured.iter();
        let kept: Vec<&str> = configured
            .filter(|configured| after.shares(before, configured))
            .map(|configured| configured.id.as_str())
            .collect();
        let mut state = self.lock();
        state.heard.retain(|id, _| kept.contains(&id.as_str()));
        // Who asks next waits for the new ones' answers.
        state.known = None;
    }
}

/// Ask round after round while somebody wants to know, for as long as the hub lives.
pub(super) async fn keep_asking(hub: Weak<Shared>, host: Arc<dyn Host>) {
    loop {
        let Some(shared) = hub.upgrade() else { return };
        let next = host.now() + shared.roster().config.health_us.max(1);
        let round = shared.wanted().then(|| shared.round());
        drop(shared);
        if let Some(round) = round {
            // It always ends: each answer has its limit.
            let _over = round.await;
        }
        host.sleep_until(next).await;
    }
}

impl Shared {
    /// Make what is known recent, if that takes no more than a second.
    pub(super) async fn up_to_date(self: &Arc<Self>) {
        let now = self.host.now();
        // What the rounds keep up: one lies between two of them, and it may take its time.
        let recent = 2 * self.roster().config.health_us + ANSWER_US;
        let known = {
            let mut state = self.board.lock();
            state.wanted = Some(now);
            state.known
        };
        if known.is_some_and(|at| now.saturating_sub(at) <= recent) {
            return;
        }
        let late = self.host.sleep_until(now + PATIENCE_US);
        select(self.round(), late).await;
    }

    fn wanted(&self) -> bool {
        let lately = ROUNDS * self.roster().config.health_us;
        let wanted = self.board.lock().wanted;
        wanted.is_some_and(|at| self.host.now().saturating_sub(at) <= lately)
    }

    /// The end of a round: of the one that is under way, or else of a new one.
    fn round(self: &Arc<Self>) -> oneshot::Receiver<()> {
        let (done, over) = oneshot::channel();
        let mut state = self.board.lock();
        if let Some(waiting) = &mut state.waiting {
            // Those who have left meanwhile need not be told.
            waiting.retain(|other| !other.is_canceled());
            waiting.push(done);
            return over;
        }
        state.waiting = Some(vec![done]);
        drop(state);
        let shared = self.clone();
        let round = async move {
            let roster = shared.roster();
            let configured = roster.config.configured.iter();
            join_all(configured.map(|configured| shared.ask(&roster, configured))).await;
            let mut state = shared.board.lock();
            if Arc::ptr_eq(&roster, &shared.roster()) {
                state.known = Some(shared.host.now());
            }
            for waiting in state.waiting.take().into_iter().flatten() {
                let _left = waiting.send(());
            }
        };
        self.host.spawn(round.boxed());
        over
    }

    /// Ask a provider how it is, and keep the answer; none: it did not say, or there is no such one.
    pub(super) async fn ask(&self, roster: &Roster, configured: &Configured) -> Option<Health> {
        let provider = roster.provider(configured)?;
        let asked = self.host.now();
        let late = self.host.sleep_until(asked + ANSWER_US);
        let said = match select(provider.health(), late).await {
            Either::Left((health, _)) => Some(health),
            Either::Right(_) => None,
        };
        let latency_ms = self.host.now().saturating_sub(asked) as f64 / 1_000.0;
        let health = said.clone().unwrap_or_else(|| Health {
            readiness: Readiness::Degraded,
            detail: format!("did not say how it is within {} s", ANSWER_US / 1_000_000),
        });
        let heard = Heard { health, latency_ms };
        let mut state = self.board.lock();
        // A reload in between may have sent it away.
        if self.roster().shares(roster, configured) {
            state.heard.insert(configured.id.clone(), heard);
        }
        drop(state);
        said
    }

    /// What is known of a provider, and how long its answer took.
    pub(super) fn last_heard(&self, configured: &Configured) -> (Health, Option<f64>) {
        let said = |readiness, detail: &str| Health {
            readiness,
            detail: detail.into(),
        };
        if configured.place.is_none() {
            let why = "not in use: no chain of this profile names it";
            return (said(Readiness::Down, why), None);
        }
        if configured.missing {
            let why = "could not be loaded; the server's log says why";
            return (said(Readiness::Down, why), None);
        }
        match self.board.lock().heard.get(&configured.id) {
            Some(heard) => (heard.health.clone(), Some(heard.latency_ms)),
            None => (
                said(Readiness::Degraded, "has not said yet how it is"),
                None,
            ),
        }
    }
}
