//! A hub that is reloaded while people talk to it, on a clock that only the test moves.

use super::*;
use crate::circuit::CircuitOptions;
use crate::clock::Pacing;
use crate::controls::{Character, Decision, Emotion, Render};
use crate::driver::Host;
use crate::engine::{Engine, ProviderStatus};
use crate::events::{ClientEvent, Envelope, ServerEvent, TurnEnd, TurnMode};
use crate::hub::Lifetimes;
use crate::hub::fake::Clock;
use crate::media::{AudioChunk, AudioFormat, Micros, SECOND, VideoCodec, VideoFrame};
use crate::outbox::OutboxLimits;
use crate::provider::{
    Avatar, AvatarEvent, AvatarInput, Call, CallContext, Control, Health, Llm, LlmEvent, Mapper,
    Message, ProviderError, ProviderInfo, Readiness, Tts, TtsEvent, TtsInput,
};
use crate::session::{Budget, Candidate, OnBreak, Retries};
use futures::channel::mpsc;
use futures::executor::LocalPool;
use futures::future::{self, BoxFuture};
use futures::{FutureExt, SinkExt, StreamExt};
use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const FRAME_US: Micros = 40_000;
/// Between two words of a language model.
const WORD_US: Micros = 200_000;
/// What each utterance sounds for.
const SOUND_US: Micros = 500_000;
const FORMAT: AudioFormat = AudioFormat {
    sample_rate: 8_000,
    channels: 1,
};

/// A provider of any stage: `version` is what it says, or what its frames show.
struct Double {
    id: &'static str,
    info: Arc<ProviderInfo>,
    clock: Arc<Clock>,
    version: u8,
    opened: AtomicU64,
    /// Calls that were dropped, or ended.
    over: Arc<AtomicU64>,
}

impl Double {
    fn new(clock: &Arc<Clock>, id: &'static str, version: u8) -> Arc<Double> {
        Arc::new(Double {
            id,
            info: Arc::new(ProviderInfo {
                name: id.into(),
                version: version.to_string(),
                video: vec![VideoCodec::Jpeg],
                ..ProviderInfo::default()
            }),
            clock: clock.clone(),
            version,
            opened: AtomicU64::new(0),
            over: Arc::default(),
        })
    }

    fn candidate(&self) -> Candidate {
        Candidate {
            id: self.id.into(),
            info: self.info.clone(),
            budget: Budget::default(),
        }
    }

    fn opened(&self) -> u64 {
        self.opened.load(Ordering::SeqCst)
    }

    fn open_now(&self) -> u64 {
        self.opened() - self.over.load(Ordering::SeqCst)
    }

    /// Run a call until it ends or nobody listens any more.
    fn serve(&self, call: impl Future<Output = Option<()>> + Send + 'static) {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let over = self.over.clone();
        let task = call.map(move |_| {
            over.fetch_add(1, Ordering::SeqCst);
        });
        self.clock.spawn(task.boxed());
    }
}

impl Provider for Double {
    fn id(&self) -> &str {
        self.id
    }

    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn health(&self) -> BoxFuture<'static, Health> {
        let detail = format!("version {}", self.version);
        let readiness = Readiness::Ready;
        future::ready(Health { readiness, detail }).boxed()
    }
}

impl Llm for Double {
    fn open(
        &self,
        _: Vec<Message>,
        _: Control,
        _: CallContext,
    ) -> BoxFuture<'static, Result<Call<Infallible, LlmEvent>, ProviderError>> {
        let (mut out, events) = mpsc::channel(0);
        let (input, _) = mpsc::channel(0);
        let (clock, version) = (self.clock.clone(), self.version);
        self.serve(async move {
            for word in ["One ", "two ", "three."] {
                let text = LlmEvent::Text(word.replace("two", &format!("v{version}")));
                out.send(Ok(text)).await.ok()?;
                clock.sleep_until(clock.now() + WORD_US).await;
            }
            Some(())
        });
        future::ready(Ok(Call { input, events })).boxed()
    }
}

impl Tts for Double {
    fn open(
        &self,
        _: Control,
        _: CallContext,
    ) -> BoxFuture<'static, Result<Call<TtsInput, TtsEvent>, ProviderError>> {
        let (mut out, events) = mpsc::channel(0);
        let (input, mut inputs) = mpsc::channel(8);
        let version = self.version;
        self.serve(async move {
            let mut said = 0;
            while let Some(input) = inputs.next().await {
                let TtsInput::Utterance(_) = input else {
                    continue;
                };
                let bytes = usize::try_from(SOUND_US * 16 / 1_000).unwrap();
                let chunk = AudioChunk {
                    at: u64::from(said) * SOUND_US,
                    format: FORMAT,
                    pcm: vec![version; bytes].into(),
                };
                out.send(Ok(TtsEvent::Audio(chunk))).await.ok()?;
                out.send(Ok(TtsEvent::UtteranceEnd(said))).await.ok()?;
                said += 1;
            }
            Some(())
        });
        future::ready(Ok(Call { input, events })).boxed()
    }
}

impl Avatar for Double {
    fn open(
        &self,
        _: Render,
        _: Vec<VideoCodec>,
        _: Control,
        _: CallContext,
    ) -> BoxFuture<'static, Result<Call<AvatarInput, AvatarEvent>, ProviderError>> {
        let (mut out, events) = mpsc::channel(0);
        let (input, mut inputs) = mpsc::channel(64);
        let version = self.version;
        self.serve(async move {
            for at in (0..).step_by(FRAME_US as usize) {
                while inputs.try_recv().is_ok() {}
                let frame = VideoFrame {
                    at,
                    duration_us: FRAME_US as u32,
                    codec: VideoCodec::Jpeg,
                    width: 1,
                    height: 1,
                    keyframe: true,
                    data: vec![version].into(),
                };
                out.send(Ok(AvatarEvent::Frame(frame))).await.ok()?;
            }
            Some(())
        });
        future::ready(Ok(Call { input, events })).boxed()
    }
}

/// Maps nothing, and counts what it was asked.
#[derive(Default)]
struct Map(AtomicU64);

impl Mapper for Map {
    fn resolve(
        &self,
        _: Persona,
        _: Vec<(Emotion, Character)>,
        _: ProviderInfo,
    ) -> BoxFuture<'static, Result<(Control, Vec<Decision>), ProviderError>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        future::ready(Ok(Default::default())).boxed()
    }
}

/// What a hub is made of in these tests.
#[derive(Clone)]
struct Cast {
    llm: Vec<Arc<Double>>,
    tts: Arc<Double>,
    avatar: Arc<Double>,
    mapper: Arc<Map>,
    personas: Vec<Persona>,
}

impl Cast {
    fn config(&self) -> HubConfig {
        let all = self.llm.iter().map(|one| (one, Stage::Llm));
        let all = all.chain([(&self.tts, Stage::Tts), (&self.avatar, Stage::Avatar)]);
        let configured = all.map(|(one, role)| Configured {
            id: one.id.into(),
            role,
            mode: "mock".into(),
            place: Some(0),
            missing: false,
        });
        HubConfig {
            configured: configured.collect(),
            llm: self.llm.iter().map(|one| one.candidate()).collect(),
            tts: vec![self.tts.candidate()],
            avatar: vec![self.avatar.candidate()],
            personas: self.personas.clone(),
            render: Render::default(),
            pacing: Pacing::default(),
            outbox: OutboxLimits::default(),
            history: 10,
            max_sessions: 3,
            lifetimes: Lifetimes {
                idle_us: 3_600 * SECOND,
                ..Lifetimes::default()
            },
            health_us: 10 * SECOND,
            retries: Retries::default(),
            circuit: CircuitOptions::default(),
            on_break: OnBreak::default(),
        }
    }

    fn providers(&self) -> Providers {
        let each = self.llm.iter().map(|one| one.clone() as Arc<dyn Llm>);
        Providers {
            llm: each.collect(),
            tts: vec![self.tts.clone()],
            avatar: vec![self.avatar.clone()],
            mapper: self.mapper.clone(),
        }
    }
}

struct World {
    clock: Arc<Clock>,
    pool: LocalPool,
    hub: Hub,
    cast: Cast,
    seen: Arc<Mutex<Vec<Envelope>>>,
    session: String,
}

fn persona(id: &str, prompt: &str) -> Persona {
    Persona {
        id: id.into(),
        prompt: prompt.into(),
        ..Persona::default()
    }
}

impl World {
    /// A hub with one session that somebody watches, first versions of all.
    fn new() -> World {
        let clock = Arc::new(Clock::default());
        let cast = Cast {
            llm: vec![Double::new(&clock, "mind", 1)],
            tts: Double::new(&clock, "voice", 1),
            avatar: Double::new(&clock, "face", 1),
            mapper: Arc::default(),
            personas: vec![persona("mira", ""), persona("theo", "")],
        };
        let hub = Hub::new(cast.config(), cast.providers(), clock.clone());
        let mut world = World {
            clock,
            pool: LocalPool::new(),
            hub,
            cast,
            seen: Arc::default(),
            session: String::new(),
        };
        world.session = world.open();
        let mut reader = world.hub.attach(&world.session, None).unwrap();
        let seen = world.seen.clone();
        let read = async move {
            while let Ok(envelope) = reader.next().await {
                seen.lock().unwrap().push(envelope);
            }
        };
        world.clock.spawn(read.boxed());
        world.pass(SECOND);
        world
    }

    fn open(&mut self) -> String {
        let opened = self.hub.open(SessionRequest::default());
        let opened = opened.now_or_never().unwrap().unwrap();
        opened.id.as_str().into()
    }

    fn pass(&mut self, us: Micros) {
        self.clock.pass(&mut self.pool, us, 10_000);
    }

    fn reload(&mut self, change: impl FnOnce(&Arc<Clock>, &mut Cast)) {
        change(&self.clock, &mut self.cast);
        self.hub.reload(self.cast.config(), self.cast.providers());
        self.clock.settle(&mut self.pool);
    }

    fn chat(&mut self) {
        let said = ClientEvent::UserText {
            text: "Hello.".into(),
            mode: TurnMode::Chat,
            end_turn: true,
        };
        self.hub.input(&self.session, said).unwrap();
    }

    fn events<T>(&self, pick: impl Fn(&ServerEvent) -> Option<T>) -> Vec<T> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter_map(|one| pick(&one.event)).collect()
    }

    /// What each turn wrote.
    fn answers(&self) -> Vec<String> {
        let mut answers = Vec::new();
        for event in self.events(|event| Some(event.clone())) {
            match event {
                ServerEvent::TurnStarted => answers.push(String::new()),
                ServerEvent::TextDelta { text } => answers.last_mut().unwrap().push_str(&text),
                _ => {}
            }
        }
        answers
    }

    /// Which versions of the voice were heard, in order.
    fn voices(&self) -> Vec<u8> {
        let mut heard = self.events(|event| match event {
            ServerEvent::Audio(chunk) => chunk.pcm.first().copied(),
            _ => None,
        });
        heard.dedup();
        heard
    }

    /// Media time and version of every frame.
    fn frames(&self) -> Vec<(Micros, u8)> {
        self.events(|event| match event {
            ServerEvent::Video(frame) => Some((frame.at, frame.data[0])),
            _ => None,
        })
    }

    fn ends(&self) -> Vec<TurnEnd> {
        self.events(|event| match event {
            ServerEvent::TurnEnded { reason } => Some(*reason),
            _ => None,
        })
    }

    /// Nothing was lost on the way, nothing went wrong, and nobody was sent away.
    fn check(&self) {
        let seen = self.seen.lock().unwrap();
        for (index, envelope) in seen.iter().enumerate() {
            assert_eq!(envelope.seq, index as u64 + 1);
            let bad = matches!(
                envelope.event,
                ServerEvent::Error { .. } | ServerEvent::ProviderSwitched { .. }
            );
            assert!(!bad, "{envelope:?}");
        }
    }

    fn health(&mut self) -> Vec<ProviderStatus> {
        let hub = self.hub.clone();
        let answer = Arc::new(Mutex::new(None));
        let told = answer.clone();
        let ask = async move {
            let all = hub.health().await;
            *told.lock().unwrap() = Some(all);
        };
        self.clock.spawn(ask.boxed());
        self.pass(SECOND);
        let answer = answer.lock().unwrap().take();
        answer.expect("an answer within a second")
    }
}

fn second(clock: &Arc<Clock>, cast: &mut Cast) {
    cast.llm = vec![Double::new(clock, "mind", 2)];
    cast.tts = Double::new(clock, "voice", 2);
    cast.avatar = Double::new(clock, "face", 2);
}

#[test]
fn a_turn_ends_on_what_it_began_with() {
    let mut world = World::new();
    let first = world.cast.clone();
    world.chat();
    world.pass(WORD_US);
    assert_eq!(world.answers().len(), 1);
    world.reload(second);
    assert_eq!(world.hub.sessions(), 1);
    world.pass(3 * SECOND);
    assert_eq!(world.answers(), ["One v1 three."]);
    assert_eq!(world.voices(), [1]);
    assert_eq!(world.ends(), [TurnEnd::Completed]);
    assert_eq!(first.avatar.open_now(), 0, "the old face is closed");

    world.chat();
    world.pass(3 * SECOND);
    assert_eq!(world.answers(), ["One v1 three.", "One v2 three."]);
    assert_eq!(world.voices(), [1, 2]);
    assert_eq!(world.ends(), [TurnEnd::Completed; 2]);
    world.check();

    // Nobody holds the first ones any more: instances end with their last user.
    drop(world.seen.lock().unwrap().drain(..));
    for old in [&first.llm[0], &first.tts, &first.avatar] {
        assert_eq!((old.opened(), Arc::strong_count(old)), (1, 1), "{}", old.id);
    }
}

#[test]
fn the_face_of_a_turn_stays_until_the_turn_is_over() {
    let mut world = World::new();
    world.chat();
    world.pass(WORD_US);
    world.reload(second);
    while world.ends().is_empty() {
        assert!(world.frames().iter().all(|(_, version)| *version == 1));
        world.pass(FRAME_US);
    }
    world.pass(SECOND);
    let frames = world.frames();
    assert_eq!(frames.last().unwrap().1, 2);
    assert!(frames.is_sorted(), "time and version only grow");
    let gap = frames.windows(2).map(|pair| pair[1].0 - pair[0].0).max();
    assert!(
        gap <= Some(2 * FRAME_US),
        "{gap:?} us without a picture at most"
    );
    world.check();
}

#[test]
fn who_interrupts_always_is_served_anew_all_the_same() {
    let mut world = World::new();
    world.chat();
    world.pass(WORD_US);
    world.reload(second);
    world.chat();
    world.pass(3 * SECOND);
    assert_eq!(world.ends(), [TurnEnd::Interrupted, TurnEnd::Completed]);
    assert_eq!(world.answers().last().unwrap(), "One v2 three.");
    world.check();
}

#[test]
fn an_idle_session_takes_over_at_once() {
    let mut world = World::new();
    let before = world.frames().len();
    world.reload(second);
    world.pass(SECOND);
    let frames = world.frames();
    let new = frames.iter().filter(|(_, version)| *version == 2).count();
    assert!(new >= 23, "{new} frames of {}", frames.len() - before);
    let described = world.hub.describe(&world.session).unwrap();
    assert_eq!(described.providers[0], (Stage::Llm, "mind".into()));
    world.chat();
    world.pass(3 * SECOND);
    assert_eq!(world.answers(), ["One v2 three."]);
    world.check();
}

#[test]
fn a_face_that_stays_the_same_does_not_notice() {
    let mut world = World::new();
    for version in 2..5 {
        world.reload(|clock, cast| {
            cast.llm = vec![
                Double::new(clock, "mind", version),
                Double::new(clock, "spare", 1),
            ];
        });
        world.chat();
        world.pass(3 * SECOND);
    }
    assert_eq!(world.cast.avatar.opened(), 1);
    let frames = world.frames();
    assert!(frames.len() > 220, "{} frames", frames.len());
    for pair in frames.windows(2) {
        assert_eq!(pair[1].0 - pair[0].0, FRAME_US, "a frame is missing");
    }
    assert_eq!(
        world.answers(),
        ["One v2 three.", "One v3 three.", "One v4 three."]
    );
    world.check();
}

#[test]
fn of_two_reloads_in_one_turn_the_later_one_counts() {
    let mut world = World::new();
    world.chat();
    world.pass(WORD_US);
    let mapper = world.cast.mapper.clone();
    world.reload(|_, cast| cast.mapper = Arc::default());
    // The mapper is the new one of the reload before, and the session has not seen it yet.
    world.reload(second);
    let asked = mapper.0.load(Ordering::SeqCst);
    world.pass(3 * SECOND);
    world.chat();
    world.pass(3 * SECOND);
    assert_eq!(world.answers(), ["One v1 three.", "One v2 three."]);
    assert_eq!(
        mapper.0.load(Ordering::SeqCst),
        asked,
        "the old one is done"
    );
    assert_eq!(
        world.cast.mapper.0.load(Ordering::SeqCst),
        3,
        "once for each stage"
    );
    world.check();
}

#[test]
fn only_what_has_changed_is_mapped_anew() {
    let mut world = World::new();
    let asked = |world: &World| world.cast.mapper.0.load(Ordering::SeqCst);
    assert_eq!(asked(&world), 3);
    world.reload(|_, _| {});
    world.chat();
    world.pass(3 * SECOND);
    assert_eq!(asked(&world), 3, "nothing has changed");
    world.reload(|clock, cast| cast.tts = Double::new(clock, "voice", 2));
    assert_eq!(asked(&world), 4, "for the new voice");
    world.reload(|_, cast| cast.personas = vec![persona("mira", "Be brief.")]);
    assert_eq!(asked(&world), 7, "for everybody");
    world.reload(|_, cast| cast.personas = vec![persona("lin", "")]);
    assert_eq!(asked(&world), 7, "who is gone stays as she was");
    world.check();
}

#[test]
fn new_sessions_get_the_newest() {
    let mut world = World::new();
    world.reload(|clock, cast| {
        second(clock, cast);
        cast.personas = vec![persona("lin", "")];
    });
    let session = world.open();
    let described = world.hub.describe(&session).unwrap();
    assert_eq!(described.persona_id, "lin");
    assert_eq!(world.hub.personas().len(), 1);
    assert_eq!(world.hub.sessions(), 2);
    world.session = session;
    let reader = world.hub.attach(&world.session, None);
    world.chat();
    world.pass(3 * SECOND);
    assert_eq!(world.cast.llm[0].opened(), 1);
    drop(reader);
}

#[test]
fn limits_hold_from_the_reload_on() {
    let mut world = World::new();
    let mut config = world.cast.config();
    config.max_sessions = 1;
    world.hub.reload(config, world.cast.providers());
    let refused = world.hub.open(SessionRequest::default());
    assert!(refused.now_or_never().unwrap().is_err());
    world.pass(SECOND);
    assert_eq!(world.hub.sessions(), 1, "who is there stays");
}

#[test]
fn health_forgets_who_is_gone() {
    let mut world = World::new();
    world.health();
    let kept = world.cast.tts.clone();
    world.reload(|clock, cast| {
        cast.llm = vec![Double::new(clock, "other", 7)];
        cast.avatar = Double::new(clock, "face", 2);
    });
    let status = |all: &[ProviderStatus], id: &str| {
        let found = all.iter().find(|one| one.id == id);
        found.map(|one| one.health.detail.clone())
    };
    let all = world.hub.providers();
    assert_eq!(status(&all, "mind"), None);
    assert_eq!(status(&all, kept.id).as_deref(), Some("version 1"));
    let unknown = "has not said yet how it is";
    assert_eq!(status(&all, "other").as_deref(), Some(unknown));
    assert_eq!(status(&all, "face").as_deref(), Some(unknown));
    // Who asks gets the new ones' word at once, not with the next round.
    let all = world.health();
    assert_eq!(status(&all, "other").as_deref(), Some("version 7"));
    assert_eq!(status(&all, "face").as_deref(), Some("version 2"));
}
