//! What came of one turn.

use anyhow::{Result, bail};
use tth_core::engine::GenerateRequest;
use tth_core::events::{ReportLine, ServerEvent, TurnEnd, TurnMetrics};
use tth_core::media::{AudioFormat, Micros, VideoCodec};

/// Gathered from its events.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// What was asked for.
    pub(super) asked: String,
    /// What was said, where a language model found the words.
    pub(super) text: String,
    /// Length of the sound.
    pub(super) audio_us: Micros,
    /// Its layout.
    pub(super) audio: Option<AudioFormat>,
    /// Pictures.
    pub(super) frames: u64,
    /// Their codec, width and height.
    pub(super) video: Option<(VideoCodec, u16, u16)>,
    /// Media that a vendor delivers.
    pub(super) remote: Option<String>,
    /// What became of the controls.
    pub(super) report: Vec<ReportLine>,
    /// Changes of provider, in words.
    pub(super) switches: Vec<String>,
    /// How it went.
    pub(super) metrics: Option<TurnMetrics>,
    /// What went wrong, in order.
    pub(super) errors: Vec<String>,
    /// How it ended; none: it did not.
    pub(super) end: Option<TurnEnd>,
}

impl Turn {
    /// One that has not begun.
    pub(super) fn new(request: &GenerateRequest) -> Self {
        Turn {
            asked: request.text.clone(),
            ..Turn::default()
        }
    }

    /// One more event of it.
    pub(super) fn take(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::TextDelta { text } => self.text.push_str(&text),
            ServerEvent::Audio(chunk) => {
                self.audio_us += chunk.duration_us();
                self.audio.get_or_insert(chunk.format);
            }
            ServerEvent::Video(frame) => {
                self.frames += 1;
                let video = (frame.codec, frame.width, frame.height);
                self.video.get_or_insert(video);
            }
            ServerEvent::RemoteMedia { kind, .. } => self.remote = Some(kind),
            ServerEvent::ControlApplied { mut report, .. } => self.report.append(&mut report),
            ServerEvent::ProviderSwitched {
                stage,
                from,
                to,
                reason,
            } => {
                let to = to.as_deref().unwrap_or("nobody");
                let switch = format!("{}: {from} to {to}: {reason}", stage.name());
                self.switches.push(switch);
            }
            ServerEvent::Metrics(metrics) => self.metrics = Some(metrics),
            ServerEvent::Error { message, stage, .. } => self.errors.push(match stage {
                Some(stage) => format!("{}: {message}", stage.name()),
                None => message,
            }),
            ServerEvent::TurnEnded { reason } => self.end = Some(reason),
            ServerEvent::SessionReady { .. }
            | ServerEvent::TurnStarted
            | ServerEvent::Interrupted { .. }
            | ServerEvent::Pong => {}
        }
    }

    /// # Errors
    /// When the turn was not complete: why.
    pub(super) fn check(&self) -> Result<()> {
        match self.end {
            Some(TurnEnd::Completed) => Ok(()),
            _ if self.errors.is_empty() => bail!("the turn ended before it was complete"),
            _ => bail!("the turn failed: {}", self.errors.join("; ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tth_core::provider::Stage;

    #[test]
    fn a_failed_turn_says_why() {
        let mut turn = Turn::default();
        turn.take(ServerEvent::TurnStarted);
        assert!(
            turn.check()
                .unwrap_err()
                .to_string()
                .contains("before it was complete")
        );
        turn.take(ServerEvent::Error {
            code: "timeout".into(),
            message: "no output within 2 s".into(),
            retryable: true,
            stage: Some(Stage::Tts),
        });
        turn.take(ServerEvent::TurnEnded {
            reason: TurnEnd::Failed,
        });
        let error = turn.check().unwrap_err().to_string();
        assert_eq!(error, "the turn failed: tts: no output within 2 s");
    }

    #[test]
    fn an_error_that_the_turn_survived_is_none() {
        let mut turn = Turn::default();
        turn.take(ServerEvent::Error {
            code: "internal".into(),
            message: "a frame was lost".into(),
            retryable: true,
            stage: Some(Stage::Avatar),
        });
        turn.take(ServerEvent::TurnEnded {
            reason: TurnEnd::Completed,
        });
        assert!(turn.check().is_ok());
    }
}
