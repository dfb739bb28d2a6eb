//! What it costs to map the controls: `resolve` of the shipped mapper, in the sandbox, for the three
//! embedded providers' declared parameters, asked at once as a session asks.
//!
//! Run by `cargo xtask bench resolve`. The calls come from a task of the same kind of executor that
//! serves sessions; the targets are the capabilities of the components as they are built.

use anyhow::{Context, Result};
use futures::future::join_all;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tth_core::controls::{Character, Emotion, Persona};
use tth_core::provider::{Mapper, ProviderInfo};
use tth_runtime::{InstanceLimits, ProviderSpec, Runtime, RuntimeOptions};

/// The project's promise, in microseconds.
const AT_MOST_US: f64 = 50.0;
const WARM_UP: usize = 2_000;
const ROUNDS: usize = 10_000;
/// Rounds with a rest before each, when the executor's threads sleep and must be woken.
const RESTED: usize = 1_000;
const REST: Duration = Duration::from_millis(1);

type Layers = Vec<(Emotion, Character)>;

fn main() -> Result<()> {
    // `cargo test --benches` runs every benchmark once: there is nothing to test here.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let executor = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    // In a task: what `block_on` polls itself has no worker thread of its own to run on.
    executor.block_on(async { tokio::spawn(measure()).await? })
}

async fn measure() -> Result<()> {
    let runtime = Runtime::new(RuntimeOptions {
        cache_dir: Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR"))),
        ..RuntimeOptions::default()
    })?;
    let targets = targets(&runtime).await?;
    let mapper = runtime.load_mapper(spec("control-mapper")?).await?;
    let persona = persona();
    for round in 0..WARM_UP {
        ask(&mapper, &persona, layers(round), &targets).await?;
    }
    let mut hot = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let layers = layers(round);
        let start = Instant::now();
        ask(&mapper, &persona, layers, &targets).await?;
        hot.push(micros(start.elapsed()));
    }
    let mut rested = Vec::with_capacity(RESTED);
    for round in 0..RESTED {
        let layers = layers(round);
        tokio::time::sleep(REST).await;
        let start = Instant::now();
        ask(&mapper, &persona, layers, &targets).await?;
        rested.push(micros(start.elapsed()));
    }
    result(
        "resolve, three providers, p50",
        &mut hot,
        0.5,
        Some(AT_MOST_US),
    );
    result("resolve, three providers, p95", &mut hot, 0.95, None);
    result("resolve after a rest, p50", &mut rested, 0.5, None);
    Ok(())
}

/// One question for each provider, all at once, and that each has an answer.
async fn ask(
    mapper: &Arc<dyn Mapper>,
    persona: &Persona,
    layers: Layers,
    targets: &[ProviderInfo],
) -> Result<()> {
    let questions = targets
        .iter()
        .map(|target| mapper.resolve(persona.clone(), layers.clone(), target.clone()));
    for answer in join_all(questions).await {
        let (control, decisions) = answer?;
        anyhow::ensure!(
            !control.params.is_empty() && !decisions.is_empty(),
            "the mapper set nothing"
        );
    }
    Ok(())
}

/// What the three embedded providers declare.
async fn targets(runtime: &Runtime) -> Result<Vec<ProviderInfo>> {
    let llm = runtime.load_llm(spec("llm-mock")?).await?;
    let tts = runtime.load_tts(spec("tts-embedded")?).await?;
    let avatar = runtime.load_avatar(spec("avatar-embedded")?).await?;
    let infos = [llm.info(), tts.info(), avatar.info()];
    Ok(infos.map(ProviderInfo::clone).to_vec())
}

fn spec(component: &str) -> Result<ProviderSpec> {
    let folder = std::env::var_os("TTH_COMPONENTS_DIR")
        .context("TTH_COMPONENTS_DIR: run `cargo xtask bench resolve`")?;
    Ok(ProviderSpec {
        id: component.into(),
        component: PathBuf::from(folder).join(format!("{component}.wasm")),
        limits: InstanceLimits {
            memory_mb: 512,
            ..InstanceLimits::default()
        },
        ..ProviderSpec::default()
    })
}

/// As long as those in `configs/personas`.
fn persona() -> Persona {
    Persona {
        id: "mira".into(),
        name: "Mira".into(),
        description: "A warm and attentive host who likes to hear how people are.".into(),
        prompt: "You are a friendly host. You answer in two or three short sentences, in plain \
                 spoken language, and you ask back when you want to know more."
            .repeat(3),
        language: "en".into(),
        look: Some("mira".into()),
        voice: [("embedded".to_owned(), "heart".to_owned())].into(),
        emotion: Emotion::default(),
        character: Character::default(),
        style: vec!["warm".into(), "clear".into()],
    }
}

/// A persona's, a hint's and a user's layer; the numbers change as when a slider is moved.
fn layers(round: usize) -> Layers {
    let feeling = |label: &str, intensity| Emotion {
        label: Some(label.into()),
        intensity: Some(intensity),
        ..Emotion::default()
    };
    let moved = (round % 100) as f32 / 100.0;
    let user = Character {
        speech_rate: Some(0.8 + moved / 2.0),
        pitch_shift: Some(moved * 4.0),
        expressivity: Some(moved),
        motion_gain: Some(1.0 + moved),
        ..Character::default()
    };
    vec![
        (feeling("calm", 0.5), Character::default()),
        (feeling("tender", 0.7), Character::default()),
        (feeling("joy", moved), user),
    ]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Prints a quantile for a reader and for the table of `cargo xtask bench`.
fn result(name: &str, times: &mut [f64], share: f64, at_most: Option<f64>) {
    times.sort_by(f64::total_cmp);
    let rank = (share * times.len() as f64).ceil() as usize;
    // No sample meets no target.
    let value = times
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or(f64::MAX);
    println!("{name}: {value:.1} us");
    let row = match at_most {
        Some(limit) => json!({ "name": name, "value": value, "unit": "us", "at_most": limit }),
        None => json!({ "name": name, "value": value, "unit": "us" }),
    };
    println!("tth-bench: {row}");
}
