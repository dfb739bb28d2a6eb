//! The event codec: the one place where the form of the stream's events is decided.
//!
//! Both wires carry the same fields: JSON has media as base64 text, CBOR as byte strings. Events
//! are written field by field into one buffer, without a tree in between, because media events are
//! the bulk of the traffic. Inbound events are small and rare: they are read through a tree, so
//! that an error can say what was wrong and what would be right.

use crate::controls::{read_character, read_emotion, read_render};
use crate::fields::{Fields, Invalid, nearest};
use serde_json::Value;
use tth_core::controls::{ControlUpdate, Outcome, ParamValue};
use tth_core::events::{
    ClientEvent, Envelope, ReportLine, Resumption, SCHEMA_VERSION, ServerEvent, StageMetrics,
    TurnEnd, TurnMetrics, TurnMode,
};
use tth_core::media::{AudioChunk, VideoFrame};
use tth_core::provider::Stage;

mod cbor;
mod emit;
mod json;

pub(crate) use cbor::Cbor;
pub(crate) use emit::Emit;
pub(crate) use json::Json;

/// The longest text of one event, in characters.
pub const MAX_TEXT_CHARS: usize = 20_000;

/// The codec's name of PCM, in events and in session descriptions.
pub(crate) const PCM: &str = "pcm_s16le";

/// What an inbound event may be.
const INBOUND: [&str; 6] = [
    "user_text",
    "end_turn",
    "interrupt",
    "control_update",
    "playback",
    "ping",
];

/// What every event may carry beside its own fields; of inbound events it is not looked at.
const COMMON: [&str; 5] = [
    "schema_version",
    "session_id",
    "turn_id",
    "timestamp_ms",
    "seq",
];

/// Most bytes that an event takes beside its media.
const ENVELOPE_ROOM: usize = 320;

/// How events travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Subprotocol `tth.v1.json`: one JSON object per text frame.
    Json,
    /// Subprotocol `tth.v1.cbor`: one CBOR map per binary frame.
    Cbor,
}

impl Wire {
    /// Every wire, the preferred one first.
    pub const ALL: [Wire; 2] = [Wire::Json, Wire::Cbor];

    /// The name of its WebSocket subprotocol.
    pub fn protocol(self) -> &'static str {
        match self {
            Wire::Json => "tth.v1.json",
            Wire::Cbor => "tth.v1.cbor",
        }
    }
}

/// The `type` of an outbound event.
pub fn event_type(event: &ServerEvent) -> &'static str {
    match event {
        ServerEvent::SessionReady { .. } => "session_ready",
        ServerEvent::TurnStarted => "turn_started",
        ServerEvent::TextDelta { .. } => "text_delta",
        ServerEvent::Audio(_) => "audio_chunk",
        ServerEvent::Video(_) => "video_frame",
        ServerEvent::RemoteMedia { .. } => "remote_media",
        ServerEvent::ControlApplied { .. } => "control_applied",
        ServerEvent::ProviderSwitched { .. } => "provider_switched",
        ServerEvent::Interrupted { .. } => "interrupted",
        ServerEvent::Metrics(_) => "turn_metrics",
        ServerEvent::TurnEnded { .. } => "turn_ended",
        ServerEvent::Error { .. } => "error",
        ServerEvent::Pong => "pong",
    }
}

/// One outbound event as it goes over `wire`; JSON is UTF-8 on one line.
pub fn encode(wire: Wire, envelope: &Envelope) -> Vec<u8> {
    let media = envelope.event.media_bytes();
    match wire {
        Wire::Json => encode_json(envelope).into_bytes(),
        Wire::Cbor => {
            let mut cbor = Cbor::with_capacity(ENVELOPE_ROOM + media);
            write_envelope(&mut cbor, envelope);
            cbor.into_bytes()
        }
    }
}

/// One outbound event as JSON text on one line.
pub fn encode_json(envelope: &Envelope) -> String {
    let mut json = Json::with_capacity(ENVELOPE_ROOM + envelope.event.media_bytes() * 4 / 3);
    write_envelope(&mut json, envelope);
    json.into_string()
}

/// One inbound event.
///
/// # Errors
/// What is wrong with it, for the client to read.
pub fn decode(wire: Wire, bytes: &[u8]) -> Result<ClientEvent, Invalid> {
    let value = match wire {
        Wire::Json => json::read(bytes)?,
        Wire::Cbor => cbor::read(bytes)?,
    };
    decode_value(value)
}

/// One inbound event that has been parsed already.
///
/// # Errors
/// What is wrong with it, for the client to read.
pub fn decode_value(value: Value) -> Result<ClientEvent, Invalid> {
    let mut fields = Fields::of_event(value)?;
    let kind = fields
        .text("type")?
        .ok_or_else(|| Invalid::new("the event has no `type`"))?;
    fields.ignore(&COMMON);
    let event = match kind.as_str() {
        "user_text" => read_user_text(&mut fields)?,
        "end_turn" => ClientEvent::EndTurn,
        "interrupt" => ClientEvent::Interrupt,
        "control_update" => ClientEvent::ControlUpdate(ControlUpdate {
            emotion: read_emotion(&mut fields)?,
            character: read_character(&mut fields)?,
            render: read_render(&mut fields)?,
        }),
        "playback" => ClientEvent::Playback {
            position_us: fields.unsigned("position_us")?.ok_or_else(|| {
                Invalid::new("`playback` needs `position_us`, what was played in microseconds")
            })?,
            client_us: fields.unsigned("client_us")?,
        },
        "ping" => ClientEvent::Ping,
        unknown => {
            return Err(Invalid::new(format!(
                "there is no event type {}{}; there are: {}",
                Invalid::quote(unknown),
                nearest(unknown, &INBOUND),
                INBOUND.join(", "),
            )));
        }
    };
    fields.finish()?;
    if let ClientEvent::ControlUpdate(update) = &event {
        if update.emotion.is_none() && update.character.is_none() && update.render.is_none() {
            return Err(Invalid::new(
                "`control_update` needs `emotion`, `character` or `render`",
            ));
        }
        update.check()?;
    }
    Ok(event)
}

fn read_user_text(fields: &mut Fields) -> Result<ClientEvent, Invalid> {
    let text = fields
        .text("text")?
        .ok_or_else(|| Invalid::new("`user_text` needs `text`"))?;
    let mode = read_mode(fields)?;
    let end_turn = fields.flag("end_turn")?.unwrap_or(true);
    check_text_length(&text)?;
    // Text that is gathered may be a lone space between two words.
    if end_turn && text.trim().is_empty() {
        return Err(Invalid::new(
            "`text` is blank; to end a turn whose text was sent before, send `end_turn`",
        ));
    }
    Ok(ClientEvent::UserText {
        text,
        mode,
        end_turn,
    })
}

/// `mode`, as events and `/v1/generate` have it.
pub(crate) fn read_mode(fields: &mut Fields) -> Result<TurnMode, Invalid> {
    let modes = [("chat", TurnMode::Chat), ("say", TurnMode::Say)];
    Ok(fields.choice("mode", &modes)?.unwrap_or_default())
}

/// At most [`MAX_TEXT_CHARS`].
pub(crate) fn check_text_length(text: &str) -> Result<(), Invalid> {
    // Counting takes time, and no text has more characters than bytes.
    if text.len() > MAX_TEXT_CHARS {
        let count = text.chars().count();
        if count > MAX_TEXT_CHARS {
            return Err(Invalid::new(format!(
                "`text` has {count} characters, but may have at most {MAX_TEXT_CHARS}"
            )));
        }
    }
    Ok(())
}

fn write_envelope(out: &mut impl Emit, envelope: &Envelope) {
    out.map();
    out.text_field("type", event_type(&envelope.event));
    out.text_field("schema_version", SCHEMA_VERSION);
    out.text_field("session_id", envelope.session_id.as_str());
    out.key("turn_id");
    match envelope.turn_id {
        Some(turn) => out.text(&turn.to_string()),
        None => out.null(),
    }
    out.uint_field("timestamp_ms", envelope.timestamp_ms);
    out.uint_field("seq", envelope.seq);
    write_event(out, &envelope.event);
    out.end();
}

fn write_event(out: &mut impl Emit, event: &ServerEvent) {
    match event {
        ServerEvent::SessionReady {
            providers,
            resumption,
        } => {
            out.key("providers");
            write_providers(out, providers);
            out.key("resumed");
            out.flag(*resumption == Resumption::Resumed);
            if let Resumption::Refused(why) = resumption {
                out.text_field("resume_refused", why);
            }
        }
        ServerEvent::TurnStarted | ServerEvent::Pong => {}
        ServerEvent::TextDelta { text } => out.text_field("text", text),
        ServerEvent::Audio(chunk) => write_audio(out, chunk),
        ServerEvent::Video(frame) => write_video(out, frame),
        ServerEvent::RemoteMedia { kind, details } => write_remote(out, kind, details),
        ServerEvent::ControlApplied {
            report,
            effective_pts_us,
        } => {
            out.key("report");
            write_report(out, report);
            out.uint_field("effective_pts_us", *effective_pts_us);
        }
        ServerEvent::ProviderSwitched {
            stage,
            from,
            to,
            reason,
        } => {
            out.text_field("stage", stage.name());
            out.text_field("from", from);
            out.key("to");
            out.text_or_null(to.as_deref());
            out.text_field("reason", reason);
        }
        ServerEvent::Interrupted {
            text_heard,
            position_us,
        } => {
            out.text_field("text_heard", text_heard);
            out.uint_field("position_us", *position_us);
        }
        ServerEvent::Metrics(metrics) => write_metrics(out, metrics),
        ServerEvent::TurnEnded { reason } => out.text_field(
            "reason",
            match reason {
                TurnEnd::Completed => "completed",
                TurnEnd::Interrupted => "interrupted",
                TurnEnd::Failed => "failed",
            },
        ),
        ServerEvent::Error {
            code,
            message,
            retryable,
            stage,
        } => {
            out.text_field("code", code);
            out.text_field("message", message);
            out.key("retryable");
            out.flag(*retryable);
            if let Some(stage) = stage {
                out.text_field("stage", stage.name());
            }
        }
    }
}

/// `{llm, tts, avatar}`: ids, null where nobody serves.
pub(crate) fn write_providers(out: &mut impl Emit, providers: &[(Stage, String)]) {
    out.map();
    for stage in [Stage::Llm, Stage::Tts, Stage::Avatar] {
        out.key(stage.name());
        out.text_or_null(
            providers
                .iter()
                .find(|(s, _)| *s == stage)
                .map(|(_, id)| id.as_str()),
        );
    }
    out.end();
}

fn write_audio(out: &mut impl Emit, chunk: &AudioChunk) {
    out.uint_field("pts_us", chunk.at);
    out.uint_field("duration_us", chunk.duration_us());
    out.text_field("codec", PCM);
    out.uint_field("sample_rate", chunk.format.sample_rate.into());
    out.uint_field("channels", chunk.format.channels.into());
    out.key("data");
    out.bytes(&chunk.pcm);
}

fn write_video(out: &mut impl Emit, frame: &VideoFrame) {
    out.uint_field("pts_us", frame.at);
    out.uint_field("duration_us", frame.duration_us.into());
    out.text_field("codec", frame.codec.name());
    out.uint_field("width", frame.width.into());
    out.uint_field("height", frame.height.into());
    out.key("keyframe");
    out.flag(frame.keyframe);
    out.key("data");
    out.bytes(&frame.data);
}

/// The details of an object are fields of the event; a vendor cannot overwrite the event's own.
fn write_remote(out: &mut impl Emit, kind: &str, details: &str) {
    out.text_field("kind", kind);
    match serde_json::from_str::<Value>(details) {
        Ok(Value::Object(map)) => {
            for (name, value) in &map {
                if name != "type" && name != "kind" && !COMMON.contains(&name.as_str()) {
                    out.key(name);
                    out.value(value);
                }
            }
        }
        Ok(value) => {
            out.key("details");
            out.value(&value);
        }
        Err(_) => out.text_field("details", details),
    }
}

/// `[{control, stage, outcome, param, value, reason}]`.
pub(crate) fn write_report(out: &mut impl Emit, report: &[ReportLine]) {
    out.array();
    for ReportLine { stage, decision } in report {
        out.map();
        out.text_field("control", &decision.control);
        out.text_field("stage", stage.name());
        out.text_field(
            "outcome",
            match decision.outcome {
                Outcome::Applied => "applied",
                Outcome::Downgraded => "downgraded",
                Outcome::Ignored => "ignored",
            },
        );
        out.key("param");
        out.text_or_null(decision.param.as_deref());
        out.key("value");
        match &decision.value {
            None => out.null(),
            Some(ParamValue::Flag(flag)) => out.flag(*flag),
            Some(ParamValue::Number(number)) => out.float(*number),
            Some(ParamValue::Text(text)) => out.text(text),
        }
        out.text_field("reason", &decision.reason);
        out.end();
    }
    out.end();
}

/// The fields of `turn_metrics`, into an open map; milliseconds, to the microsecond.
pub(crate) fn write_metrics(out: &mut impl Emit, metrics: &TurnMetrics) {
    out.millis_field("ttft_ms", metrics.ttft_ms);
    out.millis_field("ttfa_ms", metrics.ttfa_ms);
    out.millis_field("ttfv_ms", metrics.ttfv_ms);
    out.millis_field("total_ms", Some(metrics.total_ms));
    out.millis_field("audio_ms", Some(metrics.audio_ms));
    out.uint_field("frames", metrics.frames.into());
    out.key("drift_ms");
    out.map();
    out.millis_field("mean", Some(metrics.drift_ms.mean));
    out.millis_field("p95", Some(metrics.drift_ms.p95));
    out.millis_field("max", Some(metrics.drift_ms.max));
    out.end();
    out.uint_field("corrections", metrics.corrections.into());
    out.key("stages");
    out.array();
    for StageMetrics {
        stage,
        provider,
        first_output_ms,
        total_ms,
        attempts,
    } in &metrics.stages
    {
        out.map();
        out.text_field("stage", stage.name());
        out.text_field("provider", provider);
        out.millis_field("first_output_ms", *first_output_ms);
        out.millis_field("total_ms", *total_ms);
        out.uint_field("attempts", (*attempts).into());
        out.end();
    }
    out.end();
    out.uint_field("fallbacks", metrics.fallbacks.into());
}

#[cfg(test)]
mod tests;
