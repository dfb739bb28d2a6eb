//! The objects of an answer.

use super::check::Asked;
use crate::script::Script;
use serde_json::{Value, json};

/// The characters of the longest piece of text.
const PIECE: usize = 5;

/// The pieces that a model would make of a text: a few characters each, no character cut.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut pieces = Vec::new();
    let mut rest = chars.as_slice();
    while !rest.is_empty() {
        // Of all lengths from one up, so that nobody relies on one.
        let (piece, left) = rest.split_at(rest.len().min(1 + pieces.len() % PIECE));
        pieces.push(piece.iter().collect());
        rest = left;
    }
    pieces
}

fn chunk(script: &Script, choices: Value) -> Value {
    json!({
        "id": "chatcmpl-simulated", "object": "chat.completion.chunk", "created": 1_760_000_000,
        "model": script.model, "choices": choices,
    })
}

/// What an answer begins with.
pub(super) fn role(script: &Script) -> Value {
    let delta = json!({"role": "assistant", "content": ""});
    chunk(
        script,
        json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]),
    )
}

/// A piece of text.
pub(super) fn text(script: &Script, piece: &str) -> Value {
    let delta = json!({"content": piece});
    chunk(
        script,
        json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]),
    )
}

/// The end of the text.
pub(super) fn stop(script: &Script) -> Value {
    chunk(
        script,
        json!([{"index": 0, "delta": {"content": ""}, "logprobs": null, "finish_reason": "stop",
                "stop_reason": null}]),
    )
}

/// The account.
pub(super) fn usage(script: &Script, asked: &Asked) -> Value {
    let mut last = chunk(script, json!([]));
    if let Some(last) = last.as_object_mut() {
        last.insert("usage".into(), count(script, asked));
    }
    last
}

fn count(script: &Script, asked: &Asked) -> Value {
    let said = pieces(&script.answer).len();
    json!({
        "prompt_tokens": asked.words, "completion_tokens": said, "total_tokens": asked.words + said,
    })
}

/// The whole answer at once.
pub(super) fn whole(script: &Script, asked: &Asked) -> Value {
    let message = json!({"role": "assistant", "content": script.answer});
    json!({
        "id": "chatcmpl-simulated", "object": "chat.completion", "created": 1_760_000_000,
        "model": script.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": count(script, asked),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_text() {
        let text = "Zażółć 你好 😀, and so on.";
        let pieces = pieces(text);
        assert_eq!(pieces.concat(), text);
        assert!(pieces.len() > 5 && pieces.iter().all(|piece| !piece.is_empty()));
    }
}
