//! The vendor's routes.

use crate::config::Config;
use crate::conversions::{self, WHO};
use tth_sdk::http::{Request, Response, Url, send};
use tth_sdk::llm::Message;
use tth_sdk::vendor::openai;
use tth_sdk::{CallContext, Control, Error};

/// One account's access.
pub(crate) struct Client {
    pub(crate) config: Config,
}

impl Client {
    fn at(&self, route: &str) -> Url {
        self.config.base.join(route)
    }

    /// Ask for the configured model; the status of the answer.
    pub(crate) async fn look(&self, patience_ms: u32) -> Result<u16, Error> {
        let model = self.at("models").join(&self.config.model);
        let answer = send(Request::get(model).patience_ms(patience_ms)).await?;
        let status = answer.status;
        if status != 404 {
            // So that the connection can be used again.
            openai::success(answer, WHO).await?.body.leave().await;
        }
        Ok(status)
    }

    /// Ask; the head of a stream of events.
    pub(crate) async fn respond(
        &self,
        messages: &[Message],
        control: &Control,
        context: &CallContext,
    ) -> Result<Response, Error> {
        let body = conversions::request(&self.config, messages, control);
        let request = Request::post_json(self.at("responses"), &body)
            .header("accept", "text/event-stream")
            .named("x-client-request-id", &context.turn_id);
        let answer = send(request).await?;
        let answer = openai::success(answer, WHO).await?;
        answer.fitting(WHO, "a stream of events", |answer| {
            answer.is("text/event-stream")
        })
    }
}
