//! What every handler shares.

use crate::config::GatewayConfig;
use crate::metrics::Metrics;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Semaphore;
use tth_core::engine::Engine;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) config: GatewayConfig,
    pub(crate) metrics: Metrics,
    /// Room for `/v1/generate` calls.
    pub(crate) generates: Arc<Semaphore>,
    pub(crate) started: Instant,
}

impl App {
    pub(crate) fn new(engine: Arc<dyn Engine>, config: GatewayConfig) -> Self {
        let generates = Arc::new(Semaphore::new(config.max_generates));
        App(Arc::new(Shared {
            engine,
            config,
            metrics: Metrics::default(),
            generates,
            started: Instant::now(),
        }))
    }
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
