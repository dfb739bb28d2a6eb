//! How much faster than real time the embedded voice and face are on one core.

use crate::http::post_json;
use crate::report::{Report, Target};
use crate::server::{Server, Start};
use crate::stats::median;
use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use std::time::Instant;

const RUNS: usize = 3;
/// About twenty seconds of speech.
const TEXT: &str = "The lighthouse stood at the edge of the old harbour, and every evening its \
    lamp was lit by hand. Sailors far out on the water knew its slow and patient rhythm, and they \
    steered home by it. One winter the storm was so strong that the whole village stayed awake. \
    In the morning the light was still burning, and nobody had been lost.";

#[derive(Deserialize)]
struct Made {
    timings: Timings,
    video: Video,
}

#[derive(Deserialize)]
struct Timings {
    audio_ms: f64,
}

#[derive(Deserialize)]
struct Video {
    frames: Vec<IgnoredAny>,
}

pub(super) async fn run(report: &Report) -> Result<()> {
    let start = Start::profile("local_embedded");
    let pinned = taskset();
    let server = if pinned { start.on_one_core() } else { start }.run()?;
    generate(&server, "Good morning.", 25).await?;
    let place = if pinned {
        "on one core"
    } else {
        "on all cores: there is no taskset here"
    };

    let (speed, seconds, frames) = speed_of(&server, 25).await?;
    report.note(&format!(
        "{seconds:.1} s of speech with {frames} frames at 384x384, {place}"
    ));
    let (name, target) = ("embedded pipeline, x real time", Target::AtLeast(3.0));
    report.result(name, speed, "x", target);

    drop(server);
    let start = Start::profile("local_embedded")
        .set("COMPONENTS__AVATAR__PRIMARY", "still")
        .set("COMPONENTS__AVATAR__FALLBACK", "[]");
    let server = if pinned { start.on_one_core() } else { start }.run()?;
    generate(&server, "Good morning.", 1).await?;
    let (speed, _, frames) = speed_of(&server, 1).await?;
    report.note(&format!(
        "the voice with a still picture, {frames} times: as good as alone"
    ));
    let (name, target) = ("embedded voice, x real time", Target::AtLeast(12.0));
    report.result(name, speed, "x", target);
    Ok(())
}

/// Seconds of sound for each second of waiting, the median of some runs; sound and frames of one.
async fn speed_of(server: &Server, fps: u32) -> Result<(f64, f64, usize)> {
    let mut speeds = Vec::new();
    let mut last = (0.0, 0);
    for _ in 0..RUNS {
        let started = Instant::now();
        let made = generate(server, TEXT, fps).await?;
        let seconds = made.timings.audio_ms / 1e3;
        speeds.push(seconds / started.elapsed().as_secs_f64());
        last = (seconds, made.video.frames.len());
    }
    Ok((median(&speeds), last.0, last.1))
}

async fn generate(server: &Server, text: &str, fps: u32) -> Result<Made> {
    let body = json!({
        "text": text, "mode": "say", "format": "json",
        "render": { "resolution": "384x384", "fps": fps },
    });
    post_json(server.address, "/v1/generate", &body)
        .await
        .context("generating")
}

/// Whether processes can be bound to a core here.
fn taskset() -> bool {
    let asked = std::process::Command::new("taskset")
        .arg("--version")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}
