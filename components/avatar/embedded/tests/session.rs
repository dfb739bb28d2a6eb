//! A session as the host drives it: inputs in, frames pulled one by one.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Helpers of tests fail like tests.

use avatar_embedded::{
    animator::{Animator, Change, Frame},
    look::Look,
    provider::Face,
};
use futures::{
    SinkExt, StreamExt,
    channel::mpsc,
    executor::block_on,
    future::{join, ready},
};
use tth_sdk::{
    AudioChunk, AudioFormat, CallContext, Control, Error, ErrorCode, Inputs, LoadConfig, Param,
    ParamValue, Sink, VideoCodec, VideoFrame, Viseme, VisemeMark,
    avatar::{Avatar, Correction, Event, Input, Render},
};

fn mark(at_ms: u64, ms: u32, shape: Viseme) -> VisemeMark {
    VisemeMark {
        at: at_ms * 1000,
        duration_us: ms * 1000,
        shape,
        weight: 1.0,
    }
}

fn animator() -> Animator {
    Animator::new(25, Animator::seed("a session"), Look::standard())
}

fn until(face: &mut Animator, ms: u64) -> Frame {
    loop {
        let frame = face.frame();
        if frame.tick.at >= ms * 1000 {
            return frame;
        }
    }
}

fn set(name: &str, value: ParamValue) -> Control {
    Control {
        params: vec![Param {
            name: name.into(),
            value,
        }],
    }
}

#[test]
fn the_mouth_is_in_step_with_the_visemes() {
    for vowel_at in [300u64, 333, 350, 1017] {
        let mut face = animator();
        face.viseme(mark(vowel_at - 80, 80, Viseme::Pp));
        face.viseme(mark(vowel_at, 140, Viseme::Aa));
        face.viseme(mark(vowel_at + 140, 80, Viseme::Pp));
        let frames: Vec<Frame> = (0..50).map(|_| face.frame()).collect();
        let widest = frames
            .iter()
            .max_by(|a, b| a.weights.aperture().total_cmp(&b.weights.aperture()))
            .unwrap();
        let middle = (vowel_at + 70) * 1000;
        assert!(widest.weights.aperture() > 12.0);
        assert!(
            widest.tick.at.abs_diff(middle) <= 40_000,
            "widest at {} for {middle}",
            widest.tick.at
        );
        // In the middle of each p a frame shows closed lips.
        let closed = frames
            .iter()
            .filter(|f| f.tick.at.abs_diff((vowel_at - 40) * 1000) <= 20_000);
        assert!(closed.clone().count() > 0 && closed.clone().all(|f| f.weights.aperture() < 1.0));
    }
}

#[test]
fn an_interrupt_closes_the_mouth_within_150_ms_and_life_goes_on() {
    let mut face = animator();
    for i in 0..40 {
        face.viseme(mark(
            100 + i * 120,
            120,
            if i % 2 == 0 { Viseme::Aa } else { Viseme::Oh },
        ));
    }
    let open = until(&mut face, 600);
    assert!(open.weights.aperture() > 10.0);
    face.interrupt();
    let mut last = open.tick.at;
    let mut ended = false;
    for _ in 0..100 {
        let frame = face.frame();
        assert!(frame.tick.at > last, "time never runs back");
        last = frame.tick.at;
        if frame.tick.at >= open.tick.at + 150_000 {
            assert!(
                frame.weights.aperture() < 1.5,
                "{} at {}",
                frame.weights.aperture(),
                frame.tick.at
            );
        }
        ended |= frame.change == Some(Change::Ended);
    }
    assert!(ended);
    // What comes after the interrupt is spoken.
    face.viseme(mark(last / 1000 + 200, 150, Viseme::Aa));
    assert!((0..15).any(|_| face.frame().weights.aperture() > 12.0));
}

#[test]
fn speech_is_announced_once_and_ends_after_a_pause() {
    let mut face = animator();
    for i in 0..10 {
        face.viseme(mark(400 + i * 100, 100, Viseme::E));
    }
    // A breath, not an end.
    face.viseme(mark(1600, 150, Viseme::Aa));
    let changes: Vec<(u64, Change)> = (0..100)
        .map(|_| face.frame())
        .filter_map(|f| f.change.map(|c| (f.tick.at, c)))
        .collect();
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert_eq!(
        (changes[0].1, changes[1].1),
        (Change::Started, Change::Ended)
    );
    assert!(
        changes[0].0.abs_diff(400_000) <= 80_000 && (1_750_000..2_400_000).contains(&changes[1].0),
        "{changes:?}"
    );
}

#[test]
fn a_correction_moves_video_time_by_exactly_its_shift() {
    let mut face = animator();
    let before = until(&mut face, 400).tick.at;
    face.correct(80_000);
    assert_eq!(face.frame().tick.at, before + 120_000);
    face.correct(-40_000);
    let held = face.frame().tick.at;
    assert!(
        held > before + 120_000 && held < before + 125_000,
        "held, not stopped: {held}"
    );
    assert_eq!(face.frame().tick.at, held + 40_000);
}

#[test]
fn a_feeling_arrives_within_a_few_frames() {
    let mut face = animator();
    let calm = until(&mut face, 1000).weights;
    face.control(&set("emotion", ParamValue::Text("surprise".into())));
    let first = face.frame().weights;
    let settled = until(&mut face, 1280).weights;
    assert!(
        settled.wide > 0.85 && calm.wide < 0.1,
        "{} {}",
        calm.wide,
        settled.wide
    );
    assert!(first.wide < 0.5, "not at once: {}", first.wide);
}

#[test]
fn wild_control_values_are_brought_into_range_or_refused() {
    let (mut plain, mut wild) = (animator(), animator());
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for name in ["intensity", "valence", "arousal", "expressivity", "motion"] {
            wild.control(&set(name, ParamValue::Number(value)));
        }
    }
    for (name, text) in [
        ("emotion", "bored"),
        ("look", "nobody"),
        ("shoe-size", "44"),
    ] {
        wild.control(&set(name, ParamValue::Text(text.into())));
    }
    wild.control(&set("motion", ParamValue::Flag(true)));
    for _ in 0..50 {
        assert_eq!(plain.frame().weights, wild.frame().weights);
    }
    plain.control(&set("motion", ParamValue::Number(2.0)));
    wild.control(&set("motion", ParamValue::Number(1e9)));
    for _ in 0..50 {
        assert_eq!(plain.frame().weights, wild.frame().weights);
    }
}

#[test]
fn a_face_that_waits_thinks_until_the_first_sound() {
    let mut face = animator();
    until(&mut face, 1000);
    face.turn_start();
    let gaze = until(&mut face, 1200).weights;
    assert!(gaze.look_y < -0.2, "up: {}", gaze.look_y);
    face.viseme(mark(1400, 300, Viseme::Aa));
    let back = until(&mut face, 1320).weights;
    assert!(
        back.look_y > gaze.look_y + 0.1,
        "back at the viewer: {}",
        back.look_y
    );
}

#[test]
fn audio_without_visemes_moves_head_and_brows_but_not_the_lips() {
    let (mut silent, mut loud) = (animator(), animator());
    let pcm = (0..32_000u32)
        .flat_map(|i| (((f64::from(i) * 0.2).sin() * 9000.0) as i16).to_le_bytes())
        .collect();
    loud.audio(&AudioChunk {
        at: 500_000,
        format: AudioFormat {
            sample_rate: 16_000,
            channels: 1,
        },
        pcm,
    });
    let (quiet, speaking) = (
        until(&mut silent, 700).weights,
        until(&mut loud, 700).weights,
    );
    assert!(
        speaking.brow_outer > quiet.brow_outer + 0.05,
        "{} {}",
        speaking.brow_outer,
        quiet.brow_outer
    );
    assert_eq!(speaking.jaw, quiet.jaw);
}

fn render(width: u32, height: u32, fps: u32, codecs: Vec<VideoCodec>) -> Render {
    Render {
        fps,
        width,
        height,
        codecs,
    }
}

fn context() -> CallContext {
    CallContext {
        session_id: "s-1".into(),
        turn_id: String::new(),
        language: "en".into(),
        first_output_budget_ms: 1000,
    }
}

fn load(settings: &str) -> Result<Face, Error> {
    block_on(Face::load(LoadConfig::of(settings)))
}

/// Runs a call; `feed` gives the inputs that the host sends after it has taken frame n.
fn play(
    render: Render,
    frames: usize,
    feed: impl Fn(usize) -> Vec<Input>,
) -> Result<Vec<VideoFrame>, Error> {
    let face = load("{}")?;
    let (mut inputs, waiting) = mpsc::channel(64);
    let (sink, mut events) = Sink::channel(0);
    let call = face.stream(
        Inputs::new(waiting),
        render,
        Control { params: vec![] },
        context(),
        sink,
    );
    let host = async move {
        let mut taken = Vec::new();
        while taken.len() < frames {
            match events.next().await {
                Some(Event::Frame(frame)) => taken.push(frame),
                Some(_) => continue,
                None => break,
            }
            for item in feed(taken.len() - 1) {
                inputs.send(item).await.unwrap();
            }
        }
        drop(inputs);
        // The call must end by itself now that its input has.
        events.for_each(|_| ready(())).await;
        taken
    };
    let (ended, taken) = block_on(join(call, host));
    ended.map(|()| taken)
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let feed = |n: usize| match n {
        2 => vec![
            Input::TurnStart(context()),
            Input::Control(set("emotion", ParamValue::Text("joy".into()))),
            Input::Viseme(mark(200, 100, Viseme::Aa)),
            Input::Viseme(mark(300, 100, Viseme::Ss)),
        ],
        8 => vec![Input::Interrupt],
        10 => vec![
            Input::Correct(Correction {
                at: 0,
                shift_us: 40_000,
            }),
            Input::Control(set("look", ParamValue::Text("lin".into()))),
        ],
        _ => vec![],
    };
    let once = play(render(96, 96, 25, vec![VideoCodec::Jpeg]), 15, feed).unwrap();
    let again = play(render(96, 96, 25, vec![VideoCodec::Jpeg]), 15, feed).unwrap();
    assert_eq!(once.len(), 15);
    for (a, b) in once.iter().zip(&again) {
        assert_eq!((a.at, &a.data), (b.at, &b.data));
    }
    assert_eq!(once[5].at, 200_000);
    assert_eq!(once[14].at, 600_000, "the correction counts");
    assert!(
        once.windows(2).all(|p| p[0].data != p[1].data),
        "never quite still"
    );
}

#[test]
fn the_first_codec_that_can_be_made_is_used() {
    let codec = |wanted: Vec<VideoCodec>| {
        play(render(64, 64, 25, wanted), 1, |_| vec![]).map(|frames| frames[0].codec)
    };
    assert_eq!(
        codec(vec![
            VideoCodec::Av1,
            VideoCodec::H264Annexb,
            VideoCodec::Jpeg
        ])
        .unwrap(),
        VideoCodec::H264Annexb
    );
    assert_eq!(codec(vec![VideoCodec::I420]).unwrap(), VideoCodec::I420);
    assert_eq!(codec(vec![]).unwrap(), VideoCodec::Jpeg);
    assert_eq!(
        codec(vec![VideoCodec::Vp9]).unwrap_err().code,
        ErrorCode::Unsupported
    );
}

#[test]
fn impossible_requests_are_refused_with_the_field_and_its_range() {
    for (request, field) in [
        (render(0, 64, 25, vec![]), "width"),
        (render(63, 64, 25, vec![]), "width"),
        (render(65, 64, 25, vec![]), "width"),
        (render(64, 1282, 25, vec![]), "height"),
        (render(64, u32::MAX, 25, vec![]), "height"),
        (render(64, 64, 0, vec![]), "fps"),
        (render(64, 64, 61, vec![]), "fps"),
    ] {
        let refused = play(request, 1, |_| vec![]).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidInput);
        assert!(refused.message.starts_with(field), "{}", refused.message);
    }
}

#[test]
fn settings_are_checked() {
    assert!(load(r#"{"look": "amara", "quality": 70}"#).is_ok());
    for (settings, hint) in [
        (r#"{"look": "nobody"}"#, "mira"),
        (r#"{"quality": 0}"#, "quality"),
        (r#"{"quality": 101}"#, "quality"),
        (r#"{"lok": "mira"}"#, "lok"),
        ("not json", "settings"),
    ] {
        let refused = load(settings).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidConfig);
        assert!(refused.message.contains(hint), "{}", refused.message);
    }
}

#[test]
fn h264_starts_anew_after_an_interrupt() {
    let frames = play(render(64, 64, 25, vec![VideoCodec::H264Annexb]), 12, |n| {
        if n == 4 {
            vec![Input::Interrupt]
        } else {
            vec![]
        }
    });
    let keys: Vec<usize> = frames
        .unwrap()
        .iter()
        .enumerate()
        .filter(|(_, f)| f.keyframe)
        .map(|(i, _)| i)
        .collect();
    assert!(
        keys.len() == 2 && keys[0] == 0 && (5..=7).contains(&keys[1]),
        "{keys:?}"
    );
}
