//! Breakers on fake time.

use super::*;

const SECOND: Micros = 1_000_000;

fn circuits() -> Circuits {
    Circuits::new(CircuitOptions {
        failures: 3,
        pause_us: 5 * SECOND,
    })
}

fn fail(circuits: &Circuits, now: Micros, times: u32) {
    for n in 1..=times {
        let how = format!("unavailable: number {n}");
        circuits.judge("a", now, now, Verdict::Failed(how));
    }
}

fn state(circuits: &Circuits) -> State {
    circuits.status("a", 0).0
}

/// Who is barred, for somebody who was never told.
fn barred(circuits: &Circuits) -> Barred {
    let news = circuits.news(&mut 0);
    news.map(|barred| (*barred).clone()).unwrap_or_default()
}

/// An open breaker whose pause is over, at that time.
fn asked() -> (Circuits, Micros) {
    let circuits = circuits();
    fail(&circuits, 0, 3);
    assert_eq!(circuits.due(5 * SECOND), ["a"]);
    (circuits, 5 * SECOND)
}

#[test]
fn it_opens_after_so_many_failures_in_a_row_and_says_why() {
    let circuits = circuits();
    fail(&circuits, 0, 2);
    circuits.judge("a", 0, 0, Verdict::Unknown);
    circuits.judge("b", 0, 0, Verdict::Failed("of another".into()));
    assert_eq!((state(&circuits), circuits.open()), (State::Closed, 0));
    circuits.judge("a", 0, 0, Verdict::Well);
    fail(&circuits, 0, 2);
    assert!(barred(&circuits).is_empty(), "they were not in a row");
    fail(&circuits, 0, 1);
    assert_eq!((state(&circuits), circuits.open()), (State::Open, 1));
    let why = "circuit open after 3 failures: unavailable: number 1";
    assert_eq!(barred(&circuits), [("a".into(), why.into())].into());
    let (_, detail) = circuits.status("a", SECOND + 1);
    assert_eq!(detail, format!("{why}; asked again in 4 s"));
    assert_eq!(circuits.status("b", 0), (State::Closed, String::new()));
}

#[test]
fn turned_off_it_never_opens() {
    let circuits = Circuits::new(CircuitOptions::default());
    fail(&circuits, 0, 100);
    assert_eq!(circuits.status("a", 0), (State::Closed, String::new()));
    assert!(circuits.due(u64::MAX).is_empty());
}

#[test]
fn it_is_asked_once_when_its_pause_is_over_and_then_tried() {
    let (circuits, now) = asked();
    assert!(circuits.due(now + 60 * SECOND).is_empty(), "asked already");
    assert_eq!(state(&circuits), State::Open);
    circuits.probed("a", now, true);
    assert_eq!(state(&circuits), State::HalfOpen);
    assert!(barred(&circuits).is_empty(), "somebody may try");
    circuits.begin("a", now);
    assert!(barred(&circuits).contains_key("a"), "one at a time");
    circuits.judge("a", now, now, Verdict::Well);
    assert_eq!(circuits.status("a", now), (State::Closed, String::new()));
    assert!(barred(&circuits).is_empty());
}

#[test]
fn pauses_double_up_to_eight_times_the_first_and_start_over_when_it_was_well() {
    let (circuits, mut now) = asked();
    for seconds in [10, 20, 40, 40, 40] {
        circuits.probed("a", now, false);
        now += seconds * SECOND;
        assert!(circuits.due(now - 1).is_empty());
        assert_eq!(circuits.due(now), ["a"]);
    }
    circuits.probed("a", now, true);
    circuits.begin("a", now);
    circuits.judge("a", now, now, Verdict::Failed("timeout: again".into()));
    let (state, detail) = circuits.status("a", now);
    assert_eq!(state, State::Open);
    let why = "circuit open after 4 failures: timeout: again; asked again in 40 s";
    assert_eq!(detail, why);
    assert_eq!(circuits.due(now + 40 * SECOND), ["a"]);
    circuits.probed("a", now, true);
    circuits.judge("a", now, now, Verdict::Well);
    fail(&circuits, now, 3);
    assert_eq!(circuits.due(now + 5 * SECOND), ["a"]);
}

#[test]
fn a_trial_that_tells_nothing_leaves_the_place_to_another() {
    let (circuits, now) = asked();
    circuits.probed("a", now, true);
    circuits.begin("a", now);
    circuits.judge("a", now, now, Verdict::Unknown);
    assert!(barred(&circuits).is_empty(), "interrupted at once");
    circuits.begin("a", now);
    assert!(circuits.due(now + TRIAL_US - 1).is_empty());
    assert!(!barred(&circuits).is_empty());
    assert!(circuits.due(now + TRIAL_US).is_empty(), "no need to ask");
    assert!(barred(&circuits).is_empty(), "nothing was heard of it");
}

#[test]
fn a_call_that_ends_well_stands_for_a_probe() {
    let circuits = circuits();
    fail(&circuits, 0, 3);
    circuits.judge("a", SECOND, SECOND, Verdict::Well);
    assert_eq!(state(&circuits), State::HalfOpen);
    assert!(circuits.due(5 * SECOND).is_empty());
    // An answer that was asked for before is of no use then.
    circuits.probed("a", SECOND, false);
    assert_eq!(state(&circuits), State::HalfOpen);
}

#[test]
fn failures_of_calls_begun_before_do_not_make_the_pause_longer() {
    let circuits = circuits();
    fail(&circuits, 0, 3);
    fail(&circuits, SECOND, 5);
    assert_eq!(circuits.due(5 * SECOND), ["a"]);
}

#[test]
fn who_has_been_told_hears_only_what_is_new() {
    let circuits = circuits();
    let mut known = 0;
    assert!(circuits.news(&mut known).is_none());
    fail(&circuits, 0, 3);
    assert_eq!(
        circuits.news(&mut known).map(|barred| barred.len()),
        Some(1)
    );
    circuits.due(5 * SECOND);
    assert!(
        circuits.news(&mut known).is_none(),
        "still barred, for the same reason"
    );
    circuits.probed("a", 0, true);
    assert_eq!(
        circuits.news(&mut known).map(|barred| barred.len()),
        Some(0)
    );
}

#[test]
fn who_was_called_before_the_trial_does_not_decide_it() {
    let (circuits, now) = asked();
    circuits.probed("a", now, true);
    circuits.begin("a", 6 * SECOND);
    for old in [
        Verdict::Failed("timeout: begun long ago".into()),
        Verdict::Unknown,
        Verdict::Well,
    ] {
        circuits.judge("a", 4 * SECOND, 7 * SECOND, old);
        assert_eq!(circuits.status("a", 7 * SECOND).0, State::HalfOpen);
        assert_eq!(barred(&circuits).len(), 1, "the trial goes on");
    }
    circuits.judge("a", 6 * SECOND, 8 * SECOND, Verdict::Well);
    assert_eq!(circuits.status("a", 8 * SECOND).0, State::Closed);
}
