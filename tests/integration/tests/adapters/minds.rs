//! What all language models behind a server are tested with.

use crate::provider::Provider;
use crate::{ANSWER, of, text};
use serde_json::{Value, json};
use tth_simulators::{Fault, Simulator};

/// The double's answer as it is shown: without its tag.
pub(crate) fn shown() -> &'static str {
    ANSWER.split_once("> ").unwrap().1
}

/// A turn has the double's answer, all of it, and is heard.
pub(crate) fn is_the_answer(events: &[Value]) {
    assert_eq!(text(events).trim(), shown());
    assert!(of(events, "audio_chunk").len() > 20, "it is spoken");
}

/// A turn has at least the beginning of it.
pub(crate) fn is_begun(events: &[Value]) {
    assert!(text(events).contains("你好 😀"), "{:?}", text(events));
}

/// Voice and face took the feeling that the answer is tagged with.
pub(crate) fn is_felt(events: &[Value]) {
    let reports = of(events, "control_applied");
    for stage in ["tts", "avatar"] {
        let mut lines = reports
            .iter()
            .flat_map(|event| event["report"].as_array().unwrap());
        let joy = lines.any(|line| {
            line["stage"] == stage && line["control"] == "emotion.label" && line["value"] == "joy"
        });
        assert!(joy, "{stage}: {reports:?}");
    }
}

/// The items of a conversation as OpenAI takes it: who said it, in which kind of part, what.
pub(crate) fn talk(input: &Value) -> Vec<(&str, &str, &str)> {
    let items = input.as_array().unwrap().iter();
    items
        .map(|item| {
            assert_eq!(item["type"], "message");
            let part = &item["content"][0];
            (
                item["role"].as_str().unwrap(),
                part["type"].as_str().unwrap(),
                part["text"].as_str().unwrap(),
            )
        })
        .collect()
}

/// Such a conversation is one question, its answer without tags, and another question.
pub(crate) fn is_a_second_question(input: &Value) {
    let talk = talk(input);
    let kinds: Vec<_> = talk.iter().map(|(role, part, _)| (*role, *part)).collect();
    assert_eq!(
        kinds,
        [
            ("user", "input_text"),
            ("assistant", "output_text"),
            ("user", "input_text")
        ]
    );
    is_without_tags(talk[1].2);
}

/// An answer in a conversation is what was shown of it.
pub(crate) fn is_without_tags(answer: &str) {
    assert!(
        answer.contains("你好 😀") && !answer.contains("<feel"),
        "{answer}"
    );
}

/// A file has the same answer as a stream; the double, which may say what it was asked.
pub(crate) fn a_file_has_the_same_answer(mind: &Provider) -> Simulator {
    let double = mind.double();
    let server = mind.server(&double, &[]);
    let body = json!({"text": "Who are you?", "mode": "chat", "format": "json"});
    let (status, answer) = server.call("POST", "/v1/generate", Some(&body)).unwrap();
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["text"].as_str().map(str::trim), Some(shown()));
    double
}

/// What can go wrong after the first words.
pub(crate) fn late() -> [Fault; 4] {
    [
        Fault::Cut(20),
        Fault::Malformed(20),
        Fault::ErrorInStream(20, 500),
        Fault::Stall(20),
    ]
}
