//! Whom the doubles stand for.

use crate::serve::Shared;
use crate::{chat, cosyvoice, elevenlabs, glmtts, openai};
use axum::Router;
use std::sync::Arc;

/// A vendor, or a server that people run themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vendor {
    /// An OpenAI-compatible server of chat completions, as vLLM's is.
    Vllm,
    /// OpenAI: responses, realtime, speech.
    OpenAi,
    /// ElevenLabs: streamed speech.
    ElevenLabs,
    /// CosyVoice's own HTTP server.
    CosyVoice,
    /// The small server in front of GLM-TTS.
    GlmTts,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Vendor; 5] = [
        Vendor::Vllm,
        Vendor::OpenAi,
        Vendor::ElevenLabs,
        Vendor::CosyVoice,
        Vendor::GlmTts,
    ];

    /// The name, which is also the prefix in a [`crate::House`].
    pub fn name(self) -> &'static str {
        match self {
            Vendor::Vllm => "vllm",
            Vendor::OpenAi => "openai",
            Vendor::ElevenLabs => "elevenlabs",
            Vendor::CosyVoice => "cosyvoice",
            Vendor::GlmTts => "glmtts",
        }
    }

    /// Whether its API is never without a key.
    pub fn wants_key(self) -> bool {
        matches!(self, Vendor::OpenAi | Vendor::ElevenLabs)
    }

    /// Whether a request for this path asks for an answer, and not for a list or a state.
    pub(crate) fn answers(self, path: &str) -> bool {
        match self {
            Vendor::Vllm => path == chat::ROUTE,
            Vendor::OpenAi => openai::ROUTES.contains(&path),
            Vendor::ElevenLabs => {
                path.starts_with("/v1/text-to-speech/") || path.starts_with("/v1/text-to-dialogue/")
            }
            Vendor::CosyVoice => path.starts_with("/inference_"),
            Vendor::GlmTts => path == "/v1/tts/stream",
        }
    }

    pub(crate) fn routes(self, shared: Arc<Shared>) -> Router {
        match self {
            Vendor::Vllm => chat::routes(shared),
            Vendor::OpenAi => openai::routes(shared),
            Vendor::ElevenLabs => elevenlabs::routes(shared),
            Vendor::CosyVoice => cosyvoice::routes(shared),
            Vendor::GlmTts => glmtts::routes(shared),
        }
    }
}
