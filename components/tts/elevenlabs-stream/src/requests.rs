//! A call over HTTP: one request for each utterance, one after the other.

use crate::config::Config;
use crate::manner::Manner;
use crate::messages::{self, Chunk, RATE, WHO};
use crate::voicing::{Clock, Job, Voicing};
use crate::{Stop, errors};
use tth_sdk::http::{Request, Response, send};
use tth_sdk::ndjson::Lines;
use tth_sdk::speech::Track;
use tth_sdk::tts::{Event, Input};
use tth_sdk::{Control, Error, ErrorCode, Inputs, Sink, error};

/// The longest line of an answer: three minutes of sound in base64, and its timings.
const LINE: usize = 16 << 20;
/// So many of the last characters are told to the server, so that it goes on in the same tone.
const BEFORE: usize = 400;

/// Speak one turn.
pub(crate) async fn stream(
    config: &Config,
    input: Inputs<Input>,
    control: &Control,
    out: Sink<Event>,
) -> Result<(), Error> {
    let mut call = Call {
        config,
        out,
        track: Track::new(RATE),
        before: String::new(),
    };
    match call.talk(input, Manner::of(control, config)).await {
        Err(Stop::Failed(failure)) => Err(failure),
        // Leaving dropped the request.
        Ok(()) | Err(Stop::Closed(_)) => Ok(()),
    }
}

struct Call<'a> {
    config: &'a Config,
    out: Sink<Event>,
    track: Track,
    /// The end of what was spoken in this call.
    before: String,
}

impl Call<'_> {
    async fn talk(&mut self, mut input: Inputs<Input>, mut manner: Manner) -> Result<(), Stop> {
        let mut index = 0;
        while let Some(item) = self.out.while_open(input.next()).await? {
            match item {
                Input::Control(control) => manner = Manner::of(&control, self.config),
                Input::Utterance(text) => {
                    for job in Job::of(&text, index, &manner, self.config)? {
                        self.speak(job).await?;
                    }
                    index += 1;
                }
            }
        }
        Ok(())
    }

    async fn speak(&mut self, job: Job) -> Result<(), Stop> {
        let mut voicing = Voicing::new(job, Clock::Request);
        let script = &voicing.job.script;
        if script.speakable() {
            let text = script.text();
            let (route, body) =
                messages::request(self.config, &text, &self.before, &voicing.job.manner);
            let request = Request::post_json(self.config.base.join(&route), &body);
            let mut answer = self.out.while_open(ask(request)).await??;
            account(&answer, &text);
            let mut lines = Lines::new(LINE);
            loop {
                let bytes = self.out.while_open(answer.body.next()).await??;
                match &bytes {
                    Some(bytes) => lines.feed(bytes),
                    None => lines.end(),
                }
                while let Some(line) = lines.next_line().map_err(|long| {
                    error(ErrorCode::Internal, format!("{WHO} sent a line: {long}"))
                })? {
                    let chunk: Chunk = messages::read(&line)?;
                    if let Some(failure) = chunk.failure {
                        return Err(failure.into());
                    }
                    let events = voicing.chunk(&mut self.track, &chunk);
                    if !events.is_empty() {
                        self.out.send_all(events).await?;
                    }
                }
                if bytes.is_none() {
                    break;
                }
            }
        }
        let events = voicing.end(&mut self.track)?;
        self.out.send_all(events).await?;
        let spoken = self.before.clone() + &voicing.job.script.written();
        let surplus = spoken.chars().count().saturating_sub(BEFORE);
        self.before = spoken.chars().skip(surplus).collect();
        Ok(())
    }
}

/// A line for the log: the request's name, and what it costs as far as the vendor says so.
fn account(answer: &Response, text: &str) {
    let id = answer.request_id().unwrap_or("without a name");
    let cost = answer.header("character-cost");
    let cost = cost.and_then(|cost| cost.parse::<u32>().ok());
    let cost = cost.map_or(String::new(), |cost| format!(", {cost} charged"));
    println!(
        "request {id} accepted: {} characters{cost}",
        text.chars().count()
    );
}

async fn ask(request: Request) -> Result<Response, Error> {
    let answer = send(request).await?;
    if !(200..300).contains(&answer.status) {
        return Err(errors::of_answer(answer).await);
    }
    // What media type the lines have the vendor does not say; this they are not.
    if answer.is("text/html") {
        let message = format!("{WHO} answered with a web page in place of speech");
        return Err(error(ErrorCode::Unavailable, message));
    }
    Ok(answer)
}
