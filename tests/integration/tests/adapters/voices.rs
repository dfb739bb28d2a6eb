//! What all voices are tested with that are asked by one HTTP request for each utterance.

use crate::{LIMIT, of, open, start};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tth_simulators::speech::Speech;
use tth_simulators::{Fault, Received, Script, Simulator, Vendor};
use tth_tests::sound::Sound;
use tth_tests::{Server, Stream, Track, data};

pub(crate) type Env = Vec<(String, String)>;

/// Two sentences; the first has a clause that is spoken early.
pub(crate) const TWO: &str = "The morning train was late again, so we had to wait for it. \
    We walked along the river instead.";

/// A voice and its double.
pub(crate) struct Voice {
    pub(crate) id: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) vendor: Vendor,
    /// What `base_url` has behind the double's origin.
    pub(crate) below: &'static str,
    /// The key that the double wants, and the variable that has it.
    pub(crate) key: Option<(&'static str, &'static str)>,
}

impl Voice {
    fn script(&self) -> Script {
        Script {
            key: self.key.map(|(_, key)| key.to_owned()),
            ..Script::default()
        }
    }

    pub(crate) fn double(&self) -> Simulator {
        self.double_with(self.script())
    }

    pub(crate) fn double_with(&self, script: Script) -> Simulator {
        // Loads the voice of the doubles: nobody's budget is to run for that.
        Speech::of("Hello.");
        Simulator::start(self.vendor, script).unwrap()
    }

    /// Scripted mind and face, and the double as the voice; the scripted voice stands by. `more` are
    /// parts of the provider's block.
    pub(crate) fn env(&self, double: &Simulator, more: &[(&str, &str)]) -> Env {
        let origin = double.origin();
        let block = format!("TTH__PROVIDERS__{}__", self.id.to_uppercase());
        let own = |name: &str, value: String| (format!("{block}{name}"), value);
        let mut env = vec![
            own("SETTINGS__BASE_URL", format!("{origin}{}", self.below)),
            own("ALLOW__HOSTS", format!("[\"{origin}\"]")),
        ];
        env.extend(
            more.iter()
                .map(|(name, value)| own(name, (*value).to_owned())),
        );
        let chain = [
            ("TTH__COMPONENTS__TTS__MODE", self.mode),
            ("TTH__COMPONENTS__TTS__PRIMARY", self.id),
            ("TTH__COMPONENTS__TTS__FALLBACK", "[mock_tts]"),
        ];
        let chain = chain.into_iter().chain(self.key);
        env.extend(chain.map(|(name, value)| (name.to_owned(), value.to_owned())));
        env
    }

    pub(crate) fn server(&self, double: &Simulator, more: &[(&str, &str)]) -> Server {
        start("mock", &self.env(double, more))
    }
}

pub(crate) fn say(stream: &mut Stream, text: &str) {
    let event = json!({"type": "user_text", "text": text, "mode": "say"});
    stream.send(&event).unwrap();
}

/// A turn in which a text is spoken: all its events.
pub(crate) fn said(stream: &mut Stream, text: &str) -> Vec<Value> {
    say(stream, text);
    stream.until_without_returns("turn_ended", LIMIT).unwrap()
}

/// A turn that the voice spoke itself, and to its end.
pub(crate) fn all_is_well(stream: &mut Stream) -> Vec<u8> {
    let events = said(stream, "And now it works again.");
    assert!(of(&events, "provider_switched").is_empty(), "{events:?}");
    assert_eq!(events.last().unwrap()["reason"], "completed");
    Track::of(&events).unwrap().pcm()
}

/// A text spoken into a file; the frames, and the samples.
pub(crate) fn file(server: &Server, text: &str) -> (Vec<Value>, Vec<u8>) {
    let body = json!({"text": text, "mode": "say", "format": "json"});
    let (status, answer) = server.call("POST", "/v1/generate", Some(&body)).unwrap();
    assert_eq!(status, 200, "{answer}");
    let frames = answer["video"]["frames"].as_array().unwrap().clone();
    assert_eq!(answer["audio"]["sample_rate"], 24_000);
    let wav = data(&answer["audio"]).unwrap();
    (frames, wav[44..].to_vec())
}

/// What the double says to these texts, at the rate of the host.
pub(crate) fn speech(texts: &[&str]) -> Vec<u8> {
    texts
        .iter()
        .flat_map(|text| Speech::of(text).bytes(24_000))
        .collect()
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

/// It is speech, and the lips move with it. (That they rest in silence is seen where the SDK lays a
/// text along a sound; here the pauses are shorter than the scripted mouth takes to close.)
pub(crate) fn is_speech_with_lips(frames: &[Value], pcm: &[u8]) {
    let sound = Sound::from_pcm(pcm, 24_000);
    let measure = sound.measure();
    assert!(measure.voiced > 0.3 && measure.rms > 0.01, "{measure:?}");
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
    let moves = openings
        .windows(2)
        .filter(|pair| (pair[0] - pair[1]).abs() > 5.0);
    let moves = moves.count();
    assert!(
        moves > spoken.len() / 4,
        "{moves} in {} frames: {openings:?}",
        spoken.len()
    );
}

/// A turn that the stand-in had to speak: why.
pub(crate) fn replaced(stream: &mut Stream, id: &str) -> String {
    let events = said(stream, "Hello, is anybody there?");
    assert_eq!(events.last().unwrap()["reason"], "completed");
    let switched = of(&events, "provider_switched");
    assert_eq!(switched.len(), 1, "{switched:?}");
    assert_eq!(
        (&switched[0]["from"], &switched[0]["to"]),
        (&json!(id), &json!("mock_tts"))
    );
    let reason = switched[0]["reason"].as_str().unwrap().to_owned();
    assert!(
        !reason.contains("scripted"),
        "not the vendor's words: {reason}"
    );
    reason
}

/// Each fault before the first sound has its code, and the next turn works.
pub(crate) fn what_fails_early_is_replaced(voice: &Voice, faults: &[(Fault, &str)]) {
    let double = voice.double();
    let server = voice.server(&double, &[("BUDGETS__FIRST_OUTPUT_MS", "1500")]);
    let mut stream = open(&server, &json!({}));
    for (fault, code) in faults {
        double.once(fault.clone());
        let reason = replaced(&mut stream, voice.id);
        assert!(reason.contains(code), "{fault:?}: {reason}");
    }
    all_is_well(&mut stream);
}

/// What fails after some sound keeps it, and tells.
pub(crate) fn what_fails_late_is_told(voice: &Voice, faults: &[(Fault, &str)], text: &str) {
    let double = voice.double();
    let server = voice.server(&double, &[("BUDGETS__GAP_MS", "1500")]);
    let mut stream = open(&server, &json!({}));
    for (fault, code) in faults {
        double.once(fault.clone());
        let events = said(&mut stream, text);
        assert!(of(&events, "audio_chunk").len() > 5, "{fault:?}");
        let told = events.iter().find(|event| {
            let kind = &event["type"];
            event["stage"] == "tts" && (kind == "error" || kind == "provider_switched")
        });
        let told = told.unwrap_or_else(|| panic!("{fault:?}: nothing was told: {events:?}"));
        assert!(told.to_string().contains(code), "{fault:?}: {told}");
    }
    all_is_well(&mut stream);
}

/// An interrupt closes the request, whether its head has come or not.
pub(crate) fn an_interrupt_is_seen(voice: &Voice, text: &str) {
    let double = voice.double();
    let patient = [
        ("BUDGETS__GAP_MS", "50000"),
        ("BUDGETS__FIRST_OUTPUT_MS", "50000"),
    ];
    let server = voice.server(&double, &patient);
    let mut stream = open(&server, &json!({}));
    for (fault, said) in [(Fault::Stall(1), 1), (Fault::SlowHead(50_000), 0)] {
        let before = double.aborted();
        double.once(fault.clone());
        say(&mut stream, text);
        let silent =
            |one: &Received| one.body != Value::Null && one.said == said && one.ended.is_none();
        assert!(
            double.wait(LIMIT, |all| all.iter().any(silent)),
            "{fault:?}"
        );
        // By then the adapter, too, has nothing to do but to wait.
        stream.send(&json!({"type": "ping"})).unwrap();
        stream.until("pong", LIMIT).unwrap();
        let since = Instant::now();
        stream.send(&json!({"type": "interrupt"})).unwrap();
        let events = stream.until("turn_ended", LIMIT).unwrap();
        assert_eq!(events.last().unwrap()["reason"], "interrupted");
        let over = |all: &[Received]| all.iter().all(|one| one.ended.is_some());
        assert!(double.wait(LIMIT, over), "{fault:?}: it was never closed");
        let ended = double.asked().last().unwrap().ended.unwrap().at;
        let took = ended.saturating_duration_since(since);
        eprintln!(
            "{}: {fault:?}: the double saw its client leave after {took:?}",
            voice.id
        );
        assert!(took < Duration::from_secs(5), "{fault:?}: {took:?}");
        assert_eq!(double.aborted(), before + 1);
    }
    all_is_well(&mut stream);
}

/// A host that is not allowed is never asked.
pub(crate) fn a_forbidden_host_is_not_asked(voice: &Voice) {
    let double = voice.double();
    let mut env = voice.env(&double, &[]);
    env.retain(|(name, _)| !name.ends_with("ALLOW__HOSTS"));
    let server = start("mock", &env);
    let reason = replaced(&mut open(&server, &json!({})), voice.id);
    assert!(reason.contains("invalid_config"), "{reason}");
    assert!(reason.contains("allow.hosts"), "{reason}");
    assert!(double.requests().is_empty());
}
