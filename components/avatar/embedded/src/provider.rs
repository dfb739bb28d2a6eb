//! The contract's side: settings and controls in, frames out.

use crate::{
    animator::{Animator, Change},
    emotion::Emotion,
    encode::{CODECS, Encoder},
    look::{LOOKS, Look},
    raster::Raster,
    rig,
    shape::Scene,
};
use tth_sdk::{
    CallContext, Control, Error, ErrorCode, Inputs, LoadConfig, ParamDomain, ParamSpec,
    ProviderInfo, Sink, VideoCodec, VideoFrame,
    avatar::{Avatar, Event, Input, Render},
    error, invalid_config, invalid_input,
};

/// What the configuration may set.
#[derive(Debug, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The look of personas that ask for none.
    look: String,
    /// The JPEG quality, 1 to 100.
    quality: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            look: Look::standard().id.into(),
            quality: 85,
        }
    }
}

/// The animated face.
#[derive(Debug)]
pub struct Face {
    look: &'static Look,
    quality: u8,
}

impl Avatar for Face {
    async fn load(config: LoadConfig) -> Result<Face, Error> {
        let Settings { look, quality } = config.settings()?;
        let Some(known) = Look::named(&look) else {
            let names: Vec<&str> = LOOKS.iter().map(|look| look.id).collect();
            return Err(invalid_config(format!(
                "look: there is no \"{look}\", only {}",
                names.join(", ")
            )));
        };
        if !(1..=100).contains(&quality) {
            return Err(invalid_config(format!(
                "quality: {quality} is not between 1 and 100"
            )));
        }
        Ok(Face {
            look: known,
            quality,
        })
    }

    fn info() -> ProviderInfo {
        ProviderInfo {
            models: LOOKS.iter().map(|look| look.id.to_owned()).collect(),
            params: params(),
            video: CODECS.to_vec(),
            features: vec!["visemes".into()],
            ..ProviderInfo::new("embedded", env!("CARGO_PKG_VERSION"))
        }
    }

    async fn warmup(&self) -> Result<(), Error> {
        // The first frame is the dearest: tables are built and memory is claimed.
        let mut studio = Studio::new(256, 256, VideoCodec::Jpeg, 25, self.quality)?;
        studio.shoot(&Animator::new(25, 0, self.look).frame())?;
        Ok(())
    }

    async fn stream(
        &self,
        mut input: Inputs<Input>,
        render: Render,
        control: Control,
        context: CallContext,
        mut out: Sink<Event>,
    ) -> Result<(), Error> {
        let (width, height, codec) = checked(&render)?;
        let mut studio = Studio::new(width, height, codec, render.fps, self.quality)?;
        let mut animator =
            Animator::new(render.fps, Animator::seed(&context.session_id), self.look);
        animator.control(&control);
        loop {
            for item in input.waiting().await {
                if matches!(item, Input::Interrupt) {
                    studio.cut();
                }
                take(&mut animator, item);
            }
            if input.ended() {
                return Ok(());
            }
            let frame = animator.frame();
            let picture = studio.shoot(&frame)?;
            let change = frame.change.map(|change| match change {
                Change::Started => Event::SpeakingStarted(frame.tick.at),
                Change::Ended => Event::SpeakingEnded(frame.tick.at),
            });
            for event in change.into_iter().chain([Event::Frame(picture)]) {
                if out.send(event).await.is_err() {
                    // The host has left the call.
                    return Ok(());
                }
            }
        }
    }
}

fn take(animator: &mut Animator, item: Input) {
    match item {
        Input::TurnStart(_) => animator.turn_start(),
        Input::Audio(chunk) => animator.audio(&chunk),
        Input::Viseme(mark) => animator.viseme(mark),
        // The words themselves say nothing that the visemes do not.
        Input::Utterance(_) => {}
        Input::Control(control) => animator.control(&control),
        Input::Correct(correction) => animator.correct(correction.shift_us),
        Input::TurnEnd => animator.turn_end(),
        Input::Interrupt => animator.interrupt(),
    }
}

/// Everything between a frame's weights and its bytes; the buffers serve every frame of a call.
struct Studio {
    raster: Raster,
    scene: Scene,
    encoder: Encoder,
    codec: VideoCodec,
    size: (u16, u16),
}

impl Studio {
    fn new(
        width: u16,
        height: u16,
        codec: VideoCodec,
        fps: u32,
        quality: u8,
    ) -> Result<Studio, Error> {
        let encoder = Encoder::new(codec, width, height, fps, quality)
            .map_err(|e| error(ErrorCode::Unsupported, format!("video: {e}")))?;
        Ok(Studio {
            raster: Raster::new(width, height),
            scene: Scene::default(),
            encoder,
            codec,
            size: (width, height),
        })
    }

    /// A turn was cut off: whoever dropped frames of it can join again at the next one.
    fn cut(&mut self) {
        self.encoder.request_keyframe();
    }

    fn shoot(&mut self, frame: &crate::animator::Frame) -> Result<VideoFrame, Error> {
        self.scene.clear();
        rig::draw(
            &frame.weights,
            frame.look,
            self.raster.view(),
            &mut self.scene,
        );
        let pixels = self.raster.render(&self.scene);
        let coded = self
            .encoder
            .encode(pixels)
            .map_err(|e| error(ErrorCode::Internal, format!("video: {e}")))?;
        Ok(VideoFrame {
            at: frame.tick.at,
            duration_us: frame.tick.duration,
            codec: self.codec,
            width: self.size.0,
            height: self.size.1,
            keyframe: coded.keyframe,
            data: coded.data,
        })
    }
}

/// The size and codec of a request, if they can be had.
fn checked(render: &Render) -> Result<(u16, u16, VideoCodec), Error> {
    if !(1..=60).contains(&render.fps) {
        return Err(invalid_input(format!(
            "fps: {} is not between 1 and 60",
            render.fps
        )));
    }
    let side = |name: &str, pixels: u32| match u16::try_from(pixels) {
        Ok(fits) if (64..=1280).contains(&fits) && fits % 2 == 0 => Ok(fits),
        _ => Err(invalid_input(format!(
            "{name}: {pixels} is not an even number between 64 and 1280"
        ))),
    };
    let (width, height) = (side("width", render.width)?, side("height", render.height)?);
    // A viewer that names nothing gets what every viewer can show.
    let wanted = if render.codecs.is_empty() {
        &CODECS[..1]
    } else {
        &render.codecs
    };
    let codec = wanted.iter().copied().find(|codec| CODECS.contains(codec));
    codec.map(|codec| (width, height, codec)).ok_or_else(|| {
        error(
            ErrorCode::Unsupported,
            format!("codecs: none of {wanted:?} can be made, only {CODECS:?}"),
        )
    })
}

/// What the face lets itself be told; all of it in the middle of a word, too.
fn params() -> Vec<ParamSpec> {
    let param = |name: &str, follows: &str, domain: ParamDomain| ParamSpec {
        name: name.into(),
        domain,
        follows: Some(follows.into()),
        live: true,
    };
    let number = |low: f64, high: f64, usual: f64| ParamDomain::Number((low, high, usual));
    let emotions = Emotion::ALL
        .iter()
        .map(|emotion| emotion.name().to_owned())
        .collect();
    let looks = LOOKS.iter().map(|look| look.id.to_owned()).collect();
    vec![
        param("emotion", "emotion.label", ParamDomain::Choice(emotions)),
        param("intensity", "emotion.intensity", number(0.0, 1.0, 1.0)),
        param("valence", "emotion.valence", number(-1.0, 1.0, 0.0)),
        param("arousal", "emotion.arousal", number(-1.0, 1.0, 0.0)),
        param(
            "expressivity",
            "character.expressivity",
            number(0.0, 1.0, 0.5),
        ),
        param("motion", "character.motion-gain", number(0.0, 2.0, 1.0)),
        param("look", "persona.look", ParamDomain::Choice(looks)),
    ]
}

#[cfg(target_family = "wasm")]
tth_sdk::export_avatar!(Face);
