//! What happens next in a world: of all that is due, the earliest, in the order in which the driver
//! would look.

use super::{MOST_STEPS, Phase, World};
use crate::act::{Act, Pace};
use crate::check::{Checked, Violation, ensure};
use crate::fault::Fault;
use tth_core::controls::{Decision, EMOTION_LABELS, Outcome, ParamValue};
use tth_core::events::TurnEnd;
use tth_core::media::Micros;
use tth_core::provider::{
    AvatarEvent, Control, ErrorCode, LlmEvent, ProviderError, Stage, TtsEvent,
};
use tth_core::session::{Input, Resolved, Stack};

/// Words of the turn that has to succeed in the end.
const CLEAN_WORDS: u8 = 3;

/// What may happen next.
#[derive(Clone, Copy, Debug)]
enum Next {
    Client,
    Opened(Stage),
    Resolved,
    Said(Stage),
    Stale(usize),
    Read,
    Timer,
}

impl World {
    /// Let the next thing happen. When the one after it is due; none: all is over.
    ///
    /// # Errors
    /// If a rule is broken.
    pub fn step(&mut self) -> Result<Option<Micros>, Violation> {
        let Some((at, next)) = self.next() else {
            self.pass_phase()?;
            return Ok((self.phase != Phase::Over).then_some(self.now));
        };
        self.steps += 1;
        ensure(self.steps < MOST_STEPS, "it comes to rest", || {
            format!(
                "not within {MOST_STEPS} inputs; {:?}",
                self.session.wants(self.now)
            )
        })?;
        self.now = self.now.max(at);
        if self.session.busy() {
            if !self.has_room() || !self.readers.attached() {
                // It is the reader that is waited for.
                self.checks.bounds.alive(self.now);
            }
            self.checks.bounds.waits(self.now)?;
        }
        self.happen(next)?;
        self.read()?;
        Ok(Some(self.now))
    }

    fn next(&self) -> Option<(Micros, Next)> {
        let wants = self.session.wants(self.now);
        let room = self.has_room();
        let said = |asked: bool, ready: Option<Micros>| ready.filter(|_| asked && room);
        let stale = self
            .stale
            .iter()
            .enumerate()
            .map(|(n, (at, _))| (*at, n))
            .min();
        let offers = [
            (self.client.next_at(), Next::Client),
            (self.llm.opens_at, Next::Opened(Stage::Llm)),
            (self.tts.opens_at, Next::Opened(Stage::Tts)),
            (self.avatar.opens_at, Next::Opened(Stage::Avatar)),
            (self.question.as_ref().map(|(at, _)| *at), Next::Resolved),
            (said(wants.tts, self.tts.ready()), Next::Said(Stage::Tts)),
            (
                said(wants.avatar, self.avatar.ready()),
                Next::Said(Stage::Avatar),
            ),
            (said(wants.llm, self.llm.ready()), Next::Said(Stage::Llm)),
            (
                stale.map(|(at, _)| at),
                Next::Stale(stale.map_or(0, |(_, n)| n)),
            ),
            (self.readers.next_at(), Next::Read),
            (wants.wake_at, Next::Timer),
        ];
        let due = offers
            .into_iter()
            .filter_map(|(at, next)| Some((at?.max(self.now), next)));
        let best = due.reduce(|best, other| if other.0 < best.0 { other } else { best });
        best.filter(|_| !self.may_pass())
    }

    /// Whether the phase has reached what it is for.
    fn may_pass(&self) -> bool {
        match self.phase {
            Phase::Chaos => self.client.next_at().is_none(),
            Phase::Calm | Phase::Clean => {
                !self.session.busy() && self.checks.order.running().is_none()
            }
            Phase::Over => true,
        }
    }

    fn pass_phase(&mut self) -> Checked {
        match self.phase {
            Phase::Chaos => self.calm_down()?,
            Phase::Calm | Phase::Clean if !self.may_pass() => {
                return Err(Self::broken(
                    "it comes to rest",
                    "a turn waits for nothing at all",
                ));
            }
            Phase::Calm => {
                self.phase = Phase::Clean;
                self.checks.last_end = None;
                self.perform(Act::Chat(CLEAN_WORDS), 9_999)?;
                ensure(self.session.busy(), "a clean turn", || {
                    "it did not begin".into()
                })?;
            }
            Phase::Clean => {
                let end = self.checks.last_end;
                ensure(end == Some(TurnEnd::Completed), "a clean turn", || {
                    format!("{end:?}")
                })?;
                self.readers.read_at(Pace::Fast, self.now);
                self.read()?;
                self.detach()?;
                let wants = self.session.wants(self.now);
                let idle = !(wants.llm || wants.tts || wants.avatar) && wants.wake_at.is_none();
                ensure(idle, "idle in the end", || format!("{wants:?}"))?;
                let left = [self.llm.alive, self.tts.alive, self.avatar.alive];
                ensure(left == [false; 3], "idle in the end", || {
                    format!("calls: {left:?}")
                })?;
                self.checks.verdicts.settled()?;
                self.phase = Phase::Over;
            }
            Phase::Over => {}
        }
        Ok(())
    }

    fn happen(&mut self, next: Next) -> Checked {
        if self.phase != Phase::Chaos && self.now > self.calm_until {
            return Err(Self::broken(
                "it comes to rest",
                "the last turn does not end",
            ));
        }
        match next {
            Next::Client => self.act(),
            Next::Opened(stage) => self.opened(stage),
            Next::Resolved => self.resolved(),
            Next::Said(Stage::Llm) => {
                let item = self.llm.take(self.now);
                self.checks.bounds.alive(self.now);
                self.give(Input::Llm(self.llm.ticket, item))
            }
            Next::Said(Stage::Tts) => self.voice_says(),
            Next::Said(Stage::Avatar) => self.face_shows(),
            Next::Stale(n) => {
                let (_, input) = self.stale.swap_remove(n);
                self.tally.count("late", "after it was given up");
                self.give(input)
            }
            Next::Read => Ok(()),
            Next::Timer => self.give(Input::Tick),
        }
    }

    fn opened(&mut self, stage: Stage) -> Checked {
        let (ticket, result) = match stage {
            Stage::Llm => (self.llm.ticket, self.llm.opened()),
            Stage::Tts => (self.tts.ticket, self.tts.opened()),
            Stage::Avatar => (self.avatar.ticket, self.avatar.opened()),
        };
        if stage != Stage::Avatar || !self.plan.realtime {
            // A file waits for its pictures, too.
            self.checks.bounds.alive(self.now);
        }
        if stage == Stage::Avatar && result.is_ok() {
            self.face
                .draw(&mut self.avatar, &self.plan, &mut self.ledger, self.now);
        }
        self.give(Input::Opened(stage, ticket, result))
    }

    fn voice_says(&mut self) -> Checked {
        let item = self.tts.take(self.now);
        self.checks.bounds.alive(self.now);
        match &item {
            Some(Ok(TtsEvent::Audio(chunk))) => {
                self.checks.bounds.took_sound(chunk.duration_us())?;
                if self.tts.fault == Some(Fault::Endless) && self.tts.waiting() == 0 {
                    self.voice_never_ends();
                }
            }
            Some(Ok(TtsEvent::UtteranceEnd(_))) => {
                self.checks.words.utterance_ended();
                self.checks.bounds.spoke();
            }
            _ => {}
        }
        self.give(Input::Tts(self.tts.ticket, item))
    }

    /// Sound without end, until the calm ends it.
    fn voice_never_ends(&mut self) {
        if self.calm() {
            for index in 0..self.voice.utterances {
                self.tts.say(self.now, TtsEvent::UtteranceEnd(index));
            }
            self.tts.fault = None;
            self.tts.complete = self.voice.told_end;
        } else {
            self.voice.go_on(&mut self.tts, &self.plan, self.now);
        }
    }

    fn face_shows(&mut self) -> Checked {
        let item = self.avatar.take(self.now);
        if !self.plan.realtime {
            self.checks.bounds.alive(self.now);
        }
        if matches!(item, Some(Ok(AvatarEvent::Audio(_)))) {
            // Where it speaks between the voice's words nobody can say what was heard.
            self.checks.words.doubt();
        }
        if self.avatar.alive && self.avatar.waiting() == 0 {
            self.face
                .draw(&mut self.avatar, &self.plan, &mut self.ledger, self.now);
        }
        self.give(Input::Avatar(self.avatar.ticket, item))
    }

    fn resolved(&mut self) -> Checked {
        let Some((_, request)) = self.question.take() else {
            return Ok(());
        };
        self.questions += 1;
        self.checks.bounds.alive(self.now);
        let mut rng = self.plan.rng(&[3, self.questions]);
        let calm = self.calm();
        let mut answers = Vec::new();
        for (stage, _, layers) in request.targets {
            let doubts = !calm && rng.chance(self.plan.doubts);
            if doubts {
                self.tally.count("mapper", "fails");
            }
            answers.push((stage, answer(&layers, doubts)));
        }
        self.give(Input::Resolved(answers))
    }

    /// What a call that was given up still says.
    pub(super) fn say_late(&mut self, stage: Stage) {
        let call = match stage {
            Stage::Llm => (self.llm.alive, self.llm.ticket, self.llm.number),
            Stage::Tts => (self.tts.alive, self.tts.ticket, self.tts.number),
            Stage::Avatar => (self.avatar.alive, self.avatar.ticket, self.avatar.number),
        };
        let (true, ticket, number) = call else { return };
        let mut rng = self.plan.rng(&[4, stage as u64, u64::from(number)]);
        if self.calm() || !rng.chance(40) {
            return;
        }
        let at = self.now + rng.range(0..400_000);
        let error = || ProviderError::new(ErrorCode::Internal, "too late");
        let input = match (stage, rng.any() % 4) {
            (stage, 0) => Input::Opened(stage, ticket, Err(error())),
            (Stage::Llm, 1) => Input::Llm(ticket, None),
            (Stage::Llm, 2) => Input::Llm(ticket, Some(Err(error()))),
            (Stage::Llm, _) => Input::Llm(ticket, Some(Ok(LlmEvent::Text(self.stale_word())))),
            (Stage::Tts, 1) => Input::Tts(ticket, Some(Ok(TtsEvent::UtteranceEnd(0)))),
            (Stage::Tts, 2) => Input::Tts(ticket, None),
            (Stage::Tts, _) => Input::Tts(ticket, Some(Ok(TtsEvent::Audio(self.stale_sound())))),
            (Stage::Avatar, 1) => Input::Avatar(ticket, Some(Err(error()))),
            (Stage::Avatar, _) => Input::Avatar(
                ticket,
                Some(Ok(AvatarEvent::Frame(self.stale_frame(number)))),
            ),
        };
        self.stale.push((at, input));
    }
}

/// What the mapper makes of the layers: the strongest label.
fn answer(layers: &Stack, doubts: bool) -> Result<Resolved, ProviderError> {
    let label = layers
        .iter()
        .rev()
        .find_map(|(emotion, _)| emotion.label.as_deref());
    let label = label.unwrap_or("neutral");
    if doubts || !EMOTION_LABELS.contains(&label) {
        let message = format!("there is no feeling {label:?}");
        return Err(ProviderError::new(ErrorCode::InvalidInput, message));
    }
    let value = ParamValue::Text(label.into());
    let decision = Decision {
        control: "emotion.label".into(),
        outcome: Outcome::Applied,
        param: Some("told".into()),
        value: Some(value.clone()),
        reason: String::new(),
    };
    let params = vec![("told".to_owned(), value)];
    Ok((Control { params }, vec![decision]))
}
