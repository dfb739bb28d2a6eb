//! The JSON answer of `/v1/generate`.

use crate::codec::{Emit, Json, write_metrics, write_report};
use crate::wav::{Timeline, wav};
use tth_core::events::{ReportLine, ServerEvent, TurnMetrics};
use tth_core::media::{AudioChunk, Micros, VideoFrame};

/// What a turn gave.
#[derive(Default)]
pub(super) struct Answer {
    text: String,
    audio: Vec<AudioChunk>,
    video: Vec<VideoFrame>,
    remote: Option<(String, String)>,
    metrics: Option<TurnMetrics>,
    report: Vec<ReportLine>,
}

impl Answer {
    /// One more event of the turn.
    pub(super) fn take(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::TextDelta { text } => self.text.push_str(&text),
            ServerEvent::Audio(chunk) => self.audio.push(chunk),
            ServerEvent::Video(frame) => self.video.push(frame),
            ServerEvent::RemoteMedia { kind, details } => self.remote = Some((kind, details)),
            ServerEvent::Metrics(metrics) => self.metrics = Some(metrics),
            ServerEvent::ControlApplied { mut report, .. } => self.report.append(&mut report),
            _ => {}
        }
    }

    /// `{text, audio, video, timings, report}`; times count from the first media.
    pub(super) fn render(self, asked: &str) -> String {
        let audio_bytes: usize = self.audio.iter().map(|chunk| chunk.pcm.len()).sum();
        let video_bytes: usize = self.video.iter().map(|frame| frame.data.len() + 64).sum();
        let mut out = Json::with_capacity(4096 + (audio_bytes + video_bytes) * 4 / 3);
        let starts = self
            .audio
            .iter()
            .map(|chunk| chunk.at)
            .chain(self.video.iter().map(|frame| frame.at));
        let origin = starts.min().unwrap_or(0);
        out.map();
        out.text_field(
            "text",
            if self.text.is_empty() {
                asked
            } else {
                &self.text
            },
        );
        out.key("audio");
        write_sound(&mut out, &self.audio, origin);
        out.key("video");
        match (&self.remote, self.video.first()) {
            (_, Some(first)) => write_pictures(&mut out, first, &self.video, origin),
            (Some((kind, details)), None) => {
                out.map();
                out.text_field("delivery", kind);
                out.key("details");
                match serde_json::from_str(details) {
                    Ok(value) => out.value(&value),
                    Err(_) => out.text(details),
                }
                out.end();
            }
            (None, None) => out.null(),
        }
        out.key("timings");
        match &self.metrics {
            Some(metrics) => {
                out.map();
                write_metrics(&mut out, metrics);
                out.end();
            }
            None => out.null(),
        }
        out.key("report");
        write_report(&mut out, &self.report);
        out.end();
        out.into_string()
    }
}

/// All sound as one WAV file that starts with the first media.
fn write_sound(out: &mut Json, chunks: &[AudioChunk], origin: Micros) {
    let Some(first) = chunks.first() else {
        return out.null();
    };
    let mut line = Timeline::new(first.format, origin);
    let mut pcm = Vec::with_capacity(chunks.iter().map(|chunk| chunk.pcm.len()).sum());
    for chunk in chunks {
        pcm.extend(line.lay(chunk).into_iter().flat_map(i16::to_le_bytes));
    }
    out.map();
    out.text_field("codec", "wav");
    out.uint_field("sample_rate", first.format.sample_rate.into());
    out.uint_field("channels", first.format.channels.into());
    out.key("data");
    out.bytes(&wav(first.format, &pcm));
    out.end();
}

fn write_pictures(out: &mut Json, first: &VideoFrame, frames: &[VideoFrame], origin: Micros) {
    out.map();
    out.text_field("codec", first.codec.name());
    let fps = 1e6 / f64::from(first.duration_us.max(1));
    out.key("fps");
    out.float((fps * 1000.0).round() / 1000.0);
    out.uint_field("width", first.width.into());
    out.uint_field("height", first.height.into());
    out.key("frames");
    out.array();
    // A face that took over in mid-turn may code otherwise: its frames say so.
    for frame in frames {
        out.map();
        out.uint_field("pts_us", frame.at.saturating_sub(origin));
        out.uint_field("duration_us", frame.duration_us.into());
        out.key("keyframe");
        out.flag(frame.keyframe);
        if frame.codec != first.codec {
            out.text_field("codec", frame.codec.name());
        }
        out.key("data");
        out.bytes(&frame.data);
        out.end();
    }
    out.end();
    out.end();
}
