//! Budgets and retries: how long a user waits, and who is asked meanwhile.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use tth_core::events::{ServerEvent, StageMetrics, TurnEnd, TurnMode};
use tth_core::media::Micros;
use tth_core::provider::Stage;
use tth_core::session::{OnBreak, SessionConfig};
use world::*;

/// What a turn of this world is like.
struct Turn {
    end: TurnEnd,
    /// When it was asked for, and what was opened for it since.
    asked: Micros,
    opened: Vec<(Micros, Stage, usize)>,
    /// Changes of provider and errors: when, and why.
    told: Vec<(Micros, String)>,
    stages: Vec<StageMetrics>,
    audio_ms: f64,
}

fn turn(world: &mut World) -> Turn {
    world.run_for(500_000);
    let (asked, before) = (world.now, world.opened.len());
    world.say("Hello.", TurnMode::Chat);
    world.run_for(60_000_000);
    check(&world.seen);
    let mut turn = Turn {
        end: TurnEnd::Interrupted,
        asked,
        opened: world.opened[before..].to_vec(),
        told: vec![],
        stages: vec![],
        audio_ms: 0.0,
    };
    for seen in &world.seen {
        match &seen.event {
            ServerEvent::TurnEnded { reason } => turn.end = *reason,
            ServerEvent::Metrics(metrics) => {
                turn.stages.clone_from(&metrics.stages);
                turn.audio_ms = metrics.audio_ms;
            }
            ServerEvent::ProviderSwitched { reason, .. } => {
                turn.told.push((seen.at, reason.clone()));
            }
            ServerEvent::Error {
                message, retryable, ..
            } => {
                assert!(retryable);
                turn.told.push((seen.at, message.clone()));
            }
            _ => {}
        }
    }
    turn
}

impl Turn {
    fn of(&self, stage: Stage) -> Vec<(Micros, usize)> {
        let mine = self.opened.iter().filter(|(_, of, _)| *of == stage);
        mine.map(|(at, _, index)| (*at, *index)).collect()
    }

    fn attempts(&self, stage: Stage) -> u32 {
        let mine = self.stages.iter().find(|one| one.stage == stage);
        mine.unwrap().attempts
    }
}

fn once_more(script: Script) -> World {
    World::connected(
        true,
        Script {
            retries: 1,
            ..script
        },
    )
}

const BOTH: [Stage; 2] = [Stage::Llm, Stage::Tts];

#[test]
fn who_fails_before_the_first_word_is_asked_once_more_after_a_pause() {
    for stage in BOTH {
        for script in [
            Script {
                fail_open: vec![(stage, 0)],
                ..Script::default()
            },
            Script {
                fail_after: vec![(stage, 0, 0)],
                ..Script::default()
            },
        ] {
            let turn = turn(&mut once_more(script));
            assert_eq!(turn.end, TurnEnd::Completed, "{stage:?}");
            assert!(turn.told.is_empty(), "{:?}", turn.told);
            let calls = turn.of(stage);
            let [(first, 0), (second, 0)] = calls[..] else {
                panic!("{stage:?}: {calls:?}");
            };
            let took = second - first;
            assert!((100_000..=300_000).contains(&took), "{stage:?}: {took} us");
            assert_eq!(turn.attempts(stage), 2);
        }
    }
}

#[test]
fn who_fails_again_is_followed_by_the_next() {
    for stage in BOTH {
        let turn = turn(&mut once_more(Script {
            fail_open: vec![(stage, 0), (stage, 1), (stage, 2)],
            ..Script::default()
        }));
        let indices: Vec<_> = turn.of(stage).iter().map(|(_, index)| *index).collect();
        assert_eq!(indices, [0, 0, 1, 1], "each of them once more");
        assert_eq!((turn.end, turn.told.len()), (TurnEnd::Completed, 1));
        assert_eq!(turn.attempts(stage), 4);
    }
}

#[test]
fn a_retry_never_makes_a_user_wait_longer_than_the_budget() {
    for stage in BOTH {
        let world = Script {
            fail_open: vec![(stage, 0)],
            silent: vec![(stage, 1)],
            ..Script::default()
        };
        let turn = turn(&mut once_more(world));
        assert_eq!(turn.end, TurnEnd::Completed);
        let [(at, reason)] = &turn.told[..] else {
            panic!("{:?}", turn.told);
        };
        assert!(reason.contains("gave no output"), "{reason}");
        let waited = at - turn.asked;
        // The voice owes nothing before the first sentence is written.
        let written = if stage == Stage::Tts { 100_000 } else { 1_000 };
        assert!(
            (900_000..=1_000_000 + written).contains(&waited),
            "{stage:?}: {waited}"
        );
    }
}

#[test]
fn nobody_is_asked_again_for_whom_there_is_no_time_or_who_has_begun() {
    let quick = |config: &mut SessionConfig| {
        for one in config.llm.iter_mut().chain(&mut config.tts) {
            one.budget.first_output_us = 90_000;
        }
    };
    let silent = |stage| Script {
        silent: vec![(stage, 0)],
        ..Script::default()
    };
    let begun = |stage| Script {
        // Marks and visemes of the first sentence come before its sound.
        fail_after: vec![(stage, 0, if stage == Stage::Tts { 12 } else { 4 })],
        continues: true,
        ..Script::default()
    };
    let opening = |stage| Script {
        fail_open: vec![(stage, 0)],
        ..Script::default()
    };
    for stage in BOTH {
        for (script, hurry) in [
            (silent(stage), false),
            (begun(stage), false),
            (opening(stage), true),
        ] {
            let script = Script {
                retries: 3,
                tts_first_us: 30_000,
                ..script
            };
            let mut config = config(true);
            if hurry {
                quick(&mut config);
            }
            let mut world = World::connected_with(config, script);
            let turn = turn(&mut world);
            let indices: Vec<_> = turn.of(stage).iter().map(|(_, index)| *index).collect();
            assert_eq!(indices, [0, 1], "{stage:?}, in a hurry: {hurry}");
            assert_eq!(turn.end, TurnEnd::Completed);
        }
    }
}

/// An answer of so many words, a sentence of four each.
fn long(words: usize) -> String {
    let sentence = "These are four words. ";
    sentence.repeat(words / 4).trim_end().to_owned()
}

#[test]
fn a_language_model_that_never_comes_to_its_end_is_cut_by_its_total() {
    let mut config = config(true);
    config.llm.truncate(1);
    config.llm[0].budget.total_us = 5_000_000;
    let script = Script {
        answer: long(40),
        llm_word_us: 400_000,
        ..Script::default()
    };
    let mut world = World::connected_with(config, script);
    let turn = turn(&mut world);
    assert_eq!(turn.end, TurnEnd::Failed);
    let [(at, why)] = &turn.told[..] else {
        panic!("{:?}", turn.told);
    };
    assert_eq!(why, "the llm was not through in its total budget");
    let took = at - turn.asked;
    assert!((5_000_000..5_010_000).contains(&took), "{took}");
}

#[test]
fn a_voice_is_paid_for_its_sound_and_only_one_that_falls_behind_is_replaced() {
    // Real time that a second of speech takes, and whether it may go on like that.
    for (tts_speed, good) in [(0.1, true), (0.99, true), (1.9, false)] {
        let mut config = config(true);
        for voice in &mut config.tts {
            voice.budget.total_us = 4_000_000;
        }
        let script = Script {
            answer: long(48),
            tts_speed,
            ..Script::default()
        };
        let mut world = World::connected_with(config, script);
        let turn = turn(&mut world);
        assert_eq!(turn.told.is_empty(), good, "{tts_speed}: {:?}", turn.told);
        if good {
            assert_eq!(turn.end, TurnEnd::Completed);
            assert!(turn.audio_ms > 12_000.0, "{} ms", turn.audio_ms);
        } else {
            assert!(turn.told[0].1.contains("total budget"), "{:?}", turn.told);
        }
    }
}

fn broken(on_break: OnBreak, continues: bool, words: u32) -> (Turn, String, String) {
    let mut world = World::connected(
        true,
        Script {
            on_break,
            continues,
            fail_after: vec![(Stage::Llm, 0, words)],
            ..Script::default()
        },
    );
    let turn = turn(&mut world);
    let given: Vec<_> = world.given.iter().map(|one| one.text.as_str()).collect();
    let text = world.seen.iter().filter_map(|seen| match &seen.event {
        ServerEvent::TextDelta { text } => Some(text.as_str()),
        _ => None,
    });
    (turn, given.join(" "), text.collect())
}

#[test]
fn an_answer_that_breaks_off_is_closed_at_its_last_whole_sentence() {
    let answer = Script::default().answer;
    for (on_break, continues) in [
        (OnBreak::Close, true),
        (OnBreak::Close, false),
        (OnBreak::Continue, false),
    ] {
        for (words, spoken) in [
            (1, "How"),
            (3, "How wonderful to"),
            (6, "How wonderful to hear."),
            (8, "How wonderful to hear."),
        ] {
            let (turn, given, text) = broken(on_break, continues, words);
            assert_eq!(turn.end, TurnEnd::Failed, "it is not whole");
            assert_eq!(turn.of(Stage::Llm).len(), 1, "nobody else is asked");
            assert_eq!(turn.told.len(), 1);
            assert!(answer.starts_with(&text), "{text:?}");
            assert_eq!(given.trim(), spoken, "after {words} words");
        }
    }
    let (turn, given, text) = broken(OnBreak::Continue, true, 6);
    assert_eq!(
        (turn.end, given, text),
        (TurnEnd::Completed, answer.clone(), answer)
    );
    // Before the first word another one just answers.
    let (turn, given, _) = broken(OnBreak::Close, false, 0);
    assert_eq!(
        (turn.end, given),
        (TurnEnd::Completed, Script::default().answer)
    );
}
