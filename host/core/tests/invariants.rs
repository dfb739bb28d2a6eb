//! Random sessions on fake time: whatever client and providers do, what the client sees is sound.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use tth_core::controls::{ControlUpdate, Emotion};
use tth_core::events::{ClientEvent, ServerEvent, TurnEnd, TurnMode};
use tth_core::provider::{ProviderInfo, Stage};
use tth_core::sentence::{SentenceBuffer, SentenceOptions};
use tth_core::session::{Input, OnBreak, Reload};
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
    Lose,
    Resume,
    /// Whose provider is another one, and whether the mapper is.
    Reload(Vec<Stage>, bool),
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
        Just(Act::Lose),
        Just(Act::Resume),
        (prop::collection::vec(stage(), 0..3), any::<bool>())
            .prop_map(|(stages, mapper)| Act::Reload(stages, mapper)),
    ]
}

/// Answers, with what a voice is to be given of them and the feeling each part is meant with.
const ANSWERS: [(&str, &[(&str, &str)]); 4] = [
    (
        "How wonderful to hear. Tell me all about it, please!",
        &[
            ("How wonderful to hear.", "-"),
            ("Tell me all about it, please!", "-"),
        ],
    ),
    (
        "<feel:joy:0.8> How wonderful to hear. <feel:zzzzqqqq> Tell me all about it, please! \
         <feel:tender>I am here. <feel:calm>",
        &[
            ("How wonderful to hear.", "joy"),
            ("Tell me all about it, please!", "joy"),
            ("I am here.", "tender"),
        ],
    ),
    (
        "One sentence stands here. And <feel:fear:1> another one of them. The third is a good deal \
         longer than the other two together, as you may have noticed. Bye. <feel>",
        &[
            ("One sentence stands here.", "-"),
            ("And", "-"),
            ("another one of them.", "fear"),
            (
                "The third is a good deal longer than the other two together, as you may have noticed.",
                "fear",
            ),
            ("Bye.", "fear"),
            ("<feel>", "fear"),
        ],
    ),
    ("<feel:joy>", &[]),
];

/// What a voice is to be given of a user's own text.
fn spoken(text: &str) -> Vec<(String, &'static str)> {
    let mut buffer = SentenceBuffer::new(SentenceOptions::default());
    let mut all = buffer.push(text);
    all.extend(buffer.finish());
    all.retain(|one| tth_core::text::speakable(one));
    all.into_iter().map(|one| (one, "-")).collect()
}

/// Every utterance was given to a voice once, in order and as it was meant: the client's last word
/// first, the answer's own feeling where the client has none. Where a voice failed the next goes on.
fn check_given(world: &World, turns: &[Vec<(String, &'static str)>], updates: &[(u64, &str)]) {
    let mut calls: BTreeMap<u32, Vec<&Given>> = BTreeMap::new();
    for given in &world.given {
        calls.entry(given.call).or_default().push(given);
    }
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for given in calls.values() {
        let turn = given[0].turn.as_str();
        let number: usize = turn.trim_start_matches("turn-").parse().unwrap();
        let expected = &turns[number - 1];
        // A voice that follows another one begins with what is left of the utterance that it was at.
        let until = last
            .get(turn)
            .map_or(0, |count| count + 1)
            .min(expected.len());
        let goes_on = |(text, _): &(String, _)| text.contains(&given[0].text);
        let from = expected[..until].iter().rposition(goes_on).unwrap_or(0);
        let expected = &expected[from..];
        assert!(given.len() <= expected.len(), "{given:?} of {expected:?}");
        for (n, (given, (text, meant))) in given.iter().zip(expected).enumerate() {
            // A language model that failed leaves its last sentence unfinished.
            let whole = given.text == *text;
            assert!(
                whole || text.starts_with(&given.text) || (n == 0 && text.contains(&given.text)),
                "{n}: {given:?} for {text:?}"
            );
            let by = |at: u64| {
                updates
                    .iter()
                    .rev()
                    .find(|(set, _)| *set <= at)
                    .map_or(*meant, |(_, label)| label)
            };
            assert!(
                given.told == by(given.at) || given.told == by(given.at - 1),
                "{given:?} is meant as {meant}, with {updates:?}"
            );
        }
        last.insert(turn, from + given.len());
    }
    let mut number = 0;
    for seen in &world.seen {
        match &seen.event {
            ServerEvent::TurnStarted => number += 1,
            ServerEvent::TurnEnded {
                reason: TurnEnd::Completed,
            } => {
                let given = last.get(format!("turn-{number}").as_str()).copied();
                assert_eq!(given.unwrap_or(0), turns[number - 1].len(), "turn {number}");
            }
            _ => {}
        }
    }
    // A control is only sent for an utterance that follows it, and only if it is another one.
    for pair in world.voice_controls.windows(2) {
        assert!(pair[0].0 < pair[1].0, "{pair:?}");
    }
    for (before, told) in &world.voice_controls {
        let given = world
            .given
            .get(*before)
            .expect("an utterance after a control");
        assert_eq!(given.told, *told);
        assert!(
            world.given[..*before]
                .last()
                .is_none_or(|last| last.call != given.call || last.told != *told)
        );
    }
}

/// Whoever was called in a turn is judged once, however often it was called.
fn check_judged(world: &World) {
    let mut judged = world.judged.clone();
    judged.sort();
    let called: Vec<_> = world.called.iter().cloned().collect();
    assert_eq!(judged, called);
}

/// The first of these chains is loaded again, as it was.
fn renew(new: &mut Reload, stages: &[Stage], mapper: bool) {
    new.mapper = mapper;
    for stage in stages {
        let chain = match stage {
            Stage::Llm => &mut new.llm,
            Stage::Tts => &mut new.tts,
            Stage::Avatar => &mut new.avatar,
        };
        let info = ProviderInfo::clone(&chain[0].info);
        chain[0].info = Arc::new(info);
    }
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
        prop::sample::select(ANSWERS.map(|(answer, _)| answer).to_vec()),
        prop_oneof![Just(40u64), 0..60_000u64],
        (any::<bool>(), 0..3u32, 0..3u32, any::<bool>()),
    )
        .prop_map(
            |(times, fail_open, fail_after, silent, text_marks, answer, resolve_us, more)| {
                let (continues, retries, failures, close) = more;
                Script {
                    retries,
                    failures,
                    on_break: if close {
                        OnBreak::Close
                    } else {
                        OnBreak::Continue
                    },
                    // A scripted model cannot tell where it is in an answer with tags.
                    continues: continues && !answer.contains('<'),
                    answer: answer.into(),
                    resolve_us,
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
                }
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
        let answer = ANSWERS.iter().find(|(answer, _)| *answer == script.answer).unwrap().1;
        let answer: Vec<_> = answer.iter().map(|(text, meant)| ((*text).to_owned(), *meant)).collect();
        let mut world = World::connected(realtime, script);
        let (mut turns, mut updates) = (vec![], vec![]);
        let mut listens = true;
        for (act, pause) in acts {
            match &act {
                Act::Say(text) | Act::Chat(text) => if let Ok(text) = tth_core::text::accept(text) {
                    turns.push(if matches!(act, Act::Say(_)) { spoken(&text) } else { answer.clone() });
                },
                Act::Emotion(label) if *label != "nonsense" => updates.push((world.now, *label)),
                _ => {}
            }
            listens = match act {
                Act::Lose => false,
                Act::Reconnect | Act::Takeover | Act::Resume => true,
                _ => listens,
            };
            match act {
                Act::Say(text) => world.say(text, TurnMode::Say),
                Act::Chat(text) => world.say(text, TurnMode::Chat),
                Act::Interrupt => world.client(ClientEvent::Interrupt),
                Act::Emotion(label) => world.client(ClientEvent::ControlUpdate(ControlUpdate {
                    emotion: Some(Emotion { label: Some(label.into()), ..Emotion::default() }),
                    ..ControlUpdate::default()
                })),
                Act::Playback(position_us) => world.client(ClientEvent::Playback { position_us, client_us: None }),
                Act::Reconnect => {
                    world.give(Input::Detached);
                    world.give(Input::Attached);
                }
                Act::Takeover => world.give(Input::Attached),
                Act::Lose => world.give(Input::Lost(world.now + 2_000_000)),
                Act::Resume => {
                    let shown = world.shown();
                    world.give(Input::Resumed { unheard: None, shown });
                }
                Act::Reload(stages, mapper) => world.reload(|new| renew(new, &stages, mapper)),
            }
            world.run_for(pause);
        }
        if !listens {
            // What waits for its listener has one in the end.
            world.give(Input::Attached);
        }
        world.run_for(120_000_000);
        check(&world.seen);
        check_given(&world, &turns, &updates);
        check_judged(&world);
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
