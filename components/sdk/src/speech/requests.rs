//! The call of a voice that is asked with one HTTP request for each utterance, and answers with its
//! sound as raw PCM.

use super::{Track, split};
use crate::http::Response;
use crate::tts::{Event, Input};
use crate::{CallContext, Closed, Control, Error, ErrorCode, Inputs, Sink, error};

/// A sound longer than this, in seconds, and for each character of its text, is none of that text.
const LONGEST: f64 = 30.0;
const LONGEST_PER_CHARACTER: f64 = 1.0;

/// A voice behind HTTP.
#[allow(
    async_fn_in_trait,
    reason = "guests are single-threaded: no Send bound is wanted"
)]
pub trait Requests {
    /// How its next utterances are to be spoken, as the vendor takes it.
    type Manner;

    /// How the server is called in errors, e.g. "the voice's server".
    const WHO: &'static str;

    /// From the parameters as they were resolved.
    fn manner(&self, control: &Control) -> Self::Manner;

    /// How fast that manner is; 1 is the voice's own pace.
    fn pace(_manner: &Self::Manner) -> f64 {
        1.0
    }

    /// Where a call begins.
    fn track(&self) -> Track;

    /// The most characters of one request; a longer utterance is asked for in parts.
    fn longest(&self) -> usize;

    /// Ask for the sound of a text.
    ///
    /// # Errors
    /// Whatever keeps the server from speaking it.
    async fn ask(
        &self,
        text: &str,
        manner: &Self::Manner,
        context: &CallContext,
    ) -> Result<Response, Error>;
}

/// One turn of such a voice, as [`crate::tts::Tts::stream`] has it. Requests follow each other: the
/// next one is sent when the sound of the one before has come.
///
/// # Errors
/// Those of [`Requests::ask`] and of the connection; `unavailable` where no sound comes, `internal`
/// where it does not end.
pub async fn stream<R: Requests>(
    voice: &R,
    mut input: Inputs<Input>,
    control: Control,
    context: CallContext,
    mut out: Sink<Event>,
) -> Result<(), Error> {
    let mut manner = voice.manner(&control);
    let mut track = voice.track();
    let mut index = 0;
    while let Some(item) = input.next().await {
        match item {
            Input::Control(control) => manner = voice.manner(&control),
            Input::Utterance(text) => {
                track.pace(R::pace(&manner));
                track.begin(&text);
                for part in split(&text, voice.longest()) {
                    // What has nothing to say is not worth a request.
                    if part.contains(char::is_alphanumeric) {
                        let asked = voice.ask(part, &manner, &context);
                        match out.while_open(asked).await {
                            Ok(answer) => {
                                let answer = answer?;
                                account(&answer, part);
                                if play::<R>(answer, part, &mut track, &mut out).await?
                                    == Err(Closed)
                                {
                                    return Ok(());
                                }
                            }
                            // Cancelled: leaving drops the request.
                            Err(Closed) => return Ok(()),
                        }
                    }
                }
                if out.send_all(track.end(index)).await.is_err() {
                    return Ok(());
                }
                index += 1;
            }
        }
    }
    Ok(())
}

/// A line for the log: what such voices charge for, and the request's name where it has one.
fn account(answer: &Response, text: &str) {
    let id = answer.request_id().unwrap_or("without a name");
    println!("request {id} accepted: {} characters", text.chars().count());
}

/// The sound of a part, as it comes.
async fn play<R: Requests>(
    mut answer: Response,
    text: &str,
    track: &mut Track,
    out: &mut Sink<Event>,
) -> Result<Result<(), Closed>, Error> {
    let before = track.seconds();
    let longest = LONGEST + LONGEST_PER_CHARACTER * text.chars().count() as f64;
    loop {
        let bytes = match out.while_open(answer.body.next()).await {
            Ok(Ok(Some(bytes))) => bytes,
            Ok(Ok(None)) => break,
            Ok(Err(broken)) => return Err(broken),
            Err(Closed) => return Ok(Err(Closed)),
        };
        let events = track.audio(&bytes);
        if track.seconds() - before > longest {
            let message = format!("{} sent more sound than the text can have", R::WHO);
            return Err(error(ErrorCode::Internal, message));
        }
        if !events.is_empty() && out.send_all(events).await.is_err() {
            return Ok(Err(Closed));
        }
    }
    track.part_ends();
    if track.seconds() <= before {
        let message = format!("{} answered without any sound", R::WHO);
        return Err(error(ErrorCode::Unavailable, message));
    }
    Ok(Ok(()))
}
