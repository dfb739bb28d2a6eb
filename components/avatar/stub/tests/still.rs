//! The still face, run natively.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use avatar_stub::StubAvatar;
use base64::Engine;
use futures::channel::mpsc;
use futures::executor::block_on;
use futures::{FutureExt, StreamExt, future};
use mock_kit::picture;
use tth_sdk::avatar::{Avatar, Event, Input, Render};
use tth_sdk::{
    CallContext, Control, Error, ErrorCode, Inputs, LoadConfig, Param, ParamValue, Sink,
    VideoCodec, VideoFrame,
};

fn load(settings: &str) -> Result<StubAvatar, Error> {
    block_on(StubAvatar::load(LoadConfig::of(settings)))
}

fn look(name: &str) -> Control {
    Control {
        params: vec![Param {
            name: "look".into(),
            value: ParamValue::Text(name.into()),
        }],
    }
}

fn frames(settings: &str, render: Render, control: Control, count: usize) -> Vec<VideoFrame> {
    let stub = load(settings).unwrap();
    let (sink, events) = Sink::channel(0);
    let context = CallContext::of("");
    let call = stub.stream(
        Inputs::new(futures::stream::pending()),
        render,
        control,
        context,
        sink,
    );
    let host = events.take(count).collect::<Vec<_>>();
    let (_, events) = block_on(future::join(call, host));
    let frame = |event| match event {
        Event::Frame(frame) => frame,
        other => panic!("{other:?}"),
    };
    events.into_iter().map(frame).collect()
}

fn render(width: u32, height: u32) -> Render {
    Render {
        fps: 30,
        width,
        height,
        codecs: vec![VideoCodec::Jpeg],
    }
}

#[test]
fn it_keeps_the_pace_of_a_live_face_and_nothing_moves() {
    let got = frames("{}", render(128, 128), look(""), 31);
    assert_eq!((got[0].at, got[1].at, got[30].at), (0, 33_333, 1_000_000));
    assert!(
        got.iter()
            .all(|f| f.keyframe && f.duration_us == 33_333 && f.data == got[0].data)
    );
}

#[test]
fn it_is_drawn_at_any_size() {
    for (width, height) in [(64, 64), (384, 384), (1280, 720), (64, 1280)] {
        let frame = &frames("{}", render(width, height), look(""), 1)[0];
        let size = (width as u16, height as u16);
        assert_eq!(
            (picture::size(&frame.data), (frame.width, frame.height)),
            (Some(size), size)
        );
        // A flat picture is little more than its headers: something is drawn.
        let grey = vec![200; (width * height * 3) as usize];
        let flat = picture::jpeg(&grey, width, height, 80).unwrap().len();
        assert!(
            frame.data.len() > flat + 256,
            "{} against {flat}",
            frame.data.len()
        );
    }
}

#[test]
fn looks_differ_and_stay() {
    let one = |name| frames("{}", render(96, 96), look(name), 1)[0].data.clone();
    assert!(one("ada") == one("ada"));
    assert!(
        ["ada", "ben", "cleo", "dev", "eve"]
            .map(one)
            .windows(2)
            .any(|pair| pair[0] != pair[1])
    );
}

#[test]
fn the_operators_own_picture_is_shown_as_it_is() {
    let own = picture::flat([9, 9, 200], 80, 48).unwrap();
    let text = base64::engine::general_purpose::STANDARD.encode(&own);
    let settings = serde_json::json!({ "image_base64": text }).to_string();
    let frame = &frames(&settings, render(384, 384), look(""), 1)[0];
    assert!(frame.data == own);
    assert_eq!((frame.width, frame.height), (80, 48));
}

#[test]
fn what_is_no_picture_is_refused_when_loading() {
    let gif = base64::engine::general_purpose::STANDARD.encode(b"GIF89a");
    for (text, word) in [("%%%", "base64"), (gif.as_str(), "JPEG"), ("", "JPEG")] {
        let settings = serde_json::json!({ "image_base64": text }).to_string();
        let error = load(&settings).err().unwrap();
        assert_eq!(error.code, ErrorCode::InvalidConfig);
        assert!(error.message.contains(word), "{}", error.message);
    }
}

#[test]
fn it_ends_with_its_input() {
    let stub = load("{}").unwrap();
    let (send, receive) = mpsc::channel::<Input>(1);
    drop(send);
    let (sink, _events) = Sink::channel(1);
    let context = CallContext {
        session_id: String::new(),
        turn_id: String::new(),
        language: "en".into(),
        first_output_budget_ms: 1,
    };
    let call = stub.stream(
        Inputs::new(receive),
        render(64, 64),
        look(""),
        context,
        sink,
    );
    assert!(matches!(block_on(async { call.fuse().await }), Ok(())));
}
