//! Circuits in a hub, on a clock that only the test moves: what is told of them, who is asked, and whole turns.

use crate::circuit::Verdict;
use crate::controls::{Character, Decision, Emotion, Persona};
use crate::driver::Host;
use crate::engine::{Engine, GenerateRequest, SessionRequest};
use crate::events::{ClientEvent, ServerEvent, TurnEnd, TurnMode};
use crate::hub::Configured;
use crate::hub::fake::Clock;
use crate::hub::health::tests::{SECOND, World};
use crate::media::{AudioChunk, AudioFormat};
use crate::provider::{
    Call, CallContext, Control, ErrorCode, Health, Llm, LlmEvent, Mapper, Message, Provider,
    ProviderError, ProviderInfo, Readiness, Stage, Tts, TtsEvent, TtsInput,
};
use crate::session::{Budget, Candidate, Retries};
use bytes::Bytes;
use futures::channel::{mpsc, oneshot};
use futures::future::{self, BoxFuture};
use futures::{FutureExt, SinkExt, StreamExt};
use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// The face's circuit and what is said of it.
fn circuit(world: &World) -> (&'static str, String) {
    let all = world.hub.statuses();
    let face = all.into_iter().find(|one| one.id == "face").unwrap();
    (face.circuit, face.health.detail)
}

fn open_gauge(world: &World) -> f64 {
    let all = world.hub.counters();
    let (.., value) = *all.iter().find(|one| one.0 == "tth_circuits_open").unwrap();
    value
}

fn fail(world: &World, times: u32) {
    for _ in 0..times {
        let how = Verdict::Failed("internal: it fell over".into());
        world
            .hub
            .0
            .circuits
            .judge("face", world.clock.now(), world.clock.now(), how);
    }
}

#[test]
fn who_keeps_failing_is_left_alone_then_asked_and_tried() {
    let mut world = World::new();
    fail(&world, 1);
    assert_eq!((circuit(&world).0, open_gauge(&world)), ("closed", 0.0));
    fail(&world, 1);
    assert_eq!((circuit(&world).0, open_gauge(&world)), ("open", 1.0));
    let why = circuit(&world).1;
    assert_eq!(
        why,
        "circuit open after 2 failures: internal: it fell over; asked again in 5 s"
    );
    world.says(Readiness::Down, 0);
    world.pass(4 * SECOND);
    assert_eq!(world.asked(), 0, "left alone");
    world.pass(2 * SECOND);
    assert_eq!((world.asked(), circuit(&world).0), (1, "open"));
    let why = circuit(&world).1;
    assert!(
        why.contains("internal: it fell over; asked again in"),
        "{why}"
    );
    world.pass(8 * SECOND);
    assert_eq!(world.asked(), 1, "the second pause is twice as long");
    world.says(Readiness::Ready, SECOND / 2);
    world.pass(3 * SECOND);
    assert_eq!((world.asked(), circuit(&world).0), (2, "half_open"));
    let well = Verdict::Well;
    world
        .hub
        .0
        .circuits
        .judge("face", world.clock.now(), world.clock.now(), well);
    assert_eq!(circuit(&world), ("closed", String::new()));
}

#[test]
fn who_does_not_say_how_it_is_stays_barred() {
    let mut world = World::new();
    world.says(Readiness::Ready, 60 * SECOND);
    fail(&world, 2);
    world.pass(6 * SECOND);
    assert_eq!(world.asked(), 1);
    assert!(circuit(&world).1.contains("being asked"));
    world.pass(5 * SECOND);
    let (state, why) = circuit(&world);
    assert_eq!(state, "open");
    let said = "; asked again in 10 s; it says: did not say how it is within 5 s";
    assert!(why.ends_with(said), "{why}");
}

/// A mind that says its own name, unless it fails; counts how often it was asked.
struct Mind {
    id: &'static str,
    info: ProviderInfo,
    asked: AtomicU32,
    /// So many calls from now on fail.
    failing: AtomicU32,
}

impl Mind {
    fn new(id: &'static str) -> Arc<Mind> {
        Arc::new(Mind {
            id,
            info: ProviderInfo::default(),
            asked: AtomicU32::new(0),
            failing: AtomicU32::new(0),
        })
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

fn well() -> BoxFuture<'static, Health> {
    let health = Health {
        readiness: Readiness::Ready,
        detail: String::new(),
    };
    future::ready(health).boxed()
}

impl Provider for Mind {
    fn id(&self) -> &str {
        self.id
    }

    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn health(&self) -> BoxFuture<'static, Health> {
        well()
    }
}

impl Llm for Mind {
    fn open(
        &self,
        _: Vec<Message>,
        _: Control,
        _: CallContext,
    ) -> BoxFuture<'static, Result<Call<Infallible, LlmEvent>, ProviderError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let less = |left: u32| left.checked_sub(1);
        let failing = &self.failing;
        if failing
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
            .is_ok()
        {
            let error = ProviderError::new(ErrorCode::Unavailable, "nobody is there");
            return future::ready(Err(error)).boxed();
        }
        let (input, _) = mpsc::channel(1);
        let (mut out, events) = mpsc::channel(1);
        out.try_send(Ok(LlmEvent::Text(format!("I am {}.", self.id))))
            .unwrap();
        future::ready(Ok(Call { input, events })).boxed()
    }
}

/// A voice that gives every utterance a tenth of a second of sound.
struct Voice {
    info: ProviderInfo,
    host: Arc<Clock>,
}

impl Provider for Voice {
    fn id(&self) -> &str {
        "voice"
    }

    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn health(&self) -> BoxFuture<'static, Health> {
        well()
    }
}

impl Tts for Voice {
    fn open(
        &self,
        _: Control,
        _: CallContext,
    ) -> BoxFuture<'static, Result<Call<TtsInput, TtsEvent>, ProviderError>> {
        let (input, mut given) = mpsc::channel(4);
        let (mut out, events) = mpsc::channel(4);
        let speaking = async move {
            let mut number = 0;
            while let Some(item) = given.next().await {
                if !matches!(item, TtsInput::Utterance(_)) {
                    continue;
                }
                let format = AudioFormat {
                    sample_rate: 8_000,
                    channels: 1,
                };
                let chunk = AudioChunk {
                    at: u64::from(number) * 100_000,
                    format,
                    pcm: Bytes::from(vec![1; 1_600]),
                };
                for event in [TtsEvent::Audio(chunk), TtsEvent::UtteranceEnd(number)] {
                    let _gone = out.send(Ok(event)).await;
                }
                number += 1;
            }
        };
        self.host.spawn(speaking.boxed());
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

/// A hub with two minds and a voice.
fn house(attempts: u32) -> (World, Arc<Mind>) {
    let first = Mind::new("first");
    let minds = [first.clone(), Mind::new("second")];
    let world = World::with(|clock, config, providers| {
        let candidate = |id: &str| Candidate {
            id: id.into(),
            info: Arc::default(),
            budget: Budget::default(),
        };
        for (place, mind) in minds.into_iter().enumerate() {
            config.llm.push(candidate(mind.id));
            config.configured.push(Configured {
                id: mind.id.into(),
                role: Stage::Llm,
                mode: "mock".into(),
                place: Some(place),
                missing: false,
            });
            providers.llm.push(mind);
        }
        config.tts.push(candidate("voice"));
        config.retries = Retries {
            attempts,
            pause_us: SECOND / 10,
        };
        providers.tts.push(Arc::new(Voice {
            info: ProviderInfo::default(),
            host: clock.clone(),
        }));
        providers.mapper = Arc::new(Plain);
    });
    (world, first)
}

/// A turn: what was said, and by how many changes of provider.
fn turn(world: &mut World) -> (String, usize) {
    let request = GenerateRequest {
        text: "Who are you?".into(),
        ..GenerateRequest::default()
    };
    let hub = world.hub.clone();
    let (done, mut all) = oneshot::channel();
    let turn = async move {
        let events = hub.generate(request).await.unwrap();
        let _gone = done.send(events.collect::<Vec<_>>().await);
    };
    world.clock.spawn(turn.boxed());
    world.settle();
    for _ in 0..50 {
        let Some(all) = all.try_recv().unwrap() else {
            world.pass(SECOND / 10);
            continue;
        };
        let (mut said, mut switched) = (String::new(), 0);
        for envelope in &all {
            match &envelope.event {
                ServerEvent::TextDelta { text } => said += text,
                ServerEvent::ProviderSwitched { .. } => switched += 1,
                _ => {}
            }
        }
        let reason = TurnEnd::Completed;
        let last = &all.last().unwrap().event;
        assert_eq!(*last, ServerEvent::TurnEnded { reason });
        return (said, switched);
    }
    panic!("the turn never ends");
}

#[test]
fn turns_of_all_sessions_leave_a_mind_alone_that_keeps_failing_and_come_back_to_it() {
    let (mut world, first) = house(0);
    assert_eq!(turn(&mut world), ("I am first.".into(), 0));
    first.failing.store(2, Ordering::SeqCst);
    for _ in 0..2 {
        assert_eq!(turn(&mut world), ("I am second.".into(), 1));
    }
    assert_eq!(first.asked(), 3);
    for _ in 0..3 {
        // A new session begins with the second, and has nothing to tell.
        assert_eq!(turn(&mut world), ("I am second.".into(), 0));
    }
    assert_eq!((first.asked(), open_gauge(&world)), (3, 1.0));
    world.pass(6 * SECOND);
    assert_eq!(turn(&mut world), ("I am first.".into(), 0));
    assert_eq!((first.asked(), open_gauge(&world)), (4, 0.0));
}

#[test]
fn a_mind_that_stumbles_is_asked_again_after_its_pause() {
    let (mut world, first) = house(1);
    first.failing.store(1, Ordering::SeqCst);
    let began = world.clock.now();
    assert_eq!(turn(&mut world), ("I am first.".into(), 0));
    let took = world.clock.now() - began;
    assert!((SECOND / 10..=3 * SECOND / 10).contains(&took), "{took}");
    assert_eq!(first.asked(), 2);
}

#[test]
fn a_session_that_is_open_learns_what_happened_to_the_others() {
    let (mut world, first) = house(0);
    let open = world.hub.open(SessionRequest::default());
    let id = open.now_or_never().unwrap().unwrap().id;
    let mut reader = world.hub.attach(id.as_str(), None).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let reading = {
        let told = told.clone();
        async move {
            while let Ok(envelope) = reader.next().await {
                if let ServerEvent::ProviderSwitched { to, reason, .. } = envelope.event {
                    told.lock().unwrap().push((to.unwrap_or_default(), reason));
                }
            }
        }
    };
    world.clock.spawn(reading.boxed());
    world.settle();
    first.failing.store(2, Ordering::SeqCst);
    turn(&mut world);
    turn(&mut world);
    let asked = first.asked();
    let said = ClientEvent::UserText {
        text: "Who are you?".into(),
        mode: TurnMode::Chat,
        end_turn: true,
    };
    world.hub.input(id.as_str(), said).unwrap();
    world.pass(SECOND);
    assert_eq!(first.asked(), asked, "it is not even tried");
    let why = "circuit open after 2 failures: unavailable: nobody is there";
    assert_eq!(*told.lock().unwrap(), [("second".into(), why.into())]);
}
