//! Providers that keep failing: left alone, asked in the background, tried again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use tth_core::circuit::{State, Verdict};
use tth_core::events::{ClientEvent, ServerEvent, TurnEnd, TurnMode};
use tth_core::media::Micros;
use tth_core::provider::Stage;
use tth_core::session::Input;
use world::*;

/// Every change of provider: stage, from, to, why.
fn switched(world: &World) -> Vec<(Stage, String, String, String)> {
    let all = world.seen.iter().filter_map(|seen| match &seen.event {
        ServerEvent::ProviderSwitched {
            stage,
            from,
            to,
            reason,
        } => Some((
            *stage,
            from.clone(),
            to.clone().unwrap_or_default(),
            reason.clone(),
        )),
        _ => None,
    });
    all.collect()
}

/// A turn until its end: what was opened for it, and how it ended.
fn turn(world: &mut World) -> (Vec<(Stage, usize)>, TurnEnd) {
    let (before, seen) = (world.opened.len(), world.seen.len());
    world.say("Hello.", TurnMode::Chat);
    let mut end = None;
    for _ in 0..400 {
        world.run_for(50_000);
        end = world.seen[seen..].iter().find_map(|seen| match seen.event {
            ServerEvent::TurnEnded { reason } => Some(reason),
            _ => None,
        });
        if end.is_some() {
            break;
        }
    }
    check(&world.seen);
    let opened = world.opened[before..].iter();
    let opened = opened.map(|(_, stage, index)| (*stage, *index));
    (opened.collect(), end.expect("it ends"))
}

fn of(opened: &[(Stage, usize)], stage: Stage) -> Vec<usize> {
    let mine = opened.iter().filter(|(of, _)| *of == stage);
    mine.map(|(_, index)| *index).collect()
}

fn bar(world: &World, id: &str) {
    for _ in 0..3 {
        let how = Verdict::Failed("internal: of another session".into());
        world.circuits.judge(id, world.now, world.now, how);
    }
    assert_eq!(world.circuits.status(id, world.now).0, State::Open);
}

fn state(world: &World, id: &str) -> State {
    world.circuits.status(id, world.now).0
}

/// A world whose n-th calls fail, with breakers that open after three failures.
fn failing(calls: &[(Stage, u32)]) -> World {
    let script = Script {
        failures: 3,
        fail_open: calls.to_vec(),
        ..Script::default()
    };
    let mut world = World::connected(true, script);
    world.run_for(500_000);
    world
}

/// Lets the pause of whoever is barred pass; nothing else goes on.
fn wait(world: &mut World, us: Micros) {
    world.run_for(us);
    world.give(Input::Tick);
}

#[test]
fn after_three_failed_turns_the_next_one_serves_at_once_until_the_first_is_well_again() {
    for (stage, first, second) in [
        (Stage::Llm, "brain", "spare_brain"),
        (Stage::Tts, "voice", "spare_voice"),
    ] {
        let mut world = failing(&[(stage, 0), (stage, 2), (stage, 4)]);
        world.well = false;
        for _ in 0..3 {
            let (opened, end) = turn(&mut world);
            assert_eq!((of(&opened, stage), end), (vec![0, 1], TurnEnd::Completed));
        }
        assert_eq!(state(&world, first), State::Open);
        let told = switched(&world);
        let ways: Vec<_> = told.iter().map(|(_, from, _, _)| from.as_str()).collect();
        assert_eq!(
            ways,
            [first, second, first, second, first],
            "there and back"
        );

        let (opened, end) = turn(&mut world);
        assert_eq!((of(&opened, stage), end), (vec![1], TurnEnd::Completed));
        assert_eq!(
            switched(&world).len(),
            told.len(),
            "the client knows who serves"
        );
        assert_eq!(world.session.providers()[stage as usize].1, second);

        wait(&mut world, 60_000_000);
        assert_eq!(state(&world, first), State::Open, "it is not well yet");
        world.well = true;
        wait(&mut world, 41_000_000);
        assert_eq!(state(&world, first), State::HalfOpen);
        let (opened, end) = turn(&mut world);
        assert_eq!((of(&opened, stage), end), (vec![0], TurnEnd::Completed));
        assert_eq!(state(&world, first), State::Closed);
        let told = switched(&world);
        let (_, from, to, reason) = told.last().unwrap();
        assert_eq!((from.as_str(), to.as_str()), (second, first));
        assert!(reason.contains("begins with the first"), "{reason}");
        let (opened, _) = turn(&mut world);
        assert_eq!(of(&opened, stage), [0]);
        assert_eq!(switched(&world).len(), told.len());
    }
}

#[test]
fn who_was_barred_by_other_sessions_is_not_asked_and_the_client_learns_why() {
    let mut world = failing(&[]);
    bar(&world, "voice");
    bar(&world, "brain");
    let (opened, end) = turn(&mut world);
    assert_eq!(
        (of(&opened, Stage::Tts), end),
        (vec![1], TurnEnd::Completed)
    );
    assert_eq!(of(&opened, Stage::Llm), [1]);
    let why = "circuit open after 3 failures: internal: of another session";
    let expected = [
        (Stage::Llm, "brain", "spare_brain"),
        (Stage::Tts, "voice", "spare_voice"),
    ];
    let expected =
        expected.map(|(stage, from, to)| (stage, from.to_owned(), to.to_owned(), why.to_owned()));
    assert_eq!(switched(&world), expected);
    let started = world
        .seen
        .iter()
        .position(|seen| matches!(seen.event, ServerEvent::TurnStarted));
    assert!(world.seen[started.unwrap() + 1].turn.is_some());
}

#[test]
fn nobody_goes_silent_because_of_a_breaker() {
    let mut world = failing(&[]);
    for id in [
        "brain",
        "spare_brain",
        "voice",
        "spare_voice",
        "face",
        "still",
    ] {
        bar(&world, id);
    }
    let (opened, end) = turn(&mut world);
    assert_eq!(end, TurnEnd::Completed);
    assert_eq!(
        (of(&opened, Stage::Llm), of(&opened, Stage::Tts)),
        (vec![0], vec![0])
    );
    assert!(switched(&world).is_empty());
    // It went well, so the next turn is its trial, which it passes.
    assert_eq!(state(&world, "voice"), State::HalfOpen);
    turn(&mut world);
    assert_eq!(state(&world, "voice"), State::Closed);
}

#[test]
fn who_takes_over_in_a_turn_is_not_barred_if_anybody_is_not() {
    let mut config = config(true);
    config.tts.push(candidate("last_voice"));
    for (barred, expected) in [
        (&["spare_voice"][..], vec![0, 2]),
        (&["spare_voice", "last_voice"], vec![0, 1]),
        (&["voice"], vec![1, 2]),
        (&["voice", "last_voice"], vec![1, 0]),
    ] {
        let script = Script {
            failures: 3,
            fail_open: vec![(Stage::Tts, 0)],
            ..Script::default()
        };
        let mut world = World::connected_with(config.clone(), script);
        barred.iter().for_each(|id| bar(&world, id));
        let (opened, end) = turn(&mut world);
        assert_eq!(
            (of(&opened, Stage::Tts), end),
            (expected, TurnEnd::Completed)
        );
    }
}

#[test]
fn an_interrupted_turn_judges_only_who_had_begun() {
    let mut world = failing(&[]);
    bar(&world, "voice");
    wait(&mut world, 5_000_000);
    assert_eq!(state(&world, "voice"), State::HalfOpen);
    // Before its first sound it has shown nothing, and another turn may try.
    world.say("Hello.", TurnMode::Chat);
    world.run_for(20_000);
    assert_eq!(world.opened.last().unwrap().2, 0);
    assert!(world.circuits.news(&mut 0).unwrap().contains_key("voice"));
    world.client(ClientEvent::Interrupt);
    assert_eq!(state(&world, "voice"), State::HalfOpen);
    assert!(world.circuits.news(&mut 0).unwrap().is_empty());
    world.say("Hello.", TurnMode::Chat);
    world.run_for(1_500_000);
    world.client(ClientEvent::Interrupt);
    assert_eq!(state(&world, "voice"), State::Closed);
}

#[test]
fn another_session_does_without_who_is_on_trial() {
    let mut first = failing(&[]);
    bar(&first, "voice");
    wait(&mut first, 5_000_000);
    first.say("Hello.", TurnMode::Chat);
    first.run_for(200_000);
    let mut second = failing(&[]);
    (second.circuits, second.now) = (first.circuits.clone(), first.now);
    let (opened, _) = turn(&mut second);
    assert_eq!(of(&opened, Stage::Tts), [1]);
    first.run_for(10_000_000);
    assert_eq!(state(&first, "voice"), State::Closed);
    second.now = first.now;
    let (opened, _) = turn(&mut second);
    assert_eq!(of(&opened, Stage::Tts), [0]);
}

#[test]
fn a_face_that_is_barred_is_left_out_and_comes_back_when_a_turn_begins() {
    let script = Script {
        failures: 3,
        ..Script::default()
    };
    let mut world = World::new(config(true), script.clone());
    for _ in 0..3 {
        let how = Verdict::Failed("internal: it fell".into());
        world.circuits = std::sync::Arc::new(tth_core::circuit::Circuits::new(
            tth_core::circuit::CircuitOptions {
                failures: 1,
                pause_us: 5_000_000,
            },
        ));
        world.circuits.judge("face", world.now, world.now, how);
    }
    world.give(Input::Attached);
    let ServerEvent::SessionReady { providers, .. } = &world.seen[0].event else {
        panic!("{:?}", world.seen[0]);
    };
    assert_eq!(providers[2].1, "still");
    world.run_for(1_000_000);
    let (opened, _) = turn(&mut world);
    assert!(of(&opened, Stage::Avatar).is_empty(), "it has its face");
    wait(&mut world, 10_000_000);
    let (opened, end) = turn(&mut world);
    assert_eq!(
        (of(&opened, Stage::Avatar), end),
        (vec![0], TurnEnd::Completed)
    );
    let told = switched(&world);
    assert_eq!((told[0].1.as_str(), told[0].2.as_str()), ("still", "face"));
    assert_eq!(state(&world, "face"), State::Closed, "it has shown a turn");
}

#[test]
fn a_face_that_falls_in_every_turn_is_barred() {
    let script = Script {
        failures: 3,
        fail_after: [0, 2, 4].map(|call| (Stage::Avatar, call, 30)).to_vec(),
        ..Script::default()
    };
    let mut world = World::connected(true, script);
    for turns in 1..=3 {
        let (_, end) = turn(&mut world);
        assert_eq!(end, TurnEnd::Completed);
        let open = state(&world, "face") == State::Open;
        assert_eq!(open, turns == 3, "after {turns} turns");
        wait(&mut world, 16_000_000);
    }
}
