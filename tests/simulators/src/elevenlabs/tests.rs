//! The double asked by plain clients.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use crate::{Fault, Script, Simulator, Vendor};
use base64::Engine as _;
use serde_json::{Value, json};
use std::net::TcpStream;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

const VOICE: &str = "21m00Tcm4TlvDq8ikWAM";
const TEXT: &str = "Hello there, my friend. ";

fn double() -> Simulator {
    Simulator::start(Vendor::ElevenLabs, Script::default()).unwrap()
}

fn post(double: &Simulator, path: &str, body: &Value) -> (u16, String, Option<String>) {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let url = format!("{}/v1/{path}", double.origin());
    let request = config.build().new_agent().post(url);
    let mut answer = request
        .header("content-type", "application/json")
        .send(body.to_string())
        .unwrap();
    let id = answer.headers().get("request-id");
    let id = id.map(|id| id.to_str().unwrap().to_owned());
    let text = answer
        .body_mut()
        .with_config()
        .limit(64 << 20)
        .read_to_vec()
        .unwrap();
    (
        answer.status().as_u16(),
        String::from_utf8_lossy(&text).into_owned(),
        id,
    )
}

fn timed(route: &str) -> String {
    format!("{route}/stream/with-timestamps?output_format=pcm_24000")
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn audio(message: &Value) -> usize {
    let audio = message.get("audio_base64").unwrap_or(&message["audio"]);
    let audio = audio.as_str().unwrap_or_default();
    base64::prelude::BASE64_STANDARD
        .decode(audio)
        .unwrap()
        .len()
}

fn words(list: &Value) -> String {
    let list = list.as_array().unwrap();
    list.iter().map(|one| one.as_str().unwrap()).collect()
}

#[test]
fn lines_have_sound_and_times_of_the_whole_answer() {
    let double = double();
    let route = timed(&format!("text-to-speech/{VOICE}"));
    let body = json!({"text": TEXT, "model_id": "eleven_flash_v2_5"});
    let (status, text, id) = post(&double, &route, &body);
    assert_eq!(status, 200);
    assert!(id.is_some());
    let lines = lines(&text);
    assert!(lines.len() > 2 && lines.iter().all(|line| audio(line) > 0));
    let told = lines.iter().filter(|line| !line["alignment"].is_null());
    let mut said = String::new();
    let mut last = 0.0;
    for line in told {
        said += &words(&line["alignment"]["characters"]);
        for start in line["alignment"]["character_start_times_seconds"]
            .as_array()
            .unwrap()
        {
            let start = start.as_f64().unwrap();
            assert!(start >= last, "{start} after {last}");
            last = start;
        }
    }
    assert_eq!(said, TEXT);
    assert!(last > 0.5, "{last}");
}

#[test]
fn a_dialogue_does_not_speak_its_tags_but_times_them() {
    let double = double();
    let body = |text: &str| json!({"model_id": "eleven_v4", "inputs": [{"text": text, "voice_id": VOICE}]});
    let spoken = |text: &str| {
        let (status, text, _) = post(&double, &timed("text-to-dialogue"), &body(text));
        assert_eq!(status, 200, "{text}");
        let lines = lines(&text);
        let said: String = lines
            .iter()
            .filter(|line| !line["alignment"].is_null())
            .map(|line| words(&line["alignment"]["characters"]))
            .collect();
        (lines.iter().map(audio).sum::<usize>(), said)
    };
    let (plain, _) = spoken("Hello. ");
    let (tagged, said) = spoken("[excited] Hello. ");
    assert_eq!(said, "[excited] Hello. ");
    // The blank behind the tag is a breath at most.
    assert!(tagged.abs_diff(plain) < 24_000, "{plain} and {tagged}");
}

#[test]
fn what_cannot_be_spoken_is_refused() {
    let double = double();
    let speech = timed(&format!("text-to-speech/{VOICE}"));
    let dialogue = timed("text-to-dialogue");
    let line = json!([{"text": "x", "voice_id": VOICE}]);
    let two = json!([{"text": "x", "voice_id": VOICE}, {"text": "y", "voice_id": "AbCdEfGhIjKlMnOpQrSt"}]);
    let long = "x".repeat(5_001);
    for (route, body, status, says) in [
        (&speech, json!({}), 422, "missing"),
        (
            &speech,
            json!({"text": "x", "voice": "y"}),
            422,
            "extra_forbidden",
        ),
        (
            &speech,
            json!({"text": "x", "voice_settings": {"speed": 2}}),
            422,
            "speed",
        ),
        (
            &speech,
            json!({"text": "x", "model_id": "m"}),
            400,
            "model_not_found",
        ),
        (
            &speech,
            json!({"text": "x", "model_id": "eleven_v3", "previous_text": "y"}),
            400,
            "unsupported_parameter",
        ),
        (
            &speech,
            json!({"text": long, "model_id": "eleven_v3"}),
            400,
            "max_character_limit_exceeded",
        ),
        (&speech, json!({"text": "x", "seed": -1}), 422, "seed"),
        (
            &timed("text-to-speech/nobody"),
            json!({"text": "x"}),
            400,
            "voice_not_found",
        ),
        (
            &dialogue,
            json!({"inputs": line, "model_id": "eleven_flash_v2_5"}),
            400,
            "unsupported_model",
        ),
        (
            &dialogue,
            json!({"inputs": line, "settings": {"style": 1}}),
            422,
            "style",
        ),
        (
            &dialogue,
            json!({"inputs": line, "settings": {"stability": 0.4}}),
            400,
            "invalid_ttd_stability",
        ),
        (&dialogue, json!({"inputs": []}), 422, "inputs"),
        (
            &dialogue,
            json!({"inputs": two, "model_id": "eleven_v4_turbo"}),
            400,
            "too_many_voices",
        ),
    ] {
        let (got, text, _) = post(&double, route, &body);
        assert_eq!(got, status, "{route} {body}: {text}");
        assert!(text.contains(says), "{route} {body}: {text}");
    }
    let key = Script {
        key: Some("k".into()),
        ..Script::default()
    };
    let closed = Simulator::start(Vendor::ElevenLabs, key).unwrap();
    let (status, text, _) = post(&closed, &speech, &json!({"text": "x"}));
    assert!(status == 401 && text.contains("invalid_api_key"), "{text}");
}

fn connect(double: &Simulator, route: &str, more: &str) -> WebSocket<TcpStream> {
    let url = format!(
        "ws://{}/v1/text-to-speech/{VOICE}/{route}?output_format=pcm_24000&sync_alignment=true{more}",
        double.address()
    );
    let tcp = TcpStream::connect(double.address()).unwrap();
    let request = url.into_client_request().unwrap();
    tungstenite::client(request, tcp).unwrap().0
}

fn say(socket: &mut WebSocket<TcpStream>, message: Value) {
    socket.send(Message::text(message.to_string())).unwrap();
}

/// The next message, or the code of the farewell.
fn hear(socket: &mut WebSocket<TcpStream>) -> Result<Value, u16> {
    loop {
        match socket.read().unwrap() {
            Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
            Message::Close(frame) => return Err(frame.unwrap().code.into()),
            _ => {}
        }
    }
}

#[test]
fn a_context_speaks_when_it_is_told_to_with_times_of_each_message() {
    let double = double();
    let mut socket = connect(&double, "multi-stream-input", "");
    for (context, name) in [("a", "contextId"), ("b", "context_id")] {
        say(&mut socket, json!({"text": " ", "context_id": context}));
        // Too little to be spoken by itself.
        say(&mut socket, json!({"text": TEXT, "context_id": context}));
        say(&mut socket, json!({"context_id": context, "flush": true}));
        say(
            &mut socket,
            json!({"context_id": context, "close_context": true}),
        );
        let (mut said, mut offset, mut end) = (String::new(), 0.0, 0.0);
        loop {
            let message = hear(&mut socket).unwrap();
            assert_eq!(message[name], context, "{message}");
            if message["isFinal"] == true {
                break;
            }
            let alignment = &message["alignment"];
            if !alignment.is_null() {
                said += &words(&alignment["chars"]);
                let names = ["charStartTimesMs", "char_start_times_ms"];
                let starts = names
                    .iter()
                    .find_map(|name| alignment[name].as_array())
                    .unwrap();
                let first = starts.first().unwrap().as_f64().unwrap();
                assert!(first < 700.0, "from the start of the message: {first}");
                assert!(offset + first >= end - 1.0);
                end = offset + starts.last().unwrap().as_f64().unwrap();
            }
            offset += audio(&message) as f64 / 48.0;
        }
        assert_eq!(said, TEXT.trim_start());
    }
    let heard = double.requests()[0].messages.len();
    assert_eq!(heard, 8);
    assert!(double.requests()[0].said > 4);
}

#[test]
fn a_single_stream_ends_with_its_text() {
    let double = double();
    let mut socket = connect(&double, "stream-input", "&auto_mode=true");
    say(&mut socket, json!({"text": " "}));
    say(&mut socket, json!({"text": TEXT}));
    say(&mut socket, json!({"text": ""}));
    let mut bytes = 0;
    loop {
        let message = hear(&mut socket).unwrap();
        bytes += audio(&message);
        if message["isFinal"] == true {
            break;
        }
    }
    assert!(bytes > 24_000);
    assert_eq!(hear(&mut socket), Err(1000));
}

#[test]
fn wrong_words_and_silence_end_a_connection() {
    let double = double();
    let ended = |more: &str, messages: &[Value]| {
        let mut socket = connect(&double, "multi-stream-input", more);
        for message in messages {
            say(&mut socket, message.clone());
        }
        let error = hear(&mut socket).unwrap();
        assert_eq!(hear(&mut socket), Err(1008));
        error["error"].as_str().unwrap().to_owned()
    };
    let open = |n: usize| json!({"text": " ", "context_id": format!("c{n}")});
    let six: Vec<Value> = (0..6).map(open).collect();
    assert_eq!(ended("", &six), "max_active_contexts");
    assert_eq!(
        ended("", &[json!({"text": "Hi ", "context_id": "c"})]),
        "invalid_message"
    );
    assert_eq!(
        ended("", &[json!({"text": " ", "context_id": "c", "mood": 1})]),
        "invalid_message"
    );
    assert_eq!(ended("&model_id=eleven_v3", &[]), "unsupported_model");
    assert_eq!(
        ended("&inactivity_timeout=1", &[open(0)]),
        "input_timeout_exceeded"
    );
    double.once(Fault::Quota);
    // A fault of the head waits for a handshake or for a speech, whichever comes first.
    let url = format!(
        "ws://{}/v1/text-to-speech/{VOICE}/stream-input",
        double.address()
    );
    let tcp = TcpStream::connect(double.address()).unwrap();
    assert!(tungstenite::client(url.into_client_request().unwrap(), tcp).is_err());
}
