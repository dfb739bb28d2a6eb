//! Voices that are only names: who is loaded, who is kept, and what is refused.

use super::*;
use crate::environment::Environment;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::path::Path;
use std::sync::Mutex;
use tempfile::TempDir;
use tth_core::provider::{
    Call, CallContext, Control, Health, ProviderError, Readiness, Tts, TtsEvent, TtsInput,
};

struct Voice(String, ProviderInfo);

impl Port for Voice {
    fn id(&self) -> &str {
        &self.0
    }

    fn info(&self) -> &ProviderInfo {
        &self.1
    }

    fn health(&self) -> BoxFuture<'static, Health> {
        let (readiness, detail) = (Readiness::Ready, String::new());
        std::future::ready(Health { readiness, detail }).boxed()
    }
}

impl Tts for Voice {
    fn open(
        &self,
        _: Control,
        _: CallContext,
    ) -> BoxFuture<'static, Result<Call<TtsInput, TtsEvent>, ProviderError>> {
        let code = tth_core::provider::ErrorCode::Unsupported;
        std::future::ready(Err(ProviderError::new(code, "only a name"))).boxed()
    }
}

/// A configuration on disk; a component whose content is "bad" cannot be loaded.
struct World {
    folder: TempDir,
    environment: Vec<(&'static str, &'static str)>,
    loaded: Mutex<Vec<String>>,
    crew: Option<Crew<dyn Tts>>,
}

/// Three voices, of which `chain` are used; `more` is laid over the block of the first.
fn yaml(chain: &str, more: &str) -> String {
    format!(
        r#"
runtime: {{ components_dir: DIR, mapper: m.wasm }}
components:
  llm: {{ mode: mock, primary: mind }}
  tts: {{ mode: mock, {chain} }}
  avatar: {{ mode: mock, primary: face }}
providers:
  mind: {{ role: llm, mode: mock, component: m.wasm }}
  face: {{ role: avatar, mode: mock, component: m.wasm }}
  a: {{ role: tts, mode: mock, component: a.wasm, {more} }}
  b: {{ role: tts, mode: mock, component: b.wasm }}
  c: {{ role: tts, mode: mock, component: c.wasm }}
"#
    )
}

const BOTH: &str = "primary: a, fallback: [b]";

impl World {
    fn new() -> World {
        let world = World {
            folder: tempfile::tempdir().unwrap(),
            environment: vec![("KEY", "one")],
            loaded: Mutex::default(),
            crew: None,
        };
        std::fs::create_dir(world.folder.path().join("profiles")).unwrap();
        for name in ["a", "b", "c", "m"] {
            world.component(name, name);
        }
        world
    }

    fn component(&self, name: &str, content: &str) {
        let file = self.folder.path().join(name).with_extension("wasm");
        std::fs::write(file, content).unwrap();
    }

    /// Load it as it is now: who was loaded, or why nothing has changed.
    async fn load(&mut self, chain: &str, more: &str) -> Result<Vec<String>, String> {
        let folder = self.folder.path();
        let text = yaml(chain, more).replace("DIR", folder.to_str().unwrap());
        std::fs::write(folder.join("base.yaml"), text).unwrap();
        std::fs::write(folder.join("profiles/p.yaml"), "{}").unwrap();
        let environment: Environment = self.environment.iter().copied().collect();
        let config = crate::config::load(folder, "p", &environment);
        let config = config.expect("a configuration").config;
        let recipes = Recipes::read(&config, &environment, 512).await;
        let load = |spec: ProviderSpec| {
            self.loaded.lock().unwrap().push(spec.id.clone());
            std::future::ready(made(&spec))
        };
        let before = self.crew.as_ref();
        let crew = Crew::load(Stage::Tts, &config, &recipes, before, load).await;
        let mut loaded = std::mem::take(&mut *self.loaded.lock().unwrap());
        loaded.sort();
        let crew = crew.map_err(|error| format!("{error:#}"))?;
        let infos = |crew: &Crew<dyn Tts>| crew.candidates(&config);
        if let Some(before) = before {
            // What sessions go by: the same info if and only if it is the same provider.
            for (new, (id, kept)) in infos(&crew).iter().zip(crew.compared(before)) {
                assert_eq!(new.id, id);
                let same = infos(before).iter().any(|old| old.is(new));
                assert_eq!((same, loaded.contains(&new.id)), (kept, !kept), "{id}");
            }
        }
        self.crew = Some(crew);
        Ok(loaded)
    }

    fn serving(&self) -> Vec<&str> {
        self.crew.as_ref().unwrap().ids().collect()
    }
}

fn made(spec: &ProviderSpec) -> Result<Arc<dyn Tts>, RuntimeError> {
    if reads_bad(&spec.component) {
        let (id, reason) = (spec.id.clone(), "it is bad".to_owned());
        return Err(RuntimeError::Config { id, reason });
    }
    Ok(Arc::new(Voice(spec.id.clone(), ProviderInfo::default())))
}

fn reads_bad(file: &Path) -> bool {
    std::fs::read_to_string(file).unwrap() == "bad"
}

#[tokio::test]
async fn what_has_not_changed_is_kept() {
    let mut world = World::new();
    assert_eq!(world.load(BOTH, "").await.unwrap(), ["a", "b"]);
    assert!(world.load(BOTH, "").await.unwrap().is_empty());
    // Another order, another time between two outputs: the same providers.
    let turned = "primary: b, fallback: [a]";
    let loaded = world.load(turned, "budgets: { gap_ms: 7 }").await;
    assert!(loaded.unwrap().is_empty());
    assert_eq!(world.serving(), ["b", "a"]);
}

#[tokio::test]
async fn the_same_content_elsewhere_is_the_same_provider() {
    let mut world = World::new();
    world.load(BOTH, "").await.unwrap();
    let before = std::mem::replace(&mut world.folder, tempfile::tempdir().unwrap());
    std::fs::create_dir(world.folder.path().join("profiles")).unwrap();
    for name in ["a.wasm", "b.wasm", "c.wasm", "m.wasm"] {
        std::fs::copy(before.path().join(name), world.folder.path().join(name)).unwrap();
    }
    assert!(world.load(BOTH, "").await.unwrap().is_empty());
}

#[tokio::test]
async fn whatever_a_provider_is_made_of_makes_another_one() {
    let mut world = World::new();
    let secret = "allow: { hosts: [\"https://a.test\"] }, \
                  secrets: [{ header: authorization, from: env:KEY }]";
    world.load(BOTH, "").await.unwrap();
    for more in [
        "settings: { voice: x }",
        "settings: { voice: y }",
        "limits: { instances: { max: 7 } }",
        "allow: { hosts: [\"https://a.test\"] }",
        secret,
        "reuse: false",
    ] {
        assert_eq!(world.load(BOTH, more).await.unwrap(), ["a"], "{more}");
        assert!(world.load(BOTH, more).await.unwrap().is_empty(), "{more}");
    }
    world.load(BOTH, secret).await.unwrap();
    world.environment = vec![("KEY", "two")];
    assert_eq!(world.load(BOTH, secret).await.unwrap(), ["a"]);
    world.component("b", "b, the next version");
    assert_eq!(world.load(BOTH, secret).await.unwrap(), ["b"]);
}

#[tokio::test]
async fn who_comes_is_loaded_and_who_goes_is_not() {
    let mut world = World::new();
    world.load(BOTH, "").await.unwrap();
    let loaded = world.load("primary: a, fallback: [c]", "").await;
    assert_eq!(loaded.unwrap(), ["c"]);
    assert_eq!(world.serving(), ["a", "c"]);
}

#[tokio::test]
async fn a_running_server_is_never_made_worse() {
    let mut world = World::new();
    world.load(BOTH, "").await.unwrap();
    // Primary or fallback: nobody who serves is lost.
    for name in ["a", "b"] {
        world.component(name, "bad");
        let refused = world.load(BOTH, "").await.unwrap_err();
        assert!(
            refused.contains(&format!("`{name}`")) && refused.contains("it is bad"),
            "{refused}"
        );
        assert_eq!(world.serving(), ["a", "b"]);
        world.component(name, name);
    }
    // A new primary must serve, a new fallback need not.
    world.component("c", "bad");
    let refused = world.load("primary: c, fallback: [a]", "").await;
    assert!(refused.is_err());
    world
        .load("primary: a, fallback: [b, c]", "")
        .await
        .unwrap();
    assert_eq!(world.serving(), ["a", "b"]);
    // It is not refused again for the one that was missing already.
    let changed = world
        .load("primary: a, fallback: [b, c]", "reuse: false")
        .await;
    assert_eq!(changed.unwrap(), ["a", "c"], "and c was tried again");
}

#[tokio::test]
async fn a_primary_that_is_missing_since_the_start_keeps_nobody_from_a_reload() {
    let mut world = World::new();
    world.component("a", "bad");
    world.load(BOTH, "").await.unwrap();
    assert_eq!(world.serving(), ["b"]);
    world
        .load("primary: a, fallback: [b, c]", "")
        .await
        .unwrap();
    assert_eq!(world.serving(), ["b", "c"]);
    world.component("a", "a");
    assert_eq!(world.load(BOTH, "").await.unwrap(), ["a"]);
    assert_eq!(world.serving(), ["a", "b"]);
}

#[tokio::test]
async fn a_chain_of_nobody_is_refused_at_the_start_too() {
    let mut world = World::new();
    world.component("a", "bad");
    let refused = world.load("primary: a", "").await.unwrap_err();
    assert!(refused.starts_with("nobody of the tts chain"), "{refused}");
}
