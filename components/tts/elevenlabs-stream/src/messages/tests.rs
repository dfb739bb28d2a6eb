//! What is asked, and what is understood.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::*;
use proptest::prelude::*;
use tth_sdk::{Control, LoadConfig};

fn config(settings: &str) -> Config {
    Config::load(&LoadConfig::of(settings)).unwrap()
}

fn plain(config: &Config) -> Manner {
    Manner::of(&Control { params: vec![] }, config)
}

#[test]
fn the_address_of_the_socket_has_what_was_configured() {
    let own = config(r#"{"voice_id": "v1"}"#);
    assert_eq!(
        socket_url(&own, "v1"),
        "wss://api.elevenlabs.io/v1/text-to-speech/v1/multi-stream-input?model_id=eleven_flash_v2_5\
         &output_format=pcm_24000&auto_mode=true&sync_alignment=true&inactivity_timeout=180"
    );
    let more = config(
        r#"{"base_url": "http://127.0.0.1:1/x/", "language_code": "de", "seed": 7,
            "apply_text_normalization": "on"}"#,
    );
    let url = socket_url(&more, "v2");
    assert!(url.starts_with("ws://127.0.0.1:1/x/v1/text-to-speech/v2/multi-stream-input?"));
    assert!(url.ends_with("&language_code=de&apply_text_normalization=on&seed=7"));
}

#[test]
fn an_utterance_is_three_frames() {
    let config = config("{}");
    let fast = Control::of([("speed", 1.2)]);
    let frames = frames("c1", "Say \"hi\". ", &Manner::of(&fast, &config));
    let frames = frames.map(|frame| serde_json::from_str::<Value>(&frame).unwrap());
    assert_eq!(
        frames,
        [
            json!({"text": " ", "context_id": "c1", "voice_settings": {"speed": 1.2}}),
            json!({"text": "Say \"hi\". ", "context_id": "c1", "flush": true}),
            json!({"context_id": "c1", "close_context": true}),
        ]
    );
}

#[test]
fn requests_hold_what_their_route_takes() {
    let speech = config(r#"{"transport": "http", "voice_id": "v", "seed": 3, "stability": 0.4}"#);
    let (path, body) = request(&speech, "Hi. ", "Before.", &plain(&speech));
    assert_eq!(
        path,
        "v1/text-to-speech/v/stream/with-timestamps?output_format=pcm_24000"
    );
    assert_eq!(
        body,
        json!({"text": "Hi. ", "model_id": "eleven_flash_v2_5", "previous_text": "Before.",
            "voice_settings": {"stability": 0.4}, "seed": 3})
    );
    let dialogue = config(r#"{"model": "eleven_v4", "voice_id": "v", "stability": 0.4}"#);
    let (path, body) = request(&dialogue, "Hi. ", "Before.", &plain(&dialogue));
    assert_eq!(
        path,
        "v1/text-to-dialogue/stream/with-timestamps?output_format=pcm_24000"
    );
    assert_eq!(
        body,
        json!({"inputs": [{"text": "Hi. ", "voice_id": "v"}], "model_id": "eleven_v4",
            "settings": {"stability": 0.5}})
    );
}

#[test]
fn both_ways_of_writing_are_read() {
    let stamp = |text: &str, start_us, duration_us| Stamp {
        text: text.into(),
        start_us,
        duration_us,
    };
    let wanted = [stamp("H", 0, 50_000), stamp("i", 50_000, 70_000)];
    for message in [
        json!({"contextId": "c", "isFinal": null, "audio": "AQI=", "alignment":
            {"chars": ["H", "i"], "charStartTimesMs": [0, 50], "charDurationsMs": [50, 70]}}),
        json!({"context_id": "c", "is_final": false, "audio": "AQI=", "alignment":
            {"chars": ["H", "i"], "char_start_times_ms": [0, 50], "char_durations_ms": [50, 70]}}),
        json!({"context_id": "c", "audio": "AQI=", "alignment":
            {"chars": ["H", "i"], "charsStartTimesMs": [0, 50], "charsDurationsMs": [50, 70]},
            "normalizedAlignment": {"chars": ["x"]}}),
        json!({"context_id": "c", "audio_base64": "AQI=", "alignment": {"characters": ["H", "i"],
            "character_start_times_seconds": [0.0, 0.05],
            "character_end_times_seconds": [0.05, 0.12]}}),
    ] {
        let chunk = read(&message.to_string()).unwrap();
        assert_eq!(chunk.context.as_deref(), Some("c"));
        assert_eq!((chunk.audio.as_slice(), chunk.last), (&[1, 2][..], false));
        assert_eq!(chunk.stamps.as_slice(), &wanted[..], "{message}");
    }
    let last = read(r#"{"isFinal": true, "audio": null, "contextId": "c"}"#).unwrap();
    assert!(last.last && last.audio.is_empty() && last.failure.is_none());
}

#[test]
fn timings_that_make_no_sense_are_left_out() {
    for alignment in [
        json!(null),
        json!({"chars": ["a"]}),
        json!({"chars": ["a", "b"], "charStartTimesMs": [0], "charDurationsMs": [1]}),
        json!({"chars": ["a"], "charStartTimesMs": [-1], "charDurationsMs": [1]}),
        json!({"chars": ["a"], "charStartTimesMs": [1e300], "charDurationsMs": [1]}),
        json!({"chars": [7], "charStartTimesMs": [0], "charDurationsMs": [1]}),
        json!({"characters": ["a"], "character_start_times_seconds": [2],
            "character_end_times_seconds": [1]}),
    ] {
        let message = json!({"audio": "AQI=", "alignment": alignment}).to_string();
        let chunk = read(&message).unwrap();
        assert!(chunk.stamps.is_empty() && chunk.audio.len() == 2);
    }
}

#[test]
fn what_cannot_be_sound_is_an_error() {
    for message in [
        "{nonsense",
        "[]",
        "7",
        r#"{"audio": "***"}"#,
        r#"{"audio": 7}"#,
    ] {
        let error = read(message).unwrap_err();
        assert_eq!(error.code, ErrorCode::Internal, "{message}");
        assert!(!error.message.contains("nonsense"));
    }
}

proptest! {
    #[test]
    fn no_message_makes_it_panic(message in ".{0,200}") {
        let _chunk = read(&message);
    }
}
