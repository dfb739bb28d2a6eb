//! Controls and hints on fake time: from which moment they hold, and what the client is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use std::sync::Arc;
use tth_core::controls::{Character, ControlUpdate, RenderWish};
use tth_core::events::{ClientEvent, ServerEvent, TurnEnd, TurnMode};
use tth_core::media::Micros;
use tth_core::provider::{AvatarInput, ParamDomain, ParamSpec, Role, Stage};
use world::tell::*;
use world::*;

/// About 2.5 s each.
const LONG: &str = "This is the first sentence of many now. This is the second sentence of many now. \
                    This is the third sentence of many now. This is the fourth sentence of many now.";

#[test]
fn a_voice_is_given_an_utterance_when_it_needs_one() {
    let mut world = World::connected(true, script(LONG));
    world.say("Go.", TurnMode::Chat);
    world.run_for(300_000);
    assert_eq!(
        world.given.len(),
        1,
        "the first one at once: {:?}",
        world.given
    );
    world.run_for(20_000_000);
    check(&world.seen);
    assert_eq!(ended(&world), [TurnEnd::Completed]);
    assert_eq!(texts(&world).join(" "), LONG);
    let start = world.sounded(0).unwrap();
    for n in 1..world.given.len() {
        // A second of budget gives the least lead; the clock began at a second.
        let placed = world.sounded(n).unwrap();
        let ahead = placed - (world.given[n].at - 1_000_000);
        assert!(ahead <= 1_500_000, "{n} was given {ahead} us ahead");
        assert!(
            ahead > 1_400_000 || placed < start + 1_600_000,
            "{n}: {ahead}"
        );
    }
    // And yet there is no gap.
    let mut end = None;
    for seen in &world.seen {
        if let ServerEvent::Audio(chunk) = &seen.event {
            assert!(end.is_none_or(|end| end == chunk.at));
            end = Some(chunk.end());
        }
    }
}

#[test]
fn a_slow_voice_is_given_the_next_utterance_before_it_is_through() {
    let slow = Script {
        tts_speed: 0.98,
        tts_first_us: 300_000,
        ..script(LONG)
    };
    let mut world = World::connected(true, slow);
    world.say("Go.", TurnMode::Chat);
    world.run_for(20_000_000);
    check(&world.seen);
    assert_eq!(texts(&world).join(" "), LONG);
    for n in 1..world.given.len() {
        let heard = world.given[n].at - 1_000_000;
        let (began, next) = (world.sounded(n - 1).unwrap(), world.sounded(n).unwrap());
        assert!(began < heard && heard + 300_000 < next, "{n}");
    }
}

#[test]
fn a_file_is_not_throttled() {
    let mut world = World::connected(false, script(LONG));
    world.say("Go.", TurnMode::Chat);
    let start = world.now;
    world.run_for(60_000_000);
    assert_eq!(texts(&world).join(" "), LONG);
    assert!(world.given.iter().all(|given| given.at < start + 100_000));
    assert_eq!(ended(&world), [TurnEnd::Completed]);
}

#[test]
fn in_a_turn_the_face_changes_at_once_and_the_voice_with_its_next_utterance() {
    let mut world = World::connected(true, script(LONG));
    world.run_for(100_000);
    world.client(feel("calm"));
    world.run_for(100_000);
    world.say("Go.", TurnMode::Chat);
    world.run_for(1_000_000);
    let (before, changed) = (world.given.len(), world.now);
    world.client(feel("joy"));
    world.run_for(20_000_000);
    check(&world.seen);
    assert_eq!(ended(&world), [TurnEnd::Completed]);
    assert_eq!(world.voice_controls, [(before, "joy".to_owned())]);
    assert_eq!(texts(&world).join(" "), LONG);
    for (n, told) in tolds(&world).into_iter().enumerate() {
        assert_eq!(told, if n < before { "calm" } else { "joy" });
    }
    let of = |stage| {
        let told = world.applied(stage).into_iter();
        told.filter(|(_, said, _)| said == "joy")
            .collect::<Vec<_>>()
    };
    let [(at, _, from)] = &of(Stage::Avatar)[..] else {
        panic!("told once")
    };
    assert!(*at < changed + 1_000, "at once");
    face_turns(&world, "calm", "joy", *from, from + 2_000_000);
    let [(_, _, from)] = &of(Stage::Tts)[..] else {
        panic!("told once")
    };
    assert_eq!(*from, world.sounded(before).unwrap());
    assert_eq!(of(Stage::Llm), [], "it answers with it in the next turn");
    world.say("And now?", TurnMode::Chat);
    let next = world.given.len();
    world.run_for(3_000_000);
    let told = world.applied(Stage::Llm).pop().unwrap();
    assert_eq!(
        (told.1.as_str(), told.2),
        ("joy", world.sounded(next).unwrap())
    );
}

#[test]
fn between_turns_everything_is_told_at_once_and_holds_in_the_next() {
    let mut world = World::connected(true, script(LONG));
    world.run_for(500_000);
    world.client(feel("joy"));
    world.run_for(1_000);
    let from: Vec<_> = [Stage::Llm, Stage::Tts, Stage::Avatar]
        .into_iter()
        .flat_map(|stage| world.applied(stage))
        .collect();
    assert_eq!(from.len(), 3);
    assert!(from.iter().all(|told| *told == from[0]), "{from:?}");
    world.run_for(500_000);
    face_turns(&world, "-", "joy", from[0].2, Micros::MAX);
    world.say("Go.", TurnMode::Chat);
    world.run_for(3_000_000);
    assert_eq!(world.given[0].told, "joy");
    assert_eq!(world.applied(Stage::Tts).len(), 1, "not told twice");
}

#[test]
fn a_turn_right_after_a_change_does_not_sound_before_it_holds() {
    for wait in (0..60_000).step_by(5_000) {
        let quick = Script {
            tts_first_us: 1_000,
            ..script(LONG)
        };
        let mut config = config(true);
        config.pacing.playout_us = 20_000;
        let mut world = World::new(config, quick);
        world.give(tth_core::session::Input::Attached);
        world.run_for(500_000 + wait);
        world.client(feel("joy"));
        world.run_for(100);
        world.say("Go.", TurnMode::Chat);
        world.run_for(3_000_000);
        check(&world.seen);
        let from = world.applied(Stage::Tts)[0].2;
        assert!(from <= world.sounded(0).unwrap(), "{wait}");
    }
}

#[test]
fn of_conflicting_updates_the_last_one_wins() {
    for resolve_us in [40, 30_000] {
        let slow = Script {
            resolve_us,
            ..script(LONG)
        };
        let mut world = World::connected(true, slow);
        world.run_for(100_000);
        world.say("Go.", TurnMode::Chat);
        world.run_for(1_000_000);
        let before = world.given.len();
        let rate = |rate: f32| {
            ClientEvent::ControlUpdate(ControlUpdate {
                character: Some(Character {
                    speech_rate: Some(rate),
                    ..Character::default()
                }),
                ..ControlUpdate::default()
            })
        };
        for update in [
            feel("joy"),
            rate(1.5),
            feel("anger"),
            rate(0.5),
            feel("fear"),
        ] {
            world.client(update);
            world.run_for(5_000);
        }
        world.client(rate(9.0));
        assert_eq!(errors(&world), 1, "an invalid one changes nothing");
        world.run_for(20_000_000);
        check(&world.seen);
        assert_eq!(world.voice_controls, [(before, "fear@0.5".to_owned())]);
        let face = world.avatar_inputs.iter();
        let face = face.filter(|(_, input)| matches!(input, AvatarInput::Control(_)));
        // What is out of date when the mapper has answered is shown to nobody.
        assert_eq!(face.count(), if resolve_us > 25_000 { 1 } else { 5 });
        let last = world.applied(Stage::Tts).pop().unwrap();
        assert_eq!(last.1, "fear@0.5");
        assert_eq!(last.2, world.sounded(before).unwrap());
    }
}

#[test]
fn without_another_utterance_the_voice_changes_with_the_next_turn() {
    let mut world = World::connected(true, script("This is all there is to say about it."));
    world.say("Go.", TurnMode::Chat);
    world.run_for(1_000_000);
    world.client(feel("joy"));
    world.run_for(8_000_000);
    assert_eq!(tolds(&world), ["-"]);
    let joy = |world: &World| {
        let told = world.applied(Stage::Tts).into_iter();
        told.filter(|told| told.1 == "joy").collect::<Vec<_>>()
    };
    assert_eq!(joy(&world), []);
    world.say("Again.", TurnMode::Say);
    world.run_for(8_000_000);
    assert_eq!(tolds(&world), ["-", "joy"]);
    assert_eq!(joy(&world)[0].2, world.sounded(1).unwrap());
    let told = world.applied(Stage::Llm);
    assert!(told.iter().all(|told| told.1 != "joy"), "it was not asked");
}

#[test]
fn an_interrupt_drops_what_waits_and_what_was_promised_holds_later() {
    let mut world = World::connected(true, script(LONG));
    world.say("Go.", TurnMode::Chat);
    world.run_for(1_200_000);
    world.client(feel("joy"));
    world.run_for(10_000);
    world.client(ClientEvent::Interrupt);
    let given = texts(&world).join(" ");
    assert!(given.len() < LONG.len() && LONG.starts_with(&given));
    let heard = world.seen.iter().rev().find_map(|seen| match &seen.event {
        ServerEvent::Interrupted { text_heard, .. } => Some(text_heard.clone()),
        _ => None,
    });
    let heard = heard.unwrap();
    assert!(!heard.is_empty() && given.starts_with(&heard), "{heard:?}");
    let before = world.given.len();
    world.say("And now?", TurnMode::Chat);
    world.run_for(20_000_000);
    check(&world.seen);
    assert_eq!(world.messages[1][2].content, heard);
    assert_eq!(texts(&world)[before..].join(" "), LONG);
    let told = world.applied(Stage::Tts).pop().unwrap();
    assert_eq!(
        (told.1.as_str(), told.2),
        ("joy", world.sounded(before).unwrap())
    );
}

#[test]
fn another_picture_in_mid_turn_does_not_keep_the_voice_waiting() {
    let mut world = World::connected(true, script(LONG));
    world.say("Go.", TurnMode::Chat);
    world.run_for(500_000);
    world.client(ClientEvent::ControlUpdate(ControlUpdate {
        render: Some(RenderWish {
            fps: Some(30),
            ..RenderWish::default()
        }),
        ..ControlUpdate::default()
    }));
    world.run_for(20_000_000);
    check(&world.seen);
    assert_eq!(texts(&world).join(" "), LONG);
    assert_eq!(ended(&world), [TurnEnd::Completed]);
}

#[test]
fn a_voice_that_likes_clauses_is_given_clauses() {
    let answer = "Yes. When the rain had stopped at last, we walked along the river for hours.";
    let mut config = config(true);
    let mut voice = candidate("voice");
    Arc::make_mut(&mut voice.info).features = vec!["clauses".into()];
    config.tts = vec![voice];
    for (config, expected) in [(config, 3), (world::config(true), 2)] {
        let mut world = World::new(config, script(answer));
        world.give(tth_core::session::Input::Attached);
        world.say("Go.", TurnMode::Chat);
        world.run_for(20_000_000);
        assert_eq!(world.given.len(), expected, "{:?}", texts(&world));
        assert_eq!(texts(&world).join(" "), answer);
    }
}

#[test]
fn a_language_model_is_told_its_prompt_once() {
    let asked = |llm: Vec<tth_core::session::Candidate>, fail: bool| {
        let mut config = config(true);
        config.llm = llm;
        let failing = Script {
            fail_open: if fail { vec![(Stage::Llm, 0)] } else { vec![] },
            ..Script::default()
        };
        let mut world = World::new(config, failing);
        world.give(tth_core::session::Input::Attached);
        world.say("Go.", TurnMode::Chat);
        world.run_for(5_000_000);
        assert_eq!(ended(&world), [TurnEnd::Completed]);
        let asked = world.messages.last().unwrap();
        let system = asked.iter().filter(|message| message.role == Role::System);
        system
            .map(|message| message.content.clone())
            .collect::<Vec<_>>()
    };
    let plain = candidate("plain");
    let mut own = candidate("own");
    Arc::make_mut(&mut own.info).params = vec![ParamSpec {
        name: "instructions".into(),
        domain: ParamDomain::Text,
        follows: Some("persona.prompt".into()),
        live: false,
    }];
    assert_eq!(asked(vec![plain.clone()], false), ["Prompt for plain."]);
    assert_eq!(asked(vec![own.clone()], false), [""; 0]);
    // The one that takes over is told its own.
    assert_eq!(
        asked(vec![own.clone(), plain.clone()], true),
        ["Prompt for plain."]
    );
    assert_eq!(asked(vec![plain, own], true), [""; 0]);
}
