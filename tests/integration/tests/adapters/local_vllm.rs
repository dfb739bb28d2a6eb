//! Any server of chat completions over the real host, against its double.

use crate::provider::{Env, Provider, Role};
use crate::{chat, minds, of, open, secrets, start, text};
use serde_json::{Value, json};
use tth_simulators::{Fault, Received, Vendor};
use tth_tests::Server;

const MIND: Provider = Provider {
    role: Role::Llm,
    id: "local_vllm",
    mode: "self_host",
    vendor: Vendor::Vllm,
    below: "/v1",
    schemes: &["http"],
    key: None,
    block: &[],
};

fn system(request: &Received) -> &str {
    let first = &request.body["messages"][0];
    assert_eq!(first["role"], "system", "{first}");
    first["content"].as_str().unwrap()
}

#[test]
fn a_turn_through_a_server_is_written_felt_and_spoken() {
    let double = MIND.double();
    let server = MIND.server(&double, &[]);
    let mut stream = open(&server, &json!({}));
    assert_eq!(stream.opened["providers"]["llm"], MIND.id);
    let events = chat(&mut stream, "Who are you?");
    MIND.did_it(&events);
    minds::is_felt(&events);

    let request = &double.asked()[0];
    assert!(
        system(request).contains("<feel:"),
        "the model is told of tags"
    );
    let messages = request.body["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(
        messages[1],
        json!({"role": "user", "content": "Who are you?"})
    );
    let keys: Vec<&str> = request
        .body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "max_tokens",
            "messages",
            "model",
            "stream",
            "stream_options"
        ]
    );
    assert_eq!(
        request.body["model"], "simulated-7b",
        "the first that the server has"
    );
    assert!(request.unknown.is_empty() && request.header("authorization").is_none());
    assert_eq!(request.header("accept"), Some("text/event-stream"));
    assert_eq!(
        request.header("x-request-id"),
        events[0]["turn_id"].as_str()
    );
    assert!(double.wait(crate::LIMIT, |all| {
        all.iter().all(|one| one.ended.is_some())
    }));
    assert_eq!(double.aborted(), 0);
}

#[test]
fn persona_feeling_history_and_settings_arrive_in_the_request() {
    let double = MIND.double();
    let more = [
        ("SETTINGS__TEMPERATURE", "0.4"),
        ("SETTINGS__EXTRA", "{ top_k: 20, wibble: 1 }"),
    ];
    let server = MIND.server(&double, &more);
    let mut stream = open(
        &server,
        &json!({"persona_id": "ravi", "emotion": {"label": "sadness"}}),
    );
    chat(&mut stream, "One.");
    let angry = json!({"type": "control_update", "emotion": {"label": "anger"}});
    stream.send(&angry).unwrap();
    chat(&mut stream, "Two.");
    let asked = double.asked();
    let (first, second) = (&asked[0], &asked[1]);
    assert_eq!(first.from, second.from, "the connection is kept");
    assert!(system(first).contains("Ravi"), "{}", system(first));
    assert_ne!(
        system(first),
        system(second),
        "another mood, another prompt"
    );
    assert_eq!(first.body["temperature"], 0.4);
    assert_eq!(
        (&first.body["top_k"], &first.unknown),
        (&json!(20), &vec!["wibble".to_owned()])
    );
    let talk = &second.body["messages"].as_array().unwrap()[1..];
    let roles: Vec<&Value> = talk.iter().map(|one| &one["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
    minds::is_without_tags(talk[1]["content"].as_str().unwrap());
}

#[test]
fn a_file_has_the_same_answer() {
    minds::a_file_has_the_same_answer(&MIND);
}

/// What any client does, whoever answers: the text, and how many milliseconds were spoken.
fn client(server: &Server) -> (String, u64) {
    let mut stream = open(server, &json!({"render": {"resolution": "256x256"}}));
    let events = chat(&mut stream, "Hello, who are you?");
    assert_eq!(events.last().unwrap()["reason"], "completed");
    let sound = of(&events, "audio_chunk");
    let us: u64 = sound
        .iter()
        .filter_map(|chunk| chunk["duration_us"].as_u64())
        .sum();
    (text(&events), us / 1_000)
}

#[test]
fn two_variables_put_a_server_in_place_of_the_embedded_mind() {
    let double = MIND.double();
    let flip: [(String, String); 2] = [
        ("TTH__COMPONENTS__LLM__MODE".into(), "self_host".into()),
        ("TTH__COMPONENTS__LLM__PRIMARY".into(), "local_vllm".into()),
    ];
    let where_it_is = MIND.lead(&double.origin());
    let (own, ms) = client(&start("local_embedded", &where_it_is));
    assert!(
        !own.is_empty() && ms > 500 && double.requests().is_empty(),
        "{own}"
    );

    let flipped: Env = where_it_is.into_iter().chain(flip).collect();
    let (served, ms) = client(&start("local_embedded", &flipped));
    assert!(served.contains("The second one came after it."), "{served}");
    assert!(ms > 2_000 && double.asked().len() == 1, "{ms} ms");
}

#[test]
fn the_profile_self_host_answers_also_while_its_server_is_down() {
    // A port that was free a moment ago: nobody listens there.
    let nobody = MIND.double().origin();
    let server = start("self_host", &MIND.lead(&nobody));
    let mut stream = open(&server, &json!({"render": {"resolution": "256x256"}}));
    let events = chat(&mut stream, "Hello, who are you?");
    assert!(!text(&events).is_empty());
    let switched = of(&events, "provider_switched");
    assert_eq!(switched[0]["to"], "persona_llm");
    assert!(
        switched[0]["reason"].to_string().contains("unavailable"),
        "{switched:?}"
    );
}

#[test]
fn an_interrupt_closes_the_connection_of_a_silent_server() {
    MIND.an_interrupt_is_seen(&[], "Tell me everything.", 12);
}

#[test]
fn what_fails_before_its_first_word_is_replaced_and_says_why() {
    MIND.what_fails_early_is_replaced(
        &[401, 403, 400, 422, 500, 501, 503, 504],
        &[
            Fault::Quota,
            Fault::RateLimited(Some("7".into())),
            Fault::RateLimited(None),
            Fault::Malformed(0),
            Fault::ErrorInStream(0, 500),
            Fault::ErrorInStream(0, 400),
        ],
    );
}

#[test]
fn what_fails_in_the_middle_keeps_what_was_said_and_tells() {
    MIND.what_fails_late_is_told("Hello?", &minds::late());
}

#[test]
fn a_key_reaches_the_server_and_nobody_else() {
    let guarded = Provider {
        key: Some("VLLM_API_KEY"),
        block: &[(
            "SECRETS",
            "[{ header: authorization, from: env:VLLM_API_KEY, prefix: \"Bearer \" }]",
        )],
        ..MIND
    };
    secrets::a_key_reaches_nobody_else(&guarded, "authorization", "Bearer ");
}

#[test]
fn a_host_that_is_not_allowed_is_never_asked() {
    Provider {
        schemes: &[],
        ..MIND
    }
    .is_not_let_out();
}
