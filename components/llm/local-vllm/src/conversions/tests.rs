//! Requests as they are sent, answers as they come.

use super::*;
use proptest::prelude::*;
use tth_sdk::LoadConfig;

fn config(settings: &str) -> Config {
    Config::load(&LoadConfig::of(settings)).unwrap()
}

fn texts(events: Vec<Event>) -> Vec<String> {
    let text = |event: Event| event.into_text().unwrap();
    events.into_iter().map(text).collect()
}

const NOTHING: Control = Control { params: Vec::new() };

#[test]
fn a_request_holds_the_conversation_and_no_more_than_was_configured() {
    let talk = [
        Message::of(Role::System, "You are Mira."),
        Message::of(Role::User, "Hello"),
        Message::of(Role::Assistant, "Hi!"),
        Message::of(Role::User, "Who are you?"),
    ];
    assert_eq!(
        request(&config("{}"), "m", &talk, &NOTHING),
        json!({
            "model": "m",
            "messages": [
                {"role": "system", "content": "You are Mira."},
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": "Hi!"},
                {"role": "user", "content": "Who are you?"},
            ],
            "stream": true,
            "stream_options": {"include_usage": true},
        })
    );
}

#[test]
fn settings_controls_and_extra_fields_arrive() {
    let config = config(
        r#"{"temperature": 0.5, "top_p": 0.9, "max_tokens": 80,
            "extra": {"chat_template_kwargs": {"enable_thinking": false}, "seed": 7}}"#,
    );
    let control = Control::of([("temperature", 1.25)]);
    let body = request(&config, "m", &[], &control);
    let field = |name: &str| body.get(name).cloned().unwrap_or_default();
    assert_eq!(field("temperature"), 1.25, "the control is nearer");
    assert_eq!(field("top_p"), 0.9);
    assert_eq!(field("max_tokens"), 80);
    assert_eq!(field("seed"), 7);
    assert_eq!(
        field("chat_template_kwargs"),
        json!({"enable_thinking": false})
    );
}

const STREAM: &str = concat!(
    r#"data: {"id":"c","object":"chat.completion.chunk","model":"qwen","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
    "\n\n: keep-alive\n\n",
    r#"data: {"choices":[{"index":0,"delta":{"reasoning":"They greet me."}}]}"#,
    "\n\n",
    r#"data: {"choices":[{"index":0,"delta":{"content":"<feel:joy> Hé"}}]}"#,
    "\n\n",
    r#"data: {"choices":[{"index":0,"delta":{"content":"llo 😀."},"finish_reason":"stop","stop_reason":null}]}"#,
    "\n\n",
    r#"data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}}"#,
    "\n\ndata: [DONE]\n\n",
);

#[test]
fn an_answer_is_its_text_and_its_usage() {
    let mut reply = Reply::new("m");
    let said = texts(reply.feed(STREAM.as_bytes()));
    assert_eq!(said, ["<feel:joy> Hé", "llo 😀."]);
    assert!(reply.done() && reply.failure().is_none());
    let usage = reply.end().unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (12, 5));
    assert_eq!(usage.model, "qwen");
}

proptest! {
    #[test]
    fn an_answer_is_the_same_however_it_is_cut(size in 1_usize..200) {
        let mut reply = Reply::new("m");
        let mut said = String::new();
        for piece in STREAM.as_bytes().chunks(size) {
            said.extend(texts(reply.feed(piece)));
        }
        prop_assert_eq!(said, "<feel:joy> Héllo 😀.");
        prop_assert!(reply.done());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut reply = Reply::new("m");
        let _events = reply.feed(&bytes);
        let _end = reply.end();
    }
}

fn failed(stream: &str) -> (Vec<String>, Error) {
    let mut reply = Reply::new("m");
    let said = texts(reply.feed(stream.as_bytes()));
    let failure = reply.failure();
    (said, failure.unwrap_or_else(|| reply.end().unwrap_err()))
}

#[test]
fn an_error_in_the_stream_comes_after_what_was_said_before() {
    let start = r#"data: {"choices":[{"delta":{"content":"One."}}]}"#;
    for (rest, code) in [
        (
            r#"data: {"error":{"message":"m","type":"InternalServerError","param":null,"code":500}}"#,
            ErrorCode::Unavailable,
        ),
        (
            r#"data: {"error":{"message":"m","type":"BadRequestError","param":null,"code":400}}"#,
            ErrorCode::InvalidInput,
        ),
        (
            r#"data: {"object":"error","message":"m","type":"x","code":429}"#,
            ErrorCode::RateLimited,
        ),
        ("data: {nonsense", ErrorCode::Internal),
        (": nothing more", ErrorCode::Unavailable),
    ] {
        let (said, error) = failed(&format!("{start}\n\n{rest}\n\ndata: [DONE]"));
        assert_eq!(
            (said.as_slice(), error.code),
            (&["One.".to_owned()][..], code),
            "{rest}"
        );
    }
    let endless = format!("{start}\n\ndata: {}", "x".repeat(EVENT));
    assert_eq!(failed(&endless).1.code, ErrorCode::Internal);
}

#[test]
fn a_server_that_forgets_the_end_mark_is_understood() {
    let mut reply = Reply::new("m");
    reply.feed(b"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n");
    assert_eq!(reply.end().unwrap().model, "m");
}

#[test]
fn the_models_of_a_list_are_their_ids() {
    let list = json!({"object": "list", "data": [{"id": "a"}, {"x": 1}, {"id": "b"}]});
    assert_eq!(models(&list), ["a", "b"]);
    assert!(models(&json!({"error": "no"})).is_empty());
}
