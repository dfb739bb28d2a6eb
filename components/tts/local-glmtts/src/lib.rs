//! GLM-TTS as the voice, behind a small server of one's own: the model comes without one. The server's
//! protocol is in `docs/providers/local-glmtts.md`.
//!
//! `settings`: `base_url` ("http://127.0.0.1:8050"), `voice` (else the server's first), `seed`,
//! `use_phoneme`, `use_cache`.

mod client;
mod config;

use client::Client;
use config::Config;
use tth_sdk::speech::requests::stream;
use tth_sdk::tts::{Event, Input, Tts};
use tth_sdk::{
    AudioFormat, CallContext, Control, Error, HealthStatus, Inputs, LoadConfig, ParamDomain,
    ParamSpec, ProviderInfo, Readiness, Sink,
};

/// What the server is asked for.
const SAMPLE_RATE: u32 = 24_000;

/// The adapter.
pub struct GlmTts(Client);

impl Tts for GlmTts {
    async fn load(config: LoadConfig) -> Result<Self, Error> {
        Ok(GlmTts(Client::new(Config::load(&config)?)))
    }

    fn info() -> ProviderInfo {
        ProviderInfo {
            models: vec!["glm-tts".into()],
            // Feeling, pace and pitch are those of the recording that the model imitates.
            params: vec![ParamSpec {
                name: "voice".into(),
                domain: ParamDomain::Text,
                follows: Some("persona.voice".into()),
                live: false,
            }],
            audio: Some(AudioFormat {
                sample_rate: SAMPLE_RATE,
                channels: 1,
            }),
            features: ["visemes", "text-marks"].map(str::to_owned).to_vec(),
            ..ProviderInfo::new("local-glmtts", env!("CARGO_PKG_VERSION"))
        }
    }

    async fn warmup(&self) -> Result<(), Error> {
        // Learns the voice's name. A server that is down now may be up when it is needed: then the
        // call itself says what is wrong.
        let _known_later = self.0.voice(None).await;
        Ok(())
    }

    async fn health(&self) -> HealthStatus {
        match self.0.health().await {
            Ok(()) => HealthStatus {
                readiness: Readiness::Ready,
                detail: String::new(),
            },
            Err(error) => HealthStatus {
                readiness: Readiness::Down,
                detail: error.message,
            },
        }
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
tth_sdk::export_tts!(GlmTts);

#[cfg(all(test, not(target_family = "wasm")))]
mod tests;
