//! A face that can be asked how it is, on a clock that only the test moves.

use super::*;
use crate::circuit::CircuitOptions;
use crate::clock::Pacing;
use crate::controls::{Character, Decision, Emotion, Persona, Render};
use crate::driver::Providers;
use crate::engine::{Engine, ProviderStatus};
use crate::hub::fake::Clock;
use crate::hub::{Hub, HubConfig, Lifetimes};
use crate::media::VideoCodec;
use crate::outbox::OutboxLimits;
use crate::provider::{
    Avatar, AvatarEvent, AvatarInput, Call, CallContext, Control, ErrorCode, Mapper, Provider,
    ProviderError, ProviderInfo, Stage,
};
use crate::session::{OnBreak, Retries};
use futures::channel::mpsc;
use futures::executor::LocalPool;
use futures::future::{self, BoxFuture};
use std::sync::atomic::{AtomicU64, Ordering};

pub(in crate::hub) const SECOND: Micros = 1_000_000;
const EVERY: Micros = 15 * SECOND;

/// A face that says what it is told to, after so long; counts how often it was asked.
struct Face {
    info: ProviderInfo,
    clock: Arc<Clock>,
    asked: AtomicU64,
    says: Mutex<(Readiness, Micros)>,
}

impl Provider for Face {
    fn id(&self) -> &str {
        "face"
    }

    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn health(&self) -> BoxFuture<'static, Health> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let (readiness, takes) = *self.says.lock().unwrap();
        let answered = self.clock.sleep_until(self.clock.now() + takes);
        let detail = String::new();
        answered.map(move |()| Health { readiness, detail }).boxed()
    }
}

impl Avatar for Face {
    fn open(
        &self,
        _: Render,
        _: Vec<VideoCodec>,
        _: Control,
        _: CallContext,
    ) -> BoxFuture<'static, Result<Call<AvatarInput, AvatarEvent>, ProviderError>> {
        let (input, _) = mpsc::channel(1);
        let (_, events) = mpsc::channel(1);
        future::ready(Ok(Call { input, events })).boxed()
    }
}

struct Nothing;

impl Mapper for Nothing {
    fn resolve(
        &self,
        _: Persona,
        _: Vec<(Emotion, Character)>,
        _: ProviderInfo,
    ) -> BoxFuture<'static, Result<(Control, Vec<Decision>), ProviderError>> {
        let error = ProviderError::new(ErrorCode::Unsupported, "nothing is mapped here");
        future::ready(Err(error)).boxed()
    }
}

pub(in crate::hub) struct World {
    pub(in crate::hub) clock: Arc<Clock>,
    face: Arc<Face>,
    pub(in crate::hub) hub: Hub,
    pool: LocalPool,
}

impl World {
    pub(in crate::hub) fn new() -> World {
        World::with(|_, _, _| ())
    }

    /// A hub with the face, and what else is put into its configuration and providers.
    pub(in crate::hub) fn with(
        more: impl FnOnce(&Arc<Clock>, &mut HubConfig, &mut Providers),
    ) -> World {
        let clock = Arc::new(Clock::default());
        let face = Arc::new(Face {
            info: ProviderInfo::default(),
            clock: clock.clone(),
            asked: AtomicU64::new(0),
            says: Mutex::new((Readiness::Ready, 0)),
        });
        let configured = |id: &str, place, missing| Configured {
            id: id.into(),
            role: Stage::Avatar,
            mode: "mock".into(),
            place,
            missing,
        };
        let mut config = HubConfig {
            llm: Vec::new(),
            tts: Vec::new(),
            avatar: Vec::new(),
            configured: vec![
                configured("lost", Some(0), true),
                configured("face", Some(1), false),
                configured("spare", None, false),
            ],
            personas: Vec::new(),
            render: Render::default(),
            pacing: Pacing::default(),
            outbox: OutboxLimits::default(),
            history: 1,
            max_sessions: 1,
            lifetimes: Lifetimes {
                idle_us: SECOND,
                ..Lifetimes::default()
            },
            health_us: EVERY,
            retries: Retries::default(),
            circuit: CircuitOptions {
                failures: 2,
                pause_us: 5 * SECOND,
            },
            on_break: OnBreak::default(),
        };
        let mut providers = Providers {
            llm: Vec::new(),
            tts: Vec::new(),
            avatar: vec![face.clone()],
            mapper: Arc::new(Nothing),
        };
        more(&clock, &mut config, &mut providers);
        let hub = Hub::new(config, providers, clock.clone());
        let pool = LocalPool::new();
        let mut world = World {
            clock,
            face,
            hub,
            pool,
        };
        world.settle();
        world
    }

    /// Run everything that can run now.
    pub(in crate::hub) fn settle(&mut self) {
        self.clock.settle(&mut self.pool);
    }

    /// Let time pass, a tenth of a second at once.
    pub(in crate::hub) fn pass(&mut self, us: Micros) {
        self.clock.pass(&mut self.pool, us, SECOND / 10);
    }

    /// Ask for the health; the answer, and how long it took.
    fn ask(&mut self) -> (Vec<ProviderStatus>, Micros) {
        let (hub, asked) = (self.hub.clone(), self.clock.now());
        let (done, mut answer) = oneshot::channel();
        self.clock.spawn(
            async move {
                let _gone = done.send(hub.health().await);
            }
            .boxed(),
        );
        self.settle();
        for _ in 0..100 {
            if let Some(all) = answer.try_recv().unwrap() {
                return (all, self.clock.now() - asked);
            }
            self.pass(SECOND / 10);
        }
        panic!("no answer in ten seconds");
    }

    fn face(&mut self) -> (Readiness, Option<f64>, Micros) {
        let (all, took) = self.ask();
        let face = all.iter().find(|one| one.id == "face").unwrap();
        (face.health.readiness, face.latency_ms, took)
    }

    pub(in crate::hub) fn asked(&self) -> u64 {
        self.face.asked.load(Ordering::SeqCst)
    }

    pub(in crate::hub) fn says(&self, readiness: Readiness, takes: Micros) {
        *self.face.says.lock().unwrap() = (readiness, takes);
    }
}

#[test]
fn nobody_is_asked_before_somebody_wants_to_know_nor_long_after() {
    let mut world = World::new();
    world.pass(10 * EVERY);
    assert_eq!(world.asked(), 0);
    assert_eq!(world.face(), (Readiness::Ready, Some(0.0), 0));
    world.pass(10 * EVERY);
    let asked = world.asked();
    assert!((4..=6).contains(&asked), "{asked} rounds");
    world.pass(10 * EVERY);
    assert_eq!(world.asked(), asked, "they ended");
}

#[test]
fn who_is_asked_often_is_known_without_waiting() {
    let mut world = World::new();
    world.says(Readiness::Ready, SECOND / 2);
    assert_eq!(world.face(), (Readiness::Ready, Some(500.0), SECOND / 2));
    world.says(Readiness::Down, SECOND / 2);
    let mut seen = Vec::new();
    for _ in 0..20 {
        world.pass(SECOND);
        let (readiness, _, took) = world.face();
        assert_eq!(took, 0, "kept from the last round");
        seen.push(readiness);
    }
    assert_eq!(seen.first(), Some(&Readiness::Ready));
    assert_eq!(seen.last(), Some(&Readiness::Down));
    assert!(world.asked() <= 3, "not once a request");
}

#[test]
fn a_silent_one_holds_a_request_up_for_a_second_only() {
    let mut world = World::new();
    world.says(Readiness::Ready, 60 * SECOND);
    assert_eq!(world.face(), (Readiness::Degraded, None, SECOND));
    // The same round is still under way: it is joined, not repeated.
    assert_eq!(world.face(), (Readiness::Degraded, None, SECOND));
    assert_eq!(world.asked(), 1);
    world.pass(4 * SECOND);
    let (readiness, latency_ms, took) = world.face();
    assert_eq!((readiness, took), (Readiness::Degraded, 0));
    assert!(latency_ms.is_some_and(|ms| ms >= 5_000.0), "{latency_ms:?}");
}

#[test]
fn what_was_heard_long_ago_is_asked_again() {
    let mut world = World::new();
    assert_eq!(world.face().0, Readiness::Ready);
    world.pass(20 * EVERY);
    world.says(Readiness::Down, 0);
    assert_eq!(world.face(), (Readiness::Down, Some(0.0), 0));
}

#[test]
fn who_did_not_load_is_down_and_who_is_not_in_use_is_told_apart() {
    let mut world = World::new();
    let (all, _) = world.ask();
    let [lost, face, spare] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!((lost.active, lost.primary), (true, true));
    assert_eq!(lost.health.readiness, Readiness::Down);
    assert!(lost.health.detail.contains("could not be loaded"));
    assert_eq!((face.active, face.primary), (true, false));
    assert_eq!((spare.active, spare.primary), (false, false));
    assert!(spare.health.detail.contains("not in use"));
    assert!(lost.info.is_none() && face.info.is_some() && spare.info.is_none());
}
