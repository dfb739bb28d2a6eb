//! Runs tth providers as WASI components under wasmtime.
//!
//! A component is checked before it is compiled ([`check`]), compiled once and cached, instantiated
//! into a pool, and driven by one task for each instance (a mapper: in place). It reaches nothing but what it was granted:
//! clocks, randomness, and HTTP and WebSockets to allowed hosts, where credentials are attached behind
//! its back.
//! Whatever it does - trap, loop, hoard memory, say nothing - ends its own call with an error that
//! names it, and nothing else.

mod bindings;
mod cache;
mod call;
mod capability;
pub mod check;
mod crashes;
mod describe;
mod engine;
mod error;
mod instance;
pub mod limits;
mod mapper;
mod meter;
mod pool;
mod provider;
mod pump;
mod role;
mod store;

pub use cache::digest;
pub use capability::egress::{EgressError, HeaderSecret};
pub use check::{CheckError, ComponentRole, Inspection, inspect};
pub use error::RuntimeError;
pub use limits::{EngineLimits, InstanceLimits};

use bindings::v0_1::host::tth::host::websocket;
use bindings::v0_1::mapper::MapperGuestPre;
use capability::Grants;
use capability::egress::Egress;
use capability::http::{HttpClient, HttpGrant};
use capability::websocket::{WebsocketClient, WebsocketGrant, Websockets};
use engine::Watchdog;
use instance::Template;
use mapper::WasmMapper;
use pool::Pool;
use provider::Wasm;
use role::{AvatarRole, LlmRole, Role, TtsRole};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::HostState;
use tth_core::provider::{Avatar, Llm, Mapper, ProviderInfo, Tts};
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};

/// How the runtime is set up.
#[derive(Clone, Debug, Default)]
pub struct RuntimeOptions {
    /// Where compiled components are kept; `None` compiles at every start. Must be writable only by
    /// those who may run code as this process.
    pub cache_dir: Option<PathBuf>,
    /// See [`EngineLimits`].
    pub limits: EngineLimits,
}

/// One provider as configuration describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderSpec {
    /// Its id.
    pub id: String,
    /// The component's file.
    pub component: PathBuf,
    /// Its own settings, a JSON object; empty for none.
    pub settings_json: String,
    /// Where it may send requests: `scheme://host[:port][/path-prefix]` each.
    pub allow_hosts: Vec<String>,
    /// Whether names it may reach may resolve to private and loopback addresses.
    pub allow_private: bool,
    /// Credentials that the host attaches to its requests.
    pub secrets: Vec<HeaderSecret>,
    /// See [`InstanceLimits`].
    pub limits: InstanceLimits,
}

/// The runtime. Providers loaded from it keep what they need of it alive.
pub struct Runtime {
    engine: Engine,
    linker: Linker<HostState>,
    watchdog: Arc<Watchdog>,
    client: Arc<HttpClient>,
    websockets: Arc<WebsocketClient>,
    options: RuntimeOptions,
}

impl Runtime {
    /// Start the engine.
    ///
    /// # Errors
    /// [`RuntimeError::Engine`] where the limits ask for more than the machine gives.
    pub fn new(options: RuntimeOptions) -> Result<Runtime, RuntimeError> {
        let (engine, watchdog) = engine::start(&options.limits)?;
        let linker = linker(&engine).map_err(|error| RuntimeError::Engine {
            reason: format!("{error:#}"),
        })?;
        let client = Arc::new(HttpClient::new(&options.limits));
        let websockets = Arc::new(WebsocketClient::new(&options.limits));
        Ok(Runtime {
            engine,
            linker,
            watchdog,
            client,
            websockets,
            options,
        })
    }

    /// Load a language model. Needs a tokio runtime, as do all loads.
    ///
    /// # Errors
    /// Whatever is wrong with file, component, configuration, or its own `load` and `warmup`.
    pub async fn load_llm(&self, spec: ProviderSpec) -> Result<Arc<dyn Llm>, RuntimeError> {
        Ok(Arc::new(
            self.load::<LlmRole>(spec, ComponentRole::Llm).await?,
        ))
    }

    /// Load a voice.
    ///
    /// # Errors
    /// As for [`Runtime::load_llm`].
    pub async fn load_tts(&self, spec: ProviderSpec) -> Result<Arc<dyn Tts>, RuntimeError> {
        Ok(Arc::new(
            self.load::<TtsRole>(spec, ComponentRole::Tts).await?,
        ))
    }

    /// Load a face.
    ///
    /// # Errors
    /// As for [`Runtime::load_llm`].
    pub async fn load_avatar(&self, spec: ProviderSpec) -> Result<Arc<dyn Avatar>, RuntimeError> {
        Ok(Arc::new(
            self.load::<AvatarRole>(spec, ComponentRole::Avatar).await?,
        ))
    }

    /// Load a control mapper.
    ///
    /// # Errors
    /// As for [`Runtime::load_llm`].
    pub async fn load_mapper(&self, spec: ProviderSpec) -> Result<Arc<dyn Mapper>, RuntimeError> {
        let (id, file) = (spec.id.clone(), spec.component.clone());
        let template = self
            .template(spec, ComponentRole::Mapper, MapperGuestPre::new)
            .await?;
        match WasmMapper::open(template).await {
            Ok(mapper) => Ok(Arc::new(mapper)),
            Err(reason) => Err(RuntimeError::Load { id, file, reason }),
        }
    }

    /// What a component says that it can do; none for a mapper, which has nothing to declare. It is
    /// instantiated for that, but not loaded: its settings are not looked at, and it is granted no
    /// network and no credentials.
    ///
    /// # Errors
    /// Whatever is wrong with file and component, or how it broke when it was asked.
    pub async fn describe(
        &self,
        spec: ProviderSpec,
        role: ComponentRole,
    ) -> Result<Option<ProviderInfo>, RuntimeError> {
        let spec = ProviderSpec {
            settings_json: String::new(),
            allow_hosts: Vec::new(),
            secrets: Vec::new(),
            ..spec
        };
        match role {
            ComponentRole::Llm => self.ask::<LlmRole>(spec, role).await.map(Some),
            ComponentRole::Tts => self.ask::<TtsRole>(spec, role).await.map(Some),
            ComponentRole::Avatar => self.ask::<AvatarRole>(spec, role).await.map(Some),
            ComponentRole::Mapper => self.load_mapper(spec).await.map(|_| None),
        }
    }

    async fn ask<R: Role>(
        &self,
        spec: ProviderSpec,
        wanted: ComponentRole,
    ) -> Result<ProviderInfo, RuntimeError> {
        let (id, file) = (spec.id.clone(), spec.component.clone());
        let template = self.template(spec, wanted, R::pre).await?;
        let answer = describe::describe::<R>(template).await;
        answer.map_err(|reason| RuntimeError::Load { id, file, reason })
    }

    async fn load<R: Role>(
        &self,
        spec: ProviderSpec,
        wanted: ComponentRole,
    ) -> Result<Wasm<R>, RuntimeError> {
        let (id, file) = (spec.id.clone(), spec.component.clone());
        let template = self.template(spec, wanted, R::pre).await?;
        match Pool::<R>::open(template, self.watchdog.clone()).await {
            Ok((pool, info)) => Ok(Wasm { id, info, pool }),
            Err(reason) => Err(RuntimeError::Load { id, file, reason }),
        }
    }

    /// What instances of the component are made from: checked, compiled, linked, granted.
    async fn template<P>(
        &self,
        spec: ProviderSpec,
        wanted: ComponentRole,
        pre: impl FnOnce(InstancePre<HostState>) -> wasmtime::Result<P>,
    ) -> Result<Template<P>, RuntimeError> {
        let ProviderSpec {
            id,
            component: file,
            settings_json,
            allow_hosts,
            allow_private,
            secrets,
            limits,
        } = spec;
        let wrong = |reason: String| RuntimeError::Config {
            id: id.clone(),
            reason,
        };
        if let Some(reason) = limits.contradiction(&self.options.limits) {
            return Err(wrong(reason));
        }
        if !settings_json.trim().is_empty()
            && !serde_json::from_str::<serde_json::Value>(&settings_json)
                .is_ok_and(|value| value.is_object())
        {
            return Err(wrong("its settings are no JSON object".into()));
        }
        let egress = Egress::new(&allow_hosts, allow_private, secrets)
            .map_err(|error| wrong(error.to_string()))?;
        let (egress, provider) = (Arc::new(egress), Arc::<str>::from(id.as_str()));
        let grants = Grants {
            http: HttpGrant::new(
                self.client.clone(),
                egress.clone(),
                provider.clone(),
                limits.http_requests,
            ),
            websocket: WebsocketGrant::new(
                self.websockets.clone(),
                egress,
                provider.clone(),
                limits.websockets,
            ),
        };

        let component = self.compile(&id, &file, wanted).await?;
        let link = |error: wasmtime::Error| RuntimeError::Link {
            id: id.clone(),
            file: file.clone(),
            reason: format!("{error:#}"),
        };
        let linked = self.linker.instantiate_pre(&component).map_err(link)?;
        Ok(Template {
            id: provider,
            engine: self.engine.clone(),
            pre: pre(linked).map_err(link)?,
            settings: settings_json,
            grants,
            limits,
            tick: Duration::from_millis(self.options.limits.epoch_tick_ms.max(1)),
        })
    }

    async fn compile(
        &self,
        id: &str,
        file: &Path,
        wanted: ComponentRole,
    ) -> Result<Component, RuntimeError> {
        let (id, file) = (id.to_owned(), file.to_owned());
        let (engine, options) = (self.engine.clone(), self.options.clone());
        let work = move || {
            let refused = |reason| RuntimeError::Check {
                id: id.clone(),
                file: file.clone(),
                reason,
            };
            let unreadable = |reason| RuntimeError::Read {
                id: id.clone(),
                file: file.clone(),
                reason,
            };
            let size = std::fs::metadata(&file).map_err(unreadable)?.len();
            check::size(
                usize::try_from(size).unwrap_or(usize::MAX),
                options.limits.max_component_mb,
            )
            .map_err(refused)?;
            let bytes = std::fs::read(&file).map_err(unreadable)?;
            let found = inspect(&bytes).map_err(refused)?;
            if found.role != wanted {
                let (found, wanted) = (found.role.name(), wanted.name());
                return Err(RuntimeError::WrongRole {
                    id,
                    file,
                    found,
                    wanted,
                });
            }
            found.loadable().map_err(refused)?;
            cache::component(&engine, options.cache_dir.as_deref(), &bytes).map_err(|error| {
                RuntimeError::Link {
                    id,
                    file,
                    reason: format!("{error:#}"),
                }
            })
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(compiled) => compiled,
            Err(error) => Err(RuntimeError::Engine {
                reason: format!("the compiler stopped: {error}"),
            }),
        }
    }
}

/// Everything that any provider may import; what it may do with it is decided in its store.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    // std brings WASI 0.2 along whatever a guest itself imports.
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    websocket::add_to_linker::<_, Websockets>(&mut linker, HostState::websocket)?;
    Ok(linker)
}
