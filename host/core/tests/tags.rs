//! Inline tags and hints on fake time: nobody sees or hears one, and they hold from their place on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use tth_core::controls::Emotion;
use tth_core::events::{ServerEvent, TurnEnd, TurnMode};
use tth_core::media::Micros;
use tth_core::provider::{AvatarInput, Stage};
use tth_core::session::Input;
use world::tell::*;
use world::*;

#[test]
fn tags_are_never_seen_or_heard_and_hold_from_their_place_on() {
    let answer = "<feel:joy:0.8> Oh, this is the most wonderful news of all. You have waited so long \
                  for it. <feel:tender> Take your time and tell me everything.";
    let said = "Oh, this is the most wonderful news of all. You have waited so long for it. Take your \
                time and tell me everything.";
    for realtime in [true, false] {
        let mut world = World::connected(realtime, script(answer));
        world.run_for(100_000);
        world.say("I won!", TurnMode::Chat);
        world.run_for(20_000_000);
        check(&world.seen);
        assert_eq!(ended(&world), [TurnEnd::Completed]);
        assert_eq!(errors(&world), 0);
        assert_eq!(shown(&world), said);
        assert_eq!(texts(&world).join(" "), said);
        let tender = world.given.len() - 1;
        let mut expected = vec!["joy"; tender];
        expected.push("tender");
        assert_eq!(tolds(&world), expected);
        for (stage, count) in [(Stage::Tts, 2), (Stage::Avatar, 2)] {
            let told = world.applied(stage);
            assert_eq!(told.len(), count, "{stage:?}: {told:?}");
        }
        // The face changes with the sound, not when the voice is told.
        let place = world.sounded(tender).unwrap();
        let (_, label, from) = world.applied(Stage::Avatar).pop().unwrap();
        assert_eq!(label, "tender");
        assert!(
            (place..place + 80_000).contains(&from),
            "{from} for {place}"
        );
        face_turns(&world, "joy", "tender", from, Micros::MAX);
        world.say("Go on.", TurnMode::Chat);
        assert_eq!(world.messages.len(), 1);
        world.run_for(1_000);
        assert_eq!(world.messages[1][2].content, said);
    }
}

#[test]
fn hints_beside_the_text_hold_from_their_place_too() {
    let hinted = Script {
        hints: vec![(0, "joy", 0.8), (8, "fear", 0.5)],
        ..script("This is the first sentence of many now. And this is the second one of them.")
    };
    let mut world = World::connected(true, hinted);
    world.say("Go.", TurnMode::Chat);
    world.run_for(20_000_000);
    check(&world.seen);
    assert_eq!(tolds(&world), ["joy", "fear"]);
    world.say("Go.", TurnMode::Say);
    world.run_for(100_000);
    assert_eq!(world.given[2].told, "-", "a hint is for its turn");
}

#[test]
fn a_word_that_is_no_feeling_changes_nothing_and_is_not_spoken() {
    let answer = "<feel:joy> This is the first sentence of all. <feel:bewildered:1> This is the second \
                  sentence here. <feel:happy> And this is the third of them all.";
    let hinted = Script {
        hints: vec![(4, "zeitgeist", 0.5), (4, "not a word", 0.5)],
        ..script(answer)
    };
    let mut world = World::connected(true, hinted);
    world.say("Go.", TurnMode::Chat);
    world.run_for(20_000_000);
    check(&world.seen);
    assert_eq!(ended(&world), [TurnEnd::Completed]);
    assert_eq!(errors(&world), 0);
    assert!(!shown(&world).contains("feel") && !shown(&world).contains("bewildered"));
    assert!(
        tolds(&world).iter().all(|told| *told == "joy"),
        "{:?}",
        world.given
    );
    assert!(
        world
            .frames()
            .iter()
            .all(|(_, drawn)| drawn == "-" || drawn == "joy")
    );
}

#[test]
fn the_client_is_stronger_than_a_hint() {
    let answer =
        "<feel:joy> This is the first sentence of all. <feel:fear> This is the second one.";
    let mut world = World::connected(true, script(answer));
    world.client(feel("calm"));
    world.run_for(100_000);
    world.say("Go.", TurnMode::Chat);
    world.run_for(20_000_000);
    assert!(tolds(&world).iter().all(|told| *told == "calm"));
    assert_eq!(world.voice_controls, []);
    assert_eq!(
        world.applied(Stage::Tts).len(),
        1,
        "nothing changed, nothing is told"
    );
}

#[test]
fn a_hint_is_stronger_than_what_the_session_was_opened_with() {
    let answer = "This is the first sentence of all. <feel:fear> This is the second one.";
    let mut world = World::new(config(true), script(answer));
    let sad = Emotion {
        label: Some("sadness".into()),
        ..Emotion::default()
    };
    world.session.set_controls(Some(&sad), None);
    world.give(Input::Attached);
    world.say("Go.", TurnMode::Chat);
    world.run_for(20_000_000);
    assert_eq!(tolds(&world), ["sadness", "fear"]);
}

#[test]
fn what_a_user_says_is_spoken_as_it_is() {
    let mut world = World::connected(true, Script::default());
    let text = "The tag <feel:joy> is a word like any other.";
    world.say(text, TurnMode::Say);
    world.run_for(20_000_000);
    assert_eq!(shown(&world), text);
    assert_eq!(texts(&world).join(" "), text);
}

#[test]
fn what_only_began_like_a_tag_is_said_at_the_end() {
    let mut world = World::connected(true, script("So it is <feel:joy"));
    world.say("Go.", TurnMode::Chat);
    world.run_for(5_000_000);
    assert_eq!(shown(&world), "So it is <feel:joy");
    assert_eq!(texts(&world), ["So it is <feel:joy"]);
}

#[test]
fn endless_tags_end_the_answer() {
    let mut world = World::connected(true, script(&"<feel:joy> ".repeat(5_000)));
    world.say("Go.", TurnMode::Chat);
    world.run_for(20_000_000);
    let cut = world
        .seen
        .iter()
        .any(|seen| matches!(&seen.event, ServerEvent::Error { code, .. } if code == "answer_cut"));
    assert!(cut);
    assert_eq!(ended(&world), [TurnEnd::Completed]);
}

#[test]
fn a_voice_that_takes_over_says_the_same_as_it_was_meant() {
    for (realtime, script) in [
        (
            true,
            script("<feel:joy> Well, this is the first. <feel:fear> This is the second."),
        ),
        (
            false,
            script("<feel:joy> Well, this is the first. <feel:fear> This is the second."),
        ),
    ] {
        let failing = Script {
            fail_after: vec![(Stage::Tts, 0, 0)],
            ..script
        };
        let mut world = World::connected(realtime, failing);
        world.say("Go.", TurnMode::Chat);
        world.run_for(20_000_000);
        check(&world.seen);
        assert_eq!(ended(&world), [TurnEnd::Completed]);
        let second: Vec<_> = world.given.iter().filter(|given| given.call == 1).collect();
        let said: Vec<_> = second
            .iter()
            .map(|given| (given.text.as_str(), given.told.as_str()))
            .collect();
        assert_eq!(
            said,
            [
                ("Well, this is the first.", "joy"),
                ("This is the second.", "fear")
            ]
        );
        let seen = world
            .avatar_inputs
            .iter()
            .filter(|(_, input)| matches!(input, AvatarInput::Utterance(_)));
        assert_eq!(seen.count(), 2, "the face sees each utterance once");
    }
}
