//! Many worlds, one after the other; those of a group share their clock.

use crate::check::Violation;
use crate::fault::Tally;
use crate::plan::Plan;
use crate::rng::Rng;
use crate::sabotage::Sabotage;
use crate::tag;
use crate::world::{Story, World};
use tth_core::media::Micros;

/// Sessions of a group at most.
const GROUP: u64 = 6;

/// What many worlds came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Sessions that ran.
    pub sessions: u64,
    /// Turns that they had.
    pub turns: u64,
    /// Inputs that they took.
    pub inputs: u64,
    /// What was done to them.
    pub tally: Tally,
    /// What broke a rule.
    pub failures: Vec<Failure>,
}

/// A rule that a session broke.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The group's seed.
    pub seed: u64,
    /// The session's number in it.
    pub number: u32,
    /// Which rule, and how.
    pub violation: Violation,
}

impl Summary {
    /// A run that did not come to its end.
    pub fn panicked() -> Self {
        Summary {
            failures: vec![Failure {
                seed: 0,
                number: 0,
                violation: Violation {
                    rule: "no panic",
                    detail: "see above".into(),
                },
            }],
            ..Summary::default()
        }
    }

    /// With another one's.
    pub fn add(&mut self, other: Summary) {
        self.sessions += other.sessions;
        self.turns += other.turns;
        self.inputs += other.inputs;
        self.tally.add(&other.tally);
        self.failures.extend(other.failures);
    }
}

/// The seed of a run's n-th group.
pub fn group_seed(seed: u64, group: u64) -> u64 {
    Rng::new(seed, &[group]).any()
}

/// Run whole groups until there were at least so many sessions, or `enough` failures: from the
/// `first` on, every `step`-th group.
pub fn run(seed: u64, sessions: u64, first: u64, step: u64, enough: usize) -> Summary {
    let mut summary = Summary::default();
    let mut group = first;
    while summary.sessions < sessions && summary.failures.len() < enough {
        run_group(group_seed(seed, group), &mut summary);
        group += step;
    }
    summary
}

/// Sessions of one group, in the order in which things happen.
fn run_group(seed: u64, summary: &mut Summary) {
    let size = Rng::new(seed, &[]).range(1..GROUP.min(tag::SESSIONS.into()));
    let numbers = 0..u32::try_from(size).unwrap_or(1);
    let mut worlds: Vec<(Micros, World)> = numbers
        .map(|number| {
            let plan = Plan::draw(seed, number);
            (0, World::new(plan, None, Story::default()))
        })
        .collect();
    while let Some((n, _)) = worlds.iter().enumerate().min_by_key(|(_, (at, _))| *at) {
        let Some((at, world)) = worlds.get_mut(n) else {
            break;
        };
        match world.step() {
            Ok(Some(next)) => *at = next,
            Ok(None) => {
                summarise(world, summary);
                worlds.swap_remove(n);
            }
            Err(violation) => {
                summary.failures.push(Failure {
                    seed,
                    number: world.number(),
                    violation,
                });
                summarise(world, summary);
                worlds.swap_remove(n);
            }
        }
    }
}

fn summarise(world: &World, summary: &mut Summary) {
    summary.sessions += 1;
    summary.turns += world.turns();
    summary.inputs += world.steps();
    summary.tally.add(world.tally());
}

/// Run one session as planned.
///
/// # Errors
/// If a rule is broken.
pub fn run_one(plan: Plan, sabotage: Option<Sabotage>) -> Result<(), Violation> {
    finish(&mut World::new(plan, sabotage, Story::default()))
}

/// The same, and what happened in it.
pub fn tell(plan: Plan) -> (Result<(), Violation>, Story) {
    let mut world = World::new(plan, None, Story::told());
    let result = finish(&mut world);
    (result, world.into_story())
}

fn finish(world: &mut World) -> Result<(), Violation> {
    while world.step()?.is_some() {}
    Ok(())
}
