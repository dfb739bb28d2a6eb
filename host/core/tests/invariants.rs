//! Random sessions on fake time: whatever client and providers do, what the client sees is sound.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use proptest::prelude::*;
use tth_core::controls::{ControlUpdate, Emotion};
use tth_core::events::{ClientEvent, ServerEvent, TurnMode};
use tth_core::provider::Stage;
use tth_core::session::Input;
use world::*;

#[derive(Clone, Debug)]
enum Act {
    Say(&'static str),
    Chat(&'static str),
    Interrupt,
    Emotion(&'static str),
    Playback(u64),
    Reconnect,
    Takeover,
}

fn act() -> impl Strategy<Value = Act> {
    let texts = prop::sample::select(vec![
        "Hi.",
        "I just got wonderful news!",
        "",
        "Dr. Smith paid $3.50, didn't he? 你好。Fine.",
        "😀",
    ]);
    prop_oneof![
        texts.clone().prop_map(Act::Say),
        texts.prop_map(Act::Chat),
        Just(Act::Interrupt),
        prop::sample::select(vec!["joy", "sadness", "nonsense"]).prop_map(Act::Emotion),
        (0..20_000_000u64).prop_map(Act::Playback),
        Just(Act::Reconnect),
        Just(Act::Takeover),
    ]
}

fn stage() -> impl Strategy<Value = Stage> {
    prop::sample::select(vec![Stage::Llm, Stage::Tts, Stage::Avatar])
}

fn script() -> impl Strategy<Value = Script> {
    (
        (
            0..50_000u64,
            0..400_000u64,
            0..900_000u64,
            0.01..1.6f64,
            100..90_000u64,
        ),
        prop::collection::vec((stage(), 0..4u32), 0..3),
        prop::collection::vec((stage(), 0..4u32, 0..30u32), 0..3),
        prop::collection::vec((stage(), 0..4u32), 0..2),
        any::<bool>(),
    )
        .prop_map(
            |(times, fail_open, fail_after, silent, text_marks)| Script {
                open_us: times.0,
                llm_word_us: times.1,
                tts_first_us: times.2,
                tts_speed: times.3,
                frame_us: times.4,
                fail_open,
                fail_after,
                silent,
                text_marks,
                ..Script::default()
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_client_sees_a_sound_session(
        script in script(),
        acts in prop::collection::vec((act(), 0..4_000_000u64), 1..12),
        realtime in prop::bool::weighted(0.8),
    ) {
        let mut world = World::connected(realtime, script);
        for (act, pause) in acts {
            match act {
                Act::Say(text) => world.say(text, TurnMode::Say),
                Act::Chat(text) => world.say(text, TurnMode::Chat),
                Act::Interrupt => world.client(ClientEvent::Interrupt),
                Act::Emotion(label) => world.client(ClientEvent::ControlUpdate(ControlUpdate {
                    emotion: Some(Emotion { label: Some(label.into()), ..Emotion::default() }),
                    ..ControlUpdate::default()
                })),
                Act::Playback(position_us) => world.client(ClientEvent::Playback { position_us }),
                Act::Reconnect => {
                    world.give(Input::Detached);
                    world.give(Input::Attached);
                }
                Act::Takeover => world.give(Input::Attached),
            }
            world.run_for(pause);
        }
        world.run_for(120_000_000);
        check(&world.seen);
        let count = |wanted: fn(&ServerEvent) -> bool| world.seen.iter().filter(|s| wanted(&s.event)).count();
        let started = count(|event| matches!(event, ServerEvent::TurnStarted));
        prop_assert_eq!(started, count(|event| matches!(event, ServerEvent::TurnEnded { .. })));
        prop_assert_eq!(started, count(|event| matches!(event, ServerEvent::Metrics(_))));
        for seen in &world.seen {
            if let ServerEvent::Interrupted { text_heard, .. } = &seen.event {
                prop_assert!(text_heard.len() <= 200);
            }
        }
    }
}
