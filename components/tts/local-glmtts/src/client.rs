//! The server's routes.

use crate::SAMPLE_RATE;
use crate::config::Config;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use tth_sdk::http::{Request, Response, send};
use tth_sdk::speech::Track;
use tth_sdk::speech::requests::Requests;
use tth_sdk::{CallContext, Control, Error, ErrorCode, error};

/// How the server is called in errors.
pub(crate) const WHO: &str = "the voice's server";
/// The most characters of a request's text.
const LONGEST_TEXT: usize = 500;
/// The longest list of voices that is read, in bytes.
const LIST: usize = 1 << 20;
/// The longest account of its state.
const STATE: usize = 16 << 10;
/// How long the list of voices is waited for, for the connection and again for the answer: a machine
/// that is not there must not hold up the start of the server.
const LIST_MS: u32 = 1_000;
/// The patience of a health check, as for the list.
const HEALTH_MS: u32 = 500;
/// The longest name of a voice or of a request.
const LONGEST_ID: usize = 64;

/// One server.
pub(crate) struct Client {
    config: Config,
    /// The server's first voice, where none is configured.
    found: RefCell<Option<String>>,
    /// Requests that were sent, which makes their names different.
    sent: Cell<u32>,
}

impl Client {
    pub(crate) fn new(config: Config) -> Self {
        Client {
            config,
            found: RefCell::default(),
            sent: Cell::new(0),
        }
    }

    /// Whether the model is loaded.
    pub(crate) async fn health(&self) -> Result<(), Error> {
        let request = Request::get(self.config.base.join("health")).patience_ms(HEALTH_MS);
        let answer = send(request).await?;
        if answer.status == 503 {
            let message = format!("{WHO} is still loading its model");
            return Err(error(ErrorCode::Unavailable, message));
        }
        let state = answer.success(WHO).await?.json(STATE, WHO).await?;
        match state.get("status").and_then(Value::as_str) {
            Some("ok") => Ok(()),
            _ => Err(error(
                ErrorCode::Unavailable,
                format!("{WHO} does not say that it is well"),
            )),
        }
    }

    /// The voice to speak with: the one that is asked for, else that of the settings, else the
    /// server's first.
    pub(crate) async fn voice(&self, asked: Option<&str>) -> Result<String, Error> {
        let known = asked.or(self.config.voice.as_deref()).map(str::to_owned);
        if let Some(voice) = known.or_else(|| self.found.borrow().clone()) {
            return Ok(voice);
        }
        let request = Request::get(self.config.base.join("v1/voices")).patience_ms(LIST_MS);
        let list = send(request).await?.success(WHO).await?;
        let list = list.json(LIST, WHO).await?;
        let first = list
            .get("voices")
            .and_then(|voices| voices.get(0)?.get("id")?.as_str());
        let named = |id: &&str| !id.is_empty() && id.len() <= LONGEST_ID;
        let first = first.filter(named).ok_or_else(|| {
            error(
                ErrorCode::Unavailable,
                format!("{WHO} has no voice; give it one first"),
            )
        })?;
        self.found.replace(Some(first.to_owned()));
        Ok(first.to_owned())
    }

    /// Ask for the sound of a text.
    pub(crate) async fn speak(
        &self,
        text: &str,
        voice: Option<&str>,
        context: &CallContext,
    ) -> Result<Response, Error> {
        let known = self.found.borrow().is_some();
        let mut answer = self.ask(text, voice, context).await?;
        let own = voice.or(self.config.voice.as_deref()).is_some();
        if answer.status == 404 && known && !own {
            // The server was started again with other voices.
            self.found.replace(None);
            answer = self.ask(text, voice, context).await?;
        }
        let answer = answer.success(WHO).await?;
        let answer = answer.fitting(WHO, "sound", |answer| answer.is("audio/l16"))?;
        let rate = answer
            .header("x-sample-rate")
            .map(|rate| rate.trim().parse::<u32>());
        if rate.is_some_and(|rate| rate != Ok(SAMPLE_RATE)) {
            let message =
                format!("{WHO} was asked for {SAMPLE_RATE} Hz and answered with another rate");
            return Err(error(ErrorCode::Internal, message));
        }
        Ok(answer)
    }

    async fn ask(
        &self,
        text: &str,
        voice: Option<&str>,
        context: &CallContext,
    ) -> Result<Response, Error> {
        let mut body = json!({
            "text": text,
            "voice_id": self.voice(voice).await?,
            "sample_rate": SAMPLE_RATE,
            "use_phoneme": self.config.use_phoneme,
            "use_cache": self.config.use_cache,
        });
        if let Some(body) = body.as_object_mut() {
            if let Some(seed) = self.config.seed {
                body.insert("seed".into(), json!(seed));
            }
            // So that an operator finds a turn in the server's log.
            let number = self.sent.replace(self.sent.get().wrapping_add(1));
            let id = format!("{}-{number}", context.turn_id);
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            if id.len() <= LONGEST_ID && id.chars().all(plain) {
                body.insert("request_id".into(), json!(id));
            }
        }
        let route = self.config.base.join("v1/tts/stream");
        send(Request::post_json(route, &body).header("accept", "audio/L16")).await
    }
}

impl Requests for Client {
    /// The name of the voice that the controls choose.
    type Manner = Option<String>;

    const WHO: &'static str = WHO;

    fn manner(&self, control: &Control) -> Option<String> {
        let voice = control.text("voice").map(str::trim);
        voice.filter(|voice| !voice.is_empty()).map(str::to_owned)
    }

    fn track(&self) -> Track {
        Track::new(SAMPLE_RATE)
    }

    fn longest(&self) -> usize {
        LONGEST_TEXT
    }

    async fn ask(
        &self,
        text: &str,
        voice: &Option<String>,
        context: &CallContext,
    ) -> Result<Response, Error> {
        self.speak(text, voice.as_deref(), context).await
    }
}
