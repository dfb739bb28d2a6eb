//! A still image: the last face of a fallback chain before there is sound alone.
//!
//! It shows the picture of its settings, or a drawn silhouette in the size that was asked for. It
//! keeps the contract of a live face (a frame at each n / fps, corrections, an end with its input)
//! and nothing moves.

mod portrait;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mock_kit::frames::{FrameClock, check};
use mock_kit::picture;
use serde::Deserialize;
use tth_sdk::avatar::{Avatar, Event, Input, Render};
use tth_sdk::{
    CallContext, Control, Error, Inputs, LoadConfig, ParamDomain, ParamSpec, ProviderInfo, Sink,
    VideoCodec, VideoFrame, invalid_config,
};

/// The largest picture that settings may bring, in bytes.
const MOST_BYTES: usize = 2 << 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// A JPEG to show instead of the silhouette, in its own size.
    image_base64: Option<String>,
}

/// The still face.
pub struct StubAvatar {
    /// The operator's picture and its size.
    image: Option<(Vec<u8>, (u16, u16))>,
}

impl Avatar for StubAvatar {
    async fn load(config: LoadConfig) -> Result<Self, Error> {
        let settings: Settings = config.settings()?;
        let Some(text) = settings.image_base64 else {
            return Ok(StubAvatar { image: None });
        };
        let wrong = |what: String| invalid_config(format!("settings: image_base64 {what}"));
        let bytes = STANDARD
            .decode(text.trim())
            .map_err(|e| wrong(format!("is no base64: {e}")))?;
        if bytes.len() > MOST_BYTES {
            return Err(wrong(format!(
                "has {} bytes, but may have {MOST_BYTES}",
                bytes.len()
            )));
        }
        match picture::size(&bytes) {
            Some(size) if size.0 > 0 && size.1 > 0 => Ok(StubAvatar {
                image: Some((bytes, size)),
            }),
            _ => Err(wrong("is no JPEG".into())),
        }
    }

    fn info() -> ProviderInfo {
        ProviderInfo {
            models: vec!["still".into()],
            params: vec![ParamSpec {
                name: "look".into(),
                domain: ParamDomain::Text,
                follows: Some("persona.look".into()),
                live: true,
            }],
            video: vec![VideoCodec::Jpeg],
            ..ProviderInfo::new("stub", env!("CARGO_PKG_VERSION"))
        }
    }

    async fn stream(
        &self,
        mut input: Inputs<Input>,
        render: Render,
        control: Control,
        _context: CallContext,
        mut out: Sink<Event>,
    ) -> Result<(), Error> {
        check(&render)?;
        let mut clock = FrameClock::new(render.fps);
        let mut shown = self.draw(&render, &control)?;
        loop {
            for item in input.waiting().await {
                match item {
                    Input::Correct(correction) => clock.shift(correction.shift_us),
                    Input::Control(control) => shown = self.draw(&render, &control)?,
                    // Nothing moves, so there is nothing to follow and nothing to stop.
                    Input::TurnStart(_)
                    | Input::Audio(_)
                    | Input::Viseme(_)
                    | Input::Utterance(_)
                    | Input::TurnEnd
                    | Input::Interrupt => {}
                }
            }
            if input.ended() {
                return Ok(());
            }
            let frame = VideoFrame {
                at: clock.take(),
                duration_us: clock.duration_us(),
                ..shown.clone()
            };
            if out.send(Event::Frame(frame)).await.is_err() {
                return Ok(());
            }
        }
    }
}

impl StubAvatar {
    /// The picture as a frame without its time.
    fn draw(&self, render: &Render, control: &Control) -> Result<VideoFrame, Error> {
        let (data, (width, height)) = match &self.image {
            Some((data, size)) => (data.clone(), *size),
            None => {
                let look = control.text("look").unwrap_or_default();
                let data = portrait::draw(render.width, render.height, look)?;
                let size = picture::size(&data).unwrap_or_default();
                (data, size)
            }
        };
        let codec = VideoCodec::Jpeg;
        Ok(VideoFrame {
            at: 0,
            duration_us: 0,
            codec,
            width,
            height,
            keyframe: true,
            data,
        })
    }
}

// A native linker does not take the names of component exports.
#[cfg(target_family = "wasm")]
tth_sdk::export_avatar!(StubAvatar);
