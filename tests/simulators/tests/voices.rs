//! The doubles of voices that answer requests, asked over their sockets as any client would.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use base64::Engine as _;
use serde_json::{Value, json};
use std::time::Duration;
use tth_simulators::speech::Speech;
use tth_simulators::{Fault, Script, Simulator, Vendor};

const LIMIT: Duration = Duration::from_secs(20);

type Answer = ureq::http::Response<ureq::Body>;

fn post(simulator: &Simulator, path: &str, body: &Value) -> Answer {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent = config.timeout_global(Some(LIMIT)).build().new_agent();
    let request = agent
        .post(format!("{}{path}", simulator.origin()))
        .header("content-type", "application/json");
    request.send(body.to_string()).unwrap()
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

fn bytes(mut answer: Answer) -> Vec<u8> {
    answer.body_mut().read_to_vec().unwrap()
}

#[test]
fn openai_speaks_the_same_as_sound_as_wav_and_in_events() {
    let double = Simulator::start(Vendor::OpenAi, Script::default()).unwrap();
    let ask = |format: &str, stream: &str| {
        let body = json!({
            "input": "Hello there.", "model": "gpt-4o-mini-tts", "voice": "sage",
            "response_format": format, "stream_format": stream,
        });
        post(&double, "/v1/audio/speech", &body)
    };
    let spoken = Speech::of("Hello there.").bytes(24_000);
    let sound = ask("pcm", "audio");
    assert_eq!(header(&sound, "content-type"), Some("audio/pcm"));
    assert!(header(&sound, "x-request-id").is_some());
    assert_eq!(bytes(sound), spoken);

    let wav = bytes(ask("wav", "audio"));
    assert!(wav.starts_with(b"RIFF") && wav[44..] == spoken);

    let text = String::from_utf8(bytes(ask("pcm", "sse"))).unwrap();
    let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = events
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let deltas = events.iter().filter_map(|event| event["audio"].as_str());
    let decoded: Vec<u8> = deltas
        .flat_map(|audio| base64::prelude::BASE64_STANDARD.decode(audio).unwrap())
        .collect();
    assert_eq!(decoded, spoken);
    let last = events.last().unwrap();
    assert_eq!(last["type"], "speech.audio.done");
    assert!(last["usage"]["total_tokens"].is_u64());
}

#[test]
fn glmtts_speaks_one_lets_one_wait_and_sends_others_away() {
    let double = Simulator::start(Vendor::GlmTts, Script::default()).unwrap();
    let body = json!({"text": "Hello there.", "voice_id": "hao", "sample_rate": 32_000});
    let ask = || post(&double, "/v1/tts/stream", &body);
    let sound = ask();
    let kind = "audio/L16; rate=32000; channels=1";
    assert_eq!(header(&sound, "content-type"), Some(kind));
    assert_eq!(header(&sound, "x-sample-rate"), Some("32000"));
    assert_eq!(bytes(sound), Speech::of("Hello there.").bytes(32_000));

    double.always(Some(Fault::Stall(1)));
    let (one, two) = (ask(), ask());
    let three = ask();
    assert_eq!((one.status().as_u16(), two.status().as_u16()), (200, 200));
    assert_eq!(three.status().as_u16(), 429);
    assert_eq!(header(&three, "retry-after"), Some("1"));
    let why: Value = serde_json::from_slice(&bytes(three)).unwrap();
    assert_eq!(
        (&why["error"]["code"], &why["error"]["retryable"]),
        (&json!("busy"), &json!(true))
    );
}

#[test]
fn cosyvoice_misses_fields_as_its_framework_does() {
    let double = Simulator::start(Vendor::CosyVoice, Script::default()).unwrap();
    let answer = post(&double, "/inference_sft", &json!({"tts_text": "Hi."}));
    assert_eq!(answer.status().as_u16(), 422, "it takes forms only");
    let why: Value = serde_json::from_slice(&bytes(answer)).unwrap();
    assert_eq!(why["detail"][0]["loc"], json!(["body", "tts_text"]));
    assert_eq!(why["detail"][1]["type"], "missing");
}
