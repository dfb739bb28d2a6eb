//! The vendor's routes.

use crate::config::Config;
use crate::conversions::{self, WHO};
use tth_sdk::http::{Request, Response, Url, send};
use tth_sdk::llm::Message;
use tth_sdk::vendor::openai;
use tth_sdk::{CallContext, Control, Error, ErrorCode, error};

/// The longest request id that is sent.
const LONGEST_ID: usize = 64;

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
        let mut request =
            Request::post_json(self.at("responses"), &body).header("accept", "text/event-stream");
        // So that a turn is found at the vendor by the name that it has here.
        let id = &context.turn_id;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !id.is_empty() && id.len() <= LONGEST_ID && id.chars().all(plain) {
            request = request.header("x-client-request-id", id.as_str());
        }
        let answer = send(request).await?;
        let answer = openai::success(answer, WHO).await?;
        if !answer.is("text/event-stream") {
            let message = format!("{WHO} answered with something else than a stream of events");
            return Err(error(ErrorCode::Unavailable, message));
        }
        Ok(answer)
    }
}
