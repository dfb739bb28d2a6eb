//! The one route that speaks.

use crate::SAMPLE_RATE;
use crate::config::Config;
use crate::conversions::{self, Manner, WHO};
use tth_sdk::http::{Request, Response, send};
use tth_sdk::speech::Track;
use tth_sdk::speech::requests::Requests;
use tth_sdk::{CallContext, Control, Error};

/// The most characters of a request's text.
const LONGEST_TEXT: usize = 4_096;

impl Requests for Config {
    type Manner = Manner;

    const WHO: &'static str = WHO;

    fn manner(&self, control: &Control) -> Manner {
        Manner::of(self, control)
    }

    fn pace(manner: &Manner) -> f64 {
        manner.speed
    }

    fn track(&self) -> Track {
        Track::new(SAMPLE_RATE)
    }

    fn longest(&self) -> usize {
        LONGEST_TEXT
    }

    async fn ask(
        &self,
        text: &str,
        manner: &Manner,
        _context: &CallContext,
    ) -> Result<Response, Error> {
        let body = conversions::request(&self.model, text, manner);
        let request = Request::post_json(self.base.join("audio/speech"), &body)
            .header("accept", "application/octet-stream, audio/pcm");
        let answer = send(request).await?.success(WHO).await?;
        answer.fitting(WHO, "sound", |answer| {
            conversions::is_sound(answer.header("content-type"))
        })
    }
}
