//! The objects of an answer.

use super::check::Asked;
use crate::pieces::pieces;
use crate::script::Script;
use serde_json::{Value, json};

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
pub(super) fn usage(script: &Script, answer: &str, asked: &Asked) -> Value {
    let mut last = chunk(script, json!([]));
    if let Some(last) = last.as_object_mut() {
        last.insert("usage".into(), count(answer, asked));
    }
    last
}

fn count(answer: &str, asked: &Asked) -> Value {
    let said = pieces(answer).len();
    json!({
        "prompt_tokens": asked.words, "completion_tokens": said, "total_tokens": asked.words + said,
    })
}

/// The whole answer at once.
pub(super) fn whole(script: &Script, answer: &str, asked: &Asked) -> Value {
    let message = json!({"role": "assistant", "content": answer});
    json!({
        "id": "chatcmpl-simulated", "object": "chat.completion", "created": 1_760_000_000,
        "model": script.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": count(answer, asked),
    })
}
