//! Clocks that run away from each other: picture, sound and listener stay together, and without the two
//! loops they would not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod clocks;
mod world;

use clocks::*;
use tth_core::clock::{Ignored, MediaClock};
use tth_core::drift::Drift;
use tth_core::events::{ClientEvent, ServerEvent, TurnMode};
use tth_core::media::{Micros, SECOND};
use tth_core::provider::AvatarInput;
use world::{Script, World, check};

const CLIENTS: u64 = 60;

fn running() -> MediaClock {
    let mut clock = MediaClock::default();
    clock.start(0);
    clock
}

/// Clients of any skew up to 2 % and any rate of reports from 1 to 10 a second.
fn cards(jitter_us: Micros) -> impl Iterator<Item = Card> {
    let mut dice = Dice::new(jitter_us + 7);
    (0..CLIENTS).map(move |seed| Card {
        skew: (dice.roll(40_000) as f64 - 20_000.0) / 1e6,
        reports: 1.0 + dice.roll(900) as f64 / 100.0,
        jitter_us,
        clock_us: None,
        seed,
    })
}

fn together(heard: &Heard) -> bool {
    (-LATE_US..=EARLY_US).contains(&heard.ahead)
}

/// After the last moment that was out of bounds.
fn settled(heard: &[Heard]) -> Micros {
    let last = heard.iter().rfind(|heard| !together(heard));
    last.map_or(0, |heard| heard.at)
}

#[test]
fn with_common_jitter_the_clock_follows_any_sound_card_within_seconds() {
    for card in cards(20_000) {
        let heard = listen(&mut running(), SECOND, card, 180 * SECOND);
        let told = (60e6 / card.reports) as Micros;
        assert!(
            settled(&heard) <= told.max(5 * SECOND),
            "{card:?} took {} us",
            settled(&heard)
        );
    }
}

#[test]
fn with_200_ms_of_jitter_it_follows_as_soon_as_the_reports_tell() {
    let (mut soon, mut sooner) = (0, 0);
    for card in cards(200_000) {
        let told = (500e6 / card.reports) as Micros + 5 * SECOND;
        let mut clock = running();
        let heard = listen(&mut clock, SECOND, card, told + 60 * SECOND);
        assert!(settled(&heard) <= told, "{card:?}: {}", settled(&heard));
        // What was not told yet never ran a buffer dry.
        assert!(heard.iter().all(|heard| heard.buffer > 200_000.0));
        soon += u64::from(settled(&heard) <= 25 * SECOND);
        sooner += u64::from(settled(&heard) <= 15 * SECOND);
        // The next turn starts with what this one has learnt.
        let now = 2 * SECOND + told + 70 * SECOND;
        let again = Card {
            seed: card.seed + CLIENTS,
            ..card
        };
        assert_eq!(settled(&listen(&mut clock, now, again, 60 * SECOND)), 0);
    }
    assert!(soon * 3 >= CLIENTS * 2, "{soon} within 25 s");
    assert!(sooner * 2 >= CLIENTS, "{sooner} within 15 s");
}

#[test]
fn a_client_that_tells_its_own_clock_is_followed_within_seconds_whatever_the_jitter() {
    for jitter_us in [20_000, 200_000, 900_000] {
        let mut always = 0;
        for card in cards(jitter_us) {
            let card = Card {
                clock_us: Some(5_000),
                ..card
            };
            let mut clock = running();
            let heard = listen(&mut clock, SECOND, card, 60 * SECOND);
            assert!(
                settled(&heard) <= 5 * SECOND,
                "{card:?}: {}",
                settled(&heard)
            );
            always += u64::from(settled(&heard) == 0);
            let again = Card {
                seed: card.seed + CLIENTS,
                ..card
            };
            let later = listen(&mut clock, 80 * SECOND, again, 30 * SECOND);
            assert_eq!(settled(&later), 0, "{card:?}");
        }
        assert!(
            always * 10 >= CLIENTS * 9,
            "{always} are never out of bounds"
        );
    }
}

#[test]
fn without_reports_the_two_run_apart() {
    for card in cards(0).filter(|card| card.skew.abs() > 0.004) {
        let silent = Card {
            reports: 0.0,
            ..card
        };
        let mut clock = running();
        let heard = listen(&mut clock, SECOND, silent, 180 * SECOND);
        assert_eq!(clock.rate(), 1.0);
        assert!(!together(heard.last().unwrap()), "{card:?}");
    }
}

#[test]
fn a_clock_that_is_right_is_left_alone() {
    let card = Card {
        skew: 0.0,
        reports: 4.0,
        jitter_us: 10_000,
        clock_us: None,
        seed: 1,
    };
    let mut clock = running();
    listen(&mut clock, SECOND, card, 120 * SECOND);
    assert!((clock.rate() - 1.0).abs() < 0.000_3, "{}", clock.rate());
}

#[test]
fn what_cannot_be_is_not_followed() {
    let mut clock = MediaClock::default();
    let sent = 1_000_000..=3_000_000;
    assert_eq!(
        clock.played(0, 2_000_000, None, sent.clone()),
        Err(Ignored::Still)
    );
    clock.start(0);
    let mut at = |now, position| clock.played(now, position, None, sent.clone());
    assert_eq!(at(900_000, 3_000_001), Err(Ignored::Unsent));
    assert_eq!(at(900_000, 999_999), Err(Ignored::Unheard));
    assert_eq!(at(900_000, 2_999_500), Err(Ignored::Waiting));
    assert_eq!(at(1_100_000, 1_000_000), Ok(()));
    assert_eq!(at(1_200_000, 1_900_000), Err(Ignored::Jumped));
    assert_eq!(at(1_300_000, 1_000_000), Err(Ignored::Late));
    assert_eq!(
        at(3_400_000, 1_000_000),
        Ok(()),
        "so it went back, and stays there"
    );
    assert_eq!(clock.rate(), 1.0);
}

#[test]
fn a_client_that_lies_harms_only_itself_and_not_much() {
    for seed in 0..CLIENTS {
        let mut dice = Dice::new(seed);
        let mut clock = running();
        let (mut before, mut now) = (0, SECOND);
        for _ in 0..2_000 {
            now += dice.roll(400_000);
            let media = clock.media(now);
            assert!(media >= before, "media time went back");
            before = media;
            let sent = media.saturating_sub(dice.roll(9 * SECOND))..=media + 400_000;
            let lie = match seed % 4 {
                0 => dice.roll(u64::MAX - 1),
                1 => *sent.start() + dice.roll(9 * SECOND),
                // Ever faster, and standing still.
                2 => media + dice.roll(400_000),
                _ => SECOND,
            };
            let rate = clock.rate();
            // Half of them lie about the time, too.
            let time = (seed % 8 > 3).then(|| now + dice.roll(3 * SECOND));
            let followed = clock.played(now, lie, time, sent);
            assert!(followed.is_ok() || clock.rate() == rate);
            assert!((0.95..=1.05).contains(&clock.rate()));
        }
        // Nothing of it stays but a speed that a clock may have.
        clock.settle(now + 3 * SECOND);
        assert!((clock.rate() - 1.0).abs() <= 0.031, "{}", clock.rate());
    }
}

/// A client of a whole session that plays 2 % fast, the least sound it ever had waiting, and where it is.
fn fast_listener(reports: bool) -> (World, f64, Micros) {
    let long = "Sentence after sentence it goes on and on, as answers do. ".repeat(80);
    let mut world = World::connected(true, Script::default());
    world.say(&long, TurnMode::Say);
    let (mut looked, mut received) = (0, 0);
    let mut began = None;
    let (mut least, mut place) = (f64::MAX, 0);
    for step in 0u64..1_000 {
        world.run_for(100_000);
        for seen in &world.seen[looked..] {
            if let ServerEvent::Audio(chunk) = &seen.event {
                received = chunk.end();
                began.get_or_insert((seen.at + 120_000, chunk.at));
            }
        }
        looked = world.seen.len();
        let Some((at, first)) = began.filter(|(at, _)| *at <= world.now) else {
            continue;
        };
        let position = first + (1.02 * (world.now - at) as f64) as Micros;
        place = position;
        least = least.min(received as f64 - position as f64);
        if reports && step.is_multiple_of(4) {
            let position_us = position.min(received);
            world.client(ClientEvent::Playback {
                position_us,
                client_us: None,
            });
        }
    }
    check(&world.seen);
    (world, least, place)
}

#[test]
fn a_fast_sound_card_never_runs_dry_in_a_session() {
    let (_, least, _) = fast_listener(true);
    assert!(least > 250_000.0, "{least}");
    let (_, least, _) = fast_listener(false);
    assert!(least < -1_000_000.0, "without reports it does: {least}");
}

#[test]
fn an_interrupt_finds_the_place_of_a_listener_that_is_followed() {
    let (mut world, _, position) = fast_listener(true);
    world.client(ClientEvent::Playback {
        position_us: position,
        client_us: None,
    });
    world.run_for(300_000);
    world.client(ClientEvent::Interrupt);
    let found = world.seen.iter().find_map(|seen| match &seen.event {
        ServerEvent::Interrupted { position_us, .. } => Some(*position_us),
        _ => None,
    });
    let (found, expected) = (found.unwrap(), position + 306_000);
    assert!(found.abs_diff(expected) < 1_000, "{found} for {expected}");
}

/// Faces of any skew up to 2 % and up to 200 ms of jitter, with sound from the 20th second on or from
/// the first.
fn paces() -> impl Iterator<Item = Pace> {
    let mut dice = Dice::new(11);
    (0..CLIENTS).map(move |seed| Pace {
        skew: (dice.roll(40_000) as f64 - 20_000.0) / 1e6,
        jitter_us: dice.roll(200_000),
        stall: None,
        speaks_at: dice.roll(1) * 20 * SECOND,
        seed,
    })
}

fn most_of_100(frames: &[Shown]) -> usize {
    let count = |some: &[Shown]| some.iter().filter(|frame| frame.corrected()).count();
    frames.windows(100).map(count).max().unwrap_or(0)
}

#[test]
fn no_frame_is_shown_late_once_the_loop_has_settled() {
    let mut apart = 0;
    for pace in paces() {
        let until = pace.speaks_at + 180 * SECOND;
        let frames = watch(Some(&mut Drift::default()), pace, until);
        assert!(most_of_100(&frames) <= 5, "{pace:?}");
        let steady: Vec<_> = frames
            .iter()
            .filter(|frame| frame.now > pace.speaks_at + 15 * SECOND)
            .collect();
        for frame in &steady {
            assert!(
                !frame.advice.show || frame.late <= LATE_US as i64,
                "{pace:?}: {frame:?}"
            );
            assert!(
                frame.advice.skip_us.is_none_or(|by| by == 40_000),
                "{frame:?}"
            );
        }
        let corrected = steady.iter().filter(|frame| frame.corrected()).count() as f64;
        let share = corrected / steady.len() as f64;
        assert!(share <= pace.skew.max(0.0) + 0.005, "{share} for {pace:?}");
        // The same face without the loop.
        let alone = watch(None, pace, until);
        apart +=
            u64::from(alone.iter().any(|frame| {
                frame.now > pace.speaks_at + 15 * SECOND && frame.late > LATE_US as i64
            }));
    }
    assert!(apart > CLIENTS / 3, "only {apart} of them need it");
}

#[test]
fn a_face_that_stood_still_catches_up_at_once() {
    let pace = Pace {
        skew: 0.0,
        jitter_us: 0,
        stall: Some((10 * SECOND, SECOND)),
        speaks_at: 0,
        seed: 1,
    };
    let frames = watch(Some(&mut Drift::default()), pace, 20 * SECOND);
    let asked: Vec<_> = frames
        .iter()
        .filter_map(|frame| frame.advice.skip_us)
        .collect();
    assert_eq!(asked, [1_000_000]);
    let after = |frame: &&Shown| frame.now > 11_150_000;
    assert!(frames.iter().filter(after).all(|frame| frame.late == 0));
    assert!(
        frames
            .iter()
            .all(|frame| !frame.advice.show || frame.late <= LATE_US as i64)
    );
    let alone = watch(None, pace, 20 * SECOND);
    assert!(
        alone
            .iter()
            .filter(after)
            .all(|frame| frame.late == SECOND as i64)
    );
}

#[test]
fn a_slow_face_keeps_step_in_a_session() {
    let script = Script {
        frame_us: 40_800,
        ..Script::default()
    };
    let mut world = World::connected(true, script);
    world.run_for(20 * SECOND);
    let long = "Sentence after sentence it goes on and on, as answers do. ".repeat(20);
    world.say(&long, TurnMode::Say);
    world.run_for(100 * SECOND);
    check(&world.seen);
    let metrics = world.seen.iter().find_map(|seen| match &seen.event {
        ServerEvent::Metrics(metrics) => Some(metrics),
        _ => None,
    });
    let metrics = metrics.unwrap();
    assert!(metrics.drift_ms.max > -60.0, "{metrics:?}");
    let share = f64::from(metrics.corrections) / f64::from(metrics.frames);
    assert!((0.01..0.03).contains(&share), "{share} of 2 %");
    let asked = world
        .avatar_inputs
        .iter()
        .filter_map(|(_, input)| match input {
            AvatarInput::Correct { shift_us, .. } => Some(*shift_us),
            _ => None,
        });
    assert!(asked.clone().all(|by| by == 40_000));
    assert!(asked.count() >= metrics.corrections as usize);
}
