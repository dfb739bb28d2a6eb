//! The vendor's messages: frames of the WebSocket, bodies of requests, and what comes back.

use crate::config::{Config, Route};
use crate::errors;
use crate::manner::Manner;
use serde_json::{Value, json};
use tth_sdk::{Error, ErrorCode, base64, error};

/// How the server is called in errors.
pub(crate) const WHO: &str = "ElevenLabs";
/// The format that is asked for: 16-bit samples, mono.
const FORMAT: &str = "pcm_24000";
/// Samples a second in it.
pub(crate) const RATE: u32 = 24_000;
/// How long the server keeps a silent WebSocket: the longest that it can be told, in seconds.
pub(crate) const IDLE_S: u64 = 180;
/// The most timings of one message.
const MOST_STAMPS: usize = 65_536;
/// No time in a message is later than this, in microseconds: an hour.
const LATEST_US: f64 = 3_600e6;

/// When a stretch of text sounds, from the first sample of its message or of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) text: String,
    pub(crate) start_us: u64,
    pub(crate) duration_us: u32,
}

/// One message of the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunk {
    /// The context it belongs to.
    pub(crate) context: Option<String>,
    pub(crate) audio: Vec<u8>,
    pub(crate) stamps: Vec<Stamp>,
    /// Nothing follows in that context.
    pub(crate) last: bool,
    /// Instead of anything else.
    pub(crate) failure: Option<Error>,
}

/// The address of the WebSocket for a voice.
pub(crate) fn socket_url(config: &Config, voice: &str) -> String {
    let route = format!("v1/text-to-speech/{voice}/multi-stream-input");
    let place = config.base.join(&route);
    let scheme = if place.is_https() { "wss" } else { "ws" };
    let mut url = format!(
        "{scheme}://{}{}?model_id={}&output_format={FORMAT}&auto_mode=true&sync_alignment=true\
         &inactivity_timeout={IDLE_S}",
        place.authority(),
        place.path(),
        config.model
    );
    // All of it is plain words and numbers: nothing has to be escaped.
    if let Some(language) = &config.language {
        url += &format!("&language_code={language}");
    }
    if let Some(normalization) = config.normalization {
        url += &format!("&apply_text_normalization={}", normalization.word());
    }
    if let Some(seed) = config.seed {
        url += &format!("&seed={seed}");
    }
    url
}

/// The frames that have an utterance spoken in a context of its own: its settings, its text, which
/// is to be spoken at once, and that nothing follows.
pub(crate) fn frames(context: &str, text: &str, manner: &Manner) -> [String; 3] {
    let mut first = json!({"text": " ", "context_id": context});
    if let (Some(settings), Some(first)) = (manner.settings(), first.as_object_mut()) {
        first.insert("voice_settings".into(), settings);
    }
    let text = json!({"text": text, "context_id": context, "flush": true});
    [first.to_string(), text.to_string(), close(context)]
}

/// The frame that ends a context.
pub(crate) fn close(context: &str) -> String {
    json!({"context_id": context, "close_context": true}).to_string()
}

/// The path and body of a request; `before` is what was spoken last.
pub(crate) fn request(
    config: &Config,
    text: &str,
    before: &str,
    manner: &Manner,
) -> (String, Value) {
    let voice = &manner.voice;
    let mut body = json!({"model_id": config.model});
    let route = match config.route {
        Route::Dialogue => "v1/text-to-dialogue/stream/with-timestamps".to_owned(),
        _ => format!("v1/text-to-speech/{voice}/stream/with-timestamps"),
    };
    if let Some(body) = body.as_object_mut() {
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        match config.route {
            Route::Dialogue => {
                let line = json!([{"text": text, "voice_id": voice}]);
                put("inputs", Some(line));
                put("settings", manner.settings());
            }
            _ => {
                put("text", Some(text.into()));
                put("voice_settings", manner.settings());
                put(
                    "previous_text",
                    (!before.is_empty()).then(|| before.to_owned().into()),
                );
            }
        }
        put("language_code", config.language.clone().map(Value::from));
        put("seed", config.seed.map(Value::from));
        let normalization = config.normalization.map(|it| Value::from(it.word()));
        put("apply_text_normalization", normalization);
    }
    (format!("{route}?output_format={FORMAT}"), body)
}

/// Read a message of the WebSocket, or a line of an answer.
///
/// Both write their names in two ways, which are all understood. Timings that make no sense are left
/// out; sound that does not is an error.
pub(crate) fn read(message: &str) -> Result<Chunk, Error> {
    let wrong = |what: &str| error(ErrorCode::Internal, format!("{WHO} sent {what}"));
    let Ok(message) = serde_json::from_str::<Value>(message) else {
        return Err(wrong("a message that is no JSON"));
    };
    if !message.is_object() {
        return Err(wrong("a message that is no object"));
    }
    let of = |names: &[&str]| named(&message, names);
    let context = of(&["contextId", "context_id"]).and_then(Value::as_str);
    let mut chunk = Chunk {
        context: context.map(str::to_owned),
        last: of(&["isFinal", "is_final"]) == Some(&Value::Bool(true)),
        failure: errors::of_message(&message),
        ..Chunk::default()
    };
    match of(&["audio", "audio_base64", "audioBase64"]) {
        None => {}
        Some(Value::String(audio)) => {
            chunk.audio =
                base64::decode(audio).map_err(|_| wrong("sound that is not in base64"))?;
        }
        Some(_) => return Err(wrong("sound that is no text")),
    }
    // What is written, not what was made of it: "Dr." and not "doctor".
    if let Some(alignment) = of(&["alignment"]) {
        chunk.stamps = stamps(alignment).unwrap_or_default();
    }
    Ok(chunk)
}

fn named<'a>(object: &'a Value, names: &[&str]) -> Option<&'a Value> {
    let found = names.iter().find_map(|name| object.get(*name));
    found.filter(|value| !value.is_null())
}

fn stamps(alignment: &Value) -> Option<Vec<Stamp>> {
    let list = |names: &[&str]| named(alignment, names)?.as_array();
    let characters = list(&["chars", "characters"])?;
    let ms = list(&[
        "charStartTimesMs",
        "char_start_times_ms",
        "charsStartTimesMs",
    ]);
    let (starts, ends, unit) = match ms {
        Some(starts) => {
            let names = ["charDurationsMs", "char_durations_ms", "charsDurationsMs"];
            (starts, list(&names)?, 1e3)
        }
        None => (
            list(&[
                "character_start_times_seconds",
                "characterStartTimesSeconds",
            ])?,
            list(&["character_end_times_seconds", "characterEndTimesSeconds"])?,
            1e6,
        ),
    };
    let count = characters.len();
    if count > MOST_STAMPS || starts.len() != count || ends.len() != count {
        return None;
    }
    let us = |value: &Value| {
        let us = value.as_f64()? * unit;
        // Written so that a NaN is refused too.
        (0.0..=LATEST_US).contains(&us).then_some(us as u64)
    };
    let durations = ms.is_some();
    let each = characters.iter().zip(starts.iter().zip(ends));
    each.map(|(text, (start, end))| {
        let (start_us, end) = (us(start)?, us(end)?);
        let length = if durations {
            end
        } else {
            end.checked_sub(start_us)?
        };
        Some(Stamp {
            text: text.as_str()?.to_owned(),
            start_us,
            duration_us: u32::try_from(length).ok()?,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests;
