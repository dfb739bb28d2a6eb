//! What each stage did, as text.

use super::clip::Written;
use super::turn::Turn;
use crate::table::table;
use std::fmt::Write as _;
use std::time::Duration;
use tth_core::controls::{Outcome, ParamValue};
use tth_core::events::{ReportLine, TurnMetrics};
use tth_core::media::SECOND;

/// A table of the turn, one part below the other.
pub(super) fn stages(turn: &Turn, took: Duration) -> String {
    let mut text = String::new();
    if !turn.text.is_empty() && turn.text.trim() != turn.asked.trim() {
        line(&mut text, "asked", &turn.asked);
        line(&mut text, "said", turn.text.trim());
    } else {
        line(&mut text, "said", &turn.asked);
    }
    if let Some(metrics) = &turn.metrics {
        text.push('\n');
        text += &table(&providers(metrics));
        text.push('\n');
    }
    line(&mut text, "audio", &audio(turn));
    line(&mut text, "video", &video(turn));
    line(&mut text, "total", &total(turn, took));
    if let Some(metrics) = &turn.metrics {
        let drift = &metrics.drift_ms;
        let drift = format!(
            "mean {:.1} ms, p95 {:.1} ms, max {:.1} ms, {}",
            drift.mean,
            drift.p95,
            drift.max,
            count(metrics.corrections.into(), "correction")
        );
        line(&mut text, "drift", &drift);
    }
    for switch in &turn.switches {
        line(&mut text, "switched", switch);
    }
    if !turn.report.is_empty() {
        text.push('\n');
        text += &table(&controls(&turn.report));
    }
    text.trim_end().to_owned()
}

/// One line about a file.
pub(super) fn file(written: &Written, turn: &Turn, took: Duration) -> String {
    format!(
        "{}: {:.0} KiB, {}, {}, made in {}",
        written.path.display(),
        written.bytes as f64 / 1024.0,
        audio(turn),
        video(turn),
        total(turn, took)
    )
}

fn line(text: &mut String, name: &str, value: &str) {
    // Writing to a string cannot fail.
    let _infallible = writeln!(text, "{name:<9}{value}");
}

fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

fn audio(turn: &Turn) -> String {
    match turn.audio {
        Some(format) => format!(
            "{:.2} s at {} Hz, {}",
            turn.audio_us as f64 / SECOND as f64,
            format.sample_rate,
            count(format.channels.into(), "channel")
        ),
        None => "none".into(),
    }
}

fn video(turn: &Turn) -> String {
    match (turn.video, &turn.remote) {
        (Some((codec, width, height)), _) => {
            let frames = count(turn.frames, "frame");
            format!("{frames} of {width}x{height}, {}", codec.name())
        }
        (None, Some(kind)) => format!("delivered by the vendor ({kind})"),
        (None, None) => "none".into(),
    }
}

fn total(turn: &Turn, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    let speed = turn.audio_us as f64 / SECOND as f64 / seconds;
    match turn.audio_us > 0 && speed.is_finite() {
        true => format!("{seconds:.2} s ({speed:.1} times real time)"),
        false => format!("{seconds:.2} s"),
    }
}

fn providers(metrics: &TurnMetrics) -> Vec<Vec<String>> {
    let ms = |time: Option<f64>| time.map_or_else(|| "-".into(), |ms| format!("{ms:.1} ms"));
    let heads = ["stage", "provider", "first output", "total", "attempts"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(metrics.stages.iter().map(|stage| {
        vec![
            stage.stage.name().to_owned(),
            stage.provider.clone(),
            ms(stage.first_output_ms),
            ms(stage.total_ms),
            stage.attempts.to_string(),
        ]
    }));
    rows
}

fn controls(report: &[ReportLine]) -> Vec<Vec<String>> {
    let heads = ["stage", "control", "outcome", "set to", "because"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(report.iter().map(|line| {
        let decision = &line.decision;
        let outcome = match decision.outcome {
            Outcome::Applied => "applied",
            Outcome::Downgraded => "downgraded",
            Outcome::Ignored => "ignored",
        };
        let value = decision.value.as_ref().map(|value| match value {
            ParamValue::Flag(flag) => flag.to_string(),
            ParamValue::Number(number) => ((number * 1000.0).round() / 1000.0).to_string(),
            ParamValue::Text(text) => text.clone(),
        });
        let set = match (&decision.param, value) {
            (Some(param), Some(value)) => format!("{param} = {value}"),
            (Some(param), None) => param.clone(),
            (None, _) => "-".into(),
        };
        vec![
            line.stage.name().to_owned(),
            decision.control.clone(),
            outcome.to_owned(),
            set,
            decision.reason.clone(),
        ]
    }));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use tth_core::controls::Decision;
    use tth_core::events::{DriftMetrics, StageMetrics};
    use tth_core::media::{AudioFormat, VideoCodec};
    use tth_core::provider::Stage;

    fn spoken() -> Turn {
        let stage = |stage, provider: &str, first: f64, total: f64| StageMetrics {
            stage,
            provider: provider.into(),
            first_output_ms: Some(first),
            total_ms: Some(total),
            attempts: 1,
        };
        let mut silent = stage(Stage::Llm, "persona_llm", 0.0, 0.0);
        (silent.first_output_ms, silent.total_ms, silent.attempts) = (None, None, 0);
        Turn {
            asked: "Hello there.".into(),
            audio_us: 2_400_000,
            audio: Some(AudioFormat {
                sample_rate: 24_000,
                channels: 1,
            }),
            frames: 60,
            video: Some((VideoCodec::Jpeg, 384, 384)),
            report: vec![ReportLine {
                stage: Stage::Tts,
                decision: Decision {
                    control: "emotion.label".into(),
                    outcome: Outcome::Downgraded,
                    param: Some("emotion".into()),
                    value: Some(ParamValue::Text("warm".into())),
                    reason: "the nearest it knows".into(),
                },
            }],
            metrics: Some(TurnMetrics {
                drift_ms: DriftMetrics {
                    mean: 1.25,
                    p95: 2.0,
                    max: 3.5,
                },
                corrections: 1,
                stages: vec![
                    silent,
                    stage(Stage::Tts, "embedded_tts", 75.04, 600.0),
                    stage(Stage::Avatar, "embedded_avatar", 80.0, 801.26),
                ],
                ..TurnMetrics::default()
            }),
            ..Turn::default()
        }
    }

    #[test]
    fn the_table_is_readable() {
        let text = stages(&spoken(), Duration::from_millis(800));
        let expected = "\
said     Hello there.

stage   provider         first output  total     attempts
llm     persona_llm      -             -         0
tts     embedded_tts     75.0 ms       600.0 ms  1
avatar  embedded_avatar  80.0 ms       801.3 ms  1

audio    2.40 s at 24000 Hz, 1 channel
video    60 frames of 384x384, jpeg
total    0.80 s (3.0 times real time)
drift    mean 1.2 ms, p95 2.0 ms, max 3.5 ms, 1 correction

stage  control        outcome     set to          because
tts    emotion.label  downgraded  emotion = warm  the nearest it knows";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_was_answered_stands_beside_what_was_asked() {
        let mut turn = spoken();
        turn.text = "Hi! ".into();
        let text = stages(&turn, Duration::from_millis(800));
        assert!(
            text.starts_with("asked    Hello there.\nsaid     Hi!\n"),
            "{text}"
        );
    }

    #[test]
    fn a_turn_without_media_divides_by_nothing() {
        let turn = Turn {
            asked: "x".into(),
            ..Turn::default()
        };
        let text = stages(&turn, Duration::ZERO);
        assert_eq!(
            text,
            "said     x\naudio    none\nvideo    none\ntotal    0.00 s"
        );
    }

    #[test]
    fn a_file_is_one_line() {
        let written = Written {
            path: PathBuf::from("clip.mp4"),
            bytes: 204_800,
        };
        assert_eq!(
            file(&written, &spoken(), Duration::from_millis(800)),
            "clip.mp4: 200 KiB, 2.40 s at 24000 Hz, 1 channel, 60 frames of 384x384, jpeg, \
             made in 0.80 s (3.0 times real time)"
        );
    }
}
