//! The thin asynchronous shell: runs one [`Session`] over the ports of its providers.
//!
//! All queues are bounded: a stage that the session does not want to hear is not asked, which holds
//! its provider back. Dropping a call cancels it.

mod slot;

use crate::circuit::Circuits;
use crate::engine::Detach;
use crate::events::{ClientEvent, ServerEvent};
use crate::media::Micros;
use crate::outbox::{Arrival, Outbox};
use crate::provider::{
    Avatar, AvatarEvent, AvatarInput, Llm, LlmEvent, Mapper, Provider, ProviderError, Stage, Tts,
    TtsEvent, TtsInput,
};
use crate::session::{
    BACK, Farewell, Input, Opening, Output, Reload, ResolveRequest, Resolved, Session, Wants,
};
use futures::channel::mpsc;
use futures::future::{BoxFuture, join_all};
use futures::{FutureExt, StreamExt};
use slot::Slot;
use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

/// What the core asks of whatever runs it.
pub trait Host: Send + Sync + 'static {
    /// A monotonic clock, in microseconds.
    fn now(&self) -> Micros;
    /// Unix time, in milliseconds.
    fn unix_ms(&self) -> u64;
    /// Done at `at` of the monotonic clock, or a little later.
    fn sleep_until(&self, at: Micros) -> BoxFuture<'static, ()>;
    /// Run a task to its end.
    fn spawn(&self, task: BoxFuture<'static, ()>);
    /// 128 bits that cannot be guessed.
    fn random(&self) -> u128;
}

/// The providers of every stage, first to last resort, in the order of the session's candidates.
pub struct Providers {
    /// Language models.
    pub llm: Vec<Arc<dyn Llm>>,
    /// Voices.
    pub tts: Vec<Arc<dyn Tts>>,
    /// Faces.
    pub avatar: Vec<Arc<dyn Avatar>>,
    /// The control mapper.
    pub mapper: Arc<dyn Mapper>,
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn ids<P: Provider + ?Sized>(chain: &[Arc<P>]) -> Vec<&str> {
            chain.iter().map(|provider| provider.id()).collect()
        }
        f.debug_struct("Providers")
            .field("llm", &ids(&self.llm))
            .field("tts", &ids(&self.tts))
            .field("avatar", &ids(&self.avatar))
            .finish_non_exhaustive()
    }
}

/// Into a running session.
#[derive(Debug)]
pub enum Command {
    /// From its client.
    Client(ClientEvent),
    /// A reader came; how, the outbox tells.
    Attached,
    /// The reader was lost, and may come back until then of the host's clock, in microseconds.
    Lost(Micros),
    /// The reader left.
    Detached,
    /// The configuration was read anew: who serves from the next turn on, and how.
    Reload(Arc<Providers>, Box<Reload>),
    /// End it when its turn is over, then at the latest.
    End(Farewell, Micros),
    /// End it at once.
    Close,
}

/// Told of a session's state whenever it may have changed.
pub trait Observer: Send + Sync {
    /// After every input.
    fn observe(&self, session: &Session);
}

type Resolving = BoxFuture<'static, Vec<(Stage, Result<Resolved, ProviderError>)>>;

struct Driver {
    session: Session,
    providers: Arc<Providers>,
    circuits: Arc<Circuits>,
    /// What the session knows of them.
    known: u64,
    /// When language models and voices were called that have not been judged.
    begun: HashMap<String, Micros>,
    /// Those of the last reload, until the session takes them over.
    offered: Option<Arc<Providers>>,
    host: Arc<dyn Host>,
    commands: mpsc::Receiver<Command>,
    outbox: Outbox,
    llm: Slot<Infallible, LlmEvent>,
    tts: Slot<TtsInput, TtsEvent>,
    avatar: Slot<AvatarInput, AvatarEvent>,
    resolving: Option<Resolving>,
    timer: Option<(Micros, BoxFuture<'static, ()>)>,
}

/// Run a session until it is closed or nobody can command it any more.
pub async fn run(
    session: Session,
    providers: Arc<Providers>,
    circuits: Arc<Circuits>,
    host: Arc<dyn Host>,
    commands: mpsc::Receiver<Command>,
    outbox: Outbox,
    observer: Arc<dyn Observer>,
) {
    let mut driver = Driver {
        session,
        providers,
        circuits,
        known: 0,
        begun: HashMap::new(),
        offered: None,
        host,
        commands,
        outbox,
        llm: Slot::new(),
        tts: Slot::new(),
        avatar: Slot::new(),
        resolving: None,
        timer: None,
    };
    loop {
        let wants = driver.session.wants(driver.host.now());
        let next = std::future::poll_fn(|context| driver.poll_input(wants, context));
        let Some(input) = next.await else { break };
        driver.tell_barred();
        driver.session.handle(driver.host.now(), input);
        driver.carry_out();
        observer.observe(&driver.session);
        if driver.session.over().is_some() {
            break;
        }
    }
    let why = driver.session.over().map(Farewell::detach);
    driver.outbox.close(why.unwrap_or(Detach::SessionClosed));
}

impl Driver {
    /// The next input; none: the session is over. The client comes first, so that nothing keeps an
    /// interrupt waiting.
    fn poll_input(&mut self, wants: Wants, context: &mut Context<'_>) -> Poll<Option<Input>> {
        while let Poll::Ready(command) = self.commands.poll_next_unpin(context) {
            let Some(command) = command.filter(|command| !matches!(command, Command::Close)) else {
                return Poll::Ready(None);
            };
            if let Some(input) = self.input(command) {
                return Poll::Ready(Some(input));
            }
        }
        if let Poll::Ready(result) = self.llm.poll_opened(context) {
            return Poll::Ready(Some(Input::Opened(Stage::Llm, self.llm.ticket, result)));
        }
        if let Poll::Ready(result) = self.tts.poll_opened(context) {
            return Poll::Ready(Some(Input::Opened(Stage::Tts, self.tts.ticket, result)));
        }
        if let Poll::Ready(result) = self.avatar.poll_opened(context) {
            return Poll::Ready(Some(Input::Opened(
                Stage::Avatar,
                self.avatar.ticket,
                result,
            )));
        }
        if let Some(resolving) = &mut self.resolving
            && let Poll::Ready(results) = resolving.poll_unpin(context)
        {
            self.resolving = None;
            return Poll::Ready(Some(Input::Resolved(results)));
        }
        self.tts.flush(context);
        self.avatar.flush(context);
        if let Poll::Ready(input) = self.poll_stages(wants, context) {
            return Poll::Ready(Some(input));
        }
        self.poll_timer(wants.wake_at, context).map(Some)
    }

    /// What a command means to the session; none: it is out of date. Readers come and go faster than
    /// commands are taken: what counts is who is there now.
    fn input(&mut self, command: Command) -> Option<Input> {
        match command {
            Command::Client(event) => Some(Input::Client(event)),
            Command::Attached => self.outbox.arrival().map(|arrival| match arrival {
                Arrival::Afresh { refused: None } => Input::Attached,
                Arrival::Afresh { refused: Some(why) } => Input::Refused(why.to_string()),
                Arrival::Resumed { unheard, shown } => Input::Resumed { unheard, shown },
            }),
            Command::Lost(until) => (!self.outbox.attached()).then_some(Input::Lost(until)),
            Command::Detached => (!self.outbox.attached()).then_some(Input::Detached),
            Command::End(why, until) => Some(Input::End(why, until)),
            Command::Reload(providers, mut reload) => {
                // Compared with the one that is in use: a reload in between may not have been taken over.
                reload.mapper = !Arc::ptr_eq(&providers.mapper, &self.providers.mapper);
                self.offered = Some(providers);
                Some(Input::Reload(reload))
            }
            Command::Close => None,
        }
    }

    fn poll_stages(&mut self, wants: Wants, context: &mut Context<'_>) -> Poll<Input> {
        futures::ready!(self.outbox.poll_room(context));
        if wants.tts
            && let Poll::Ready(item) = self.tts.poll_event(context)
        {
            return Poll::Ready(Input::Tts(self.tts.ticket, item));
        }
        if wants.avatar
            && let Poll::Ready(item) = self.avatar.poll_event(context)
        {
            return Poll::Ready(Input::Avatar(self.avatar.ticket, item));
        }
        if wants.llm
            && let Poll::Ready(item) = self.llm.poll_event(context)
        {
            return Poll::Ready(Input::Llm(self.llm.ticket, item));
        }
        Poll::Pending
    }

    fn poll_timer(&mut self, wake_at: Option<Micros>, context: &mut Context<'_>) -> Poll<Input> {
        let Some(at) = wake_at else {
            self.timer = None;
            return Poll::Pending;
        };
        // A timer that goes off too early costs one look; a new one for every change costs more.
        let set = self.timer.as_ref().is_some_and(|(set, _)| *set <= at);
        if !set {
            self.timer = Some((at, self.host.sleep_until(at)));
        }
        if let Some((_, timer)) = &mut self.timer {
            futures::ready!(timer.poll_unpin(context));
        }
        self.timer = None;
        Poll::Ready(Input::Tick)
    }

    /// Before the session may begin a turn, it learns who is not to be asked.
    fn tell_barred(&mut self) {
        if let Some(barred) = self.circuits.news(&mut self.known) {
            self.session.handle(self.host.now(), Input::Barred(barred));
        }
    }

    fn carry_out(&mut self) {
        let id = self.session.id().clone();
        for output in self.session.take_outputs() {
            match output {
                Output::Emit(turn, event) => {
                    if let ServerEvent::ProviderSwitched {
                        stage,
                        from,
                        to,
                        reason,
                    } = &event
                    {
                        let (stage, to) = (stage.name(), to.as_deref().unwrap_or("nobody"));
                        if reason == BACK {
                            tracing::info!(session = %id, stage, %from, to, "{reason}");
                        } else {
                            tracing::warn!(session = %id, stage, %from, to, "{reason}");
                        }
                    }
                    self.outbox.push(turn, event);
                }
                Output::Fence(turn) => self.outbox.fence(turn),
                Output::GiveUp => self.outbox.give_up(),
                Output::TakeOver => {
                    if let Some(providers) = self.offered.take() {
                        self.providers = providers;
                    }
                }
                Output::Resolve(request) => {
                    self.resolving = Some(resolve(&self.providers.mapper, *request));
                }
                Output::Open(ticket, index, opening) => match *opening {
                    Opening::Llm {
                        messages,
                        control,
                        context,
                    } => {
                        if let Some(llm) = self.providers.llm.get(index) {
                            let now = self.host.now();
                            self.circuits.begin(llm.id(), now);
                            self.begun.insert(llm.id().into(), now);
                            self.llm.open(ticket, llm.open(messages, control, context));
                        }
                    }
                    Opening::Tts { control, context } => {
                        if let Some(tts) = self.providers.tts.get(index) {
                            let now = self.host.now();
                            self.circuits.begin(tts.id(), now);
                            self.begun.insert(tts.id().into(), now);
                            self.tts.open(ticket, tts.open(control, context));
                        }
                    }
                    Opening::Avatar {
                        render,
                        codecs,
                        control,
                        context,
                    } => {
                        if let Some(avatar) = self.providers.avatar.get(index) {
                            self.circuits.begin(avatar.id(), self.host.now());
                            self.avatar
                                .open(ticket, avatar.open(render, codecs, control, context));
                        }
                    }
                },
                Output::Tts(input) => self.tts.push(input, |_, next| Some(next)),
                Output::Avatar(input) => self.avatar.push(input, gather),
                Output::End(Stage::Tts) => self.tts.ended = true,
                Output::End(Stage::Avatar) => self.avatar.ended = true,
                Output::End(Stage::Llm) => {}
                Output::Close(Stage::Llm) => self.llm.close(),
                Output::Close(Stage::Tts) => self.tts.close(),
                Output::Close(Stage::Avatar) => self.avatar.close(),
                // A turn that ends on who was exchanged says nothing of the one who has the name now.
                Output::Judge(id, _)
                    if exchanged(&self.providers, self.offered.as_deref(), &id) => {}
                Output::Judge(id, verdict) => {
                    // A face serves as long as somebody watches: how it is shows now.
                    let now = self.host.now();
                    let begun = self.begun.remove(&id).unwrap_or(now);
                    self.circuits.judge(&id, begun, now, verdict);
                }
            }
        }
    }
}

/// Crumbs of sound that wait for a face become one piece.
fn gather(last: &mut AvatarInput, next: AvatarInput) -> Option<AvatarInput> {
    match (last, &next) {
        (AvatarInput::Audio(last), AvatarInput::Audio(chunk)) if last.gathers(chunk) => {
            last.append(chunk);
            None
        }
        _ => Some(next),
    }
}

/// Whether a reload has given this name to somebody else, or to nobody.
fn exchanged(now: &Providers, next: Option<&Providers>, id: &str) -> bool {
    fn stays<P: Provider + ?Sized>(now: &[Arc<P>], next: &[Arc<P>], id: &str) -> bool {
        let mut named = now.iter().filter(|one| one.id() == id);
        named.any(|one| next.iter().any(|other| Arc::ptr_eq(one, other)))
    }
    next.is_some_and(|next| {
        !stays(&now.llm, &next.llm, id)
            && !stays(&now.tts, &next.tts, id)
            && !stays(&now.avatar, &next.avatar, id)
    })
}

fn resolve(mapper: &Arc<dyn Mapper>, request: ResolveRequest) -> Resolving {
    let ResolveRequest { persona, targets } = request;
    let each = targets.into_iter().map(|(stage, info, layers)| {
        let answer = mapper.resolve(persona.clone(), layers, (*info).clone());
        answer.map(move |result| (stage, result))
    });
    join_all(each).boxed()
}
