//! Adapters to vendors, over the real host against doubles of their servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod cosyvoice;
mod elevenlabs;
mod glmtts;
mod handover;
mod local_vllm;
mod minds;
mod openai_realtime;
mod openai_responses;
mod openai_tts;
mod provider;
mod secrets;
mod voices;

use serde_json::Value;
use std::time::Duration;
use tth_tests::{Server, Stream, Wire};

const LIMIT: Duration = Duration::from_secs(60);
/// Two sentences, so that the first is spoken while the second is written.
const ANSWER: &str = "<feel:joy:0.9> Zażółć, 你好 😀, said the first sentence to everybody who could \
    hear it. The second one came after it.";

fn start(profile: &str, env: &[(String, String)]) -> Server {
    let env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    Server::start_with(profile, &env).unwrap()
}

fn open(server: &Server, request: &Value) -> Stream {
    let mut stream = Stream::open(server, Wire::Json, request).unwrap();
    stream.until("session_ready", LIMIT).unwrap();
    stream
}

/// A turn in chat mode: all its events.
fn chat(stream: &mut Stream, text: &str) -> Vec<Value> {
    stream.chat(text).unwrap();
    stream.until_without_returns("turn_ended", LIMIT).unwrap()
}

fn of<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event["type"] == kind)
        .collect()
}

fn text(events: &[Value]) -> String {
    let deltas = of(events, "text_delta");
    deltas
        .iter()
        .filter_map(|event| event["text"].as_str())
        .collect()
}
