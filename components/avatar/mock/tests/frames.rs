//! The scripted face, run natively: the host takes frames, the face gives the next ones.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use avatar_mock::MockAvatar;
use futures::channel::mpsc;
use futures::executor::block_on;
use futures::{SinkExt, StreamExt, future};
use mock_kit::picture;
use tth_sdk::avatar::{Avatar, Correction, Event, Input, Render};
use tth_sdk::{
    CallContext, Control, Error, ErrorCode, Inputs, LoadConfig, Param, ParamValue, Sink,
    VideoCodec, VideoFrame, Viseme, VisemeMark,
};

fn load(settings: &str) -> Result<MockAvatar, Error> {
    block_on(MockAvatar::load(LoadConfig::of(settings)))
}

fn render() -> Render {
    Render {
        fps: 25,
        width: 128,
        height: 96,
        codecs: vec![VideoCodec::Jpeg],
    }
}

fn context() -> CallContext {
    CallContext::of("")
}

fn emotion(label: &str) -> Control {
    Control {
        params: vec![Param {
            name: "emotion".into(),
            value: ParamValue::Text(label.into()),
        }],
    }
}

fn aa(at: u64, duration_us: u32) -> Input {
    Input::Viseme(VisemeMark {
        at,
        duration_us,
        shape: Viseme::Aa,
        weight: 1.0,
    })
}

/// Give `script` (an item and the number of frames taken before it), take `count` frames, leave.
fn watch(
    settings: &str,
    script: Vec<(usize, Input)>,
    count: usize,
) -> (Vec<VideoFrame>, Result<(), Error>) {
    let mock = load(settings).unwrap();
    let (mut send, receive) = mpsc::channel(64);
    // No room beyond the sender's own place: the face is one frame ahead of its reader.
    let (sink, mut events) = Sink::channel(0);
    let call = mock.stream(
        Inputs::new(receive),
        render(),
        Control { params: vec![] },
        context(),
        sink,
    );
    let host = async move {
        let mut frames = Vec::new();
        let mut script = script.into_iter().peekable();
        while frames.len() < count {
            while let Some((_, item)) = script.next_if(|(after, _)| *after <= frames.len()) {
                send.send(item).await.unwrap();
            }
            match events.next().await {
                Some(Event::Frame(frame)) => frames.push(frame),
                Some(other) => panic!("{other:?}"),
                None => break,
            }
        }
        frames
    };
    let (ended, frames) = block_on(future::join(call, host));
    (frames, ended)
}

fn times(frames: &[VideoFrame]) -> Vec<u64> {
    frames.iter().map(|frame| frame.at).collect()
}

#[test]
fn frames_are_valid_pictures_of_the_asked_size() {
    let (frames, ended) = watch("{}", vec![], 30);
    ended.unwrap();
    assert_eq!(
        times(&frames),
        (0..30).map(|n| n * 40_000).collect::<Vec<u64>>()
    );
    for frame in &frames {
        assert_eq!(
            (frame.width, frame.height, frame.duration_us),
            (128, 96, 40_000)
        );
        assert!(frame.keyframe && frame.codec == VideoCodec::Jpeg);
        assert_eq!(frame.data.len(), 4096);
        assert_eq!(picture::size(&frame.data), Some((128, 96)));
    }
    let (large, _) = watch(r#"{"frame_bytes": 100001}"#, vec![], 1);
    assert_eq!(large[0].data.len(), 100_001);
}

#[test]
fn the_picture_follows_the_mouth_in_media_time() {
    let (frames, _) = watch("{}", vec![(0, aa(200_000, 160_000))], 14);
    let closed = &frames[0].data;
    let changed: Vec<u64> = frames
        .iter()
        .filter(|f| f.data != *closed)
        .map(|f| f.at)
        .collect();
    assert_eq!(changed.first(), Some(&200_000));
    assert!(*changed.last().unwrap() <= 200_000 + 160_000 + 120_000);
}

#[test]
fn the_same_inputs_give_the_same_frames() {
    let script = || {
        vec![
            (0, aa(80_000, 60_000)),
            (3, aa(160_000, 60_000)),
            (5, Input::Interrupt),
        ]
    };
    let data = |frames: Vec<VideoFrame>| {
        frames
            .into_iter()
            .map(|f| (f.at, f.data))
            .collect::<Vec<_>>()
    };
    assert!(data(watch("{}", script(), 12).0) == data(watch("{}", script(), 12).0));
}

#[test]
fn the_clapper_flashes_once() {
    let (frames, _) = watch(r#"{"clapper": true}"#, vec![(0, aa(1_000_000, 40_000))], 40);
    let dark = &frames[0].data;
    let white: Vec<u64> = frames
        .iter()
        .filter(|f| f.data != *dark)
        .map(|f| f.at)
        .collect();
    assert_eq!(white, [1_000_000]);
}

#[test]
fn an_interrupt_closes_the_mouth_and_idle_goes_on() {
    let (frames, ended) = watch("{}", vec![(0, aa(0, 2_000_000)), (5, Input::Interrupt)], 20);
    ended.unwrap();
    assert!(frames[0].data != frames[19].data);
    // 120 ms to close, and the frames that were under way when the interrupt came.
    assert!(frames[11..].iter().all(|f| f.data == frames[19].data));
}

#[test]
fn a_feeling_shows_at_once_and_a_correction_moves_the_clock() {
    let correct = |shift_us| Input::Correct(Correction { at: 0, shift_us });
    let script = vec![
        (2, Input::Control(emotion("joy"))),
        (6, correct(80_000)),
        (10, correct(-1_000_000)),
    ];
    let (frames, _) = watch("{}", script, 16);
    assert!(frames[0].data != frames[5].data);
    let at = times(&frames);
    assert!(at.windows(2).all(|pair| pair[0] < pair[1]), "{at:?}");
    let gaps: Vec<u64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(
        gaps.iter().filter(|gap| **gap == 120_000).count(),
        1,
        "{gaps:?}"
    );
    assert_eq!(gaps.iter().filter(|gap| **gap == 1).count(), 1, "{gaps:?}");
}

#[test]
fn the_call_ends_with_its_input() {
    let mock = load("{}").unwrap();
    let (sink, events) = Sink::channel(4);
    let input = Inputs::new(futures::stream::iter([Input::TurnEnd]));
    let call = mock.stream(input, render(), Control { params: vec![] }, context(), sink);
    let (ended, events) = block_on(future::join(call, events.collect::<Vec<_>>()));
    assert!(ended.is_ok() && events.is_empty());
}

#[test]
fn faults_strike_where_asked() {
    let (frames, ended) = watch(
        r#"{"fail": {"at": "frame", "after": 7, "code": "internal"}}"#,
        vec![],
        50,
    );
    assert_eq!(
        (frames.len(), ended.unwrap_err().code),
        (7, ErrorCode::Internal)
    );
    let (frames, ended) = watch(
        r#"{"fail": {"at": "start", "code": "timeout"}}"#,
        vec![],
        50,
    );
    assert_eq!(
        (frames.len(), ended.unwrap_err().code),
        (0, ErrorCode::Timeout)
    );
    assert!(load(r#"{"fail": {"at": "load"}}"#).is_err());
    assert_eq!(
        load(r#"{"frame_bytes": 99999999}"#).err().map(|e| e.code),
        Some(ErrorCode::InvalidConfig)
    );
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let mock = load("{}").unwrap();
    for (wrong, code) in [
        (
            Render {
                width: 0,
                height: 0,
                ..render()
            },
            ErrorCode::InvalidInput,
        ),
        (
            Render {
                codecs: vec![VideoCodec::Vp9],
                ..render()
            },
            ErrorCode::Unsupported,
        ),
    ] {
        let (sink, _events) = Sink::channel(1);
        let input = Inputs::new(futures::stream::pending());
        let call = mock.stream(input, wrong, Control { params: vec![] }, context(), sink);
        assert_eq!(block_on(call).unwrap_err().code, code);
    }
}
