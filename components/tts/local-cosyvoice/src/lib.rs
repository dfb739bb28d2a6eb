//! CosyVoice's own HTTP server (`runtime/python/fastapi/server.py`) as the voice.
//!
//! `settings`: `base_url` ("http://127.0.0.1:50000"), `mode` (which of the server's routes, and so
//! which models), `voice`, `prompt_wav` and `prompt_text` (the voice to imitate), `instruct_text`,
//! `sample_rate` (that of the model; the server does not say it).

mod client;
mod config;
mod form;
mod wav;

use client::WHO;
use config::Config;
use tth_sdk::http::{Request, send};
use tth_sdk::speech::requests::stream;
use tth_sdk::tts::{Event, Input, Tts};
use tth_sdk::{
    AudioFormat, CallContext, Control, Error, HealthStatus, Inputs, LoadConfig, ParamDomain,
    ParamSpec, ProviderInfo, Readiness, Sink,
};

/// What is given out, whatever the model makes.
const SAMPLE_RATE: u32 = 24_000;
/// The patience of a health check, for the connection and again for the answer.
const HEALTH_MS: u32 = 500;

/// The adapter.
pub struct CosyVoice(Config);

impl Tts for CosyVoice {
    async fn load(config: LoadConfig) -> Result<Self, Error> {
        Ok(CosyVoice(Config::load(&config)?))
    }

    fn info() -> ProviderInfo {
        let text = |name: &str, follows: &str| ParamSpec {
            name: name.into(),
            domain: ParamDomain::Text,
            follows: Some(follows.into()),
            live: false,
        };
        ProviderInfo {
            // No models: which one the server was started with is nowhere to be read.
            params: vec![
                text("voice", "persona.voice"),
                text("instruct_text", "style"),
            ],
            audio: Some(AudioFormat {
                sample_rate: SAMPLE_RATE,
                channels: 1,
            }),
            features: ["visemes", "text-marks"].map(str::to_owned).to_vec(),
            ..ProviderInfo::new("local-cosyvoice", env!("CARGO_PKG_VERSION"))
        }
    }

    async fn health(&self) -> HealthStatus {
        // It has no route of its own for this, but every server of its kind shows its routes.
        let request = Request::get(self.0.base.join("docs")).patience_ms(HEALTH_MS);
        let answer = match send(request).await {
            Ok(answer) => answer.success(WHO).await,
            Err(error) => Err(error),
        };
        let (readiness, detail) = match answer {
            Ok(_) => (Readiness::Ready, String::new()),
            Err(error) => (Readiness::Down, error.message),
        };
        HealthStatus { readiness, detail }
    }

    async fn stream(
        &self,
        input: Inputs<Input>,
        control: Control,
        context: CallContext,
        out: Sink<Event>,
    ) -> Result<(), Error> {
        stream(&self.0, input, control, context, out).await
    }
}

// A native linker does not take the names of component exports.
#[cfg(target_family = "wasm")]
tth_sdk::export_tts!(CosyVoice);

#[cfg(all(test, not(target_family = "wasm")))]
mod tests;
