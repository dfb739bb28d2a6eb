//! All sessions of a server: opens, finds, expires and closes them.

mod describe;
#[cfg(test)]
mod fake;
mod generate;
mod health;
mod lifecycle;
mod probe;
mod reload;

pub use lifecycle::Lifetimes;

use crate::circuit::{CircuitOptions, Circuits};
use crate::clock::{GROUPS, Pacing, group_for_next};
use crate::controls::{ControlError, Persona, Render};
use crate::driver::{Command, Host, Observer, Providers, run};
use crate::engine::{
    Delivery, Engine, GenerateRequest, InputError, OpenError, ProviderStatus, Reader,
    SessionDescription, SessionRequest,
};
use crate::events::{ClientEvent, Envelope};
use crate::ids::SessionId;
use crate::media::{Micros, VideoCodec};
use crate::outbox::{Outbox, OutboxLimits};
use crate::provider::Stage;
use crate::session::{Candidate, Input, OnBreak, Retries, Session, SessionConfig};
use futures::channel::mpsc;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, future};
use reload::Roster;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Inputs that may wait for a session. A client that has more under way floods it.
const COMMAND_QUEUE: usize = 64;
/// How often expired sessions are looked for.
const SWEEP_US: Micros = 1_000_000;

/// A provider as the configuration has it, whether or not a chain uses it.
#[derive(Clone, Debug)]
pub struct Configured {
    /// The id in the configuration.
    pub id: String,
    /// What it does.
    pub role: Stage,
    /// api, self_host, embedded or mock.
    pub mode: String,
    /// Its place in the chain of its role, from 0; none: no chain names it.
    pub place: Option<usize>,
    /// Whether a chain names it but it could not be loaded.
    pub missing: bool,
}

/// What a hub is made of.
pub struct HubConfig {
    /// Who could serve.
    pub llm: Vec<Candidate>,
    /// Who could speak.
    pub tts: Vec<Candidate>,
    /// Who could show.
    pub avatar: Vec<Candidate>,
    /// Every provider of the configuration.
    pub configured: Vec<Configured>,
    /// Every persona; the first one is the default.
    pub personas: Vec<Persona>,
    /// What is drawn unless a client wishes otherwise.
    pub render: Render,
    /// When media leaves.
    pub pacing: Pacing,
    /// What may wait for a slow reader.
    pub outbox: OutboxLimits,
    /// Messages of a conversation that a language model is given at most.
    pub history: usize,
    /// Sessions at most.
    pub max_sessions: usize,
    /// How long sessions live.
    pub lifetimes: Lifetimes,
    /// How often providers are asked how they are while somebody wants to know, in microseconds; at
    /// least 1.
    pub health_us: Micros,
    /// How often a provider is asked again before the next one is.
    pub retries: Retries,
    /// When a provider that keeps failing is left alone, and for how long.
    pub circuit: CircuitOptions,
    /// What becomes of an answer that breaks off.
    pub on_break: OnBreak,
}

#[derive(Debug, Default)]
struct Status {
    turns: AtomicU64,
    busy: AtomicBool,
    /// It was told to end.
    ending: AtomicBool,
    /// Monotonic time at which it was opened.
    opened: Micros,
    /// Monotonic time at which anything last came from its client, or the client came or went.
    touched: AtomicU64,
    /// The same for what a client does not do by itself, and the end of a turn.
    used: AtomicU64,
}

impl Status {
    fn opened(now: Micros) -> Status {
        Status {
            opened: now,
            touched: AtomicU64::new(now),
            used: AtomicU64::new(now),
            ..Status::default()
        }
    }
}

struct Entry {
    description: SessionDescription,
    /// What it was opened with.
    request: SessionRequest,
    commands: mpsc::Sender<Command>,
    outbox: Outbox,
    status: Arc<Status>,
    /// Whom it is woken together with.
    group: usize,
}

/// Counts for an operator.
#[derive(Debug, Default)]
struct Counters {
    opened: AtomicU64,
    turns: AtomicU64,
    generated: AtomicU64,
}

struct Shared {
    /// Exchanged by a reload: whoever needs several of its values takes it once.
    roster: Mutex<Arc<Roster>>,
    host: Arc<dyn Host>,
    circuits: Arc<Circuits>,
    sessions: Mutex<HashMap<String, Entry>>,
    counters: Counters,
    board: health::Board,
    running: lifecycle::Running,
    closing: AtomicBool,
}

/// All sessions of a server. Clones share them.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

struct SessionObserver {
    status: Arc<Status>,
    shared: std::sync::Weak<Shared>,
}

impl Observer for SessionObserver {
    fn observe(&self, session: &Session) {
        let before = self.status.turns.swap(session.turns(), Ordering::Relaxed);
        let was_busy = self.status.busy.swap(session.busy(), Ordering::Relaxed);
        if session.turns() == before && was_busy == session.busy() {
            return;
        }
        if let Some(shared) = self.shared.upgrade() {
            shared
                .counters
                .turns
                .fetch_add(session.turns() - before, Ordering::Relaxed);
            let now = shared.host.now();
            self.status.touched.store(now, Ordering::Relaxed);
            self.status.used.store(now, Ordering::Relaxed);
        }
    }
}

/// A session's name or token: 128 bits that cannot be guessed, in hexadecimal.
fn secret(host: &dyn Host) -> String {
    format!("{:032x}", host.random())
}

impl Hub {
    /// A hub without sessions. Sweeps expired ones for as long as it lives.
    ///
    /// `providers` are in the order of the configuration's chains.
    pub fn new(config: HubConfig, providers: Providers, host: Arc<dyn Host>) -> Self {
        let shared = Arc::new(Shared {
            circuits: Arc::new(Circuits::new(config.circuit)),
            roster: Mutex::new(Roster::new(config, providers)),
            host: host.clone(),
            sessions: Mutex::default(),
            counters: Counters::default(),
            board: health::Board::default(),
            running: lifecycle::Running::default(),
            closing: AtomicBool::new(false),
        });
        host.spawn(health::keep_asking(Arc::downgrade(&shared), host.clone()).boxed());
        host.spawn(probe::keep_probing(Arc::downgrade(&shared), host.clone()).boxed());
        let weak = Arc::downgrade(&shared);
        let sweeper_host = host.clone();
        host.spawn(
            async move {
                loop {
                    sweeper_host
                        .sleep_until(sweeper_host.now() + SWEEP_US)
                        .await;
                    let Some(shared) = weak.upgrade() else { return };
                    shared.sweep();
                }
            }
            .boxed(),
        );
        Hub(shared)
    }

    /// Sessions that are open.
    pub fn sessions(&self) -> usize {
        self.0.lock().len()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        // The map is whole between any two statements, so a panic elsewhere cannot break it.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn persona(&self, roster: &Roster, request: &SessionRequest) -> Result<Persona, OpenError> {
        let known = &roster.config.personas;
        let unknown = |id: &str| OpenError::UnknownPersona {
            id: id.into(),
            known: known.iter().map(|persona| persona.id.clone()).collect(),
        };
        let find = |id: &str| {
            let found = known.iter().find(|persona| persona.id == id);
            found.ok_or_else(|| unknown(id))
        };
        let opened = request.persona_id.as_deref().map(find).transpose()?;
        // A control is laid over what the session is opened with.
        let control = request.character.as_ref();
        let control = control.and_then(|character| character.persona_id.as_deref());
        let control = control.map(find).transpose()?;
        let found = control.or(opened).or(known.first());
        let mut persona = found.cloned().ok_or_else(|| unknown(""))?;
        if let Some(voice) = &request.voice {
            for candidate in &roster.config.tts {
                persona.voice.insert(candidate.id.clone(), voice.clone());
                persona
                    .voice
                    .insert(candidate.info.name.clone(), voice.clone());
            }
        }
        if request.avatar.is_some() {
            persona.look.clone_from(&request.avatar);
        }
        Ok(persona)
    }

    /// The session a request asks for.
    fn session(
        &self,
        roster: &Roster,
        id: &SessionId,
        request: &SessionRequest,
        pacing: Pacing,
        codecs: Option<Vec<VideoCodec>>,
    ) -> Result<(Session, SessionConfig), OpenError> {
        request
            .emotion
            .iter()
            .try_for_each(|emotion| emotion.check())?;
        request
            .character
            .iter()
            .try_for_each(|character| character.check())?;
        let persona = self.persona(roster, request)?;
        let render = match &request.render {
            Some(wish) => wish.settle(roster.config.render)?,
            None => roster.config.render,
        };
        let language = request
            .language
            .clone()
            .filter(|language| !language.is_empty());
        if let Some(tag) = language.as_deref().filter(|tag| !is_language_tag(tag)) {
            return Err(OpenError::Control(ControlError {
                field: "language",
                value: format!("{tag:?}"),
                range: "a BCP 47 tag such as \"en\" or \"de-AT\"".into(),
            }));
        }
        let or_english = |text: &str| {
            if text.is_empty() {
                "en".to_owned()
            } else {
                text.to_owned()
            }
        };
        let config = SessionConfig {
            id: id.clone(),
            language: language.unwrap_or_else(|| or_english(&persona.language)),
            persona,
            personas: roster.personas.clone(),
            render,
            codecs: codecs.unwrap_or_else(|| preferred(render)),
            llm: roster.config.llm.clone(),
            tts: roster.config.tts.clone(),
            avatar: roster.config.avatar.clone(),
            pacing,
            history: roster.config.history,
            retries: roster.config.retries,
            on_break: roster.config.on_break,
        };
        let mut session = Session::new(config.clone());
        if let Some(barred) = self.circuits.news(&mut 0) {
            session.handle(self.host.now(), Input::Barred(barred));
        }
        session.set_controls(request.emotion.as_ref(), request.character.as_ref());
        Ok((session, config))
    }

    fn start(
        self: &Arc<Self>,
        roster: &Roster,
        session: Session,
        outbox: &Outbox,
    ) -> (mpsc::Sender<Command>, Arc<Status>) {
        let (commands, receiver) = mpsc::channel(COMMAND_QUEUE);
        let status = Arc::new(Status::opened(self.host.now()));
        let id = session.id().clone();
        self.running.begin(id.clone(), commands.clone());
        let observer = Arc::new(SessionObserver {
            status: status.clone(),
            shared: Arc::downgrade(self),
        });
        let driver = run(
            session,
            roster.providers.clone(),
            self.circuits.clone(),
            self.host.clone(),
            receiver,
            outbox.clone(),
            observer,
        );
        let hub = Arc::downgrade(self);
        let task = async move {
            driver.await;
            if let Some(hub) = hub.upgrade() {
                hub.ended(&id);
            }
        };
        self.host.spawn(task.boxed());
        (commands, status)
    }
}

fn preferred(render: Render) -> Vec<VideoCodec> {
    match render.latency_mode {
        crate::controls::LatencyMode::Low => vec![VideoCodec::Jpeg, VideoCodec::H264Annexb],
        _ => vec![VideoCodec::H264Annexb, VideoCodec::Jpeg],
    }
}

fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().is_some_and(|part| {
        (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic())
    });
    let rest = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    first && text.len() <= 35 && parts.all(rest)
}

impl Engine for Hub {
    fn open(
        &self,
        request: SessionRequest,
    ) -> BoxFuture<'_, Result<SessionDescription, OpenError>> {
        future::ready(self.open_now(&request)).boxed()
    }

    fn describe(&self, id: &str) -> Option<SessionDescription> {
        self.describe_now(id)
    }

    fn close(&self, id: &str) -> bool {
        let entry = self.0.lock().remove(id);
        entry.as_ref().map(Entry::end).is_some()
    }

    fn input(&self, id: &str, event: ClientEvent) -> Result<(), InputError> {
        let mut sessions = self.0.lock();
        let entry = sessions.get_mut(id).ok_or(InputError::UnknownSession)?;
        let now = self.0.host.now();
        entry.status.touched.store(now, Ordering::Relaxed);
        match &event {
            // What a player says by itself is no sign of a person.
            ClientEvent::Ping => {}
            ClientEvent::Playback { position_us, .. } => entry.outbox.played(*position_us),
            _ => entry.status.used.store(now, Ordering::Relaxed),
        }
        entry
            .commands
            .try_send(Command::Client(event))
            .map_err(|error| match error.is_full() {
                true => InputError::TooMany,
                false => InputError::UnknownSession,
            })
    }

    fn attach(&self, id: &str, resume: Option<u64>) -> Option<Box<dyn Reader>> {
        self.read(id, resume)
    }

    fn generate(
        &self,
        request: GenerateRequest,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Envelope>, OpenError>> {
        future::ready(self.generate_now(request)).boxed()
    }

    fn providers(&self) -> Vec<ProviderStatus> {
        self.statuses()
    }

    fn health(&self) -> BoxFuture<'_, Vec<ProviderStatus>> {
        async {
            self.0.up_to_date().await;
            self.statuses()
        }
        .boxed()
    }

    fn personas(&self) -> Vec<Persona> {
        self.0.roster().config.personas.clone()
    }

    fn counters(&self) -> Vec<(&'static str, &'static str, &'static str, f64)> {
        let (counters, sessions) = (&self.0.counters, self.0.lock());
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        let having = |wanted: fn(&Entry) -> bool| {
            let entries = sessions.values();
            entries.filter(|entry| wanted(entry)).count() as f64
        };
        vec![
            (
                "tth_sessions",
                "Sessions that are open",
                "gauge",
                sessions.len() as f64,
            ),
            (
                "tth_sessions_connected",
                "Sessions with a reader",
                "gauge",
                having(|entry| entry.outbox.attached()),
            ),
            (
                "tth_sessions_busy",
                "Sessions in a turn",
                "gauge",
                having(|entry| entry.status.busy.load(Ordering::Relaxed)),
            ),
            (
                "tth_sessions_opened_total",
                "Sessions opened",
                "counter",
                count(&counters.opened),
            ),
            (
                "tth_turns_total",
                "Turns started in sessions",
                "counter",
                count(&counters.turns),
            ),
            (
                "tth_generated_total",
                "Turns started by generate",
                "counter",
                count(&counters.generated),
            ),
            (
                "tth_circuits_open",
                "Providers that are left alone or on trial because they kept failing",
                "gauge",
                self.0.circuits.open() as f64,
            ),
        ]
    }
}

impl Hub {
    fn open_now(&self, request: &SessionRequest) -> Result<SessionDescription, OpenError> {
        let shared = &self.0;
        if shared.closing.load(Ordering::Relaxed) {
            return Err(OpenError::ShuttingDown);
        }
        let roster = shared.roster();
        let limit = roster.config.max_sessions;
        let mut groups = [0; GROUPS];
        {
            let sessions = shared.lock();
            if sessions.len() >= limit {
                return Err(OpenError::Full { limit });
            }
            for entry in sessions.values() {
                if let Some(size) = groups.get_mut(entry.group) {
                    *size += 1;
                }
            }
        }
        let id = SessionId::new(secret(&*shared.host));
        let group = group_for_next(groups);
        let pacing = roster.config.pacing.in_group(group);
        let (session, config) = shared.session(&roster, &id, request, pacing, None)?;
        let description = self.described(&id, &config, &session);
        let limits = OutboxLimits {
            replay_us: roster.config.lifetimes.resume_us,
            ..roster.config.outbox
        };
        let outbox = Outbox::new(id.clone(), limits);
        let (commands, status) = shared.start(&roster, session, &outbox);
        shared.counters.opened.fetch_add(1, Ordering::Relaxed);
        let mut entry = Entry {
            description: description.clone(),
            request: request.clone(),
            commands,
            outbox,
            status,
            group,
        };
        let mut sessions = shared.lock();
        if shared.closing.load(Ordering::SeqCst) {
            // Those who were here have been told; this one was not.
            entry.end();
            return Err(OpenError::ShuttingDown);
        }
        // A reload in between told those who were here.
        let latest = shared.roster();
        if !Arc::ptr_eq(&latest, &roster) {
            shared.renew(&latest, &mut entry);
        }
        sessions.insert(id.as_str().into(), entry);
        Ok(description)
    }

    fn delivery(faces: &[Candidate]) -> Delivery {
        if faces.is_empty() {
            Delivery::None
        } else {
            Delivery::Frames
        }
    }
}
