//! A server's refusal, in the words of the contract.
//!
//! A vendor's message is never repeated: it may hold the key or the user's own text. What it says in
//! single words (its type, code and parameter) is.

pub mod openai;

use crate::{Error, ErrorCode, error};
use serde_json::Value;

/// The longest word that is repeated.
const LONGEST_WORD: usize = 48;
/// What vendors call an account that has run dry, whatever the status that they send with it.
const DRY: [&str; 4] = [
    "insufficient_quota",
    "quota_exceeded",
    "billing_hard_limit_reached",
    "payment_required",
];
/// The status that a vendor's word stands for where it comes without one.
const STATUSES: [(&str, u16); 13] = [
    ("rate_limit_exceeded", 429),
    ("rate_limit_error", 429),
    ("invalid_api_key", 401),
    ("authentication_error", 401),
    ("permission_error", 403),
    ("model_not_found", 404),
    ("beta_api_shape_disabled", 501),
    ("server_error", 500),
    ("invalid_prompt", 400),
    ("bio_policy", 400),
    ("misalignment_policy_violation", 400),
    ("data_residency_mismatch", 400),
    ("invalid_request_error", 400),
];

/// What a server said when it refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status; one sent inside a stream counts as well.
    pub status: u16,
    /// The vendor's name for this kind of error, e.g. "NotFoundError".
    pub kind: Option<String>,
    /// The vendor's code, e.g. "insufficient_quota".
    pub code: Option<String>,
    /// The field of the request that is wrong.
    pub param: Option<String>,
    /// What the server asked to wait.
    pub retry_after_ms: Option<u32>,
}

impl Refusal {
    /// From the status and body of an answer. The body may be of any form: an object with `error` or
    /// `detail`, a flat object, a string, a web page, nothing.
    pub fn read(status: u16, body: &[u8], retry_after_ms: Option<u32>) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        Refusal {
            retry_after_ms,
            ..Refusal::of(status, &body)
        }
    }

    /// From an error that came inside a stream, which has no status of its own: that in its `code`
    /// is taken, else the one that its code or its type stands for, else it is the server's fault.
    pub fn in_stream(body: &Value) -> Self {
        let mut refusal = Refusal::of(500, body);
        let code = refusal.code.as_deref().and_then(|code| code.parse().ok());
        let code = code.filter(|status| (400..600).contains(status));
        // The code is the narrower word.
        let words = [&refusal.code, &refusal.kind];
        let meant = || words.into_iter().flatten().find_map(|word| meaning(word));
        if let Some(status) = code.or_else(meant) {
            refusal.status = status;
        }
        refusal
    }

    fn of(status: u16, body: &Value) -> Self {
        let inner = ["error", "detail"]
            .iter()
            .filter_map(|key| body.get(key))
            .find(|inner| inner.is_object())
            .unwrap_or(body);
        let field = |name: &str| inner.get(name).and_then(word);
        Refusal {
            status,
            // Of an event, this is what it is, not what went wrong.
            kind: field("type").filter(|kind| kind != "error"),
            code: field("code").or_else(|| field("status")),
            param: field("param"),
            retry_after_ms: None,
        }
    }

    /// The contract's code for it.
    pub fn error_code(&self) -> ErrorCode {
        let named = |names: &[&str]| {
            let said = self.kind.iter().chain(&self.code);
            said.map(|word| word.to_ascii_lowercase())
                .any(|word| names.contains(&word.as_str()))
        };
        match self.status {
            402 => ErrorCode::QuotaExceeded,
            400..=499 if named(&DRY) => ErrorCode::QuotaExceeded,
            401 | 403 => ErrorCode::Unauthenticated,
            429 => ErrorCode::RateLimited,
            408 | 504 => ErrorCode::Timeout,
            400..=499 => ErrorCode::InvalidInput,
            501 => ErrorCode::Unsupported,
            _ => ErrorCode::Unavailable,
        }
    }

    /// The contract's error: one sentence that begins with `who`.
    pub fn into_error(self, who: &str) -> Error {
        let mut words = Vec::new();
        words.extend(self.kind.clone());
        words.extend(
            self.code
                .clone()
                .filter(|code| *code != self.status.to_string()),
        );
        words.extend(self.param.as_ref().map(|param| format!("at {param}")));
        let words = if words.is_empty() {
            String::new()
        } else {
            format!(" ({})", words.join(", "))
        };
        let code = self.error_code();
        let meaning = match code {
            ErrorCode::Unauthenticated => "did not accept the credentials",
            ErrorCode::QuotaExceeded => "says that the account has run dry",
            ErrorCode::RateLimited => "was asked too often",
            ErrorCode::Timeout => "took too long",
            ErrorCode::InvalidInput => "did not accept the request",
            ErrorCode::Unsupported => "cannot do what was asked",
            _ => "is not available",
        };
        let mut error = error(
            code,
            format!("{who} {meaning}: status {}{words}", self.status),
        );
        // The contract has it for these two only.
        if matches!(code, ErrorCode::RateLimited | ErrorCode::Unavailable) {
            error.retry_after_ms = self.retry_after_ms;
        }
        error
    }
}

/// The status that a vendor's word stands for.
fn meaning(word: &str) -> Option<u16> {
    let word = word.to_ascii_lowercase();
    if DRY.contains(&word.as_str()) {
        return Some(402);
    }
    let found = STATUSES.iter().find(|(name, _)| *name == word);
    found.map(|(_, status)| *status)
}

/// A value that is a number or a short plain word, and so cannot be anybody's text or key.
fn word(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ' ' | '[' | ']');
    let keeps = !text.is_empty() && text.len() <= LONGEST_WORD && text.chars().all(plain);
    keeps.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(status: u16, body: &str) -> ErrorCode {
        Refusal::read(status, body.as_bytes(), None).error_code()
    }

    #[test]
    fn every_status_has_its_code() {
        for (status, wanted) in [
            (400, ErrorCode::InvalidInput),
            (401, ErrorCode::Unauthenticated),
            (402, ErrorCode::QuotaExceeded),
            (403, ErrorCode::Unauthenticated),
            (404, ErrorCode::InvalidInput),
            (408, ErrorCode::Timeout),
            (413, ErrorCode::InvalidInput),
            (422, ErrorCode::InvalidInput),
            (429, ErrorCode::RateLimited),
            (500, ErrorCode::Unavailable),
            (501, ErrorCode::Unsupported),
            (502, ErrorCode::Unavailable),
            (503, ErrorCode::Unavailable),
            (504, ErrorCode::Timeout),
            (529, ErrorCode::Unavailable),
            (302, ErrorCode::Unavailable),
        ] {
            assert_eq!(code(status, ""), wanted, "{status}");
        }
    }

    #[test]
    fn an_empty_account_is_told_from_too_many_requests() {
        let body = r#"{"error": {"code": "insufficient_quota", "type": "insufficient_quota"}}"#;
        assert_eq!(code(429, body), ErrorCode::QuotaExceeded);
        let body = r#"{"detail": {"status": "quota_exceeded", "message": "…"}}"#;
        assert_eq!(code(401, body), ErrorCode::QuotaExceeded);
        let body = r#"{"error": {"code": "rate_limit_exceeded"}}"#;
        assert_eq!(code(429, body), ErrorCode::RateLimited);
    }

    #[test]
    fn bodies_of_any_form_are_read() {
        let nested =
            r#"{"error":{"message":"m","type":"NotFoundError","param":"model","code":404}}"#;
        let error = Refusal::read(404, nested.as_bytes(), None).into_error("the server");
        assert_eq!(
            error.message,
            "the server did not accept the request: status 404 (NotFoundError, at model)"
        );
        let flat = r#"{"object":"error","message":"m","type":"BadRequestError","code":400}"#;
        let refusal = Refusal::read(400, flat.as_bytes(), None);
        assert_eq!(refusal.kind.as_deref(), Some("BadRequestError"));
        for body in [r#"{"error":"Unauthorized"}"#, "<html>", "", "[1]", "null"] {
            let error = Refusal::read(401, body.as_bytes(), None).into_error("the server");
            assert_eq!(
                error.message,
                "the server did not accept the credentials: status 401"
            );
        }
    }

    #[test]
    fn nothing_that_could_be_a_secret_or_a_text_is_repeated() {
        let body = r#"{"error": {"message": "Incorrect key sk-proj-12", "type": "sk-proj-12",
            "code": "Tell me: how are you?", "param": "a very long text that a user wrote and that is echoed"}}"#;
        let error = Refusal::read(401, body.as_bytes(), None).into_error("x");
        assert_eq!(
            error.message,
            "x did not accept the credentials: status 401"
        );
    }

    #[test]
    fn an_error_in_a_stream_brings_its_own_status() {
        let status = |body: Value| Refusal::in_stream(&body).status;
        assert_eq!(status(serde_json::json!({"error": {"code": 400}})), 400);
        assert_eq!(status(serde_json::json!({"error": {"code": "429"}})), 429);
        assert_eq!(
            status(serde_json::json!({"error": {"code": "overloaded"}})),
            500
        );
        assert_eq!(status(serde_json::json!({"error": "no"})), 500);
    }

    #[test]
    fn an_error_in_a_stream_is_understood_by_its_words() {
        let code = |body: Value| Refusal::in_stream(&body).error_code();
        for (kind, word, wanted) in [
            ("tokens", "rate_limit_exceeded", ErrorCode::RateLimited),
            ("x", "insufficient_quota", ErrorCode::QuotaExceeded),
            (
                "invalid_request_error",
                "invalid_api_key",
                ErrorCode::Unauthenticated,
            ),
            ("invalid_request_error", "", ErrorCode::InvalidInput),
            ("server_error", "", ErrorCode::Unavailable),
            ("x", "y", ErrorCode::Unavailable),
        ] {
            let body = serde_json::json!({"error": {"type": kind, "code": word}});
            assert_eq!(code(body), wanted, "{kind} {word}");
        }
        let flat = serde_json::json!({"type": "error", "code": "server_error", "message": "m"});
        assert_eq!(
            Refusal::in_stream(&flat).into_error("x").message,
            "x is not available: status 500 (server_error)"
        );
    }

    #[test]
    fn only_what_may_help_later_says_when() {
        let error = |status| Refusal::read(status, b"", Some(900)).into_error("x");
        assert_eq!(error(429).retry_after_ms, Some(900));
        assert_eq!(error(503).retry_after_ms, Some(900));
        assert_eq!(error(400).retry_after_ms, None);
    }
}
