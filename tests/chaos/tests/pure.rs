//! Thousands of sessions on fake time; and that the checkers notice when a session is at fault.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use tth_chaos::act::Act;
use tth_chaos::fault::Fault;
use tth_chaos::plan::Plan;
use tth_chaos::run::{group_seed, run, run_one, tell};
use tth_chaos::sabotage::{Sabotage, TRICKS, Trick};
use tth_chaos::shrink::{shrink, shrink_while};
use tth_core::provider::Stage;

/// Sessions that are run in a test; `tth-chaos` runs as many as you like.
const SESSIONS: u64 = 600;
/// Sessions that a trick is tried on. Most have no turn that it would show in.
const TRIES: u64 = 150;

fn sound(seed: u64) {
    let summary = run(seed, SESSIONS, 0, 1, 1);
    let failures: Vec<_> = summary.failures.iter().collect();
    assert!(
        failures.is_empty(),
        "tth-chaos --tell SEED:NUMBER: {failures:?}"
    );
    // Nothing is worth anything if nothing happened.
    assert!(summary.turns > 2 * SESSIONS, "{} turns", summary.turns);
    for (whose, kind) in [
        ("llm", "refused"),
        ("llm", "floods text"),
        ("tts", "traps"),
        ("tts", "falls silent"),
        ("tts", "wrong times of sound"),
        ("tts", "endless"),
        ("avatar", "never opens"),
        ("avatar", "wrong times of frames"),
        ("client", "burst of interrupts"),
        ("client", "take over"),
        ("client", "false playback"),
        ("client", "resumes"),
        ("client", "stream lost unnoticed"),
        ("client", "may not resume"),
        ("client", "reload"),
        ("client", "others see it fail"),
        ("late", "after it was given up"),
        ("mapper", "fails"),
    ] {
        assert!(summary.tally.of(whose, kind) > 0, "{whose}: {kind}");
    }
}

// In parts, so that they run beside each other.

#[test]
fn whatever_goes_wrong_every_rule_holds_1() {
    sound(1);
}

#[test]
fn whatever_goes_wrong_every_rule_holds_2() {
    sound(2);
}

#[test]
fn whatever_goes_wrong_every_rule_holds_3() {
    sound(3);
}

#[test]
fn whatever_goes_wrong_every_rule_holds_4() {
    sound(4);
}

/// The first rule that is found broken where a session plays a trick.
fn found(trick: Trick) -> Option<&'static str> {
    let patience = u32::from(trick != Trick::InventsHistory);
    (0..TRIES).find_map(|n| {
        let plan = Plan::draw(group_seed(7, n), 0);
        run_one(plan, Some(Sabotage::new(trick, patience)))
            .err()
            .map(|found| found.rule)
    })
}

#[test]
fn a_session_that_breaks_a_rule_is_found_out() {
    for trick in TRICKS {
        let rule = found(trick).unwrap_or_else(|| panic!("{trick:?} was not noticed"));
        let wanted: &[&str] = match trick {
            Trick::EndsNot | Trick::EndsTwice => &[
                "every turn ends once",
                "nothing after its epoch",
                "it comes to rest",
            ],
            Trick::SpeaksOn | Trick::FencesNot => &["nothing after the interrupt"],
            Trick::SoundGoesBack | Trick::PictureGoesBack => &["media time"],
            Trick::ForeignSound | Trick::ForeignText => &["foreign bytes"],
            Trick::LosesSound => &["no gap in the sound", "no word lost", "words in order"],
            Trick::RepeatsSound => &["media time", "words in order"],
            Trick::InventsHistory => &["history"],
            Trick::HearsTooMuch => &["text heard"],
            Trick::ClosesNot => &["no call outlives its turn"],
            Trick::LosesUtterance => &[
                "words in order",
                "no word lost",
                "nobody waits longer than a budget",
                // As the session sees it, every voice falls silent.
                "a clean turn",
            ],
            Trick::LosesEvent => &["sequence without gaps", "what is received was sent"],
            Trick::JudgesNot | Trick::JudgesTwice => &["who was called is judged once"],
            Trick::AsksSecond => &["who is barred is left alone", "only who there is"],
            Trick::OpensNot => &[
                "nobody waits longer than a budget",
                "no input after its end",
            ],
        };
        assert!(wanted.contains(&rule), "{trick:?} was taken for {rule:?}");
    }
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    let story = || {
        let (result, story) = tell(Plan::draw(group_seed(5, 3), 0));
        (result, story.lines().map(str::to_owned).collect::<Vec<_>>())
    };
    let (result, lines) = story();
    assert!(lines.len() > 20, "{lines:?}");
    assert_eq!((result, lines), story());
}

#[test]
fn a_plan_shrinks_to_what_matters() {
    let leaves = |plan: &Plan| {
        plan.acts
            .iter()
            .any(|(_, act)| matches!(act, Act::Leave(_)))
    };
    let refused = |plan: &Plan| {
        let mut faults = (0..8).filter_map(|call| plan.fault(Stage::Tts, call));
        faults.any(|fault| matches!(fault, Fault::Refused(_)))
    };
    let both = |plan: &Plan| leaves(plan) && refused(plan);
    let mut plans = (0..).map(|n| Plan::draw(group_seed(5, n), 0));
    let plan = plans
        .find(|plan| both(plan) && plan.acts.len() > 4)
        .unwrap();
    let small = shrink_while(plan.clone(), both);
    assert_eq!(small.acts.len(), 1, "{:?}", small.acts);
    let faults = |plan: &Plan| {
        (0..8)
            .filter(|call| plan.fault(Stage::Tts, *call).is_some())
            .count()
    };
    assert_eq!(faults(&small), 1);
    assert_eq!(
        shrink(plan.clone(), "no such rule").acts,
        plan.acts,
        "nothing to do"
    );
}
