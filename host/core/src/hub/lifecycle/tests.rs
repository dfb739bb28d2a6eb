//! Sessions that are listened to, lost, left and ended, on a clock that only the test moves.

use super::*;
use crate::circuit::CircuitOptions;
use crate::clock::Pacing;
use crate::controls::{Character, Decision, Emotion, Persona, Render};
use crate::driver::Providers;
use crate::engine::{Engine, GenerateRequest, OpenError, SessionRequest, SessionState};
use crate::events::{ClientEvent, Resumption, ServerEvent, TurnEnd, TurnMode};
use crate::hub::HubConfig;
use crate::hub::fake::Clock;
use crate::media::{AudioChunk, AudioFormat, SECOND};
use crate::outbox::OutboxLimits;
use crate::provider::{
    Call, CallContext, Control, Health, Mapper, Provider, ProviderError, ProviderInfo, Readiness,
    Tts, TtsEvent, TtsInput,
};
use crate::session::{Budget, Candidate, OnBreak, Retries};
use futures::executor::LocalPool;
use futures::{SinkExt, StreamExt};
use std::sync::atomic::AtomicBool;

const FORMAT: AudioFormat = AudioFormat {
    sample_rate: 24_000,
    channels: 1,
};

/// Says two seconds of anything, as fast as it is asked.
struct Voice {
    info: Arc<ProviderInfo>,
    clock: Arc<Clock>,
}

impl Provider for Voice {
    fn id(&self) -> &str {
        "voice"
    }

    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn health(&self) -> BoxFuture<'static, Health> {
        future::ready(Health {
            readiness: Readiness::Ready,
            detail: String::new(),
        })
        .boxed()
    }
}

impl Tts for Voice {
    fn open(
        &self,
        _: Control,
        _: CallContext,
    ) -> BoxFuture<'static, Result<Call<TtsInput, TtsEvent>, ProviderError>> {
        let (input, mut inputs) = mpsc::channel(1);
        let (mut out, events) = mpsc::channel(1);
        let speaking = async move {
            let (mut at, mut said) = (0, 0);
            while let Some(input) = inputs.next().await {
                if !matches!(input, TtsInput::Utterance(_)) {
                    continue;
                }
                for _ in 0..50 {
                    let pcm = vec![0; 1_920].into();
                    let chunk = AudioChunk {
                        at,
                        format: FORMAT,
                        pcm,
                    };
                    at = chunk.end();
                    let _gone = out.send(Ok(TtsEvent::Audio(chunk))).await;
                }
                let _gone = out.send(Ok(TtsEvent::UtteranceEnd(said))).await;
                said += 1;
            }
        };
        self.clock.spawn(speaking.boxed());
        future::ready(Ok(Call { input, events })).boxed()
    }
}

struct Plain;

impl Mapper for Plain {
    fn resolve(
        &self,
        _: Persona,
        _: Vec<(Emotion, Character)>,
        _: ProviderInfo,
    ) -> BoxFuture<'static, Result<(Control, Vec<Decision>), ProviderError>> {
        future::ready(Ok((Control::default(), Vec::new()))).boxed()
    }
}

struct World {
    clock: Arc<Clock>,
    hub: Hub,
    pool: LocalPool,
    session: String,
}

impl World {
    fn new(lifetimes: Lifetimes) -> World {
        let clock = Arc::new(Clock::default());
        let voice = Voice {
            info: Arc::default(),
            clock: clock.clone(),
        };
        let config = HubConfig {
            llm: Vec::new(),
            tts: vec![Candidate {
                id: "voice".into(),
                info: voice.info.clone(),
                budget: Budget::default(),
            }],
            avatar: Vec::new(),
            configured: Vec::new(),
            personas: Vec::new(),
            render: Render::default(),
            pacing: Pacing::default(),
            outbox: OutboxLimits::default(),
            history: 9,
            max_sessions: 9,
            lifetimes,
            health_us: SECOND,
            retries: Retries::default(),
            circuit: CircuitOptions {
                failures: 0,
                pause_us: SECOND,
            },
            on_break: OnBreak::default(),
        };
        let providers = Providers {
            llm: Vec::new(),
            tts: vec![Arc::new(voice)],
            avatar: Vec::new(),
            mapper: Arc::new(Plain),
        };
        let hub = Hub::new(config, providers, clock.clone());
        let mut world = World {
            clock,
            hub,
            pool: LocalPool::new(),
            session: String::new(),
        };
        world.session = world.open().unwrap();
        world.pass(0);
        world
    }

    fn open(&self) -> Result<String, OpenError> {
        let opened = self.hub.open(SessionRequest::default()).now_or_never();
        opened.unwrap().map(|session| session.id.as_str().into())
    }

    fn pass(&mut self, us: Micros) {
        self.clock.settle(&mut self.pool);
        self.clock.pass(&mut self.pool, us, SECOND / 10);
    }

    fn send(&mut self, event: ClientEvent) {
        self.hub.input(&self.session, event).unwrap();
        self.pass(0);
    }

    fn say(&mut self) {
        self.send(ClientEvent::UserText {
            text: "Something.".into(),
            mode: TurnMode::Say,
            end_turn: true,
        });
    }

    fn attach(&mut self, resume: Option<u64>) -> Box<dyn Reader> {
        let reader = self.hub.attach(&self.session, resume).unwrap();
        self.pass(0);
        reader
    }

    fn state(&self) -> Option<SessionState> {
        Some(self.hub.describe(&self.session)?.state)
    }

    fn generate(&mut self) -> Result<futures::stream::BoxStream<'static, Envelope>, OpenError> {
        let request = GenerateRequest {
            // More than may wait for who reads it.
            text: "Something. And something more. And yet more of it.".into(),
            mode: TurnMode::Say,
            ..GenerateRequest::default()
        };
        let turn = self.hub.generate(request).now_or_never().unwrap();
        self.pass(0);
        turn
    }

    /// Begin to drain; true once that is done.
    fn drain(&mut self, bound: Micros) -> Arc<AtomicBool> {
        let (hub, done) = (self.hub.clone(), Arc::<AtomicBool>::default());
        let drained = done.clone();
        let draining = async move {
            hub.drain(bound).await;
            drained.store(true, Ordering::SeqCst);
        };
        self.clock.spawn(draining.boxed());
        self.pass(0);
        done
    }
}

/// Everything that is there.
fn read(reader: &mut Box<dyn Reader>) -> (Vec<Envelope>, Option<Detach>) {
    let mut got = Vec::new();
    loop {
        match reader.next().now_or_never() {
            Some(Ok(envelope)) => got.push(envelope),
            Some(Err(end)) => return (got, Some(end)),
            None => return (got, None),
        }
    }
}

fn codes(got: &[Envelope]) -> Vec<&str> {
    let codes = got.iter().filter_map(|envelope| match &envelope.event {
        ServerEvent::Error { code, .. } => Some(code.as_str()),
        _ => None,
    });
    codes.collect()
}

fn ends(got: &[Envelope]) -> Vec<TurnEnd> {
    let ends = got.iter().filter_map(|envelope| match envelope.event {
        ServerEvent::TurnEnded { reason } => Some(reason),
        _ => None,
    });
    ends.collect()
}

fn sound_us(got: &[Envelope]) -> Micros {
    let sound = got.iter().filter_map(|envelope| match &envelope.event {
        ServerEvent::Audio(chunk) => Some(chunk.duration_us()),
        _ => None,
    });
    sound.sum()
}

fn resumption(got: &[Envelope]) -> Option<Resumption> {
    got.iter().find_map(|envelope| match &envelope.event {
        ServerEvent::SessionReady { resumption, .. } => Some(resumption.clone()),
        _ => None,
    })
}

#[test]
fn nobody_comes_and_the_session_ends() {
    let mut world = World::new(Lifetimes {
        idle_us: 60 * SECOND,
        ..Lifetimes::default()
    });
    let opened = world.hub.describe(&world.session).unwrap();
    assert_eq!(opened.expires_at_ms, 60_000);
    world.pass(59 * SECOND);
    assert_eq!(world.state(), Some(SessionState::Waiting));
    world.pass(2 * SECOND);
    assert_eq!((world.state(), world.hub.sessions()), (None, 0));
}

#[test]
fn who_may_still_resume_finds_the_session() {
    let lifetimes = Lifetimes {
        idle_us: 20 * SECOND,
        resume_us: 30 * SECOND,
        ..Lifetimes::default()
    };
    let end = lifetimes.end(&Status::opened(SECOND), false);
    assert_eq!(end, Some((31 * SECOND, Farewell::Idle)));
}

#[test]
fn who_is_there_but_asks_for_nothing_is_told_and_let_go() {
    let mut world = World::new(Lifetimes {
        idle_connected_us: 60 * SECOND,
        ..Lifetimes::default()
    });
    let mut reader = world.attach(None);
    world.pass(40 * SECOND);
    world.send(ClientEvent::Interrupt);
    for _ in 0..5 {
        world.pass(10 * SECOND);
        // A forgotten page goes on saying these.
        world.send(ClientEvent::Ping);
        world.send(ClientEvent::Playback {
            position_us: 1,
            client_us: None,
        });
    }
    assert_eq!(world.state(), Some(SessionState::Idle));
    world.pass(11 * SECOND);
    let (got, end) = read(&mut reader);
    assert_eq!(codes(&got), ["session_expired"]);
    assert_eq!(end, Some(Detach::Expired));
    assert_eq!(world.state(), None);
}

#[test]
fn a_turn_is_no_idleness_and_no_limit_means_none() {
    for (limit, ended) in [(SECOND, true), (0, false)] {
        let mut world = World::new(Lifetimes {
            idle_connected_us: limit,
            ..Lifetimes::default()
        });
        let mut reader = world.attach(None);
        world.say();
        world.pass(2 * SECOND);
        assert_eq!(world.state(), Some(SessionState::Busy));
        world.pass(3 * SECOND);
        let (got, end) = read(&mut reader);
        assert_eq!(ends(&got), [TurnEnd::Completed]);
        assert_eq!(end.is_some(), ended, "{limit}");
    }
}

#[test]
fn a_session_that_is_old_finishes_its_turn_and_begins_no_other() {
    let mut world = World::new(Lifetimes {
        most_us: 60 * SECOND,
        ..Lifetimes::default()
    });
    let mut reader = world.attach(None);
    world.pass(59 * SECOND);
    world.say();
    world.pass(3 * SECOND / 2);
    world.say();
    world.pass(3 * SECOND);
    let (got, end) = read(&mut reader);
    assert_eq!(ends(&got), [TurnEnd::Completed]);
    assert_eq!(codes(&got), ["session_expired", "session_expired"]);
    assert_eq!(end, Some(Detach::Expired));
}

#[test]
fn a_stream_that_is_lost_is_waited_for_and_goes_on() {
    let mut world = World::new(Lifetimes::default());
    let mut reader = world.attach(None);
    world.say();
    world.pass(SECOND);
    let (mut got, _) = read(&mut reader);
    drop(reader);
    world.pass(29 * SECOND);
    assert_eq!(world.state(), Some(SessionState::Waiting));
    let mut reader = world.attach(Some(got.len() as u64));
    world.pass(3 * SECOND);
    let (rest, end) = read(&mut reader);
    assert_eq!((resumption(&rest), end), (Some(Resumption::Resumed), None));
    got.extend(rest);
    let numbers: Vec<u64> = got.iter().map(|envelope| envelope.seq).collect();
    assert_eq!(numbers, (1..=got.len() as u64).collect::<Vec<_>>());
    assert_eq!(ends(&got), [TurnEnd::Completed]);
    assert_eq!(sound_us(&got), 2 * SECOND);
}

#[test]
fn a_stream_that_is_lost_for_too_long_or_left_stops_its_turn() {
    for (leaves, away) in [(false, 31 * SECOND), (true, 0)] {
        let mut world = World::new(Lifetimes::default());
        let mut reader = world.attach(None);
        world.say();
        world.pass(SECOND);
        let (got, _) = read(&mut reader);
        match leaves {
            true => reader.leave(),
            false => drop(reader),
        }
        world.pass(away);
        let last = got.last().unwrap().seq;
        let mut reader = world.attach(Some(last));
        let (rest, _) = read(&mut reader);
        assert_eq!(ends(&rest), [TurnEnd::Interrupted]);
        assert!(matches!(resumption(&rest), Some(Resumption::Refused(_))));
        assert_eq!(rest[0].seq, last + 1, "numbers go on all the same");
    }
}

#[test]
fn a_reader_that_takes_over_before_the_loss_was_noticed_resumes_too() {
    let mut world = World::new(Lifetimes::default());
    let mut first = world.attach(None);
    world.say();
    world.pass(SECOND);
    let (got, _) = read(&mut first);
    let seen = got.len() / 2;
    let mut second = world.attach(Some(seen as u64));
    assert_eq!(read(&mut first).1, Some(Detach::Replaced));
    drop(first);
    world.pass(4 * SECOND);
    let (rest, _) = read(&mut second);
    assert_eq!(rest[0].seq, seen as u64 + 1);
    assert_eq!(ends(&rest), [TurnEnd::Completed]);
    assert_eq!(sound_us(&got[..seen]) + sound_us(&rest), 2 * SECOND);
}

#[test]
fn a_server_that_stops_lets_turns_be_finished() {
    let mut world = World::new(Lifetimes::default());
    let mut idle = world.attach(None);
    world.session = world.open().unwrap();
    let mut busy = world.attach(None);
    world.say();
    world.pass(SECOND);
    let done = world.drain(10 * SECOND);
    let (got, end) = read(&mut idle);
    assert_eq!(codes(&got), ["server_shutting_down"]);
    assert_eq!(end, Some(Detach::ShuttingDown));
    assert_eq!(world.open(), Err(OpenError::ShuttingDown));
    // Another turn is not begun, and does not stop this one.
    world.say();
    assert!(!done.load(Ordering::SeqCst));
    world.pass(2 * SECOND);
    let (got, end) = read(&mut busy);
    assert_eq!(ends(&got), [TurnEnd::Completed]);
    assert_eq!(sound_us(&got), 2 * SECOND);
    assert_eq!(codes(&got), ["server_shutting_down"; 2]);
    assert_eq!(end, Some(Detach::ShuttingDown));
    assert!(done.load(Ordering::SeqCst), "nobody is waited for in vain");
    assert_eq!(world.hub.sessions(), 0);
}

#[test]
fn a_server_that_stops_waits_no_longer_than_it_may() {
    let mut world = World::new(Lifetimes::default());
    let mut reader = world.attach(None);
    world.say();
    world.pass(SECOND);
    let done = world.drain(SECOND / 2);
    world.pass(SECOND / 2);
    let (got, end) = read(&mut reader);
    assert_eq!(codes(&got), ["server_shutting_down"]);
    assert_eq!(ends(&got), [TurnEnd::Interrupted]);
    assert_eq!(end, Some(Detach::ShuttingDown));
    assert!(done.load(Ordering::SeqCst));
}

#[test]
fn who_was_lost_is_not_waited_for_by_a_server_that_stops() {
    let mut world = World::new(Lifetimes::default());
    let reader = world.attach(None);
    world.say();
    world.pass(SECOND);
    drop(reader);
    world.pass(0);
    let done = world.drain(10 * SECOND);
    assert!(done.load(Ordering::SeqCst));
}

#[test]
fn a_turn_without_a_session_is_told_too() {
    let mut world = World::new(Lifetimes::default());
    let mut turn = world.generate().unwrap();
    let done = world.drain(SECOND);
    assert!(world.generate().is_err());
    assert!(!done.load(Ordering::SeqCst));
    world.pass(2 * SECOND);
    assert!(done.load(Ordering::SeqCst));
    let mut got = Vec::new();
    while let Some(Some(envelope)) = turn.next().now_or_never() {
        got.push(envelope);
    }
    assert_eq!(codes(&got), ["server_shutting_down"]);
    assert_eq!(ends(&got), [TurnEnd::Interrupted]);
}

#[test]
fn a_turn_that_nobody_listens_to_any_more_ends() {
    let mut world = World::new(Lifetimes::default());
    let turn = world.generate().unwrap();
    let running = |world: &World| world.hub.0.running.lock().commands.len();
    assert_eq!(running(&world), 2);
    drop(turn);
    world.pass(0);
    assert_eq!(running(&world), 1, "the session of the world");
}
