//! What a seed means for one session: who its stages are, how they behave, what its client does.

use crate::act::Act;
use crate::fault::Fault;
use crate::rng::Rng;
use std::collections::BTreeSet;
use std::sync::Arc;
use tth_core::circuit::CircuitOptions;
use tth_core::clock::Pacing;
use tth_core::controls::{Persona, Render};
use tth_core::ids::SessionId;
use tth_core::media::{AudioFormat, Micros, VideoCodec};
use tth_core::outbox::OutboxLimits;
use tth_core::provider::{ProviderInfo, Stage};
use tth_core::session::{Budget, Candidate, OnBreak, Retries, SessionConfig};

/// The feature of language models that can go on with another one's answer.
const CONTINUES: &str = "continues";

/// Bytes that are more than any turn of a plan has.
pub const ROOMY: usize = 64 << 20;

/// What the names of faces begin with.
pub const FACE: &str = "face";

/// A number for each stage.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "the names are the definition")]
pub struct PerStage {
    pub llm: u32,
    pub tts: u32,
    pub avatar: u32,
}

impl PerStage {
    /// The number of a stage.
    pub fn of(&mut self, stage: Stage) -> &mut u32 {
        match stage {
            Stage::Llm => &mut self.llm,
            Stage::Tts => &mut self.tts,
            Stage::Avatar => &mut self.avatar,
        }
    }
}

/// All that is decided before a world begins.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where everything random in it comes from.
    pub seed: u64,
    /// The session's number among those that share a clock.
    pub number: u32,
    /// False: a file is made.
    pub realtime: bool,
    /// What the viewer decodes; none: no picture is wanted.
    pub codec: Option<VideoCodec>,
    /// How long each stage's chain is.
    pub candidates: PerStage,
    /// Language models can go on with what another one has begun.
    pub continues: bool,
    /// Voices tell where their words are.
    pub marks: bool,
    /// They tell it for the whole utterance before its sound.
    pub marks_ahead: bool,
    /// What every stage is given.
    pub budget: Budget,
    /// Calls in a hundred that something goes wrong with.
    pub faults: u64,
    /// Questions in a hundred that the mapper cannot answer.
    pub doubts: u64,
    /// How long the mapper thinks, at most.
    pub resolve_us: Micros,
    /// How long a call takes to open, at most.
    pub open_us: Micros,
    /// Between two deltas of an answer, at most.
    pub delta_us: Micros,
    /// From an utterance to its first sound.
    pub voice_first_us: Micros,
    /// Real time that a thousand seconds of speech take to make, in seconds.
    pub voice_pace: u64,
    /// How sound is laid out.
    pub format: AudioFormat,
    /// Sound in a chunk.
    pub chunk_us: Micros,
    /// Real time that a frame takes to draw.
    pub draw_us: Micros,
    /// How long a frame stays.
    pub frame_us: u32,
    /// Bytes of a frame.
    pub frame_bytes: usize,
    /// What may wait for a reader.
    pub outbox: OutboxLimits,
    /// When a provider is left alone.
    pub circuit: CircuitOptions,
    /// How often a provider is asked again before the next one is.
    pub retries: Retries,
    /// What becomes of an answer that breaks off.
    pub on_break: OnBreak,
    /// Messages that a language model is given at most.
    pub history: usize,
    /// What the client does, each so long after the one before.
    pub acts: Vec<(Micros, Act)>,
    /// Calls that nothing goes wrong with after all.
    pub spared: BTreeSet<(Stage, u32)>,
}

impl Plan {
    /// What the seed means for the session of this number.
    pub fn draw(seed: u64, number: u32) -> Plan {
        let rng = &mut Rng::new(seed, &[u64::from(number)]);
        let realtime = rng.chance(85);
        let small = |rng: &mut Rng, range| u32::try_from(rng.range(range)).unwrap_or(1);
        let acts = rng.range(2..10);
        let codec = match rng.any() % 4 {
            0 => None,
            1 => Some(VideoCodec::H264Annexb),
            _ => Some(VideoCodec::Jpeg),
        };
        Plan {
            seed: rng.any(),
            number,
            realtime,
            codec,
            candidates: PerStage {
                llm: small(rng, 1..4),
                tts: small(rng, 1..4),
                avatar: small(rng, 0..3),
            },
            continues: rng.chance(50),
            marks: rng.chance(75),
            marks_ahead: rng.chance(50),
            budget: Budget {
                first_output_us: rng.range(300_000..2_000_000),
                gap_us: rng.range(300_000..1_500_000),
                total_us: rng.range(5_000_000..60_000_000),
            },
            faults: rng.pick(&[0, 15, 30, 60]).unwrap_or(30),
            doubts: rng.pick(&[0, 0, 20]).unwrap_or(0),
            resolve_us: rng.pick(&[50, 2_000, 60_000]).unwrap_or(50),
            open_us: rng.pick(&[500, 50_000]).unwrap_or(500),
            delta_us: rng.pick(&[2_000, 20_000, 150_000]).unwrap_or(2_000),
            voice_first_us: rng.pick(&[5_000, 60_000, 250_000]).unwrap_or(5_000),
            voice_pace: rng.pick(&[20, 80, 400, 900, 1_300]).unwrap_or(80),
            format: AudioFormat {
                sample_rate: rng.pick(&[8_000, 8_000, 11_025]).unwrap_or(8_000),
                channels: 1,
            },
            chunk_us: rng.pick(&[20_000, 60_000, 200_000]).unwrap_or(60_000),
            draw_us: rng.pick(&[500, 8_000, 40_000, 140_000]).unwrap_or(8_000),
            frame_us: small(rng, 80_000..250_000),
            frame_bytes: usize::try_from(rng.range(16..3_000)).unwrap_or(64),
            outbox: OutboxLimits {
                soft_bytes: usize::try_from(rng.range(8_000..40_000)).unwrap_or(8_000),
                hard_bytes: usize::try_from(rng.range(40_000..100_000)).unwrap_or(40_000),
                events: usize::try_from(rng.range(20..150)).unwrap_or(20),
                lossless: !realtime,
                // Of a file nothing is sent twice.
                replay_us: if realtime { 30_000_000 } else { 0 },
                replay_bytes: rng.pick(&[ROOMY, ROOMY, 4_000]).unwrap_or(ROOMY),
            },
            circuit: CircuitOptions {
                failures: rng.pick(&[0, 1, 2, 3]).unwrap_or(3),
                pause_us: rng.range(500_000..10_000_000),
            },
            retries: Retries {
                attempts: small(rng, 0..3),
                pause_us: rng.range(0..200_000),
            },
            on_break: match rng.chance(70) {
                true => OnBreak::Continue,
                false => OnBreak::Close,
            },
            history: usize::try_from(rng.range(1..30)).unwrap_or(1),
            acts: (0..acts).map(|_| (pause(rng), Act::draw(rng))).collect(),
            spared: BTreeSet::new(),
        }
    }

    /// A stream of random numbers for one purpose.
    pub fn rng(&self, path: &[u64]) -> Rng {
        Rng::new(self.seed, path)
    }

    /// What goes wrong with the n-th call to a stage, if anything does.
    pub fn fault(&self, stage: Stage, call: u32) -> Option<Fault> {
        let mut rng = self.rng(&[1, stage as u64, u64::from(call)]);
        let strikes = rng.chance(self.faults) && !self.spared.contains(&(stage, call));
        strikes.then(|| Fault::draw(&mut rng, stage))
    }

    /// Whether voices keep ahead of the listener as long as nothing goes wrong.
    pub fn prompt_voice(&self) -> bool {
        self.voice_pace <= 400
    }

    /// The session's configuration.
    pub fn config(&self) -> SessionConfig {
        let persona = |id: &str| Persona {
            id: id.into(),
            prompt: format!("You are {id}."),
            ..Persona::default()
        };
        let PerStage { llm, tts, avatar } = self.candidates;
        let model = if self.continues {
            &[CONTINUES][..]
        } else {
            &[]
        };
        SessionConfig {
            id: SessionId::new(format!("session-{}", self.number)),
            persona: persona("mira"),
            personas: Arc::new(vec![persona("mira"), persona("ada")]),
            language: "en".into(),
            render: Render::default(),
            codecs: self.codec.into_iter().collect(),
            llm: self.chain("model", llm, model),
            tts: self.chain("voice", tts, &[]),
            avatar: self.chain(FACE, avatar, &[]),
            pacing: Pacing {
                realtime: self.realtime,
                ..Pacing::default()
            },
            history: self.history,
            retries: self.retries,
            on_break: self.on_break,
        }
    }

    fn chain(&self, name: &str, count: u32, features: &[&str]) -> Vec<Candidate> {
        let candidate = |n| Candidate {
            id: format!("{name}-{n}"),
            info: Arc::new(ProviderInfo {
                name: format!("{name}-{n}"),
                features: features.iter().map(|word| (*word).to_owned()).collect(),
                ..ProviderInfo::default()
            }),
            budget: self.budget,
        };
        (0..count).map(candidate).collect()
    }
}

/// How long a client waits before it does something.
fn pause(rng: &mut Rng) -> Micros {
    match rng.any() % 4 {
        0 => rng.range(0..1_000),
        1 => rng.range(0..200_000),
        2 => rng.range(0..1_500_000),
        _ => rng.range(500_000..5_000_000),
    }
}
