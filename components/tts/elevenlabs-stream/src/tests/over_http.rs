//! Over HTTP: the newer models, and the older where it is asked for.

use super::*;
use tth_sdk::http::replay::{Answer, Heard, script};

/// Lines that speak a text in two halves, with times from the start of the answer.
fn speech(text: &str) -> Answer {
    let chars: Vec<String> = text.chars().map(Into::into).collect();
    let each = 1.0 / chars.len() as f64;
    let (first, second) = chars.split_at(chars.len() / 2);
    let line = |chars: &[String], from: usize| {
        let times = |shift: usize| -> Vec<f64> {
            (0..chars.len())
                .map(|n| (from + n + shift) as f64 * each)
                .collect()
        };
        json!({"audio_base64": sound(), "normalized_alignment": null, "alignment": {
            "characters": chars,
            "character_start_times_seconds": times(0),
            "character_end_times_seconds": times(1),
        }})
    };
    let lines = format!("{}\n{}\n", line(first, 0), line(second, first.len()));
    let (a, b) = lines.split_at(lines.len() / 3);
    Answer::new(200)
        .header("content-type", "application/json")
        .piece(a)
        .piece(b)
}

fn bodies(heard: &Heard) -> Vec<Value> {
    let body = |request: Request| serde_json::from_slice(&request.body.unwrap()).unwrap();
    heard.requests().into_iter().map(body).collect()
}

#[test]
fn each_utterance_is_a_request_that_knows_the_one_before() {
    let adapter = load(r#"{"transport": "http", "voice_id": "v"}"#);
    let heard = script([speech("One two. "), speech("Three. ")]);
    let (events, ended) = block_on(call(&adapter, said(&["One two.", "…", "Three."])));
    ended.unwrap();
    let (text, seconds, ends) = told(&events);
    assert_eq!(text, "One two.…Three.");
    assert_eq!((seconds, ends), (2.0, vec![0, 1, 2]));
    let bodies = bodies(&heard);
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0]["previous_text"], Value::Null);
    assert_eq!(bodies[1]["previous_text"], "One two.…");
    assert_eq!(heard.open(), 0);
}

#[test]
fn a_feeling_of_a_newer_model_is_a_tag_that_nobody_reads_aloud() {
    let adapter = load(r#"{"model": "eleven_v4_turbo", "voice_id": "v"}"#);
    let heard = script([speech("[excited] Hello. "), speech("Bye. ")]);
    let excited = Control::of([("emotion", "excited")]);
    let mut inputs = vec![Input::Control(excited)];
    inputs.extend(said(&["Hello."]));
    inputs.push(Input::Control(control(&[])));
    inputs.extend(said(&["Bye."]));
    let (events, ended) = block_on(call(&adapter, inputs));
    ended.unwrap();
    assert_eq!(told(&events).0, "Hello.Bye.");
    let bodies = bodies(&heard);
    assert_eq!(
        bodies[0],
        json!({"model_id": "eleven_v4_turbo", "settings": {"stability": 0.0},
            "inputs": [{"text": "[excited] Hello. ", "voice_id": "v"}]})
    );
    assert_eq!(bodies[1]["inputs"][0]["text"], "Bye. ");
}

#[test]
fn faults_have_their_codes() {
    let page = Answer::new(200)
        .header("content-type", "text/html")
        .piece("<html>");
    let detail = |status: u16, word: &str| {
        let body = json!({"detail": {"status": word, "message": "the user's text"}});
        Answer::new(status).piece(body.to_string())
    };
    for (answer, spoken, code) in [
        (
            detail(401, "invalid_api_key"),
            false,
            ErrorCode::Unauthenticated,
        ),
        (
            detail(401, "quota_exceeded"),
            false,
            ErrorCode::QuotaExceeded,
        ),
        (
            detail(429, "too_many_concurrent_requests").header("retry-after", "3"),
            false,
            ErrorCode::RateLimited,
        ),
        (
            Answer::new(422).piece(r#"{"detail": [{"loc": ["body"], "msg": "m", "type": "t"}]}"#),
            false,
            ErrorCode::InvalidInput,
        ),
        (Answer::new(503), false, ErrorCode::Unavailable),
        (page, false, ErrorCode::Unavailable),
        (Answer::new(200), false, ErrorCode::Unavailable),
        (speech("Hello. ").cut(), true, ErrorCode::Unavailable),
        (
            speech("Hello. ").piece("{nonsense\n"),
            true,
            ErrorCode::Internal,
        ),
        (
            speech("Hello. ").piece("{\"detail\": {\"status\": \"system_busy\"}}\n"),
            true,
            ErrorCode::RateLimited,
        ),
    ] {
        let adapter = load(r#"{"transport": "http"}"#);
        let heard = script([answer.clone()]);
        let (events, ended) = block_on(call(&adapter, said(&["Hello."])));
        let error = ended.unwrap_err();
        assert_eq!(error.code, code, "{answer:?}");
        assert!(!error.message.contains("user's"), "{}", error.message);
        assert_eq!(told(&events).1 > 0.5, spoken, "{answer:?}");
        assert_eq!(heard.open(), 0);
    }
}

#[test]
fn a_cancelled_call_lets_a_silent_server_go() {
    let adapter = load(r#"{"transport": "http"}"#);
    let heard = script([speech("Hello. ").silence()]);
    let (sink, mut events) = Sink::channel(4);
    let input = Inputs::new(stream::iter(said(&["Hello."])));
    let call = adapter.stream(input, control(&[]), CallContext::of("t"), sink);
    let user = async move { assert!(events.next().await.is_some()) };
    let (ended, ()) = block_on(future::join(call, user));
    ended.unwrap();
    assert_eq!(heard.open(), 0);
}

#[test]
fn health_says_what_the_server_says() {
    let health = |answers: Vec<Answer>| {
        let _heard = script(answers);
        block_on(load("{}").health())
    };
    assert_eq!(
        health(vec![Answer::new(200).piece("[]")]).readiness,
        Readiness::Ready
    );
    assert_eq!(health(vec![]).readiness, Readiness::Down);
    let refused = |word: &str| {
        let body = json!({"detail": {"status": word}});
        vec![Answer::new(401).piece(body.to_string())]
    };
    assert_eq!(
        health(refused("invalid_api_key")).readiness,
        Readiness::Down
    );
    assert_eq!(
        health(refused("missing_permissions")).readiness,
        Readiness::Ready
    );
}
