//! What holds whatever is wished and whatever is declared.

use crate::kit::*;
use proptest::prelude::*;
use tth_sdk::mapper::{Character, Emotion, Outcome};
use tth_sdk::{ParamDomain, ParamSpec, ParamValue};

fn any_domain() -> impl Strategy<Value = ParamDomain> {
    prop_oneof![
        Just(ParamDomain::Text),
        Just(ParamDomain::Flag),
        (-200.0..200.0f64, 0.0..300.0f64, 0.0..=1.0f64)
            .prop_map(|(min, span, at)| ParamDomain::Number((min, min + span, min + span * at))),
        prop::sample::subsequence(
            vec![
                "neutral", "joy", "sad", "angry", "slow", "medium", "fast", "x-high", "0.5", "1",
                "2", "red"
            ],
            0..8
        )
        .prop_map(|words| choice(&words)),
    ]
}

fn any_params() -> impl Strategy<Value = Vec<ParamSpec>> {
    let follows = [
        "emotion.label",
        "emotion.intensity",
        "emotion.valence",
        "emotion.arousal",
        "character.persona-id",
        "character.speech-rate",
        "character.pitch-shift",
        "character.expressivity",
        "character.motion-gain",
        "persona.look",
        "persona.voice",
        "persona.prompt",
        "style",
        "something.else",
    ];
    prop::collection::vec((any_domain(), prop::sample::select(follows.to_vec())), 0..8).prop_map(
        |specs| {
            specs
                .into_iter()
                .enumerate()
                .map(|(i, (d, f))| param(&format!("p{i}"), d, f))
                .collect()
        },
    )
}

fn any_layer() -> impl Strategy<Value = Layer> {
    let maybe = |low: f32, high: f32| prop::option::of(low..=high);
    let labels = [
        "neutral", "joy", "sadness", "anger", "fear", "surprise", "disgust", "calm", "excited",
        "tender", "happy", "suprise",
    ];
    (
        prop::option::of(prop::sample::select(labels.to_vec())),
        (maybe(0.0, 1.0), maybe(-1.0, 1.0), maybe(0.0, 1.0)),
        (
            maybe(0.5, 2.0),
            maybe(-12.0, 12.0),
            maybe(0.0, 1.0),
            maybe(0.0, 2.0),
        ),
        prop::option::of(Just("ada".to_owned())),
    )
        .prop_map(
            |(label, (intensity, valence, arousal), (rate, pitch, expr, motion), persona_id)| {
                (
                    Emotion {
                        label: label.map(Into::into),
                        intensity,
                        valence,
                        arousal,
                    },
                    Character {
                        persona_id,
                        speech_rate: rate,
                        pitch_shift: pitch,
                        expressivity: expr,
                        motion_gain: motion,
                    },
                )
            },
        )
}

/// The controls that a layer sets.
fn set_in((emotion, character): &Layer) -> Vec<&'static str> {
    [
        (emotion.label.is_some(), "emotion.label"),
        (emotion.intensity.is_some(), "emotion.intensity"),
        (emotion.valence.is_some(), "emotion.valence"),
        (emotion.arousal.is_some(), "emotion.arousal"),
        (character.persona_id.is_some(), "character.persona-id"),
        (character.speech_rate.is_some(), "character.speech-rate"),
        (character.pitch_shift.is_some(), "character.pitch-shift"),
        (character.expressivity.is_some(), "character.expressivity"),
        (character.motion_gain.is_some(), "character.motion-gain"),
    ]
    .into_iter()
    .filter_map(|(is_set, name)| is_set.then_some(name))
    .collect()
}

fn inside(value: &ParamValue, domain: &ParamDomain) -> bool {
    match (value, domain) {
        (ParamValue::Number(n), ParamDomain::Number((min, max, _))) => (*min..=*max).contains(n),
        (ParamValue::Text(t), ParamDomain::Choice(words)) => words.contains(t),
        (ParamValue::Text(_), ParamDomain::Text) | (ParamValue::Flag(_), ParamDomain::Flag) => true,
        _ => false,
    }
}

proptest! {
    // A found case is written down as a test of its own, not kept in a file beside the tests.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_out_of_the_declared_domain(
        layers in prop::collection::vec(any_layer(), 0..4), params in any_params(),
    ) {
        let (given, decisions) = resolve(&layers, params.clone()).unwrap();
        for p in &given.params {
            let spec = params.iter().find(|spec| spec.name == p.name).unwrap();
            prop_assert!(inside(&p.value, &spec.domain), "{:?} in {:?}", p.value, spec.domain);
        }
        for d in &decisions {
            prop_assert_eq!(d.param.is_none(), d.outcome == Outcome::Ignored, "{:?}", d);
            prop_assert!(d.outcome == Outcome::Applied || !d.reason.is_empty(), "{:?}", d);
        }
    }

    #[test]
    fn one_decision_for_each_control_that_was_set(
        layers in prop::collection::vec(any_layer(), 0..4), params in any_params(),
    ) {
        let (_, decisions) = resolve(&layers, params).unwrap();
        let mut decided: Vec<&str> = decisions.iter().map(|d| d.control.as_str()).collect();
        let mut wished: Vec<&str> = layers.iter().flat_map(set_in).collect();
        decided.sort_unstable();
        wished.sort_unstable();
        wished.dedup();
        prop_assert_eq!(decided, wished);
    }

    #[test]
    fn the_same_layer_twice_changes_nothing(
        layers in prop::collection::vec(any_layer(), 1..4), params in any_params(),
    ) {
        let once = resolve(&layers, params.clone()).unwrap();
        let mut again = layers.clone();
        again.push(layers[layers.len() - 1].clone());
        let twice = resolve(&again, params).unwrap();
        prop_assert_eq!(format!("{:?}", once), format!("{:?}", twice));
    }

    #[test]
    fn numbers_grow_with_the_wish(
        which in 0..NUMBERS.len(), a in 0.0..=1.0f64, b in 0.0..=1.0f64,
        (min, span, at) in (-200.0..200.0f64, 0.0..300.0f64, 0.0..=1.0f64),
    ) {
        let (control, low, high) = NUMBERS[which];
        let spec = || {
            let domain = ParamDomain::Number((min, min + span, min + span * at));
            vec![param("p", domain, control)]
        };
        let given = |t: f64| {
            let layer = with(control, low + (high - low) * t);
            resolve(&[layer], spec()).unwrap().0.number("p").unwrap()
        };
        prop_assert!(given(a.min(b)) <= given(a.max(b)) + 1e-9);
    }

    #[test]
    fn a_provider_counts_arousal_on_the_circumplex(a in 0.0..=1.0f64) {
        let params = vec![param("p", ParamDomain::Number((-1.0, 1.0, 0.0)), "emotion.arousal")];
        let (given, decision) = one(&[with("emotion.arousal", a)], params, "emotion.arousal");
        prop_assert!((given.number("p").unwrap() - (2.0 * a - 1.0)).abs() < 1e-6);
        prop_assert_eq!(decision.outcome, Outcome::Applied);
    }

    #[test]
    fn a_stronger_feeling_is_never_nearer_to_neutral(
        label in prop::sample::select(vec!["joy", "sadness", "anger", "calm", "tender"]),
        a in 0.0..=1.0f32, b in 0.0..=1.0f32,
    ) {
        let unit = || ParamDomain::Number((-1.0, 1.0, 0.0));
        let radius = |intensity| {
            let params = vec![param("v", unit(), "emotion.valence"), param("a", unit(), "emotion.arousal")];
            let (given, _) = resolve(&[feeling(label, Some(intensity))], params).unwrap();
            given.number("v").unwrap().hypot(given.number("a").unwrap())
        };
        prop_assert!(radius(a.min(b)) <= radius(a.max(b)) + 1e-9);
        let named = |intensity| {
            let params = vec![param("e", choice(&["neutral", label]), "emotion.label")];
            let (given, _) = resolve(&[feeling(label, Some(intensity))], params).unwrap();
            given.text("e") == Some(label)
        };
        prop_assert!(named(a.max(b)) >= named(a.min(b)));
    }
}
