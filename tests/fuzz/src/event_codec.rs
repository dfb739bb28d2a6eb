//! What clients send, and what goes out to them in a vendor's or a user's words.

mod inbound;
mod outbound;

/// Parts of events, on both wires.
pub(crate) const WORDS: &[&str] = &[
    "{\"type\":\"",
    "user_text",
    "end_turn",
    "interrupt",
    "control_update",
    "playback",
    "ping",
    "\"text\":",
    "\"mode\":\"say\"",
    "\"emotion\":{",
    "\"label\":\"joy\"",
    "\"intensity\":",
    "\"character\":{",
    "\"persona_id\":",
    "\"speech_rate\":",
    "\"render\":{",
    "\"fps\":",
    "\"resolution\":\"384x384\"",
    "\"latency_mode\":\"low\"",
    "\"position_us\":",
    "\"seq\":",
    "1e999",
    "-0",
    "1.5",
    "18446744073709551616",
    "null",
    "true",
    "\\u0000",
    "\\ud800",
    "[[[[",
    "{}",
    "type",
    "render",
    "fps",
    "\u{18}\u{1e}",
    "\"details\":",
    "ü😀",
    "\u{2028}",
];

/// An event as it came, on either wire; and the same bytes as a text that goes out.
///
/// Inbound:
/// - It is understood, or refused in few words, however long it is.
/// - What was understood keeps its ranges, and means the same when it is written down again.
/// - JSON and CBOR that say the same are understood, or refused, alike.
///
/// Outbound:
/// - JSON is one line, CBOR one item, and both say the same.
/// - A vendor's details never change what the event says of itself.
///
/// # Panics
/// When one of these is broken.
pub fn event_codec(data: &[u8]) {
    inbound::check(data);
    outbound::check(&String::from_utf8_lossy(data));
}
