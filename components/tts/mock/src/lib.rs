//! A voice without a voice: a soft tone whose length, pitch and mouth shapes follow the text.
//!
//! Deterministic, and cheap enough to stand for hundreds of speakers in a load test. Delays and
//! faults are in its settings. In clapper mode it beeps once a second instead, so that a test can
//! compare what is heard with what is seen.

mod clapper;
mod manner;
mod script;
mod settings;
mod tone;

pub use settings::Settings;

use manner::Manner;
use mock_kit::delay::wait_ms;
use mock_kit::fault::Faults;
use tone::Tone;
use tth_sdk::tts::{Event, Input, Tts};
use tth_sdk::{
    AudioChunk, AudioFormat, CallContext, Control, Error, Inputs, LoadConfig, ProviderInfo, Sink,
};

/// Chunks that go out in one write where nothing is to happen between them.
const BATCH: usize = 8;

/// The scripted voice.
pub struct MockTts {
    settings: Settings,
    faults: Faults,
}

impl Tts for MockTts {
    async fn load(config: LoadConfig) -> Result<Self, Error> {
        let settings: Settings = config.settings()?;
        settings.check()?;
        let faults = Faults::new(settings.fail.clone(), settings.stall_after);
        faults.at_load()?;
        Ok(MockTts { settings, faults })
    }

    fn info() -> ProviderInfo {
        ProviderInfo {
            models: vec!["tone".into()],
            params: manner::params(),
            audio: Some(AudioFormat {
                sample_rate: settings::SAMPLE_RATE,
                channels: 1,
            }),
            features: vec!["visemes".into(), "text-marks".into()],
            ..ProviderInfo::new("mock", env!("CARGO_PKG_VERSION"))
        }
    }

    async fn stream(
        &self,
        mut input: Inputs<Input>,
        control: Control,
        _context: CallContext,
        out: Sink<Event>,
    ) -> Result<(), Error> {
        self.faults.at_start()?;
        wait_ms(self.settings.first_delay_ms).await;
        let mut manner = Manner::from(&control);
        let mut call = Call {
            mock: self,
            out,
            position: 0,
            chunks: 0,
        };
        let mut spoken = 0;
        while let Some(item) = input.next().await {
            match item {
                Input::Control(control) => manner = Manner::from(&control),
                Input::Utterance(text) => {
                    if !call.speak(&text, &manner).await? {
                        return Ok(());
                    }
                    if call.out.send(Event::UtteranceEnd(spoken)).await.is_err() {
                        return Ok(());
                    }
                    spoken += 1;
                }
            }
        }
        Ok(())
    }
}

/// One turn.
struct Call<'a> {
    mock: &'a MockTts,
    out: Sink<Event>,
    /// Samples sent so far.
    position: u64,
    /// Chunks sent so far.
    chunks: u64,
}

impl Call<'_> {
    /// Speak one utterance; `false` once the reader has left.
    async fn speak(&mut self, text: &str, manner: &Manner) -> Result<bool, Error> {
        let settings = &self.mock.settings;
        let rate = settings.sample_rate;
        let script = if settings.clapper {
            clapper::script(text, rate, self.position)
        } else {
            script::write(text, settings.ms_per_char / manner.rate, rate)
        };
        let mut events = script.marks(rate, self.position);
        let mut tone = Tone::new(settings, manner, &script, self.position);
        let per_chunk = settings.chunk_samples();
        let batch = match settings.chunk_delay_ms {
            0 => self.mock.faults.batch(BATCH),
            _ => 1,
        };
        let mut pending = 0;
        // Silence of no length still has its marks to send, together with the first sound if any.
        loop {
            let pcm = tone.next(per_chunk);
            if pcm.is_empty() {
                break;
            }
            self.mock.faults.before_output(self.chunks).await?;
            if self.chunks > 0 {
                wait_ms(settings.chunk_delay_ms).await;
            }
            let samples = pcm.len() as u64 / 2;
            events.push(Event::Audio(AudioChunk {
                at: script::micros(self.position, rate),
                format: AudioFormat {
                    sample_rate: rate,
                    channels: 1,
                },
                pcm,
            }));
            self.position += samples;
            self.chunks += 1;
            pending += 1;
            // The very first sound never waits for company.
            if pending >= batch || self.chunks == 1 {
                if self
                    .out
                    .send_all(std::mem::take(&mut events))
                    .await
                    .is_err()
                {
                    return Ok(false);
                }
                pending = 0;
            }
        }
        Ok(events.is_empty() || self.out.send_all(events).await.is_ok())
    }
}

// A native linker does not take the names of component exports.
#[cfg(target_family = "wasm")]
tth_sdk::export_tts!(MockTts);
