//! OpenAI's speech (`POST /v1/audio/speech`) as the voice.
//!
//! `settings`: `base_url` ("https://api.openai.com/v1"), `model`, `voice`, `speed`, `instructions`.
//! The key is the block's `secrets`: the host adds it, it never gets here. The vendor takes all models
//! of this endpoint away on 2027-01-06.

mod client;
mod config;
mod conversions;

use config::{Config, MODELS, SUNSET, VOICES};
use conversions::WHO;
use tth_sdk::http::{Request, send};
use tth_sdk::speech::requests::stream;
use tth_sdk::tts::{Event, Input, Tts};
use tth_sdk::{
    AudioFormat, CallContext, Control, Error, HealthStatus, Inputs, LoadConfig, ParamDomain,
    ParamSpec, ProviderInfo, Readiness, Sink,
};

/// What the vendor's "pcm" is: mono, signed 16-bit little-endian.
const SAMPLE_RATE: u32 = 24_000;
/// The patience of a health check, for the connection and again for the answer.
const HEALTH_MS: u32 = 1_200;

/// The adapter.
pub struct OpenAi(Config);

impl Tts for OpenAi {
    async fn load(config: LoadConfig) -> Result<Self, Error> {
        Ok(OpenAi(Config::load(&config)?))
    }

    fn info() -> ProviderInfo {
        let param = |name: &str, domain, follows: &str| ParamSpec {
            name: name.into(),
            domain,
            follows: Some(follows.into()),
            live: false,
        };
        let voices = VOICES.map(str::to_owned).to_vec();
        let ends = MODELS.map(|model| format!("ends:{model}={SUNSET}"));
        let features = ["visemes", "text-marks"].map(str::to_owned);
        ProviderInfo {
            models: MODELS.map(str::to_owned).to_vec(),
            params: vec![
                param(
                    "speed",
                    ParamDomain::Number((0.25, 4.0, 1.0)),
                    "character.speech-rate",
                ),
                param("voice", ParamDomain::Choice(voices), "persona.voice"),
                param("instructions", ParamDomain::Text, "style"),
            ],
            audio: Some(AudioFormat {
                sample_rate: SAMPLE_RATE,
                channels: 1,
            }),
            features: features.into_iter().chain(ends).collect(),
            ..ProviderInfo::new("openai", env!("CARGO_PKG_VERSION"))
        }
    }

    async fn health(&self) -> HealthStatus {
        // Nothing is spoken, so nothing is paid for: it tells whether somebody is there and takes
        // the key. Which answer a healthy one gives to it does not matter.
        let request = Request::get(self.0.base.join("models")).patience_ms(HEALTH_MS);
        let (readiness, detail) = match send(request).await {
            Err(error) => (Readiness::Down, error.message),
            Ok(answer) if matches!(answer.status, 401 | 403 | 429 | 500..) => {
                let why = answer.refusal().await.into_error(WHO);
                (Readiness::Down, why.message)
            }
            Ok(_) => (Readiness::Ready, String::new()),
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
tth_sdk::export_tts!(OpenAi);

#[cfg(all(test, not(target_family = "wasm")))]
mod tests;
