//! One provider goes on with what another one has begun, over the real host.

use crate::glmtts::VOICE;
use crate::provider::KEY;
use crate::voices::{TWO, said};
use crate::{chat, of, open, openai_realtime, openai_responses, start, text};
use serde_json::{Value, json};
use tth_simulators::Fault;
use tth_tests::Track;

#[test]
fn a_second_model_is_asked_to_go_on_with_what_the_first_has_written() {
    let double = openai_realtime::MIND.double();
    let mut env = openai_realtime::MIND.env(&double, &[]);
    env.extend(openai_responses::MIND.lead(&double.origin()));
    env.push((
        "TTH__COMPONENTS__LLM__FALLBACK".into(),
        "[openai_responses]".into(),
    ));
    let server = start("mock", &env);
    let mut stream = open(&server, &json!({}));
    double.once(Fault::Cut(20));
    let events = chat(&mut stream, "Hello?");
    let switched = of(&events, "provider_switched");
    assert_eq!(switched.len(), 1, "{switched:?}");
    assert_eq!(switched[0]["to"], "openai_responses");
    assert!(of(&events, "error").is_empty(), "{events:?}");
    assert_eq!(events.last().unwrap()["reason"], "completed");

    let asked = double.asked();
    let request = asked.iter().find(|one| one.path.ends_with("/responses"));
    let input = request.unwrap().body["input"].as_array().unwrap().clone();
    let [_, begun, go_on] = &input[..] else {
        panic!("what was said, what is written, what is wanted: {input:?}");
    };
    assert_eq!(
        (&begun["role"], &go_on["role"]),
        (&json!("assistant"), &json!("user"))
    );
    let begun = content(begun);
    assert!(
        begun.contains("Zażółć") && !begun.contains("feel"),
        "{begun}"
    );
    let shown = text(&events);
    assert!(shown.starts_with(&begun), "{shown:?} begins with {begun:?}");
    // The double does not go on but begins again, as one sees.
    assert!(shown[begun.len()..].contains("Zażółć"), "{shown:?}");
    assert!(!events.iter().any(|event| event.to_string().contains(KEY)));
}

fn content(item: &Value) -> String {
    match &item["content"] {
        Value::String(text) => text.clone(),
        parts => parts[0]["text"].as_str().unwrap().to_owned(),
    }
}

#[test]
fn a_second_voice_speaks_what_the_first_has_not() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[]);
    let mut stream = open(&server, &json!({}));
    let whole = Track::of(&said(&mut stream, TWO)).unwrap().pcm().len();
    double.once(Fault::Cut(3));
    let events = said(&mut stream, TWO);
    assert_eq!(of(&events, "provider_switched").len(), 1);
    assert!(of(&events, "error").is_empty(), "{events:?}");
    assert_eq!(events.last().unwrap()["reason"], "completed");
    // The scripted voice takes its time for each letter: nearly all of the text was left for it.
    let sound = Track::of(&events).unwrap().pcm().len();
    assert!(sound > whole / 2, "{sound} bytes of {whole}");
    // The next turn begins with the first voice again.
    let again = Track::of(&said(&mut stream, TWO)).unwrap().pcm().len();
    assert!(again.abs_diff(whole) < 4_800, "{again} bytes of {whole}");
}
