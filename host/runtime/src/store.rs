//! What one instance can reach: no files, no environment, no sockets; clocks, randomness, granted
//! HTTP and WebSockets, and a log line now and then.

mod output;

use crate::capability::Grants;
use crate::capability::websocket::WebsocketGrant;
use crate::limits::{InstanceLimits, MIB};
use crate::meter::Meter;
use output::GuestOutput;
pub(crate) use output::LastWords;
use std::sync::Arc;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, ResourceLimiter, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// Entries that all tables of an instance may have together.
const TABLE_ENTRIES: usize = 100_000;

/// The data of a [`Store`].
pub(crate) struct HostState {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    grants: Grants,
    memory: MemoryLimit,
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for HostState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.grants.http,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

impl HostState {
    /// What the instance may do with WebSockets, and those it has open.
    pub(crate) fn websocket(&mut self) -> &mut WebsocketGrant {
        &mut self.grants.websocket
    }
}

struct MemoryLimit {
    bytes: usize,
    meter: Arc<Meter>,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let granted = desired <= self.bytes;
        if !granted {
            self.meter.refuse_memory();
        }
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ENTRIES)
    }
}

/// A fresh store for an instance of provider `id`, and where its last words are kept.
pub(crate) fn fresh(
    engine: &Engine,
    id: &Arc<str>,
    limits: &InstanceLimits,
    grants: Grants,
    meter: &Arc<Meter>,
) -> (Store<HostState>, LastWords) {
    let words = LastWords::default();
    let wasi = WasiCtx::builder()
        .stdout(GuestOutput::new(id.clone(), "stdout", LastWords::default()))
        .stderr(GuestOutput::new(id.clone(), "stderr", words.clone()))
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .build();
    let state = HostState {
        table: ResourceTable::with_capacity(0),
        wasi,
        http: WasiHttpCtx::new(),
        grants,
        memory: MemoryLimit {
            bytes: limits.memory_mb as usize * MIB,
            meter: meter.clone(),
        },
    };
    let mut store = Store::new(engine, state);
    store.data_mut().table.set_max_capacity(limits.handles);
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(limits.hostcall_mb as usize * MIB);
    if let Some(table) = store.concurrent_resource_table() {
        table.set_max_capacity(limits.handles);
    }
    store.set_epoch_deadline(1);
    let account = meter.clone();
    store.epoch_deadline_callback(move |_| Ok(account.at_tick()));
    (store, words)
}
