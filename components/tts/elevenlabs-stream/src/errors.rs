//! The vendor's errors in the words of the contract.
//!
//! It has a word for each (`detail.status` of an answer, `error` of a frame), which says more than the
//! status beside it: a WebSocket has none, and an empty account comes as 401.

use crate::messages::WHO;
use serde_json::{Value, json};
use tth_sdk::http::Response;
use tth_sdk::vendor::Refusal;
use tth_sdk::websocket::{self, CloseFrame};
use tth_sdk::{Error, ErrorCode, error};

/// The vendor's words, and the HTTP status that says the same to the contract.
const WORDS: [(&str, u16); 24] = [
    ("invalid_api_key", 401),
    ("missing_permissions", 401),
    ("unauthorized", 401),
    ("authentication_error", 401),
    ("needs_authorization", 401),
    ("detected_unusual_activity", 401),
    ("quota_exceeded", 402),
    ("payment_required", 402),
    ("insufficient_credits", 402),
    ("too_many_concurrent_requests", 429),
    ("concurrent_limit_exceeded", 429),
    ("rate_limit_exceeded", 429),
    ("system_busy", 429),
    ("max_character_limit_exceeded", 400),
    ("voice_not_found", 404),
    ("voice_id_does_not_exist", 404),
    ("model_not_found", 404),
    ("unsupported_model", 400),
    ("invalid_voice_settings", 400),
    ("validation_error", 422),
    ("invalid_message", 400),
    ("input_timeout_exceeded", 408),
    ("max_active_conversations", 429),
    ("internal_error", 500),
];

fn status_of(word: &str) -> Option<u16> {
    let known = WORDS.iter().find(|(known, _)| *known == word);
    known.map(|(_, status)| *status)
}

pub(crate) fn told(mut refusal: Refusal) -> Error {
    let words = [refusal.code.as_deref(), refusal.kind.as_deref()];
    if let Some(status) = words.into_iter().flatten().find_map(status_of) {
        refusal.status = status;
    }
    refusal.into_error(WHO)
}

/// Of an answer that refuses.
pub(crate) async fn of_answer(answer: Response) -> Error {
    told(answer.refusal().await)
}

/// Of a WebSocket that did not open.
pub(crate) fn of_upgrade(failure: websocket::Error) -> Error {
    match websocket::refusal(&failure) {
        Some(refusal) => told(refusal),
        None => failure.into(),
    }
}

/// The error that a message tells of, if it does.
pub(crate) fn of_message(message: &Value) -> Option<Error> {
    if let Some(detail) = message.get("detail").filter(|detail| !detail.is_null()) {
        return Some(told(Refusal::in_stream(&json!({"detail": detail}))));
    }
    let failure = message.get("error").filter(|error| !error.is_null())?;
    // Beside it is the code that the WebSocket will be closed with, which says nothing of the kind.
    let word = match failure {
        Value::String(word) => json!({"detail": {"status": word}}),
        other => json!({"detail": other}),
    };
    Some(told(Refusal::in_stream(&word)))
}

/// Of a WebSocket that ended while it owed something.
pub(crate) fn of_ending(ending: Result<Option<CloseFrame>, websocket::Error>) -> Error {
    let frame = match ending {
        Err(failure) => return failure.into(),
        Ok(frame) => frame,
    };
    let Some(frame) = frame else {
        return error(
            ErrorCode::Unavailable,
            format!("{WHO} broke the WebSocket off"),
        );
    };
    let reason = frame.reason.to_ascii_lowercase();
    let known = WORDS.iter().find(|(word, _)| reason.contains(*word));
    match known {
        Some((word, status)) => told(Refusal {
            status: *status,
            code: Some((*word).to_owned()),
            ..Refusal::default()
        }),
        None => error(
            // 1008 is the vendor's for whatever it holds to be the client's fault.
            match frame.code {
                1008 => ErrorCode::InvalidInput,
                _ => ErrorCode::Unavailable,
            },
            format!("{WHO} closed the WebSocket with code {}", frame.code),
        ),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_word_says_more_than_the_status() {
        let of = |status: u16, word: &str| {
            let body = json!({"detail": {"status": word, "message": "secret"}}).to_string();
            told(Refusal::read(status, body.as_bytes(), Some(500)))
        };
        for (status, word, code) in [
            (401, "invalid_api_key", ErrorCode::Unauthenticated),
            (401, "quota_exceeded", ErrorCode::QuotaExceeded),
            (429, "too_many_concurrent_requests", ErrorCode::RateLimited),
            (503, "system_busy", ErrorCode::RateLimited),
            (400, "voice_not_found", ErrorCode::InvalidInput),
            (400, "max_character_limit_exceeded", ErrorCode::InvalidInput),
            (403, "never_heard_of", ErrorCode::Unauthenticated),
            (500, "never_heard_of", ErrorCode::Unavailable),
        ] {
            let error = of(status, word);
            assert_eq!(error.code, code, "{status} {word}");
            assert!(error.message.starts_with(WHO) && !error.message.contains("secret"));
        }
        assert_eq!(of(429, "system_busy").retry_after_ms, Some(500));
    }

    #[test]
    fn frames_tell_of_errors_in_their_own_way() {
        let of = |message: Value| of_message(&message).map(|error| error.code);
        assert_eq!(of(json!({"audio": "", "error": null})), None);
        for (message, code) in [
            (
                json!({"message": "m", "error": "quota_exceeded", "code": 1008}),
                ErrorCode::QuotaExceeded,
            ),
            (
                json!({"error": "something new", "code": 1008}),
                ErrorCode::Unavailable,
            ),
            (
                json!({"error": {"status": "invalid_api_key"}}),
                ErrorCode::Unauthenticated,
            ),
            (
                json!({"detail": {"status": "system_busy"}}),
                ErrorCode::RateLimited,
            ),
            (
                json!({"error": "input_timeout_exceeded"}),
                ErrorCode::Timeout,
            ),
        ] {
            assert_eq!(of(message.clone()), Some(code), "{message}");
        }
    }

    #[test]
    fn a_farewell_says_why() {
        let of = |code: u16, reason: &str| {
            let frame = CloseFrame {
                code,
                reason: reason.into(),
            };
            of_ending(Ok(Some(frame)))
        };
        assert_eq!(of(1008, "").code, ErrorCode::InvalidInput);
        assert_eq!(of(1011, "").code, ErrorCode::Unavailable);
        let dry = of(1008, "quota_exceeded: your key sk_1 is dry");
        assert_eq!(dry.code, ErrorCode::QuotaExceeded);
        assert!(!dry.message.contains("sk_1"), "{}", dry.message);
        assert_eq!(of_ending(Ok(None)).code, ErrorCode::Unavailable);
        let broken = of_ending(Err(websocket::Error::Protocol("x".into())));
        assert_eq!(broken.code, ErrorCode::Unavailable);
    }

    #[test]
    fn an_upgrade_that_is_refused_is_read_like_an_answer() {
        let refused = |text: &str| of_upgrade(websocket::Error::Refused(text.into()));
        let dry = refused(r#"401 Unauthorized; {"detail": {"status": "quota_exceeded"}}"#);
        assert_eq!(dry.code, ErrorCode::QuotaExceeded);
        assert!(dry.message.starts_with(WHO));
        let denied = of_upgrade(websocket::Error::Denied("not in allow.hosts".into()));
        assert_eq!(denied.code, ErrorCode::InvalidConfig);
    }
}
