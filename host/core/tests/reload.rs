//! Sessions that are told in the middle of their life that others serve from now on, on fake time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use std::sync::Arc;
use tth_core::clock::Pacing;
use tth_core::controls::{Emotion, Persona};
use tth_core::events::{ServerEvent, TurnEnd, TurnMode};
use tth_core::provider::Stage;
use tth_core::session::{Candidate, Input, Reload};
use world::tell::{ended, errors, feel, tolds};
use world::*;

const SECOND: u64 = 1_000_000;

struct Reloaded {
    world: World,
}

impl Reloaded {
    fn new(script: Script) -> Reloaded {
        let mut world = World::connected(true, script);
        world.run_for(SECOND);
        Reloaded { world }
    }

    fn reload(&mut self, change: impl FnOnce(&mut Reload)) {
        self.world.reload(change);
    }

    fn serving(&self, stage: Stage) -> String {
        let all = self.world.session.providers();
        let found = all.into_iter().find(|(of, _)| *of == stage);
        found.map_or_else(|| "nobody".into(), |(_, id)| id)
    }

    /// Who followed whom at the face.
    fn switches(&self) -> Vec<String> {
        let switched = self.world.seen.iter().filter_map(|seen| match &seen.event {
            ServerEvent::ProviderSwitched { to, .. } => Some(to.clone().unwrap_or_default()),
            _ => None,
        });
        switched.collect()
    }

    fn faces_opened(&self) -> u32 {
        self.world.opened(Stage::Avatar)
    }
}

fn failing_face(calls: &[u32]) -> Script {
    let fail = |call: &u32| (Stage::Avatar, *call);
    Script {
        fail_open: calls.iter().map(fail).collect(),
        ..Script::default()
    }
}

#[test]
fn nothing_new_changes_nothing() {
    let mut it = Reloaded::new(Script::default());
    it.reload(|_| {});
    it.world.say("Hello there.", TurnMode::Chat);
    it.reload(|_| {});
    it.world.run_for(20 * SECOND);
    it.reload(|_| {});
    it.world.run_for(SECOND);
    assert_eq!(ended(&it.world), [TurnEnd::Completed]);
    assert_eq!((it.faces_opened(), errors(&it.world)), (1, 0));
    let frames = it.world.frames();
    assert!(frames.windows(2).all(|two| two[1].0 - two[0].0 == 40_000));
    check(&it.world.seen);
}

#[test]
fn who_failed_and_has_not_changed_is_not_tried_again_for_a_reload() {
    let mut it = Reloaded::new(failing_face(&[0]));
    assert_eq!(
        (it.serving(Stage::Avatar), it.faces_opened()),
        ("still".into(), 2)
    );
    // The others may change as they like.
    it.reload(|new| new.tts = vec![candidate("another")]);
    it.reload(|new| new.avatar.push(candidate("last")));
    assert_eq!(
        (it.serving(Stage::Avatar), it.faces_opened()),
        ("still".into(), 2)
    );
    // Nobody is better any more, so nobody is tried again either.
    it.reload(|new| drop(new.avatar.remove(0)));
    it.world.run_for(20 * SECOND);
    it.world.say("Hello.", TurnMode::Say);
    it.world.run_for(5 * SECOND);
    assert_eq!(
        (it.serving(Stage::Avatar), it.faces_opened()),
        ("still".into(), 2)
    );
    assert_eq!(it.switches(), ["still", "another"], "who is new is told");
    check(&it.world.seen);
}

#[test]
fn who_failed_and_was_mended_is_tried_at_once() {
    let mut it = Reloaded::new(failing_face(&[0]));
    it.reload(|new| new.avatar[0] = candidate("face"));
    it.world.run_for(SECOND);
    assert_eq!(
        (it.serving(Stage::Avatar), it.faces_opened()),
        ("face".into(), 3)
    );
    check(&it.world.seen);
}

#[test]
fn a_session_that_has_lost_every_face_gets_another_one() {
    let mut it = Reloaded::new(failing_face(&[0, 1]));
    assert_eq!(it.serving(Stage::Avatar), "nobody");
    it.reload(|_| {});
    assert_eq!(it.serving(Stage::Avatar), "nobody", "the same have failed");
    it.reload(|new| new.avatar[1] = candidate("still"));
    it.world.run_for(SECOND);
    assert_eq!(
        (it.serving(Stage::Avatar), it.faces_opened()),
        ("face".into(), 3)
    );
    it.reload(|new| new.avatar.clear());
    it.world.run_for(SECOND);
    assert_eq!(it.serving(Stage::Avatar), "nobody");
    it.world.say("Hello.", TurnMode::Say);
    it.world.run_for(5 * SECOND);
    assert_eq!(ended(&it.world), [TurnEnd::Completed]);
    check(&it.world.seen);
}

#[test]
fn nobody_watches_so_no_face_is_opened() {
    let mut it = Reloaded::new(Script::default());
    it.world.give(Input::Detached);
    it.reload(|new| new.avatar[0] = candidate("face"));
    it.world.run_for(SECOND);
    assert_eq!(it.faces_opened(), 1);
    it.world.give(Input::Attached);
    it.world.run_for(SECOND);
    assert_eq!(it.faces_opened(), 2);
    assert!(it.world.frames().len() > 40);
}

#[test]
fn a_chain_in_another_order_finds_its_face_again() {
    let mut it = Reloaded::new(Script::default());
    // The one that serves becomes the second: the new first takes over.
    it.reload(|new| new.avatar.reverse());
    it.world.run_for(SECOND);
    assert_eq!(
        (it.serving(Stage::Avatar), it.faces_opened()),
        ("still".into(), 2)
    );
    it.reload(|new| drop(new.avatar.pop()));
    assert_eq!(it.faces_opened(), 2);
    check(&it.world.seen);
}

#[test]
fn a_voice_that_fails_in_a_turn_is_followed_by_the_one_of_that_turn() {
    let script = Script {
        fail_open: vec![(Stage::Tts, 0)],
        open_us: 300_000,
        ..Script::default()
    };
    let mut it = Reloaded::new(script);
    it.world.say("Hello there.", TurnMode::Say);
    it.reload(|new| new.tts = vec![candidate("new_voice")]);
    it.world.run_for(10 * SECOND);
    assert_eq!(it.switches(), ["spare_voice", "new_voice"]);
    assert_eq!(it.serving(Stage::Tts), "new_voice", "in the next turn");
    assert_eq!(ended(&it.world), [TurnEnd::Completed]);
}

#[test]
fn controls_outlive_a_reload() {
    let mut it = Reloaded::new(Script::default());
    it.world.client(feel("joy"));
    it.world.run_for(SECOND);
    it.reload(|new| {
        new.tts = vec![candidate("new_voice")];
        new.mapper = true;
        new.persona = Some(Persona {
            emotion: Emotion {
                label: Some("calm".into()),
                ..Emotion::default()
            },
            ..new.persona.clone().unwrap()
        });
    });
    it.world.say("Hello there.", TurnMode::Say);
    it.world.run_for(5 * SECOND);
    assert_eq!(tolds(&it.world), ["joy"], "the user's word is stronger");
    assert_eq!(it.world.frames().last().unwrap().1, "joy");
}

#[test]
fn a_personas_new_feeling_shows_at_once() {
    let mut it = Reloaded::new(Script::default());
    assert_eq!(it.world.frames().last().unwrap().1, "-");
    it.reload(|new| {
        let mut persona = new.persona.take().unwrap();
        persona.emotion.label = Some("calm".into());
        // Not as the one that it was opened with, but by its name.
        new.personas = Arc::new(vec![persona]);
    });
    it.world.run_for(SECOND);
    assert_eq!(it.world.frames().last().unwrap().1, "calm");
    assert_eq!(it.faces_opened(), 1);
}

#[test]
fn a_file_is_made_as_it_was_begun() {
    let mut world = World::connected(false, Script::default());
    world.reload(|new| new.pacing = Pacing::default());
    world.say("Hello there, how are you today?", TurnMode::Say);
    world.run_for(500_000);
    // In real time this takes more than a second.
    assert_eq!(ended(&world), [TurnEnd::Completed]);
}

#[test]
fn only_what_was_loaded_once_is_the_same() {
    let (one, again) = (candidate("face"), candidate("face"));
    assert!(one.is(&one.clone()) && !one.is(&again));
    let other = Candidate {
        id: "other".into(),
        ..one.clone()
    };
    assert!(!one.is(&other));
}
