//! The server's two routes.

use crate::config::Config;
use crate::conversions::{self, WHO};
use std::cell::RefCell;
use tth_sdk::http::{Request, Response, Url, send};
use tth_sdk::llm::Message;
use tth_sdk::{CallContext, Control, Error, ErrorCode, error};

/// The longest list of models that is read.
const LIST: usize = 1 << 20;
/// How long that list is waited for, for the connection and again for the answer: a machine that is
/// not there must not hold up the start of the server.
const LIST_MS: u32 = 1_000;
/// The longest request id that is sent.
const LONGEST_ID: usize = 64;

/// One server.
pub(crate) struct Client {
    pub(crate) config: Config,
    /// The server's first model, where none is configured.
    found: RefCell<Option<String>>,
}

impl Client {
    pub(crate) fn new(config: Config) -> Self {
        Client {
            config,
            found: RefCell::default(),
        }
    }

    fn at(&self, route: &str) -> Url {
        self.config.base.join(route)
    }

    /// The names of the server's models.
    pub(crate) async fn models(&self, patience_ms: u32) -> Result<Vec<String>, Error> {
        let request = Request::get(self.at("models")).patience_ms(patience_ms);
        let answer = send(request).await?.success(WHO).await?;
        Ok(conversions::models(&answer.json(LIST, WHO).await?))
    }

    /// The model to ask.
    pub(crate) async fn model(&self) -> Result<String, Error> {
        let known = self.config.model.clone();
        if let Some(model) = known.or_else(|| self.found.borrow().clone()) {
            return Ok(model);
        }
        let none = || error(ErrorCode::Unavailable, format!("{WHO} has no model loaded"));
        let first = self.models(LIST_MS).await?.into_iter().next();
        let model = first.ok_or_else(none)?;
        self.found.replace(Some(model.clone()));
        Ok(model)
    }

    /// Ask; the model's name and the head of a stream of events.
    pub(crate) async fn chat(
        &self,
        messages: &[Message],
        control: &Control,
        context: &CallContext,
    ) -> Result<(String, Response), Error> {
        let known = self.found.borrow().is_some();
        let (mut model, mut answer) = self.ask(messages, control, context).await?;
        if answer.status == 404 && known {
            // The server was started again with another model.
            self.found.replace(None);
            (model, answer) = self.ask(messages, control, context).await?;
        }
        let answer = answer.success(WHO).await?;
        if !answer.is("text/event-stream") {
            let message = format!("{WHO} answered with something else than a stream of events");
            return Err(error(ErrorCode::Unavailable, message));
        }
        Ok((model, answer))
    }

    async fn ask(
        &self,
        messages: &[Message],
        control: &Control,
        context: &CallContext,
    ) -> Result<(String, Response), Error> {
        let model = self.model().await?;
        let body = conversions::request(&self.config, &model, messages, control);
        let mut request = Request::post_json(self.at("chat/completions"), &body)
            .header("accept", "text/event-stream");
        // So that an operator finds a turn in the server's log.
        let id = &context.turn_id;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !id.is_empty() && id.len() <= LONGEST_ID && id.chars().all(plain) {
            request = request.header("x-request-id", id.as_str());
        }
        Ok((model, send(request).await?))
    }
}
