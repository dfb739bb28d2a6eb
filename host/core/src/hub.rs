//! All sessions of a server: opens, finds, expires and closes them.

mod describe;
#[cfg(test)]
mod fake;
mod generate;
mod health;
mod reload;

use crate::clock::Pacing;
use crate::controls::{ControlError, Persona, Render};
use crate::driver::{Command, Host, Observer, Providers, run};
use crate::engine::{
    Delivery, Detach, Engine, GenerateRequest, InputError, OpenError, ProviderStatus, Reader,
    SessionDescription, SessionRequest,
};
use crate::events::{ClientEvent, Envelope};
use crate::ids::SessionId;
use crate::media::{Micros, VideoCodec};
use crate::outbox::{Outbox, OutboxLimits};
use crate::provider::Stage;
use crate::session::{Candidate, Session, SessionConfig};
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
    /// A session that nobody is connected to ends after this long, in microseconds.
    pub idle_us: Micros,
    /// How often providers are asked how they are while somebody wants to know, in microseconds; at
    /// least 1.
    pub health_us: Micros,
}

#[derive(Debug, Default)]
struct Status {
    turns: AtomicU64,
    busy: AtomicBool,
    attached: AtomicBool,
    /// Monotonic time at which it was last used.
    touched: AtomicU64,
}

struct Entry {
    description: SessionDescription,
    /// What it was opened with.
    request: SessionRequest,
    commands: mpsc::Sender<Command>,
    outbox: Outbox,
    status: Arc<Status>,
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
    sessions: Mutex<HashMap<String, Entry>>,
    counters: Counters,
    board: health::Board,
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
        self.status.busy.store(session.busy(), Ordering::Relaxed);
        if session.turns() > before
            && let Some(shared) = self.shared.upgrade()
        {
            shared
                .counters
                .turns
                .fetch_add(session.turns() - before, Ordering::Relaxed);
            self.status
                .touched
                .store(shared.host.now(), Ordering::Relaxed);
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
            roster: Mutex::new(Roster::new(config, providers)),
            host: host.clone(),
            sessions: Mutex::default(),
            counters: Counters::default(),
            board: health::Board::default(),
            closing: AtomicBool::new(false),
        });
        host.spawn(health::keep_asking(Arc::downgrade(&shared), host.clone()).boxed());
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

    /// Open no more sessions, and close those there are.
    pub fn shut_down(&self) {
        self.0.closing.store(true, Ordering::Relaxed);
        for (_, entry) in self.0.lock().drain() {
            end(&entry);
        }
    }

    /// Sessions that are open.
    pub fn sessions(&self) -> usize {
        self.0.lock().len()
    }
}

fn end(entry: &Entry) {
    // Every clone of a sender has a place of its own in the queue.
    let _over_already = entry.commands.clone().try_send(Command::Close);
    entry.outbox.close();
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        // The map is whole between any two statements, so a panic elsewhere cannot break it.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sweep(&self) {
        let now = self.host.now();
        let idle_us = self.roster().config.idle_us;
        self.lock().retain(|_, entry| {
            let idle = now.saturating_sub(entry.status.touched.load(Ordering::Relaxed));
            let keep = entry.status.attached.load(Ordering::Relaxed) || idle < idle_us;
            if !keep {
                end(entry);
            }
            keep
        });
    }

    fn persona(&self, roster: &Roster, request: &SessionRequest) -> Result<Persona, OpenError> {
        let known = &roster.config.personas;
        let asked = request.persona_id.as_deref().or_else(|| {
            request
                .character
                .as_ref()
                .and_then(|character| character.persona_id.as_deref())
        });
        let found = match asked {
            None => known.first(),
            Some(id) => known.iter().find(|persona| persona.id == id),
        };
        let mut persona = found.cloned().ok_or_else(|| OpenError::UnknownPersona {
            id: asked.unwrap_or_default().into(),
            known: known.iter().map(|persona| persona.id.clone()).collect(),
        })?;
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
        };
        let mut session = Session::new(config.clone());
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
        let status = Arc::new(Status::default());
        status.touched.store(self.host.now(), Ordering::Relaxed);
        let observer = Arc::new(SessionObserver {
            status: status.clone(),
            shared: Arc::downgrade(self),
        });
        let driver = run(
            session,
            roster.providers.clone(),
            self.host.clone(),
            receiver,
            outbox.clone(),
            observer,
        );
        self.host.spawn(driver.boxed());
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

/// Takes what one session sends.
struct HubReader {
    outbox: Outbox,
    ticket: u64,
    host: Arc<dyn Host>,
    commands: mpsc::Sender<Command>,
    status: Arc<Status>,
}

impl Reader for HubReader {
    fn next(&mut self) -> BoxFuture<'_, Result<Envelope, Detach>> {
        future::poll_fn(|context| {
            self.outbox
                .poll_next(self.ticket, self.host.unix_ms(), context)
        })
        .boxed()
    }
}

impl Drop for HubReader {
    fn drop(&mut self) {
        if self.outbox.detach(self.ticket) {
            self.status.attached.store(false, Ordering::Relaxed);
            self.status
                .touched
                .store(self.host.now(), Ordering::Relaxed);
            let _over_already = self.commands.try_send(Command::Detached);
        }
    }
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
        entry.as_ref().map(end).is_some()
    }

    fn input(&self, id: &str, event: ClientEvent) -> Result<(), InputError> {
        let mut sessions = self.0.lock();
        let entry = sessions.get_mut(id).ok_or(InputError::UnknownSession)?;
        entry
            .status
            .touched
            .store(self.0.host.now(), Ordering::Relaxed);
        entry
            .commands
            .try_send(Command::Client(event))
            .map_err(|error| match error.is_full() {
                true => InputError::TooMany,
                false => InputError::UnknownSession,
            })
    }

    fn attach(&self, id: &str) -> Option<Box<dyn Reader>> {
        let sessions = self.0.lock();
        let entry = sessions.get(id)?;
        let ticket = entry.outbox.attach();
        entry.status.attached.store(true, Ordering::Relaxed);
        let mut commands = entry.commands.clone();
        let _over_already = commands.try_send(Command::Attached);
        Some(Box::new(HubReader {
            outbox: entry.outbox.clone(),
            ticket,
            host: self.0.host.clone(),
            commands: entry.commands.clone(),
            status: entry.status.clone(),
        }))
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
        let having = |flag: fn(&Status) -> &AtomicBool| {
            sessions
                .values()
                .filter(|entry| flag(&entry.status).load(Ordering::Relaxed))
                .count() as f64
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
                having(|s| &s.attached),
            ),
            (
                "tth_sessions_busy",
                "Sessions in a turn",
                "gauge",
                having(|s| &s.busy),
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
        if shared.lock().len() >= limit {
            return Err(OpenError::Full { limit });
        }
        let id = SessionId::new(secret(&*shared.host));
        let (session, config) =
            shared.session(&roster, &id, request, roster.config.pacing, None)?;
        let description = self.described(&id, &config, &session);
        let outbox = Outbox::new(id.clone(), roster.config.outbox);
        let (commands, status) = shared.start(&roster, session, &outbox);
        shared.counters.opened.fetch_add(1, Ordering::Relaxed);
        let mut entry = Entry {
            description: description.clone(),
            request: request.clone(),
            commands,
            outbox,
            status,
        };
        let mut sessions = shared.lock();
        // A reload in between told those who were here.
        let latest = shared.roster();
        if !Arc::ptr_eq(&latest, &roster) {
            shared.renew(&latest, &mut entry);
        }
        sessions.insert(id.as_str().into(), entry);
        Ok(description)
    }

    fn delivery(config: &SessionConfig) -> Delivery {
        if config.avatar.is_empty() {
            Delivery::None
        } else {
            Delivery::Frames
        }
    }
}
