//! Who may serve a session: the chains that it has, which a reload exchanges, and the breakers of
//! those in them.

use crate::check::{Checked, ensure};
use crate::rng::Rng;
use std::collections::BTreeMap;
use std::sync::Arc;
use tth_core::circuit::{Barred, CircuitOptions, Circuits, Verdict};
use tth_core::media::Micros;
use tth_core::provider::Stage;
use tth_core::session::{Candidate, SessionConfig};

/// Candidates of a stage at most, however often it is reloaded.
const MOST: usize = 4;

/// The chains of all stages.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names are the definition")]
pub struct Chains {
    pub llm: Vec<Candidate>,
    pub tts: Vec<Candidate>,
    pub avatar: Vec<Candidate>,
}

impl Chains {
    /// The chain of a stage.
    pub fn of(&self, stage: Stage) -> &[Candidate] {
        match stage {
            Stage::Llm => &self.llm,
            Stage::Tts => &self.tts,
            Stage::Avatar => &self.avatar,
        }
    }

    fn all(&self) -> impl Iterator<Item = &Candidate> {
        self.llm.iter().chain(&self.tts).chain(&self.avatar)
    }

    /// Whether the provider of this name is the same in both.
    fn share(&self, other: &Chains, id: &str) -> bool {
        let mut named = self.all().filter(|one| one.id == id);
        named.any(|one| other.all().any(|same| same.is(one)))
    }
}

/// Who serves, who will, and who is barred.
#[derive(Debug)]
pub struct Roster {
    now: Chains,
    /// Those of the last reload, until the session takes them over.
    offered: Option<Chains>,
    /// Providers that a reload has brought.
    brought: u32,
    circuits: Circuits,
    options: CircuitOptions,
    /// When each was called last.
    begun: BTreeMap<String, Micros>,
    /// What the session knows of the circuits.
    known: u64,
    barred: Arc<Barred>,
}

impl Roster {
    /// The chains that a session begins with.
    pub fn new(config: &SessionConfig, options: CircuitOptions) -> Self {
        Roster {
            now: Chains {
                llm: config.llm.clone(),
                tts: config.tts.clone(),
                avatar: config.avatar.clone(),
            },
            offered: None,
            brought: 0,
            circuits: Circuits::new(options),
            options,
            begun: BTreeMap::new(),
            known: 0,
            barred: Arc::default(),
        }
    }

    /// The n-th candidate of a stage.
    pub fn candidate(&self, stage: Stage, index: usize) -> Option<&Candidate> {
        self.now.of(stage).get(index)
    }

    /// With whom a turn begins: the first that the session does not know to be barred, or else the first.
    pub fn first(&self, stage: Stage) -> usize {
        let chain = self.now.of(stage);
        let well = |one: &Candidate| !self.barred.contains_key(&one.id);
        chain.iter().position(well).unwrap_or_default()
    }

    /// A call begins.
    pub fn begin(&mut self, stage: Stage, index: usize, now: Micros) {
        if let Some(id) = self.candidate(stage, index).map(|one| one.id.clone()) {
            self.circuits.begin(&id, now);
            self.begun.insert(id, now);
        }
    }

    /// The session judges a provider. Of one that a reload has exchanged, that says nothing.
    pub fn judge(&self, id: &str, verdict: Verdict, now: Micros) {
        let exchanged = self.offered.as_ref();
        if exchanged.is_none_or(|next| self.now.share(next, id)) {
            let begun = self.begun.get(id).copied().unwrap_or(now);
            self.circuits.judge(id, begun, now, verdict);
        }
    }

    /// How it went with a provider in other sessions.
    pub fn others(&self, stage: Stage, index: usize, failures: u8, now: Micros) {
        let Some(candidate) = self.candidate(stage, index) else {
            return;
        };
        for _ in 0..failures {
            let verdict = Verdict::Failed("it failed elsewhere".into());
            self.circuits.judge(&candidate.id, now, now, verdict);
        }
        if failures == 0 {
            self.circuits.judge(&candidate.id, now, now, Verdict::Well);
        }
    }

    /// Whose pause is over is asked how it is. Who is barred now, if that has changed.
    pub fn news(&mut self, now: Micros, mut well: impl FnMut() -> bool) -> Option<Arc<Barred>> {
        for id in self.circuits.due(now) {
            self.circuits.probed(&id, now, well());
        }
        let barred = self.circuits.news(&mut self.known)?;
        self.barred = barred.clone();
        Some(barred)
    }

    /// The configuration is read anew: chains that share some with the last ones.
    pub fn reload(&mut self, rng: &mut Rng) -> Chains {
        let last = self.offered.take().unwrap_or_else(|| self.now.clone());
        let next = Chains {
            llm: self.redraw(rng, &last.llm, 1),
            tts: self.redraw(rng, &last.tts, 1),
            avatar: self.redraw(rng, &last.avatar, 0),
        };
        self.circuits
            .renew(self.options, |id| next.share(&last, id));
        self.offered = Some(next.clone());
        next
    }

    fn redraw(&mut self, rng: &mut Rng, last: &[Candidate], least: usize) -> Vec<Candidate> {
        let mut chain = last.to_vec();
        for candidate in &mut chain {
            if rng.chance(20) {
                // Loaded anew under the same name.
                candidate.info = Arc::new((*candidate.info).clone());
            }
        }
        if chain.len() > 1 && rng.chance(30) {
            chain.rotate_left(1);
        }
        if chain.len() > least && rng.chance(25) {
            chain.remove(0);
        }
        if let Some(like) = last
            .first()
            .filter(|_| chain.len() < MOST && rng.chance(40))
        {
            self.brought += 1;
            let id = format!("{}-brought-{}", like.info.name, self.brought);
            let place = usize::from(rng.chance(50)) * chain.len();
            let info = Arc::new((*like.info).clone());
            let budget = like.budget;
            chain.insert(place, Candidate { id, info, budget });
        }
        chain
    }

    /// The session takes over what was offered.
    ///
    /// # Errors
    /// If nothing was.
    pub fn take_over(&mut self) -> Checked {
        let offered = self.offered.take();
        ensure(
            offered.is_some(),
            "a turn ends on what it began with",
            || "nothing was offered".into(),
        )?;
        self.now = offered.unwrap_or_else(|| self.now.clone());
        Ok(())
    }
}
