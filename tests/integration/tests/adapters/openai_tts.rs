//! OpenAI's speech over the real host, against its double.

use crate::provider::{KEY, Provider, Role};
use crate::voices::{TWO, file, is_speech_with_lips, said, speech};
use crate::{of, open, secrets};
use serde_json::{Value, json};
use tth_simulators::{Fault, Vendor};
use tth_tests::Track;

const VOICE: Provider = Provider {
    role: Role::Tts,
    id: "openai_tts",
    mode: "api",
    vendor: Vendor::OpenAi,
    below: "/v1",
    schemes: &["http"],
    key: Some("OPENAI_API_KEY"),
    block: &[],
};

#[test]
fn it_is_the_vendors_speech_in_one_piece_with_lips_that_follow() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    let (frames, pcm) = file(&server, TWO, &json!({}));
    let asked = double.asked();
    let texts: Vec<&str> = asked
        .iter()
        .map(|one| one.body["input"].as_str().unwrap())
        .collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    let said: String = texts.concat().split_whitespace().collect();
    assert_eq!(said, TWO.split_whitespace().collect::<String>());
    assert!(pcm == speech(&texts), "the very samples, without a gap");
    is_speech_with_lips(&frames, &pcm);
    assert_eq!(asked[0].from, asked[1].from, "over one connection");
    assert_eq!(double.aborted(), 0);
}

#[test]
fn an_utterance_is_asked_for_as_declared_and_follows_the_controls() {
    let double = VOICE.double();
    let more = [("SETTINGS__INSTRUCTIONS", "Like a friend.")];
    let server = VOICE.server(&double, &more);
    let who = json!({"voice": "nova", "emotion": {"label": "joy", "intensity": 0.9},
        "character": {"speech_rate": 1.25}});
    let mut stream = open(&server, &who);
    assert_eq!(stream.opened["providers"]["tts"], VOICE.id);
    let events = said(&mut stream, "Hello there.");
    assert!(of(&events, "provider_switched").is_empty());
    let update = json!({"type": "control_update", "emotion": {"label": "sadness"},
        "character": {"speech_rate": 0.5}});
    stream.send(&update).unwrap();
    said(&mut stream, "And now slowly.");
    let asked = double.asked();
    let (first, second) = (&asked[0], &asked[1]);
    let instructions = first.body["instructions"].as_str().unwrap();
    assert!(
        instructions.starts_with("Like a friend. Speak in this manner: ")
            && instructions.contains("joy"),
        "{instructions}"
    );
    assert_eq!(
        first.body,
        json!({
            "model": "gpt-4o-mini-tts", "input": "Hello there.", "voice": "nova", "speed": 1.25,
            "response_format": "pcm", "stream_format": "audio", "instructions": instructions,
        })
    );
    assert!(first.unknown.is_empty());
    assert_eq!(
        first.header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
    assert_eq!(
        (&second.body["speed"], &second.body["voice"]),
        (&json!(0.5), &json!("nova"))
    );
    assert!(
        second.body["instructions"]
            .as_str()
            .unwrap()
            .contains("sad")
    );

    let reports = of(&events, "control_applied");
    let told = |control: &str| {
        let mut lines = reports
            .iter()
            .flat_map(|one| one["report"].as_array().unwrap());
        let found = lines.find(|line| line["stage"] == "tts" && line["control"] == control);
        found
            .unwrap_or_else(|| panic!("{control} in {reports:?}"))
            .clone()
    };
    let rate = told("character.speech_rate");
    assert_eq!(
        (&rate["outcome"], &rate["param"], &rate["value"]),
        (&json!("applied"), &json!("speed"), &json!(1.25))
    );
    let feeling = told("emotion.label");
    assert_eq!(
        (&feeling["outcome"], &feeling["param"]),
        (&json!("downgraded"), &json!("instructions"))
    );
    // The double speaks faster when it is told to.
    let length = |events: &[Value]| Track::of(events).unwrap().pcm().len() as f64;
    let plain = speech(&["Hello there."]).len() as f64;
    assert!((plain / length(&events) - 1.25).abs() < 0.02);
}

#[test]
fn what_fails_before_its_first_sound_is_replaced_and_says_why() {
    VOICE.what_fails_early_is_replaced(
        &[401, 403, 400, 404, 500, 501, 503, 504],
        &[
            Fault::Quota,
            Fault::RateLimited(Some("7".into())),
            // Not a byte of sound.
            Fault::ErrorInStream(0, 500),
        ],
    );
}

#[test]
fn what_fails_in_the_middle_keeps_what_was_said_and_tells() {
    VOICE.what_fails_late_is_told(TWO, &[Fault::Cut(9), Fault::Stall(9)]);
}

#[test]
fn an_interrupt_closes_a_request_that_is_silent() {
    VOICE.an_interrupt_is_seen(&[], TWO, 1);
}

#[test]
fn a_key_reaches_the_vendor_and_nobody_else() {
    secrets::a_key_reaches_nobody_else(&VOICE, "authorization", "Bearer ");
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
fn the_end_of_its_models_is_told() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    VOICE.is_well(&mut open(&server, &json!({})));
    let (_, models) = server.call("GET", "/v1/models", None).unwrap();
    let text = models.to_string();
    assert!(text.contains("ends:gpt-4o-mini-tts=2027-01-06"), "{text}");
}
