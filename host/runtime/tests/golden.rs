//! The embedded face as it looks when it runs in the sandbox: every look, smiling and saying "ah",
//! held against pictures that somebody has looked at. `TTH_UPDATE_GOLDEN=1` takes new ones.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use common::*;
use futures::{SinkExt, StreamExt};
use std::path::{Path, PathBuf};
use tth_core::controls::{ParamValue, Render};
use tth_core::media::{VideoCodec, Viseme, VisemeMark};
use tth_core::provider::{AvatarEvent, AvatarInput, Control};
use zune_jpeg::zune_core::bytestream::ZCursor;

/// The frame that is looked at: a second in, the mood has settled and the mouth is open.
const FRAME: usize = 25;
/// Mean difference of a colour value, of 255, that rounding may make on another machine.
const TOLERANCE: f64 = 1.5;

fn pixels(jpeg: &[u8]) -> Vec<u8> {
    zune_jpeg::JpegDecoder::new(ZCursor::new(jpeg))
        .decode()
        .unwrap()
}

fn golden(look: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{look}.jpg"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_look_is_as_it_was_seen() {
    let runtime = runtime();
    let avatar = runtime.load_avatar(spec("avatar-embedded")).await.unwrap();
    let mut different = Vec::new();
    for look in ["mira", "theo", "amara", "lin", "ravi"] {
        let text = |name: &str, value: &str| (name.into(), ParamValue::Text(value.into()));
        let control = Control {
            params: vec![text("look", look), text("emotion", "joy")],
        };
        let render = Render {
            width: 256,
            height: 256,
            ..Render::default()
        };
        let opening = avatar.open(render, vec![VideoCodec::Jpeg], control, context());
        let mut call = within(opening).await.unwrap();
        let ah = VisemeMark {
            at: 800_000,
            duration_us: 600_000,
            shape: Viseme::Aa,
            weight: 1.0,
        };
        within(call.input.send(AvatarInput::Viseme(ah)))
            .await
            .unwrap();
        let mut frames = Vec::new();
        while frames.len() <= FRAME {
            match within(call.events.next()).await.unwrap().unwrap() {
                AvatarEvent::Frame(frame) => frames.push(frame.data),
                _ => continue,
            }
        }
        let path = golden(look);
        if std::env::var_os("TTH_UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &frames[FRAME]).unwrap();
        }
        let seen =
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (now, then) = (pixels(&frames[FRAME]), pixels(&seen));
        assert_eq!(now.len(), then.len(), "{look}");
        let apart: u64 = now
            .iter()
            .zip(&then)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        let mean = apart as f64 / now.len() as f64;
        if mean > TOLERANCE {
            different.push(format!("{look}: {mean:.2} of 255"));
        }
    }
    assert_eq!(different, Vec::<String>::new(), "looks that changed");
}
