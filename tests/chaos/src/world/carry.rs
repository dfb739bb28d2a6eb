//! What a session wants done is done, as the driver would, and looked at.

use super::{World, story};
use crate::call::Call;
use crate::check::words::VoiceCall;
use crate::check::{Checked, ensure};
use crate::fault::Fault;
use crate::stage::face::Face;
use crate::stage::model;
use crate::stage::voice::Voice;
use crate::tag::{Author, Picture, Spoken, Word, sound};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tth_core::events::ServerEvent;
use tth_core::ids::TurnId;
use tth_core::media::{AudioChunk, VideoCodec, VideoFrame};
use tth_core::provider::{AvatarInput, Stage, TtsInput};
use tth_core::session::{Input, OnBreak, Opening, Output, Reload};

impl World {
    /// The session takes an input, and before it the news of who is barred.
    pub(super) fn give(&mut self, input: Input) -> Checked {
        let mut rng = self.plan.rng(&[9, self.now]);
        let calm = self.calm();
        let news = self.roster.news(self.now, || calm || rng.chance(60));
        if let Some(barred) = news {
            self.take(Input::Barred(barred))?;
        }
        self.take(input)
    }

    fn take(&mut self, input: Input) -> Checked {
        if let Input::Resumed { shown, .. } = &input {
            self.checks.order.resumed(*shown);
        }
        self.story.add(
            self.now,
            format_args!("  <- {}", story::input(&input, &self.ledger)),
        );
        let (session, now) = (&mut self.session, self.now);
        let handled = catch_unwind(AssertUnwindSafe(|| session.handle(now, input)));
        ensure(handled.is_ok(), "no panic", || {
            "the session panicked".into()
        })?;
        let mut outputs: Vec<_> = self.session.take_outputs().collect();
        if let Some(sabotage) = &mut self.sabotage {
            sabotage.tamper(&mut outputs);
        }
        // How much sound there may be is a rule of its own, however small its pieces are.
        let pieces = |output: &&Output| {
            !matches!(
                output,
                Output::Emit(_, ServerEvent::Audio(_)) | Output::Avatar(AvatarInput::Audio(_))
            )
        };
        self.checks
            .bounds
            .outputs(outputs.iter().filter(pieces).count())?;
        for output in outputs {
            self.carry_out(output)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, output: Output) -> Checked {
        self.story.add(
            self.now,
            format_args!("  -> {}", story::output(&output, &self.ledger)),
        );
        match output {
            Output::Emit(turn, event) => return self.emit(turn, event),
            Output::Fence(turn) => {
                self.fenced = Some(turn);
                self.outbox.fence(turn);
            }
            Output::Resolve(request) => {
                let asked = self.question.is_some();
                ensure(!asked, "one question at a time", || format!("{request:?}"))?;
                let mut rng = self.plan.rng(&[5, self.questions]);
                let at = self.now + rng.range(0..self.plan.resolve_us);
                self.question = Some((at, *request));
            }
            Output::Open(ticket, candidate, opening) => {
                return self.open(ticket, candidate, *opening);
            }
            Output::Tts(TtsInput::Utterance(text)) => return self.utter(&text),
            Output::Tts(TtsInput::Control(_)) => {
                return ensure(!self.voice.told_end, "no input after its end", || {
                    "a control".into()
                });
            }
            Output::Avatar(input) => return self.tell_face(&input),
            Output::End(Stage::Tts) => {
                self.voice.told_end = true;
                self.tts.complete = self.tts.fault != Some(Fault::Endless);
                self.tts.free_at = self.tts.free_at.max(self.now);
            }
            Output::End(Stage::Llm | Stage::Avatar) => {}
            Output::Close(stage) => self.close(stage),
            Output::GiveUp => {
                self.readers.give_up();
                self.outbox.give_up();
            }
            Output::TakeOver => {
                let running = self.checks.order.running();
                ensure(
                    running.is_none(),
                    "a turn ends on what it began with",
                    || format!("{running:?} is going on"),
                )?;
                return self.roster.take_over();
            }
            Output::Judge(id, verdict) => {
                self.checks.verdicts.judged(&id)?;
                self.roster.judge(&id, verdict, self.now);
            }
        }
        Ok(())
    }

    fn emit(&mut self, turn: Option<TurnId>, event: ServerEvent) -> Checked {
        self.checks.sent(self.now, turn, &event, &self.ledger)?;
        if matches!(event, ServerEvent::TurnStarted) {
            let first = [Stage::Llm, Stage::Tts].map(|stage| self.roster.first(stage));
            self.checks.verdicts.begin(first)?;
        }
        if matches!(event, ServerEvent::Interrupted { .. }) {
            ensure(self.fenced == turn, "nothing after the interrupt", || {
                format!("{turn:?} was not fenced")
            })?;
        }
        if matches!(event, ServerEvent::TurnEnded { .. }) {
            self.checks.bounds.over(self.llm.alive, self.tts.alive)?;
        }
        if self.outbox.too_slow() {
            return Ok(());
        }
        let lossless = self.plan.outbox.lossless;
        let attendance = self.readers.attendance();
        let received = &mut self.checks.received;
        received.sent(turn, &event, attendance, lossless);
        self.outbox.push(turn, event);
        if self.outbox.too_slow() {
            self.checks.received.cleared();
        }
        Ok(())
    }

    fn open(&mut self, ticket: u64, candidate: usize, opening: Opening) -> Checked {
        let stage = opening.stage();
        let name = self.roster.candidate(stage, candidate);
        let name = name.map(|candidate| candidate.id.clone());
        ensure(name.is_some(), "only who there is", || {
            format!("there is no {} {candidate}", stage.name())
        })?;
        let verdicts = &mut self.checks.verdicts;
        verdicts.called(stage, candidate, &name.unwrap_or_default())?;
        self.roster.begin(stage, candidate, self.now);
        let calls = self.calls.of(stage);
        let number = *calls;
        *calls += 1;
        let fault = self.plan.fault(stage, number).filter(|_| !self.calm());
        if let Some(fault) = fault {
            self.tally.count(stage.name(), fault.kind());
        }
        let mut rng = self.plan.rng(&[6, stage as u64, u64::from(number)]);
        let open_us = rng.range(0..self.plan.open_us);
        match opening {
            Opening::Llm { messages, .. } => {
                self.checks.history.asked(&messages)?;
                self.close(Stage::Llm);
                self.llm = Call::new(ticket, number, self.now, open_us, fault);
                if fault == Some(Fault::WritesGarbage) {
                    // Garbage within a word makes two of it.
                    self.checks.words.doubt();
                }
                model::write(&mut self.llm, &self.plan);
            }
            Opening::Tts { context, .. } => {
                self.close(Stage::Tts);
                self.tts = Call::new(ticket, number, self.now, open_us, fault);
                self.voice = Voice::new(context.turn_id);
                self.checks.bounds.new_voice();
                let stalls = matches!(fault, Some(Fault::Stalls { .. }));
                self.checks.words.voice(
                    number,
                    VoiceCall {
                        honest: fault.is_none_or(Fault::is_honest),
                        steady: self.plan.prompt_voice() && !stalls,
                        marks: self.plan.marks,
                        ended: 0,
                    },
                );
            }
            Opening::Avatar { .. } => {
                self.close(Stage::Avatar);
                self.avatar = Call::new(ticket, number, self.now, open_us, fault);
                self.face = Face::default();
            }
        }
        Ok(())
    }

    /// The operator's configuration is read anew.
    pub(super) fn reload(&mut self, number: u32) -> Checked {
        let mut rng = self.plan.rng(&[8, number.into()]);
        let config = self.plan.config();
        let chains = self.roster.reload(&mut rng);
        self.give(Input::Reload(Box::new(Reload {
            persona: Some(config.persona),
            personas: config.personas,
            llm: chains.llm,
            tts: chains.tts,
            avatar: chains.avatar,
            pacing: config.pacing,
            history: config.history,
            retries: config.retries,
            on_break: match rng.chance(50) {
                true => OnBreak::Continue,
                false => OnBreak::Close,
            },
            mapper: rng.chance(30),
        })))
    }

    fn close(&mut self, stage: Stage) {
        self.say_late(stage);
        match stage {
            Stage::Llm => self.llm = Call::none(),
            Stage::Tts => self.tts = Call::none(),
            Stage::Avatar => self.avatar = Call::none(),
        }
    }

    fn utter(&mut self, text: &str) -> Checked {
        ensure(
            self.tts.alive && !self.voice.told_end,
            "no input after its end",
            || format!("{text:?}"),
        )?;
        if self.tts.fault.is_none_or(Fault::is_honest) {
            self.checks.bounds.gave()?;
        }
        let (call, ledger) = (&mut self.tts, &mut self.ledger);
        self.voice.speak(call, &self.plan, ledger, text, self.now);
        Ok(())
    }

    fn tell_face(&mut self, input: &AvatarInput) -> Checked {
        ensure(self.avatar.alive, "no input after its end", || {
            format!("{input:?}")
        })?;
        self.face.hear(input);
        Ok(())
    }

    pub(super) fn stale_word(&self) -> String {
        let word = Word {
            author: Author::Stale,
            session: self.plan.number,
            call: 0,
            place: 0,
        };
        format!(" {word} ")
    }

    pub(super) fn stale_sound(&mut self) -> AudioChunk {
        let number = self.ledger.enter(Spoken {
            words: vec![],
            turn: self.voice.turn.clone(),
            call: self.tts.number,
            utterance: 0,
            duration_us: 0,
            stale: true,
        });
        AudioChunk {
            at: 0,
            format: self.plan.format,
            pcm: sound(number, 80),
        }
    }

    pub(super) fn stale_frame(&self, call: u32) -> VideoFrame {
        VideoFrame {
            at: 0,
            duration_us: self.plan.frame_us,
            codec: self.plan.codec.unwrap_or(VideoCodec::Jpeg),
            width: 2,
            height: 2,
            keyframe: true,
            data: Picture {
                session: self.plan.number,
                call,
                place: u32::MAX,
            }
            .paint(0),
        }
    }
}
