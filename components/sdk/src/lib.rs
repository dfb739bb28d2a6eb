//! What the Rust author of a tth provider depends on.
//!
//! A provider is one type that implements [`llm::Llm`], [`tts::Tts`], [`avatar::Avatar`] or
//! [`mapper::Mapper`], and one macro call that exports it:
//!
//! ```ignore
//! struct Echo;
//! impl tth_sdk::llm::Llm for Echo { /* load, info, stream */ }
//! tth_sdk::export_llm!(Echo);
//! ```
//!
//! The SDK owns the WIT bindings, the life cycle (`load` once, then calls), the spawning of the
//! streaming task and the shape of streams: [`Inputs`] to read, [`Sink`] to write. Both also work
//! natively, so a provider is testable without a runtime.

pub mod avatar;
pub mod base64;
mod bindings;
#[cfg(feature = "http")]
pub mod clock;
mod errors;
#[cfg(feature = "http")]
pub mod http;
mod info;
mod lines;
pub mod llm;
pub mod mapper;
pub mod ndjson;
mod retry_after;
pub mod settings;
pub mod speech;
pub mod sse;
pub mod stream;
mod testing;
pub mod tts;
pub mod vendor;
pub mod websocket;

#[doc(hidden)]
pub mod export;

pub use bindings::types::tth::types::controls::{
    Control, Param, ParamDomain, ParamSpec, ParamValue,
};
pub use bindings::types::tth::types::errors::{Error, ErrorCode};
pub use bindings::types::tth::types::media::{
    AudioChunk, AudioFormat, TextMark, VideoCodec, VideoFrame, Viseme, VisemeMark,
};
pub use bindings::types::tth::types::provider::{
    CallContext, HealthStatus, LoadConfig, ProviderInfo, Readiness, Secret,
};
pub use errors::{error, invalid_config, invalid_input};
pub use retry_after::retry_after_ms;
pub use stream::{Closed, Inputs, Sink, yield_now};
