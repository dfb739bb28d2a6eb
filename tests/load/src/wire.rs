//! The stream's events as this generator needs them: which kind, of which turn, due when.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// What an outbound event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A turn begins.
    TurnStarted,
    /// Text of the answer.
    TextDelta,
    /// Sound.
    AudioChunk,
    /// A picture.
    VideoFrame,
    /// The turn was stopped.
    Interrupted,
    /// How the turn went.
    TurnMetrics,
    /// The last of a turn.
    TurnEnded,
    /// Something failed.
    Error,
    /// A provider failed and another took over.
    ProviderSwitched,
    /// Of no interest here.
    #[serde(other)]
    Other,
}

/// An outbound event; what is not listed is skipped, media above all.
#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) seq: u64,
    pub(crate) turn_id: Option<String>,
    pub(crate) pts_us: Option<u64>,
    pub(crate) duration_us: Option<u64>,
    pub(crate) ttfa_ms: Option<f64>,
    pub(crate) ttfv_ms: Option<f64>,
    pub(crate) reason: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

impl Event {
    /// Out of one binary frame.
    pub(crate) fn read(frame: &[u8]) -> Result<Self> {
        ciborium::from_reader(frame).context("the server sent something that is no event")
    }

    /// The sentence of a failure.
    pub(crate) fn said(&self) -> String {
        let code = self.code.as_deref().map(|code| format!("{code}: "));
        let text = self.message.as_deref().or(self.reason.as_deref());
        code.unwrap_or_default() + text.unwrap_or_default()
    }

    /// Whether it must not come after its turn was interrupted.
    pub(crate) fn is_content(&self) -> bool {
        matches!(
            self.kind,
            Kind::TextDelta | Kind::AudioChunk | Kind::VideoFrame
        )
    }
}

/// An inbound event.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Said<'a> {
    /// Opens a turn.
    UserText { text: &'a str, mode: Mode },
    /// Stops it.
    Interrupt,
}

/// What a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// To be answered.
    Chat,
    /// To be spoken.
    Say,
}

impl Said<'_> {
    /// As one binary frame.
    pub(crate) fn write(&self) -> Result<Vec<u8>> {
        let mut frame = Vec::with_capacity(64);
        ciborium::into_writer(self, &mut frame)?;
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ciborium::cbor;

    fn read(value: ciborium::Value) -> Event {
        let mut frame = Vec::new();
        ciborium::into_writer(&value, &mut frame).unwrap();
        Event::read(&frame).unwrap()
    }

    #[test]
    fn media_is_skipped_and_the_rest_read() {
        let event = read(
            cbor!({
                "type" => "audio_chunk", "schema_version" => "1.0", "session_id" => "s",
                "turn_id" => "turn-1", "timestamp_ms" => 1, "seq" => 7, "pts_us" => 20_000,
                "duration_us" => 20_000, "codec" => "pcm_s16le",
                "data" => ciborium::Value::Bytes(vec![0; 10_000]),
            })
            .unwrap(),
        );
        assert_eq!((event.kind, event.seq), (Kind::AudioChunk, 7));
        assert_eq!(event.turn_id.as_deref(), Some("turn-1"));
        assert_eq!(event.pts_us, Some(20_000));
        assert!(event.is_content());
    }

    #[test]
    fn unknown_kinds_and_no_turn_are_fine() {
        let event = read(
            cbor!({ "type" => "remote_media", "turn_id" => null, "seq" => 1, "reason" => null })
                .unwrap(),
        );
        assert_eq!((event.kind, event.turn_id), (Kind::Other, None));
        assert!(Event::read(b"\xff").is_err());
    }

    #[test]
    fn what_is_said_has_the_form_of_the_interface() {
        let frame = Said::UserText {
            text: "Hi",
            mode: Mode::Say,
        };
        let value: ciborium::Value =
            ciborium::from_reader(frame.write().unwrap().as_slice()).unwrap();
        let form = cbor!({ "type" => "user_text", "text" => "Hi", "mode" => "say" });
        assert_eq!(value, form.unwrap());
        let value: ciborium::Value =
            ciborium::from_reader(Said::Interrupt.write().unwrap().as_slice()).unwrap();
        assert_eq!(value, cbor!({ "type" => "interrupt" }).unwrap());
    }
}
