//! Changes of controls while somebody speaks, judged by the sound and the pictures that arrive: what was
//! reported must be what is heard and seen, from the media time that was reported.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::{Value, json};
use std::time::Duration;
use tth_tests::{Server, Stream, Track, Wire, data};

const LIMIT: Duration = Duration::from_secs(60);
/// Five sentences of two to three seconds each, in the scripted voice.
const TEXT: &str = "The first sentence tells you where we are. The second one goes on in the same \
    manner. The third has nothing else to say. The fourth could be another one. The last is the end.";
/// The scripted voice's own pitch, in Hz, rises above it and falls below it by 6 % in an utterance.
const OWN_HZ: f32 = 150.0;
const FALL: f32 = 0.08;
/// At 25 frames a second.
const FRAME_US: u64 = 40_000;

/// A session that begins without any feeling.
fn open(server: &Server) -> Stream {
    let request = json!({"emotion": {"label": "neutral"}, "render": {"resolution": "256x256"}});
    let mut stream = Stream::open(server, Wire::Cbor, &request).unwrap();
    stream.until("session_ready", LIMIT).unwrap();
    stream
}

fn say(stream: &mut Stream, text: &str) {
    stream
        .send(&json!({"type": "user_text", "text": text, "mode": "say"}))
        .unwrap();
}

fn update(stream: &mut Stream, mut change: Value) {
    change["type"] = "control_update".into();
    stream.send(&change).unwrap();
}

/// A turn that speaks `text`; `change` is called when its first sound has come. All events of it.
fn turn(stream: &mut Stream, text: &str, change: impl FnOnce(&mut Stream)) -> Vec<Value> {
    say(stream, text);
    let mut events = stream.until("audio_chunk", LIMIT).unwrap();
    change(stream);
    events.extend(stream.until("turn_ended", LIMIT).unwrap());
    assert_eq!(events.last().unwrap()["reason"], "completed");
    events
}

/// From when on the last report of a control at a stage holds, and the line.
fn told<'a>(events: &'a [Value], stage: &str, control: &str) -> (u64, &'a Value) {
    let reports = events
        .iter()
        .rev()
        .filter(|e| e["type"] == "control_applied");
    let found = reports.into_iter().find_map(|event| {
        let lines = event["report"].as_array()?.iter();
        let mut of = lines.filter(|line| line["stage"] == stage && line["control"] == control);
        Some((event["effective_pts_us"].as_u64()?, of.next()?))
    });
    found.unwrap_or_else(|| panic!("nothing was told of {control} at {stage}"))
}

/// Red against blue of each frame's middle, by its time: the scripted face's tint, however open its
/// mouth is.
fn tints(events: &[Value]) -> Vec<(u64, f32)> {
    let frames = events.iter().filter(|event| event["type"] == "video_frame");
    let tint = |frame: &Value| {
        let (pixels, width, height) = pixels(frame);
        let middle = (height / 2 * width + width / 2) * 3;
        let [red, blue] = [0, 2].map(|channel| f32::from(pixels[middle + channel]));
        (frame["pts_us"].as_u64().unwrap(), red / blue.max(1.0))
    };
    frames.map(tint).collect()
}

fn pixels(frame: &Value) -> (Vec<u8>, usize, usize) {
    let jpeg = data(frame).unwrap();
    let jpeg = zune_jpeg::zune_core::bytestream::ZCursor::new(jpeg);
    let mut decoder = zune_jpeg::JpegDecoder::new(jpeg);
    let pixels = decoder.decode().unwrap();
    let (width, height) = decoder.dimensions().unwrap();
    (pixels, width, height)
}

/// Every voiced tenth of a second has the voice's own pitch, shifted by so many semitones.
fn all_shifted(what: &str, pitches: &[f32], semitones: f32) {
    let wanted = OWN_HZ * (semitones / 12.0).exp2();
    assert!(pitches.len() >= 3, "{what}: {pitches:?}");
    for pitch in pitches {
        assert!(
            (pitch / wanted - 1.0).abs() < FALL,
            "{what}: {pitch} Hz, not {wanted} Hz: {pitches:?}"
        );
    }
}

#[test]
fn a_voice_changes_in_mid_turn_from_the_reported_time() {
    let server = Server::start("mock").unwrap();
    let mut stream = open(&server);
    let events = turn(&mut stream, TEXT, |stream| {
        update(stream, json!({"character": {"pitch_shift": 7}}));
    });
    let (from, line) = told(&events, "tts", "character.pitch_shift");
    assert_eq!(line["value"], 7.0, "{line}");
    let sound = Track::of(&events).unwrap();
    all_shifted("before", &sound.pitches(sound.start(), from), 0.0);
    all_shifted("after", &sound.pitches(from, sound.end()), 7.0);
    assert!(
        from + 1_500_000 < sound.end(),
        "the change came at {from}, the turn ended at {}",
        sound.end()
    );
}

#[test]
fn a_face_changes_in_mid_turn_from_the_reported_time() {
    let server = Server::start("mock").unwrap();
    let mut stream = open(&server);
    say(&mut stream, TEXT);
    let mut events = stream.until("audio_chunk", LIMIT).unwrap();
    // Something must have been seen before the change for it to be one.
    for _ in 0..5 {
        events.extend(stream.until("video_frame", LIMIT).unwrap());
    }
    update(&mut stream, json!({"emotion": {"label": "anger"}}));
    events.extend(stream.until("turn_ended", LIMIT).unwrap());
    let (from, _) = told(&events, "avatar", "emotion.label");
    let tints = tints(&events);
    let (mut before, after): (Vec<_>, Vec<_>) = tints.into_iter().partition(|(at, _)| *at < from);
    // The frame that was being drawn when the change came may have it already.
    before.pop_if(|(at, _)| *at + FRAME_US >= from);
    assert!(before.len() > 3 && after.len() > 50, "{from}: {before:?}");
    // Neutral is grey, anger is red.
    assert!(before.iter().all(|(_, tint)| *tint < 1.2), "{before:?}");
    assert!(
        after.iter().all(|(_, tint)| *tint > 2.0),
        "{from}: {after:?}"
    );
}

#[test]
fn between_turns_a_change_holds_from_the_next_turn() {
    let server = Server::start("mock").unwrap();
    let mut stream = open(&server);
    let first = turn(&mut stream, "A short first turn of words.", |_| {});
    let sound = Track::of(&first).unwrap();
    all_shifted(
        "first turn",
        &sound.pitches(sound.start(), sound.end()),
        0.0,
    );
    let change = json!({"character": {"pitch_shift": -5}, "emotion": {"label": "neutral"}});
    update(&mut stream, change);
    let answer = stream.until("control_applied", LIMIT).unwrap();
    let (from, _) = told(&answer, "tts", "character.pitch_shift");
    let second = turn(&mut stream, "A short second turn of words.", |_| {});
    let sound = Track::of(&second).unwrap();
    assert!(from <= sound.start(), "{from} {}", sound.start());
    all_shifted(
        "second turn",
        &sound.pitches(sound.start(), sound.end()),
        -5.0,
    );
}

#[test]
fn of_two_changes_the_last_wins_and_the_first_is_never_heard() {
    let server = Server::start("mock").unwrap();
    let mut stream = open(&server);
    let events = turn(&mut stream, TEXT, |stream| {
        update(stream, json!({"character": {"pitch_shift": -5}}));
        update(stream, json!({"character": {"pitch_shift": 7}}));
    });
    let (from, line) = told(&events, "tts", "character.pitch_shift");
    assert_eq!(line["value"], 7.0, "{line}");
    let sound = Track::of(&events).unwrap();
    all_shifted("before", &sound.pitches(sound.start(), from), 0.0);
    all_shifted("after", &sound.pitches(from, sound.end()), 7.0);
}

#[test]
fn an_invalid_change_changes_nothing() {
    let server = Server::start("mock").unwrap();
    let plain = turn(&mut open(&server), TEXT, |_| {});
    let mut stream = open(&server);
    let events = turn(&mut stream, TEXT, |stream| {
        // One field is right, the other is not: none may be taken.
        let half = json!({"character": {"pitch_shift": 7, "speech_rate": 9}});
        update(stream, half);
        update(stream, json!({"emotion": {"label": "bewildered"}}));
    });
    let errors = events.iter().filter(|event| event["type"] == "error");
    assert_eq!(errors.count(), 2);
    let (heard, wanted) = (Track::of(&events).unwrap(), Track::of(&plain).unwrap());
    assert!(heard.pcm() == wanted.pcm(), "the sound is another one");
    assert!(tints(&events).iter().all(|(_, tint)| *tint < 1.2));
}

/// The doubles, with an answer that has tags in it.
const TAGGED: &str = r#"
runtime: { profile: custom }
components:
  llm: { mode: mock, primary: tagged_llm, fallback: [] }
  tts: { mode: mock, primary: plain_tts, fallback: [] }
  avatar: { mode: mock, primary: plain_avatar, fallback: [] }
providers:
  tagged_llm:
    role: llm
    mode: mock
    component: llm-mock.wasm
    settings:
      token_delay_ms: 5
      answer: "<feel:sadness:1.0> I have lost the little key to the garden gate. <feel:excited:1.0> Look, there it is under the old flower pot."
  plain_tts: { role: tts, mode: mock, component: tts-mock.wasm, settings: {} }
  plain_avatar: { role: avatar, mode: mock, component: avatar-mock.wasm, settings: {} }
"#;

#[test]
fn a_tag_is_never_told_and_changes_the_voice_at_its_place() {
    let server = Server::custom(TAGGED).unwrap();
    let mut stream = Stream::open(&server, Wire::Cbor, &json!({})).unwrap();
    stream.chat("What happened?").unwrap();
    let events = stream.until("turn_ended", LIMIT).unwrap();
    let text: String = events
        .iter()
        .filter(|event| event["type"] == "text_delta")
        .filter_map(|event| event["text"].as_str())
        .collect();
    assert_eq!(
        text.trim(),
        "I have lost the little key to the garden gate. Look, there it is under the old flower pot."
    );
    for event in &events {
        assert!(!event.to_string().contains("<feel"), "{event}");
    }
    let (from, line) = told(&events, "tts", "emotion.label");
    assert_eq!(line["value"], "excited", "{line}");
    let sound = Track::of(&events).unwrap();
    all_shifted("sad", &sound.pitches(sound.start(), from), -2.0);
    all_shifted("excited", &sound.pitches(from, sound.end()), 3.0);

    // What was heard of an interrupted answer has no tag either.
    stream.chat("Say it again.").unwrap();
    stream.until("audio_chunk", LIMIT).unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    stream.send(&json!({"type": "interrupt"})).unwrap();
    let heard = stream.until("interrupted", LIMIT).unwrap().pop().unwrap();
    let heard = heard["text_heard"].as_str().unwrap();
    assert!(heard.starts_with("I have lost"), "{heard}");
}

/// How far down the brow is that no hair hangs over, in 512ths of the picture: the darkest place of each
/// of its columns between forehead and lids, on average.
fn brow(frame: &Value) -> f32 {
    let (pixels, width, height) = pixels(frame);
    let light = |x: usize, y: usize| {
        let at = (y * width + x) * 3;
        pixels[at..at + 3]
            .iter()
            .map(|v| u32::from(*v))
            .sum::<u32>()
    };
    let rows = || height * 150 / 512..height * 193 / 512;
    let columns = width * 190 / 512..width * 228 / 512;
    let darkest = |x| rows().min_by_key(|y| light(x, *y)).unwrap() as f32;
    let found: Vec<f32> = columns.map(darkest).collect();
    found.iter().sum::<f32>() / found.len() as f32 * 512.0 / height as f32
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}

#[test]
fn the_embedded_person_changes_in_mid_turn() {
    let server = Server::start("local_embedded").unwrap();
    // A head that holds still: what changes in the brows' part of the picture is the feeling.
    let request = json!({
        "emotion": {"label": "neutral"},
        "character": {"motion_gain": 0, "expressivity": 1},
        "render": {"resolution": "256x256", "latency_mode": "low"},
    });
    let mut stream = Stream::open(&server, Wire::Cbor, &request).unwrap();
    stream.until("session_ready", LIMIT).unwrap();
    // Brows rise on stressed syllables, too: what a feeling adds shows against a whole turn without one.
    let neutral = turn(&mut stream, TEXT, |_| ());
    let events = turn(&mut stream, TEXT, |stream| {
        std::thread::sleep(Duration::from_millis(1_500));
        update(
            stream,
            json!({"emotion": {"label": "surprise"}, "character": {"pitch_shift": 6}}),
        );
    });

    let (from, _) = told(&events, "tts", "character.pitch_shift");
    let sound = Track::of(&events).unwrap();
    assert!(from + 1_000_000 < sound.end(), "{from} {}", sound.end());
    let pitch = |from, to| median(sound.pitches(from, to));
    let (before, after) = (pitch(sound.start(), from), pitch(from, sound.end()));
    let rise = 12.0 * (after / before).log2();
    // Surprise adds some to the six.
    assert!((5.0..11.5).contains(&rise), "{before} Hz, {after} Hz");

    let (from, _) = told(&events, "avatar", "emotion.label");
    let brows = |events: &[Value], from: u64, to: u64| {
        let frames = events.iter().filter(|event| event["type"] == "video_frame");
        let at = |frame: &&Value| (from..to).contains(&frame["pts_us"].as_u64().unwrap());
        median(frames.filter(at).map(brow).collect())
    };
    // When the thinking face is over, and when the new feeling has arrived.
    let before = {
        let sound = Track::of(&neutral).unwrap();
        brows(&neutral, sound.start() + 1_000_000, sound.end())
    };
    let after = brows(&events, from + 300_000, sound.end());
    assert!(after < before - 2.0, "raised: {before} {after}");
}
