//! A call over the WebSocket.
//!
//! Each utterance has a context of its own: its end is the server's `isFinal`, its settings are those
//! that held when its turn came, and the next one is already being made while it is heard.

use crate::Stop;
use crate::config::Config;
use crate::errors;
use crate::line::Line;
use crate::manner::Manner;
use crate::messages::{self, Chunk, RATE, WHO};
use crate::voicing::{Clock, Job, Voicing};
use futures::future::{Either, pending, select};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tth_sdk::clock::within;
use tth_sdk::speech::Track;
use tth_sdk::tts::{Event, Input};
use tth_sdk::websocket::Message;
use tth_sdk::{Closed, Control, Error, ErrorCode, Inputs, Sink, error};

/// Utterances that are being made at once.
const AHEAD: usize = 2;
/// Utterances that are taken from the host before their turn.
const WAITING: usize = 4;
/// The most sound that is held for an utterance before its turn, in bytes: three minutes.
const HELD: usize = 180 * RATE as usize * 2;
/// A line that owes something and was silent for so long may be dead.
const SILENCE: Duration = Duration::from_secs(1);
/// How long a call that is not wanted any more takes to say so.
const FAREWELL_MS: u64 = 50;

/// An utterance that was asked for.
struct Open {
    /// None where there is nothing to say.
    context: Option<String>,
    voicing: Voicing,
    /// What came of it and was not looked at.
    came: VecDeque<Chunk>,
    held: usize,
    /// Whether anything came of it.
    answered: bool,
    over: bool,
}

/// One call.
pub(crate) struct Live<'a> {
    config: &'a Config,
    out: Sink<Event>,
    track: Track,
    /// Utterances whose turn has not come.
    waiting: VecDeque<Job>,
    /// Utterances that were asked for, in order.
    open: VecDeque<Open>,
    line: Option<Line>,
    /// Whether a dead line was replaced.
    redialled: bool,
    /// Whether anything was asked in this call, and whether anything came of it.
    asked: bool,
    answered: bool,
    /// When something was last asked or heard.
    active: Instant,
}

/// What happened.
enum Step {
    Asked(Option<Input>),
    Heard(Option<Message>),
}

/// Speak one turn; the line is taken from `kept`, and put back where it can be used again.
pub(crate) async fn stream(
    config: &Config,
    kept: &RefCell<Option<Line>>,
    input: Inputs<Input>,
    control: &Control,
    out: Sink<Event>,
) -> Result<(), Error> {
    let mut live = Live {
        config,
        out,
        track: Track::new(RATE),
        waiting: VecDeque::new(),
        open: VecDeque::new(),
        line: kept.take(),
        redialled: false,
        asked: false,
        answered: false,
        active: Instant::now(),
    };
    let ended = live.talk(input, Manner::of(control, config)).await;
    match ended {
        Err(Stop::Failed(failure)) => return Err(failure),
        Err(Stop::Closed(Closed)) => live.hang_up().await,
        Ok(()) => {}
    }
    kept.replace(live.line.take().map(Line::keep));
    Ok(())
}

impl Live<'_> {
    async fn talk(&mut self, mut input: Inputs<Input>, mut manner: Manner) -> Result<(), Stop> {
        manner.check()?;
        // While the language model is still thinking.
        self.connect(&manner.voice).await?;
        let (mut index, mut more) = (0, true);
        loop {
            self.ask().await?;
            self.give().await?;
            if !more && self.waiting.is_empty() && self.open.is_empty() {
                return Ok(());
            }
            let room = more && self.waiting.len() < WAITING;
            match self.step(room.then_some(&mut input)).await? {
                Step::Asked(None) => more = false,
                Step::Asked(Some(Input::Control(control))) => {
                    manner = Manner::of(&control, self.config);
                }
                Step::Asked(Some(Input::Utterance(text))) => {
                    let jobs = Job::of(&text, index, &manner, self.config)?;
                    self.waiting.extend(jobs);
                    index += 1;
                }
                Step::Heard(Some(Message::Text(text))) => self.heard(&text)?,
                Step::Heard(Some(Message::Binary(_))) => {}
                Step::Heard(None) => {
                    if let Some(line) = self.line_over() {
                        let ending = self.out.while_open(line.incoming.ending()).await?;
                        return Err(errors::of_ending(ending).into());
                    }
                }
            }
        }
    }

    /// Have a line for that voice.
    async fn connect(&mut self, voice: &str) -> Result<(), Stop> {
        if !self.line.as_ref().is_some_and(|line| line.serves(voice)) {
            self.line = None;
            let opened = self.out.while_open(Line::open(self.config, voice));
            self.line = Some(opened.await??);
        }
        Ok(())
    }

    /// Ask for as many utterances as may be made at once.
    async fn ask(&mut self) -> Result<(), Stop> {
        while self.open.len() < AHEAD {
            let Some(job) = self.waiting.front() else {
                break;
            };
            let speakable = job.script.speakable();
            let voice = job.manner.voice.clone();
            if speakable && self.line.as_ref().is_none_or(|line| line.voice != voice) {
                // What the old line owes comes first.
                if !self.open.is_empty() {
                    break;
                }
                self.connect(&voice).await?;
            }
            let Some(job) = self.waiting.pop_front() else {
                break;
            };
            let mut context = None;
            if let (true, Some(line)) = (speakable, &mut self.line) {
                let asked = self.out.while_open(line.speak(&job)).await?;
                self.asked = true;
                self.active = Instant::now();
                // Where the line is over, reading it tells why.
                context = Some(asked.unwrap_or_default());
            }
            self.open.push_back(Open {
                over: context.is_none(),
                context,
                voicing: Voicing::new(job, Clock::Message),
                came: VecDeque::new(),
                held: 0,
                answered: false,
            });
        }
        Ok(())
    }

    /// Give out what came of the utterance whose turn it is.
    async fn give(&mut self) -> Result<(), Stop> {
        while let Some(open) = self.open.front_mut() {
            let mut events = Vec::new();
            for chunk in open.came.drain(..) {
                events.extend(open.voicing.chunk(&mut self.track, &chunk));
                open.over |= chunk.last;
            }
            open.held = 0;
            let over = open.over;
            if over {
                events.extend(open.voicing.end(&mut self.track)?);
                self.open.pop_front();
            }
            if !events.is_empty() {
                self.out.send_all(events).await?;
            }
            if !over {
                break;
            }
            self.ask().await?;
        }
        Ok(())
    }

    /// Wait until something happens.
    async fn step(&mut self, input: Option<&mut Inputs<Input>>) -> Result<Step, Stop> {
        let line = self.line.as_mut();
        let heard = async {
            match line {
                Some(line) => Step::Heard(line.incoming.next().await),
                None => pending().await,
            }
        };
        let asked = async {
            match input {
                Some(input) => Step::Asked(input.next().await),
                None => pending().await,
            }
        };
        let either = async {
            futures::pin_mut!(heard, asked);
            match select(heard, asked).await {
                Either::Left((step, _)) | Either::Right((step, _)) => step,
            }
        };
        Ok(self.out.while_open(either).await?)
    }

    /// A message came.
    fn heard(&mut self, text: &str) -> Result<(), Error> {
        let mut chunk = messages::read(text)?;
        let owed = self.open.iter().filter(|open| !open.over).count();
        let place = match (&chunk.context, &mut self.line) {
            (Some(context), Some(line)) => {
                if line.is_residue(context, chunk.last) {
                    return Ok(());
                }
                let wanted = |open: &Open| open.context.as_ref() == Some(context);
                self.open.iter().position(wanted)
            }
            // Where only one can be meant.
            (None, Some(line)) if owed == 1 && line.is_clean() => {
                self.open.iter().position(|open| !open.over)
            }
            _ => None,
        };
        if let Some(failure) = chunk.failure.take() {
            let lost = match chunk.context {
                Some(_) => place.is_some(),
                // Of the whole line, which the server will close.
                None => self.line_over().is_some(),
            };
            return if lost { Err(failure) } else { Ok(()) };
        }
        let Some(open) = place.and_then(|place| self.open.get_mut(place)) else {
            return Ok(());
        };
        self.answered = true;
        self.active = Instant::now();
        open.answered = true;
        open.held += chunk.audio.len();
        if open.held > HELD {
            let message = format!("{WHO} sent more sound for an utterance than can be held");
            return Err(error(ErrorCode::Internal, message));
        }
        open.came.push_back(chunk);
        Ok(())
    }

    /// The line is over. It is given back if the call has failed with it: else nothing was lost, or it
    /// had died between two calls, and everything is asked for again on another one.
    fn line_over(&mut self) -> Option<Line> {
        let line = self.line.take()?;
        let owes = |open: &Open| open.context.is_some() && !open.over;
        if !self.open.iter().any(owes) {
            return None;
        }
        let answered = self.open.iter().any(|open| open.answered);
        if !line.kept || answered || self.redialled {
            return Some(line);
        }
        self.redialled = true;
        for open in self.open.drain(..).rev() {
            self.waiting.push_front(open.voicing.job);
        }
        None
    }

    /// Nobody listens any more: let the server know.
    async fn hang_up(&mut self) {
        let owed = self.open.iter().filter(|open| !open.over);
        let contexts: Vec<String> = owed.filter_map(|open| open.context.clone()).collect();
        let silent = !contexts.is_empty() && self.active.elapsed() > SILENCE;
        let Some(line) = &mut self.line else { return };
        let told = within(FAREWELL_MS, line.drop_contexts(contexts)).await;
        if told != Some(Ok(())) || silent || (self.asked && !self.answered) {
            // It may be dead.
            self.line = None;
        }
    }
}
