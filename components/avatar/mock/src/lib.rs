//! A face without a face: a flat picture whose brightness follows the mouth.
//!
//! Its pictures are made once and sent again and again, so a frame costs next to nothing and is as
//! large as its settings say: it stands for a real face in load tests. In clapper mode a frame is
//! white while the mouth is fully open for an `aa`, else black.

mod mouth;
mod pictures;
mod settings;

pub use settings::Settings;

use mock_kit::delay::wait_ms;
use mock_kit::fault::Faults;
use mock_kit::frames::{FrameClock, check};
use mouth::Mouth;
use pictures::Pictures;
use tth_sdk::avatar::{Avatar, Event, Input, Render};
use tth_sdk::{
    CallContext, Control, Error, Inputs, LoadConfig, ParamDomain, ParamSpec, ProviderInfo, Sink,
    VideoCodec, VideoFrame,
};

/// The scripted face.
pub struct MockAvatar {
    settings: Settings,
    faults: Faults,
}

impl Avatar for MockAvatar {
    async fn load(config: LoadConfig) -> Result<Self, Error> {
        let settings: Settings = config.settings()?;
        settings.check()?;
        let faults = Faults::new(settings.fail.clone(), settings.stall_after);
        faults.at_load()?;
        Ok(MockAvatar { settings, faults })
    }

    fn info() -> ProviderInfo {
        let spec = |name: &str, domain, follows: &str| ParamSpec {
            name: name.into(),
            domain,
            follows: Some(follows.into()),
            live: true,
        };
        let emotions = pictures::TINTS.map(|(name, _)| name.to_owned()).to_vec();
        ProviderInfo {
            models: vec!["flat".into()],
            params: vec![
                spec("emotion", ParamDomain::Choice(emotions), "emotion.label"),
                spec(
                    "motion",
                    ParamDomain::Number((0.0, 2.0, 1.0)),
                    "character.motion-gain",
                ),
            ],
            video: vec![VideoCodec::Jpeg],
            features: vec!["visemes".into()],
            ..ProviderInfo::new("mock", env!("CARGO_PKG_VERSION"))
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
        self.faults.at_start()?;
        let settings = &self.settings;
        let mut pictures = Pictures::new(&render, settings)?;
        let mut clock = FrameClock::new(render.fps);
        let mut mouth = Mouth::new(clock.duration_us());
        let mut manner = Manner::from(&control);
        wait_ms(settings.first_delay_ms).await;
        let (width, height) = pictures.size();
        for sent in 0u64.. {
            for item in input.waiting().await {
                match item {
                    Input::Viseme(mark) => mouth.expect(mark),
                    Input::Control(control) => manner = Manner::from(&control),
                    Input::Correct(correction) => clock.shift(correction.shift_us),
                    Input::Interrupt => mouth.hush(clock.now()),
                    // The mouth follows the visemes alone; the rest is taken and needs no answer.
                    Input::Audio(_)
                    | Input::Utterance(_)
                    | Input::TurnStart(_)
                    | Input::TurnEnd => {}
                }
            }
            if input.ended() {
                break;
            }
            self.faults.before_output(sent).await?;
            wait_ms(settings.frame_delay_ms).await;
            let at = clock.take();
            let data = if settings.clapper {
                pictures.clap(mouth.claps(at))
            } else {
                pictures.face(manner.tint, mouth.opening(at) * manner.motion)?
            };
            let frame = VideoFrame {
                at,
                duration_us: clock.duration_us(),
                codec: VideoCodec::Jpeg,
                width,
                height,
                keyframe: true,
                data,
            };
            if out.send(Event::Frame(frame)).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// How the face is from here on.
#[derive(Clone, Copy)]
struct Manner {
    /// Which of [`pictures::TINTS`].
    tint: usize,
    /// How far the mouth moves, 1 as the visemes say.
    motion: f32,
}

impl From<&Control> for Manner {
    fn from(control: &Control) -> Self {
        let label = control.text("emotion").unwrap_or_default();
        let motion = control.number("motion").unwrap_or(1.0).clamp(0.0, 2.0);
        Manner {
            tint: pictures::TINTS
                .iter()
                .position(|(name, _)| *name == label)
                .unwrap_or(0),
            motion: motion as f32,
        }
    }
}

// A native linker does not take the names of component exports.
#[cfg(target_family = "wasm")]
tth_sdk::export_avatar!(MockAvatar);
