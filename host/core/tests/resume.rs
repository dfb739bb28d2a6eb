//! Streams that break in the middle of a turn and are resumed, on fake time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use std::task::{Context, Poll, Waker};
use tth_core::events::{ClientEvent, Envelope, Resumption, ServerEvent, TurnEnd, TurnMode};
use tth_core::media::Micros;
use tth_core::outbox::{Arrival, Parting};
use tth_core::provider::{AvatarInput, Stage};
use tth_core::session::Input;
use world::*;

const STEP: Micros = 10_000;
const RESUME: Micros = 30_000_000;
const PLAYOUT: Micros = 120_000;

/// Who reads a world's outbox. What it takes after `sees` events is lost on the way.
struct Client {
    ticket: u64,
    got: Vec<(Micros, Envelope)>,
    sees: usize,
}

impl Client {
    fn connect(world: &mut World) -> Client {
        let mut client = Client {
            ticket: 0,
            got: Vec::new(),
            sees: usize::MAX,
        };
        client.attach(world, None);
        client
    }

    fn last(&self) -> u64 {
        self.got.last().map_or(0, |(_, envelope)| envelope.seq)
    }

    fn attach(&mut self, world: &mut World, resume: Option<u64>) {
        self.ticket = world.outbox.attach(resume);
        self.sees = usize::MAX;
        let arrived = match world.outbox.arrival().unwrap() {
            Arrival::Afresh { refused: None } => Input::Attached,
            Arrival::Afresh { refused: Some(why) } => Input::Refused(why.to_string()),
            Arrival::Resumed { unheard, shown } => Input::Resumed { unheard, shown },
        };
        world.give(arrived);
    }

    fn resume(&mut self, world: &mut World) {
        self.attach(world, Some(self.last()));
    }

    fn lose(&self, world: &mut World) {
        assert_eq!(world.outbox.detach(self.ticket, false), Parting::Lost);
        world.give(Input::Lost(world.now + RESUME));
    }

    fn run(&mut self, world: &mut World, span: Micros) {
        let end = world.now + span;
        let mut context = Context::from_waker(Waker::noop());
        while world.now < end {
            world.run_for(STEP.min(end - world.now));
            while let Poll::Ready(next) =
                world
                    .outbox
                    .poll_next(self.ticket, world.now, 0, &mut context)
            {
                if self.got.len() < self.sees {
                    self.got.push((world.now, next.unwrap()));
                }
            }
        }
    }

    fn events(&self) -> impl Iterator<Item = &ServerEvent> {
        self.got.iter().map(|(_, envelope)| &envelope.event)
    }

    fn text(&self) -> String {
        let deltas = self.events().filter_map(|event| match event {
            ServerEvent::TextDelta { text } => Some(text.as_str()),
            _ => None,
        });
        deltas.collect()
    }

    fn ends(&self) -> Vec<TurnEnd> {
        let ends = self.events().filter_map(|event| match event {
            ServerEvent::TurnEnded { reason } => Some(*reason),
            _ => None,
        });
        ends.collect()
    }

    /// Where its sound is: what follows without a gap is one.
    fn sound(&self) -> Vec<(Micros, Micros)> {
        let mut spans: Vec<(Micros, Micros)> = Vec::new();
        for event in self.events() {
            let ServerEvent::Audio(chunk) = event else {
                continue;
            };
            match spans.last_mut() {
                Some((_, end)) if chunk.at.abs_diff(*end) <= 1 => *end = chunk.end(),
                _ => spans.push((chunk.at, chunk.end())),
            }
        }
        spans
    }

    /// What must hold of everything a client sees, whatever happens to its streams.
    fn check(&self) {
        let numbers: Vec<u64> = self.got.iter().map(|(_, one)| one.seq).collect();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
        let seen = self.got.iter().map(|(at, envelope)| Seen {
            at: *at,
            turn: envelope.turn_id,
            event: envelope.event.clone(),
        });
        check(&seen.collect::<Vec<_>>());
    }
}

/// A turn whose stream breaks after so many events; that is noticed after `unnoticed`, if ever.
fn broken(sees: usize, unnoticed: Option<Micros>, away: Micros) -> (World, Client, bool) {
    let mut world = World::new(config(true), Script::default());
    let mut client = Client::connect(&mut world);
    client.sees = sees;
    client.run(&mut world, 200_000);
    world.say("Hello.", TurnMode::Chat);
    let mut broke = false;
    for _ in 0..600 {
        client.run(&mut world, STEP);
        if client.got.len() == sees {
            broke = true;
            break;
        }
    }
    client.run(&mut world, unnoticed.unwrap_or(100_000));
    if unnoticed.is_some() {
        client.lose(&mut world);
        world.run_for(away);
    }
    client.resume(&mut world);
    client.run(&mut world, 8_000_000);
    (world, client, broke)
}

#[test]
fn wherever_the_stream_breaks_nothing_is_lost_and_nothing_comes_twice() {
    let answer = Script::default().answer;
    let (_, whole, _) = broken(usize::MAX, None, 0);
    let length = |client: &Client| {
        let spans = client.sound();
        spans.iter().map(|(from, to)| to - from).sum::<u64>()
    };
    let mut breaks = 0;
    // Noticed at once, late, and by the next stream only; away for longer than any budget.
    for (unnoticed, away) in [(Some(0), 20_000_000), (Some(700_000), 1_500_000), (None, 0)] {
        for sees in 1..400 {
            let (mut world, mut client, broke) = broken(sees, unnoticed, away);
            if !broke {
                break;
            }
            breaks += 1;
            let told = format!("after {sees}, {unnoticed:?}, {away}");
            client.check();
            assert_eq!(client.text(), answer, "{told}");
            assert_eq!(client.ends(), [TurnEnd::Completed], "{told}");
            assert_eq!(client.sound().len(), 1, "{told}: {:?}", client.sound());
            assert_eq!(length(&client), length(&whole), "{told}");
            let count = |wanted: fn(&ServerEvent) -> bool| {
                client.events().filter(|event| wanted(event)).count()
            };
            assert_eq!(count(|event| matches!(event, ServerEvent::TurnStarted)), 1);
            assert_eq!(count(|event| matches!(event, ServerEvent::Metrics(_))), 1);
            assert_eq!(count(|event| matches!(event, ServerEvent::Error { .. })), 0);
            assert_eq!(
                count(|event| matches!(event, ServerEvent::ProviderSwitched { .. })),
                0,
                "{told}: nobody fails for having been kept waiting"
            );
            world.say("And now?", TurnMode::Chat);
            client.run(&mut world, 500_000);
            assert_eq!(world.messages[1][2].content, answer, "{told}");
        }
    }
    assert!(breaks > 500, "{breaks} times");
}

#[test]
fn the_greeting_comes_first_and_what_was_missed_behind_it() {
    let (_, client, _) = broken(40, Some(300_000), 1_000_000);
    let (_, greeting) = &client.got[40];
    assert!(matches!(
        greeting.event,
        ServerEvent::SessionReady {
            resumption: Resumption::Resumed,
            ..
        }
    ));
    assert!(!matches!(
        client.got[41].1.event,
        ServerEvent::SessionReady { .. }
    ));
}

#[test]
fn the_listener_goes_on_where_it_was() {
    for unnoticed in [0, 200_000, 900_000] {
        let mut world = World::new(config(true), Script::default());
        let mut client = Client::connect(&mut world);
        world.say("Hello.", TurnMode::Chat);
        client.run(&mut world, 1_000_000);
        client.sees = client.got.len();
        client.run(&mut world, unnoticed);
        let had = client.sound()[0].1;
        client.lose(&mut world);
        world.run_for(4_000_000);
        client.resume(&mut world);
        let back = world.now;
        client.run(&mut world, 500_000);
        let sound = client.sound();
        assert_eq!(sound.len(), 1, "{sound:?}");
        world.client(ClientEvent::Interrupt);
        client.run(&mut world, 500_000);
        client.check();
        let (position, heard) = client
            .events()
            .find_map(|event| match event {
                ServerEvent::Interrupted {
                    position_us,
                    text_heard,
                } => Some((*position_us, text_heard.clone())),
                _ => None,
            })
            .unwrap();
        // It ran dry while it was away: its buffer fills again before it plays on.
        let expected = had + 500_000 - PLAYOUT;
        assert!(
            position.abs_diff(expected) <= 2 * STEP,
            "{position} for {expected}, back at {back}"
        );
        assert!(Script::default().answer.starts_with(&heard), "{heard}");
        assert!(heard.len() > 5, "{heard}");
    }
}

#[test]
fn the_picture_goes_on_behind_the_last_one_that_was_seen() {
    let mut world = World::new(config(true), Script::default());
    let mut client = Client::connect(&mut world);
    world.say("Hello.", TurnMode::Chat);
    client.run(&mut world, 1_500_000);
    let seen = client.got.len();
    client.sees = seen;
    client.run(&mut world, 600_000);
    client.lose(&mut world);
    client.resume(&mut world);
    client.run(&mut world, 1_000_000);
    client.check();
    let frames = |got: &[(Micros, Envelope)]| {
        let frames = got
            .iter()
            .filter_map(|(_, envelope)| match &envelope.event {
                ServerEvent::Video(frame) => Some((frame.at, frame.end())),
                _ => None,
            });
        frames.collect::<Vec<_>>()
    };
    let (before, after) = (frames(&client.got[..seen]), frames(&client.got[seen..]));
    let gap = after[0].0 - before.last().unwrap().1;
    assert!(gap <= 2 * 40_000, "{gap} us without a picture");
    let at_once = client.got[seen..]
        .iter()
        .filter(|(at, one)| *at == client.got[seen].0 && one.event.media_bytes() > 0);
    assert!(at_once.count() < 60, "what was missed is no flood");
}

#[test]
fn the_lips_go_on_where_the_picture_does() {
    let mut world = World::new(config(true), Script::default());
    let mut client = Client::connect(&mut world);
    world.say("Hello.", TurnMode::Chat);
    client.run(&mut world, 1_500_000);
    let seen = client.got.len();
    client.sees = seen;
    client.run(&mut world, 300_000);
    client.lose(&mut world);
    world.run_for(1_000_000);
    let told = world.avatar_inputs.len();
    client.resume(&mut world);
    client.run(&mut world, 6_000_000);
    let frames = client.got[seen..].iter();
    let base = frames.clone().find_map(|(_, one)| match &one.event {
        ServerEvent::Video(frame) => Some(frame.at),
        _ => None,
    });
    let mut mouth = world.avatar_inputs[told..]
        .iter()
        .filter_map(|(_, input)| match input {
            AvatarInput::Viseme(mark) => Some((mark.at, mark.at + Micros::from(mark.duration_us))),
            _ => None,
        });
    // Times of a face count from its first frame, and one word may have begun before it.
    let (first, mut end) = mouth.next().unwrap();
    assert_eq!(first, 0);
    for (from, to) in mouth {
        assert!(from <= end + 1, "a gap from {end} to {from}");
        end = to;
    }
    let sound = client.sound()[0].1;
    assert!((base.unwrap() + end).abs_diff(sound) < 10_000);
}

#[test]
fn a_turn_that_is_stopped_while_nobody_listens_leaves_nothing_behind() {
    let mut world = World::new(config(true), Script::default());
    let mut client = Client::connect(&mut world);
    world.say("Hello.", TurnMode::Chat);
    client.run(&mut world, 800_000);
    client.sees = client.got.len();
    client.run(&mut world, 400_000);
    client.lose(&mut world);
    world.client(ClientEvent::Interrupt);
    let seen = client.got.len();
    client.resume(&mut world);
    client.run(&mut world, 500_000);
    client.check();
    let of_the_turn = client.got[seen..]
        .iter()
        .filter(|(_, one)| one.turn_id.is_some());
    let kinds: Vec<_> = of_the_turn.map(|(_, one)| &one.event).collect();
    assert!(
        matches!(
            kinds[..],
            [
                ServerEvent::Interrupted { .. },
                ServerEvent::Metrics(_),
                ServerEvent::TurnEnded { .. }
            ]
        ),
        "{kinds:?}"
    );
}

#[test]
fn who_comes_back_too_late_finds_the_turn_stopped() {
    let mut world = World::new(config(true), Script::default());
    let mut client = Client::connect(&mut world);
    world.say("Hello.", TurnMode::Chat);
    client.run(&mut world, 1_000_000);
    client.lose(&mut world);
    world.run_for(RESUME - STEP);
    assert!(world.session.busy());
    world.run_for(2 * STEP);
    assert!(!world.session.busy());
    client.resume(&mut world);
    client.run(&mut world, 200_000);
    client.check();
    assert_eq!(client.ends(), [TurnEnd::Interrupted]);
    assert!(client.events().any(|event| matches!(
        event,
        ServerEvent::SessionReady {
            resumption: Resumption::Refused(_),
            ..
        }
    )));
}

#[test]
fn nobody_is_asked_for_anything_while_nobody_listens() {
    let mut world = World::new(config(true), Script::default());
    let mut client = Client::connect(&mut world);
    world.say("Hello.", TurnMode::Chat);
    client.run(&mut world, 300_000);
    client.lose(&mut world);
    let wants = world.session.wants(world.now);
    assert!(!wants.llm && !wants.tts && !wants.avatar);
    assert_eq!(wants.wake_at, Some(world.now + RESUME));
}

#[test]
fn a_stream_may_break_again_and_again() {
    let mut world = World::new(config(true), Script::default());
    let mut client = Client::connect(&mut world);
    world.say("Hello.", TurnMode::Chat);
    for n in 0..40 {
        client.run(&mut world, 60_000);
        client.sees = client.got.len();
        client.run(&mut world, (n % 3) * 50_000);
        client.lose(&mut world);
        world.run_for(2_000_000);
        client.resume(&mut world);
    }
    client.run(&mut world, 8_000_000);
    client.check();
    assert_eq!(client.text(), Script::default().answer);
    assert_eq!(client.ends(), [TurnEnd::Completed]);
    assert_eq!(client.sound().len(), 1);
}

#[test]
fn a_turn_that_was_asked_for_while_nobody_listened_waits_for_its_listener() {
    let mut world = World::new(config(true), Script::default());
    world.say("Hello.", TurnMode::Chat);
    world.run_for(20_000_000);
    let mut client = Client::connect(&mut world);
    client.run(&mut world, 8_000_000);
    client.check();
    assert_eq!(client.text(), Script::default().answer);
    assert_eq!(client.ends(), [TurnEnd::Completed]);
    let calls = world.given.iter().map(|given| given.call).max();
    assert_eq!(calls, Some(0), "nobody failed meanwhile");
    let spoken = world
        .avatar_inputs
        .iter()
        .any(|(_, input)| matches!(input, AvatarInput::Viseme(_)));
    assert!(
        spoken
            && world
                .session
                .providers()
                .iter()
                .any(|(stage, _)| *stage == Stage::Avatar)
    );
}

#[test]
fn no_budget_runs_while_nobody_listens() {
    for stage in [Stage::Llm, Stage::Tts] {
        let script = Script {
            silent: vec![(stage, 0)],
            ..Script::default()
        };
        let mut world = World::new(config(true), script);
        let mut client = Client::connect(&mut world);
        world.say("Hello.", TurnMode::Chat);
        client.run(&mut world, 500_000);
        client.lose(&mut world);
        world.run_for(20_000_000);
        client.resume(&mut world);
        let switched = |client: &Client| {
            client
                .events()
                .any(|event| matches!(event, ServerEvent::ProviderSwitched { .. }))
        };
        // It has a second, counted anew.
        client.run(&mut world, 900_000);
        assert!(!switched(&client), "{stage:?}");
        client.run(&mut world, 200_000);
        assert!(switched(&client), "{stage:?}");
    }
}

#[test]
fn what_was_played_does_not_go_on_while_nobody_listens() {
    let mut world = World::new(config(true), Script::default());
    let mut client = Client::connect(&mut world);
    world.say("Hello.", TurnMode::Chat);
    client.run(&mut world, 1_000_000);
    let begun = client.sound()[0].0;
    world.client(ClientEvent::Playback {
        position_us: begun,
        client_us: None,
    });
    client.lose(&mut world);
    world.run_for(10_000_000);
    world.client(ClientEvent::Interrupt);
    client.resume(&mut world);
    client.run(&mut world, 100_000);
    let position = client.events().find_map(|event| match event {
        ServerEvent::Interrupted { position_us, .. } => Some(*position_us),
        _ => None,
    });
    let sent = client.sound()[0].1;
    assert!(position.unwrap() < sent, "{position:?} of {sent}");
}

/// A turn is over, seconds pass, controls are changed; of all that the client saw `sees` events only.
fn idle_and_back(sees: usize) -> (World, Client) {
    let mut world = World::new(config(true), Script::default());
    let mut client = Client::connect(&mut world);
    client.sees = sees;
    world.say("Hello.", TurnMode::Chat);
    client.run(&mut world, 15_000_000);
    world.client(tell::feel("joy"));
    client.run(&mut world, 200_000);
    client.resume(&mut world);
    (world, client)
}

/// When the sound that comes next does, and where it stands behind the last.
fn next_turn(world: &mut World, client: &mut Client) -> (Micros, Micros) {
    client.run(world, 100_000);
    let (asked, before) = (world.now, client.sound().last().unwrap().1);
    let had = client.got.len();
    world.say("And now?", TurnMode::Chat);
    client.run(world, 6_000_000);
    let next = client.got.iter().skip(had).find_map(|(at, one)| {
        let ServerEvent::Audio(chunk) = &one.event else {
            return None;
        };
        Some((*at - asked, chunk.at.saturating_sub(before)))
    });
    next.expect("it said nothing for six seconds")
}

#[test]
fn controls_of_a_pause_keep_nobody_waiting_who_goes_back_before_it() {
    let (_, whole) = idle_and_back(usize::MAX);
    let end = |event: &ServerEvent| matches!(event, ServerEvent::TurnEnded { .. });
    let ended = whole.events().position(end).unwrap();
    // The end of the turn was not seen, and neither was the pause.
    let (mut world, mut client) = idle_and_back(ended - 20);
    let (waited, behind) = next_turn(&mut world, &mut client);
    assert!(
        waited < 3_000_000 && behind < 3_000_000,
        "{waited} {behind}"
    );
}

#[test]
fn a_face_is_there_at_once_for_who_saw_none_and_goes_back() {
    let (mut world, mut client) = idle_and_back(1);
    client.run(&mut world, 1_000_000);
    let frames: Vec<_> = client
        .events()
        .filter_map(|event| match event {
            ServerEvent::Video(frame) => Some(frame.at),
            _ => None,
        })
        .collect();
    assert!(frames.len() > 10, "{frames:?}");
    assert!(frames[0] < 1_000_000, "{frames:?}");
    client.check();
}
