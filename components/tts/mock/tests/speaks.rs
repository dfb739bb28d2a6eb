//! The scripted voice, run natively.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use futures::executor::block_on;
use futures::{FutureExt, StreamExt, future, stream};
use tth_sdk::tts::{Event, Input, Tts};
use tth_sdk::{
    AudioChunk, CallContext, Control, Error, ErrorCode, Inputs, LoadConfig, Param, ParamValue,
    Sink, TextMark, Viseme, VisemeMark,
};
use tts_mock::MockTts;

fn load(settings: &str) -> Result<MockTts, Error> {
    block_on(MockTts::load(LoadConfig::of(settings)))
}

fn context() -> CallContext {
    CallContext::of("t")
}

fn control(params: &[(&str, f64)]) -> Control {
    let param = |(name, n): &(&str, f64)| Param {
        name: (*name).into(),
        value: ParamValue::Number(*n),
    };
    Control {
        params: params.iter().map(param).collect(),
    }
}

fn run(settings: &str, input: Vec<Input>, control: Control) -> (Vec<Event>, Result<(), Error>) {
    let mock = load(settings).unwrap();
    let (sink, events) = Sink::channel(4);
    let call = mock.stream(Inputs::new(stream::iter(input)), control, context(), sink);
    let (ended, events) = block_on(future::join(call, events.collect()));
    (events, ended)
}

fn say(settings: &str, texts: &[&str]) -> Vec<Event> {
    let input = texts
        .iter()
        .map(|text| Input::Utterance((*text).into()))
        .collect();
    let (events, ended) = run(settings, input, control(&[]));
    ended.unwrap();
    events
}

fn audio(events: &[Event]) -> Vec<&AudioChunk> {
    events
        .iter()
        .filter_map(|e| {
            if let Event::Audio(a) = e {
                Some(a)
            } else {
                None
            }
        })
        .collect()
}

fn visemes(events: &[Event]) -> Vec<&VisemeMark> {
    events
        .iter()
        .filter_map(|e| {
            if let Event::Viseme(v) = e {
                Some(v)
            } else {
                None
            }
        })
        .collect()
}

fn words(events: &[Event]) -> Vec<&TextMark> {
    events
        .iter()
        .filter_map(|e| {
            if let Event::TextMark(t) = e {
                Some(t)
            } else {
                None
            }
        })
        .collect()
}

fn samples(events: &[Event]) -> Vec<i16> {
    let bytes = audio(events)
        .into_iter()
        .flat_map(|chunk| chunk.pcm.clone())
        .collect::<Vec<u8>>();
    bytes
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

fn rms(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    (sum / samples.len().max(1) as f64).sqrt()
}

/// Rising zero crossings a second, measured where the tone is loud.
fn pitch(samples: &[i16], rate: f64) -> f64 {
    let loud = &samples[2400..9600];
    let rises = loud.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
    rises as f64 * rate / loud.len() as f64
}

#[test]
fn sound_is_contiguous_and_as_long_as_the_text() {
    let events = say("{}", &["Hello there, friend.", "And again!"]);
    let chunks = audio(&events);
    let mut at = 0;
    for chunk in &chunks {
        assert_eq!(chunk.at, at);
        assert_eq!(
            (chunk.format.sample_rate, chunk.format.channels),
            (24_000, 1)
        );
        at += chunk.duration_us();
    }
    // 20 letters, one comma of two and one full stop of four; 10 letters with one mark of four.
    assert_eq!(at, (20 + 1 + 3) * 60_000 + (10 + 3) * 60_000);
    assert!(matches!(events.last(), Some(Event::UtteranceEnd(1))));
}

#[test]
fn marks_give_back_the_text_and_come_before_their_sound() {
    let text = "  Hello there,\n friend. \u{1f600} ok ";
    let events = say("{}", &[text, "more"]);
    let all: String = words(&events)
        .iter()
        .map(|mark| mark.text.as_str())
        .collect();
    assert_eq!(all, format!("{text}more"));
    assert_eq!(words(&events)[0].text, "  Hello ");

    let first_sound = events
        .iter()
        .position(|e| matches!(e, Event::Audio(_)))
        .unwrap();
    let end = events
        .iter()
        .position(|e| matches!(e, Event::UtteranceEnd(0)))
        .unwrap();
    assert!(first_sound > 0);
    assert!(
        events[first_sound..end]
            .iter()
            .all(|e| matches!(e, Event::Audio(_)))
    );

    for marks in [
        words(&events)
            .iter()
            .map(|m| (m.at, m.duration_us))
            .collect::<Vec<_>>(),
        visemes(&events)
            .iter()
            .map(|m| (m.at, m.duration_us))
            .collect(),
    ] {
        for pair in marks.windows(2) {
            assert_eq!(
                pair[0].0 + u64::from(pair[0].1),
                pair[1].0,
                "marks follow each other"
            );
        }
        let (at, length) = marks[marks.len() - 1];
        let sound = audio(&events)
            .last()
            .map(|c| c.at + c.duration_us())
            .unwrap();
        assert_eq!(at + u64::from(length), sound);
    }
}

#[test]
fn mouth_shapes_follow_the_letters() {
    let events = say("{}", &["pat."]);
    let shapes: Vec<Viseme> = visemes(&events).iter().map(|mark| mark.shape).collect();
    assert_eq!(shapes, [Viseme::Pp, Viseme::Aa, Viseme::Dd, Viseme::Sil]);
}

#[test]
fn it_is_heard_and_rests_at_the_end() {
    let events = say("{}", &["aaaaaaaaaaaaaaaa."]);
    let sound = samples(&events);
    assert!(
        rms(&sound[4800..19_200]) > 1500.0,
        "{}",
        rms(&sound[4800..19_200])
    );
    assert!(rms(&sound[sound.len() - 2400..]) < 5.0);
}

#[test]
fn pitch_and_rate_are_followed() {
    let speak = |params: &[(&str, f64)]| {
        let input = vec![Input::Utterance("aaaaaaaaaaaa".into())];
        let (events, ended) = run("{}", input, control(params));
        ended.unwrap();
        samples(&events)
    };
    let plain = speak(&[]);
    let octave = speak(&[("pitch", 12.0)]);
    let ratio = pitch(&octave, 24_000.0) / pitch(&plain, 24_000.0);
    assert!((ratio - 2.0).abs() < 0.1, "{ratio}");
    let fast = speak(&[("rate", 2.0)]);
    assert_eq!(fast.len() * 2, plain.len());
}

#[test]
fn a_control_holds_from_the_next_utterance() {
    let input = vec![
        Input::Utterance("aaaa".into()),
        Input::Control(control(&[("rate", 2.0)])),
        Input::Utterance("aaaa".into()),
    ];
    let (events, _) = run("{}", input, control(&[]));
    let lengths: Vec<u32> = words(&events).iter().map(|mark| mark.duration_us).collect();
    assert_eq!(lengths, [240_000, 120_000]);
}

#[test]
fn the_clapper_beeps_on_the_second_with_the_mouth() {
    let events = say(r#"{"clapper": true}"#, &["one", "two"]);
    let sound = samples(&events);
    assert_eq!(sound.len(), 12 * 24_000);
    let marks = visemes(&events);
    let at: Vec<u64> = marks.iter().map(|mark| mark.at).collect();
    assert_eq!(at, (1..12).map(|s| s * 1_000_000).collect::<Vec<u64>>());
    assert!(
        marks
            .iter()
            .all(|m| m.shape == Viseme::Aa && m.weight == 1.0 && m.duration_us == 40_000)
    );
    for second in 1..12 {
        let start = second * 24_000;
        assert!(sound[start] > 20_000, "loud from its first sample");
        assert!(sound[start - 12_000..start].iter().all(|s| *s == 0));
        assert!(sound[start + 960..start + 12_000].iter().all(|s| *s == 0));
        let rises = sound[start..start + 960]
            .windows(2)
            .filter(|w| w[0] < 0 && w[1] >= 0)
            .count();
        assert!((39..=41).contains(&rises), "{rises} periods in 40 ms");
    }
}

#[test]
fn text_that_cannot_be_spoken_ends_all_the_same() {
    for text in [
        "",
        "   \n",
        "\u{202e}\u{0007}",
        "\u{1f600}\u{1f600}",
        "\u{3053}\u{3093}\u{3002}",
    ] {
        let events = say("{}", &[text]);
        assert!(
            matches!(events.last(), Some(Event::UtteranceEnd(0))),
            "{text:?}"
        );
    }
    assert_eq!(say("{}", &["  "]).len(), 1);
    let long = "word ".repeat(20_000);
    let events = say(r#"{"ms_per_char": 1}"#, &[&long]);
    assert_eq!(words(&events).len(), 20_000);
}

#[test]
fn delays_are_asked_for_once_and_for_each_chunk() {
    mock_kit::delay::take_waited_ms();
    let events = say(r#"{"first_delay_ms": 300, "chunk_delay_ms": 7}"#, &["hi"]);
    assert_eq!(audio(&events).len(), 6);
    assert_eq!(mock_kit::delay::take_waited_ms(), 300 + 5 * 7);
}

#[test]
fn faults_strike_where_asked() {
    let load_fails = load(r#"{"fail": {"at": "load", "code": "invalid-config"}}"#);
    assert_eq!(
        load_fails.err().map(|e| e.code),
        Some(ErrorCode::InvalidConfig)
    );
    let hello = || vec![Input::Utterance("hello".into())];
    let start = r#"{"fail": {"at": "start", "code": "rate_limited", "retry_after_ms": 5}}"#;
    let (events, ended) = run(start, hello(), control(&[]));
    let error = ended.unwrap_err();
    assert_eq!(
        (events.len(), error.code, error.retry_after_ms),
        (0, ErrorCode::RateLimited, Some(5))
    );
    let middle = r#"{"fail": {"at": "chunk", "after": 3}}"#;
    let (events, ended) = run(middle, hello(), control(&[]));
    assert_eq!(
        (audio(&events).len(), ended.unwrap_err().code),
        (3, ErrorCode::Unavailable)
    );
}

#[test]
fn a_stall_sends_so_much_and_no_more() {
    let mock = load(r#"{"stall_after": 2}"#).unwrap();
    let (sink, events) = Sink::channel(1000);
    let input = Inputs::new(stream::iter([Input::Utterance("hello".into())]));
    let call = mock.stream(input, control(&[]), context(), sink);
    assert!(call.now_or_never().is_none());
    // The call was dropped with the poll, and its sink with it: what it had sent is here.
    assert_eq!(audio(&block_on(events.collect::<Vec<_>>())).len(), 2);
}

#[test]
fn it_stops_when_the_reader_leaves() {
    let mock = load("{}").unwrap();
    let (sink, mut events) = Sink::channel(1);
    let input = Inputs::new(
        stream::iter([Input::Utterance("hello there".into())]).chain(stream::pending()),
    );
    let call = mock.stream(input, control(&[]), context(), sink);
    let leave = async move {
        assert!(events.next().await.is_some());
    };
    assert!(block_on(future::join(call, leave)).0.is_ok());
}

#[test]
fn wrong_settings_are_named() {
    for (settings, word) in [
        (r#"{"chunk_ms": 0}"#, "chunk_ms"),
        (r#"{"sample_rate": 100}"#, "sample_rate"),
        (r#"{"ms_per_char": -1}"#, "ms_per_char"),
        (r#"{"voice": "x"}"#, "voice"),
        (r#"{"fail": {"code": "nonsense"}}"#, "nonsense"),
    ] {
        let error = load(settings).err().unwrap();
        assert_eq!(error.code, ErrorCode::InvalidConfig);
        assert!(error.message.contains(word), "{}", error.message);
    }
}
