//! How ElevenLabs refuses: a word and a sentence in `detail`, or a list of what is wrong with a field.

use crate::answer;
use crate::call::Refused;
use axum::response::Response;
use serde_json::{Value, json};

/// The answer to a request that is refused, whichever of its routes it was for.
pub(super) fn refuse(why: &Refused) -> Response {
    let (status, word) = status_and_word(why);
    wrong(status, word, "A refusal of the double.")
}

/// The same inside a WebSocket.
pub(super) fn frame(why: &Refused, context: Option<&str>) -> Value {
    let (_, word) = status_and_word(why);
    frame_of(word, context)
}

/// An error inside a WebSocket, which is closed with its `code` afterwards.
pub(super) fn frame_of(word: &str, context: Option<&str>) -> Value {
    json!({"message": "A refusal of the double.", "error": word, "code": 1008, "contextId": context})
}

/// A refusal with the vendor's word for it.
pub(super) fn wrong(status: u16, word: &str, message: &str) -> Response {
    let detail = json!({"status": word, "message": message});
    answer::json(status, &json!({"detail": detail}))
}

/// A field of the request is wrong.
pub(super) fn invalid(field: &[&str], message: &str, kind: &str) -> Response {
    let mut place = vec!["body"];
    place.extend(field);
    let detail = json!([{"loc": place, "msg": message, "type": kind}]);
    answer::json(422, &json!({"detail": detail}))
}

/// An error of that status in a line of an answer.
pub(super) fn body(status: u16) -> Value {
    let detail = json!({"status": word(status), "message": "A scripted error."});
    json!({"detail": detail})
}

fn status_and_word(why: &Refused) -> (u16, &'static str) {
    match why {
        Refused::Key => (401, "invalid_api_key"),
        // Its own choice of a status.
        Refused::Quota => (401, "quota_exceeded"),
        Refused::RateLimited => (429, "too_many_concurrent_requests"),
        Refused::Status(status) => (*status, word(*status)),
    }
}

fn word(status: u16) -> &'static str {
    match status {
        400 => "max_character_limit_exceeded",
        401 => "invalid_api_key",
        402 => "payment_required",
        403 => "missing_permissions",
        404 => "voice_not_found",
        422 => "validation_error",
        429 => "system_busy",
        500 => "internal_error",
        _ => "simulated",
    }
}
