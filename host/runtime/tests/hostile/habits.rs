//! A voice that speaks well until it hears "misbehave".

use crate::common::*;
use futures::SinkExt;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tracing_subscriber::fmt::MakeWriter;
use tth_core::provider::{ErrorCode, ProviderError, Readiness, Tts, TtsEvent, TtsInput};
use tth_runtime::{InstanceLimits, ProviderSpec, Runtime, RuntimeError};

/// Bytes of sound of one word.
const WORD: usize = 4_800;

fn voice(habit: &str, change: impl FnOnce(&mut InstanceLimits)) -> ProviderSpec {
    let mut spec = limited("fixture-bad-manners", change);
    spec.settings_json = format!(r#"{{"habit": "{habit}"}}"#);
    // Whoever comes next has to wait until the culprit is gone.
    spec.limits.max_instances = 1;
    spec.limits.acquire_ms = 20_000;
    spec
}

async fn load(runtime: &Runtime, spec: ProviderSpec) -> Arc<dyn Tts> {
    runtime.load_tts(spec).await.unwrap()
}

/// What comes when `text` is to be spoken, and how it ends.
async fn speak(voice: &dyn Tts, text: &str) -> (Vec<TtsEvent>, Option<ProviderError>) {
    let mut call = within(voice.open(Default::default(), context()))
        .await
        .unwrap();
    within(call.input.send(TtsInput::Utterance(text.into())))
        .await
        .unwrap();
    drain(call).await
}

fn sound(events: &[TtsEvent]) -> usize {
    let bytes = events.iter().map(|event| match event {
        TtsEvent::Audio(chunk) => chunk.pcm.len(),
        _ => 0,
    });
    bytes.sum()
}

/// The next call is served in full, by whatever instance.
async fn speaks_well(voice: &dyn Tts) {
    let (events, error) = speak(voice, "All is well.").await;
    assert_eq!((sound(&events), error), (3 * WORD, None));
    assert_eq!(events.last(), Some(&TtsEvent::UtteranceEnd(0)));
}

/// The habit ends its own call with `code` and a sentence that names the provider and says `says`; the
/// calls before and after it are served. Returns the sound that came before the end, in bytes.
async fn ends(spec: ProviderSpec, code: ErrorCode, says: &str) -> usize {
    let runtime = runtime();
    let voice = load(&runtime, spec).await;
    speaks_well(&*voice).await;
    let (events, error) = speak(&*voice, "Now misbehave.").await;
    let error = error.expect("this must not go unnoticed");
    eprintln!("{:?}: {}", error.code, error.message);
    assert_eq!(error.code, code, "{error}");
    assert!(
        error.message.contains(says) && error.message.contains("`fixture-bad-manners`"),
        "{error}"
    );
    speaks_well(&*voice).await;
    sound(&events)
}

/// The habit is no offence as such, but when the core has had enough of waiting, its instance goes.
async fn makes_way(habit: &str) {
    let runtime = runtime();
    let voice = load(&runtime, voice(habit, |_| {})).await;
    let mut call = within(voice.open(Default::default(), context()))
        .await
        .unwrap();
    let told = TtsInput::Utterance("Now misbehave.".into());
    within(call.input.send(told)).await.unwrap();
    // It is at it once it has taken what it was told, which nobody sees from outside.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    drop(call);
    speaks_well(&*voice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_loop_ends_with_its_cpu_budget() {
    let spec = voice("endless-loop", |limits| limits.cpu_ms_per_turn = 300);
    let sound = ends(spec, ErrorCode::Timeout, "300 ms of CPU").await;
    assert_eq!(sound, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_memory_bomb_ends_with_its_memory() {
    let spec = voice("memory-bomb", |limits| limits.memory_mb = 16);
    let sound = ends(spec, ErrorCode::Internal, "16 MiB of memory").await;
    assert_eq!(sound, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_in_mid_stream_says_why_and_keeps_what_was_said() {
    let spec = voice("trap-in-stream", |_| {});
    let sound = ends(spec, ErrorCode::Internal, "was told to").await;
    assert_eq!(sound, WORD, "the word before it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_voice_makes_way() {
    makes_way("silence").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voice_that_blocks_its_instance_makes_way() {
    makes_way("blocking-sleep").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_stream_that_nobody_reads_makes_way() {
    makes_way("endless-stream").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_stream_that_is_read_ends_with_its_cpu_budget() {
    let spec = voice("endless-stream", |limits| limits.cpu_ms_per_turn = 100);
    let sound = ends(spec, ErrorCode::Timeout, "100 ms of CPU").await;
    assert!(sound > WORD, "what it said before stays: {sound}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_four_thousand_tiny_items_are_carried_like_one() {
    let runtime = runtime();
    // Hosts of debug builds are slow, and the smallest items cost the most.
    let spec = voice("one-sample-items", |limits| limits.cpu_ms_per_turn = 20_000);
    let voice = load(&runtime, spec).await;
    let (events, error) = speak(&*voice, "Now misbehave.").await;
    assert_eq!(error, None);
    assert_eq!(sound(&events), 2 * 24_000 + 2 * WORD);
    speaks_well(&*voice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_sample_breaks_the_contract() {
    let spec = voice("one-byte-item", |_| {});
    ends(spec, ErrorCode::Internal, "no whole number of samples").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_above_the_limit_breaks_the_contract() {
    let spec = voice("large-item", |_| {});
    ends(spec, ErrorCode::Internal, "1048576 is the most").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_of_100_mb_does_not_fit_the_guest() {
    let spec = voice("huge-item", |_| {});
    ends(spec, ErrorCode::Internal, "64 MiB of memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_of_100_mb_is_not_copied_to_the_host() {
    let spec = voice("huge-item", |limits| limits.memory_mb = 256);
    ends(
        spec,
        ErrorCode::Internal,
        "more at once than the host takes",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_beyond_all_sessions_breaks_the_contract() {
    let spec = voice("far-future", |_| {});
    ends(spec, ErrorCode::Internal, "beyond thirty days").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_a_number_breaks_the_contract() {
    let spec = voice("not-a-number", |_| {});
    ends(spec, ErrorCode::Internal, "a viseme's weight that is NaN").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_is_no_text_breaks_the_contract() {
    let spec = voice("broken-text", |_| {});
    ends(spec, ErrorCode::Internal, "text that is not UTF-8").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_streams_are_more_than_it_may_hold() {
    let spec = voice("many-streams", |_| {});
    let says = "held more streams, requests and other handles than it may";
    ends(spec, ErrorCode::Internal, says).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_after_the_last_event_takes_nothing_back() {
    let spec = voice("trap-in-drop", |_| {});
    let says = "the fixture fell while it cleaned up";
    let sound = ends(spec, ErrorCode::Internal, says).await;
    assert_eq!(sound, 2 * WORD, "all was said");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_in_load_says_why_and_where() {
    let runtime = runtime();
    let Err(error) = runtime.load_tts(voice("trap-in-load", |_| {})).await else {
        panic!("it was loaded");
    };
    eprintln!("{error}");
    let text = error.to_string();
    assert!(matches!(error, RuntimeError::Load { .. }), "{text}");
    for part in ["`fixture-bad-manners`", "did not load", "was told to"] {
        assert!(text.contains(part), "{text}");
    }
    let voice = load(&runtime, voice("silence", |_| {})).await;
    speaks_well(&*voice).await;
}

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Log;

    fn make_writer(&self) -> Log {
        self.clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_lines_neither_ends_the_call_nor_fills_the_log() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("tth_runtime=debug")
        .with_writer(log.clone());
    subscriber.try_init().expect("each test has its process");
    let (runtime, start) = (runtime(), Instant::now());
    let spec = voice("log-flood", |limits| limits.cpu_ms_per_turn = 20_000);
    let voice = load(&runtime, spec).await;
    let (events, error) = speak(&*voice, "Now misbehave.").await;
    assert_eq!((sound(&events), error), (2 * WORD, None));
    speaks_well(&*voice).await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines = log.lines().filter(|line| line.contains("of a flood"));
    // Twenty in each second, which need not begin with the flood.
    let most = 20 * (usize::try_from(start.elapsed().as_secs()).unwrap() + 2);
    let lines = lines.count();
    assert!((1..=most).contains(&lines), "{lines} of 3000 lines");
    assert!(log.lines().all(|line| line.len() < 1_000), "lines are cut");
}

/// A guest that never says how it is keeps nobody from speaking.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_says_how_it_is_is_replaced() {
    let runtime = runtime();
    let spec = voice("hanging-health", |limits| limits.health_ms = 200);
    let voice = load(&runtime, spec).await;
    for _ in 0..3 {
        let health = within(voice.health()).await;
        assert_eq!(health.readiness, Readiness::Degraded, "{health:?}");
        assert!(health.detail.contains("200 ms"), "{health:?}");
        // Its only instance is there again as soon as the grace of the one that hangs is over.
        speaks_well(&*voice).await;
    }
}
