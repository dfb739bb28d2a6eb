//! CosyVoice's own HTTP server over the real host, against its double.

use crate::provider::{Provider, Role};
use crate::voices::{TWO, file, is_speech_with_lips, said, speech};
use crate::{of, open};
use base64::Engine as _;
use serde_json::{Value, json};
use std::time::Duration;
use tth_simulators::{Fault, Received, Vendor};
use tth_tests::{Server, Track};

const VOICE: Provider = Provider {
    role: Role::Tts,
    id: "local_cosyvoice",
    mode: "self_host",
    vendor: Vendor::CosyVoice,
    below: "",
    schemes: &["http"],
    key: None,
    block: &[],
};
/// One stretch of sound, which is one piece of it.
const ONE: &str = "The morning train was late again and we had to wait for it.";

/// So many seconds of silence, as base64.
fn recording_of(rate: u32, seconds: u32) -> String {
    let length = rate * 2 * seconds;
    let mut wav = b"RIFF".to_vec();
    wav.extend((length + 36).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(length.to_le_bytes());
    wav.resize(wav.len() + length as usize, 0);
    base64::prelude::BASE64_STANDARD.encode(wav)
}

#[test]
fn it_is_speech_at_the_rate_of_the_host_with_lips_that_follow() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    let (frames, pcm) = file(&server, TWO, &json!({}));
    let asked = double.asked();
    let texts: Vec<&str> = asked
        .iter()
        .map(|one| one.body["tts_text"].as_str().unwrap())
        .collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    // It made 22050 samples a second.
    let wanted = speech(&texts).len();
    assert!(
        pcm.len().abs_diff(wanted) < 200,
        "{} of {wanted} bytes",
        pcm.len()
    );
    is_speech_with_lips(&frames, &pcm);
    let one_by_one = asked[0].ended.unwrap().at <= asked[1].at + Duration::from_millis(5);
    assert!(
        one_by_one,
        "the second was asked for while the first was spoken"
    );
}

#[test]
fn each_mode_is_asked_as_its_models_want() {
    let recording = recording_of(16_000, 1);
    let who = json!({"voice": "英文男", "emotion": {"label": "joy", "intensity": 0.9}});
    for (mode, path, more) in [
        ("sft", "/inference_sft", json!({"spk_id": "英文男"})),
        (
            "instruct",
            "/inference_instruct",
            json!({"spk_id": "英文男", "instruct_text": ""}),
        ),
        (
            "instruct2",
            "/inference_instruct2",
            json!({"instruct_text": "", "prompt_wav": 32_044}),
        ),
        (
            "zero_shot",
            "/inference_zero_shot",
            json!({"prompt_text": "你好。", "prompt_wav": 32_044}),
        ),
        (
            "cross_lingual",
            "/inference_cross_lingual",
            json!({"prompt_wav": 32_044}),
        ),
    ] {
        let double = VOICE.double();
        let mut settings = vec![
            ("SETTINGS__MODE", mode),
            ("SETTINGS__PROMPT_TEXT", "你好。"),
        ];
        if more.get("prompt_wav").is_some() {
            settings.push(("SETTINGS__PROMPT_WAV", &recording));
        }
        let server = VOICE.server(&double, &settings);
        let events = said(&mut open(&server, &who), "Hello there, my friend.");
        assert!(
            of(&events, "provider_switched").is_empty(),
            "{mode}: {events:?}"
        );
        let seconds = Track::of(&events).unwrap().pcm().len() / 48_000;
        assert!((1..4).contains(&seconds), "{mode}: {seconds} s");
        let asked = double.asked();
        assert_eq!((asked.len(), asked[0].path.as_str()), (1, path));
        assert!(
            asked[0].unknown.is_empty(),
            "{mode}: {:?}",
            asked[0].unknown
        );
        let mut wanted = more;
        wanted["tts_text"] = json!("Hello there, my friend.");
        if let Some(told) = asked[0].body.get("instruct_text").and_then(Value::as_str) {
            assert!(
                told.starts_with("Speak in this manner: ") && told.contains("joy"),
                "{told}"
            );
            assert_eq!(
                told.ends_with("<|endofprompt|>"),
                mode == "instruct2",
                "{told}"
            );
            wanted["instruct_text"] = json!(told);
        }
        assert_eq!(asked[0].body, wanted, "{mode}");
    }
}

#[test]
fn what_fails_before_its_first_sound_is_replaced_and_says_why() {
    VOICE.what_fails_early_is_replaced(
        &[422, 500],
        &[
            Fault::RateLimited(Some("1".into())),
            // What fails after the head just ends the body.
            Fault::ErrorInStream(0, 500),
        ],
    );
}

#[test]
fn a_voice_that_the_model_has_not_is_a_failure() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    let mut stream = open(&server, &json!({"voice": "nobody"}));
    let reason = VOICE.replaced(&said(&mut stream, "Hello?"));
    assert!(reason.contains("unavailable"), "{reason}");
    let asked = double.asked();
    assert_eq!(asked[0].body["spk_id"], "nobody");
}

#[test]
fn what_fails_in_the_middle_keeps_what_was_said_and_tells() {
    // One utterance that the server speaks in two stretches.
    let text = "It was 3.5 kilometres to the river and another 4.5 kilometres to the sea";
    VOICE.what_fails_late_is_told(text, &[Fault::Cut(1), Fault::Stall(1)]);
}

#[test]
fn an_interrupt_closes_a_request_that_is_silent() {
    VOICE.an_interrupt_is_seen(&[], ONE, 1);
}

#[test]
fn a_host_that_is_not_allowed_is_never_asked() {
    Provider {
        schemes: &[],
        ..VOICE
    }
    .is_not_let_out();
}

#[test]
fn health_is_asked_of_the_list_of_routes() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    server.call("GET", "/v1/health", None).unwrap();
    let asked = |all: &[Received]| all.iter().any(|one| one.path == "/docs");
    assert!(double.wait(crate::LIMIT, asked));
}

#[test]
fn the_longest_recording_reaches_the_server() {
    let double = VOICE.double();
    // 27 s at 32 kHz, which is too long for a variable: it stands in the file.
    let wav = recording_of(32_000, 27);
    let mock = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../configs/profiles/mock.yaml"
    );
    let profile = std::fs::read_to_string(mock)
        .unwrap()
        .replace("profile: mock", "profile: custom")
        .replace(
            "tts: { mode: mock, primary: mock_tts, fallback: []",
            "tts: { mode: self_host, primary: local_cosyvoice, fallback: [mock_tts]",
        );
    let origin = double.origin();
    let block = format!(
        "  local_cosyvoice:\n    settings: {{ base_url: \"{origin}\", mode: cross_lingual, \
         prompt_wav: \"{wav}\" }}\n    allow: {{ hosts: [\"{origin}\"] }}\n"
    );
    let server = Server::custom(&(profile + &block)).unwrap();
    let events = said(&mut open(&server, &json!({})), "Hello there, my friend.");
    assert!(of(&events, "provider_switched").is_empty(), "{events:?}");
    assert_eq!(double.asked()[0].body["prompt_wav"], 44 + 32_000 * 27 * 2);
}
