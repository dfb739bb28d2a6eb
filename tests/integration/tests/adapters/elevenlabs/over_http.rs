//! Over HTTP: the newer models, and the older where it is asked for.

use super::*;

#[test]
fn over_http_each_utterance_is_a_request() {
    let double = double();
    let server = start("mock", &env(&double, &[HTTP, ("SETTINGS__SEED", "7")]));
    let mut slower = plain();
    slower["character"]["speech_rate"] = json!(0.9);
    let (frames, pcm) = file(&server, TWO, &slower);
    let asked = double.asked();
    assert_eq!(asked.len(), 2);
    let text = |n: usize| asked[n].body["text"].as_str().unwrap().to_owned();
    heard(&pcm, &[text(0), text(1)]);
    let route = format!("/v1/text-to-speech/{VOICE}/stream/with-timestamps");
    assert_eq!(asked[1].path, route);
    assert_eq!(asked[1].query("output_format"), Some("pcm_24000"));
    assert_eq!(asked[1].header("xi-api-key"), Some(KEY));
    assert_eq!(
        asked[1].body,
        json!({"text": text(1), "model_id": "eleven_flash_v2_5", "seed": 7,
            "previous_text": text(0).trim_end(), "voice_settings": {"speed": 0.9}})
    );
    assert_eq!(asked[0].from, asked[1].from, "over one connection");
    let openings = openings(&frames);
    let moved = openings
        .windows(2)
        .filter(|pair| (pair[0] - pair[1]).abs() > 5.0);
    assert!(moved.count() > 15, "{openings:?}");
}

#[test]
fn newer_models_speak_by_dialogue_and_are_told_feelings_in_tags() {
    let double = double();
    let server = start("mock", &env(&double, &[DIALOGUE]));
    let sad = json!({"emotion": {"label": "sadness", "intensity": 0.9}});
    let (_, pcm) = file(&server, "Good bye then.", &sad);
    let request = &double.asked()[0];
    assert_eq!(request.path, "/v1/text-to-dialogue/stream/with-timestamps");
    assert_eq!(
        request.body,
        json!({"model_id": "eleven_v4_turbo", "settings": {"stability": 0.5},
            "inputs": [{"text": "[sad] Good bye then. ", "voice_id": VOICE}]})
    );
    // The double leaves the blank behind the tag.
    heard(&pcm, &[" Good bye then. ".to_owned()]);
}

#[test]
fn an_interrupt_closes_a_request_that_is_silent() {
    let double = double();
    let patient = [
        ("BUDGETS__GAP_MS", "50000"),
        ("BUDGETS__FIRST_OUTPUT_MS", "50000"),
        HTTP,
    ];
    let server = start("mock", &env(&double, &patient));
    let mut stream = open(&server, &json!({}));
    for (fault, said) in [(Fault::Stall(1), 1), (Fault::SlowHead(50_000), 0)] {
        let before = (double.aborted(), double.requests().len());
        double.once(fault.clone());
        say(&mut stream, "Hello there.");
        let silent = |all: &[Received]| {
            let waits = |one: &Received| one.said == said && one.ended.is_none();
            all.len() > before.1 && all.last().is_some_and(waits)
        };
        assert!(double.wait(LIMIT, silent));
        stream.send(&json!({"type": "ping"})).unwrap();
        stream.until("pong", LIMIT).unwrap();
        let since = Instant::now();
        stream.send(&json!({"type": "interrupt"})).unwrap();
        stream.until("turn_ended", LIMIT).unwrap();
        let over = |all: &[Received]| all.iter().all(|one| one.ended.is_some());
        assert!(double.wait(LIMIT, over), "{fault:?}: it was never closed");
        let took = double.asked().last().unwrap().ended.unwrap().at;
        let took = took.saturating_duration_since(since);
        eprintln!("{fault:?}: the double saw its client leave after {took:?}");
        assert!(took < Duration::from_secs(5), "{fault:?}: {took:?}");
        assert_eq!(double.aborted(), before.0 + 1);
    }
}
