//! GLM-TTS behind a small server of one's own, over the real host, against the double of that server.

use crate::provider::{Provider, Role};
use crate::voices::{TWO, file, is_speech_with_lips, said, speech};
use crate::{LIMIT, of, open};
use serde_json::json;
use tth_simulators::{Fault, Received, Vendor};

pub(crate) const VOICE: Provider = Provider {
    role: Role::Tts,
    id: "local_glmtts",
    mode: "self_host",
    vendor: Vendor::GlmTts,
    below: "",
    schemes: &["http"],
    key: None,
    block: &[],
};

#[test]
fn it_is_the_servers_speech_in_one_piece_with_lips_that_follow() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    let (frames, pcm) = file(&server, TWO, &json!({}));
    let asked = double.asked();
    let texts: Vec<&str> = asked
        .iter()
        .map(|one| one.body["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(pcm == speech(&texts), "the very samples, without a gap");
    is_speech_with_lips(&frames, &pcm);
    assert!(
        asked[0].ended.unwrap().at <= asked[1].at,
        "one after the other"
    );
}

#[test]
fn an_utterance_is_asked_for_as_declared() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[("SETTINGS__SEED", "7")]);
    let mut stream = open(&server, &json!({"character": {"speech_rate": 1.5}}));
    let events = said(&mut stream, "Hello there.");
    assert!(of(&events, "provider_switched").is_empty());
    let turn = events[0]["turn_id"].as_str().unwrap();
    let request = &double.asked()[0];
    let id = request.body["request_id"].as_str().unwrap();
    assert!(id.starts_with(turn), "{id} of {turn}");
    assert_eq!(
        request.body,
        json!({
            "text": "Hello there.", "voice_id": "lin", "sample_rate": 24_000, "seed": 7,
            "use_phoneme": false, "use_cache": true, "request_id": id,
        }),
        "the first voice that the server has"
    );
    assert!(request.unknown.is_empty());
    let reports = of(&events, "control_applied");
    let mut lines = reports
        .iter()
        .flat_map(|one| one["report"].as_array().unwrap());
    let rate =
        lines.find(|line| line["stage"] == "tts" && line["control"] == "character.speech_rate");
    assert_eq!(rate.unwrap()["outcome"], "ignored");

    let mut stream = open(&server, &json!({"voice": "hao"}));
    said(&mut stream, "Hello again.");
    assert_eq!(double.asked().last().unwrap().body["voice_id"], "hao");
    let mut stream = open(&server, &json!({"voice": "nobody"}));
    let reason = VOICE.replaced(&said(&mut stream, "Hello?"));
    assert!(
        reason.contains("invalid_input") && reason.contains("voice_not_found"),
        "{reason}"
    );
}

#[test]
fn what_fails_before_its_first_sound_is_replaced_and_says_why() {
    VOICE.what_fails_early_is_replaced(
        &[400, 500, 503],
        &[
            Fault::RateLimited(Some("1".into())),
            Fault::ErrorInStream(0, 500),
        ],
    );
}

#[test]
fn what_fails_in_the_middle_keeps_what_was_said_and_tells() {
    VOICE.what_fails_late_is_told(TWO, &[Fault::Cut(4), Fault::Stall(4)]);
}

#[test]
fn an_interrupt_closes_a_request_that_is_silent() {
    VOICE.an_interrupt_is_seen(&[], TWO, 1);
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
fn health_and_voices_are_asked_for() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    server.call("GET", "/v1/health", None).unwrap();
    let asked = |path: &str| {
        let found = |all: &[Received]| all.iter().any(|one| one.path == path);
        assert!(double.wait(LIMIT, found), "{path}");
    };
    asked("/health");
    asked("/v1/voices");
}
