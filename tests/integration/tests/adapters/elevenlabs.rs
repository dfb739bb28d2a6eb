//! ElevenLabs' voices over the real host, against their double.

mod faults;
mod grants;
mod over_http;

use crate::provider::{KEY, Provider, Role};
use crate::voices::{file, is_speech, moves, openings, said, say, speech};
use crate::{LIMIT, of, open};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tth_simulators::speech::Speech;
use tth_simulators::{Fault, Received, Script, Simulator, Vendor};
use tth_tests::{Track, data};

const VOICE: Provider = Provider {
    role: Role::Tts,
    id: "elevenlabs_stream",
    mode: "api",
    vendor: Vendor::ElevenLabs,
    below: "",
    schemes: &["http", "ws"],
    key: Some("ELEVENLABS_API_KEY"),
    block: &[ONE],
};
/// One instance, and so one connection: what happens to it is then known.
const ONE: (&str, &str) = ("LIMITS__INSTANCES", "{ min: 1, max: 8 }");
/// The voice of configs/base.yaml.
const VOICE_ID: &str = "21m00Tcm4TlvDq8ikWAM";
const TWO: &str = "The morning train was late again. We walked along the river instead of waiting.";
const HTTP: (&str, &str) = ("SETTINGS__TRANSPORT", "http");
const DIALOGUE: (&str, &str) = ("SETTINGS__MODEL", "eleven_v4_turbo");

/// Nothing that a voice would be told of.
fn plain() -> Value {
    json!({"emotion": {"label": "neutral"}, "character": {"expressivity": 0.5, "speech_rate": 1.0}})
}

/// What came over a connection and has this field, in order.
fn with(connection: &Received, field: &str) -> Vec<Value> {
    let frames = connection.messages.iter().map(|heard| &heard.body);
    frames
        .filter(|frame| !frame[field].is_null())
        .cloned()
        .collect()
}

/// The texts that were to be spoken, on whichever connection.
fn texts(double: &Simulator) -> Vec<String> {
    let connections = double.asked();
    let flushed = connections.iter().flat_map(|one| with(one, "flush"));
    flushed
        .map(|frame| frame["text"].as_str().unwrap().to_owned())
        .collect()
}

/// Whether it is the double that was heard, all of it and nothing else.
fn heard(pcm: &[u8], texts: &[String]) {
    let all = speech(texts);
    assert_eq!(pcm.len(), all.len(), "no gap and no repeat");
    assert!(pcm == all, "the very samples");
}

#[test]
fn it_is_speech_in_one_piece_with_lips_in_time() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    let (frames, pcm) = file(&server, TWO, &json!({}));
    let texts = texts(&double);
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_eq!(texts.concat().trim_end(), TWO);
    heard(&pcm, &texts);
    is_speech(&pcm);

    // The words' own times are known: in a long one the mouth is open, in silence it is not.
    let openings = openings(&frames);
    let closed = openings.iter().copied().fold(f32::MAX, f32::min);
    let between = |from: u64, to: u64| -> f32 {
        let frame = |us: u64| ((us / 40_000) as usize).min(openings.len() - 1);
        let part = &openings[frame(from)..=frame(to)];
        part.iter().map(|one| one - closed).fold(0.0, f32::max)
    };
    let (mut offset, mut words) = (0, 0);
    for speech in texts.iter().map(|text| Speech::of(text)) {
        for word in speech
            .words
            .iter()
            .filter(|word| word.duration_us >= 150_000)
        {
            let from = offset + word.start_us;
            let opened = between(from, from + word.duration_us);
            assert!(opened > 10.0, "{:?} at {from}: {opened}", word.text);
            words += 1;
        }
        offset += speech.duration_us();
    }
    assert!(words > 5, "{words}");
    assert!(moves(&openings) > 15, "{openings:?}");
}

#[test]
fn an_utterance_is_asked_for_as_declared() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    let warm = |all: &[Received]| {
        all.iter()
            .any(|one| one.path.ends_with("/multi-stream-input"))
    };
    assert!(
        double.wait(LIMIT, warm),
        "the connection is open before anybody asks"
    );
    let mut stream = open(&server, &plain());
    assert_eq!(stream.opened["providers"]["tts"], VOICE.id);
    let events = said(&mut stream, "Hello there.");
    assert_eq!(events.last().unwrap()["reason"], "completed");
    assert!(of(&events, "provider_switched").is_empty());
    heard(
        &Track::of(&events).unwrap().pcm(),
        &["Hello there. ".to_owned()],
    );
    let connections = double.asked();
    assert_eq!(connections.len(), 1);
    let connection = &connections[0];
    let query: Vec<String> = connection
        .query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        query,
        [
            "model_id=eleven_flash_v2_5",
            "output_format=pcm_24000",
            "auto_mode=true",
            "sync_alignment=true",
            "inactivity_timeout=180"
        ]
    );
    assert!(connection.path.contains(VOICE_ID), "{}", connection.path);
    assert_eq!(connection.header("xi-api-key"), Some(KEY));
    let frames: Vec<Value> = connection
        .messages
        .iter()
        .map(|one| one.body.clone())
        .collect();
    assert_eq!(
        frames,
        [
            json!({"text": " ", "context_id": "u1"}),
            json!({"text": "Hello there. ", "context_id": "u1", "flush": true}),
            json!({"context_id": "u1", "close_context": true}),
        ]
    );
}

#[test]
fn controls_reach_the_vendor_with_the_next_utterance() {
    let double = VOICE.double();
    let more = [
        ("SETTINGS__SIMILARITY_BOOST", "0.8"),
        ("SETTINGS__STABILITY", "0.6"),
    ];
    let server = VOICE.server(&double, &more);
    let who = json!({"emotion": {"label": "joy", "intensity": 0.5}, "character": {"speech_rate": 1.1, "expressivity": 0.5}});
    let mut stream = open(&server, &who);
    said(&mut stream, "One.");
    let update = json!({"type": "control_update", "emotion": {"label": "calm", "intensity": 1.0},
        "character": {"speech_rate": 2.0, "expressivity": 1.0}});
    stream.send(&update).unwrap();
    let events = said(&mut stream, "Two.");
    let settings = with(&double.asked()[0], "voice_settings");
    let settings: Vec<&Value> = settings
        .iter()
        .map(|frame| &frame["voice_settings"])
        .collect();
    assert_eq!(
        settings,
        [
            // Joy unsteadies by 0.3 x 0.7 x 0.5 and has 0.4 x 0.7 x 0.5 of style.
            &json!({"stability": 0.495, "similarity_boost": 0.8, "style": 0.14, "speed": 1.1}),
            // Lively takes 0.4, calm gives 0.18.
            &json!({"stability": 0.38, "similarity_boost": 0.8, "speed": 1.2}),
        ]
    );
    let told = of(&events, "control_applied");
    let lines = told
        .iter()
        .flat_map(|event| event["report"].as_array().unwrap());
    let mut rates =
        lines.filter(|line| line["stage"] == "tts" && line["control"] == "character.speech_rate");
    let rate = rates.next().unwrap();
    assert_eq!(
        (&rate["param"], &rate["value"], &rate["outcome"]),
        (&json!("speed"), &json!(1.2), &json!("downgraded"))
    );
    assert_eq!(double.asked().len(), 1, "one connection");
}

#[test]
fn a_voice_of_the_session_has_a_connection_of_its_own() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    let other = "AbCdEfGhIjKlMnOpQrSt";
    let mut stream = open(&server, &json!({"voice": other}));
    let events = said(&mut stream, "One.");
    assert!(of(&events, "provider_switched").is_empty());
    let asked = double.asked();
    assert!(asked.last().unwrap().path.contains(other));
    let mut stream = open(&server, &json!({"voice": "nobody"}));
    let events = said(&mut stream, "One.");
    let switched = of(&events, "provider_switched");
    let reason = switched[0]["reason"].as_str().unwrap();
    assert!(reason.contains("invalid_input"), "{reason}");
    assert!(reason.contains("voice_id_does_not_exist"), "{reason}");
}

#[test]
fn an_interrupt_is_told_to_the_vendor_and_nothing_of_the_old_is_heard() {
    let double = VOICE.double_with(Script {
        delay_ms: 250,
        ..VOICE.script()
    });
    let server = VOICE.server(&double, &[("BUDGETS__GAP_MS", "50000")]);
    let mut stream = open(&server, &json!({}));
    let text = "We walked along the river instead of waiting for the morning train to come and \
                talked about everything that had happened in the long winter before";
    say(&mut stream, text);
    // Long enough to have heard some words.
    let mut events = Vec::new();
    let place = |event: &Value| event["pts_us"].as_u64().unwrap_or(0);
    loop {
        let event = stream.next(LIMIT).unwrap();
        events.push(event);
        let chunks = of(&events, "audio_chunk");
        if chunks
            .last()
            .map_or(0, |last| place(last) - place(chunks[0]))
            > 1_200_000
        {
            break;
        }
    }
    let since = Instant::now();
    stream.send(&json!({"type": "interrupt"})).unwrap();
    events.extend(stream.until("turn_ended", LIMIT).unwrap());
    assert_eq!(events.last().unwrap()["reason"], "interrupted");
    let farewells = |all: &[Received]| all.iter().any(|one| with(one, "close_context").len() == 2);
    assert!(double.wait(LIMIT, farewells), "it was never told");
    let connection = &double.asked()[0];
    let told = connection.messages.last().unwrap();
    assert_eq!(
        told.body,
        json!({"context_id": "u1", "close_context": true})
    );
    let took = told.at.saturating_duration_since(since);
    eprintln!("the double was told to stop after {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");

    // What was heard is known from the vendor's own times.
    let interrupted = of(&events, "interrupted")[0];
    let heard_words = interrupted["text_heard"]
        .as_str()
        .unwrap()
        .split_whitespace()
        .count();
    let from = place(of(&events, "audio_chunk")[0]);
    let position = interrupted["position_us"]
        .as_u64()
        .unwrap()
        .saturating_sub(from);
    let speech = Speech::of(&texts(&double)[0]);
    let passed =
        |word: &&tth_simulators::speech::Spoken| word.start_us + word.duration_us / 2 <= position;
    let spoken = speech.words.iter().filter(passed).count();
    assert!(spoken >= 2, "{interrupted}");
    assert!(
        heard_words.abs_diff(spoken) <= 1,
        "{spoken} words were: {interrupted}"
    );

    let again = said(&mut stream, "And so on.");
    assert!(of(&again, "provider_switched").is_empty());
    heard(
        &Track::of(&again).unwrap().pcm(),
        &["And so on. ".to_owned()],
    );
    assert_eq!(double.asked().len(), 1, "over the same connection");
}

#[test]
fn a_connection_that_the_vendor_dropped_is_opened_again() {
    let double = VOICE.double();
    let address = double.address();
    let server = VOICE.server(&double, &[]);
    let mut stream = open(&server, &json!({}));
    said(&mut stream, "One.");
    drop(double);
    let again = Simulator::listen(VOICE.vendor, VOICE.script(), address).unwrap();
    let events = said(&mut stream, "Are you there?");
    assert!(of(&events, "provider_switched").is_empty(), "{events:?}");
    assert_eq!(texts(&again), ["Are you there? "]);
}
