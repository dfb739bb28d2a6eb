//! The shape of a configuration.

use super::fields::Located;
use std::path::PathBuf;
use tth_core::controls::Persona;
use tth_core::provider::Stage;
use tth_core::session::OnBreak;

/// A whole configuration.
#[derive(Debug)]
pub(crate) struct Config {
    /// See [`RuntimeSettings`].
    pub(crate) runtime: RuntimeSettings,
    /// Language models, voices and faces: who is asked, in which order.
    pub(crate) chains: Vec<Chain>,
    /// Every provider, active or not, in the order of the files.
    pub(crate) providers: Vec<Provider>,
    /// Every persona; the default one is first.
    pub(crate) personas: Vec<Persona>,
}

/// What holds for the whole process.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeSettings {
    /// The profile's name.
    pub(crate) profile: Option<Located<String>>,
    /// The control mapper's file.
    pub(crate) mapper: Located<String>,
    /// Where components are.
    pub(crate) components_dir: PathBuf,
    /// Where compiled components are kept.
    pub(crate) cache_dir: PathBuf,
    /// Whether the configuration is read anew when one of its files or a component has changed.
    pub(crate) watch: bool,
    /// Sessions at once.
    pub(crate) max_sessions: u64,
    /// How far audio runs ahead, in milliseconds.
    pub(crate) audio_lead_ms: u64,
    /// What a client gathers before it plays, in milliseconds.
    pub(crate) playout_ms: u64,
    /// How long sessions live.
    pub(crate) session: SessionSettings,
    /// How long turns may be finished by a server that stops, in seconds.
    pub(crate) shutdown_s: u64,
    /// How often providers are asked how they are, in seconds.
    pub(crate) health_refresh_s: u64,
    /// See [`Retries`].
    pub(crate) retries: Retries,
    /// See [`Circuit`].
    pub(crate) circuit: Circuit,
}

/// Asking a provider again that failed before it said anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retries {
    /// Times in a turn; 0: never.
    pub(crate) attempts: u32,
    /// The shortest pause before that, in milliseconds.
    pub(crate) pause_ms: u64,
}

/// Leaving a provider alone that keeps failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Circuit {
    /// Failed turns in a row; 0: never.
    pub(crate) failures: u32,
    /// The first pause, in seconds.
    pub(crate) pause_s: u64,
}

/// How long sessions live, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionSettings {
    /// One that nobody is connected to ends then.
    pub(crate) idle_ttl_s: u64,
    /// One that somebody is connected to and asks nothing of ends then; 0: never.
    pub(crate) max_idle_connected_s: u64,
    /// Any ends then; 0: never.
    pub(crate) max_lifetime_s: u64,
    /// A stream that was lost may be resumed until then.
    pub(crate) resume_s: u64,
}

/// What one provider may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Linear memory of an instance, in MiB.
    pub(crate) memory_mb: u32,
    /// CPU of a turn, in milliseconds.
    pub(crate) cpu_ms_per_turn: u64,
    /// Instances kept warm.
    pub(crate) min: u32,
    /// Instances at most.
    pub(crate) max: u32,
}

/// How long one provider may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budgets {
    /// Until its first output, in milliseconds.
    pub(crate) first_output_ms: u64,
    /// Between two outputs, in milliseconds.
    pub(crate) gap_ms: u64,
    /// In a turn, in milliseconds; see [`tth_core::budget`].
    pub(crate) total_ms: u64,
}

/// How a provider is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the definition")]
pub(crate) enum Mode {
    Api,
    SelfHost,
    Embedded,
    Mock,
}

/// The modes by name.
pub(crate) const MODES: [(&str, Mode); 4] = [
    ("api", Mode::Api),
    ("self_host", Mode::SelfHost),
    ("embedded", Mode::Embedded),
    ("mock", Mode::Mock),
];

/// The stages by name.
pub(crate) const ROLES: [(&str, Stage); 3] = [
    ("llm", Stage::Llm),
    ("tts", Stage::Tts),
    ("avatar", Stage::Avatar),
];

/// What becomes of an answer that breaks off, by name.
pub(crate) const ON_BREAK: [(&str, OnBreak); 2] =
    [("continue", OnBreak::Continue), ("close", OnBreak::Close)];

impl Mode {
    /// The name that configuration and clients use.
    pub(crate) fn name(self) -> &'static str {
        let named = MODES.iter().find(|(_, mode)| *mode == self);
        named.map_or("", |(name, _)| name)
    }
}

/// Who serves a stage.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// Which stage.
    pub(crate) role: Stage,
    /// What the primary must be.
    pub(crate) mode: Option<Located<Mode>>,
    /// Who is asked first.
    pub(crate) primary: Option<Located<String>>,
    /// Who is asked next, in order.
    pub(crate) fallback: Vec<Located<String>>,
    /// What becomes of an answer that breaks off; of the language models' chain only.
    pub(crate) on_break: OnBreak,
}

impl Chain {
    /// Everybody, in order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &Located<String>> {
        self.primary.iter().chain(&self.fallback)
    }
}

/// One provider's block.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    /// Its name.
    pub(crate) id: String,
    /// What it does.
    pub(crate) role: Option<Stage>,
    /// How it is reached.
    pub(crate) mode: Option<Mode>,
    /// Its file in the components' directory.
    pub(crate) component: Option<Located<String>>,
    /// Its own settings, as JSON.
    pub(crate) settings: String,
    /// What it may reach.
    pub(crate) hosts: Vec<Located<String>>,
    /// Whether those may be in a private network.
    pub(crate) private: bool,
    /// Headers that are attached to its requests.
    pub(crate) secrets: Vec<Secret>,
    /// What it may use.
    pub(crate) limits: Limits,
    /// How long it may take.
    pub(crate) budgets: Budgets,
    /// Whether an instance serves more than one turn.
    pub(crate) reuse: bool,
}

/// A header with a secret in it; the secret itself is in a variable.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    /// The header's name.
    pub(crate) header: String,
    /// The variable's name, and where it is given.
    pub(crate) variable: Located<String>,
    /// What stands before the secret, e.g. `Bearer `.
    pub(crate) prefix: String,
    /// The only host that gets it; none: every allowed one.
    pub(crate) host: Option<String>,
}

#[cfg(test)]
impl Provider {
    /// A voice behind an API, with these settings.
    pub(crate) fn sample(id: &str, settings: &str) -> Self {
        Provider {
            id: id.into(),
            role: Some(Stage::Tts),
            mode: Some(Mode::Api),
            component: None,
            settings: settings.into(),
            hosts: Vec::new(),
            private: false,
            secrets: Vec::new(),
            limits: Limits {
                memory_mb: 1,
                cpu_ms_per_turn: 1,
                min: 0,
                max: 1,
            },
            budgets: Budgets {
                first_output_ms: 1_000,
                gap_ms: 1_000,
                total_ms: 60_000,
            },
            reuse: true,
        }
    }
}
