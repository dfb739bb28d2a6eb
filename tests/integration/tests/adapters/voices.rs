//! What all voices behind a server are tested with.

use crate::LIMIT;
use serde_json::{Value, json};
use tth_simulators::speech::Speech;
use tth_tests::sound::Sound;
use tth_tests::{Server, Stream, Track, data};

/// Two sentences; the first has a clause that is spoken early.
pub(crate) const TWO: &str = "The morning train was late again, so we had to wait for it. \
    We walked along the river instead.";

pub(crate) fn say(stream: &mut Stream, text: &str) {
    let event = json!({"type": "user_text", "text": text, "mode": "say"});
    stream.send(&event).unwrap();
}

/// A turn in which a text is spoken: all its events.
pub(crate) fn said(stream: &mut Stream, text: &str) -> Vec<Value> {
    say(stream, text);
    stream.until_without_returns("turn_ended", LIMIT).unwrap()
}

/// A turn has sound in one piece.
pub(crate) fn is_heard(events: &[Value]) {
    assert!(!Track::of(events).unwrap().pcm().is_empty());
}

/// A text spoken into a file; the frames, and the samples. `more` are fields of the request.
pub(crate) fn file(server: &Server, text: &str, more: &Value) -> (Vec<Value>, Vec<u8>) {
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

/// What the double says to these texts, at the rate of the host.
pub(crate) fn speech<T: AsRef<str>>(texts: &[T]) -> Vec<u8> {
    texts
        .iter()
        .flat_map(|text| Speech::of(text.as_ref()).bytes(24_000))
        .collect()
}

/// It is speech, from end to end.
pub(crate) fn is_speech(pcm: &[u8]) {
    let measure = Sound::from_pcm(pcm, 24_000).measure();
    assert!(measure.voiced > 0.3 && measure.rms > 0.01, "{measure:?}");
}

/// How bright each frame is: how far the scripted face's mouth is open.
pub(crate) fn openings(frames: &[Value]) -> Vec<f32> {
    let bright = |frame: &Value| {
        let jpeg = zune_jpeg::zune_core::bytestream::ZCursor::new(data(frame).unwrap());
        let pixels = zune_jpeg::JpegDecoder::new(jpeg).decode().unwrap();
        pixels.iter().map(|part| f32::from(*part)).sum::<f32>() / pixels.len() as f32
    };
    frames.iter().map(bright).collect()
}

/// How often the mouth moved, by a good deal, from one frame to the next.
pub(crate) fn moves(openings: &[f32]) -> usize {
    let moved = |pair: &&[f32]| (pair[0] - pair[1]).abs() > 5.0;
    openings.windows(2).filter(moved).count()
}

/// It is speech, and the lips move with it. (That they rest in silence is seen where the SDK lays a
/// text along a sound; here the pauses are shorter than the scripted mouth takes to close.)
pub(crate) fn is_speech_with_lips(frames: &[Value], pcm: &[u8]) {
    is_speech(pcm);
    let sound = Sound::from_pcm(pcm, 24_000);
    let openings = openings(frames);
    let closed = openings.iter().copied().fold(f32::MAX, f32::min);
    let loud = |frame: &usize| {
        let at = *frame as f32 / 25.0;
        sound.rms_between(at, at + 0.04) > 0.03
    };
    let whole = (pcm.len() / 2 / 960).min(openings.len());
    let spoken: Vec<usize> = (0..whole).filter(loud).collect();
    let open: f32 = spoken.iter().map(|frame| openings[*frame] - closed).sum();
    let open = open / spoken.len().max(1) as f32;
    assert!(
        spoken.len() > 20 && open > 8.0,
        "{open} in {} frames",
        spoken.len()
    );
    let moves = moves(&openings);
    assert!(
        moves > spoken.len() / 4,
        "{moves} in {} frames: {openings:?}",
        spoken.len()
    );
}
