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
        let events = |answer: &Response| answer.is("text/event-stream");
        let answer = answer.success(WHO).await?;
        Ok((model, answer.fitting(WHO, "a stream of events", events)?))
    }

    async fn ask(
        &self,
        messages: &[Message],
        control: &Control,
        context: &CallContext,
    ) -> Result<(String, Response), Error> {
        let model = self.model().await?;
        let body = conversions::request(&self.config, &model, messages, control);
        let request = Request::post_json(self.at("chat/completions"), &body)
            .header("accept", "text/event-stream")
            .named("x-request-id", &context.turn_id);
        Ok((model, send(request).await?))
    }
}
