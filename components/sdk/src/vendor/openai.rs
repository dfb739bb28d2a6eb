//! What all of OpenAI's interfaces have in common.

#[cfg(feature = "http")]
use crate::http::Response;
use crate::llm::{Message, Role};
use crate::{Error, invalid_config};
use serde_json::{Value, json};

/// The longest name of a model.
const LONGEST_MODEL: usize = 128;
/// The most bytes of one piece of text, a little below the contract's limit for it.
const LONGEST_DELTA: usize = 60 << 10;

/// A conversation as OpenAI takes it: the system messages that it begins with, joined, and all
/// further messages as items. What the assistant said stands in parts of its own kind.
pub fn conversation(messages: &[Message]) -> (String, Vec<Value>) {
    let system = messages
        .iter()
        .take_while(|message| message.role == Role::System)
        .count();
    let (first, rest) = messages.split_at(system);
    let first: Vec<&str> = first.iter().map(|one| one.content.as_str()).collect();
    (first.join("\n\n"), rest.iter().map(item).collect())
}

fn item(message: &Message) -> Value {
    let (role, part) = match message.role {
        Role::System => ("system", "input_text"),
        Role::User => ("user", "input_text"),
        Role::Assistant => ("assistant", "output_text"),
    };
    let content = json!([{"type": part, "text": message.content}]);
    json!({"type": "message", "role": role, "content": content})
}

/// The word that announces when a model is shut down, for `features`; the date as YYYY-MM-DD.
pub fn ends(model: &str, date: &str) -> String {
    format!("ends:{model}={date}")
}

/// The setting `model`: a name that can stand in an address.
///
/// # Errors
/// `invalid-config` where it is none; `example` is named there.
pub fn model(name: String, example: &str) -> Result<String, Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    if name.is_empty() || name.len() > LONGEST_MODEL || !name.chars().all(plain) {
        return Err(invalid_config(format!(
            "settings: model must be a model's name, e.g. {example}"
        )));
    }
    Ok(name)
}

/// A piece of text out of an event; `None` if it is none, or longer than any piece ever is.
pub fn delta(event: &Value) -> Option<&str> {
    let text = event.get("delta")?.as_str()?;
    (text.len() <= LONGEST_DELTA).then_some(text)
}

/// How many tokens `usage` says under that name; 0 where it says nothing.
pub fn tokens(usage: &Value, name: &str) -> u32 {
    let count = usage.get(name).and_then(Value::as_u64).unwrap_or(0);
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// This answer if its status says success, else the refusal, with the milliseconds to wait from
/// `retry-after-ms` if that was sent.
///
/// # Errors
/// The contract's error for the refusal; it begins with `who`.
#[cfg(feature = "http")]
pub async fn success(answer: Response, who: &str) -> Result<Response, Error> {
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    let exact = answer.header("retry-after-ms").and_then(wait_ms);
    let mut refusal = answer.refusal().await;
    refusal.retry_after_ms = exact.or(refusal.retry_after_ms);
    Err(refusal.into_error(who))
}

#[cfg(feature = "http")]
fn wait_ms(text: &str) -> Option<u32> {
    let ms: f64 = text.trim().parse().ok()?;
    // As casts do: what is too large is the largest.
    (ms.is_finite() && ms >= 0.0).then(|| ms.ceil() as u32)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_its_instructions_and_its_items() {
        let (instructions, items) = conversation(&[
            Message::of(Role::System, "You are Mira."),
            Message::of(Role::System, "Be brief."),
            Message::of(Role::User, "Hello"),
            Message::of(Role::Assistant, "Hi!"),
            Message::of(Role::System, "It is late."),
        ]);
        assert_eq!(instructions, "You are Mira.\n\nBe brief.");
        let message = |role: &str, part: &str, text: &str| {
            let content = json!([{"type": part, "text": text}]);
            json!({"type": "message", "role": role, "content": content})
        };
        assert_eq!(
            items,
            [
                message("user", "input_text", "Hello"),
                message("assistant", "output_text", "Hi!"),
                message("system", "input_text", "It is late."),
            ]
        );
        assert_eq!(conversation(&[]), (String::new(), vec![]));
    }

    #[test]
    fn a_model_is_a_plain_name() {
        for good in ["gpt-6-luna", "ft:gpt-6-luna:acme::a1_B"] {
            assert_eq!(model(good.into(), "x").unwrap(), good);
        }
        for bad in ["", " ", "gpt 6", "a/../b", "a?b", &"x".repeat(129)] {
            assert!(model(bad.into(), "x").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn pieces_of_text_have_a_limit() {
        assert_eq!(delta(&json!({"delta": "Hi"})), Some("Hi"));
        assert_eq!(delta(&json!({"delta": {"text": "Hi"}})), None);
        assert_eq!(delta(&json!({"delta": "x".repeat(70_000)})), None);
    }

    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    #[test]
    fn the_wait_in_milliseconds_is_the_better_one() {
        use crate::http::replay::{Answer, script};
        use crate::http::{Request, Url, send};
        use futures::executor::block_on;

        for (exact, wait) in [("850.2", 851), ("soon", 2_000), ("-1", 2_000)] {
            let refused = Answer::new(429).header("retry-after", "2");
            let _heard = script([refused.header("retry-after-ms", exact)]);
            let url = Url::parse("http://127.0.0.1:1").unwrap();
            let answer = block_on(send(Request::get(url))).unwrap();
            let error = block_on(success(answer, "x")).unwrap_err();
            assert_eq!(error.retry_after_ms, Some(wait), "{exact}");
        }
    }
}
