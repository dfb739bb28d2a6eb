//! Over HTTP: the newer models, and the older where it is asked for.

use super::*;

#[test]
fn over_http_each_utterance_is_a_request() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[HTTP, ("SETTINGS__SEED", "7")]);
    let mut slower = plain();
    slower["character"]["speech_rate"] = json!(0.9);
    let (frames, pcm) = file(&server, TWO, &slower);
    let asked = double.asked();
    assert_eq!(asked.len(), 2);
    let text = |n: usize| asked[n].body["text"].as_str().unwrap().to_owned();
    heard(&pcm, &[text(0), text(1)]);
    let route = format!("/v1/text-to-speech/{VOICE_ID}/stream/with-timestamps");
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
    assert!(moves(&openings) > 15, "{openings:?}");
}

#[test]
fn newer_models_speak_by_dialogue_and_are_told_feelings_in_tags() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[DIALOGUE]);
    let sad = json!({"emotion": {"label": "sadness", "intensity": 0.9}});
    let (_, pcm) = file(&server, "Good bye then.", &sad);
    let request = &double.asked()[0];
    assert_eq!(request.path, "/v1/text-to-dialogue/stream/with-timestamps");
    assert_eq!(
        request.body,
        json!({"model_id": "eleven_v4_turbo", "settings": {"stability": 0.5},
            "inputs": [{"text": "[sad] Good bye then. ", "voice_id": VOICE_ID}]})
    );
    // The double leaves the blank behind the tag.
    heard(&pcm, &[" Good bye then. ".to_owned()]);
}

#[test]
fn an_interrupt_closes_a_request_that_is_silent() {
    VOICE.an_interrupt_is_seen(&[HTTP], "Hello there.", 1);
}
