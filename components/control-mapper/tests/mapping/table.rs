//! Every control against every kind of domain, and every way a feeling can take.

use crate::kit::*;
use tth_sdk::mapper::Outcome;
use tth_sdk::{ErrorCode, ParamDomain};

#[test]
fn every_number_in_every_domain() {
    for (control, low, high) in NUMBERS {
        let top = [with(control, high)];
        let number = ParamDomain::Number((0.0, 100.0, 50.0));
        let (given, decision) = one(&top, vec![param("p", number, control)], control);
        if control != "character.pitch-shift" {
            assert_eq!(given.number("p"), Some(100.0), "{control}");
            assert_eq!(decision.outcome, Outcome::Downgraded, "{control}");
            assert!(decision.reason.contains("wanted") && decision.reason.contains("given"));
        }

        let neutral = match control {
            "emotion.arousal" => 0.5,
            "character.speech-rate" | "character.motion-gain" => 1.0,
            _ => 0.0,
        };
        let own = ParamDomain::Number((low, high, neutral));
        let (given, decision) = one(&top, vec![param("p", own, control)], control);
        assert_eq!(
            (given.number("p"), decision.outcome),
            (Some(high), Outcome::Applied),
            "{control}"
        );
        assert_eq!(
            (decision.param.as_deref(), decision.reason.as_str()),
            (Some("p"), "")
        );

        let words = choice(&["medium", "x-low", "low", "high", "x-high"]);
        let (given, decision) = one(&top, vec![param("p", words, control)], control);
        assert_eq!(
            (text(&given, "p").as_str(), decision.outcome),
            ("x-high", Outcome::Applied)
        );

        let (given, decision) = one(&top, vec![param("p", ParamDomain::Flag, control)], control);
        assert_eq!(
            (given.flag("p"), decision.outcome),
            (Some(true), Outcome::Downgraded),
            "{control}"
        );

        let (given, decision) = one(&top, vec![param("p", ParamDomain::Text, control)], control);
        assert!(text(&given, "p").ends_with('.'), "{given:?}");
        assert_eq!(decision.outcome, Outcome::Downgraded, "{control}");

        let (given, decision) = one(&top, vec![], control);
        assert_eq!(
            (given.params.len(), decision.outcome),
            (0, Outcome::Ignored),
            "{control}"
        );
        assert!(
            decision.param.is_none() && decision.value.is_none() && !decision.reason.is_empty()
        );
    }
}

#[test]
fn a_label_in_every_domain() {
    let joy = [feeling("joy", None)];
    let cases = [
        (choice(&["neutral", "joy"]), Some("joy"), Outcome::Applied),
        (
            choice(&["Neutral", "Happy"]),
            Some("Happy"),
            Outcome::Applied,
        ),
        (
            choice(&["neutral", "excited", "sad"]),
            Some("excited"),
            Outcome::Downgraded,
        ),
        (
            choice(&["neutral", "sad"]),
            Some("neutral"),
            Outcome::Downgraded,
        ),
        (choice(&["red", "blue"]), None, Outcome::Ignored),
        (ParamDomain::Text, Some("Sound joyful."), Outcome::Applied),
        (ParamDomain::Number((0.0, 1.0, 0.0)), None, Outcome::Ignored),
    ];
    for (domain, value, outcome) in cases {
        let shown = format!("{domain:?}");
        let (given, decision) = one(
            &joy,
            vec![param("p", domain, "emotion.label")],
            "emotion.label",
        );
        assert_eq!(
            (given.text("p"), decision.outcome),
            (value, outcome),
            "{shown}: {decision:?}"
        );
    }
    let flag = vec![param("p", ParamDomain::Flag, "emotion.label")];
    assert_eq!(
        one(&joy, flag.clone(), "emotion.label").0.flag("p"),
        Some(true)
    );
    let neutral = [feeling("neutral", None)];
    assert_eq!(
        one(&neutral, flag, "emotion.label").0.flag("p"),
        Some(false)
    );
}

#[test]
fn a_label_becomes_a_place_where_only_a_place_can_be_told() {
    let unit = || ParamDomain::Number((-1.0, 1.0, 0.0));
    let place = || {
        vec![
            param("v", unit(), "emotion.valence"),
            param("a", unit(), "emotion.arousal"),
        ]
    };
    let layers = [feeling("sadness", Some(0.5))];
    let (given, decision) = one(&layers, place(), "emotion.label");
    assert_eq!(
        (given.number("v"), given.number("a")),
        (Some(-0.325), Some(-0.125))
    );
    assert_eq!(decision.outcome, Outcome::Downgraded);
    assert_eq!(
        decision.reason,
        "told as a place: valence -0.325, arousal 0.438"
    );
    let (_, decision) = one(&layers, place(), "emotion.intensity");
    assert_eq!(decision.param.as_deref(), Some("v"));

    // Where the label can be told too, the place stays untouched: nothing is felt twice.
    let mut both = place();
    both.push(param("e", choice(&["neutral", "sadness"]), "emotion.label"));
    let (given, _) = one(&layers, both, "emotion.label");
    assert_eq!(
        (given.number("v"), given.text("e")),
        (None, Some("sadness"))
    );
}

#[test]
fn a_place_becomes_the_nearest_label_with_its_strength() {
    let mut layer = with("emotion.valence", -0.65);
    // -0.25 on the circumplex.
    layer.0.arousal = Some(0.375);
    let params = vec![
        param("e", choice(&["neutral", "joy", "sadness"]), "emotion.label"),
        param(
            "i",
            ParamDomain::Number((0.0, 1.0, 1.0)),
            "emotion.intensity",
        ),
    ];
    let (given, decision) = one(&[layer], params, "emotion.valence");
    assert_eq!(
        (given.text("e"), decision.outcome),
        (Some("sadness"), Outcome::Downgraded)
    );
    assert!((given.number("i").unwrap() - 0.696).abs() < 0.01);
}

#[test]
fn a_faint_feeling_is_neutral_where_it_can_only_be_named() {
    let params = || vec![param("e", choice(&["neutral", "joy"]), "emotion.label")];
    let (given, label) = one(&[feeling("joy", Some(0.2))], params(), "emotion.label");
    assert_eq!(
        (given.text("e"), label.outcome),
        (Some("neutral"), Outcome::Downgraded)
    );
    let (given, strength) = one(&[feeling("joy", Some(0.3))], params(), "emotion.intensity");
    assert_eq!(
        (given.text("e"), strength.outcome),
        (Some("joy"), Outcome::Downgraded)
    );

    let mut own = params();
    own.push(param(
        "i",
        ParamDomain::Number((0.0, 1.0, 1.0)),
        "emotion.intensity",
    ));
    let (given, label) = one(&[feeling("joy", Some(0.2))], own, "emotion.label");
    assert_eq!(
        (given.text("e"), label.outcome),
        (Some("joy"), Outcome::Applied)
    );
}

#[test]
fn misspelt_labels_are_read_and_unknown_ones_refused() {
    let params = || {
        vec![param(
            "e",
            choice(&["neutral", "surprise"]),
            "emotion.label",
        )]
    };
    let (given, decision) = one(&[feeling("suprise", None)], params(), "emotion.label");
    assert_eq!(
        (given.text("e"), decision.outcome),
        (Some("surprise"), Outcome::Downgraded)
    );
    assert!(
        decision.reason.contains("\"suprise\""),
        "{}",
        decision.reason
    );
    let error = resolve(&[feeling("bewildered", None)], params()).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
}

#[test]
fn what_has_no_parameter_goes_into_words_and_nothing_is_said_twice() {
    let mut layer = feeling("joy", Some(0.9));
    (layer.1.speech_rate, layer.1.pitch_shift) = (Some(1.3), Some(4.0));
    layer.1.motion_gain = Some(2.0);
    let params = vec![
        param("instruct", ParamDomain::Text, "style"),
        param(
            "speed",
            ParamDomain::Number((0.5, 2.0, 1.0)),
            "character.speech-rate",
        ),
    ];
    let (given, decisions) = resolve(&[layer], params).unwrap();
    assert_eq!(
        text(&given, "instruct"),
        "Speak in this manner: very joyful, warm, a little higher in pitch than usual."
    );
    assert_eq!(given.number("speed"), Some(1.3));
    let outcomes: Vec<(&str, Outcome)> = decisions
        .iter()
        .map(|d| (d.control.as_str(), d.outcome))
        .collect();
    assert_eq!(
        outcomes,
        [
            ("emotion.label", Outcome::Downgraded),
            ("emotion.intensity", Outcome::Downgraded),
            ("character.speech-rate", Outcome::Applied),
            ("character.pitch-shift", Outcome::Downgraded),
            ("character.motion-gain", Outcome::Ignored),
        ]
    );
}

#[test]
fn the_persona_gives_prompt_look_and_voice_without_any_layer() {
    let params = vec![
        param("system", ParamDomain::Text, "persona.prompt"),
        param("look", choice(&["dusk", "dawn"]), "persona.look"),
        param("voice", choice(&["alto", "bass"]), "persona.voice"),
    ];
    let (given, decisions) = resolve(&[blank()], params.clone()).unwrap();
    assert!(text(&given, "system").starts_with("You are Ada, a guide."));
    assert_eq!(
        (
            text(&given, "look").as_str(),
            text(&given, "voice").as_str()
        ),
        ("dawn", "alto")
    );
    assert!(decisions.is_empty(), "{decisions:?}");

    let mut layer = blank();
    layer.1.persona_id = Some("ada".into());
    let (_, decision) = one(&[layer], params, "character.persona-id");
    assert_eq!(
        (decision.outcome, decision.param.as_deref()),
        (Outcome::Applied, Some("system"))
    );
    assert!(decision.value.is_none(), "a prompt is not shown");
}

#[test]
fn two_followers_are_both_set_and_reported_once() {
    let params = vec![
        param(
            "coarse",
            choice(&["medium", "fast"]),
            "character.speech-rate",
        ),
        param(
            "fine",
            ParamDomain::Number((0.5, 2.0, 1.0)),
            "character.speech-rate",
        ),
    ];
    let (given, decision) = one(
        &[with("character.speech-rate", 1.4)],
        params,
        "character.speech-rate",
    );
    assert_eq!(
        (given.text("coarse"), given.number("fine")),
        (Some("fast"), Some(1.4))
    );
    assert_eq!(
        (decision.param.as_deref(), decision.outcome),
        (Some("fine"), Outcome::Applied)
    );
    assert_eq!(decision.reason, "also by coarse");
}
