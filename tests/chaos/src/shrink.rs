//! A session that broke a rule, boiled down: acts and faults are taken away as long as the same rule
//! is broken.

use crate::plan::Plan;
use crate::run::run_one;
use tth_core::provider::Stage;

/// Calls of a stage that may be spared.
const CALLS: u32 = 24;

/// The plan with as little as possible that still breaks the rule.
pub fn shrink(plan: Plan, rule: &str) -> Plan {
    shrink_while(plan, |plan| {
        run_one(plan.clone(), None).is_err_and(|found| found.rule == rule)
    })
}

/// The plan with as little as possible of which this still holds.
pub fn shrink_while(mut plan: Plan, breaks: impl Fn(&Plan) -> bool) -> Plan {
    if !breaks(&plan) {
        return plan;
    }
    loop {
        let before = size(&plan);
        for at in (0..plan.acts.len()).rev() {
            let mut less = plan.clone();
            let (pause, _) = less.acts.remove(at);
            // What comes after it still comes when it did.
            if let Some((next, _)) = less.acts.get_mut(at) {
                *next += pause;
            }
            if breaks(&less) {
                plan = less;
            }
        }
        for stage in [Stage::Llm, Stage::Tts, Stage::Avatar] {
            for call in 0..CALLS {
                if plan.fault(stage, call).is_none() {
                    continue;
                }
                let mut less = plan.clone();
                less.spared.insert((stage, call));
                if breaks(&less) {
                    plan = less;
                }
            }
        }
        for less in simpler(&plan) {
            if breaks(&less) {
                plan = less;
            }
        }
        if size(&plan) == before {
            return plan;
        }
    }
}

/// The same without a picture, without doubts of the mapper, with a mapper that answers at once.
fn simpler(plan: &Plan) -> [Plan; 3] {
    let mut all = [plan.clone(), plan.clone(), plan.clone()];
    let [faceless, sure, quick] = &mut all;
    faceless.codec = None;
    sure.doubts = 0;
    quick.resolve_us = 1;
    all
}

fn size(plan: &Plan) -> (usize, usize) {
    (plan.acts.len(), plan.spared.len())
}
