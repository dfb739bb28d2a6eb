//! Each role from opening to end, over the scripted providers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing
)]

mod common;

use common::*;
use futures::{SinkExt, StreamExt};
use std::time::Duration;
use tth_core::controls::{Character, Emotion, Persona, Render};
use tth_core::media::{VideoCodec, VideoFrame};
use tth_core::provider::{
    Avatar, AvatarEvent, AvatarInput, Call, Control, ErrorCode, LlmEvent, Readiness, TtsEvent,
    TtsInput,
};

fn with_settings(name: &str, settings: &str) -> tth_runtime::ProviderSpec {
    let mut spec = spec(name);
    spec.settings_json = settings.into();
    spec
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_language_model_streams_its_answer_and_ends_with_usage() {
    let runtime = runtime();
    let llm = runtime
        .load_llm(with_settings(
            "llm-mock",
            r#"{"answer": "Good morning to you."}"#,
        ))
        .await
        .unwrap();
    assert!(!llm.info().name.is_empty());
    assert_eq!(llm.id(), "llm-mock");
    let (events, error) = drain(ask(&*llm, "hello").await.unwrap()).await;
    assert_eq!(error, None);
    assert_eq!(text(&events).trim(), "Good morning to you.");
    let texts = events
        .iter()
        .filter(|event| matches!(event, LlmEvent::Text(_)))
        .count();
    assert!(texts >= 4, "word by word: {texts}");
    assert!(matches!(events.last(), Some(LlmEvent::Usage { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_of_the_guest_itself_keeps_its_code() {
    let runtime = runtime();
    let at_start = r#"{"fail": {"at": "start", "code": "rate-limited", "retry_after_ms": 250}}"#;
    let llm = runtime
        .load_llm(with_settings("llm-mock", at_start))
        .await
        .unwrap();
    // A provider may say so from `open` or as its only event.
    let error = match ask(&*llm, "hello").await {
        Err(error) => error,
        Ok(call) => drain(call).await.1.expect("it was told to fail"),
    };
    assert_eq!(
        (error.code, error.retry_after_ms),
        (ErrorCode::RateLimited, Some(250))
    );

    let later =
        r#"{"fail": {"at": "token", "after": 2, "code": "unavailable"}, "answer": "a b c d"}"#;
    let llm = runtime
        .load_llm(with_settings("llm-mock", later))
        .await
        .unwrap();
    let (events, error) = drain(ask(&*llm, "hello").await.unwrap()).await;
    assert_eq!(
        error.expect("it was told to fail").code,
        ErrorCode::Unavailable
    );
    assert_eq!(
        text(&events).split_whitespace().collect::<Vec<_>>(),
        ["a", "b"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voice_speaks_what_comes_in_and_ends_when_its_input_does() {
    let runtime = runtime();
    let tts = runtime.load_tts(spec("tts-mock")).await.unwrap();
    assert_eq!(
        tts.info().audio.map(|format| format.sample_rate),
        Some(24_000)
    );
    for _ in 0..3 {
        let mut call = within(tts.open(Control::default(), context()))
            .await
            .unwrap();
        for text in ["Hello there.", "How are you?"] {
            within(call.input.send(TtsInput::Utterance(text.into())))
                .await
                .unwrap();
        }
        let (events, error) = drain(call).await;
        assert_eq!(error, None);
        let mut at = 0;
        let mut ends = Vec::new();
        for event in &events {
            match event {
                TtsEvent::Audio(chunk) => {
                    assert!(
                        chunk.at.abs_diff(at) <= 1,
                        "sound without gaps: {} after {at}",
                        chunk.at
                    );
                    at = chunk.end();
                }
                TtsEvent::UtteranceEnd(n) => ends.push(*n),
                _ => {}
            }
        }
        assert!(at > 500_000, "{at} us of sound");
        assert_eq!(ends, [0, 1]);
        assert!(
            events
                .iter()
                .any(|event| matches!(event, TtsEvent::Viseme(_)))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_voice_goes_back_to_the_pool() {
    let runtime = runtime();
    let mut spec = limited("tts-mock", |limits| {
        limits.max_instances = 1;
        limits.acquire_ms = 20_000;
        // Far more than it needs, so that it is its own manners that are tested.
        limits.cancel_grace_ms = 10_000;
    });
    spec.settings_json = r#"{"chunk_delay_ms": 1}"#.into();
    let tts = runtime.load_tts(spec).await.unwrap();
    for _ in 0..20 {
        let mut call = within(tts.open(Control::default(), context()))
            .await
            .unwrap();
        within(call.input.send(TtsInput::Utterance(
            "A rather long sentence, I fear.".into(),
        )))
        .await
        .unwrap();
        assert!(matches!(within(call.events.next()).await, Some(Ok(_))));
    }
}

fn small() -> Render {
    Render {
        fps: 25,
        width: 64,
        height: 64,
        ..Render::default()
    }
}

async fn face(avatar: &dyn Avatar) -> Call<AvatarInput, AvatarEvent> {
    within(avatar.open(
        small(),
        vec![VideoCodec::Jpeg],
        Control::default(),
        context(),
    ))
    .await
    .unwrap()
}

async fn next_frame(call: &mut Call<AvatarInput, AvatarEvent>) -> VideoFrame {
    loop {
        match within(call.events.next()).await {
            Some(Ok(AvatarEvent::Frame(frame))) => return frame,
            Some(Ok(_)) => {}
            other => panic!("no frame but {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_face_is_pulled_frame_by_frame() {
    let runtime = runtime();
    let avatar = runtime.load_avatar(spec("avatar-mock")).await.unwrap();
    let mut call = face(&*avatar).await;
    for n in 0..50 {
        let frame = next_frame(&mut call).await;
        assert_eq!((frame.at, frame.codec), (n * 40_000, VideoCodec::Jpeg));
    }
    let Call { input, events } = call;
    drop(input);
    // One frame may be on its way; then the stream ends by itself.
    let rest = within(events.collect::<Vec<_>>()).await;
    assert!(
        rest.len() <= 2 && rest.iter().all(Result::is_ok),
        "{rest:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_face_is_never_more_than_one_frame_ahead() {
    let runtime = runtime();
    let avatar = runtime
        .load_avatar(with_settings("avatar-mock", r#"{"clapper": true}"#))
        .await
        .unwrap();
    let mut call = face(&*avatar).await;
    let first = next_frame(&mut call).await;
    // Frame 1 may have been drawn by now, frame 2 not: this reaches it.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mark = tth_core::media::VisemeMark {
        at: 80_000,
        duration_us: 40_000,
        shape: tth_core::media::Viseme::Aa,
        weight: 1.0,
    };
    within(call.input.send(AvatarInput::Viseme(mark)))
        .await
        .unwrap();
    let second = next_frame(&mut call).await;
    let third = next_frame(&mut call).await;
    let fourth = next_frame(&mut call).await;
    assert_eq!((second.at, third.at), (40_000, 80_000));
    assert_eq!(second.data, first.data, "still dark");
    assert_ne!(
        third.data, second.data,
        "the clap is seen in the very frame it was meant for"
    );
    assert_eq!(fourth.data, first.data, "dark again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_inputs_give_the_same_frames() {
    let runtime = runtime();
    let avatar = runtime.load_avatar(spec("avatar-mock")).await.unwrap();
    let mut runs = Vec::new();
    for _ in 0..3 {
        let mut call = face(&*avatar).await;
        let mut frames = Vec::new();
        for n in 0..30u64 {
            let mark = tth_core::media::VisemeMark {
                // Frame n is drawn as soon as frame n - 1 is taken: what it is to show was sent
                // before that.
                at: (n + 1) * 40_000,
                duration_us: 40_000,
                shape: tth_core::media::Viseme::Aa,
                weight: 0.1 * (n % 10) as f32,
            };
            within(call.input.send(AvatarInput::Viseme(mark)))
                .await
                .unwrap();
            frames.push(next_frame(&mut call).await);
        }
        runs.push(frames);
    }
    let [first, rest @ ..] = runs.as_slice() else {
        panic!("no runs")
    };
    for run in rest {
        let different: Vec<_> = run
            .iter()
            .zip(first)
            .filter(|(a, b)| a != b)
            .map(|(a, _)| a.at)
            .collect();
        assert_eq!(different, Vec::<u64>::new(), "frames differ at these times");
    }
    assert!(
        first.iter().any(|frame| frame.data != first[0].data),
        "the mouth moves"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mapper_resolves_wishes_to_parameters() {
    let runtime = runtime();
    let tts = runtime.load_tts(spec("tts-mock")).await.unwrap();
    let mapper = runtime.load_mapper(spec("control-mapper")).await.unwrap();
    let wish = (
        Emotion::default(),
        Character {
            speech_rate: Some(1.5),
            ..Character::default()
        },
    );
    let persona = Persona {
        id: "p".into(),
        language: "en".into(),
        ..Persona::default()
    };
    let (control, decisions) = within(mapper.resolve(persona, vec![wish], tts.info().clone()))
        .await
        .unwrap();
    let decision = decisions
        .iter()
        .find(|d| d.control == "character.speech_rate" || d.control == "character.speech-rate");
    let decision =
        decision.unwrap_or_else(|| panic!("no decision on the speech rate: {decisions:?}"));
    let param = decision
        .param
        .clone()
        .expect("the scripted voice has a rate");
    assert!(
        control.params.iter().any(|(name, _)| *name == param),
        "{control:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_asked_of_the_guest() {
    let runtime = runtime();
    let tts = runtime.load_tts(spec("tts-mock")).await.unwrap();
    assert_eq!(within(tts.health()).await.readiness, Readiness::Ready);
    // Also while its only instance is in a call.
    let tts = runtime
        .load_tts(limited("tts-mock", |limits| limits.max_instances = 1))
        .await
        .unwrap();
    let held = within(tts.open(Control::default(), context()))
        .await
        .unwrap();
    let health = within(tts.health()).await;
    assert_eq!(
        (health.readiness, health.detail.as_str()),
        (Readiness::Ready, "busy")
    );
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_reuse_every_call_gets_a_fresh_instance() {
    let runtime = runtime();
    let tts = runtime
        .load_tts(limited("tts-mock", |limits| limits.reuse = false))
        .await
        .unwrap();
    for _ in 0..5 {
        let mut call = within(tts.open(Control::default(), context()))
            .await
            .unwrap();
        within(call.input.send(TtsInput::Utterance("Hi.".into())))
            .await
            .unwrap();
        let (events, error) = drain(call).await;
        assert!(error.is_none() && !events.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_at_once_are_served_side_by_side() {
    let runtime = runtime();
    let tts = runtime
        .load_tts(limited("tts-mock", |limits| limits.max_instances = 200))
        .await
        .unwrap();
    let one = || async {
        let mut call = within(tts.open(Control::default(), context()))
            .await
            .unwrap();
        within(call.input.send(TtsInput::Utterance("Hello there.".into())))
            .await
            .unwrap();
        let (events, error) = drain(call).await;
        assert_eq!(error, None);
        events.len()
    };
    let lengths = futures::future::join_all((0..200).map(|_| one())).await;
    assert!(
        lengths
            .iter()
            .all(|length| *length == lengths[0] && *length > 10),
        "{lengths:?}"
    );
}
