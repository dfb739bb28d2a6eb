//! What a chunk, a frame and an idle instance cost: run with a folder of components,
//! `cargo run --release -p tth-runtime --example measure -- target/wasm32-wasip2/component`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool for developers"
)]

use futures::{SinkExt, StreamExt};
use std::path::Path;
use std::time::{Duration, Instant};
use tth_core::controls::Render;
use tth_core::media::VideoCodec;
use tth_core::provider::{CallContext, Control, TtsEvent, TtsInput};
use tth_runtime::{ProviderSpec, Runtime, RuntimeOptions};

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{what:<44} p50 {:>9.1?}  p99 {:>9.1?}  n {}",
        at(0.5),
        at(0.99),
        times.len()
    );
}

fn rss_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse().ok())
        .unwrap_or(0)
}

#[tokio::main]
async fn main() {
    let folder = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "target/wasm32-wasip2/component".into());
    let spec = |name: &str| {
        let underscored = Path::new(&folder).join(format!("{}.wasm", name.replace('-', "_")));
        let dashed = Path::new(&folder).join(format!("{name}.wasm"));
        let component = if dashed.exists() { dashed } else { underscored };
        let mut spec = ProviderSpec {
            id: name.into(),
            component,
            ..ProviderSpec::default()
        };
        spec.limits.max_instances = 400;
        spec
    };
    let cache_dir = Some(std::env::temp_dir().join("tth-measure"));
    let started = Instant::now();
    let runtime = Runtime::new(RuntimeOptions {
        cache_dir,
        ..RuntimeOptions::default()
    })
    .unwrap();
    println!("engine {:.1?}, RSS {} KiB", started.elapsed(), rss_kb());
    let started = Instant::now();
    let tts = runtime.load_tts(spec("tts-mock")).await.unwrap();
    let avatar = runtime.load_avatar(spec("avatar-mock")).await.unwrap();
    println!(
        "voice and face loaded {:.1?}, RSS {} KiB",
        started.elapsed(),
        rss_kb()
    );

    let text = "A sentence of about ten words, which sounds for a while.";
    let (mut open, mut first, mut chunk) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..300 {
        let start = Instant::now();
        let mut call = tts
            .open(Control::default(), CallContext::default())
            .await
            .unwrap();
        open.push(start.elapsed());
        let start = Instant::now();
        call.input
            .send(TtsInput::Utterance(text.into()))
            .await
            .unwrap();
        let mut chunks = 0u32;
        let mut last = start;
        while let Some(event) = call.events.next().await {
            match event {
                Ok(TtsEvent::Audio(_)) if chunks == 0 => {
                    first.push(start.elapsed());
                    (chunks, last) = (1, Instant::now());
                }
                Ok(TtsEvent::Audio(_)) => chunks += 1,
                Ok(TtsEvent::UtteranceEnd(_)) => break,
                _ => {}
            }
        }
        chunk.push(last.elapsed() / chunks.max(2).saturating_sub(1));
    }
    report("open a voice call", open);
    report("utterance to first chunk", first);
    report("further chunks, each (with its marks)", chunk);

    let face = || async {
        let render = Render {
            width: 64,
            height: 64,
            ..Render::default()
        };
        avatar
            .open(
                render,
                vec![VideoCodec::Jpeg],
                Control::default(),
                CallContext::default(),
            )
            .await
            .unwrap()
    };
    let mut call = face().await;
    let mut frame = Vec::new();
    for _ in 0..3000 {
        let start = Instant::now();
        call.events.next().await;
        frame.push(start.elapsed());
    }
    report("frame of 4 KiB, pulled at once", frame);
    drop(call);

    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = rss_kb();
    let mut held = Vec::new();
    let started = Instant::now();
    for _ in 0..200 {
        held.push(face().await);
    }
    println!("200 faces opened {:.1?}", started.elapsed());
    for call in &mut held {
        call.events.next().await;
    }
    println!(
        "RSS of one open face {} KiB",
        rss_kb().saturating_sub(before) / 200
    );
}
