//! Any server that speaks OpenAI's chat completions, as the language model: vLLM, Ollama, the server
//! of llama.cpp.
//!
//! `settings`: `base_url` ("http://127.0.0.1:8000/v1"), `model` (else the server's first),
//! `temperature`, `top_p`, `max_tokens`, `extra` (further fields of every request). A key, where the
//! server wants one, is the block's `secrets`: the host adds it, it never gets here.

mod client;
mod config;
mod conversions;

use client::Client;
use config::Config;
use conversions::Reply;
use tth_sdk::llm::answer::{End, listen};
use tth_sdk::llm::{Event, Llm, Message, Usage};
use tth_sdk::{
    CallContext, Closed, Control, Error, HealthStatus, LoadConfig, ParamDomain, ParamSpec,
    ProviderInfo, Readiness, Sink,
};

/// The patience of a health check, for the connection and again for the answer: the host waits 3 s.
const HEALTH_MS: u32 = 1_400;

/// The adapter.
pub struct LocalVllm(Client);

impl Llm for LocalVllm {
    async fn load(config: LoadConfig) -> Result<Self, Error> {
        Ok(LocalVllm(Client::new(Config::load(&config)?)))
    }

    fn info() -> ProviderInfo {
        // How freely a model chooses its words is nothing that a user's control stands for.
        let sampled = |name: &str, most: f64| ParamSpec {
            name: name.into(),
            domain: ParamDomain::Number((0.0, most, 1.0)),
            follows: None,
            live: false,
        };
        ProviderInfo {
            // No models: what the server has is known only when it is asked.
            params: vec![sampled("temperature", 2.0), sampled("top_p", 1.0)],
            features: vec!["continues".into()],
            ..ProviderInfo::new("local-vllm", env!("CARGO_PKG_VERSION"))
        }
    }

    async fn warmup(&self) -> Result<(), Error> {
        // Opens the connection and learns the model's name. A server that is down now may be up
        // when it is needed: then the call itself says what is wrong.
        let _known_later = self.0.model().await;
        Ok(())
    }

    async fn health(&self) -> HealthStatus {
        let (readiness, detail) = match self.0.models(HEALTH_MS).await {
            Err(error) => (Readiness::Down, error.message),
            Ok(models) => match &self.0.config.model {
                Some(model) if !listed(&models, model) => {
                    let detail = format!("the server does not list the model {model}");
                    (Readiness::Degraded, detail)
                }
                None if models.is_empty() => {
                    (Readiness::Degraded, "the server has no model loaded".into())
                }
                _ => (Readiness::Ready, String::new()),
            },
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
        let asked = self.0.chat(&input, &control, &context);
        let (model, mut answer) = match out.while_open(asked).await {
            Ok(answer) => answer?,
            // Cancelled before there was anything: leaving drops the request.
            Err(Closed) => return Ok(Usage::none("")),
        };
        let mut reply = Reply::new(&model);
        match listen(&mut answer.body, &mut reply, &mut out).await? {
            End::Said => {
                println!("answered: {}", reply.account_line());
                answer.body.leave().await;
            }
            End::Over => {}
            End::Failed(failure) => return Err(failure),
            End::Unwanted => return Ok(reply.usage()),
        }
        reply.end()
    }
}

/// Ollama lists "name:latest" for what may be asked for as "name".
fn listed(models: &[String], model: &str) -> bool {
    let named = |found: &String| found == model || found.strip_suffix(":latest") == Some(model);
    models.iter().any(named)
}

// A native linker does not take the names of component exports.
#[cfg(target_family = "wasm")]
tth_sdk::export_llm!(LocalVllm);

#[cfg(all(test, not(target_family = "wasm")))]
mod tests;
