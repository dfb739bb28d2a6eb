//! ElevenLabs' voices over the real host, against their double.

mod faults;
mod grants;
mod over_http;

use crate::openai_responses::KEY;
use crate::{LIMIT, of, open, start};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tth_simulators::speech::Speech;
use tth_simulators::{Fault, Received, Script, Simulator, Vendor};
use tth_tests::sound::Sound;
use tth_tests::{Server, Stream, Track, data};

type Env = Vec<(String, String)>;

const ID: &str = "elevenlabs_stream";
const BLOCK: &str = "TTH__PROVIDERS__ELEVENLABS_STREAM__";
/// The voice of configs/base.yaml.
const VOICE: &str = "21m00Tcm4TlvDq8ikWAM";
const TWO: &str = "The morning train was late again. We walked along the river instead of waiting.";
const HTTP: (&str, &str) = ("SETTINGS__TRANSPORT", "http");
const DIALOGUE: (&str, &str) = ("SETTINGS__MODEL", "eleven_v4_turbo");
/// One instance, and so one connection: what happens to it is then known.
const ONE: (&str, &str) = ("LIMITS__INSTANCES", "{ min: 1, max: 8 }");

/// Nothing that a voice would be told of.
fn plain() -> Value {
    json!({"emotion": {"label": "neutral"}, "character": {"expressivity": 0.5, "speech_rate": 1.0}})
}

fn script() -> Script {
    Script {
        key: Some(KEY.into()),
        ..Script::default()
    }
}

fn double() -> Simulator {
    Simulator::start(Vendor::ElevenLabs, script()).unwrap()
}

/// Scripted mind and face, and the double as the voice; the scripted voice stands by. `more` are
/// parts of the provider's block.
fn env(double: &Simulator, more: &[(&str, &str)]) -> Env {
    let origin = double.origin();
    let hosts = format!("[\"{origin}\", \"{}\"]", origin.replace("http", "ws"));
    let own = [
        ("SETTINGS__BASE_URL", origin.as_str()),
        ("ALLOW__HOSTS", &hosts),
        ONE,
    ];
    let chain = [
        ("TTH__COMPONENTS__TTS__MODE", "api"),
        ("TTH__COMPONENTS__TTS__PRIMARY", ID),
        ("TTH__COMPONENTS__TTS__FALLBACK", "[mock_tts]"),
        ("ELEVENLABS_API_KEY", KEY),
    ];
    let block = own.iter().chain(more);
    let block = block.map(|(name, value)| (format!("{BLOCK}{name}"), (*value).to_owned()));
    let chain = chain.map(|(name, value)| (name.to_owned(), value.to_owned()));
    block.chain(chain).collect()
}

fn say(stream: &mut Stream, text: &str) {
    let event = json!({"type": "user_text", "text": text, "mode": "say"});
    stream.send(&event).unwrap();
}

/// A turn in which a text is spoken: all its events.
fn said(stream: &mut Stream, text: &str) -> Vec<Value> {
    say(stream, text);
    stream.until_without_returns("turn_ended", LIMIT).unwrap()
}

/// A text spoken into a file; the frames, and the samples.
fn file(server: &Server, text: &str, more: &Value) -> (Vec<Value>, Vec<u8>) {
    let mut body = json!({"text": text, "mode": "say", "format": "json"});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let (status, answer) = server.call("POST", "/v1/generate", Some(&body)).unwrap();
    assert_eq!(status, 200, "{answer}");
    let frames = answer["video"]["frames"].as_array().unwrap().clone();
    assert_eq!(answer["audio"]["sample_rate"], 24_000);
    let wav = data(&answer["audio"]).unwrap();
    (frames, wav[44..].to_vec())
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

fn speeches(texts: &[String]) -> Vec<Arc<Speech>> {
    texts.iter().map(|text| Speech::of(text)).collect()
}

/// Whether it is the double that was heard, all of it and nothing else.
fn heard(pcm: &[u8], texts: &[String]) {
    let all: Vec<u8> = speeches(texts)
        .iter()
        .flat_map(|one| one.bytes(24_000))
        .collect();
    assert_eq!(pcm.len(), all.len(), "no gap and no repeat");
    assert!(pcm == all, "the very samples");
}

/// How bright each frame is: how far the scripted face's mouth is open.
fn openings(frames: &[Value]) -> Vec<f32> {
    let bright = |frame: &Value| {
        let jpeg = zune_jpeg::zune_core::bytestream::ZCursor::new(data(frame).unwrap());
        let pixels = zune_jpeg::JpegDecoder::new(jpeg).decode().unwrap();
        pixels.iter().map(|part| f32::from(*part)).sum::<f32>() / pixels.len() as f32
    };
    frames.iter().map(bright).collect()
}

#[test]
fn it_is_speech_in_one_piece_with_lips_in_time() {
    let double = double();
    let server = start("mock", &env(&double, &[]));
    let (frames, pcm) = file(&server, TWO, &json!({}));
    let texts = texts(&double);
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_eq!(texts.concat().trim_end(), TWO);
    heard(&pcm, &texts);
    let measure = Sound::from_pcm(&pcm, 24_000).measure();
    assert!(measure.voiced > 0.3 && measure.rms > 0.01, "{measure:?}");

    // The words' own times are known: in a long one the mouth is open, in silence it is not.
    let openings = openings(&frames);
    let closed = openings.iter().copied().fold(f32::MAX, f32::min);
    let between = |from: u64, to: u64| -> f32 {
        let frame = |us: u64| ((us / 40_000) as usize).min(openings.len() - 1);
        let part = &openings[frame(from)..=frame(to)];
        part.iter().map(|one| one - closed).fold(0.0, f32::max)
    };
    let (mut offset, mut words) = (0, 0);
    for speech in speeches(&texts) {
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
    let moved = openings
        .windows(2)
        .filter(|pair| (pair[0] - pair[1]).abs() > 5.0);
    assert!(moved.count() > 15, "{openings:?}");
}

#[test]
fn an_utterance_is_asked_for_as_declared() {
    let double = double();
    let server = start("mock", &env(&double, &[]));
    let warm = |all: &[Received]| {
        all.iter()
            .any(|one| one.path.ends_with("/multi-stream-input"))
    };
    assert!(
        double.wait(LIMIT, warm),
        "the connection is open before anybody asks"
    );
    let mut stream = open(&server, &plain());
    assert_eq!(stream.opened["providers"]["tts"], ID);
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
    assert!(connection.path.contains(VOICE), "{}", connection.path);
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
    let double = double();
    let more = [
        ("SETTINGS__SIMILARITY_BOOST", "0.8"),
        ("SETTINGS__STABILITY", "0.6"),
    ];
    let server = start("mock", &env(&double, &more));
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
    let double = double();
    let server = start("mock", &env(&double, &[]));
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
    let slow = Script {
        delay_ms: 250,
        ..script()
    };
    let double = Simulator::start(Vendor::ElevenLabs, slow).unwrap();
    let server = start("mock", &env(&double, &[("BUDGETS__GAP_MS", "50000")]));
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
    let double = double();
    let address = double.address();
    let server = start("mock", &env(&double, &[]));
    let mut stream = open(&server, &json!({}));
    said(&mut stream, "One.");
    drop(double);
    let again = Simulator::listen(Vendor::ElevenLabs, script(), address).unwrap();
    let events = said(&mut stream, "Are you there?");
    assert!(of(&events, "provider_switched").is_empty(), "{events:?}");
    assert_eq!(texts(&again), ["Are you there? "]);
}
