//! The gateway's own counters, and the Prometheus text of all.

use crate::app::App;
use http::{Method, StatusCode};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Counted since the start.
#[derive(Default)]
pub(crate) struct Metrics {
    /// By method, route and status.
    requests: Mutex<BTreeMap<(String, String, u16), u64>>,
    /// WebSocket connections now.
    pub(crate) websockets: Gauge,
    /// Event streams (SSE) now.
    pub(crate) event_streams: Gauge,
    /// `/v1/generate` calls now.
    pub(crate) generates: Gauge,
    /// Inbound events taken.
    pub(crate) events_in: AtomicU64,
    /// Inbound events refused.
    pub(crate) events_rejected: AtomicU64,
    /// Connections dropped because they did not take what was sent.
    pub(crate) write_timeouts: AtomicU64,
}

/// Something that is many now.
pub(crate) type Gauge = AtomicI64;

/// One more of something, until it is dropped.
pub(crate) struct Inside {
    app: App,
    of: fn(&Metrics) -> &Gauge,
}

impl Inside {
    /// Count one in.
    pub(crate) fn enter(app: &App, of: fn(&Metrics) -> &Gauge) -> Self {
        of(&app.metrics).fetch_add(1, Ordering::Relaxed);
        Inside {
            app: app.clone(),
            of,
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        (self.of)(&self.app.metrics).fetch_sub(1, Ordering::Relaxed);
    }
}

/// Count one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Metrics {
    pub(crate) fn request(&self, method: &Method, route: &str, status: StatusCode) {
        // Methods that clients invent must not become series of their own.
        let known = [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::DELETE,
            Method::PUT,
            Method::OPTIONS,
        ];
        let method = if known.contains(method) {
            method.as_str()
        } else {
            "other"
        };
        let key = (method.to_owned(), route.to_owned(), status.as_u16());
        *self
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(key)
            .or_default() += 1;
    }

    /// In Prometheus' text format, after the engine's counters.
    pub(crate) fn render(
        &self,
        engine: &[(&'static str, &'static str, &'static str, f64)],
    ) -> String {
        let mut text = String::new();
        for (name, help, kind, value) in engine {
            single(&mut text, name, help, kind, *value);
        }
        header(
            &mut text,
            "tth_http_requests_total",
            "HTTP requests answered",
            "counter",
        );
        for ((method, route, status), count) in
            &*self.requests.lock().unwrap_or_else(PoisonError::into_inner)
        {
            // Writing into a string cannot fail. Routes are patterns of ours: nothing to escape.
            let _ = writeln!(
                text,
                "tth_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}"
            );
        }
        let gauges = [
            (
                "tth_websocket_connections",
                "Open WebSocket connections",
                &self.websockets,
            ),
            (
                "tth_event_streams",
                "Open server-sent event streams",
                &self.event_streams,
            ),
            (
                "tth_generates_running",
                "Calls of /v1/generate in progress",
                &self.generates,
            ),
        ];
        for (name, help, gauge) in gauges {
            single(
                &mut text,
                name,
                help,
                "gauge",
                gauge.load(Ordering::Relaxed) as f64,
            );
        }
        let counters = [
            (
                "tth_events_in_total",
                "Inbound events taken",
                &self.events_in,
            ),
            (
                "tth_events_rejected_total",
                "Inbound events refused",
                &self.events_rejected,
            ),
            (
                "tth_write_timeouts_total",
                "Connections dropped for not reading",
                &self.write_timeouts,
            ),
        ];
        for (name, help, counter) in counters {
            single(
                &mut text,
                name,
                help,
                "counter",
                counter.load(Ordering::Relaxed) as f64,
            );
        }
        text
    }
}

fn header(text: &mut String, name: &str, help: &str, kind: &str) {
    let help = help.replace('\\', "\\\\").replace('\n', "\\n");
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn single(text: &mut String, name: &str, help: &str, kind: &str, value: f64) {
    header(text, name, help, kind);
    let _ = writeln!(text, "{name} {value}");
}
