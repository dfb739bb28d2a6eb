//! OpenAI's speech over the real host, against its double.

use crate::openai_responses::{KEY, everything, keyless};
use crate::voices::{self, TWO, Voice, all_is_well, file, is_speech_with_lips, said, speech};
use crate::{of, open, secrets, start};
use serde_json::{Value, json};
use tth_simulators::{Fault, Received, Script, Vendor};
use tth_tests::Track;

const VOICE: Voice = Voice {
    id: "openai_tts",
    mode: "api",
    vendor: Vendor::OpenAi,
    below: "/v1",
    key: Some(("OPENAI_API_KEY", KEY)),
};

#[test]
fn it_is_the_vendors_speech_in_one_piece_with_lips_that_follow() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    let (frames, pcm) = file(&server, TWO);
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
    voices::what_fails_early_is_replaced(
        &VOICE,
        &[
            (Fault::Status(401), "unauthenticated"),
            (Fault::Status(403), "unauthenticated"),
            (Fault::Quota, "quota_exceeded"),
            (Fault::RateLimited(Some("7".into())), "rate_limited"),
            (Fault::Status(400), "invalid_input"),
            (Fault::Status(404), "invalid_input"),
            (Fault::Status(500), "unavailable"),
            (Fault::Status(501), "unsupported"),
            (Fault::Status(503), "unavailable"),
            (Fault::Status(504), "timeout"),
            (Fault::WebPage, "unavailable"),
            (Fault::Cut(0), "unavailable"),
            // Not a byte of sound.
            (Fault::ErrorInStream(0, 500), "unavailable"),
            (Fault::Stall(0), "timeout"),
            (Fault::SlowHead(40_000), "timeout"),
        ],
    );
}

#[test]
fn what_fails_in_the_middle_keeps_what_was_said_and_tells() {
    let faults = [(Fault::Cut(9), "unavailable"), (Fault::Stall(9), "timeout")];
    voices::what_fails_late_is_told(&VOICE, &faults, TWO);
}

#[test]
fn an_interrupt_closes_a_request_that_is_silent() {
    voices::an_interrupt_is_seen(&VOICE, TWO);
}

#[test]
fn a_key_reaches_the_vendor_and_nobody_else() {
    for (wanted, answers) in [(KEY, true), ("another", false)] {
        let double = VOICE.double_with(Script {
            key: Some(wanted.to_owned()),
            ..Script::default()
        });
        let env = VOICE.env(&double, &[]);
        let server = start("mock", &env);
        let events = said(&mut open(&server, &json!({})), "What is your key?");
        assert_eq!(of(&events, "provider_switched").is_empty(), answers);
        let bearer = format!("Bearer {KEY}");
        let has_key = |one: &Received| one.header("authorization") == Some(bearer.as_str());
        let asked = double.requests();
        assert!(!asked.is_empty() && asked.iter().all(has_key));
        assert!(asked.iter().all(|one| !one.body.to_string().contains(KEY)));
        let mut seen = everything(&server, &events);
        drop(server);
        let log = secrets::logged_turn(&env);
        assert!(
            log.contains("TRACE") && log.contains(VOICE.id),
            "it does log: {log}"
        );
        assert!(double.requests().len() > asked.len(), "it was asked again");
        seen.push(log);
        keyless(&seen);
    }
}

#[test]
fn a_host_that_is_not_allowed_is_never_asked() {
    voices::a_forbidden_host_is_not_asked(&VOICE);
}

#[test]
fn the_end_of_its_models_is_told() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    all_is_well(&mut open(&server, &json!({})));
    let (_, models) = server.call("GET", "/v1/models", None).unwrap();
    let text = models.to_string();
    assert!(text.contains("ends:gpt-4o-mini-tts=2027-01-06"), "{text}");
}
