//! The scripted persona, run natively.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use futures::executor::block_on;
use futures::{FutureExt, StreamExt, future};
use llm_mock::MockLlm;
use proptest::prelude::*;
use std::collections::BTreeSet;
use tth_sdk::llm::{Event, Llm, Message, Role, Usage};
use tth_sdk::{CallContext, Control, Error, ErrorCode, LoadConfig, Param, ParamValue, Sink};

fn load(settings: &str) -> Result<MockLlm, Error> {
    block_on(MockLlm::load(LoadConfig::of(settings)))
}

fn context() -> CallContext {
    CallContext::of("t")
}

fn user(content: &str) -> Message {
    Message {
        role: Role::User,
        content: content.into(),
    }
}

fn system(content: &str) -> Message {
    Message {
        role: Role::System,
        content: content.into(),
    }
}

fn run(
    settings: &str,
    input: Vec<Message>,
    control: Control,
) -> (Vec<Event>, Result<Usage, Error>) {
    let mock = load(settings).unwrap();
    let (sink, events) = Sink::channel(4);
    let call = mock.stream(input, control, context(), sink);
    let (ended, events) = block_on(future::join(call, events.collect()));
    (events, ended)
}

/// What was said and the label of the first hint; every later one is for words, too.
fn talk(settings: &str, input: Vec<Message>) -> (String, Option<String>) {
    let (events, ended) = run(settings, input, Control { params: vec![] });
    ended.unwrap();
    let (mut text, mut label) = (String::new(), None);
    for event in events {
        match event {
            Event::Text(more) => text.push_str(&more),
            Event::Hint(hint) => {
                let sentence = text.is_empty() || text.ends_with(['.', '!', '?', ' ']);
                assert!(
                    sentence,
                    "the hint comes before the words it is for: {text:?}"
                );
                assert!((0.0..=1.0).contains(&hint.intensity));
                label.get_or_insert(hint.label);
            }
        }
    }
    (text, label)
}

/// All text of an answer to a prompt that asks for tags.
fn tagged(said: &str, prompt: &str) -> (String, usize) {
    let (events, ended) = run(
        "{}",
        vec![system(prompt), user(said)],
        Control { params: vec![] },
    );
    ended.unwrap();
    let hints = events
        .iter()
        .filter(|event| matches!(event, Event::Hint(_)));
    let hints = hints.count();
    let text = events.into_iter().filter_map(|event| match event {
        Event::Text(text) => Some(text),
        Event::Hint(_) => None,
    });
    (text.collect(), hints)
}

fn say(text: &str) -> (String, Option<String>) {
    talk("{}", vec![user(text)])
}

#[test]
fn good_news_is_met_with_joy_in_the_users_own_words() {
    let (text, label) = say("I just got wonderful news!");
    assert_eq!(label.as_deref(), Some("joy"));
    assert!(
        text.to_lowercase().contains("you just got wonderful news"),
        "{text}"
    );
    assert!(text.ends_with('?'), "{text}");
    let sentences = text.matches(['.', '!', '?']).count();
    assert!((2..=3).contains(&sentences), "{text}");
}

#[test]
fn answers_vary_by_seed_and_by_turn_and_by_nothing_else() {
    let news = "I just got wonderful news!";
    let by_seed: BTreeSet<String> = (0..12)
        .map(|seed| talk(&format!(r#"{{"seed": {seed}}}"#), vec![user(news)]).0)
        .collect();
    assert!(by_seed.len() >= 4, "{by_seed:#?}");
    let by_turn: BTreeSet<String> = (1..5)
        .map(|turn| talk("{}", vec![user(news); turn]).0)
        .collect();
    assert_eq!(by_turn.len(), 4, "{by_turn:#?}");
    assert_eq!(say(news), say(news));
}

#[test]
fn feelings_are_hinted() {
    for (said, felt) in [
        ("My cat died yesterday", "sadness"),
        ("I am furious with my landlord", "anger"),
        ("I'm scared of the dark", "fear"),
        ("Wow, what a shock", "surprise"),
        ("The soup was disgusting", "disgust"),
    ] {
        assert_eq!(say(said).1.as_deref(), Some(felt), "{said}");
    }
}

#[test]
fn a_prompt_that_asks_for_tags_gets_them_in_the_text() {
    let news = "I just got wonderful news!";
    let prompt = "You are Ada. Mark feelings with tags such as <feel:joy:0.8>.";
    let (text, hints) = tagged(news, prompt);
    assert_eq!(hints, 0);
    assert!(text.starts_with("<feel:joy:0."), "{text}");
    let (first, last) = text.rsplit_once("<feel:").unwrap();
    assert!(first.ends_with(['.', '!', '?', ' ']), "{text}");
    assert!(
        last.starts_with("tender:0.6> "),
        "it ends another way: {text}"
    );
    // The same words without them.
    let (plain, hints) = tagged(news, "You are Ada.");
    assert_eq!(hints, 2);
    let words = |text: &str| {
        let words = text.split(' ').filter(|word| !word.starts_with('<'));
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(words(&text), plain);
    let (text, _) = tagged("My neighbour stole my bike, I am furious!", prompt);
    assert!(
        text.starts_with("<feel:anger:") && text.contains("<feel:calm:"),
        "{text}"
    );
    assert_eq!(
        tagged("The train leaves at nine.", prompt)
            .0
            .matches('<')
            .count(),
        0
    );
}

#[test]
fn it_speaks_in_character() {
    let prompt = "You are Ada, a patient guide to the stars. Be brief.";
    let (text, _) = talk("{}", vec![system(prompt), user("Who are you?")]);
    assert!(
        text.starts_with("I'm Ada, a patient guide to the stars."),
        "{text}"
    );
    let param = Param {
        name: "persona".into(),
        value: ParamValue::Text("You are Bruno.".into()),
    };
    let (events, _) = run(
        "{}",
        vec![user("Hello!")],
        Control {
            params: vec![param],
        },
    );
    let text: String = events
        .iter()
        .filter_map(|e| {
            if let Event::Text(t) = e {
                Some(t.as_str())
            } else {
                None
            }
        })
        .collect();
    assert!(text.contains("I'm Bruno."), "{text}");
}

#[test]
fn it_remembers_the_name_and_what_it_was_told() {
    let told = || vec![user("Hi, my name is Sam."), user("I bought a red bicycle.")];
    let with = |last: &str| {
        let mut messages = told();
        messages.push(user(last));
        talk("{}", messages).0
    };
    assert!(with("Hello!").contains("Sam"), "{}", with("Hello!"));
    assert!(with("What's my name?").contains("Sam"));
    assert!(
        with("What did I tell you?").contains("you bought a red bicycle"),
        "{}",
        with("What did I tell you?")
    );
    assert!(say("What did I say?").0.contains("first thing"));
}

#[test]
fn it_is_honest() {
    for seed in 0..4 {
        let settings = format!(r#"{{"seed": {seed}}}"#);
        let (text, _) = talk(&settings, vec![user("Are you real?")]);
        assert!(
            ["script", "puppet"].iter().any(|word| text.contains(word)),
            "{text}"
        );
        let (text, _) = talk(&settings, vec![user("What time is it?")]);
        assert!(
            ["cannot", "wish", "beyond"]
                .iter()
                .any(|word| text.contains(word)),
            "{text}"
        );
    }
}

#[test]
fn odd_input_gets_a_sensible_answer() {
    let long = "I walked and walked and ".repeat(5_000);
    for said in [
        "",
        "   ",
        "\u{1f389}",
        "\u{202e}\u{0000}",
        "\u{4f60}\u{597d}\u{ff0c}\u{4e16}\u{754c}",
        "Ich bin m\u{fc}de und das ist so",
        &long,
    ] {
        let (text, _) = say(said);
        assert!(text.len() > 20 && text.len() < 400, "{said:.20}: {text}");
        assert!(
            text.is_ascii(),
            "only what an English voice can say: {text}"
        );
    }
    assert!(!talk("{}", vec![]).0.is_empty());
}

#[test]
fn it_streams_words_and_counts_them() {
    let (events, ended) = run(
        r#"{"answer": "One two three."}"#,
        vec![user("a b")],
        Control { params: vec![] },
    );
    let words: Vec<&str> = events
        .iter()
        .filter_map(|e| {
            if let Event::Text(t) = e {
                Some(t.as_str())
            } else {
                None
            }
        })
        .collect();
    assert_eq!(words, ["One ", "two ", "three."]);
    let usage = ended.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (2, 3));
    assert_eq!(
        talk(r#"{"words": 250}"#, vec![user("x")])
            .0
            .split_whitespace()
            .count(),
        250
    );
}

#[test]
fn delays_and_faults_are_as_scripted() {
    mock_kit::delay::take_waited_ms();
    let _ = talk(
        r#"{"answer": "a b c", "first_delay_ms": 100, "token_delay_ms": 5}"#,
        vec![user("x")],
    );
    assert_eq!(mock_kit::delay::take_waited_ms(), 110);

    let (events, ended) = run(
        r#"{"answer": "a b c d", "fail": {"at": "token", "after": 2, "code": "unavailable"}}"#,
        vec![user("x")],
        Control { params: vec![] },
    );
    assert_eq!(
        (events.len(), ended.unwrap_err().code),
        (2, ErrorCode::Unavailable)
    );
    assert!(load(r#"{"fail": {"at": "load", "code": "unauthenticated"}}"#).is_err());

    let mock = load(r#"{"answer": "a b c d", "stall_after": 3}"#).unwrap();
    let (sink, events) = Sink::channel(16);
    assert!(
        mock.stream(vec![], Control { params: vec![] }, context(), sink)
            .now_or_never()
            .is_none()
    );
    assert_eq!(block_on(events.collect::<Vec<_>>()).len(), 3);
    assert_eq!(
        load(r#"{"sede": 1}"#).err().map(|e| e.code),
        Some(ErrorCode::InvalidConfig)
    );
    assert!(load(r#"{"words": 1000000}"#).is_err());
}

#[test]
fn the_set_mood_is_hinted_where_nothing_else_is_felt() {
    let hint = |said: &str| {
        let param = Param {
            name: "mood".into(),
            value: ParamValue::Text("tender".into()),
        };
        let (events, _) = run(
            "{}",
            vec![user(said)],
            Control {
                params: vec![param],
            },
        );
        events.into_iter().find_map(|e| {
            if let Event::Hint(h) = e {
                Some(h.label)
            } else {
                None
            }
        })
    };
    assert_eq!(hint("The train leaves at nine.").as_deref(), Some("tender"));
    assert_eq!(hint("I won the race!").as_deref(), Some("joy"));
}

proptest! {
    // A found case is written down as a test of its own, not kept in a file beside the tests.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_conversation_is_answered(
        messages in prop::collection::vec((0..3u8, ".{0,80}"), 0..6), seed in any::<u64>(),
    ) {
        let input = messages.into_iter().map(|(role, content)| {
            let role = [Role::System, Role::User, Role::Assistant][usize::from(role)];
            Message { role, content }
        });
        let (text, _) = talk(&format!(r#"{{"seed": {seed}}}"#), input.collect());
        prop_assert!(!text.trim().is_empty());
        prop_assert!(!text.contains('{'), "{}", text);
    }
}
