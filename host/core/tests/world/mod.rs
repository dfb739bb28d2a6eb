//! A whole session on fake time: scripted stages around the real state machine.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod script;
mod seen;
pub mod tell;

pub use script::Script;
pub use seen::{check, said, told};

use bytes::Bytes;
use script::{Slot, opened, ready, take};
use std::collections::BTreeSet;
use std::sync::Arc;
use tth_core::circuit::{CircuitOptions, Circuits};
use tth_core::clock::Pacing;
use tth_core::controls::{Decision, EMOTION_LABELS, Outcome, ParamValue, Persona, Render};
use tth_core::events::{ClientEvent, ServerEvent, TurnMode};
use tth_core::ids::{SessionId, TurnId};
use tth_core::media::*;
use tth_core::outbox::{Outbox, OutboxLimits};
use tth_core::provider::*;
use tth_core::session::*;

/// An event as the client sees it, with the time at which it left.
#[derive(Debug)]
pub struct Seen {
    pub at: Micros,
    pub turn: Option<TurnId>,
    pub event: ServerEvent,
}

/// An utterance as a voice got it.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub at: Micros,
    /// The voice's call, from 0, and the turn it is for.
    pub call: u32,
    pub turn: String,
    pub text: String,
    /// What the voice was told before it.
    pub told: String,
}

pub struct World {
    /// What a reload would bring.
    pub reload: Reload,
    pub session: Session,
    /// What waits for a reader, if the test has one.
    pub outbox: Outbox,
    pub now: Micros,
    pub seen: Vec<Seen>,
    pub avatar_inputs: Vec<(Micros, AvatarInput)>,
    pub messages: Vec<Vec<Message>>,
    pub given: Vec<Given>,
    /// Every control that a voice was told in mid-call, with the number of utterances before it.
    pub voice_controls: Vec<(usize, String)>,
    /// What was opened: when, the stage and its candidate.
    pub opened: Vec<(Micros, Stage, usize)>,
    /// Language models and voices that were called, and those that were judged, by turn from 1.
    pub called: BTreeSet<(u64, String)>,
    pub judged: Vec<(u64, String)>,
    turn: u64,
    pub circuits: Arc<Circuits>,
    /// What a provider says that is asked how it is after it kept failing.
    pub well: bool,
    known: u64,
    ids: [Vec<String>; 3],
    script: Script,
    llm: Slot<LlmEvent>,
    pub tts: Slot<TtsEvent>,
    avatar: Slot<AvatarEvent>,
    calls: [u32; 3],
    resolve: Option<(Micros, ResolveRequest)>,
    /// Where the voice's call is.
    voiced: Micros,
    utterances: u32,
    voice_told: String,
    voice_turn: String,
    frames: u64,
    skipped: Micros,
    face_told: String,
    /// What the face's next frame was drawn with: right after the last one was taken.
    face_drew: String,
}

pub const FORMAT: AudioFormat = AudioFormat {
    sample_rate: 24_000,
    channels: 1,
};
pub const MS_PER_CHAR: u64 = 60;

pub fn candidate(id: &str) -> Candidate {
    Candidate {
        id: id.into(),
        info: Arc::new(ProviderInfo {
            name: id.into(),
            ..ProviderInfo::default()
        }),
        budget: Budget {
            first_output_us: 1_000_000,
            gap_us: 1_000_000,
            total_us: 30_000_000,
        },
    }
}

pub fn config(realtime: bool) -> SessionConfig {
    SessionConfig {
        id: SessionId::new("s"),
        persona: Persona {
            id: "mira".into(),
            prompt: "You are Mira.".into(),
            ..Persona::default()
        },
        personas: Arc::new(vec![]),
        language: "en".into(),
        render: Render::default(),
        codecs: vec![VideoCodec::Jpeg],
        llm: vec![candidate("brain"), candidate("spare_brain")],
        tts: vec![candidate("voice"), candidate("spare_voice")],
        avatar: vec![candidate("face"), candidate("still")],
        pacing: Pacing {
            realtime,
            ..Pacing::default()
        },
        history: 40,
        retries: Retries::default(),
        on_break: OnBreak::default(),
    }
}

/// What a reload brings that changes nothing.
pub fn unchanged(config: &SessionConfig) -> Reload {
    Reload {
        persona: Some(config.persona.clone()),
        personas: config.personas.clone(),
        llm: config.llm.clone(),
        tts: config.tts.clone(),
        avatar: config.avatar.clone(),
        pacing: config.pacing,
        history: config.history,
        retries: config.retries,
        on_break: config.on_break,
        mapper: false,
    }
}

impl World {
    pub fn new(config: SessionConfig, script: Script) -> Self {
        let ids = [&config.llm, &config.tts, &config.avatar];
        let ids = ids.map(|chain| chain.iter().map(|one| one.id.clone()).collect());
        World {
            outbox: Outbox::new(config.id.clone(), OutboxLimits::default()),
            ids,
            reload: unchanged(&config),
            session: Session::new(config),
            now: 1_000_000,
            seen: vec![],
            avatar_inputs: vec![],
            messages: vec![],
            given: vec![],
            voice_controls: vec![],
            opened: vec![],
            called: BTreeSet::new(),
            judged: vec![],
            turn: 0,
            circuits: Arc::new(Circuits::new(CircuitOptions {
                failures: script.failures,
                pause_us: 5_000_000,
            })),
            well: true,
            known: 0,
            script,
            llm: Slot::none(),
            tts: Slot::none(),
            avatar: Slot::none(),
            calls: [0; 3],
            resolve: None,
            voiced: 0,
            utterances: 0,
            voice_told: String::new(),
            voice_turn: String::new(),
            frames: 0,
            skipped: 0,
            face_told: String::new(),
            face_drew: String::new(),
        }
    }

    pub fn connected(realtime: bool, script: Script) -> Self {
        World::connected_with(config(realtime), script)
    }

    /// A session of one's own; the script says what it has of retries and breaks.
    pub fn connected_with(mut config: SessionConfig, script: Script) -> Self {
        config.retries = Retries {
            attempts: script.retries,
            pause_us: 100_000,
        };
        config.on_break = script.on_break;
        if script.continues {
            for brain in &mut config.llm {
                Arc::make_mut(&mut brain.info).features = vec!["continues".into()];
            }
        }
        let mut world = World::new(config, script);
        world.give(Input::Attached);
        world
    }

    /// How often a stage was opened.
    pub fn opened(&self, stage: Stage) -> u32 {
        self.calls[stage as usize]
    }

    /// Another configuration, from what the last one brought.
    pub fn reload(&mut self, change: impl FnOnce(&mut Reload)) {
        change(&mut self.reload);
        self.give(Input::Reload(Box::new(self.reload.clone())));
    }

    pub fn say(&mut self, text: &str, mode: TurnMode) {
        self.client(ClientEvent::UserText {
            text: text.into(),
            mode,
            end_turn: true,
        });
    }

    pub fn client(&mut self, event: ClientEvent) {
        self.give(Input::Client(event));
    }

    pub fn give(&mut self, input: Input) {
        for id in self.circuits.due(self.now) {
            self.circuits.probed(&id, self.now, self.well);
        }
        if let Some(barred) = self.circuits.news(&mut self.known) {
            self.take(Input::Barred(barred));
        }
        self.take(input);
    }

    fn take(&mut self, input: Input) {
        self.session.handle(self.now, input);
        let outputs: Vec<_> = self.session.take_outputs().collect();
        for output in outputs {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Emit(turn, event) => {
                self.turn += u64::from(event == ServerEvent::TurnStarted);
                self.outbox.push(turn, event.clone());
                self.seen.push(Seen {
                    at: self.now,
                    turn,
                    event,
                });
            }
            Output::Fence(turn) => self.outbox.fence(turn),
            Output::GiveUp => self.outbox.give_up(),
            Output::TakeOver | Output::End(Stage::Llm | Stage::Avatar) => {}
            Output::Resolve(request) => {
                assert!(
                    self.resolve.is_none(),
                    "the mapper is asked one question at a time"
                );
                self.resolve = Some((self.now + self.script.resolve_us, *request));
            }
            Output::Open(ticket, index, opening) => {
                let stage = opening.stage();
                self.opened.push((self.now, stage, index));
                let id = self.ids[stage as usize][index].clone();
                self.circuits.begin(&id, self.now);
                if stage != Stage::Avatar {
                    self.called.insert((self.turn, id));
                }
                self.open(ticket, *opening);
            }
            Output::Judge(id, verdict) => {
                self.circuits.judge(&id, self.now, self.now, verdict);
                if !self.ids[Stage::Avatar as usize].contains(&id) {
                    self.judged.push((self.turn, id));
                }
            }
            Output::Tts(input) => {
                assert!(!self.tts.done, "input after its end: {input:?}");
                match input {
                    TtsInput::Utterance(text) => self.speak(&text),
                    TtsInput::Control(control) => {
                        self.voice_told = said(&control);
                        self.voice_controls
                            .push((self.given.len(), self.voice_told.clone()));
                    }
                }
            }
            Output::Avatar(input) => {
                if let AvatarInput::Correct { shift_us, .. } = &input {
                    self.skipped += Micros::try_from(*shift_us).unwrap_or(0);
                }
                if let AvatarInput::Control(control) = &input {
                    self.face_told = said(control);
                }
                self.avatar_inputs.push((self.now, input));
            }
            Output::End(Stage::Tts) => self.tts.done = true,
            Output::Close(Stage::Llm) => self.llm = Slot::none(),
            Output::Close(Stage::Tts) => self.tts = Slot::none(),
            Output::Close(Stage::Avatar) => self.avatar = Slot::none(),
        }
    }

    fn fresh<E>(&mut self, stage: Stage, ticket: u64) -> Slot<E> {
        let call = self.calls[stage as usize];
        self.calls[stage as usize] += 1;
        let fail = self
            .script
            .fail_after
            .iter()
            .find(|(s, n, _)| *s == stage && *n == call);
        Slot {
            ticket,
            opened_at: Some(self.now + self.script.open_us),
            failing_open: self.script.fail_open.contains(&(stage, call)),
            silent: self.script.silent.contains(&(stage, call)),
            fail_after: fail.map(|(_, _, events)| *events),
            free_at: self.now + self.script.open_us,
            ..Slot::none()
        }
    }

    fn open(&mut self, ticket: u64, opening: Opening) {
        match opening {
            Opening::Llm { messages, .. } => {
                // What stands of the answer already, if another one has begun it.
                let begun = match messages.as_slice() {
                    [.., begun, asked] if asked.content.contains("cut off") => {
                        assert!(self.script.continues && begun.role == Role::Assistant);
                        begun.content.len()
                    }
                    _ => 0,
                };
                self.messages.push(messages);
                self.llm = self.fresh(Stage::Llm, ticket);
                let mut at = self.llm.free_at;
                let answer = self.script.answer[begun..].trim_start().to_owned();
                for (n, word) in answer.split_inclusive(' ').enumerate() {
                    at += self.script.llm_word_us;
                    let hints = self.script.hints.iter().filter(|(before, ..)| *before == n);
                    for (_, label, intensity) in hints {
                        let hint = LlmEvent::Hint {
                            label: (*label).into(),
                            intensity: *intensity,
                        };
                        self.llm.queue.push_back((at, hint));
                    }
                    self.llm.queue.push_back((at, LlmEvent::Text(word.into())));
                }
                self.llm.done = true;
            }
            Opening::Tts { control, context } => {
                self.tts = self.fresh(Stage::Tts, ticket);
                (self.voiced, self.utterances) = (0, 0);
                self.voice_told = said(&control);
                self.voice_turn = context.turn_id;
            }
            Opening::Avatar { control, .. } => {
                self.avatar = self.fresh(Stage::Avatar, ticket);
                (self.frames, self.skipped) = (0, 0);
                self.face_told = said(&control);
                self.face_drew.clone_from(&self.face_told);
            }
        }
    }

    fn speak(&mut self, text: &str) {
        self.given.push(Given {
            at: self.now,
            call: self.calls[Stage::Tts as usize] - 1,
            turn: self.voice_turn.clone(),
            text: text.into(),
            told: self.voice_told.clone(),
        });
        let number = self.given.len() as u8;
        let mut ready = self.tts.free_at.max(self.now) + self.script.tts_first_us;
        let mut at = self.voiced;
        for word in text.split(' ') {
            let duration_us = (word.len() as u64 + 1) * MS_PER_CHAR * 1_000;
            if self.script.text_marks {
                let mark = TextMark {
                    at,
                    duration_us: duration_us as u32,
                    text: word.into(),
                };
                self.tts.queue.push_back((ready, TtsEvent::TextMark(mark)));
            }
            let mark = VisemeMark {
                at,
                duration_us: duration_us as u32,
                shape: Viseme::Aa,
                weight: 1.0,
            };
            self.tts.queue.push_back((ready, TtsEvent::Viseme(mark)));
            at += duration_us;
        }
        while self.voiced < at {
            let length = (at - self.voiced).min(40_000);
            let pcm = Bytes::from(vec![number; (length * 48 / 1_000) as usize]);
            let chunk = AudioChunk {
                at: self.voiced,
                format: FORMAT,
                pcm,
            };
            self.tts.queue.push_back((ready, TtsEvent::Audio(chunk)));
            self.voiced += length;
            ready += (length as f64 * self.script.tts_speed) as Micros;
        }
        self.tts
            .queue
            .push_back((ready, TtsEvent::UtteranceEnd(self.utterances)));
        self.utterances += 1;
        self.tts.free_at = ready;
    }

    /// Let time pass until `until`, doing everything that falls due in order.
    pub fn run(&mut self, until: Micros) {
        for _ in 0..100_000 {
            let Some((at, input)) = self.next(until) else {
                self.now = self.now.max(until);
                return;
            };
            self.now = self.now.max(at);
            let input = input();
            self.give(input);
        }
        panic!(
            "the session never comes to rest at {}: {:?}\n{:?}\n{:?}",
            self.now,
            self.session.wants(self.now),
            self.script,
            self.session
        );
    }

    pub fn run_for(&mut self, span: Micros) {
        self.run(self.now + span);
    }

    #[allow(clippy::type_complexity)]
    fn next(&mut self, until: Micros) -> Option<(Micros, Box<dyn FnOnce() -> Input>)> {
        let wants = self.session.wants(self.now);
        let mut best: Option<(Micros, u8)> = None;
        let mut offer = |at: Option<Micros>, what: u8| {
            if let Some(at) = at
                && at <= until
                && best.is_none_or(|(earliest, _)| at < earliest)
            {
                best = Some((at, what));
            }
        };
        offer(self.resolve.as_ref().map(|(at, _)| *at), 0);
        offer(self.llm.opened_at, 1);
        offer(self.tts.opened_at, 2);
        offer(self.avatar.opened_at, 3);
        offer(ready(&self.llm, wants.llm), 4);
        offer(ready(&self.tts, wants.tts), 5);
        let frame = self.avatar.open && wants.avatar && !self.avatar.silent;
        offer(frame.then_some(self.avatar.free_at), 6);
        offer(wants.wake_at, 7);
        let (at, what) = best?;
        let at = at.max(self.now);
        let input: Box<dyn FnOnce() -> Input> = match what {
            0 => {
                let (_, request) = self.resolve.take()?;
                Box::new(move || {
                    Input::Resolved(
                        request
                            .targets
                            .into_iter()
                            .map(|(stage, info, layers)| {
                                // A mapper knows more words than clients may use.
                                let told = told(&layers).replace("happy", "joy");
                                let label = told.split('@').next().unwrap_or_default();
                                if label != "-" && !EMOTION_LABELS.contains(&label) {
                                    let code = ErrorCode::InvalidInput;
                                    return (stage, Err(ProviderError::new(code, told)));
                                }
                                let told = ParamValue::Text(told);
                                let decision = Decision {
                                    control: "emotion.label".into(),
                                    outcome: Outcome::Applied,
                                    param: Some("told".into()),
                                    value: Some(told.clone()),
                                    reason: String::new(),
                                };
                                let mut params = vec![("told".to_owned(), told)];
                                // As the mapper fills what follows the persona's prompt.
                                for spec in &info.params {
                                    let prompt = format!("Prompt for {}.", info.name);
                                    params.push((spec.name.clone(), ParamValue::Text(prompt)));
                                }
                                (stage, Ok((Control { params }, vec![decision])))
                            })
                            .collect(),
                    )
                })
            }
            1 => opened(&mut self.llm, Stage::Llm),
            2 => opened(&mut self.tts, Stage::Tts),
            3 => opened(&mut self.avatar, Stage::Avatar),
            4 => {
                let (ticket, item) = take(&mut self.llm);
                Box::new(move || Input::Llm(ticket, item))
            }
            5 => {
                let (ticket, item) = take(&mut self.tts);
                Box::new(move || Input::Tts(ticket, item))
            }
            6 => {
                self.avatar.sent += 1;
                let ticket = self.avatar.ticket;
                if self.avatar.fail_after.is_some_and(|n| self.avatar.sent > n) {
                    let error = ProviderError::new(ErrorCode::Internal, "scripted");
                    return Some((
                        at,
                        Box::new(move || Input::Avatar(ticket, Some(Err(error)))),
                    ));
                }
                self.avatar.free_at = at + self.script.frame_us;
                let frame = VideoFrame {
                    at: self.frames * 40_000 + self.skipped,
                    duration_us: 40_000,
                    codec: VideoCodec::Jpeg,
                    width: 2,
                    height: 2,
                    keyframe: true,
                    data: Bytes::from(std::mem::replace(
                        &mut self.face_drew,
                        self.face_told.clone(),
                    )),
                };
                self.frames += 1;
                Box::new(move || Input::Avatar(ticket, Some(Ok(AvatarEvent::Frame(frame)))))
            }
            _ => Box::new(|| Input::Tick),
        };
        Some((at, input))
    }
}
