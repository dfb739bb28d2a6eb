//! Speech in the pieces that ElevenLabs sends, with the times of the characters.

use crate::speech::Speech;
use base64::Engine as _;
use serde_json::{Value, json};

/// The length of the pieces, in microseconds: the first is short so that it comes soon.
const LENGTHS_US: [u64; 3] = [160_000, 420_000, 640_000];

/// A character, when it begins and how long it sounds, in microseconds.
type Timed = (char, u64, u64);

/// A piece of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Signed 16-bit little-endian, mono.
    pub(super) bytes: Vec<u8>,
    /// When it begins.
    start_us: u64,
    /// What begins to sound in it; times count from the beginning of the speech.
    characters: Vec<Timed>,
}

/// A text as it is said aloud: tags are directions.
pub(super) fn without_tags(text: &str, tags: bool) -> String {
    if !tags {
        return text.to_owned();
    }
    let mut inside = false;
    let said = |c: &char| {
        inside |= *c == '[';
        let silent = inside;
        inside &= *c != ']';
        !silent
    };
    text.chars().filter(said).collect()
}

/// The pieces of a speech; `text` may have tags that are not in it, and take no time.
pub(super) fn pieces(text: &str, tags: bool, speech: &Speech, rate: u32) -> Vec<Piece> {
    let mut characters = timed(text, tags, speech).into_iter().peekable();
    let bytes = speech.bytes(rate);
    let mut pieces = Vec::new();
    let (mut from, mut start_us) = (0, 0);
    while from < bytes.len() {
        let length = LENGTHS_US.get(pieces.len()).or(LENGTHS_US.last());
        let samples = length.copied().unwrap_or(1_000_000) * u64::from(rate) / 1_000_000;
        let to = (from + samples as usize * 2).min(bytes.len());
        let end_us = to as u64 / 2 * 1_000_000 / u64::from(rate);
        let mut begun = Vec::new();
        // The last piece has all that is left.
        while let Some(one) =
            characters.next_if(|(_, start, _)| *start < end_us || to == bytes.len())
        {
            begun.push(one);
        }
        pieces.push(Piece {
            bytes: bytes.get(from..to).unwrap_or_default().to_vec(),
            start_us,
            characters: begun,
        });
        (from, start_us) = (to, end_us);
    }
    pieces
}

fn timed(text: &str, tags: bool, speech: &Speech) -> Vec<Timed> {
    let mut spoken = speech.characters().into_iter().peekable();
    if !tags {
        return spoken.collect();
    }
    let mut all = Vec::new();
    let mut inside = false;
    for c in text.chars() {
        inside |= c == '[';
        let next = match inside {
            // It takes no time, where the next character begins.
            true => spoken.peek().map(|(_, start, _)| (c, *start, 0)),
            false => spoken.next().map(|(_, start, length)| (c, start, length)),
        };
        inside &= c != ']';
        let end = all.last().map_or(0, |(_, start, length)| start + length);
        all.push(next.unwrap_or((c, end, 0)));
    }
    all
}

impl Piece {
    fn audio(&self) -> String {
        base64::prelude::BASE64_STANDARD.encode(&self.bytes)
    }

    /// A line of an answer: seconds from the start of the answer.
    pub(super) fn line(&self) -> Value {
        let seconds = |us: u64| us as f64 / 1e6;
        let list = |of: fn(&Timed) -> u64| -> Vec<f64> {
            self.characters.iter().map(|one| seconds(of(one))).collect()
        };
        let alignment = |spelt: fn(char) -> String| {
            json!({
                "characters": self.letters(spelt),
                "character_start_times_seconds": list(|one| one.1),
                "character_end_times_seconds": list(|one| one.1 + one.2),
            })
        };
        // A piece in which nothing begins has none.
        let none = self.characters.is_empty();
        let or_null = |value: Value| if none { Value::Null } else { value };
        json!({
            "audio_base64": self.audio(),
            "alignment": or_null(alignment(|c| c.to_string())),
            "normalized_alignment": or_null(alignment(normal)),
        })
    }

    /// A message of a WebSocket: milliseconds from the start of this piece. It writes its names in one
    /// of the two ways that are seen in the wild.
    pub(super) fn message(&self, context: Option<&str>, snake: bool) -> Value {
        let ms = |us: u64| us as f64 / 1e3;
        let starts: Vec<f64> = self
            .characters
            .iter()
            .map(|one| ms(one.1.saturating_sub(self.start_us)).round())
            .collect();
        let lengths: Vec<f64> = self
            .characters
            .iter()
            .map(|one| ms(one.2).round())
            .collect();
        let alignment = |spelt: fn(char) -> String| match (self.characters.is_empty(), snake) {
            (true, _) => Value::Null,
            (_, false) => json!({"chars": self.letters(spelt), "charStartTimesMs": starts,
                "charDurationsMs": lengths}),
            (_, true) => json!({"chars": self.letters(spelt), "char_start_times_ms": starts,
                "char_durations_ms": lengths}),
        };
        let mut message = json!({
            "audio": self.audio(), "isFinal": null,
            "alignment": alignment(|c| c.to_string()),
            "normalizedAlignment": alignment(normal),
        });
        if let (Some(context), Some(message)) = (context, message.as_object_mut()) {
            message.insert(context_name(snake).into(), context.into());
        }
        message
    }

    fn letters(&self, spelt: fn(char) -> String) -> Vec<String> {
        self.characters.iter().map(|one| spelt(one.0)).collect()
    }
}

/// What is read, which is another text than the one that was written.
fn normal(c: char) -> String {
    match c {
        '0'..='9' => "number".to_owned(),
        _ => c.to_uppercase().collect(),
    }
}

/// How a context is called in a message.
pub(super) fn context_name(snake: bool) -> &'static str {
    if snake { "context_id" } else { "contextId" }
}
