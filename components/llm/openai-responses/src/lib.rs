//! OpenAI's Responses API as the language model.
//!
//! `settings`: `base_url` ("https://api.openai.com/v1"), `model` ("gpt-6-luna"), `temperature`,
//! `top_p`, `max_output_tokens`, `reasoning_effort`, `verbosity`, `extra` (further fields of every
//! request). The key is the block's `secrets`: the host adds it, it never gets here.

mod client;
mod config;
mod conversions;

use client::Client;
use config::{Config, EFFORTS, MODEL, VERBOSITIES};
use conversions::Reply;
use tth_sdk::llm::answer::{End, listen};
use tth_sdk::llm::{Event, Llm, Message, Usage};
use tth_sdk::vendor::openai;
use tth_sdk::{
    CallContext, Closed, Control, Error, HealthStatus, LoadConfig, ParamDomain, ParamSpec,
    ProviderInfo, Readiness, Sink,
};

/// The patience of a health check, for the connection and again for the answer: the host waits 3 s.
const HEALTH_MS: u32 = 1_400;
/// The same when an instance starts: a vendor that is not there must not hold up the server.
const WARMUP_MS: u32 = 1_000;

/// The models of today, the default first.
const MODELS: [&str; 13] = [
    MODEL,
    "gpt-6-sol",
    "gpt-6-astra",
    "gpt-6.2-astra",
    "gpt-6.2-sol",
    "gpt-6.1-sol",
    "gpt-6.1-terra",
    "gpt-5.6-sol",
    "gpt-5.6-terra",
    "gpt-5.6-luna",
    "gpt-5.5",
    "gpt-5.4",
    "gpt-5.4-mini",
];
/// Models that the vendor has announced to shut down, and when.
const ENDS: [(&str, &str); 13] = [
    ("gpt-4.1-nano", "2026-10-23"),
    ("o4-mini", "2026-10-23"),
    ("o1", "2026-10-23"),
    ("gpt-5", "2026-12-11"),
    ("gpt-5-mini", "2026-12-11"),
    ("gpt-5-nano", "2026-12-11"),
    ("o3", "2026-12-11"),
    ("gpt-4o", "2027-01-14"),
    ("gpt-4o-mini", "2027-01-14"),
    ("gpt-4.1", "2027-01-14"),
    ("gpt-4.1-mini", "2027-01-14"),
    ("gpt-5.1", "2027-04-01"),
    ("gpt-5.4-nano", "2027-04-01"),
];

/// The adapter.
pub struct OpenAiResponses(Client);

impl Llm for OpenAiResponses {
    async fn load(config: LoadConfig) -> Result<Self, Error> {
        let config = Config::load(&config)?;
        Ok(OpenAiResponses(Client { config }))
    }

    fn info() -> ProviderInfo {
        // How a model chooses its words is nothing that a user's control stands for.
        let own = |name: &str, domain: ParamDomain| ParamSpec {
            name: name.into(),
            domain,
            follows: None,
            live: false,
        };
        let words =
            |words: &[&str]| ParamDomain::Choice(words.iter().map(|word| (*word).into()).collect());
        ProviderInfo {
            models: MODELS.map(Into::into).into(),
            params: vec![
                own("temperature", ParamDomain::Number((0.0, 2.0, 1.0))),
                own("top_p", ParamDomain::Number((0.0, 1.0, 1.0))),
                own("reasoning_effort", words(&EFFORTS)),
                own("verbosity", words(&VERBOSITIES)),
            ],
            features: std::iter::once("continues".into())
                .chain(ENDS.map(|(model, date)| openai::ends(model, date)))
                .collect(),
            ..ProviderInfo::new("openai-responses", env!("CARGO_PKG_VERSION"))
        }
    }

    async fn warmup(&self) -> Result<(), Error> {
        // Opens the connection. A vendor that is down now may be up when it is needed: then the
        // call itself says what is wrong.
        let _known_later = self.0.look(WARMUP_MS).await;
        Ok(())
    }

    async fn health(&self) -> HealthStatus {
        let (readiness, detail) = match self.0.look(HEALTH_MS).await {
            Ok(404) => {
                let model = &self.0.config.model;
                (
                    Readiness::Degraded,
                    format!("OpenAI does not know the model {model}"),
                )
            }
            Ok(_) => (Readiness::Ready, String::new()),
            Err(error) => (Readiness::Down, error.message),
        };
        HealthStatus { readiness, detail }
    }

    async fn stream(
        &self,
        input: Vec<Message>,
        control: Control,
        context: CallContext,
        mut out: Sink<Event>,
    ) -> Result<Usage, Error> {
        let asked = self.0.respond(&input, &control, &context);
        let mut answer = match out.while_open(asked).await {
            Ok(answer) => answer?,
            // Cancelled before there was anything: leaving drops the request.
            Err(Closed) => return Ok(Usage::none("")),
        };
        let id = answer.request_id().unwrap_or("without a name").to_owned();
        let mut reply = Reply::new(&self.0.config.model);
        match listen(&mut answer.body, &mut reply, &mut out).await? {
            End::Said => {
                println!("request {id} answered: {}", reply.account_line());
                answer.body.leave().await;
            }
            End::Over => {}
            End::Failed(failure) => {
                println!("request {id} failed: {}", reply.account_line());
                return Err(failure);
            }
            End::Unwanted => return Ok(reply.usage()),
        }
        reply.end()
    }
}

// A native linker does not take the names of component exports.
#[cfg(target_family = "wasm")]
tth_sdk::export_llm!(OpenAiResponses);

#[cfg(all(test, not(target_family = "wasm")))]
mod tests;
