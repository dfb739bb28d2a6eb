//! The voice as a provider of the contract: parameters, life cycle, the streaming loop.

use crate::expression::{Emotion, Expression, Speaker};
use crate::speak::{Progress, SAMPLE_RATE, Voice};
use serde::Deserialize;
use tth_sdk::tts::{Event, Input, Tts};
use tth_sdk::{
    AudioFormat, CallContext, Closed, Control, Error, ErrorCode, Inputs, LoadConfig, ParamDomain,
    ParamSpec, ProviderInfo, Sink, error, invalid_config, yield_now,
};

/// What the warm-up says; never sent anywhere.
const WARM_UP: &str = "Hello there, this is a test.";

/// The embedded voice.
pub struct EmbeddedVoice {
    voice: Voice,
    speaker: Speaker,
}

/// Settings of the provider's configuration.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Speaker where no control chooses one.
    voice: String,
    /// Seed of the noise in the voice: equal seeds and inputs give equal sound.
    seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            voice: Speaker::NAMES[0].to_owned(),
            seed: 1,
        }
    }
}

impl Tts for EmbeddedVoice {
    async fn load(config: LoadConfig) -> Result<Self, Error> {
        let settings: Settings = config.settings()?;
        let speaker = Speaker::named(&settings.voice).ok_or_else(|| {
            let names = Speaker::NAMES.join(", ");
            invalid_config(format!(
                "settings.voice is {:?}, not one of {names}",
                settings.voice
            ))
        })?;
        let voice = Voice::load(settings.seed).map_err(internal)?;
        Ok(EmbeddedVoice { voice, speaker })
    }

    fn info() -> ProviderInfo {
        ProviderInfo {
            models: vec!["hibari-0.2.1".to_owned()],
            params: params(),
            audio: Some(AudioFormat {
                sample_rate: SAMPLE_RATE,
                channels: 1,
            }),
            features: Vec::from(["visemes", "text-marks", "clauses"].map(str::to_owned)),
            ..ProviderInfo::new("embedded", env!("CARGO_PKG_VERSION"))
        }
    }

    async fn warmup(&self) -> Result<(), Error> {
        let mut progress = self.voice.start();
        let mut utterance = self
            .voice
            .utterance(WARM_UP, &Expression::default(), &mut progress);
        while utterance.step().map_err(internal)?.is_some() {}
        Ok(())
    }

    async fn stream(
        &self,
        mut input: Inputs<Input>,
        control: Control,
        _context: CallContext,
        mut out: Sink<Event>,
    ) -> Result<(), Error> {
        let mut progress = self.voice.start();
        let mut expression = self.expression(&control);
        let mut index = 0;
        while let Some(item) = input.next().await {
            match item {
                Input::Control(control) => expression = self.expression(&control),
                Input::Utterance(text) => {
                    let sent = self
                        .speak(&text, &expression, &mut progress, &mut out)
                        .await?;
                    if sent == Err(Closed) {
                        return Ok(());
                    }
                    if out.send(Event::UtteranceEnd(index)).await.is_err() {
                        return Ok(());
                    }
                    index += 1;
                }
            }
        }
        Ok(())
    }
}

impl EmbeddedVoice {
    async fn speak(
        &self,
        text: &str,
        expression: &Expression,
        progress: &mut Progress,
        out: &mut Sink<Event>,
    ) -> Result<Result<(), Closed>, Error> {
        let mut utterance = self.voice.utterance(text, expression, progress);
        while let Some(events) = utterance.step().map_err(internal)? {
            if events.is_empty() {
                continue;
            }
            if out.send_all(events).await.is_err() {
                return Ok(Err(Closed));
            }
            // a window takes long: let a cancelled call be noticed
            yield_now().await;
        }
        Ok(Ok(()))
    }

    /// The parameters as the mapper resolved them; what is absent has its default.
    fn expression(&self, control: &Control) -> Expression {
        let default = Expression {
            speaker: self.speaker,
            ..Expression::default()
        };
        let number = |name: &str, default: f32| {
            control
                .number(name)
                .map_or(default, |n| n.clamp(-100.0, 100.0) as f32)
        };
        Expression {
            rate: number("rate", default.rate),
            pitch: number("pitch", default.pitch),
            range: number("range", default.range),
            emotion: control
                .text("emotion")
                .and_then(Emotion::named)
                .unwrap_or_default(),
            intensity: number("intensity", default.intensity),
            valence: number("valence", default.valence),
            arousal: number("arousal", default.arousal),
            loudness: number("loudness", default.loudness),
            tilt: number("tilt", default.tilt),
            breath: number("breath", default.breath),
            speaker: control
                .text("voice")
                .and_then(Speaker::named)
                .unwrap_or(default.speaker),
        }
    }
}

/// What the voice lets itself be told. Nothing of it changes within a piece that has begun.
fn params() -> Vec<ParamSpec> {
    let spec = |name: &str, domain: ParamDomain, follows: Option<&str>| ParamSpec {
        name: name.to_owned(),
        domain,
        follows: follows.map(str::to_owned),
        live: false,
    };
    let number = |name, domain, follows| spec(name, ParamDomain::Number(domain), follows);
    let choice = |name, words: Vec<&str>, follows| {
        let words = words.into_iter().map(str::to_owned).collect();
        spec(name, ParamDomain::Choice(words), follows)
    };
    let emotions = Emotion::NAMED.iter().map(|(name, _)| *name).collect();
    vec![
        number("rate", (0.5, 2.0, 1.0), Some("character.speech-rate")),
        number("pitch", (-12.0, 12.0, 0.0), Some("character.pitch-shift")),
        number("range", (0.0, 2.0, 1.0), Some("character.expressivity")),
        choice("emotion", emotions, Some("emotion.label")),
        number("intensity", (0.0, 1.0, 1.0), Some("emotion.intensity")),
        number("valence", (-1.0, 1.0, 0.0), Some("emotion.valence")),
        number("arousal", (-1.0, 1.0, 0.0), Some("emotion.arousal")),
        number("loudness", (-12.0, 6.0, 0.0), None),
        number("tilt", (-3.0, 3.0, 0.0), None),
        number("breath", (-6.0, 6.0, 0.0), None),
        choice("voice", Speaker::NAMES.to_vec(), Some("persona.voice")),
    ]
}

fn internal(cause: impl std::fmt::Display) -> Error {
    error(ErrorCode::Internal, cause.to_string())
}
