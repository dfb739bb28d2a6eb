//! One session on fake time, with simulated stages, a client and readers around it.
//!
//! A world goes through four phases: chaos, as its plan has it; calm, in which nothing new goes
//! wrong and the session has to come to rest by itself; one clean turn, which has to succeed; and
//! the end, at which nothing may be left open.

mod carry;
mod client;
mod reader;
mod step;
mod story;

pub use story::Story;

use crate::call::Call;
use crate::check::bounds::Bounds;
use crate::check::{Checks, Violation};
use crate::fault::Tally;
use crate::plan::{PerStage, Plan};
use crate::roster::Roster;
use crate::sabotage::Sabotage;
use crate::stage::face::Face;
use crate::stage::voice::Voice;
use crate::tag::Ledger;
use client::Client;
use reader::Readers;
use tth_core::ids::TurnId;
use tth_core::media::Micros;
use tth_core::outbox::Outbox;
use tth_core::provider::{AvatarEvent, LlmEvent, TtsEvent};
use tth_core::session::{Input, ResolveRequest, Session};

/// Fake time at which worlds begin, so that nothing is right by being 0.
const START: Micros = 1_000_000;
/// Fake time that the calm may take: the longest answer is spoken in a minute or two.
const MOST_CALM_US: Micros = 600_000_000;
/// Inputs that a world may take. The busiest take a few thousand.
const MOST_STEPS: u64 = 200_000;

/// Where a world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Chaos,
    Calm,
    Clean,
    Over,
}

/// A session and all that is around it.
pub struct World {
    plan: Plan,
    session: Session,
    outbox: Outbox,
    roster: Roster,
    now: Micros,
    phase: Phase,
    calm_until: Micros,
    steps: u64,
    llm: Call<LlmEvent>,
    tts: Call<TtsEvent>,
    avatar: Call<AvatarEvent>,
    /// Calls so far, by stage.
    calls: PerStage,
    voice: Voice,
    face: Face,
    ledger: Ledger,
    question: Option<(Micros, ResolveRequest)>,
    questions: u64,
    /// What calls still say that were given up.
    stale: Vec<(Micros, Input)>,
    client: Client,
    readers: Readers,
    checks: Checks,
    sabotage: Option<Sabotage>,
    /// The turn whose queue was fenced last.
    fenced: Option<TurnId>,
    tally: Tally,
    story: Story,
}

impl World {
    /// A world as planned, before its client connects.
    pub fn new(plan: Plan, sabotage: Option<Sabotage>, story: Story) -> Self {
        let config = plan.config();
        let patience = plan.budget.first_output_us.max(plan.budget.gap_us) + 3 * plan.resolve_us;
        let bounds = Bounds::new(plan.outbox, plan.realtime, patience);
        World {
            roster: Roster::new(&config, plan.circuit),
            session: Session::new(config.clone()),
            outbox: Outbox::new(config.id, plan.outbox),
            now: START,
            phase: Phase::Chaos,
            calm_until: Micros::MAX,
            steps: 0,
            llm: Call::none(),
            tts: Call::none(),
            avatar: Call::none(),
            calls: PerStage::default(),
            voice: Voice::default(),
            face: Face::default(),
            ledger: Ledger::new(plan.number),
            question: None,
            questions: 0,
            stale: Vec::new(),
            client: Client::new(&plan, START),
            readers: Readers::default(),
            checks: Checks::new(plan.number, plan.history, bounds),
            sabotage,
            fenced: None,
            tally: Tally::default(),
            story,
            plan,
        }
    }

    /// The session's number.
    pub fn number(&self) -> u32 {
        self.plan.number
    }

    /// Inputs that it has taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Turns that it has had.
    pub fn turns(&self) -> u64 {
        self.checks.order.turns()
    }

    /// What was done to it.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What happened, if that was to be told.
    pub fn into_story(self) -> Story {
        self.story
    }

    fn calm(&self) -> bool {
        self.phase != Phase::Chaos
    }

    fn broken(rule: &'static str, detail: impl Into<String>) -> Violation {
        Violation {
            rule,
            detail: detail.into(),
        }
    }
}
