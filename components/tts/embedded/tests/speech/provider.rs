//! The voice behind the contract: order of events, controls in band, cancelling, any text.

use futures::StreamExt;
use futures::executor::block_on;
use tth_sdk::tts::{Event, Input, Tts};
use tth_sdk::{
    CallContext, Control, ErrorCode, Inputs, LoadConfig, Param, ParamDomain, ParamValue, Sink,
};
use tts_embedded::EmbeddedVoice;

fn load(settings: &str) -> Result<EmbeddedVoice, tth_sdk::Error> {
    let config = LoadConfig::of(settings);
    block_on(EmbeddedVoice::load(config))
}

fn context() -> CallContext {
    CallContext::of("t")
}

fn control(params: Vec<(&str, ParamValue)>) -> Control {
    let param = |(name, value): (&str, ParamValue)| Param {
        name: name.to_owned(),
        value,
    };
    Control {
        params: params.into_iter().map(param).collect(),
    }
}

fn run(inputs: Vec<Input>) -> Vec<Event> {
    let voice = load("{}").unwrap();
    let (sink, events) = Sink::channel(8);
    let inputs = Inputs::new(futures::stream::iter(inputs));
    let call = voice.stream(inputs, control(vec![]), context(), sink);
    let (ended, events) = block_on(async { futures::join!(call, events.collect::<Vec<_>>()) });
    ended.unwrap();
    events
}

fn say(text: &str) -> Input {
    Input::Utterance(text.to_owned())
}

fn audio_us(events: &[Event]) -> u64 {
    let bytes = |e: &Event| {
        if let Event::Audio(a) = e {
            a.pcm.len() as u64
        } else {
            0
        }
    };
    events.iter().map(bytes).sum::<u64>() * 1_000_000 / 48_000
}

#[test]
fn utterances_end_in_order_and_share_one_timeline() {
    let events = run(vec![say("One here."), say(""), say("And two.")]);
    let ends: Vec<u32> = events
        .iter()
        .filter_map(|e| {
            if let Event::UtteranceEnd(n) = e {
                Some(*n)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(ends, [0, 1, 2]);
    assert!(matches!(events.last(), Some(Event::UtteranceEnd(2))));
    let mut now = 0;
    for event in &events {
        if let Event::Audio(chunk) = event {
            assert!(chunk.at.abs_diff(now) <= 1, "{} instead of {now}", chunk.at);
            now = chunk.at + chunk.pcm.len() as u64 * 1_000_000 / 48_000;
        }
    }
}

#[test]
fn marks_come_before_their_sound_and_the_first_window_is_short() {
    let events = run(vec![say("This is a sentence of about ten words, I think.")]);
    let first_audio = events
        .iter()
        .position(|e| matches!(e, Event::Audio(_)))
        .unwrap();
    assert!(
        events[..first_audio]
            .iter()
            .any(|e| matches!(e, Event::Viseme(_)))
    );
    assert!(
        events[..first_audio]
            .iter()
            .any(|e| matches!(e, Event::TextMark(_)))
    );
    let mut heard = 0;
    for event in &events {
        match event {
            Event::Audio(chunk) => heard = chunk.at,
            // a mark for what has already been sent would come too late
            Event::Viseme(mark) => assert!(mark.at >= heard, "{mark:?} after audio at {heard}"),
            _ => {}
        }
    }
}

#[test]
fn controls_hold_from_where_they_stand() {
    let slow = || Input::Control(control(vec![("rate", ParamValue::Number(0.5))]));
    let text = || say("The same words again.");
    let normal = audio_us(&run(vec![text()]));
    let halved = audio_us(&run(vec![slow(), text()]));
    let both = audio_us(&run(vec![text(), slow(), text()]));
    assert!(halved as f64 > 1.7 * normal as f64, "{normal} {halved}");
    assert!(
        both > normal + halved && both < normal + halved + 800_000,
        "{normal} {halved} {both}"
    );
}

#[test]
fn any_control_is_survived() {
    let wild = vec![
        ("rate", ParamValue::Number(f64::NAN)),
        ("pitch", ParamValue::Number(1e300)),
        ("range", ParamValue::Flag(true)),
        ("emotion", ParamValue::Text("hunger".to_owned())),
        ("voice", ParamValue::Text(String::new())),
        ("loudness", ParamValue::Number(-1e9)),
    ];
    assert!(
        audio_us(&run(vec![
            Input::Control(control(wild)),
            say("Still here.")
        ])) > 300_000
    );
}

#[test]
fn unspeakable_text_is_a_short_silence() {
    for text in ["", " \n\t", "😀", "漢字", "\u{202e}\u{0}\u{7}", "…!?"] {
        let events = run(vec![say(text)]);
        assert!((10_000..100_000).contains(&audio_us(&events)), "{text:?}");
        assert!(
            matches!(events.last(), Some(Event::UtteranceEnd(0))),
            "{text:?}"
        );
    }
    let smileys = "😀".repeat(25_000);
    assert!(audio_us(&run(vec![say(&smileys)])) < 100_000);
}

#[test]
fn a_closed_sink_ends_the_call_at_once() {
    let voice = load("{}").unwrap();
    let (sink, mut events) = Sink::channel(1);
    let endless = futures::stream::repeat_with(|| say("This goes on and on. "));
    let long = "word ".repeat(20_000);
    let inputs = Inputs::new(futures::stream::iter([say(&long)]).chain(endless));
    let call = voice.stream(inputs, control(vec![]), context(), sink);
    let leave = async {
        while let Some(event) = events.next().await {
            if matches!(event, Event::Audio(_)) {
                break;
            }
        }
        drop(events);
    };
    let (ended, ()) = block_on(async { futures::join!(call, leave) });
    assert!(ended.is_ok());
}

#[test]
fn settings_are_checked() {
    assert!(load(r#"{"voice": "low", "seed": 7}"#).is_ok());
    for wrong in [
        r#"{"voice": "tenor"}"#,
        r#"{"vioce": "low"}"#,
        r#"{"seed": -1}"#,
    ] {
        let error = load(wrong).err().unwrap();
        assert_eq!(error.code, ErrorCode::InvalidConfig, "{wrong}");
    }
}

#[test]
fn the_parameters_are_declared() {
    let info = EmbeddedVoice::info();
    let follows: Vec<&str> = info
        .params
        .iter()
        .filter_map(|p| p.follows.as_deref())
        .collect();
    for control in [
        "character.speech-rate",
        "character.pitch-shift",
        "emotion.label",
    ] {
        assert!(follows.contains(&control), "{control}");
    }
    for param in &info.params {
        if let ParamDomain::Number((low, high, default)) = &param.domain {
            assert!(low <= default && default <= high, "{}", param.name);
        }
    }
    block_on(load("").unwrap().warmup()).unwrap();
}
