//! A server with providers that fail as the seed has it, and good ones behind them.

use crate::rng::Rng;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use tth_tests::Server;

/// How the ids of providers begin that go wrong.
pub const FAULTY: &str = "chaos_";

/// The error codes that settings of the doubles know.
const CODES: [&str; 6] = [
    "unavailable",
    "internal",
    "timeout",
    "rate-limited",
    "quota-exceeded",
    "unauthenticated",
];

/// Where the build puts a folder of components: as the variable says, else under the target folder.
fn folder(variable: &str, otherwise: &str) -> Result<PathBuf> {
    let target = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(target, PathBuf::from);
    let folder = std::env::var_os(variable).map_or_else(|| target.join(otherwise), PathBuf::from);
    folder
        .canonicalize()
        .with_context(|| format!("no {}: run `cargo xtask test`", folder.display()))
}

/// All components, and the voice with bad manners beside them.
///
/// # Errors
/// If they have not been built.
pub fn components() -> Result<tempfile::TempDir> {
    let all = tempfile::tempdir()?;
    for file in std::fs::read_dir(folder("TTH_COMPONENTS_DIR", "components")?)? {
        let file = file?;
        std::os::unix::fs::symlink(file.path(), all.path().join(file.file_name()))?;
    }
    let fixture = folder("TTH_FIXTURES_DIR", "fixtures")?.join("fixture-bad-manners.wasm");
    ensure!(fixture.is_file(), "no {}", fixture.display());
    std::os::unix::fs::symlink(fixture, all.path().join("bad-manners.wasm"))?;
    Ok(all)
}

/// The configuration of a server, to be changed while it runs.
#[derive(Debug)]
pub struct Config {
    folder: tempfile::TempDir,
    profile: String,
    changes: usize,
    refused: usize,
}

/// The profile that good providers come from, and what of it a reload changes.
const PROFILE: &str = "profiles/mock.yaml";
const CHANGED: &str = "settings: {}";

impl Config {
    /// A copy of the repository's.
    ///
    /// # Errors
    /// If it cannot be copied.
    pub fn copy() -> Result<Config> {
        let folder = tempfile::tempdir()?;
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
        for part in ["profiles", "personas"] {
            std::fs::create_dir(folder.path().join(part))?;
        }
        for file in ["base.yaml", PROFILE, "personas/default.yaml"] {
            std::fs::copy(repository.join(file), folder.path().join(file))
                .with_context(|| format!("copying {file}"))?;
        }
        let profile = std::fs::read_to_string(folder.path().join(PROFILE))?;
        ensure!(profile.contains(CHANGED), "{PROFILE} has no {CHANGED:?}");
        Ok(Config {
            folder,
            profile,
            changes: 0,
            refused: 0,
        })
    }

    /// Give one of the good providers other settings, another one each time, and have the server read them:
    /// it has to be loaded anew, and the one before as well, which goes back to what it was. Then settings
    /// that cannot be used, and all over again.
    ///
    /// # Errors
    /// If the server cannot be told.
    pub fn change(&mut self, server: &Server) -> Result<()> {
        let parts: Vec<&str> = self.profile.split(CHANGED).collect();
        let which = (self.changes + self.refused) % parts.len();
        let settings = match which {
            0 => "settings: { no_such_setting: 1 }".to_owned(),
            _ => format!("settings: {{ first_delay_ms: {} }}", self.changes % 20),
        };
        *(if which == 0 {
            &mut self.refused
        } else {
            &mut self.changes
        }) += 1;
        let mut text = String::new();
        for (n, part) in parts.iter().enumerate() {
            if n > 0 {
                let changed = n == which.max(1);
                text.push_str(if changed { &settings } else { CHANGED });
            }
            text.push_str(part);
        }
        std::fs::write(self.folder.path().join(PROFILE), text)?;
        server.hang_up()
    }

    /// How often it was changed, and how often it could not be used.
    pub fn changes(&self) -> (usize, usize) {
        (self.changes, self.refused)
    }
}

/// Start it.
///
/// # Errors
/// If it does not come up.
pub fn start(components: &Path, config: &Config, seed: u64) -> Result<Server> {
    let rng = &mut Rng::new(seed, &[100]);
    let components = components
        .to_str()
        .context("a folder with a strange name")?;
    let mut env: Vec<(String, String)> = Vec::new();
    let mut set = |key: &str, value: &str| env.push((format!("TTH__{key}"), value.to_owned()));
    set("RUNTIME__COMPONENTS_DIR", components);
    set("RUNTIME__CIRCUIT__FAILURES", "5");
    set("RUNTIME__CIRCUIT__PAUSE_S", "1");
    set("RUNTIME__RETRIES__ATTEMPTS", "1");
    let chains = [
        ("LLM", "llm", "[chaos_llm_1, mock_llm]"),
        ("TTS", "tts", "[chaos_tts_1, mock_tts]"),
        ("AVATAR", "avatar", "[chaos_avatar_1, mock_avatar]"),
    ];
    for (upper, role, fallback) in chains {
        set(
            &format!("COMPONENTS__{upper}__PRIMARY"),
            &format!("chaos_{role}_0"),
        );
        set(&format!("COMPONENTS__{upper}__FALLBACK"), fallback);
        for n in 0..2 {
            let block = format!("PROVIDERS__CHAOS_{upper}_{n}");
            let (component, settings) = match (role, n) {
                // Its faults come with what it is given to say.
                ("tts", 0) => ("bad-manners".to_owned(), "{}".to_owned()),
                _ => (format!("{role}-mock"), faults(rng)),
            };
            set(&format!("{block}__ROLE"), role);
            set(&format!("{block}__MODE"), "mock");
            set(&format!("{block}__COMPONENT"), &format!("{component}.wasm"));
            set(&format!("{block}__SETTINGS"), &settings);
            set(
                &format!("{block}__BUDGETS"),
                "{first_output_ms: 1000, gap_ms: 1000}",
            );
            // A debug build of the host is slow, and it is not the culprit that pays for it.
            let limits = "{cpu_ms_per_turn: 20000, memory_mb: 256, instances: {min: 1, max: 64}}";
            set(&format!("{block}__LIMITS"), limits);
        }
    }
    let env: Vec<_> = env
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    Server::recorded("mock", config.folder.path(), &env)
}

/// Settings of a double that goes wrong.
fn faults(rng: &mut Rng) -> String {
    let after = rng.range(1..40);
    let code = rng.pick(&CODES).unwrap_or("internal");
    let delay = rng.range(0..60);
    match rng.any() % 4 {
        0 => format!("{{first_delay_ms: {delay}, fail: {{at: start, code: {code}}}}}"),
        1 => format!("{{first_delay_ms: {delay}, stall_after: {after}}}"),
        _ => format!(
            "{{first_delay_ms: {delay}, fail: {{at: output, after: {after}, code: {code}}}}}"
        ),
    }
}
