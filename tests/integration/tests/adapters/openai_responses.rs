//! OpenAI's Responses API over the real host, against its double.

use crate::provider::{KEY, Provider, Role};
use crate::{ANSWER, LIMIT, chat, minds, of, open, secrets, text};
use serde_json::json;
use tth_simulators::{Fault, Received, Vendor};

pub(crate) const MIND: Provider = Provider {
    role: Role::Llm,
    id: "openai_responses",
    mode: "api",
    vendor: Vendor::OpenAi,
    below: "/v1",
    schemes: &["http"],
    key: Some("OPENAI_API_KEY"),
    block: &[],
};

#[test]
fn a_turn_is_asked_for_as_declared_and_spoken() {
    let double = MIND.double();
    let server = MIND.server(&double, &[]);
    let mut stream = open(&server, &json!({}));
    assert_eq!(stream.opened["providers"]["llm"], MIND.id);
    let events = chat(&mut stream, "Who are you?");
    MIND.did_it(&events);
    minds::is_felt(&events);
    let asked = double.asked();
    let request = &asked[0];
    let instructions = request.body["instructions"].as_str().unwrap();
    assert!(instructions.contains("<feel:"), "{instructions}");
    let content = json!([{"type": "input_text", "text": "Who are you?"}]);
    assert_eq!(
        request.body,
        json!({
            "model": "gpt-6-luna",
            "instructions": instructions,
            "input": [{"type": "message", "role": "user", "content": content}],
            "stream": true,
            "stream_options": {"include_obfuscation": false},
            "store": false,
            "max_output_tokens": 2048,
            "reasoning": {"effort": "low"},
        })
    );
    assert_eq!(request.header("accept"), Some("text/event-stream"));
    let turn = events[0]["turn_id"].as_str();
    assert_eq!(request.header("x-client-request-id"), turn);
    let bearer = format!("Bearer {KEY}");
    assert_eq!(request.header("authorization"), Some(bearer.as_str()));
    assert!(double.wait(LIMIT, |all| all.iter().all(|one| one.ended.is_some())));
    assert_eq!((asked.len(), double.aborted()), (1, 0));
}

#[test]
fn a_file_has_the_same_answer() {
    let double = minds::a_file_has_the_same_answer(&MIND);
    assert_eq!(double.asked().len(), 1);
}

#[test]
fn persona_feeling_history_and_settings_arrive() {
    let double = MIND.double();
    let more = [
        ("SETTINGS__TEMPERATURE", "0.4"),
        ("SETTINGS__VERBOSITY", "low"),
        ("SETTINGS__EXTRA", "{ service_tier: priority }"),
    ];
    let server = MIND.server(&double, &more);
    let who = json!({"persona_id": "ravi", "emotion": {"label": "sadness"}});
    let mut stream = open(&server, &who);
    chat(&mut stream, "One.");
    let angry = json!({"type": "control_update", "emotion": {"label": "anger"}});
    stream.send(&angry).unwrap();
    MIND.did_it(&chat(&mut stream, "Two."));
    let asked = double.asked();
    let (first, second) = (&asked[0], &asked[1]);
    assert_eq!(first.from, second.from, "the connection is kept");
    let prompt = |one: &Received| one.body["instructions"].as_str().unwrap().to_owned();
    assert!(prompt(first).contains("Ravi"), "{}", prompt(first));
    assert_ne!(prompt(first), prompt(second), "another mood");
    assert_eq!(first.body["temperature"], 0.4);
    assert_eq!(first.body["text"], json!({"verbosity": "low"}));
    assert_eq!(first.body["service_tier"], "priority");
    minds::is_a_second_question(&second.body["input"]);
}

#[test]
fn thoughts_aloud_are_not_spoken_and_a_short_answer_is_one() {
    let double = MIND.double();
    let server = MIND.server(&double, &[("SETTINGS__REASONING_EFFORT", "high")]);
    MIND.did_it(&chat(&mut open(&server, &json!({})), "Think hard."));
    let short = [("SETTINGS__MAX_OUTPUT_TOKENS", "16")];
    let server = MIND.server(&double, &short);
    let events = chat(&mut open(&server, &json!({})), "Be brief.");
    assert_eq!(events.last().unwrap()["reason"], "completed");
    assert!(of(&events, "provider_switched").is_empty());
    let said = text(&events);
    assert!(
        said.len() > 5 && said.len() < ANSWER.len() / 2,
        "cut at its limit: {said}"
    );
}

#[test]
fn an_interrupt_closes_the_connection_of_a_silent_server() {
    MIND.an_interrupt_is_seen(&[], "Tell me everything.", 12);
}

#[test]
fn what_fails_before_its_first_word_is_replaced_and_says_why() {
    MIND.what_fails_early_is_replaced(
        &[401, 403, 400, 404, 409, 422, 500, 503, 504],
        &[
            Fault::Quota,
            Fault::RateLimited(Some("7".into())),
            Fault::RateLimited(None),
            Fault::Malformed(0),
            Fault::ErrorInStream(0, 500),
            Fault::ErrorInStream(0, 429),
            Fault::ErrorInStream(0, 400),
        ],
    );
}

#[test]
fn what_fails_in_the_middle_keeps_what_was_said_and_tells() {
    MIND.what_fails_late_is_told("Hello?", &minds::late());
}

#[test]
fn a_key_reaches_the_vendor_and_nobody_else() {
    let logs = secrets::a_key_reaches_nobody_else(&MIND, "authorization", "Bearer ");
    for (log, account) in logs
        .iter()
        .zip(["answered: gpt-6-luna, ", "refused with status 401"])
    {
        assert!(log.contains("request req_simulated") && log.contains(account));
    }
}

#[test]
fn a_host_that_is_not_allowed_is_never_asked() {
    Provider {
        schemes: &[],
        ..MIND
    }
    .is_not_let_out();
}
