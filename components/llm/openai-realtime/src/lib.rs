//! OpenAI's Realtime API as the language model: text in, text out, over one WebSocket that is kept
//! from call to call, so that an answer begins without a handshake.
//!
//! `settings`: `base_url` ("https://api.openai.com/v1"; the WebSocket is opened below it), `model`
//! ("gpt-realtime-2.1-mini"), `max_output_tokens` (1 to 4096, or "inf"), `reasoning_effort`. The key is
//! the block's `secrets`: the host adds it, it never gets here.

mod client;
mod config;
mod conversions;
mod line;

use client::Client;
use config::{Config, EFFORTS, MODEL};
use tth_sdk::clock::within;
use tth_sdk::llm::{Event, Llm, Message, Usage};
use tth_sdk::vendor::openai;
use tth_sdk::{
    CallContext, Control, Error, HealthStatus, LoadConfig, ParamDomain, ParamSpec, ProviderInfo,
    Readiness, Sink,
};

/// The patience of a health check: the host waits 3 s.
const HEALTH_MS: u64 = 2_500;
/// The same when an instance starts: a vendor that is not there must not hold up the server.
const WARMUP_MS: u64 = 2_000;

/// The models of today, the default first.
const MODELS: [&str; 4] = [
    MODEL,
    "gpt-realtime-2.1",
    "gpt-realtime-2",
    "gpt-realtime-1.5",
];
/// Models that the vendor has announced to shut down, and when.
const ENDS: [(&str, &str); 4] = [
    ("gpt-realtime", "2027-01-20"),
    ("gpt-realtime-2025-08-28", "2027-01-20"),
    ("gpt-realtime-mini", "2027-01-20"),
    ("gpt-realtime-mini-2025-12-15", "2027-01-20"),
];

/// The adapter.
pub struct OpenAiRealtime(Client);

impl Llm for OpenAiRealtime {
    async fn load(config: LoadConfig) -> Result<Self, Error> {
        Ok(OpenAiRealtime(Client::new(Config::load(&config)?)))
    }

    fn info() -> ProviderInfo {
        ProviderInfo {
            models: MODELS.map(Into::into).into(),
            // How much a model thinks is nothing that a user's control stands for. A temperature
            // this interface does not have.
            params: vec![ParamSpec {
                name: "reasoning_effort".into(),
                domain: ParamDomain::Choice(EFFORTS.map(Into::into).into()),
                follows: None,
                live: false,
            }],
            features: std::iter::once("continues".into())
                .chain(ENDS.map(|(model, date)| openai::ends(model, date)))
                .collect(),
            ..ProviderInfo::new("openai-realtime", env!("CARGO_PKG_VERSION"))
        }
    }

    async fn warmup(&self) -> Result<(), Error> {
        // A vendor that is down now may be up when it is needed: then the call itself says what is
        // wrong.
        if let Some(Ok((line, _))) = within(WARMUP_MS, self.0.line()).await {
            self.0.keep(line);
        }
        Ok(())
    }

    async fn health(&self) -> HealthStatus {
        let (readiness, detail) = match within(HEALTH_MS, self.0.line()).await {
            Some(Ok((line, _))) => {
                self.0.keep(line);
                (Readiness::Ready, String::new())
            }
            Some(Err(error)) => (Readiness::Down, error.message),
            None => {
                let detail = format!("OpenAI opened no connection within {HEALTH_MS} ms");
                (Readiness::Degraded, detail)
            }
        };
        HealthStatus { readiness, detail }
    }

    async fn stream(
        &self,
        input: Vec<Message>,
        control: Control,
        _: CallContext,
        mut out: Sink<Event>,
    ) -> Result<Usage, Error> {
        self.0.respond(&input, &control, &mut out).await
    }
}

// A native linker does not take the names of component exports.
#[cfg(target_family = "wasm")]
tth_sdk::export_llm!(OpenAiRealtime);

#[cfg(all(test, not(target_family = "wasm")))]
mod tests;
