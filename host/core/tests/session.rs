//! Whole sessions on fake time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use tth_core::controls::{ControlUpdate, Emotion, RenderWish};
use tth_core::events::{ClientEvent, ServerEvent, TurnEnd, TurnMetrics, TurnMode};
use tth_core::media::{Viseme, VisemeMark};
use tth_core::provider::{AvatarInput, Role, Stage, TtsEvent};
use tth_core::session::Input;
use world::*;

fn ended(world: &World) -> Vec<TurnEnd> {
    let ends = world.seen.iter().filter_map(|seen| match seen.event {
        ServerEvent::TurnEnded { reason } => Some(reason),
        _ => None,
    });
    ends.collect()
}

fn metrics(world: &World) -> TurnMetrics {
    let found = world.seen.iter().rev().find_map(|seen| match &seen.event {
        ServerEvent::Metrics(metrics) => Some(metrics.clone()),
        _ => None,
    });
    found.expect("a turn's metrics")
}

fn text(world: &World) -> String {
    let deltas = world.seen.iter().filter_map(|seen| match &seen.event {
        ServerEvent::TextDelta { text } => Some(text.as_str()),
        _ => None,
    });
    deltas.collect()
}

fn heard(world: &World) -> Option<String> {
    world.seen.iter().rev().find_map(|seen| match &seen.event {
        ServerEvent::Interrupted { text_heard, .. } => Some(text_heard.clone()),
        _ => None,
    })
}

fn errors(world: &World) -> Vec<String> {
    let errors = world.seen.iter().filter_map(|seen| match &seen.event {
        ServerEvent::Error { code, .. } => Some(code.clone()),
        _ => None,
    });
    errors.collect()
}

#[test]
fn a_sentence_in_a_person_out() {
    let mut world = World::connected(true, Script::default());
    world.run_for(500_000);
    let idle = world
        .seen
        .iter()
        .filter(|seen| matches!(seen.event, ServerEvent::Video(_)))
        .count();
    assert!(
        (12..=15).contains(&idle),
        "{idle} idle frames in half a second"
    );
    world.say("I just got wonderful news!", TurnMode::Chat);
    world.run_for(10_000_000);
    check(&world.seen);
    assert_eq!(ended(&world), [TurnEnd::Completed]);
    assert_eq!(text(&world), Script::default().answer);
    let metrics = metrics(&world);
    assert!(metrics.ttfa_ms.unwrap() < 150.0, "{metrics:?}");
    assert!(metrics.ttfv_ms.unwrap() < 200.0, "{metrics:?}");
    assert!(metrics.frames > 70, "{metrics:?}");
    assert_eq!(metrics.fallbacks, 0);
    assert!(metrics.drift_ms.max > -40.0, "{metrics:?}");
    assert!(
        metrics.total_ms > metrics.audio_ms,
        "the turn lasts until it is heard"
    );
}

#[test]
fn audio_never_leaves_more_than_its_lead_ahead_and_video_keeps_step() {
    let mut world = World::connected(true, Script::default());
    world.run_for(1_000_000);
    world.say("Go on.", TurnMode::Chat);
    world.run_for(8_000_000);
    let attached_at = 1_000_000;
    let mut audio_end = 0;
    for seen in &world.seen {
        let heard = seen.at - attached_at;
        match &seen.event {
            ServerEvent::Audio(chunk) => {
                assert!(chunk.at <= heard + 400_000, "{} at {heard}", chunk.at);
                audio_end = chunk.end();
            }
            ServerEvent::Video(frame) => {
                assert!(
                    frame.at <= audio_end.max(heard + 60_000),
                    "{} at {heard}",
                    frame.at
                );
            }
            _ => {}
        }
    }
    assert!(audio_end > 0);
}

#[test]
fn an_interrupt_is_the_last_word_and_history_holds_what_was_heard() {
    let mut world = World::connected(true, Script::default());
    world.run_for(200_000);
    world.say("Hello?", TurnMode::Chat);
    world.run_for(1_500_000);
    world.client(ClientEvent::Interrupt);
    let stopped = world.seen.len();
    assert_eq!(ended(&world), [TurnEnd::Interrupted]);
    let text = heard(&world).unwrap();
    assert!(
        !text.is_empty() && Script::default().answer.starts_with(&text),
        "{text:?}"
    );
    world.say("And now?", TurnMode::Chat);
    world.run_for(8_000_000);
    check(&world.seen);
    let history = &world.messages[1];
    assert_eq!(history[0].role, Role::System);
    assert_eq!(history[2].content, text, "{history:?}");
    assert_eq!(history[3].content, "And now?");
    assert!(
        world
            .avatar_inputs
            .iter()
            .any(|(_, input)| *input == AvatarInput::Interrupt)
    );
    let face_goes_on = world.seen[stopped..]
        .iter()
        .find(|s| matches!(s.event, ServerEvent::Video(_)));
    assert!(face_goes_on.is_some());
}

#[test]
fn text_during_a_turn_is_a_barge_in() {
    let mut world = World::connected(true, Script::default());
    world.say("One.", TurnMode::Chat);
    world.run_for(900_000);
    world.say("Two.", TurnMode::Chat);
    world.run_for(8_000_000);
    check(&world.seen);
    assert_eq!(ended(&world), [TurnEnd::Interrupted, TurnEnd::Completed]);
}

#[test]
fn what_the_client_played_decides_what_was_heard() {
    let mut world = World::connected(true, Script::default());
    world.say("Hello?", TurnMode::Chat);
    world.run_for(1_500_000);
    world.client(ClientEvent::Playback {
        position_us: 0,
        client_us: None,
    });
    world.client(ClientEvent::Interrupt);
    assert_eq!(heard(&world).as_deref(), Some(""));
}

#[test]
fn say_speaks_the_text_itself_without_a_language_model() {
    let mut world = World::connected(true, Script::default());
    world.say("Just this.", TurnMode::Say);
    world.run_for(5_000_000);
    assert!(world.messages.is_empty());
    assert_eq!(ended(&world), [TurnEnd::Completed]);
    assert!(metrics(&world).audio_ms > 500.0);
}

#[test]
fn gathered_text_waits_for_its_end() {
    let mut world = World::connected(true, Script::default());
    let part = |text: &str| ClientEvent::UserText {
        text: text.into(),
        mode: TurnMode::Chat,
        end_turn: false,
    };
    world.client(part("One"));
    world.client(part("two."));
    world.run_for(100_000);
    assert!(world.messages.is_empty());
    world.client(ClientEvent::EndTurn);
    world.run_for(6_000_000);
    assert_eq!(world.messages[0].last().unwrap().content, "One two.");
}

#[test]
fn a_file_is_made_as_fast_as_it_goes_with_the_picture_as_long_as_the_sound() {
    let mut world = World::connected(false, Script::default());
    world.say("Make a clip.", TurnMode::Chat);
    let start = world.now;
    world.run_for(60_000_000);
    check(&world.seen);
    assert_eq!(ended(&world), [TurnEnd::Completed]);
    let last = world.seen.last().unwrap().at;
    let metrics = metrics(&world);
    assert!(
        ((last - start) as f64) < metrics.audio_ms * 1_000.0 * 0.5,
        "{metrics:?}"
    );
    let shown = f64::from(metrics.frames) * 40.0;
    assert!((shown - metrics.audio_ms).abs() <= 80.0, "{metrics:?}");
}

#[test]
fn before_the_first_output_the_next_provider_takes_over() {
    for stage in [Stage::Llm, Stage::Tts, Stage::Avatar] {
        for script in [
            Script {
                fail_open: vec![(stage, 0)],
                ..Script::default()
            },
            Script {
                silent: vec![(stage, 0)],
                ..Script::default()
            },
            Script {
                fail_after: vec![(stage, 0, 0)],
                ..Script::default()
            },
        ] {
            let mut world = World::connected(true, script);
            world.say("Hello.", TurnMode::Chat);
            world.run_for(12_000_000);
            check(&world.seen);
            let switched = world.seen.iter().any(|seen| {
                matches!(&seen.event, ServerEvent::ProviderSwitched { stage: s, to: Some(_), .. } if *s == stage)
            });
            assert!(switched, "{stage:?}");
            assert_eq!(ended(&world), [TurnEnd::Completed], "{stage:?}");
            assert!(metrics(&world).audio_ms > 1_000.0);
            assert!(metrics(&world).frames > 0);
        }
    }
}

#[test]
fn a_voice_that_dies_is_replaced_at_the_word_it_had_come_to() {
    let answer =
        "One sentence stands here. And another one of them. The third is longer than both.";
    let all: Vec<&str> = answer.split(' ').collect();
    let ms = |words: &[&str]| {
        words
            .iter()
            .map(|word| (word.len() as u64 + 1) * MS_PER_CHAR)
            .sum::<u64>()
    };
    // A word counts as whole when no more than this of it is missing.
    const WHOLE_MS: u64 = 30;
    let mut resumed = 0;
    for text_marks in [true, false] {
        for events in 1..400 {
            let mut world = World::connected(
                true,
                Script {
                    answer: answer.into(),
                    fail_after: vec![(Stage::Tts, 0, events)],
                    text_marks,
                    ..Script::default()
                },
            );
            world.say("Hello.", TurnMode::Chat);
            world.run_for(30_000_000);
            check(&world.seen);
            assert_eq!(ended(&world), [TurnEnd::Completed], "after {events} events");
            assert!(errors(&world).is_empty());
            if metrics(&world).fallbacks == 0 {
                break;
            }
            resumed += 1;
            let (first, second): (Vec<_>, Vec<_>) =
                world.given.iter().partition(|given| given.call == 0);
            let rest: Vec<&str> = second
                .iter()
                .flat_map(|given| given.text.split(' '))
                .collect();
            assert!(
                all.ends_with(&rest),
                "nothing is lost: {rest:?} after {first:?}"
            );
            let kept = &all[..all.len() - rest.len()];
            let heard = metrics(&world).audio_ms as u64;
            let told = ms(kept) + ms(&rest);
            // What had left of a word that was not whole is heard, and the word again.
            let most = if text_marks {
                ms(&["sentence"])
            } else {
                ms(&all)
            };
            assert!(
                (told - WHOLE_MS..told + most).contains(&heard),
                "{heard} ms for {told}, after {events}"
            );
        }
    }
    assert!(resumed > 100, "{resumed} times");
}

#[test]
fn a_language_model_that_dies_is_followed_in_the_middle_of_its_answer() {
    let answer = Script::default().answer;
    for (continues, events) in [true, false]
        .into_iter()
        .flat_map(|can| (1..10).map(move |n| (can, n)))
    {
        let mut world = World::connected(
            true,
            Script {
                fail_after: vec![(Stage::Llm, 0, events)],
                continues,
                ..Script::default()
            },
        );
        world.say("Hello.", TurnMode::Chat);
        world.run_for(12_000_000);
        check(&world.seen);
        let text = text(&world);
        let spoken: Vec<&str> = world
            .given
            .iter()
            .map(|given| given.text.as_str())
            .collect();
        let spoken = spoken.join(" ");
        if !continues {
            assert!(answer.starts_with(&text) && text.starts_with(&spoken));
            assert_eq!(ended(&world), [TurnEnd::Failed], "nobody can go on");
            continue;
        }
        assert_eq!(
            (text.as_str(), spoken.as_str()),
            (&*answer, &*answer),
            "after {events}"
        );
        assert_eq!(ended(&world), [TurnEnd::Completed]);
        assert!(errors(&world).is_empty());
        let begun = &world.messages[1][world.messages[1].len() - 2];
        assert!(begun.role == Role::Assistant && answer.starts_with(&begun.content));

        world.say("And now?", TurnMode::Chat);
        world.run_for(12_000_000);
        let history: Vec<&str> = world.messages[2]
            .iter()
            .skip(1)
            .map(|one| one.content.as_str())
            .collect();
        assert_eq!(
            history,
            ["Hello.", &answer, "And now?"],
            "the seam is not remembered"
        );
    }
}

#[test]
fn a_voice_that_dies_in_an_answer_is_followed_in_the_same_feeling() {
    for events in 1..120 {
        let mut world = World::connected(
            true,
            Script {
                answer: "<feel:joy> One sentence stands here. <feel:fear> And another one of them."
                    .into(),
                fail_after: vec![(Stage::Tts, 0, events)],
                ..Script::default()
            },
        );
        world.say("Hello.", TurnMode::Chat);
        world.run_for(30_000_000);
        for given in &world.given {
            let first = given.text.contains("here.");
            assert_eq!(
                given.told,
                if first { "joy" } else { "fear" },
                "{given:?} after {events}"
            );
        }
    }
}

#[test]
fn a_better_face_that_failed_is_tried_again_later() {
    let script = Script {
        fail_after: vec![(Stage::Avatar, 0, 3)],
        ..Script::default()
    };
    let mut world = World::connected(true, script);
    world.run_for(2_000_000);
    let serving = |world: &World| world.session.providers().last().unwrap().1.clone();
    assert_eq!(serving(&world), "still");
    world.run_for(20_000_000);
    world.say("Hello.", TurnMode::Chat);
    world.run_for(8_000_000);
    check(&world.seen);
    assert_eq!(serving(&world), "face");
    assert_eq!(ended(&world), [TurnEnd::Completed]);
}

#[test]
fn when_every_face_fails_the_voice_goes_on_alone() {
    let script = Script {
        fail_open: vec![(Stage::Avatar, 0), (Stage::Avatar, 1)],
        ..Script::default()
    };
    for realtime in [true, false] {
        let mut world = World::connected(realtime, script.clone());
        world.say("Hello.", TurnMode::Chat);
        world.run_for(12_000_000);
        check(&world.seen);
        assert_eq!(ended(&world), [TurnEnd::Completed]);
        assert!(
            world
                .seen
                .iter()
                .any(|seen| matches!(&seen.event, ServerEvent::ProviderSwitched { to: None, .. }))
        );
    }
}

#[test]
fn the_last_face_may_fall_in_mid_turn_and_the_voice_goes_on() {
    for frames in 0..40 {
        let script = Script {
            fail_after: vec![(Stage::Avatar, 0, 15), (Stage::Avatar, 1, frames)],
            ..Script::default()
        };
        let mut world = World::connected(true, script);
        world.run_for(300_000);
        world.say("Hello.", TurnMode::Chat);
        world.run_for(12_000_000);
        check(&world.seen);
        assert_eq!(ended(&world), [TurnEnd::Completed], "after {frames} frames");
        assert!(errors(&world).is_empty());
        let all_heard = metrics(&world).audio_ms;
        assert!(all_heard > 2_500.0, "{all_heard} ms after {frames} frames");
        let switched = world.seen.iter().filter_map(|seen| match &seen.event {
            ServerEvent::ProviderSwitched { from, to, .. } => Some((from.as_str(), to.as_deref())),
            _ => None,
        });
        let switched: Vec<_> = switched.collect();
        assert_eq!(switched, [("face", Some("still")), ("still", None)]);
    }
}

#[test]
fn when_every_voice_fails_the_text_still_comes_and_the_turn_says_so() {
    let script = Script {
        fail_open: vec![(Stage::Tts, 0), (Stage::Tts, 1)],
        ..Script::default()
    };
    let mut world = World::connected(true, script);
    world.say("Hello.", TurnMode::Chat);
    world.run_for(12_000_000);
    check(&world.seen);
    assert_eq!(ended(&world), [TurnEnd::Failed]);
    assert_eq!(errors(&world), ["unavailable"]);
    assert!(
        world
            .seen
            .iter()
            .any(|seen| matches!(seen.event, ServerEvent::TextDelta { .. }))
    );
}

#[test]
fn a_voice_slower_than_real_time_leaves_gaps_but_never_goes_back() {
    let script = Script {
        tts_speed: 1.5,
        ..Script::default()
    };
    let mut world = World::connected(true, script);
    world.say("Hello.", TurnMode::Chat);
    world.run_for(30_000_000);
    check(&world.seen);
    assert_eq!(ended(&world), [TurnEnd::Completed]);
}

#[test]
fn a_face_slower_than_real_time_is_asked_to_catch_up() {
    let script = Script {
        frame_us: 60_000,
        ..Script::default()
    };
    let mut world = World::connected(true, script);
    world.run_for(2_000_000);
    let asked = world
        .avatar_inputs
        .iter()
        .any(|(_, input)| matches!(input, AvatarInput::Correct { shift_us, .. } if *shift_us > 0));
    assert!(asked);
    world.say("Hello.", TurnMode::Chat);
    world.run_for(10_000_000);
    check(&world.seen);
    assert!(
        metrics(&world).drift_ms.p95 > -400.0,
        "{:?}",
        metrics(&world)
    );
}

#[test]
fn bad_text_is_refused_with_a_reason_and_the_session_goes_on() {
    let mut world = World::connected(true, Script::default());
    world.say("   \u{202e}\u{0} ", TurnMode::Chat);
    world.say(&"x".repeat(100_000), TurnMode::Chat);
    world.client(ClientEvent::EndTurn);
    assert_eq!(
        errors(&world),
        ["empty_text", "text_too_long", "empty_text"]
    );
    world.say("😀🎉", TurnMode::Say);
    world.run_for(2_000_000);
    world.say("Fine.", TurnMode::Chat);
    world.run_for(8_000_000);
    check(&world.seen);
    assert_eq!(ended(&world), [TurnEnd::Completed, TurnEnd::Completed]);
}

#[test]
fn controls_are_checked_whole_resolved_and_reported() {
    let mut world = World::connected(true, Script::default());
    world.run_for(100_000);
    let update = |label: &str, intensity: f32| {
        ClientEvent::ControlUpdate(ControlUpdate {
            emotion: Some(Emotion {
                label: Some(label.into()),
                intensity: Some(intensity),
                ..Emotion::default()
            }),
            ..ControlUpdate::default()
        })
    };
    world.client(update("joy", 7.0));
    world.client(update("jealous", 0.5));
    assert_eq!(errors(&world), ["invalid_control", "invalid_control"]);
    world.client(update("joy", 0.7));
    world.run_for(10_000);
    let told = world.seen.iter().any(|seen| matches!(&seen.event, ServerEvent::ControlApplied { report, .. } if report.len() == 3));
    assert!(told);
    let face_told = world
        .avatar_inputs
        .iter()
        .any(|(_, input)| matches!(input, AvatarInput::Control(_)));
    assert!(face_told);
}

#[test]
fn another_picture_size_opens_the_face_anew_and_time_goes_on() {
    let mut world = World::connected(true, Script::default());
    world.run_for(500_000);
    world.client(ClientEvent::ControlUpdate(ControlUpdate {
        render: Some(RenderWish {
            resolution: Some("512x512".into()),
            ..RenderWish::default()
        }),
        ..ControlUpdate::default()
    }));
    let before = world.seen.len();
    world.run_for(500_000);
    check(&world.seen);
    let frames = world.seen[before..]
        .iter()
        .filter(|s| matches!(s.event, ServerEvent::Video(_)))
        .count();
    assert!(frames > 9, "{frames}");
}

#[test]
fn a_client_that_vanishes_stops_the_turn_and_may_come_back() {
    let mut world = World::connected(true, Script::default());
    world.say("Hello.", TurnMode::Chat);
    world.run_for(1_000_000);
    world.give(tth_core::session::Input::Detached);
    assert_eq!(ended(&world), [TurnEnd::Interrupted]);
    let gone = world.seen.len();
    world.run_for(5_000_000);
    assert_eq!(
        world.seen.len(),
        gone,
        "nothing is made while nobody listens"
    );
    world.give(tth_core::session::Input::Attached);
    world.say("Again.", TurnMode::Chat);
    world.run_for(8_000_000);
    check(&world.seen);
    assert_eq!(ended(&world), [TurnEnd::Interrupted, TurnEnd::Completed]);
}

#[test]
fn a_voice_that_tells_of_sound_but_makes_none_is_replaced_in_its_budget() {
    let mut world = World::connected(
        true,
        Script {
            silent: vec![(Stage::Tts, 0)],
            ..Script::default()
        },
    );
    world.say("Hello there.", TurnMode::Say);
    let began = world.now;
    let mark = VisemeMark {
        at: 0,
        duration_us: 100_000,
        shape: Viseme::Aa,
        weight: 1.0,
    };
    while world.now < began + 20_000_000 && ended(&world).is_empty() {
        world.run_for(500_000);
        let told = Some(Ok(TtsEvent::Viseme(mark)));
        world.give(Input::Tts(world.tts.ticket, told));
    }
    let switched = |event: &ServerEvent| matches!(event, ServerEvent::ProviderSwitched { .. });
    let replaced = world.seen.iter().find(|seen| switched(&seen.event));
    let after = replaced.expect("nobody took over").at - began;
    let budget = tth_core::session::Budget::default().first_output_us;
    assert!(after <= budget + 500_000, "{after}");
    assert_eq!(ended(&world), [TurnEnd::Completed]);
}
