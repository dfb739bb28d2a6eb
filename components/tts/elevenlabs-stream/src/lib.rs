//! ElevenLabs' voices, streamed with the times of their characters.
//!
//! v2 models speak over a WebSocket that outlives the calls, one context for each utterance; v3 and v4
//! models by a request of text-to-dialogue for each. The key is the block's `secrets`: the host adds
//! it, it never gets here. The settings are in `config`, and in docs/providers/elevenlabs-stream.md.

mod config;
mod errors;
mod line;
mod live;
mod manner;
mod messages;
mod model;
mod requests;
mod script;
mod voicing;

use config::{Config, Route};
use line::Line;
use messages::WHO;
use std::cell::RefCell;
use tth_sdk::clock::within;
use tth_sdk::http::{Request, send};
use tth_sdk::tts::{Event, Input, Tts};
use tth_sdk::vendor::Refusal;
use tth_sdk::{
    AudioFormat, CallContext, Closed, Control, Error, ErrorCode, HealthStatus, Inputs, LoadConfig,
    ProviderInfo, Readiness, Sink,
};

/// The patience of a health check, for the connection and again for the answer: the host waits 3 s.
const HEALTH_MS: u32 = 1_400;
/// How long the warm-up waits: a server that is not there must not hold up the start.
const WARM_MS: u32 = 1_500;

/// The adapter.
pub struct ElevenLabs {
    config: Config,
    /// The WebSocket between two calls.
    kept: RefCell<Option<Line>>,
}

/// Why a call is over before its end.
enum Stop {
    /// Nobody wants it any more.
    Closed(Closed),
    Failed(Error),
}

impl From<Closed> for Stop {
    fn from(closed: Closed) -> Self {
        Stop::Closed(closed)
    }
}

impl From<Error> for Stop {
    fn from(failure: Error) -> Self {
        Stop::Failed(failure)
    }
}

impl ElevenLabs {
    /// Ask for the list of models, which costs nothing: what the server says if it refuses.
    async fn ask(&self, patience_ms: u32) -> Result<Option<Refusal>, Error> {
        let request = Request::get(self.config.base.join("v1/models")).patience_ms(patience_ms);
        let answer = send(request).await?;
        match answer.status {
            200..300 => {
                // The list itself is of no use; the connection is.
                answer.body.leave().await;
                Ok(None)
            }
            _ => Ok(Some(answer.refusal().await)),
        }
    }
}

impl Tts for ElevenLabs {
    async fn load(config: LoadConfig) -> Result<Self, Error> {
        Ok(ElevenLabs {
            config: Config::load(&config)?,
            kept: RefCell::default(),
        })
    }

    fn info() -> ProviderInfo {
        ProviderInfo {
            models: model::MODELS.map(str::to_owned).into(),
            params: manner::params(),
            audio: Some(AudioFormat {
                sample_rate: messages::RATE,
                channels: 1,
            }),
            features: vec!["visemes".into(), "text-marks".into()],
            ..ProviderInfo::new("elevenlabs-stream", env!("CARGO_PKG_VERSION"))
        }
    }

    async fn warmup(&self) -> Result<(), Error> {
        // Opens the connection. A server that is down now may be up when it is needed: then the call
        // itself says what is wrong.
        match self.config.route {
            Route::Contexts => {
                let opening = Line::open(&self.config, &self.config.voice);
                if let Some(Ok(line)) = within(WARM_MS.into(), opening).await {
                    self.kept.replace(Some(line.keep()));
                }
            }
            Route::Speech | Route::Dialogue => {
                let _known_later = self.ask(WARM_MS).await;
            }
        }
        Ok(())
    }

    async fn health(&self) -> HealthStatus {
        let (readiness, detail) = match self.ask(HEALTH_MS).await {
            Ok(None) => (Readiness::Ready, String::new()),
            // A key that may speak need not be one that may look at lists.
            Ok(Some(refusal)) if refusal.code.as_deref() == Some("missing_permissions") => {
                (Readiness::Ready, String::new())
            }
            Ok(Some(refusal)) => (Readiness::Down, errors::told(refusal).message),
            // Far away is not down.
            Err(failure) if failure.code == ErrorCode::Timeout => {
                (Readiness::Degraded, format!("{WHO} is slow to answer"))
            }
            Err(failure) => (Readiness::Down, failure.message),
        };
        HealthStatus { readiness, detail }
    }

    async fn stream(
        &self,
        input: Inputs<Input>,
        control: Control,
        _context: CallContext,
        out: Sink<Event>,
    ) -> Result<(), Error> {
        match self.config.route {
            Route::Contexts => live::stream(&self.config, &self.kept, input, &control, out).await,
            Route::Speech | Route::Dialogue => {
                requests::stream(&self.config, input, &control, out).await
            }
        }
    }
}

// A native linker does not take the names of component exports.
#[cfg(target_family = "wasm")]
tth_sdk::export_tts!(ElevenLabs);

#[cfg(all(test, not(target_family = "wasm")))]
mod tests;
