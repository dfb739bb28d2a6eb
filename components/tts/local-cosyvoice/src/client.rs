//! The routes that speak.

use crate::SAMPLE_RATE;
use crate::config::{Config, Mode, plain};
use crate::form::Form;
use tth_sdk::http::{Request, Response, send};
use tth_sdk::speech::Track;
use tth_sdk::speech::requests::Requests;
use tth_sdk::{CallContext, Control, Error};

/// How the server is called in errors.
pub(crate) const WHO: &str = "the voice's server";
/// The most characters of a request's text. The server has no limit of its own, but speaks one request
/// after the other.
const LONGEST_TEXT: usize = 1_000;

/// How an utterance is to be spoken.
pub(crate) struct Manner {
    voice: String,
    instruction: String,
}

impl Config {
    fn form(&self, text: &str, manner: &Manner) -> Form {
        let mut form = Form::default();
        form.text("tts_text", text);
        match self.mode {
            Mode::Sft => form.text("spk_id", &manner.voice),
            Mode::Instruct => {
                form.text("spk_id", &manner.voice);
                form.text("instruct_text", &manner.instruction);
            }
            Mode::Instruct2 => form.text("instruct_text", &manner.instruction),
            Mode::ZeroShot => form.text("prompt_text", &self.prompt_text),
            Mode::CrossLingual => {}
        }
        if let Some(wav) = &self.prompt_wav {
            form.file("prompt_wav", "prompt.wav", "audio/wav", wav);
        }
        form
    }
}

impl Requests for Config {
    type Manner = Manner;

    const WHO: &'static str = WHO;

    fn manner(&self, control: &Control) -> Manner {
        let voice = control
            .text("voice")
            .map(str::trim)
            .filter(|voice| !voice.is_empty());
        Manner {
            voice: voice.unwrap_or(&self.voice).to_owned(),
            instruction: self.instruction(control.text("instruct_text")),
        }
    }

    fn track(&self) -> Track {
        Track::resampled(self.sample_rate, SAMPLE_RATE)
    }

    fn longest(&self) -> usize {
        LONGEST_TEXT
    }

    async fn ask(
        &self,
        text: &str,
        manner: &Manner,
        _context: &CallContext,
    ) -> Result<Response, Error> {
        let (content_type, body) = self.form(&plain(text), manner).finish();
        let request = Request {
            body: Some(body),
            ..Request::get(self.base.join(self.mode.route()))
        };
        let request = request
            .header("content-type", content_type)
            .header("accept", "*/*");
        let answer = send(request).await?.success(WHO).await?;
        // Its sound has no type. What has one is something else.
        let others = ["text/html", "text/plain", "application/json"];
        answer.fitting(WHO, "sound", |answer| {
            !others.iter().any(|kind| answer.is(kind))
        })
    }
}
