//! An engine that answers at once, and a server on a socket of its own.

use futures::channel::mpsc;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, stream};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use tth_core::controls::{Character, Emotion, Persona, Render};
use tth_core::engine::{
    Delivery, Detach, Engine, GenerateRequest, InputError, OpenError, ProviderStatus, Reader,
    SessionDescription, SessionRequest, SessionState,
};
use tth_core::events::{ClientEvent, Envelope, Resumption, ServerEvent, TurnEnd, TurnMetrics};
use tth_core::ids::{SessionId, TurnId};
use tth_core::media::{AudioChunk, AudioFormat, VideoCodec, VideoFrame};
use tth_core::provider::{Health, ParamDomain, ParamSpec, ProviderInfo, Readiness, Stage};
use tth_gateway::GatewayConfig;

type Out = mpsc::UnboundedSender<Result<Envelope, Detach>>;

struct Session {
    description: SessionDescription,
    /// Every event, the first one has the number 1.
    sent: Vec<ServerEvent>,
    out: Option<Out>,
    inputs: Vec<ClientEvent>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Double {
    sessions: Mutex<HashMap<String, Session>>,
    opened: AtomicUsize,
    /// The session's queue is full.
    pub(crate) full: AtomicBool,
    /// The voice is down.
    pub(crate) down: AtomicBool,
    /// What was asked of [`Engine::open`] and [`Engine::generate`].
    pub(crate) requests: Mutex<Vec<SessionRequest>>,
    /// Generated turns that are being listened to.
    pub(crate) listened: Arc<AtomicUsize>,
    /// Readers that said goodbye.
    pub(crate) left: Arc<AtomicUsize>,
}

const VOICE: AudioFormat = AudioFormat {
    sample_rate: 24_000,
    channels: 1,
};

impl Double {
    /// Let a session say something.
    pub(crate) fn emit(&self, id: &str, event: ServerEvent) {
        let mut sessions = self.sessions.lock().unwrap();
        let session = sessions.get_mut(id).unwrap();
        session.sent.push(event.clone());
        let envelope = envelope(id, session.sent.len() as u64, event);
        if let Some(out) = &session.out {
            let _ = out.unbounded_send(Ok(envelope));
        }
    }

    pub(crate) fn inputs(&self, id: &str) -> Vec<ClientEvent> {
        self.sessions.lock().unwrap()[id].inputs.clone()
    }

    /// Whether somebody reads.
    pub(crate) fn attached(&self, id: &str) -> bool {
        self.sessions.lock().unwrap()[id]
            .out
            .as_ref()
            .is_some_and(|out| !out.is_closed())
    }

    pub(crate) fn detach(&self, id: &str, why: Detach) {
        if let Some(out) = self
            .sessions
            .lock()
            .unwrap()
            .get_mut(id)
            .unwrap()
            .out
            .take()
        {
            let _ = out.unbounded_send(Err(why));
        }
    }
}

fn envelope(id: &str, seq: u64, event: ServerEvent) -> Envelope {
    Envelope {
        seq,
        timestamp_ms: 1_790_000_000_000,
        session_id: SessionId::new(id),
        turn_id: Some(TurnId(1)),
        event,
    }
}

struct Queue {
    events: mpsc::UnboundedReceiver<Result<Envelope, Detach>>,
    left: Arc<AtomicUsize>,
}

impl Reader for Queue {
    fn next(&mut self) -> BoxFuture<'_, Result<Envelope, Detach>> {
        async {
            let next = self.events.next().await;
            next.unwrap_or(Err(Detach::SessionClosed))
        }
        .boxed()
    }

    fn leave(self: Box<Self>) {
        self.left.fetch_add(1, Ordering::SeqCst);
    }
}

/// Counts down when the turn is no longer listened to.
struct Listener(Arc<AtomicUsize>);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Engine for Double {
    fn open(
        &self,
        request: SessionRequest,
    ) -> BoxFuture<'_, Result<SessionDescription, OpenError>> {
        if let Some(id) = request.persona_id.clone().filter(|id| id != "ada") {
            return futures::future::ready(Err(OpenError::UnknownPersona {
                id,
                known: vec!["ada".into()],
            }))
            .boxed();
        }
        self.requests.lock().unwrap().push(request);
        let id = format!("s-{}", self.opened.fetch_add(1, Ordering::SeqCst) + 1);
        let description = SessionDescription {
            id: SessionId::new(id.as_str()),
            token: format!("token-of-{id}"),
            state: SessionState::Waiting,
            persona_id: "ada".into(),
            audio: VOICE,
            delivery: Delivery::Frames,
            codec: VideoCodec::Jpeg,
            render: Render::default(),
            providers: vec![
                (Stage::Llm, "llm_mock".into()),
                (Stage::Tts, "tts_mock".into()),
            ],
            turns: 0,
            expires_at_ms: 1_790_000_060_000,
        };
        let session = Session {
            description: description.clone(),
            sent: Vec::new(),
            out: None,
            inputs: Vec::new(),
        };
        self.sessions.lock().unwrap().insert(id, session);
        futures::future::ready(Ok(description)).boxed()
    }

    fn describe(&self, id: &str) -> Option<SessionDescription> {
        self.sessions
            .lock()
            .unwrap()
            .get(id)
            .map(|session| session.description.clone())
    }

    fn close(&self, id: &str) -> bool {
        self.sessions.lock().unwrap().remove(id).is_some()
    }

    /// Notes the event; answers a ping and what was refused.
    fn input(&self, id: &str, event: ClientEvent) -> Result<(), InputError> {
        {
            let mut sessions = self.sessions.lock().unwrap();
            let session = sessions.get_mut(id).ok_or(InputError::UnknownSession)?;
            if self.full.load(Ordering::SeqCst) {
                return Err(InputError::TooMany);
            }
            session.inputs.push(event.clone());
        }
        match event {
            ClientEvent::Ping => self.emit(id, ServerEvent::Pong),
            ClientEvent::Rejected { code, message } => {
                self.emit(
                    id,
                    ServerEvent::Error {
                        code,
                        message,
                        retryable: false,
                        stage: None,
                    },
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// What was sent is kept for ever.
    fn attach(&self, id: &str, resume: Option<u64>) -> Option<Box<dyn Reader>> {
        let (out, events) = mpsc::unbounded();
        let mut again = Vec::new();
        let resumption = {
            let mut sessions = self.sessions.lock().unwrap();
            let session = sessions.get_mut(id)?;
            if let Some(before) = session.out.replace(out) {
                let _ = before.unbounded_send(Err(Detach::Replaced));
            }
            match resume.map(|seq| usize::try_from(seq).unwrap()) {
                None => Resumption::Afresh,
                Some(seen) if seen <= session.sent.len() => {
                    again = session.sent.split_off(seen);
                    Resumption::Resumed
                }
                Some(_) => Resumption::Refused("nobody has seen that".into()),
            }
        };
        let ready = ServerEvent::SessionReady {
            providers: vec![],
            resumption,
        };
        again.retain(|event| !matches!(event, ServerEvent::SessionReady { .. }));
        for event in std::iter::once(ready).chain(again) {
            self.emit(id, event);
        }
        let left = self.left.clone();
        Some(Box::new(Queue { events, left }))
    }

    /// A second of sound and pictures; "fail" fails, "stop" is stopped, "wait" never ends, "h264" is not JPEG.
    fn generate(
        &self,
        request: GenerateRequest,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Envelope>, OpenError>> {
        self.requests.lock().unwrap().push(request.session.clone());
        self.listened.fetch_add(1, Ordering::SeqCst);
        let listener = Listener(self.listened.clone());
        let error = |code: &str, message: &str| ServerEvent::Error {
            code: code.into(),
            message: message.into(),
            retryable: true,
            stage: Some(Stage::Llm),
        };
        let turn: Vec<ServerEvent> = match request.text.as_str() {
            "fail" => vec![
                error("rate_limited", "come back later"),
                error("internal", "and so on"),
                ServerEvent::TurnEnded {
                    reason: TurnEnd::Failed,
                },
            ],
            "stop" => vec![
                error("server_shutting_down", "come back in a moment"),
                ServerEvent::TurnEnded {
                    reason: TurnEnd::Interrupted,
                },
            ],
            "silence" => vec![ServerEvent::TurnEnded {
                reason: TurnEnd::Completed,
            }],
            _ => speech(),
        };
        let wait = request.text == "wait";
        let events = stream::iter(turn).take_while(move |event| {
            futures::future::ready(!(wait && matches!(event, ServerEvent::TurnEnded { .. })))
        });
        let rest = if wait {
            stream::pending().boxed()
        } else {
            stream::empty().boxed()
        };
        let mut seq = 0;
        let stream = events.chain(rest).map(move |event| {
            let _alive = &listener;
            seq += 1;
            envelope("generated", seq, event)
        });
        futures::future::ready(Ok(stream.boxed())).boxed()
    }

    fn providers(&self) -> Vec<ProviderStatus> {
        let readiness = if self.down.load(Ordering::SeqCst) {
            Readiness::Down
        } else {
            Readiness::Ready
        };
        let params = vec![
            ParamSpec {
                name: "rate".into(),
                domain: ParamDomain::Number {
                    min: 0.5,
                    max: 2.0,
                    default: 1.0,
                },
                follows: Some("character.speech_rate".into()),
                live: false,
            },
            ParamSpec {
                name: "style".into(),
                domain: ParamDomain::Choice(vec!["plain".into(), "warm".into()]),
                follows: None,
                live: true,
            },
        ];
        let status = |id: &str, role, primary| ProviderStatus {
            id: id.into(),
            role,
            mode: "mock".into(),
            active: true,
            primary,
            info: Some(ProviderInfo {
                name: id.into(),
                params: params.clone(),
                ..ProviderInfo::default()
            }),
            health: Health {
                readiness,
                detail: String::new(),
            },
            latency_ms: Some(0.5),
            circuit: "closed",
        };
        vec![
            status("llm_mock", Stage::Llm, true),
            status("tts_mock", Stage::Tts, true),
            ProviderStatus {
                info: None,
                ..status("spare", Stage::Tts, false)
            },
            ProviderStatus {
                active: false,
                info: None,
                ..status("unused", Stage::Avatar, false)
            },
        ]
    }

    fn health(&self) -> BoxFuture<'_, Vec<ProviderStatus>> {
        futures::future::ready(self.providers()).boxed()
    }

    fn personas(&self) -> Vec<Persona> {
        vec![Persona {
            id: "ada".into(),
            name: "Ada".into(),
            prompt: "secret".into(),
            style: vec!["warm".into()],
            emotion: Emotion {
                label: Some("calm".into()),
                intensity: Some(0.5),
                ..Emotion::default()
            },
            character: Character {
                speech_rate: Some(0.9),
                ..Character::default()
            },
            ..Persona::default()
        }]
    }

    fn counters(&self) -> Vec<(&'static str, &'static str, &'static str, f64)> {
        vec![(
            "tth_sessions",
            "Open sessions",
            "gauge",
            self.sessions.lock().unwrap().len() as f64,
        )]
    }
}

/// One second: ten chunks of sound, five pictures, text, report and metrics.
fn speech() -> Vec<ServerEvent> {
    let mut events = vec![
        ServerEvent::TurnStarted,
        ServerEvent::TextDelta {
            text: "Well, ".into(),
        },
    ];
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 80);
    encoder
        .encode(&[90; 64 * 64 * 3], 64, 64, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    for n in 0..5 {
        events.push(ServerEvent::Video(VideoFrame {
            at: 3_000_000 + n * 200_000,
            duration_us: 200_000,
            codec: VideoCodec::Jpeg,
            width: 64,
            height: 64,
            keyframe: true,
            data: jpeg.clone().into(),
        }));
        events.extend([0, 100_000].map(|late| {
            let pcm = vec![n as u8; 4_800].into();
            ServerEvent::Audio(AudioChunk {
                at: 3_000_000 + n * 200_000 + late,
                format: VOICE,
                pcm,
            })
        }));
    }
    events.push(ServerEvent::TextDelta {
        text: "hello.".into(),
    });
    events.push(ServerEvent::Metrics(TurnMetrics {
        audio_ms: 1000.0,
        frames: 5,
        ..TurnMetrics::default()
    }));
    events.push(ServerEvent::TurnEnded {
        reason: TurnEnd::Completed,
    });
    events
}

/// A running gateway; it stops when this is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) engine: Arc<Double>,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(GatewayConfig::default()).await
    }

    pub(crate) async fn with(config: GatewayConfig) -> Self {
        let engine = Arc::new(Double::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = tth_gateway::router(engine.clone(), config);
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { drop(stopped.await) };
        let served = tokio::spawn(tth_gateway::serve(listener, router, shutdown));
        Server {
            address,
            engine,
            stop: Some(stop),
            served,
        }
    }

    /// Stops it, and waits until it has stopped.
    pub(crate) async fn stop(mut self) {
        self.stop.take();
        self.served.await.unwrap().unwrap();
    }
}

/// Waits until something that another task does has happened.
pub(crate) async fn until(mut happened: impl FnMut() -> bool) {
    let wait = async {
        while !happened() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), wait)
        .await
        .expect("it did not happen");
}
